package main

import (
	"time"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
)

// tellEstimates says how long each provider's rate and the campaign's hours make its part of a
// campaign take.
func (f *campaignFiles) tellEstimates(c *config, s campaign.Summary, now time.Time, tell tell) error {
	now = now.In(c.TZ.Location)
	plan, err := f.hours.Parse()
	if err != nil {
		return err
	}
	if plan.Always() {
		plan.Zone = c.TZ.Location
	}
	plan.Limit *= len(f.campaigns()) // of each
	all, envelopes := 0, 0
	for _, name := range registry.Names() {
		load, ok := s.Providers[name]
		if !ok {
			continue
		}
		all, envelopes = all+1, envelopes+load.Envelopes
		r := c.pace(f.judge.Provider(name).Info())
		allowed, takes := rate{r.Requests, r.Per}.String(), campaign.Estimate(load.Calls, r)
		end, ends := plan.Ends(now, load.Envelopes, takes)
		said := map[string]any{"provider": name, "envelopes": load.Envelopes, "requests": load.Calls, "rate": allowed, "seconds": takes.Seconds(), "until": nil}
		if ends {
			said["until"] = end.Format(time.RFC3339)
		}
		if !f.hours.Empty() {
			said["hours"] = f.hours
		}
		tell("estimate", said, lang.Of("%s: %v, about %v at %s: at least %v%v", name, count(load.Envelopes, "envelope"), count(load.Calls, "request"), allowed, about(takes), f.until(plan, now, end, ends)))
	}
	if plan.Limit > 0 && all > 1 {
		if end, ends := plan.Ends(now, envelopes, 0); ends {
			tell("estimate_all", map[string]any{"envelopes": envelopes, "until": end.Format(time.RFC3339)},
				lang.Of("all share the number a day: %v, the last ones on %s", count(envelopes, "envelope"), end))
		}
	}
	return nil
}

// until says when what begins now, or when hours allow it, is over.
func (f *campaignFiles) until(plan hours.Hours, now, end time.Time, ends bool) lang.Text {
	if plan.Always() {
		return until(now, end)
	}
	first, ok := plan.Next(now)
	if !ok || !ends {
		return lang.Of("; at these hours it is not over within years: invitations leave %v", f.hours.Said())
	}
	if first.Opens.Before(now) {
		first.Opens = now
	}
	if end.Sub(first.Opens) < time.Minute {
		return lang.Of("; invitations leave %v: on %s", f.hours.Said(), first.Opens.In(now.Location()))
	}
	return lang.Of("; invitations leave %v: from %s until %s", f.hours.Said(), first.Opens.In(now.Location()), end.In(now.Location()))
}

// until is when what begins now is over, for what takes more than a moment.
func until(now, end time.Time) lang.Text {
	switch {
	case end.Sub(now) < time.Minute:
		return lang.Plain("")
	case end.Format(time.DateOnly) == now.Format(time.DateOnly):
		return lang.Of(", until %s if it began now", end.Format("15:04"))
	}
	return lang.Of(", until %s if it began now", end)
}

// about is a duration for people: two figures are enough.
func about(d time.Duration) lang.Text {
	switch {
	case d < time.Minute:
		return lang.Plain(short(max(time.Second, d.Round(time.Second))))
	case d < time.Hour:
		return lang.Plain(short(d.Round(time.Second)))
	case d < 48*time.Hour:
		return lang.Plain(short(d.Round(time.Minute)))
	}
	return lang.Of("%.1f days", d.Hours()/24)
}

package report

import (
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// Reminders are when a campaign's signers are reminded by its rule, as status and HTTP show it.
type Reminders struct {
	After     string     `json:"after" doc:"How long after the invitation the first one follows."`
	Every     string     `json:"every" doc:"How long after a reminder the next one follows."`
	AtMost    int        `json:"at_most" doc:"How many of one envelope, with those that somebody has asked for."`
	Providers []string   `json:"providers" nullable:"false" doc:"Whose envelopes it is for: these services can remind."`
	Next      *time.Time `json:"next" doc:"When the next one is due, within the campaign's hours; null: none is, or the campaign is paused."`

	rule hours.Rule
}

// RemindersOf are a campaign's; nil: it has no rule.
func RemindersOf(c ledger.Campaign, now time.Time) *Reminders {
	rule := c.Reminders
	if rule.Never() {
		return nil
	}
	r := &Reminders{After: hours.Wait(rule.After), Every: hours.Wait(rule.Every), AtMost: rule.AtMost, Providers: append([]string{}, rule.Providers...),
		rule: hours.Rule{After: rule.After, Every: rule.Every, AtMost: rule.AtMost}}
	if rule.Next.IsZero() || c.Paused {
		return r
	}
	next := rule.Next
	if next.Before(now) {
		next = now
	}
	if held, err := hours.HeldUntil(c.Hours.Settings, next); err == nil && !held.IsZero() {
		next = held
	}
	r.Next = Time(next)
	return r
}

// Said is the rule in a line.
func (r *Reminders) Said() lang.Text { return r.rule.Said() }

// Text says in a line when signers are reminded; the times are of a zone.
func (r *Reminders) Text(zone *time.Location) lang.Text {
	rule := r.rule.Said()
	if r.Next == nil {
		return rule
	}
	return lang.Of("%v; the next one on %s", rule, r.Next.In(zone))
}

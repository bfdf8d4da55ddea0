package report

import (
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// Hours are when a campaign's invitations leave, as status, HTTP and pages show it.
type Hours struct {
	hours.Settings
	HeldUntil *time.Time `json:"held_until" doc:"Until when nobody is invited; null: somebody may be."`
	Today     int64      `json:"today" doc:"Inviting calls of the day that began last."`
}

// HoursOf are a campaign's; nil: invitations leave always.
func HoursOf(c ledger.Campaign, now time.Time) *Hours {
	s, err := hours.Stored(c.Hours.Settings)
	if err != nil || s.Empty() {
		return nil
	}
	h := &Hours{Settings: s, Today: c.Hours.Used}
	plan, err := s.Parse()
	if err != nil {
		return h
	}
	next, ok := plan.Next(now)
	for full := plan.Limit > 0 && c.Hours.Used >= int64(plan.Limit); ok && full && next.Day == c.Hours.Day; {
		next, ok = plan.Next(next.Closes)
	}
	if ok && next.Opens.After(now) {
		h.HeldUntil = Time(next.Opens)
	}
	return h
}

// Text says in a line when invitations leave.
func (h *Hours) Text() lang.Text {
	when := h.Settings.Said()
	if h.HeldUntil == nil {
		return lang.Of("invitations leave %v", when)
	}
	until := *h.HeldUntil
	if zone, err := time.LoadLocation(h.Zone); err == nil {
		until = until.In(zone)
	}
	return lang.Of("invitations leave %v; the next ones on %s", when, until)
}

package jobs

import (
	"context"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/storage/ledger"
)

// SetHours sets when a campaign's invitations may leave, best before its envelopes are
// enqueued. Empty settings leave a campaign that has some as it is; a window of "always" ends
// its hours. What is wrong with the settings comes back as a [hours.Problem].
func (c *Client) SetHours(ctx context.Context, campaign string, s hours.Settings) error {
	if s.Empty() {
		return c.ledger.SetHours(ctx, campaign, "")
	}
	h, err := s.Parse()
	if err != nil {
		return err
	}
	settings := s.Marshal()
	if h.Always() {
		settings = ledger.AlwaysOpen
	}
	return c.ledger.SetHours(ctx, campaign, settings)
}

// HeldBack tells for a campaign with hours until when nobody is invited; zero: somebody may be.
func HeldBack(c ledger.Campaign, now time.Time) time.Time {
	if until := c.Hours.HeldUntil(now); !until.IsZero() || now.Before(c.Hours.Closes) {
		return until
	}
	s, err := hours.Stored(c.Hours.Settings)
	if err != nil || s.Empty() {
		return time.Time{}
	}
	h, err := s.Parse()
	if err != nil {
		return time.Time{}
	}
	if next, ok := h.Next(now); ok && next.Opens.After(now) {
		return next.Opens
	}
	return time.Time{}
}

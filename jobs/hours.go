package jobs

import (
	"context"
	"slices"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers"
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

// SetReminders sets when the signers of a campaign are reminded without anybody asking for it,
// best before its envelopes are enqueued: within its hours, not while it is paused, and where the
// provider can. Empty settings leave a campaign that has some as it is; at most 0 ends them.
// What is wrong with the settings comes back as a [hours.Problem].
func (c *Client) SetReminders(ctx context.Context, campaign string, r hours.Reminders) error {
	if r.Empty() {
		return c.ledger.SetReminders(ctx, campaign, nil)
	}
	rule, err := r.Parse()
	if err != nil {
		return err
	}
	set := ledger.ReminderRule{After: rule.After, Every: rule.Every, AtMost: rule.AtMost}
	for _, p := range c.judge.Providers() {
		if _, ok := p.(providers.Reminder); ok {
			set.Providers = append(set.Providers, p.Info().Name)
		}
	}
	slices.Sort(set.Providers)
	return c.ledger.SetReminders(ctx, campaign, &set)
}

package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// SetHours sets when a campaign's invitations may leave, best before its envelopes are
// enqueued. Empty settings leave a campaign that has some as it is; a window of "always" ends
// its hours. What is wrong with the settings comes back as a [hours.Problem].
func (c *Client) SetHours(ctx context.Context, campaign string, s hours.Settings) error {
	campaign, wrong := intake.CampaignName(campaign)
	if err := wrong.Err(); err != nil {
		return err
	}
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

// EndedHours are the settings of a campaign that [Client.SetHours] would end, as others are given and they
// are not given again.
func (c *Client) EndedHours(ctx context.Context, campaign string, given hours.Settings) ([]hours.Ended, error) {
	if given.Empty() {
		return nil, nil
	}
	have, err := c.ledger.Campaign(ctx, campaign)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	before, err := hours.Stored(have.Hours.Settings)
	if err != nil { // it has none
		return nil, nil
	}
	return before.Ends(given, time.Now()), nil
}

// Remark is what the sender of envelopes that are right should know of them.
type Remark = intake.Remark

// Remarks are what the commands and the API say by the way of envelopes in which [Client.Check] finds nothing
// wrong: what a service has no place for, what a provider says of them, ids that are people's numbers, and
// addresses that are probably misspelt.
func (c *Client) Remarks(envelopes ...Envelope) []Remark {
	var all intake.Remarks
	var doubts []Remark
	for _, e := range envelopes {
		all.Add(e, c.judge.Provider(e.Provider))
		for _, doubt := range intake.Doubts(e) {
			doubts = append(doubts, Remark{Code: doubt.Code, Envelopes: 1, Column: doubt.Field, IDs: []string{e.ID}, Text: doubt.Text})
		}
	}
	return append(all.List(false), doubts...)
}

// SetReminders sets when the signers of a campaign are reminded without anybody asking for it,
// best before its envelopes are enqueued: within its hours, not while it is paused, and where the
// provider can. Empty settings leave a campaign that has some as it is; at most 0 ends them.
// What is wrong with the settings comes back as a [hours.Problem].
func (c *Client) SetReminders(ctx context.Context, campaign string, r hours.Reminders) error {
	campaign, wrong := intake.CampaignName(campaign)
	if err := wrong.Err(); err != nil {
		return err
	}
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

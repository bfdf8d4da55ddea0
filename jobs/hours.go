package jobs

import (
	"context"

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

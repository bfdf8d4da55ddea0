package jobs

import (
	"context"

	"github.com/chancela/chancela/storage/ledger"
)

// Stalled tells whether a campaign's halts keep back all that has not ended: nothing of it
// goes on before it is resumed.
func (c *Client) Stalled(ctx context.Context, campaign ledger.Campaign) (bool, error) {
	if len(campaign.Halts) == 0 || campaign.States[ledger.Sent]+campaign.States[ledger.Completed] > 0 {
		return false, nil
	}
	for provider, states := range campaign.Providers {
		if states[ledger.Queued]+states[ledger.Preparing] > 0 && !halted(campaign, provider) {
			return false, nil
		}
	}
	for r, err := range c.ledger.All(ctx, campaign.Name, ledger.Preparing) {
		if err != nil || !r.Parked {
			return false, err
		}
	}
	return true, nil
}

// halted tells whether nothing more is sent to a provider: where some go first, none of them
// is left.
func halted(c ledger.Campaign, provider string) bool {
	begun := int64(0)
	for state, n := range c.Providers[provider] {
		if state != ledger.Queued && state != ledger.Preparing {
			begun += n
		}
	}
	for _, h := range c.Halts {
		if h.Provider == provider && (h.Failures > 0 || begun >= h.First) {
			return true
		}
	}
	return false
}

package jobs

import (
	"context"
	"slices"

	"github.com/chancela/chancela/storage/ledger"
)

// Elsewhere finds the envelopes that hold each of some invitations, and have reached people, or will:
// those of other campaigns, or the campaign's own when it holds the invitation itself. The own one comes
// with its id, and comes alone: that the rows of a campaign go on is right whoever else asks. It is left
// out when several of the campaign hold the invitation. It takes two round trips for every few hundred.
func (c *Client) Elsewhere(ctx context.Context, campaign string, invitations []ledger.Invitation) ([][]ledger.Holder, error) {
	out := make([][]ledger.Holder, 0, len(invitations))
	for part := range slices.Chunk(invitations, 2*batchSize) {
		held, err := c.ledger.HeldBy(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, holders := range held {
			if i := slices.IndexFunc(holders, func(h ledger.Holder) bool { return h.Campaign == campaign }); i >= 0 {
				holders = holders[i : i+1]
			}
			out = append(out, slices.DeleteFunc(holders, func(h ledger.Holder) bool { return h.Unsent || h.Campaign == campaign && h.ID == "" }))
		}
	}
	return out, nil
}

package jobs

import (
	"context"
	"slices"

	"github.com/chancela/chancela/storage/ledger"
)

// Elsewhere finds the envelopes of other campaigns that hold each of some invitations, and
// have reached people, or will. What a campaign holds itself goes on, whoever else asks. It
// takes two round trips for every few hundred.
func (c *Client) Elsewhere(ctx context.Context, campaign string, invitations []ledger.Invitation) ([][]ledger.Holder, error) {
	out := make([][]ledger.Holder, 0, len(invitations))
	for part := range slices.Chunk(invitations, 2*batchSize) {
		held, err := c.ledger.HeldBy(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, holders := range held {
			if slices.ContainsFunc(holders, func(h ledger.Holder) bool { return h.Campaign == campaign }) {
				holders = nil
			}
			out = append(out, slices.DeleteFunc(holders, func(h ledger.Holder) bool { return h.Unsent }))
		}
	}
	return out, nil
}

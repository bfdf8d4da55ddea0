package jobs

import (
	"context"
	"hash/maphash"
	"slices"

	"github.com/chancela/chancela/storage/ledger"
)

// Asking is whom the envelopes of a campaign that are to be enqueued ask, to sign what. Of their ids it
// keeps a hash.
type Asking struct {
	Invitations []ledger.Invitation
	ids         []uint64        // in the same order
	set         map[uint64]bool // of them, made when it is first asked for
}

var idSeed = maphash.MakeSeed()

// Add adds an envelope.
func (a *Asking) Add(invitation ledger.Invitation, id string) {
	a.Invitations, a.ids, a.set = append(a.Invitations, invitation), append(a.ids, maphash.String(idSeed, id)), nil
}

// has tells whether one of the envelopes has an id: mostly the one at i.
func (a *Asking) has(id string, i int) bool {
	h := maphash.String(idSeed, id)
	if a.ids[i] == h {
		return true
	}
	if a.set == nil {
		a.set = make(map[uint64]bool, len(a.ids))
		for _, id := range a.ids {
			a.set[id] = true
		}
	}
	return a.set[h]
}

// Elsewhere finds the envelopes that hold each of some invitations, and have reached people, or will, and
// are not among them: those of other campaigns, or, where the campaign holds the invitation itself, its own
// one under an id that none of them has. That one comes alone, and not when several of the campaign hold the
// invitation: that the rows of a campaign go on is right whoever else asks. It takes two round trips for
// every few hundred.
func (c *Client) Elsewhere(ctx context.Context, campaign string, asking Asking) ([][]ledger.Holder, error) {
	out := make([][]ledger.Holder, 0, len(asking.Invitations))
	for part := range slices.Chunk(asking.Invitations, 2*batchSize) {
		held, err := c.ledger.HeldBy(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, holders := range held {
			own := func(h ledger.Holder) bool { return h.Campaign == campaign }
			if i := slices.IndexFunc(holders, own); i >= 0 {
				holders = holders[i : i+1]
			}
			n := len(out)
			out = append(out, slices.DeleteFunc(holders, func(h ledger.Holder) bool {
				return h.Unsent || own(h) && (h.ID == "" || asking.has(h.ID, n))
			}))
		}
	}
	return out, nil
}

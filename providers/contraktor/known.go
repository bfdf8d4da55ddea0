package contraktor

import (
	"context"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// keyField is the contract's metadata field that holds our key (reference §6).
const keyField = "chancela"

// known looks whether a contract under our key has a proof already. The list of contracts
// is documented as a list of pages, and how to turn them is not (reference §6): what it
// does not show is not found. An answer that is no such list is none.
func (p *Provider) known(ctx context.Context, job *providers.Job) (bool, error) {
	ids, err := p.client.contractsOf(ctx, job.Envelope.Key().String())
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		outcome, err := p.settle(ctx, job, id)
		if err != nil {
			return false, err
		}
		if outcome == providers.Invited {
			return true, job.Note(ctx, stepContract, id)
		}
	}
	return false, nil
}

// listedFor is how long one answer of the list serves all envelopes: it may hold every
// contract of the account. What is looked for was made before the ledger was lost.
const listedFor = time.Minute

// contracts are those of the list that carry a key of ours.
type contracts struct {
	at    time.Time
	byKey map[string][]string
}

// contractsOf is GET /contracts (reference §6): the ids of those that carry a key.
func (c *client) contractsOf(ctx context.Context, key string) ([]string, error) {
	var listed contracts
	select {
	case listed = <-c.listed:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { c.listed <- listed }()
	if listed.byKey != nil && time.Since(listed.at) < listedFor {
		return listed.byKey[key], nil
	}
	at, byKey := time.Now(), map[string][]string{}
	err := list(ctx, c, rest.Request{Path: "/contracts"}, "", func(l listedContract) bool {
		if ours, ok := l.Metadata[keyField].(string); ok && l.ID > 0 {
			byKey[ours] = append(byKey[ours], formatID(l.ID))
		}
		return true
	})
	if err != nil && !isNoList(err) {
		return nil, err
	}
	listed = contracts{at, byKey}
	return byKey[key], nil
}

// isNoList tells an answer that will be the same for the next envelope: it is kept as a
// list is, or each envelope would ask for it anew. What it showed until it ended counts.
func isNoList(err error) bool {
	kind, code := providers.KindOf(err), providers.CodeOf(err)
	return kind == providers.NotFound || kind == providers.Invalid || code == rest.CodeBadAnswer || code == rest.CodeTooLarge
}

type listedContract struct {
	ID       int64          `json:"id"`
	Metadata map[string]any `json:"metadata"`
}

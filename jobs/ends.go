package jobs

import (
	"context"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/ledger"
)

// mostBlames bounds how many kinds of end are looked up in one campaign.
const mostBlames = 50

// Ends tells in which ways the envelopes of a campaign have ended without being archived, with the
// words of one of each kind. It costs the same however many they are.
func (c *Client) Ends(ctx context.Context, campaign string) (report.Ends, error) {
	blames, err := c.ledger.Blames(ctx, campaign)
	if err != nil {
		return nil, err
	}
	blames = blames[:min(len(blames), mostBlames)]
	keys := make([]string, len(blames))
	for i, b := range blames {
		keys[i] = campaign + "/" + b.Example
	}
	examples, err := c.ledger.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	var all report.Ends
	for i, b := range blames {
		said := report.Said{Provider: b.Provider, Envelopes: b.Envelopes, Example: b.Example}
		if r := examples[i]; r != nil && r.State == b.State && b.State != ledger.InDoubt {
			said.Message, said.Explanation = r.ErrorMessage, r.Explanation
			if said.Message == string(b.State) {
				said.Message = ""
			}
		}
		all.Add(b.State, b.Code, said)
	}
	all.Sort()
	return all, nil
}

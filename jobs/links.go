package jobs

import (
	"context"
	"iter"

	"github.com/chancela/chancela/storage/ledger"
)

// SigningLink is where a signer of an envelope signs. Whoever holds it can sign in that
// person's name.
type SigningLink struct {
	ID     string `json:"id"`
	Signer string `json:"signer"` // empty: a page that shows the envelope, where the provider has one
	Link   string `json:"link"`
	Shows  string `json:"shows"` // "signing": the page of that signer; "envelope": one that belongs to nobody alone
}

// String keeps it out of messages.
func (l SigningLink) String() string { return "a signing link of " + l.ID }

const linksAtOnce = 200

// Links are the signing links of a campaign's sent envelopes, as far as they are kept: see
// worker.Config.KeepLinks.
func (c *Client) Links(ctx context.Context, campaign string) iter.Seq2[SigningLink, error] {
	return func(yield func(SigningLink, error) bool) {
		if _, err := c.ledger.Campaign(ctx, campaign); err != nil {
			yield(SigningLink{}, err)
			return
		}
		for cursor := ""; ; {
			page, next, err := c.ledger.Page(ctx, campaign, ledger.Sent, cursor, linksAtOnce)
			if err != nil {
				yield(SigningLink{}, err)
				return
			}
			if !c.linksOf(ctx, page, yield) || next == "" {
				return
			}
			cursor = next
		}
	}
}

func (c *Client) linksOf(ctx context.Context, page []*ledger.Record, yield func(SigningLink, error) bool) bool {
	keys := make([]string, len(page))
	for i, r := range page {
		keys[i] = r.Key()
	}
	all, err := c.ledger.Links(ctx, keys...)
	if err != nil {
		return yield(SigningLink{}, err) && false
	}
	for i, links := range all {
		for _, l := range links {
			shows := "signing"
			if l.Signer == "" {
				shows = "envelope"
			}
			if !yield(SigningLink{page[i].ID, l.Signer, l.Address, shows}, nil) {
				return false
			}
		}
	}
	return true
}

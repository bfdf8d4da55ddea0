package jobs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"github.com/chancela/chancela/storage/ledger"
)

// InvitationOf identifies whom an envelope asks to sign what: the signers by their
// addresses and the documents by their content, a template by its values. Two envelopes
// with the same one ask the same people twice, whatever their ids, subjects and spellings.
// It gives false while a document's content is not known.
func InvitationOf(e Envelope) (ledger.Invitation, bool) {
	var what struct {
		Documents []string
		Provider  string // of the template
		Template  string
		Fields    map[string]string
		Signers   []string
	}
	for _, d := range e.Documents {
		if d.SHA256 == "" {
			return ledger.Invitation{}, false
		}
		what.Documents = append(what.Documents, d.SHA256)
	}
	if e.Template != "" {
		what.Provider, what.Template, what.Fields = e.Provider, e.Template, e.Fields
	}
	for _, s := range e.Signers {
		what.Signers = append(what.Signers, strings.ToLower(cmp.Or(s.Email, s.Phone, s.Document, s.Name)))
	}
	slices.Sort(what.Documents)
	slices.Sort(what.Signers)
	b, err := json.Marshal(what)
	if err != nil {
		return ledger.Invitation{}, false
	}
	sum := sha256.Sum256(b)
	return ledger.Invitation(sum[:len(ledger.Invitation{})]), true
}

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

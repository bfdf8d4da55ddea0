package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// InvitationOf identifies whom an envelope asks to sign what: the signers by their
// addresses and the documents by their content, a template by its values. Two envelopes
// with the same one ask the same people twice, whatever their ids, subjects and spellings.
// It gives false while a document's content is not known.
func InvitationOf(e providers.Envelope) (ledger.Invitation, bool) {
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

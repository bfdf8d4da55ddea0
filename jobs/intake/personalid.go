package intake

import (
	"strings"

	"github.com/chancela/chancela/providers"
)

// PersonalID tells whether an envelope's id is a CPF or CNPJ, or holds that of one of its signers. Ids
// stand in logs, in addresses and in the archive's keys.
func PersonalID(e providers.Envelope) bool {
	if _, err := providers.ParseTaxID(e.ID); err == nil {
		return true
	}
	id := strings.NewReplacer(".", "", "-", "").Replace(e.ID)
	for _, s := range e.Signers {
		if document, err := providers.ParseTaxID(s.Document); err == nil && strings.Contains(id, document) {
			return true
		}
	}
	return false
}

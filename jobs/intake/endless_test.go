package intake

import (
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// TestEndlessValues: a value of megabytes is refused by its length alone, whatever column
// it stands in.
func TestEndlessValues(t *testing.T) {
	long := strings.Repeat("1 ", 1<<20-1) + "1"
	e := providers.Envelope{Campaign: "june", ID: "1", Provider: "certyneo", Subject: long, Message: long, Template: "t",
		Signers: []providers.Signer{{Name: long, Email: long, Phone: long, Document: long, Role: long, Birthdate: long}}}
	said := map[string]string{}
	for _, p := range Normalize(&e, time.Now()) {
		said[p.Field] = p.Message.String()
	}
	for _, field := range []string{"subject", "message", "signer1.name", "signer1.email", "signer1.phone", "signer1.document", "signer1.role", "signer1.birthdate"} {
		if !strings.Contains(said[field], "has 2097151 characters") {
			t.Errorf("%s: %q", field, said[field])
		}
	}
}

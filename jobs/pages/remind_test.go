package pages

import (
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// Who has not signed can be reminded alone, where the provider can and there are others.
func TestWhoIsRemindedAlone(t *testing.T) {
	p := &Pages{}
	for _, provider := range registry.All() {
		judge, err := provider.New(rest.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		p.Providers = append(p.Providers, judge)
	}
	two := jobs.Envelope{Signers: []providers.Signer{{Name: "Ana", Email: "a@example.com"}, {Name: "Bia", Email: "b@example.com"}}}
	said := jobs.Report{Signers: []report.Signer{{Name: "Ana", Email: "a@example.com", State: providers.SignerSigned}, {Name: "Bia", Email: "b@example.com", State: providers.SignerPending}}}
	for name, want := range map[string][2]int{"catalisa": {0, 2}, "contraktor": {0, 2}, "certyneo": {0, 0}} {
		r := &ledger.Record{Provider: name, State: ledger.Sent, EnvelopeID: "env"}
		all := p.people(r, two, said)
		if got := [2]int{all[0].Number, all[1].Number}; got != want {
			t.Errorf("%s: %v", name, got)
		}
		r.State = ledger.Completed
		if p.people(r, two, said)[1].Number != 0 {
			t.Errorf("%s: somebody is reminded of what is signed", name)
		}
	}
}

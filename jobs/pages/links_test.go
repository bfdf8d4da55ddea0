package pages

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/storage/ledger"
)

func TestLinksOnThePageAreForWhoMay(t *testing.T) {
	const link = "https://sign.example.test/s/tok_1"
	s := newSite(t, api.Key{Name: "crm", Secret: "plain"}, api.Key{Name: "desk", Secret: "signs", Links: true}, api.Key{Name: "ops", Secret: "looks", ReadOnly: true})
	r := s.enqueue("june", jobs.Envelope{ID: "1", Signers: person1("Ana", "ana@example.com")}, ledger.Queued)
	c, _, _, err := s.client.Ledger().Claim(t.Context(), r.Key(), r.Generation, time.Minute, ledger.Preparation{Provider: "certyneo"})
	if err == nil {
		err = c.ConfirmSent(t.Context(), ledger.Invited{EnvelopeID: "e1", NextLook: time.Hour})
	}
	if err == nil {
		err = s.client.Ledger().KeepLinks(t.Context(), r.Key(), []ledger.Link{{Signer: "Ana", Address: link}})
	}
	if err != nil {
		t.Fatal(err)
	}
	for key, sees := range map[string]bool{"plain": false, "looks": false, "signs": true} {
		v := s.visitor()
		v.signIn(key)
		page := v.get("/campaigns/june/envelopes/1")
		page.want(t, http.StatusOK)
		if strings.Contains(page.text, link) != sees {
			t.Errorf("%s sees the link: %v", key, !sees)
		}
	}
}

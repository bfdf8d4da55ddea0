package pages

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

// While the first ones go first nothing is wrong: the page says so, and no button looks as if it had to be pressed.
func TestTheFirstGoFirst(t *testing.T) {
	s := newSite(t)
	var entries []ledger.Entry
	for _, id := range []string{"1", "2", "3"} {
		entries = append(entries, ledger.Entry{Campaign: "june", ID: id, Provider: "certyneo", Digest: id, State: ledger.Queued, First: 1, Content: ledger.Content{Envelope: []byte(`{"campaign":"june","id":"` + id + `","provider":"certyneo","subject":"Lease"}`)}})
	}
	if _, err := s.client.Ledger().Create(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	v := s.visitor()
	page := v.get("/campaigns/june")
	page.want(t, http.StatusOK, "The first ones go first", "Nothing is wrong and there is nothing to do", `<a class="button" href="/campaigns/june/resume">Send the others now</a>`)
	if strings.Contains(page.text, "What is held back") || strings.Contains(page.text, "button main") {
		t.Error("the page looks as if somebody had to do something")
	}
	v.get("/campaigns/june/resume").want(t, http.StatusOK, "Send the others of june now?", "do not wait until the first ones are archived")
	if _, err := s.client.Pause(t.Context(), "june"); err != nil {
		t.Fatal(err)
	}
	v.get("/campaigns/june").want(t, http.StatusOK, "What is held back", `<a class="button main" href="/campaigns/june/resume">Resume</a>`)
}

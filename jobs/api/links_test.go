package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

// TestLinksAreForKeysThatMay asks for signing links with every kind of key, and looks at
// everything else for them.
func TestLinksAreForKeysThatMay(t *testing.T) {
	const link = "https://sign.example.test/s/tok_1"
	s := newStack(t, func(c *Config) {
		keys, err := ParseKeys("crm:plain,ops@:looks:read,desk:signs:links,hr@hr-:theirs:links")
		if err != nil {
			t.Fatal(err)
		}
		c.Keys = keys
	})
	s.key = "plain"
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	s.sent("1")
	if err := s.client.Ledger().KeepLinks(t.Context(), "june/1", []ledger.Link{{Signer: "Ana", Address: link}}); err != nil {
		t.Fatal(err)
	}
	for key, status := range map[string]int{"plain": http.StatusForbidden, "looks": http.StatusForbidden, "theirs": http.StatusForbidden, "nobody": http.StatusUnauthorized} {
		s.key = key
		s.get("/v1/campaigns/june/links").problem(t, status)
	}
	s.key = "signs"
	var got struct{ Links []LinkTold }
	s.get("/v1/campaigns/june/links").want(t, http.StatusOK, &got)
	if len(got.Links) != 1 || got.Links[0] != (LinkTold{"1", "Ana", link}) {
		t.Errorf("%+v", got)
	}
	s.get("/v1/campaigns/july/links").problem(t, http.StatusNotFound)
	for _, path := range []string{"/v1/campaigns/june/envelopes", "/v1/campaigns/june/envelopes/1", "/metrics"} {
		if r := s.get(path); strings.Contains(string(r.body), "tok_1") {
			t.Errorf("%s has the link", path)
		}
	}
	if strings.Contains(s.log.String(), "tok_1") {
		t.Error("the log has the link")
	}
	if _, err := ParseKeys("a:k:links:read"); err == nil || strings.Contains(err.Error(), ":k") {
		t.Errorf("%v", err)
	}
}

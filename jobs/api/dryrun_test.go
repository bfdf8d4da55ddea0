package api

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// A dry run answers what would be done, for which envelopes not, and changes nothing.
func TestDryRunOverHTTP(t *testing.T) {
	s := enqueued(t, "1", "2", "3", "4")
	const base = "/v1/campaigns/june"
	s.failed("1")
	s.sent("2")
	s.doubted("3")
	dump := func() map[string]string {
		all := map[string]string{}
		for _, key := range s.mini.Keys() {
			all[key] = s.db.Dump(t.Context(), key).Val()
		}
		return all
	}
	before := dump()
	for _, test := range []struct {
		path, body                 string
		status, envelopes, refused int
	}{
		{"/pause", "", http.StatusOK, 1, 0},
		{"/resume", "", http.StatusOK, 1, 0},
		{"/cancel", "", http.StatusAccepted, 1, 2 + 1}, // of certyneo, which cannot withdraw
		{"/retry", `{"ids":["1","2"]}`, http.StatusAccepted, 1, 1},
		{"/remind", `{"ids":["2","nobody"]}`, http.StatusAccepted, 0, 2},
	} {
		var done Done
		s.postJSON(base+test.path+"?dry_run=true", test.body).want(t, test.status, &done)
		refused := 0
		for _, x := range done.Refused {
			refused += x.Envelopes
		}
		if done.Envelopes != test.envelopes || refused != test.refused || !done.DryRun || !done.Ended {
			t.Errorf("%s: %+v", test.path, done)
		}
	}
	s.postJSON(base+"/envelopes/1/retry?dry_run=true", "").want(t, http.StatusAccepted, nil)
	s.postJSON(base+"/envelopes/2/retry?dry_run=true", "").problem(t, http.StatusConflict)
	s.postJSON(base+"/envelopes/3/resolve?dry_run=true", `{"not_sent":true}`).want(t, http.StatusOK, nil)
	s.postJSON(base+"/envelopes/1/resolve?dry_run=true", `{"not_sent":true}`).problem(t, http.StatusConflict)
	s.postJSON(base+"/retry?dry_run=maybe", "").problem(t, http.StatusBadRequest)
	if !maps.Equal(before, dump()) {
		t.Error("a dry run has changed the ledger")
	}
}

// withReminders adds a provider that can remind.
func withReminders(t *testing.T) func(*Config) {
	return func(c *Config) {
		entry, _ := registry.Find("catalisa")
		judge, err := entry.New(rest.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		c.Providers = append(c.Providers, judge)
		c.Client = jobs.NewClient(jobs.ClientConfig{Redis: c.Client.Ledger().Redis(), Durability: ledger.NotDurable, Archive: c.Client.Archive(), Providers: c.Providers, Log: c.Log})
	}
}

// One signer is reminded by the number, where the provider can.
func TestOneSignerIsRemindedOverHTTP(t *testing.T) {
	s := newStack(t, withReminders(t))
	for id, provider := range map[string]string{"1": "catalisa", "2": "certyneo"} {
		e := envelopeJSON(id, pdf("a"))
		e["provider"] = provider
		s.postJSON("/v1/campaigns/june/envelopes", e).want(t, http.StatusAccepted, nil)
		s.sent(id)
	}
	const base = "/v1/campaigns/june/envelopes/"
	s.postJSON(base+"2/remind?signer=1", "").problem(t, http.StatusConflict)
	s.postJSON(base+"1/remind?signer=2", "").problem(t, http.StatusConflict)
	s.postJSON(base+"1/remind?signer=0", "").problem(t, http.StatusBadRequest)
	s.postJSON(base+"1/remind?signer=1&dry_run=true", "").want(t, http.StatusAccepted, nil)
	waiting := func() (n int) {
		for _, key := range s.mini.Keys() {
			if strings.Contains(key, ":t:remind:") {
				n++
			}
		}
		return n
	}
	if waiting() != 0 {
		t.Error("a dry run reminds")
	}
	s.postJSON(base+"1/remind?signer=1", "").want(t, http.StatusAccepted, nil)
	if waiting() != 1 {
		t.Errorf("%d reminders wait", waiting())
	}
	if got := s.state("1"); got != string(ledger.Sent) {
		t.Error(got)
	}
}

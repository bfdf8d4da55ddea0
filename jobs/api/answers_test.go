package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/storage/ledger"
)

// reaches leads an envelope of june to where all that a report may tell is told.
func (s *stack) reaches(id string) {
	s.t.Helper()
	ctx, l := s.t.Context(), s.client.Ledger()
	s.sent(id)
	if _, err := l.BeginReminders(ctx, "june/"+id, "77", time.Time{}); err != nil {
		s.t.Fatal(err)
	}
	r, err := l.Get(ctx, "june/"+id)
	if err != nil {
		s.t.Fatal(err)
	}
	signers := `[{"name":"Ana","email":"ana@example.com","state":"signed","signed_at":"2030-01-02T03:04:05Z"},{"name":"Bia","email":"","state":"pending","signed_at":null}]`
	c, err := l.Complete(ctx, r, ledger.Ending{To: ledger.Completed, Signers: []byte(signers), Final: []byte(`{}`), Reason: "as it says"}, time.Minute)
	if err == nil {
		err = c.Archive(ctx, time.Now(), []byte(`[{"kind":"dossier","key":"june/`+id+`/dossier.pdf","sha256":"00","size":1,"content_type":"application/pdf"}]`), true)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// halted lets an envelope fail as others would, which halts its campaign.
func (s *stack) halted(id string) {
	s.t.Helper()
	c, _, _, err := s.client.Ledger().Claim(s.t.Context(), "june/"+id, 1, time.Minute, ledger.Preparation{Provider: "certyneo", Streak: 1})
	if c != nil {
		_, err = c.FailAlike(s.t.Context(), 1, ledger.Reason{Code: "invalid", Message: "refused"})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Every operation that the document has answers as it says, and so does all that may be null, when it is and
// when it is not. What is wrong with an answer fails where it comes: see stack.judge.
func TestAnswersAreAsDescribed(t *testing.T) {
	s := newStack(t, func(c *Config) {
		withReminders(t)(c)
		keys, err := ParseKeys("desk:signs:links")
		if err != nil {
			t.Fatal(err)
		}
		c.Keys = keys
	})
	s.key = "signs"
	asked := map[string]bool{}
	ask := func(method, path string, body any) reply {
		t.Helper()
		text := ""
		if body != nil {
			text = marshal(t, body)
		}
		r := s.do(method, path, "application/json", strings.NewReader(text))
		if r.StatusCode >= 300 {
			t.Errorf("%s %s: %d %s", method, path, r.StatusCode, r.body)
		}
		route, _ := s.described.route(r.Request)
		asked[method+" "+route] = true
		return r
	}
	const june = "/v1/campaigns/june"
	of := func(id, provider string) map[string]any {
		e := envelopeJSON(id, pdf(id))
		e["provider"] = provider
		return e
	}
	var ops []any
	for _, id := range []string{"c1", "c2", "c3", "c4", "c5"} {
		ops = append(ops, of(id, "certyneo"))
	}
	// With a rule of reminders and a first part; and without them.
	ask("POST", "/v1/campaigns", map[string]any{"campaign": "june", "envelopes": append(ops, of("k1", "catalisa"), of("k2", "catalisa")), "first": 2, "remind_after": "3d", "skip_invalid": true})
	ask("POST", "/v1/campaigns?campaign=july", map[string]any{"envelopes": []any{of("1", "certyneo")}})
	ask("POST", "/v1/campaigns/april/envelopes", of("1", "certyneo"))
	ask("GET", "/v1/campaigns?limit=1", nil)
	ask("GET", june, nil)

	s.doubted("c2")
	s.halted("c1")
	s.reaches("k1")
	s.sent("k2")
	for _, id := range []string{"c1", "k1", "k2"} {
		provider := "catalisa"
		if id == "c1" {
			provider = "certyneo"
		}
		ask("POST", june+"/envelopes", of(id, provider)) // again, with all that has become of it
		ask("GET", june+"/envelopes/"+id, nil)
	}
	for name, value := range map[string]string{"start_at": time.Now().AddDate(1, 0, 0).Format(time.DateOnly) + " 09:00", "limit": "5/day"} { // held, and not held
		ask("POST", "/v1/campaigns", map[string]any{"campaign": "june", "envelopes": []any{of("k2", "catalisa")}, name: value})
		ask("GET", june, nil)
	}
	ask("POST", june+"/envelopes/c2/resolve", map[string]any{"sent": "env-c2"})
	ask("GET", june+"/envelopes", nil)
	ask("GET", june+"/envelopes?limit=1", nil)
	ask("GET", "/v1/campaigns", nil)
	ask("GET", june+"/links", nil)

	ask("POST", june+"/envelopes/k2/remind", nil)
	ask("POST", june+"/envelopes/c1/retry", nil)
	ask("POST", june+"/envelopes/c3/cancel", nil)
	for _, verb := range []string{"pause", "resume", "retry", "remind", "cancel"} {
		ask("POST", june+"/"+verb+"?dry_run=true", nil)
		var done Done
		r := ask("POST", june+"/"+verb, nil)
		r.want(t, r.StatusCode, &done)
		if done.Operation != "" {
			ask("GET", done.Operation, nil)
		}
	}
	begun, err := s.client.Begin(t.Context(), "july", ledger.RetryAll, "")
	if err != nil {
		t.Fatal(err)
	}
	ask("GET", operationPath("july", begun.ID), nil)

	for path, operations := range s.described.Paths {
		for method := range operations {
			if name := strings.ToUpper(method) + " " + path; !asked[name] && !strings.Contains(path, "/artifacts/") { // no JSON: see TestCampaignFlow
				t.Errorf("nobody asks %s", name)
			}
		}
	}
	// Always known, where there is anything to tell at all.
	always := []string{"Report.created_at null", "EnvelopeAccepted.created_at null", "OperationStatus.begun_at null"}
	for name, schema := range s.described.Components.Schemas {
		properties, _ := schema["properties"].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			for _, how := range []string{" null", " told"} {
				if what := name + "." + key + how; mayBeNull(properties[key]) && !s.described.seen[what] && !slices.Contains(always, what) {
					t.Errorf("no answer has %s", what)
				}
			}
		}
	}
	p := s.postJSON(june+"/envelopes", `{"id":"x","provider":"certyneo"}`).problem(t, http.StatusUnprocessableEntity)
	for _, field := range []string{"subject", "signer1.name"} {
		if !slices.ContainsFunc(p.Errors, func(m Mistake) bool { return m.Field == field }) {
			t.Errorf("%s is missing, and not named: %+v", field, p.Errors)
		}
	}
}

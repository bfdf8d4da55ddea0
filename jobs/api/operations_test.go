package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// worked lets a worker take an envelope up, and do something to it.
func (s *stack) worked(id string, do func(*ledger.Claim) error) {
	s.t.Helper()
	r, err := s.client.Ledger().Get(s.t.Context(), "june/"+id)
	if err != nil {
		s.t.Fatal(err)
	}
	c, hold, _, err := s.client.Ledger().Claim(s.t.Context(), r.Key(), 1, time.Minute, ledger.Preparation{Provider: r.Provider})
	if err == nil && hold == ledger.Granted {
		err = do(c)
	}
	if err != nil || hold != ledger.Granted {
		s.t.Fatal(hold, err)
	}
}

func (s *stack) failed(id string) {
	s.t.Helper()
	s.worked(id, func(c *ledger.Claim) error {
		return c.Fail(s.t.Context(), 1, ledger.Reason{Code: "invalid", Message: "refused"})
	})
}

func (s *stack) sent(id string) {
	s.t.Helper()
	s.worked(id, func(c *ledger.Claim) error {
		return c.ConfirmSent(s.t.Context(), ledger.Invited{EnvelopeID: "env-" + id, NextLook: time.Hour})
	})
}

func (s *stack) doubted(id string) {
	s.t.Helper()
	s.worked(id, func(c *ledger.Claim) error { // it dies after its intent
		_, err := c.Intend(s.t.Context())
		if err == nil {
			err = c.Release(s.t.Context(), 0)
		}
		return err
	})
	c, _, _, err := s.client.Ledger().Claim(s.t.Context(), "june/"+id, 1, time.Minute, ledger.Preparation{})
	if err == nil {
		err = c.Doubt(s.t.Context(), ledger.Reason{Code: "in_doubt", Message: "no answer"})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stack) state(id string) string {
	s.t.Helper()
	var report struct{ State string }
	s.get("/v1/campaigns/june/envelopes/"+id).want(s.t, http.StatusOK, &report)
	return report.State
}

func enqueued(t *testing.T, ids ...string) *stack {
	t.Helper()
	s := newStack(t, nil)
	for _, id := range ids {
		s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON(id, pdf("a"))).want(t, http.StatusAccepted, nil)
	}
	return s
}

func TestOperations(t *testing.T) {
	s := enqueued(t, "1", "2", "3")
	const base = "/v1/campaigns/june"
	s.failed("1")
	s.sent("2")
	s.doubted("3")

	p := s.postJSON(base+"/envelopes/2/retry", "").problem(t, http.StatusConflict)
	if !strings.Contains(p.Detail, "sent") {
		t.Errorf("%+v", p)
	}
	s.postJSON(base+"/envelopes/1/retry", "").want(t, http.StatusAccepted, nil)
	if got := s.state("1"); got != "queued" {
		t.Errorf("after retry: %s", got)
	}
	s.postJSON(base+"/envelopes/1/remind", "").problem(t, http.StatusConflict)
	s.postJSON(base+"/envelopes/3/cancel", "").problem(t, http.StatusConflict)
	s.postJSON(base+"/pause", `{"ids":["1"]}`).problem(t, http.StatusUnprocessableEntity)
	for _, body := range []string{`{"ids":[]}`, `{"ids":"1"}`, `{"id":["1"]}`} {
		s.postJSON(base+"/cancel", body).problem(t, http.StatusUnprocessableEntity)
	}
	s.postJSON(base+"/retry", `{"ids":["1","3"]}`).problem(t, http.StatusConflict) // for none of them
	var done Done
	s.postJSON(base+"/retry", `{}`).want(t, http.StatusAccepted, &done)
	if done.Envelopes != 0 || len(done.Refused) != 3 {
		t.Errorf("%+v", done)
	}
	s.postJSON(base+"/remind", `{ }`).want(t, http.StatusAccepted, nil)

	for _, body := range []string{`{}`, `{"sent":"x","not_sent":true}`, `{"sent":7}`, `{"send":"x"}`} {
		s.postJSON(base+"/envelopes/3/resolve", body).problem(t, http.StatusUnprocessableEntity)
	}
	s.postJSON(base+"/envelopes/3/resolve", `{`).problem(t, http.StatusBadRequest)
	s.do(http.MethodPost, base+"/envelopes/3/resolve", "text/plain", strings.NewReader("x")).problem(t, http.StatusUnsupportedMediaType)
	s.postJSON(base+"/envelopes/3/resolve", strings.Repeat(" ", maxResolve+1)).problem(t, http.StatusRequestEntityTooLarge)
	var report struct {
		State      string
		EnvelopeID string `json:"envelope_id"`
		Error      *struct{ Code string }
	}
	s.postJSON(base+"/envelopes/3/resolve", `{"sent":"env-3"}`).want(t, http.StatusOK, &report)
	if report.State != "sent" || report.EnvelopeID != "env-3" || report.Error == nil || report.Error.Code != "unchecked" { // no worker could look
		t.Errorf("%+v", report)
	}
	s.postJSON(base+"/envelopes/3/resolve", `{"sent":"env-2"}`).problem(t, http.StatusUnprocessableEntity) // another's
	s.postJSON(base+"/envelopes/2/resolve", `{"not_sent":true}`).problem(t, http.StatusConflict)

	s.postJSON(base+"/pause", "").want(t, http.StatusOK, &done)
	var status CampaignStatus
	s.get(base).want(t, http.StatusOK, &status)
	if !status.Paused || done.Envelopes != 3 {
		t.Errorf("%+v %+v", status, done)
	}
	s.postJSON(base+"/resume", "").want(t, http.StatusOK, nil)
	s.postJSON(base+"/cancel", `{"ids":["1","2","none"]}`).want(t, http.StatusAccepted, &done)
	if done.Envelopes != 1 || len(done.Refused) != 2 {
		t.Errorf("%+v", done)
	}
	s.postJSON(base+"/cancel", "").want(t, http.StatusAccepted, &done)
	if done.Campaign != "june" || done.Envelopes != 0 || len(done.Refused) == 0 {
		t.Errorf("%+v", done)
	}
	s.postJSON(base+"/retry", "").want(t, http.StatusAccepted, &done)
	if done.Envelopes != 0 {
		t.Errorf("%+v", done)
	}
}

// An operation on a whole campaign has an address that tells how far it is, to who may see the campaign.
func TestOperationHasAnAddress(t *testing.T) {
	s := enqueued(t, "1", "2", "3")
	s.failed("1")
	var done Done
	r := s.postJSON("/v1/campaigns/june/cancel", "")
	r.want(t, http.StatusAccepted, &done)
	if !done.Ended || done.Envelopes != 2 || done.Operation == "" || r.Header.Get("Location") != done.Operation {
		t.Fatalf("%+v %s", done, r.Header.Get("Location"))
	}
	var o OperationStatus
	s.get(done.Operation).want(t, http.StatusOK, &o)
	if o.Kind != "cancel" || !o.Ended || o.Total != 3 || o.Seen != 3 || o.Envelopes != 2 || len(o.Refused) != 1 || o.Refused[0].Reason != "failed" || o.EndedAt == nil {
		t.Errorf("%+v", o)
	}
	s.get(strings.Replace(done.Operation, "june", "july", 1)).problem(t, http.StatusNotFound)
	s.get("/v1/campaigns/june/operations/cancel-none").problem(t, http.StatusNotFound)
	s.postJSON("/v1/campaigns/july/cancel", "").problem(t, http.StatusNotFound)

	// Held by another process, it is answered at once all the same, and goes on.
	x, err := s.client.Begin(t.Context(), "june", ledger.RetryAll, "")
	if err != nil {
		t.Fatal(err)
	}
	if held, err := s.client.Ledger().TakeOperation(t.Context(), x.ID, time.Minute); err != nil || held == nil {
		t.Fatal(held, err)
	}
	s.get(operationPath("june", x.ID)).want(t, http.StatusOK, &o)
	if o.Ended || o.Seen != 0 || o.EndedAt != nil {
		t.Errorf("%+v", o)
	}
}

func TestReadiness(t *testing.T) {
	s := newStack(t, nil)
	var h Health
	s.get("/readyz").want(t, http.StatusOK, &h)
	if h.Status != "ready" || !h.Redis.OK || !h.Archive.OK || len(h.Providers) != 1 || !h.Providers[0].OK {
		t.Errorf("%+v", h)
	}
	fresh := func() { s.server.ready.mu.Lock(); s.server.ready.at = time.Time{}; s.server.ready.mu.Unlock() }
	fresh()
	if _, err := s.client.Ledger().Deny(t.Context(), "certyneo", ledger.KeyRefused, "certyneo: denied, HTTP 401", time.Hour); err != nil {
		t.Fatal(err)
	}
	s.get("/readyz").want(t, http.StatusOK, &h)
	if h.Status != "degraded" || h.Providers[0].OK || !strings.Contains(h.Providers[0].Reason, "401") || h.Providers[0].Until == nil {
		t.Errorf("%+v", h)
	}
	fresh()
	s.mini.SetError("LOADING")
	s.get("/readyz").want(t, http.StatusServiceUnavailable, &h)
	if h.Status != "unready" || h.Redis.OK || h.Redis.Missing == "" {
		t.Errorf("%+v", h)
	}
	s.get("/healthz").want(t, http.StatusOK, nil)
}

// hooked is a provider that decides callbacks by their body.
type hooked struct{ providers.Provider }

func (hooked) Info() providers.Info { return providers.Info{Name: "qisign"} }

func (hooked) Webhook(_ *http.Request, body []byte) (providers.Event, error) {
	kinds := map[string]providers.ErrorKind{"forged": providers.Denied, "nonsense": providers.Invalid, "busy": providers.Transient}
	if kind, ok := kinds[string(body)]; ok {
		return providers.Event{}, &providers.Error{Kind: kind, Provider: "qisign", Op: "webhook", Code: "because"}
	}
	id, delivery, _ := strings.Cut(string(body), "/")
	return providers.Event{ID: id, Delivery: delivery}, nil
}

func TestWebhooks(t *testing.T) {
	s := newStack(t, func(c *Config) {
		c.Keys = []Key{{Name: "all", Secret: "key-of-all"}}
		c.Providers = append(c.Providers, hooked{}, unhooked{})
	})
	s.key = "key-of-all"
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	s.sent("1")
	s.key = "" // callbacks have none
	post := func(path, body string) reply {
		return s.do(http.MethodPost, path, "application/json", strings.NewReader(body))
	}
	post("/webhooks/qisign", "env-9/d1").want(t, http.StatusOK, nil) // of no envelope of ours
	post("/webhooks/qisign", "forged").problem(t, http.StatusUnauthorized)
	post("/webhooks/qisign", "nonsense").problem(t, http.StatusBadRequest)
	if r := post("/webhooks/qisign", "busy"); r.Header.Get("Retry-After") == "" {
		r.problem(t, http.StatusServiceUnavailable)
		t.Error("no Retry-After")
	}
	post("/webhooks/contraktor", "x").problem(t, http.StatusNotFound)
	post("/webhooks/nobody", "x").problem(t, http.StatusNotFound)
	post("/webhooks/qisign", strings.Repeat("x", maxCallback+1)).problem(t, http.StatusRequestEntityTooLarge)
	// Certyneo's own verification, with a signature of nobody.
	p := post("/webhooks/certyneo", `{"event":"x"}`).problem(t, http.StatusUnauthorized)
	if p.Detail != "" {
		t.Errorf("a forger is told %q", p.Detail)
	}
	text := string(s.get("/metrics").body)
	for _, want := range []string{`{provider="qisign",result="unknown"} 1`, `{provider="qisign",result="forged"} 1`, `{provider="qisign",result="invalid"} 2`,
		`{provider="qisign",result="failed"} 1`, `{provider="certyneo",result="forged"} 1`} {
		if !strings.Contains(text, "chancela_callbacks_total"+want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
}

// unhooked is a provider that has no callbacks.
type unhooked struct{ providers.Provider }

func (unhooked) Info() providers.Info { return providers.Info{Name: "contraktor"} }

// FuzzWebhook: whatever comes to the callbacks' address is answered as a problem, as a
// success only when it is verified, and changes nothing.
func FuzzWebhook(f *testing.F) {
	f.Add("certyneo", []byte(`{"event":"envelope.completed"}`), "00ff")
	f.Add("qisign", []byte("forged"), "")
	f.Add("../v1/campaigns", []byte("\x00"), "\xff")
	s := newStack(f, nil)
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(f, http.StatusAccepted, nil)
	f.Fuzz(func(t *testing.T, provider string, body []byte, signature string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "http://localhost/webhooks/x", readerOf(body))
		r.URL.Path = "/webhooks/" + provider
		r.Header["X-Certyneo-Signature"] = []string{signature}
		s.server.handler.ServeHTTP(w, r)
		if w.Code == http.StatusOK && provider == "certyneo" {
			t.Errorf("%q with %q is taken for a callback", body, signature)
		}
		if w.Code >= 500 {
			t.Errorf("%s %q: %d", provider, body, w.Code)
		}
		record, err := s.client.Ledger().Get(t.Context(), "june/1")
		if err != nil || record.State != ledger.Queued || record.Version != 1 {
			t.Errorf("%+v %v", record, err)
		}
	})
}

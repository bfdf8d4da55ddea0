package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/chancela/chancela/jobs/trace/otlp"
)

func TestTracingIsOffByItself(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	before := otel.GetTracerProvider()
	shutdown, err := otlp.Start(t.Context(), nil)
	if err != nil || shutdown(t.Context()) != nil || otel.GetTracerProvider() != before {
		t.Errorf("%v", err)
	}
}

// With an exporter the request's span leaves, and the envelope carries the trace on to
// the workers.
func TestTracing(t *testing.T) {
	var mu sync.Mutex
	var sent []byte
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/v1/traces" {
			sent = append(sent, b...)
		}
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	shutdown, err := otlp.Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })

	s := newStack(t, nil)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	body := envelopeJSON("1", pdf("a"))
	req := s.request(http.MethodPost, "/v1/campaigns/june/envelopes", marshal(t, body))
	req.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	s.send(req).want(t, http.StatusAccepted, nil)
	if err := shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := s.client.Ledger().Get(t.Context(), "june/1")
	if err != nil || len(r.Trace) < 40 || r.Trace[3:35] != trace {
		t.Errorf("the envelope's trace is %q, %v", r.Trace, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"POST /v1/campaigns/{campaign}/envelopes", "chancela", "http.route"} {
		if !contains(sent, want) {
			t.Errorf("the collector was not told %s", want)
		}
	}
	if contains(sent, "ana@example.com") || contains(sent, "june") {
		t.Error("the collector was told too much")
	}
}

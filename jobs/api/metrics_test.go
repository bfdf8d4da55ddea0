package api

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// checkMetrics holds the metrics against the rules of Prometheus: its linter always, its
// promtool where there is one.
func checkMetrics(t *testing.T, text []byte) {
	t.Helper()
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if promtool, err := exec.LookPath("promtool"); err == nil {
		cmd := exec.Command(promtool, "check", "metrics")
		cmd.Stdin = bytes.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool: %v: %s", err, out)
		}
	}
}

func TestMetricsHaveNoIDs(t *testing.T) {
	s := newStack(t, nil)
	s.postJSON("/v1/campaigns/secret-campaign/envelopes", envelopeJSON("secret-id", pdf("a"))).want(t, 202, nil)
	s.get("/v1/campaigns/secret-campaign/envelopes/secret-id")
	s.get("/v1/secret-id/")
	s.do("SECRET-ID", "/healthz", "", nil)
	s.do("POST", "/webhooks/secret-id", "", strings.NewReader("{}"))
	if err := s.server.metrics.Watch(s.client.Ledger(), s.client.TaskQueue(), nil, s.slog); err != nil {
		t.Fatal(err)
	}
	text := s.get("/metrics").body
	checkMetrics(t, text)
	if bytes.Contains(bytes.ToLower(text), []byte("secret-")) {
		t.Errorf("%s", text)
	}
	if !bytes.Contains(text, []byte(`chancela_envelopes{provider="certyneo",state="queued"} 1`)) {
		t.Error("the envelope is not counted")
	}
}

func TestMetricsSurviveRedis(t *testing.T) {
	s := newStack(t, nil)
	if err := s.server.metrics.Watch(s.client.Ledger(), s.client.TaskQueue(), nil, s.slog); err != nil {
		t.Fatal(err)
	}
	s.mini.SetError("LOADING")
	text := s.get("/metrics").want(t, 200, nil).body
	if !bytes.Contains(text, []byte("chancela_redis_up 0")) || !bytes.Contains(text, []byte("go_goroutines")) {
		t.Errorf("%s", text)
	}
	if !strings.Contains(s.log.String(), "LOADING") {
		t.Error("nobody is told why")
	}
}

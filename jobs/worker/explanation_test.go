package worker

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// refusing is a provider whose service explains why it refuses.
type refusing struct {
	providers.Provider
	why providers.Secret
}

func (p refusing) Prepare(context.Context, *providers.Job) error {
	return &providers.Error{Kind: providers.Invalid, Provider: "contraktor", Op: "POST /parties", Status: 422, Code: "validation", Explanation: p.why}
}

// TestAnExplanationIsForThoseWhoReadTheEnvelope: the provider's own words stand in the
// record and its report, and nowhere else: neither in logs nor in anything else in Redis.
func TestAnExplanationIsForThoseWhoReadTheEnvelope(t *testing.T) {
	const why = "o CPF de Ana Prova da Silva não confere"
	w := newWorld(t, "contraktor")
	var logged strings.Builder
	w.worker.log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config := w.worker.configs["contraktor"]
	config.Provider = refusing{config.Provider, why}
	w.worker.configs["contraktor"] = config
	k := w.enqueue("1")
	if err := w.worker.envelope(t.Context(), config, w.taskOf(k)); err == nil || strings.Contains(err.Error(), "Ana") {
		t.Errorf("what asynq keeps: %v", err)
	}
	r := w.record(k)
	rep, err := report.Of(r)
	if err != nil || r.State != ledger.Failed || rep.Error == nil || rep.Error.Explanation != why {
		t.Errorf("%s, %+v, %v", r.State, rep.Error, err)
	}
	if logged.Len() == 0 || strings.Contains(logged.String(), "CPF de") {
		t.Errorf("the log: %s", logged.String())
	}
	holds := 0
	for line := range strings.SplitSeq(w.redis.Dump(), "\n") {
		if strings.Contains(line, "CPF de") {
			holds++
		}
	}
	if holds > 1 {
		t.Errorf("%d fields in Redis hold the words, the envelope's alone may:\n%s", holds, w.redis.Dump())
	}
	// Another failure, about which the service says nothing, takes them away.
	if err := w.client.Ledger().Requeue(t.Context(), r, "send"); err != nil {
		t.Fatal(err)
	}
	config.Provider = refusing{config.Provider, ""}
	w.worker.configs["contraktor"] = config
	_ = w.worker.envelope(t.Context(), config, w.taskOf(k))
	if r := w.record(k); r.Explanation != "" || r.State != ledger.Failed {
		t.Errorf("%s still says %q", r.State, r.Explanation)
	}
}

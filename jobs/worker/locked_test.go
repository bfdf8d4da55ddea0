package worker

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// locked is a provider whose inviting call gets no answer, and that lets nobody look after it.
type locked struct{ providers.Provider }

func (locked) Invite(ctx context.Context, j *providers.Job) error {
	if err := j.Commit(ctx); err != nil {
		return err
	}
	return &providers.Error{Kind: providers.Ambiguous, Provider: "certyneo", Op: "POST /envelopes/{id}/send"}
}

func (locked) Settle(context.Context, *providers.Job) (o providers.Outcome, err error) {
	return o, &providers.Error{Kind: providers.Invalid, Provider: "certyneo", Op: "GET /envelopes/{id}", Status: http.StatusForbidden}
}

// TestALockedLookIsNoAnswer: 403 tells nothing about an interrupted invitation, so it is asked
// again, and not in doubt at a provider that can say what became of it.
func TestALockedLookIsNoAnswer(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	config := w.worker.configs["certyneo"]
	shut := config
	shut.Provider = locked{config.Provider}
	for range 4 {
		if err := w.worker.envelope(t.Context(), shut, w.taskOf(k)); err == nil {
			t.Fatal("no error")
		}
		w.state(k, ledger.Preparing)
		w.forward(time.Hour)
	}
	if n, _ := w.invitations(0); n != 0 || w.record(k).IntentAt.IsZero() {
		t.Errorf("%d invitations, intent at %s", n, w.record(k).IntentAt)
	}
	w.judge(k, 0, "after the lock")
}

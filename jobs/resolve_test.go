package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// What can be resolved, as sent and as not sent, without a worker to ask.
func TestResolveOfEveryState(t *testing.T) {
	for _, c := range []struct {
		way           string
		sent, notSent string // why it is refused; empty: it is done
	}{
		{queued, "queued", "queued"},
		{preparing, "preparing", "preparing"},
		{inviting, "preparing", "preparing"},
		{doubtful, "", ""},
		{unchecked, "", ""},
		{notThere, "", "confirmed"}, // it would be sent twice
		{sent, "sent", "sent"},
		{failed, "failed", "failed"},
		{completed, "completed", "completed"},
		{archived, "archived", "archived"},
	} {
		for id, refused := range map[string]string{"x": c.sent, "": c.notSent} {
			d := newDesk(t)
			before := d.put("able", "1", c.way)
			isUnchecked, err := d.Resolve(t.Context(), june("1"), id)
			r := d.record("1")
			if refused != "" {
				if n, ok := errors.AsType[*notNowError](err); !ok || n.reason != refused || r.Version != before.Version {
					t.Errorf("%s, %q: %v; want refused for %s", c.way, id, err, refused)
				}
				continue
			}
			if err != nil || isUnchecked != (id != "") || d.waiting("able", pace.Steer) != 1 {
				t.Errorf("%s, %q: %v %v, %d tasks", c.way, id, isUnchecked, err, d.waiting("able", pace.Steer))
			}
			if id == "" && (r.State != ledger.Queued || r.EnvelopeID != "" || r.Unchecked) {
				t.Errorf("%s, not sent: %+v", c.way, r)
			}
			if id != "" && (r.State != ledger.Sent || r.EnvelopeID != "x" || !r.Unchecked || !r.Unfinished || !strings.Contains(r.ErrorMessage, "no worker")) {
				t.Errorf("%s, sent: %+v", c.way, r)
			}
		}
	}
}

// answers runs a worker that answers every question about an id with a word.
func (d *desk) answers(answer string) {
	d.t.Helper()
	s := asynq.NewServerFromRedisClient(d.ledger.Redis(), asynq.Config{Concurrency: 1, Queues: map[string]int{queue.Name("able", pace.Steer): 1},
		TaskCheckInterval: 5 * time.Millisecond, LogLevel: asynq.FatalLevel})
	err := s.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		var p queue.Payload
		if err := json.Unmarshal(task.Payload(), &p); err != nil || task.Type() != queue.TypeCheck {
			return err
		}
		return d.ledger.Answer(ctx, p.Token, answer)
	}))
	d.must(err)
	d.t.Cleanup(s.Shutdown)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		worked, err := d.Client.tasks.Worked("able")
		d.must(err)
		if worked {
			return
		}
		if time.Now().After(deadline) {
			d.t.Fatal("no worker is seen")
		}
	}
}

// An id is believed when a worker has seen it; what keeps the worker from looking is said.
func TestWhatAWorkerSaysOfAnID(t *testing.T) {
	for answer, want := range map[string]struct{ refused, unchecked string }{
		queue.IDKnown:       {},
		queue.IDUnknown:     {refused: "does not know it"},
		queue.IDDraft:       {refused: "draft"},
		queue.IDOthers:      {refused: "other signers"},
		"able is not there": {unchecked: "able is not there"},
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.put("able", "1", doubtful)
			d.answers(answer)
			isUnchecked, err := d.Resolve(t.Context(), june("1"), "x")
			r := d.record("1")
			if want.refused != "" {
				if !errors.Is(err, ErrUnknownID) || !strings.Contains(err.Error(), want.refused) || r.State != ledger.InDoubt {
					t.Errorf("%v; it is %s", err, r.State)
				}
				return
			}
			if err != nil || r.State != ledger.Sent || isUnchecked != (want.unchecked != "") || r.Unchecked != isUnchecked || !strings.Contains(r.ErrorMessage, want.unchecked) {
				t.Errorf("%v %v: %+v", isUnchecked, err, r)
			}
		})
	}
}

// An id that is another envelope's is refused whoever looks; an envelope's own is not.
func TestAnIDHasOneEnvelope(t *testing.T) {
	d := newDesk(t)
	d.put("able", "1", sent)
	d.put("able", "2", doubtful)
	if _, err := d.Resolve(t.Context(), june("2"), "at-1"); !errors.Is(err, ErrUnknownID) || !strings.Contains(err.Error(), "june/1") {
		t.Errorf("taken: %v", err)
	}
	d.put("able", "3", unchecked)
	if isUnchecked, err := d.Resolve(t.Context(), june("3"), "at-3"); err != nil || !isUnchecked {
		t.Errorf("its own: %v %v", isUnchecked, err)
	}
	if _, err := d.Resolve(t.Context(), june("none"), ""); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
}

package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// TestWhatHasBegunGoesOnFirst: the envelopes that a killed worker had in hand, and those
// whose call has failed, are sent while the backlog still waits.
func TestWhatHasBegunGoesOnFirst(t *testing.T) {
	const inHand, queued = 16, 400
	w := newWorld(t, "certyneo")
	many := func(yield func(providers.Envelope, error) bool) {
		for i := range queued {
			e := w.envelope(fmt.Sprintf("more-%d", i))
			if err := w.client.Check(t.Context(), &e); !yield(e, err) {
				return
			}
		}
	}
	if sum, err := w.client.EnqueueAll(t.Context(), "crash", many); err != nil || sum.New != queued {
		t.Fatal(sum, err)
	}
	var begun []providers.Key
	for i := range inHand {
		k := w.enqueue(fmt.Sprintf("begun-%d", i))
		_, hold, _, err := w.worker.ledger.Claim(t.Context(), k.String(), w.record(k).Generation, time.Millisecond, ledger.Preparation{Provider: "certyneo", Simulated: true})
		if err != nil || hold != ledger.Granted {
			t.Fatal(hold, err)
		}
		begun = append(begun, k)
	}
	for _, k := range begun { // as the sweeper does
		if err := w.worker.tasks.Carry(t.Context(), w.record(k)); err != nil {
			t.Fatal(err)
		}
		if carried, _, err := w.worker.tasks.Carried(w.record(k)); err != nil || !carried {
			t.Fatalf("%s is not carried: %v", k, err)
		}
	}
	w.redis.SetTime(time.Time{}) // from here on time passes by itself
	db := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
	t.Cleanup(func() { db.Close() })
	worker := New(Config{Redis: db, Durability: ledger.NotDurable, Archive: w.archive, RetryBase: time.Millisecond, RetryMax: time.Second, Attempts: 5,
		Log: silent, Providers: []ProviderConfig{{Provider: w.provider, Concurrency: 4, PollEvery: time.Hour, SettleAfter: 15 * time.Second}}, Shutdown: time.Second})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()
	w.until("all that had begun are sent", func() bool {
		for _, k := range begun {
			if w.record(k).State != ledger.Sent {
				return false
			}
		}
		return true
	})
	n, err := w.client.Ledger().Counts(t.Context(), "certyneo")
	stop()
	if werr := <-done; werr != nil || err != nil {
		t.Fatal(werr, err)
	}
	if n[ledger.Queued] < queued/2 {
		t.Errorf("only %d of %d wait still: what had begun has waited with them", n[ledger.Queued], queued)
	}
}

// TestRetriedTaskLeavesTheBacklog: a task whose envelope has been begun comes again in the
// queue of those.
func TestRetriedTaskLeavesTheBacklog(t *testing.T) {
	for state, class := range map[ledger.State]string{ledger.Queued: "send", ledger.Preparing: "begun", ledger.Sent: "begun", ledger.Completed: "fetch"} {
		if got := queue.ClassOf(&ledger.Record{State: state}); string(got) != class {
			t.Errorf("%s goes by %s, want %s", state, got, class)
		}
	}
	if got := queue.ClassOf(&ledger.Record{State: ledger.Preparing, Lane: "steer"}); got != "steer" {
		t.Errorf("what a person asked for goes by %s", got)
	}
}

package scheduler

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// TestWhatIsCarriedCostsTheSweepNothing: what a task carries is checked once; when the queue is
// lost, wholly or in part, its envelopes are back after two counts.
func TestWhatIsCarriedCostsTheSweepNothing(t *testing.T) {
	for what, lose := range map[string]func(b *bench){
		"all":      func(b *bench) { b.redis.Del("asynq:{certyneo-send}:pending"); b.loseTasks(t, "june:queued-*") },
		"its list": func(b *bench) { b.redis.Del("asynq:{certyneo-send}:pending") },
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t)
			const n = 300
			b.envelopes(t, n, ledger.Queued)
			b.forward(time.Second)
			sweep := func() {
				t.Helper()
				if err := b.sweep(t.Context(), "certyneo"); err != nil {
					t.Fatal(err)
				}
			}
			sweep() // brings their tasks
			b.forward(sweepHold + time.Second)
			sweep() // and sees them
			if due, err := b.ledger.Pending(t.Context(), ledger.Work, "certyneo"); err != nil || due != 0 {
				t.Fatalf("%d are swept for ever: %v", due, err)
			}
			short := new(atomic.Bool)
			count := func() {
				t.Helper()
				if err := b.lost(t.Context(), "certyneo", short); err != nil {
					t.Fatal(err)
				}
			}
			b.swept = 0
			count()
			count()
			if b.swept != 0 {
				t.Fatalf("%d swept of a whole queue", b.swept)
			}
			lose(b)
			count()
			if b.swept != 0 {
				t.Fatal("looked for after one count: the two numbers are not of the same moment")
			}
			count()
			if waiting := b.waiting(t, pace.Send); b.swept != n || waiting != n {
				t.Fatalf("%d swept, %d in the queue", b.swept, waiting)
			}
			count()
			count()
			if b.swept != n {
				t.Errorf("%d swept again", b.swept-n)
			}
		})
	}
}

func (b *bench) loseTasks(t *testing.T, pattern string) {
	t.Helper()
	keys, err := b.db.Keys(t.Context(), "asynq:{certyneo-send}:t:"+pattern).Result()
	if err != nil || len(keys) == 0 {
		t.Fatal(len(keys), err)
	}
	if err := b.db.Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
}

// TestTasksInOneTrip: many tasks together are the same as one by one, and one that is there
// already is success.
func TestTasksInOneTrip(t *testing.T) {
	b := newBench(t)
	if err := b.tasks.Envelope(t.Context(), "certyneo", pace.Send, "june/1", 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := b.tasks.Envelopes(t.Context(), []queue.Envelope{
		{Provider: "certyneo", Class: pace.Send, Key: "june/1", Generation: 1},
		{Provider: "certyneo", Class: pace.Send, Key: "june/2", Generation: 1},
		{Provider: "sdoc", Class: pace.Fetch, Key: "june/3", Generation: 4},
	}); err != nil {
		t.Fatal(err)
	}
	one := b.db.HGetAll(t.Context(), "asynq:{certyneo-send}:t:june:1:1").Val()
	two := b.db.HGetAll(t.Context(), "asynq:{certyneo-send}:t:june:2:1").Val()
	if len(one) != len(two) || len(one["msg"]) != len(two["msg"]) || two["state"] != "pending" {
		t.Errorf("one by one %q, together %q", one, two)
	}
	if s, f := b.waiting(t, pace.Send), b.waiting(t, pace.Fetch); s != 2 || f != 1 {
		t.Errorf("%d to send, %d to fetch", s, f)
	}
	if known, err := b.db.SIsMember(t.Context(), "asynq:queues", "sdoc-fetch").Result(); err != nil || !known {
		t.Errorf("asynq does not know the queue: %v", err)
	}
}

package scheduler

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

type bench struct {
	*Scheduler
	redis *miniredis.Miniredis
	db    redis.UniversalClient
	at    time.Time
	swept int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	m := miniredis.RunT(t)
	db := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { db.Close() })
	b := &bench{redis: m, db: db, at: time.Now()}
	m.SetTime(b.at)
	b.Scheduler = New(Config{Redis: db, Providers: []string{"certyneo"}, Log: slog.New(slog.DiscardHandler), Swept: func(_ string, n int) { b.swept += n }})
	return b
}

func (b *bench) forward(d time.Duration) {
	b.at = b.at.Add(d)
	b.redis.SetTime(b.at)
	b.redis.FastForward(d)
}

// envelopes records envelopes without tasks, as a producer leaves them that dies in between.
func (b *bench) envelopes(t *testing.T, n int, state ledger.State) {
	t.Helper()
	for i := range n {
		_, err := b.ledger.Create(t.Context(), []ledger.Entry{{Campaign: "june", ID: fmt.Sprintf("%s-%d", state, i), Provider: "certyneo", Digest: "d", State: state}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// sent lets a worker send a queued envelope.
func (b *bench) sent(t *testing.T, r *ledger.Record) {
	t.Helper()
	c, _, _, err := b.ledger.Claim(t.Context(), r.Key(), r.Generation, time.Minute, ledger.Preparation{Provider: r.Provider})
	if err == nil {
		err = c.ConfirmSent(t.Context(), ledger.Invited{EnvelopeID: "env"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) waiting(t *testing.T, class pace.Class) int {
	t.Helper()
	depths, err := b.tasks.Depths(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range depths {
		if d.Class == class {
			return d.Tasks
		}
	}
	return 0
}

func TestAPeriodHappensOnce(t *testing.T) {
	b := newBench(t)
	other := New(b.cfg)
	n := 0
	job := func(context.Context, string) error { n++; return nil }
	for range 3 {
		for _, s := range []*Scheduler{b.Scheduler, other} {
			if err := s.once(t.Context(), "job", time.Minute, job); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d times in one period", n)
	}
	b.forward(time.Minute)
	if err := other.once(t.Context(), "job", time.Minute, job); err != nil || n != 2 {
		t.Errorf("%d times in two periods: %v", n, err)
	}
}

func TestSweepBringsWhatNoTaskCarries(t *testing.T) {
	b := newBench(t)
	b.envelopes(t, 3, ledger.Queued)
	b.envelopes(t, 2, ledger.Completed)
	b.forward(time.Second)
	if err := b.sweep(t.Context(), "certyneo"); err != nil {
		t.Fatal(err)
	}
	if s, f := b.waiting(t, pace.Send), b.waiting(t, pace.Fetch); s != 3 || f != 2 || b.swept != 5 {
		t.Fatalf("%d to send, %d to fetch, %d swept", s, f, b.swept)
	}
	b.forward(sweepHold + time.Second)
	if err := b.sweep(t.Context(), "certyneo"); err != nil || b.swept != 5 {
		t.Errorf("what is carried was swept again: %d, %v", b.swept, err)
	}
}

// What was recorded by a process that died before it put the tasks on the queue.
func TestSweepBringsAbandonedBatches(t *testing.T) {
	b := newBench(t)
	for from := range 3 {
		var entries []ledger.Entry
		for i := range 4 {
			entries = append(entries, ledger.Entry{Campaign: "june", ID: fmt.Sprint(from, "-", i), Provider: "certyneo", Digest: "d", State: ledger.Queued,
				SweepAfter: time.Minute, TaskFollows: true})
		}
		if _, err := b.ledger.Create(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.sweep(t.Context(), "certyneo"); err != nil || b.swept != 0 {
		t.Fatalf("swept %d while their tasks may follow: %v", b.swept, err)
	}
	b.forward(time.Minute + time.Second)
	if err := b.sweep(t.Context(), "certyneo"); err != nil || b.swept != 12 || b.waiting(t, pace.Send) != 12 {
		t.Errorf("%d swept, %d wait: %v", b.swept, b.waiting(t, pace.Send), err)
	}
}

func TestOneTriesWhenTheKeyWasRefused(t *testing.T) {
	b := newBench(t)
	b.envelopes(t, 9, ledger.Queued)
	if _, err := b.ledger.Deny(t.Context(), "certyneo", ledger.KeyRefused, "HTTP 401", time.Minute); err != nil {
		t.Fatal(err)
	}
	b.forward(time.Second)
	if err := b.sweep(t.Context(), "certyneo"); err != nil || b.swept != 0 {
		t.Fatalf("swept %d while the key is refused: %v", b.swept, err)
	}
	if _, err := b.ledger.Deny(t.Context(), "certyneo", ledger.KeyRefused, "HTTP 401", 0); err != nil { // its pause is over
		t.Fatal(err)
	}
	b.forward(time.Second)
	if err := b.sweep(t.Context(), "certyneo"); err != nil || b.swept != 1 {
		t.Errorf("%d try at once: %v", b.swept, err)
	}
}

func TestLookOnlyWhenSomethingIsPending(t *testing.T) {
	b := newBench(t)
	if err := b.look(t.Context(), "certyneo", "1"); err != nil || b.waiting(t, pace.Look) != 0 {
		t.Errorf("a round for nothing: %v", err)
	}
	b.envelopes(t, 1, ledger.Queued)
	r, err := b.ledger.Get(t.Context(), "june/queued-0")
	if err != nil {
		t.Fatal(err)
	}
	b.sent(t, r)
	if err := b.look(t.Context(), "certyneo", "2"); err != nil || b.waiting(t, pace.Look) != 1 {
		t.Errorf("no round although an envelope is pending: %v", err)
	}
}

func TestRenewBeforeAddressesDie(t *testing.T) {
	b := newBench(t)
	raw, err := json.Marshal([]providers.Artifact{{Kind: providers.Dossier, URL: "https://x.test/a", Expires: b.at.Add(time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	b.envelopes(t, 1, ledger.Completed)
	r, err := b.ledger.Get(t.Context(), "june/completed-0")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.ledger.RenewListed(t.Context(), r, raw); err != nil {
		t.Fatal(err)
	}
	if err := b.renew(t.Context(), "1"); err != nil || b.waiting(t, pace.Fetch) != 0 {
		t.Errorf("renewed an hour before: %v", err)
	}
	b.forward(56 * time.Minute)
	// A ledger of before has no index of them.
	if err := b.db.Del(t.Context(), "{chancela}:renew").Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.ledger.FindRenewals(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.renew(t.Context(), "2"); err != nil || b.waiting(t, pace.Fetch) != 1 {
		t.Errorf("not renewed four minutes before: %v", err)
	}
	if err := b.renew(t.Context(), "3"); err != nil || b.waiting(t, pace.Fetch) != 1 {
		t.Errorf("asked for again within a minute: %v", err)
	}

	// What is archived, or has no address that ends, costs nothing any more.
	if r, err = b.ledger.Get(t.Context(), r.Key()); err == nil {
		err = b.ledger.RenewListed(t.Context(), r, []byte(`[{"kind":"dossier"}]`))
	}
	if n, cerr := b.db.ZCard(t.Context(), "{chancela}:renew").Result(); err != nil || cerr != nil || n != 0 {
		t.Errorf("%d are still indexed: %v %v", n, err, cerr)
	}
}

package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/contraktor"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// TestACancelOvertakesTheBacklog runs a whole worker at a provider's rate, with hundreds of
// invitations before it in the queue, and counts the calls until a cancel is at the provider.
func TestACancelOvertakesTheBacklog(t *testing.T) {
	const queued, turns = 300, 25
	w := newWorld(t, "contraktor")
	k := w.sentMany(1)[0]
	w.redis.SetTime(time.Time{}) // from here on time passes by itself
	many := func(yield func(providers.Envelope, error) bool) {
		for i := range queued {
			e := w.envelope(fmt.Sprintf("more-%d", i))
			if err := w.client.Check(t.Context(), &e); !yield(e, err) {
				return
			}
		}
	}
	if sum, err := w.client.EnqueueAll(t.Context(), k.Campaign, many); err != nil || sum.New != queued {
		t.Fatal(sum, err)
	}
	db := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
	t.Cleanup(func() { db.Close() })
	env := w.sandbox.Env()
	paced, err := contraktor.New(rest.Settings{BaseURL: env["CHANCELA_CONTRAKTOR_BASE_URL"], APIKey: providers.Secret(env["CHANCELA_CONTRAKTOR_API_KEY"]),
		Pacer: pace.NewRedis(db, "contraktor", providers.Rate{Requests: 20, Per: time.Second, Burst: 1})})
	if err != nil {
		t.Fatal(err)
	}
	worker := New(Config{Redis: db, Durability: ledger.NotDurable, Archive: w.archive, RetryBase: time.Millisecond, RetryMax: time.Second, Attempts: 5,
		Log: silent, Providers: []ProviderConfig{{Provider: paced, Concurrency: 16, PollEvery: time.Hour, SettleAfter: 15 * time.Second}}, Shutdown: time.Second})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	before := w.calls()
	w.until("the worker invites", func() bool { return w.calls() >= before+20 })
	before = w.calls()
	if res, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil || res.Done != 1 {
		t.Fatal(res, err)
	}
	w.until("it is withdrawn", func() bool { return w.sandbox.Calls("contraktor")["DELETE /proofs/{id}"] == 1 })
	if n := w.calls() - before; n > turns {
		t.Errorf("withdrawn after %d calls, want %d at most", n, turns)
	}
	if n, err := w.client.Ledger().Counts(t.Context(), "contraktor"); err != nil || n[ledger.Queued] < queued/2 {
		t.Errorf("it has overtaken nothing: %v %v", n, err)
	}
}

// until waits for an event in another goroutine.
func (w *world) until(what string, happened func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !happened(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not in time: %s", what)
		}
	}
}

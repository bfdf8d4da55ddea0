package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// loseRedis empties the Redis, and the file is enqueued again.
func (w *world) loseRedis(ids ...string) {
	w.t.Helper()
	w.redis.FlushAll()
	w.again(ids...)
}

func (w *world) again(ids ...string) jobs.Summary {
	w.t.Helper()
	w.restart(0)
	w.client = jobs.NewClient(jobs.ClientConfig{Redis: w.client.Ledger().Redis(), Archive: w.archive, Providers: []providers.Provider{w.provider}, Log: silent})
	sum, err := w.client.EnqueueAll(w.t.Context(), "crash", func(yield func(jobs.Envelope, error) bool) {
		for _, id := range ids {
			if !yield(w.checked(id), nil) {
				return
			}
		}
	})
	if err != nil || len(sum.Conflicts) > 0 {
		w.t.Fatal(sum, err)
	}
	return sum
}

// TestLedgerLostAtEveryBoundary lets the process die at every boundary of the send, and the
// whole Redis with it; then the file is enqueued again.
func TestLedgerLostAtEveryBoundary(t *testing.T) {
	for _, name := range registry.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			doubts, crashes, unknown := 0, 0, 0
			for n := 1; ; n += stride {
				what := fmt.Sprintf("dead at boundary %d, and the ledger lost", n)
				mark := len(w.sandbox.Books())
				id := fmt.Sprintf("lost.%d", n)
				k := w.enqueue(id)
				w.restart(n)
				died := w.step(k)
				w.loseRedis(id)
				r := w.judge(k, mark, what)
				if r.State == ledger.InDoubt {
					doubts++
				}
				if !died {
					break
				}
				if crashes++; crashes > 60 {
					t.Fatal("the send does not end")
				}
				if n, _ := w.invitations(mark); n == 0 && r.State == ledger.InDoubt {
					unknown++ // the mark stood, and nobody can know that the call has not left
				}
			}
			// sDoc cannot tell after the mark (its own boundary, and the one after it) and before
			// the id is in the archive.
			if most := 4; doubts > 0 && name != "sdoc" || doubts > most {
				t.Errorf("%d of %d crashes left doubt", doubts, crashes)
			}
			if name == "sdoc" && unknown > 1 {
				t.Errorf("%d in doubt, although no call was made", unknown)
			}
			if crashes*stride < 8 {
				t.Errorf("%d crashes only", crashes)
			}
			for _, v := range w.sandbox.Violations() {
				t.Error(v)
			}
			t.Logf("%d crashes, %d in doubt, %d of them without a call", crashes, doubts, unknown)
		})
	}
}

// A Redis that comes back as it was some time ago does not know of the last invitations.
func TestLedgerSetBack(t *testing.T) {
	for _, name := range registry.Names() {
		t.Run(name, func(t *testing.T) { t.Parallel(); setBack(newWorld(t, name), false) })
		t.Run(name+", and the worker died", func(t *testing.T) { t.Parallel(); setBack(newWorld(t, name), true) })
	}
}

func setBack(w *world, died bool) {
	t, all := w.t, []string{"1", "2", "3"}
	for _, id := range all {
		w.enqueue(id)
	}
	back := w.copyOfRedis()
	for _, id := range all {
		w.step(jobs.Key{Campaign: "crash", ID: id})
	}
	if n, _ := w.invitations(0); n != len(all) {
		t.Fatalf("%d invitations", n)
	}
	if died {
		w.restart(0)
	}
	back()
	w.restart(0)
	for range 3 { // side by side: nobody is kept waiting for the others
		for _, id := range all {
			if k := (jobs.Key{Campaign: "crash", ID: id}); !w.record(k).State.Terminal() {
				w.step(k)
			}
		}
		w.forward(40 * time.Second)
	}
	for _, id := range all {
		if r := w.live(jobs.Key{Campaign: "crash", ID: id}); r.State != ledger.Archived {
			t.Errorf("%s is %s: %s", id, r.State, r.ErrorMessage)
		}
	}
	if n, _ := w.invitations(0); n != len(all) {
		t.Errorf("%d invitations", n)
	}

}

// copyOfRedis keeps what Redis holds; back puts it back.
func (w *world) copyOfRedis() (back func()) {
	w.t.Helper()
	db, ctx := w.client.Ledger().Redis(), w.t.Context()
	var all []func(p redis.Pipeliner)
	for _, key := range w.redis.Keys() {
		switch kind := db.Type(ctx, key).Val(); kind {
		case "string":
			v := db.Get(ctx, key).Val()
			all = append(all, func(p redis.Pipeliner) { p.Set(ctx, key, v, 0) })
		case "hash":
			v := db.HGetAll(ctx, key).Val()
			all = append(all, func(p redis.Pipeliner) { p.HSet(ctx, key, v) })
		case "zset":
			v := db.ZRangeWithScores(ctx, key, 0, -1).Val()
			all = append(all, func(p redis.Pipeliner) { p.ZAdd(ctx, key, v...) })
		case "list":
			v := db.LRange(ctx, key, 0, -1).Val()
			all = append(all, func(p redis.Pipeliner) { p.RPush(ctx, key, v) })
		case "set":
			v := db.SMembers(ctx, key).Val()
			all = append(all, func(p redis.Pipeliner) { p.SAdd(ctx, key, v) })
		default:
			w.t.Fatal(key, kind)
		}
	}
	return func() {
		w.worker.keepLastIDs() // or it has died: TestLedgerSetBack
		w.redis.FlushAll()
		if _, err := db.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, put := range all {
				put(p)
			}
			return nil
		}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// The worker that made the call lives on while its Redis is emptied: its word is taken by
// the next ledger, and its id stands in the archive.
func TestLateWordAfterTheLedgerWasLost(t *testing.T) {
	w := newWorld(t, "sdoc")
	k := w.enqueue("1")
	held := heldAfterMark{w.archive, make(chan struct{}), make(chan struct{})}
	w.worker.cfg.Marks = marks.New(held)
	done, old := make(chan struct{}), w.worker
	task := w.taskOf(k)
	go func() { defer close(done); _ = old.envelope(t.Context(), old.configs[w.provider.Info().Name], task) }()
	<-held.made // and the call has not left
	w.loseRedis("1")
	if r := w.record(k); r.State != ledger.Preparing || r.IntentAt.IsZero() {
		t.Fatalf("it is %s, with an intent of %s", r.State, r.IntentAt)
	}
	w.step(k) // too early to say anything
	close(held.goOn)
	<-done
	if r := w.record(k); r.State != ledger.Sent || r.EnvelopeID == "" {
		t.Fatalf("it is %s %q", r.State, r.EnvelopeID)
	}
	w.judge(k, 0, "after the late word")
}

// heldAfterMark holds up the writer of a mark after it was made.
type heldAfterMark struct {
	archive.Archive
	made chan struct{}
	goOn chan struct{}
}

func (a heldAfterMark) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	o, err := a.Archive.Put(ctx, key, content, contentType, check)
	if path.Base(key) == "invited.json" {
		close(a.made)
		<-a.goOn
	}
	return o, err
}

// A ledger made from the archive alone: what was archived reports as before, what was sent
// is followed, and the file brings what only it has.
func TestLedgerRebuilt(t *testing.T) {
	for _, name := range []string{"certyneo", "sdoc"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			done := w.enqueue("1")
			w.judge(done, 0, "archived")
			before, err := w.client.Get(t.Context(), done)
			if err != nil {
				t.Fatal(err)
			}
			sent := w.enqueue("2")
			w.step(sent)
			w.worker.keepLastIDs()
			w.redis.FlushAll()
			w.restart(0)
			found, err := w.client.Rebuild(t.Context(), "", func(key string, err error) { t.Error(key, err) })
			if err != nil || found != (jobs.Rebuilt{Archived: 1, UnderWay: 1}) {
				t.Fatalf("%+v %v", found, err)
			}
			after, err := w.client.Get(t.Context(), done)
			if a, b := text(t, before), text(t, after); err != nil || a != b {
				t.Errorf("%v\n%s\n%s", err, a, b)
			}
			if r := w.record(sent); !r.Bare || r.State != ledger.Preparing {
				t.Fatalf("%+v", r)
			}
			w.step(sent) // the archive has its id
			if r := w.record(sent); r.State != ledger.Sent || r.EnvelopeID == "" {
				t.Fatalf("it is %s %q", r.State, r.EnvelopeID)
			}
			w.step(sent)
			if sum := w.again("1", "2"); sum.New != 0 || sum.Known != 2 {
				t.Errorf("%+v", sum)
			}
			if r := w.record(sent); r.Bare || len(r.Envelope) == 0 {
				t.Errorf("%+v", r)
			}
			if again, err := w.client.Rebuild(t.Context(), "crash", nil); err != nil || again.Known != 2 || again.Archived+again.UnderWay > 0 {
				t.Errorf("%+v %v", again, err)
			}
			if r := w.live(sent); r.State != ledger.Archived {
				t.Errorf("it is %s: %s", r.State, r.ErrorMessage)
			}
			if n, _ := w.invitations(0); n != 2 {
				t.Errorf("%d invitations", n)
			}
		})
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// idOf is the id of an envelope that the archive has beside its mark; empty: none.
func (w *world) idOf(k jobs.Key) string {
	w.t.Helper()
	s, err := marks.New(w.archive).Sent(w.t.Context(), k.Campaign, k.ID)
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		w.t.Fatal(err)
	}
	return s.EnvelopeID
}

// An id that only the answer to the inviting call tells is in the archive before anything else
// is done. One that the provider can be asked for is written later, if there is no manifest by
// then.
func TestIDsThatCanBeAskedForWait(t *testing.T) {
	for _, name := range registry.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			quick, slow := w.enqueue("1"), w.enqueue("2")
			w.step(quick)
			w.step(slow)
			atOnce := name == "sdoc"
			if id := w.idOf(slow); atOnce != (id != "") {
				t.Errorf("after the call the archive has the id %q", id)
			}
			w.live(quick)
			w.state(quick, ledger.Archived)
			w.worker.keepLastIDs()
			if id := w.idOf(quick); atOnce != (id != "") {
				t.Errorf("beside its manifest the archive has the id %q", id)
			}
			if id, want := w.idOf(slow), w.record(slow).EnvelopeID; id != want || id == "" {
				t.Errorf("the archive has the id %q, and the ledger %q", id, want)
			}
		})
	}
}

// ofOneProvider is a worker of one of contraktor's envelopes, without a Redis.
func ofOneProvider(t *testing.T, a archive.Archive) *Worker {
	t.Helper()
	w := newWorld(t, "contraktor")
	return New(Config{Archive: a, Marks: marks.New(a), Log: silent, Providers: []ProviderConfig{{Provider: w.provider}}})
}

// awayFor is an archive that is away for so many writes.
type awayFor struct {
	archive.Archive
	tries atomic.Int64
}

func (a *awayFor) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	if a.tries.Add(-1) >= 0 {
		return archive.Object{}, archive.ErrUnavailable
	}
	return a.Archive.Put(ctx, key, content, contentType, check)
}

func TestIDsAreWrittenWhenTheyHaveWaited(t *testing.T) {
	store, err := dir.Open(inMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	away := &awayFor{Archive: store}
	w := ofOneProvider(t, away)
	record := func(id string) *ledger.Record {
		return &ledger.Record{Campaign: "june", ID: id, Provider: "contraktor"}
	}
	kept := func(id string) bool {
		_, err := marks.New(store).Sent(context.Background(), "june", id)
		return err == nil
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() { defer close(done); w.keepIDs(ctx) }()
		w.keepID(ctx, record("1"), ledger.Invited{EnvelopeID: "e1"})()
		time.Sleep(idsAfter / 2)
		w.keepID(ctx, record("2"), ledger.Invited{EnvelopeID: "e2"})()
		synctest.Wait()
		if kept("1") {
			t.Error("it has not waited")
		}
		time.Sleep(idsAfter/2 + 2*idsEvery)
		synctest.Wait()
		if !kept("1") || kept("2") {
			t.Errorf("the archive has the first's id: %t; the second's: %t", kept("1"), kept("2"))
		}
		away.tries.Store(keepTries - 1)
		time.Sleep(keepTries * (idsAfter + 2*idsEvery))
		synctest.Wait()
		if !kept("2") {
			t.Error("an archive that was away has not got it")
		}
		away.tries.Store(keepTries)
		w.keepID(ctx, record("3"), ledger.Invited{EnvelopeID: "e3"})()
		time.Sleep(2 * keepTries * (idsAfter + 2*idsEvery))
		synctest.Wait()
		if kept("3") || len(w.ids.waiting) > 0 {
			t.Errorf("it is tried for ever: %v", w.ids.waiting)
		}
		cancel()
		<-done
	})
}

// A worker that ends leaves no id behind.
func TestIDsAreWrittenBeforeTheEnd(t *testing.T) {
	w := newWorld(t, "contraktor")
	w.worker.cfg.Shutdown = time.Second
	k := w.enqueue("1")
	w.step(k)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.worker.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if id := w.idOf(k); id == "" {
		t.Error("the archive has no id")
	}
}

// An id of an envelope that a lost ledger knew is asked of its provider, when it had not been
// written.
func TestLostWhileIDsWait(t *testing.T) {
	for _, name := range registry.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			k := w.enqueue("1")
			w.step(k)
			id := w.record(k).EnvelopeID
			w.loseRedis("1")
			w.forward(time.Minute)
			w.step(k)
			if r := w.record(k); r.State != ledger.Sent || r.EnvelopeID != id {
				t.Errorf("it is %s as %q, not %q", r.State, r.EnvelopeID, id)
			}
			w.judge(k, 0, fmt.Sprint(name, " lost"))
		})
	}
}

package worker

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// fetchTasks are the tasks that wait to archive envelopes.
func (w *world) fetchTasks() (n int) {
	w.t.Helper()
	depths, err := queue.New(w.client.Ledger().Redis()).Depths(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range depths {
		if d.Class == pace.Fetch {
			n += d.Tasks
		}
	}
	return n
}

// TestACompletedEnvelopeIsArchivedWithoutATask: the look that sees the last signature claims the
// envelope in the same step, while a fetcher is free; otherwise it gets a task.
func TestACompletedEnvelopeIsArchivedWithoutATask(t *testing.T) {
	w := newWorld(t, "certyneo")
	byTask := w.completed("1")
	if w.fetchTasks() != 1 {
		t.Fatalf("%d tasks, and no fetcher was free", w.fetchTasks())
	}
	w.direct = true
	w.restart(0)
	k := w.enqueue("2")
	for range 5 {
		if w.step(k); w.record(k).State.Terminal() {
			break
		}
		if w.record(k).State == ledger.Completed {
			t.Fatal("completed, and not archived at once")
		}
		w.forward(40 * time.Second)
	}
	w.judge(k, 1, "direct")
	if w.fetchTasks() != 1 || len(w.worker.fetching["certyneo"]) != 0 {
		t.Errorf("%d tasks, %d fetchers at work", w.fetchTasks(), len(w.worker.fetching["certyneo"]))
	}
	w.state(byTask, ledger.Completed)
}

// fullArchive takes nothing.
type fullArchive struct{ archive.Archive }

func (fullArchive) Put(context.Context, string, io.Reader, string, archive.Check) (archive.Object, error) {
	return archive.Object{}, archive.ErrUnavailable
}

// TestWhatCannotBeArchivedAtOnceGetsATask: it goes on with a task, and what was listed is recorded
// with the failure.
func TestWhatCannotBeArchivedAtOnceGetsATask(t *testing.T) {
	w := newWorld(t, "certyneo")
	w.direct = true
	w.restart(0)
	w.worker.archive = fullArchive{w.archive}
	k := w.completed("1")
	r := w.record(k)
	if w.fetchTasks() != 1 || r.Attempts != 0 || len(r.Listed) == 0 || !r.Fetching || r.ErrorCode == "" {
		t.Errorf("%d tasks, %+v", w.fetchTasks(), r)
	}
	w.restart(0)
	w.forward(time.Minute)
	w.judge(k, 0, "after the failure")
}

// TestAStoppedWorkerArchivesNothingMore: what completes while it stops gets a task.
func TestAStoppedWorkerArchivesNothingMore(t *testing.T) {
	w := newWorld(t, "certyneo")
	w.direct = true
	w.restart(0)
	k := w.enqueue("1")
	w.step(k)
	w.forward(40 * time.Second)
	r := w.state(k, ledger.Sent)
	w.worker.stop()
	c, err := w.worker.complete(t.Context(), r, ledger.Ending{To: ledger.Completed, Final: []byte("{}")})
	if c != nil || err != nil {
		t.Fatal(c, err)
	}
	w.state(k, ledger.Completed)
}

// panicking is a provider whose files panic.
type panicking struct{ providers.Provider }

func (panicking) Open(context.Context, providers.Ref, providers.Artifact) (io.ReadCloser, error) {
	panic("a reader of pictures")
}

// TestAPanicEndsNoWorker: what archives without a task comes back as a task when it has panicked.
func TestAPanicEndsNoWorker(t *testing.T) {
	w := newWorld(t, "certyneo")
	w.direct = true
	w.restart(0)
	k := w.enqueue("1")
	w.step(k)
	config := w.worker.configs["certyneo"]
	config.Provider = panicking{config.Provider}
	w.worker.configs["certyneo"] = config
	w.forward(time.Minute)
	w.step(k) // archived at once, on this goroutine
	r := w.state(k, ledger.Completed)
	if n := w.fetchTasks(); n != 1 {
		t.Errorf("%d tasks bring %s back", n, r.Key())
	}
}

package worker

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// A whole campaign is cancelled in a ledger that was set back, before any worker has met a mark
// that it does not know, by whoever asks for it: with the archive, without it, or with one that
// does not answer.
func TestCancelOfAllBeforeAnyMarkIsMet(t *testing.T) {
	for name, reach := range map[string]func(w *world) archive.Archive{
		"with the archive":       func(w *world) archive.Archive { return w.archive },
		"without the archive":    func(*world) archive.Archive { return nil },
		"the archive is away":    func(w *world) archive.Archive { return noList{w.archive} },
		"one by one":             func(w *world) archive.Archive { return w.archive },
		"one by one, without it": func(*world) archive.Archive { return nil },
		"one by one, it is away": func(w *world) archive.Archive { return noList{w.archive} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "contraktor")
			sent, unsent := w.enqueue("1"), w.enqueue("2")
			back := w.copyOfRedis()
			w.step(sent)
			back()
			w.restart(0)
			w.client = jobs.NewClient(jobs.ClientConfig{Redis: w.client.Ledger().Redis(), Archive: reach(w), Providers: []providers.Provider{w.provider}, Log: silent})
			if strings.HasPrefix(name, "one by one") {
				if res, err := w.client.Cancel(t.Context(), "crash", "1", "2"); err != nil || res.Done != 2 {
					t.Fatalf("%+v %v", res, err)
				}
			} else {
				w.operate(ledger.CancelAll, 2)
			}
			if r := w.record(sent); r.State != ledger.Queued || !r.CancelAsked {
				t.Fatalf("what was sent is %s before anybody has asked the provider", r.State)
			}
			for range 3 {
				for _, k := range []providers.Key{sent, unsent} {
					if !w.record(k).State.Terminal() {
						w.step(k)
					}
				}
			}
			w.state(sent, ledger.Canceled)
			w.state(unsent, ledger.Canceled)
			if n, books := w.invitations(0); n != 1 || !books[0].Ended {
				t.Errorf("%d invitations, %+v", n, books)
			}
		})
	}
}

// noList is an archive that does not answer what it has.
type noList struct{ archive.Archive }

func (noList) List(context.Context, string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) { yield(archive.Object{}, archive.ErrUnavailable) }
}

// Where the archive has nothing that the ledger does not know, nothing waits for a worker: also
// what was refused, or resolved as not sent, and is queued again.
func TestCancelOfAllInAWholeLedger(t *testing.T) {
	w := newWorld(t, "sdoc")
	sent, refused, resolved, fresh := w.enqueue("1"), w.enqueue("2"), w.enqueue("3"), w.enqueue("4")
	w.step(sent)
	w.sandbox.Once("sdoc", inviting["sdoc"], "too_many")
	w.step(refused)
	w.worker.cfg.Marks = marks.New(diesAt{w.archive, "invited.json", true})
	w.step(resolved)
	w.restart(0)
	w.forward(time.Minute)
	w.step(resolved)
	w.state(resolved, ledger.InDoubt)
	if _, err := w.client.Resolve(t.Context(), resolved, ""); err != nil {
		t.Fatal(err)
	}
	w.operate(ledger.CancelAll, 4)
	w.state(fresh, ledger.Canceled)
	for _, k := range []providers.Key{refused, resolved} { // their marks have invited nobody
		w.step(k)
		w.state(k, ledger.Canceled)
	}
	known, err := w.client.Ledger().Campaign(t.Context(), "crash")
	if err != nil || known.Younger {
		t.Errorf("the ledger takes itself for younger: %v", err)
	}
}

// What fails before its mark, in a ledger that was set back, has not failed if it was sent.
func TestFailureInALedgerSetBack(t *testing.T) {
	w := newWorld(t, "contraktor")
	e := w.envelope("1")
	e.Expires.Days = 1
	k := w.enqueueEnvelope(e)
	back := w.copyOfRedis()
	w.step(k)
	back()
	w.restart(0)
	w.wait(72 * time.Hour) // its last day is over, and nothing is to be sent
	w.step(k)
	w.state(k, ledger.Sent)
	if n, _ := w.invitations(0); n != 1 {
		t.Errorf("%d invitations", n)
	}
}

// An archive that is away while an envelope fails keeps it from failing.
func TestFailureWaitsForTheArchive(t *testing.T) {
	w := newWorld(t, "contraktor")
	e := w.envelope("1")
	e.Expires.Days = 1
	k := w.enqueueEnvelope(e)
	w.wait(72 * time.Hour)
	w.worker.cfg.Marks = marks.New(noList{w.archive})
	w.step(k)
	w.state(k, ledger.Preparing)
	w.worker.cfg.Marks = marks.New(w.archive)
	w.wait(time.Minute)
	w.step(k)
	w.state(k, ledger.Failed)
}

func (w *world) faults(f sandbox.Faults) {
	w.t.Helper()
	if err := w.sandbox.SetFaults(f); err != nil {
		w.t.Fatal(err)
	}
}

// A mark that is made says that an archive that was away is back.
func TestAMarkSaysThatTheArchiveIsBack(t *testing.T) {
	w := newWorld(t, "contraktor")
	k := w.enqueue("1")
	away := func() bool {
		_, known, err := w.worker.ledger.Trouble(t.Context(), ledger.Archive)
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	w.worker.cfg.Marks = marks.New(noPut{w.archive})
	w.step(k)
	w.state(k, ledger.Preparing)
	if !away() {
		t.Error("nobody knows that the archive is away")
	}
	w.worker.cfg.Marks = marks.New(w.archive)
	w.wait(time.Minute)
	w.step(k)
	w.state(k, ledger.Sent)
	if away() {
		t.Error("it is still called away")
	}
}

// noPut is an archive that takes nothing.
type noPut struct{ archive.Archive }

func (noPut) Put(context.Context, string, io.Reader, string, archive.Check) (archive.Object, error) {
	return archive.Object{}, archive.ErrUnavailable
}

// A failed envelope that was retried and sent, in a ledger set back to before that, is not
// forgotten as one that nobody was invited to.
func TestForgetInALedgerSetBack(t *testing.T) {
	w := newWorld(t, "contraktor")
	k := w.enqueue("1")
	w.worker.cfg.Attempts = 1
	w.faults(sandbox.Faults{ErrorBefore: 1})
	w.step(k)
	w.faults(sandbox.Faults{})
	w.state(k, ledger.Failed)
	back := w.copyOfRedis()
	if _, err := w.client.Retry(t.Context(), "crash", "1"); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	w.state(k, ledger.Sent)
	back()
	w.restart(0)
	_, err := w.client.Begin(t.Context(), "crash", ledger.ForgetUnfinished, "")
	if u, ok := errors.AsType[*ledger.UnfinishedError](err); !ok || u.Marked != "1" {
		t.Fatalf("forgotten: %v", err)
	}
	if _, err := w.client.Retry(t.Context(), "crash", "1"); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	w.state(k, ledger.Sent)
	if n, _ := w.invitations(0); n != 1 {
		t.Errorf("%d invitations", n)
	}
}

package worker

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// diesAt is an archive at whose file of a name the process dies: before it is written, or
// after it.
type diesAt struct {
	archive.Archive
	name  string
	after bool
}

func (a diesAt) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	if path.Base(key) != a.name {
		return a.Archive.Put(ctx, key, content, contentType, check)
	}
	if a.after {
		if _, err := a.Archive.Put(ctx, key, content, contentType, check); err != nil {
			return archive.Object{}, err
		}
	}
	panic(errDied)
}

// The order of writes proves what sDoc cannot tell: an intent without its mark, and a mark
// with a refusal beside it, have invited nobody. All else stays in doubt.
func TestMissingMarkProves(t *testing.T) {
	for name, c := range map[string]struct {
		dies   diesAt
		refuse bool
		then   func(w *world)
		proven bool
	}{
		"before the mark":    {dies: diesAt{name: "invited.json"}, proven: true},
		"after the mark":     {dies: diesAt{name: "invited.json", after: true}},
		"after the refusal":  {dies: diesAt{name: "refused.json", after: true}, refuse: true, proven: true},
		"before the refusal": {dies: diesAt{name: "refused.json"}, refuse: true},
		"in another archive": {dies: diesAt{name: "invited.json"}, then: func(w *world) {
			if err := os.Remove(filepath.Join(w.folder, "_archive", "marks.txt")); err != nil {
				w.t.Fatal(err)
			}
		}},
		"marks are off by now": {dies: diesAt{name: "invited.json"}, then: func(w *world) { w.worker.cfg.Marks = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "sdoc")
			k := w.enqueue("1")
			if c.refuse {
				w.sandbox.Once("sdoc", inviting["sdoc"], "too_many")
			}
			c.dies.Archive = w.archive
			w.worker.cfg.Marks = marks.New(c.dies)
			if !w.step(k) {
				t.Fatal("the process did not die")
			}
			if r := w.record(k); r.IntentAt.IsZero() {
				t.Fatal("no intent stands")
			}
			w.restart(0)
			if c.then != nil {
				c.then(w)
			}
			w.step(k) // too early to say anything
			if n, _ := w.invitations(0); n != 0 {
				t.Errorf("%d invitations before the quiet period is over", n)
			}
			w.forward(time.Minute)
			w.step(k)
			r := w.live(k)
			if n, _ := w.invitations(0); c.proven != (n == 1) || c.proven != (r.State == ledger.Archived) || !c.proven && r.State != ledger.InDoubt {
				t.Errorf("it is %s (%s), with %d invitations", r.State, r.ErrorMessage, n)
			}
		})
	}
}

// An intent of a worker that made no marks proves nothing, whoever looks.
func TestUnmarkedIntentOfAWorkerWithoutMarks(t *testing.T) {
	w := newWorld(t, "sdoc")
	k := w.enqueue("1")
	c, _, _, err := w.worker.ledger.Claim(t.Context(), k.String(), w.record(k).Generation, Lease, ledger.Preparation{Provider: "sdoc", Simulated: true})
	if err != nil {
		t.Fatal(err)
	}
	if i, err := c.Intend(t.Context()); err != nil || i != ledger.IntentOK {
		t.Fatal(i, err)
	}
	w.forward(time.Minute)
	w.step(k)
	if r := w.record(k); r.State != ledger.InDoubt {
		t.Errorf("it is %s", r.State)
	}
}

// A new ledger asks those who can be asked before it makes anything: also an envelope that
// has no mark, where others of its campaign have some, may have been sent.
func TestYoungerLedgerAsksFirst(t *testing.T) {
	for _, name := range []string{"catalisa", "contraktor", "qisign"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			marked, unmarked := w.enqueue("1"), w.enqueue("2")
			w.step(marked)
			w.step(unmarked)
			if n, _ := w.invitations(0); n != 2 {
				t.Fatalf("%d invitations", n)
			}
			if err := os.RemoveAll(filepath.Join(w.folder, unmarked.Campaign, unmarked.ID)); err != nil {
				t.Fatal(err)
			}
			made := w.made()
			w.loseRedis("1", "2", "3")
			w.step(unmarked)
			r := w.record(unmarked)
			if _, books := w.invitations(0); r.State != ledger.Sent || r.EnvelopeID != books[1].ID {
				t.Errorf("it is %s as %q", r.State, r.EnvelopeID)
			}
			if n := w.made(); n != made && name != "qisign" { // whose create is the question
				t.Errorf("%d calls have made something", n-made)
			}
			w.worker.keepLastIDs()
			if s, err := marks.New(w.archive).Sent(t.Context(), "crash", "2"); err != nil || s.EnvelopeID != r.EnvelopeID {
				t.Errorf("its id: %+v %v", s, err)
			}
			if _, _, err := marks.New(w.archive).Last(t.Context(), "crash", "2"); err != nil {
				t.Errorf("what was found has no mark: %v", err)
			}
			if n := w.sandbox.Calls(name)["GET /contracts"]; n > 1 {
				t.Errorf("all contracts are listed %d times", n)
			}
			w.step(jobs.Key{Campaign: "crash", ID: "3"}) // a new one is sent
			if n, _ := w.invitations(0); n != 3 {
				t.Errorf("%d invitations", n)
			}
			for _, v := range w.sandbox.Violations() {
				t.Error(v)
			}
		})
	}
}

// A worker that has met one mark that its ledger does not know looks for the others before
// it makes anything at the provider.
func TestOneForeignMarkMakesSuspicious(t *testing.T) {
	w := newWorld(t, "certyneo")
	first, second := w.enqueue("1"), w.enqueue("2")
	back := w.copyOfRedis()
	w.step(first)
	w.step(second)
	back()
	w.restart(0)
	w.step(first)
	if known, err := w.client.Ledger().Campaign(t.Context(), "crash"); err != nil || !known.Younger {
		t.Errorf("its ledger does not say that it is younger: %v", err)
	}
	made := w.made()
	w.step(second)
	w.state(first, ledger.Sent)
	w.state(second, ledger.Sent)
	if n := w.made() - made; n != 0 {
		t.Errorf("%d calls have made something for an envelope that was sent", n)
	}
}

// made counts the calls that make something at the provider.
func (w *world) made() (n int) {
	for route, calls := range w.sandbox.Calls(w.provider.Info().Name) {
		if route[:4] == "POST" {
			n += calls
		}
	}
	return n
}

// Nobody is asked where the ledger has seen everything.
func TestOldLedgerAsksNobody(t *testing.T) {
	w := newWorld(t, "contraktor")
	first := w.enqueue("1")
	w.step(first)
	w.again("1", "2")
	w.step(jobs.Key{Campaign: "crash", ID: "2"})
	if calls := w.sandbox.Calls("contraktor"); calls["GET /contracts"] != 0 || calls["POST /proofs"] != 2 {
		t.Errorf("%v", calls)
	}
}

// What was sent before the copy of the ledger that was put back is withdrawn when it is
// cancelled, although that ledger has it as queued.
func TestCancelInALedgerSetBack(t *testing.T) {
	for _, name := range []string{"contraktor", "catalisa", "sdoc", "qisign", "certyneo"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			sent, unsent := w.enqueue("1"), w.enqueue("2")
			back := w.copyOfRedis()
			w.step(sent)
			back()
			w.restart(0)
			for _, k := range []providers.Key{sent, unsent} {
				if res, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil || res.Done != 1 {
					t.Fatalf("%+v %v", res, err)
				}
			}
			if r := w.record(unsent); r.State != ledger.Canceled {
				t.Errorf("what was not sent is %s", r.State)
			}
			if r := w.record(sent); r.State != ledger.Queued {
				t.Fatalf("what was sent is %s before anybody has asked the provider", r.State)
			}
			_, canceler := w.provider.(providers.Canceler)
			for range 3 {
				if r := w.record(sent); !r.State.Terminal() {
					w.step(sent)
				}
			}
			r := w.record(sent)
			n, books := w.invitations(0)
			if want := map[bool]ledger.State{true: ledger.Canceled, false: ledger.Sent}[canceler]; r.State != want || n != 1 || canceler != books[0].Ended {
				t.Errorf("it is %s, and at the provider %s, with %d invitations", r.State, books[0].State, n)
			}
		})
	}
}

// operate does an operation to all of the campaign.
func (w *world) operate(kind ledger.Kind, done int) {
	w.t.Helper()
	o, err := w.client.Begin(w.t.Context(), "crash", kind, "")
	if err == nil {
		o, err = w.client.Carry(w.t.Context(), o.ID, nil)
	}
	if err != nil || o.Result.Done != done {
		w.t.Fatalf("%+v %v", o, err)
	}
}

// So is it with the whole campaign, once a worker has met a mark that the ledger does not know.
func TestCancelOfAllInALedgerSetBack(t *testing.T) {
	w := newWorld(t, "contraktor")
	met, sent, unsent := w.enqueue("1"), w.enqueue("2"), w.enqueue("3")
	back := w.copyOfRedis()
	w.step(met)
	w.step(sent)
	back()
	w.restart(0)
	w.step(met)
	w.operate(ledger.CancelAll, 3)
	for range 3 {
		for _, k := range []providers.Key{met, sent, unsent} {
			if !w.record(k).State.Terminal() {
				w.step(k)
			}
		}
		w.forward(time.Second)
	}
	for _, k := range []providers.Key{met, sent, unsent} {
		w.state(k, ledger.Canceled)
	}
	n, books := w.invitations(0)
	if n != 2 || !books[0].Ended || !books[1].Ended {
		t.Errorf("%d invitations, %+v", n, books)
	}
}

// forget takes people's data, and leaves the marks: nobody is invited again by a ledger that
// has forgotten and is lost after that.
func TestForgetKeepsMarks(t *testing.T) {
	w := newWorld(t, "contraktor")
	k := w.enqueue("1")
	w.step(k)
	if _, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	if r := w.record(k); r.State != ledger.Canceled {
		t.Fatalf("it is %s", r.State)
	}
	w.operate(ledger.ForgetAll, 1)
	w.worker.keepLastIDs()
	s, err := marks.New(w.archive).Sent(t.Context(), k.Campaign, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := marks.New(w.archive).Last(t.Context(), k.Campaign, k.ID); errors.Is(err, archive.ErrNotFound) {
		t.Error("its mark has gone")
	}
	w.loseRedis("1")
	r := w.live(k)
	if n, _ := w.invitations(0); n != 1 || r.EnvelopeID != s.EnvelopeID || r.State != ledger.Canceled {
		t.Errorf("it is %s as %q, with %d invitations", r.State, r.EnvelopeID, n)
	}
}

// The wish to cancel an envelope outlives the doubt whether it was sent.
func TestCancelWhileItIsSettled(t *testing.T) {
	w := newWorld(t, "contraktor")
	k := w.enqueue("1")
	w.sandbox.Once("contraktor", inviting["contraktor"], "error_after")
	w.step(k)
	if res, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil || res.Done != 1 {
		t.Fatalf("%+v %v", res, err)
	}
	w.sandbox.Pause(true) // nobody signs meanwhile
	w.forward(20 * time.Second)
	w.step(k)
	if r := w.record(k); r.State != ledger.Sent {
		t.Fatalf("it is %s", r.State)
	}
	w.forward(time.Second)
	due, err := w.client.Ledger().Take(t.Context(), ledger.Work, "contraktor", 10, time.Second)
	if err != nil || len(due) != 1 {
		t.Errorf("the sweeper finds %v %v", due, err)
	}
	w.step(k)
	if r := w.record(k); r.State != ledger.Canceled {
		t.Errorf("it is %s", r.State)
	}
}

package providertest

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/chancela/chancela/providers"
)

// tripwire kills a process at its n-th boundary: before a request has its effect, when
// it had it and the answer is lost, before a step or the intent is recorded. A dead
// process neither sends nor records any more.
type tripwire struct {
	mu     sync.Mutex
	passed int
	trip   int // 0: never
}

// pass tells whether the process is dead.
func (tw *tripwire) pass() bool {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	if tw.trip != 0 && tw.passed >= tw.trip {
		return true
	}
	tw.passed++
	return tw.passed == tw.trip
}

func (tw *tripwire) dead() bool {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	return tw.trip != 0 && tw.passed >= tw.trip
}

// restart gives the world a new process that dies at the given boundary.
func (w *world) restart(trip int) {
	tw := &tripwire{trip: trip}
	w.wire0 = tw
	w.wire.with(func(_ int, rw http.ResponseWriter, r *http.Request, pass func() *answer) bool {
		if tw.pass() {
			panic(http.ErrAbortHandler)
		}
		a := pass()
		if tw.pass() {
			panic(http.ErrAbortHandler)
		}
		a.write(rw)
		return true
	})
	w.provider, w.inner = w.client(w.settings)
}

// step does what the engine does with an envelope until it is sent and finished, or
// something fails. What a dead process has found out is lost.
func (w *world) step(rec *record) error {
	ctx := w.t.Context()
	tw := w.wire0
	job := w.job(rec)
	if !rec.invited && rec.intent {
		outcome, err := w.provider.Settle(ctx, job)
		switch {
		case tw.dead():
			return errDied
		case err != nil:
			return err
		case outcome == providers.Unknown:
			rec.doubt = true
			return nil
		case outcome == providers.Invited:
			rec.id, rec.invited = job.Ref.ID, true
		}
		rec.intent = false
	}
	if !rec.invited {
		err := w.provider.Prepare(ctx, job)
		switch {
		case tw.dead():
			return errDied
		case errors.Is(err, providers.ErrAlreadyInvited):
			rec.id, rec.invited = job.Ref.ID, true
		case err != nil:
			return err
		}
	}
	if !rec.invited {
		err := w.provider.Invite(ctx, job)
		switch {
		case tw.dead():
			return errDied
		case err != nil:
			rec.intent = rec.intent && providers.KindOf(err) == providers.Ambiguous
			return err
		}
		rec.id, rec.intent, rec.invited = job.Ref.ID, false, true
	}
	if f, ok := w.inner.(providers.Finisher); ok {
		if err := w.tap.note(f.Finish(ctx, w.job(rec))); err != nil {
			return err
		}
		if tw.dead() {
			return errDied
		}
	}
	rec.finished = true
	return nil
}

// live goes on with an envelope until it is sent or in doubt.
func (w *world) live(rec *record, what string) {
	w.t.Helper()
	var err error
	for range 8 {
		if rec.finished || rec.doubt {
			return
		}
		w.restart(0)
		err = w.step(rec)
	}
	if !rec.finished && !rec.doubt {
		w.t.Errorf("%s: does not get sent: %v", what, err)
	}
}

// shape is what an envelope looks like at the provider when all is well.
type shape struct {
	people    int
	artifacts int
}

func (w *world) shape(rec *record) shape {
	e := w.entry(rec)
	return shape{len(e.Signers), len(e.Artifacts)}
}

// testCrash lets the process die at every boundary between the envelope's first call and
// its last, and then at two of them.
func testCrash(t *testing.T, s *Suite, tp *tap) {
	for name, envelope := range s.envelopes() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, s, tp, setup{})
			whole := w.enqueue(envelope())
			w.restart(0)
			if err := w.step(whole); err != nil {
				t.Fatal(err)
			}
			boundaries := w.wire0.passed
			if whole.commits != 1 || boundaries < 4 {
				t.Fatalf("%d commits, %d boundaries", whole.commits, boundaries)
			}
			sent := []*record{whole}
			doubts := 0
			try := func(what string, trips ...int) {
				mark := len(w.books())
				rec := w.enqueue(envelope())
				for _, trip := range trips {
					w.restart(trip)
					if err := w.step(rec); err == nil || rec.doubt {
						break
					}
				}
				w.live(rec, what)
				switch n := w.invitations(mark); {
				case rec.doubt:
					doubts++
					if n > 1 || w.inner.Info().SettleAll {
						t.Errorf("%s: in doubt, %d invitations", what, n)
					}
				case n != 1:
					t.Errorf("%s: %d invitations", what, n)
				default:
					sent = append(sent, rec)
				}
			}
			for n := 1; n <= boundaries; n++ {
				try("dead at boundary "+itoa(n), n)
			}
			if name == usualName {
				random := rand.New(rand.NewPCG(1, uint64(len(s.Name))))
				for range 30 {
					a, b := 1+random.IntN(boundaries), 1+random.IntN(boundaries)
					try("dead at boundaries "+itoa(a)+" and "+itoa(b), a, b)
				}
			}
			if doubts > boundaries {
				t.Errorf("%d of %d crashes leave doubt", doubts, boundaries)
			}
			w.restart(0)
			for _, rec := range sent {
				st, err := w.provider.Status(t.Context(), rec.ref())
				if err != nil || st.State != providers.Pending {
					t.Errorf("%s: state %q, %v", rec.envelope.ID, st.State, err)
				}
			}
			w.complete(sent...)
			for _, rec := range sent[1:] {
				if got, want := w.shape(rec), w.shape(whole); got != want {
					t.Errorf("%s has %+v after a crash, %+v without", rec.envelope.ID, got, want)
				}
			}
			w.clean()
		})
	}
}

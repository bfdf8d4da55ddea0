package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// allowance is a pacer that has so many turns, and none after them.
type allowance struct {
	pace.Unlimited
	turns int
}

func (a *allowance) Turn(ctx context.Context, _ pace.Class) (*pace.Turn, error) {
	if a.turns--; a.turns < 0 {
		return nil, &pace.LaterError{Until: time.Now().Add(time.Minute)}
	}
	return nil, ctx.Err()
}

// TestAWalkSeesManyWithOneRequest: of hundreds of pending envelopes at a provider with a
// list, those that have ended are found by reading a page of a hundred at a time. A round
// ends when its turns are used, and the next one goes on at the page where it was.
func TestAWalkSeesManyWithOneRequest(t *testing.T) {
	const ended, pending = 12, 330
	for _, name := range []string{"certyneo", "catalisa"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, name)
			first := w.sentMany(ended)
			w.forward(time.Minute) // all of them have signed
			for i := range pending {
				w.step(w.enqueue(fmt.Sprintf("p-%d", i)))
			}
			w.forward(2 * time.Second)
			looked, turns := 0, &allowance{}
			w.provider = w.paced(turns)
			w.restart(0)
			w.worker.cfg.Hooks.Looked = func(string) { looked++ }
			before := w.calls()
			for range 5 { // two requests each
				turns.turns = 2
				w.round()
			}
			if n := w.calls() - before; n > 11 || looked < pending {
				t.Errorf("%d requests have told of %d envelopes", n, looked)
			}
			turns.turns = 1000
			w.round()
			for _, k := range first {
				w.state(k, ledger.Completed)
			}
			if n := w.calls() - before; n > 10+ended*2+5 {
				t.Errorf("%d requests", n)
			}
			before = w.calls()
			if w.round(); w.calls() != before {
				t.Errorf("%d requests when nothing is due", w.calls()-before)
			}
		})
	}
}

// TestACallbackComesBeforeTheWalk: what a callback has named is looked at first, however
// many are due for longer.
func TestACallbackComesBeforeTheWalk(t *testing.T) {
	w := newWorld(t, "certyneo")
	w.sentMany(walkFrom + 10)
	last := w.enqueue("last")
	w.step(last)
	w.forward(2 * time.Minute)
	turns := &allowance{turns: 1}
	w.provider = w.paced(turns)
	w.restart(0)
	if ok, err := w.client.Ledger().LookSoon(t.Context(), "certyneo", last.String(), 0); err != nil || !ok {
		t.Fatal(ok, err)
	}
	w.round()
	w.state(last, ledger.Completed)
}

// TestOneRoundAtATime: a second worker leaves the looks to the first.
func TestOneRoundAtATime(t *testing.T) {
	w := newWorld(t, "qisign")
	w.sentMany(3)
	w.forward(5 * time.Second)
	round, err := w.worker.ledger.BeginRound(t.Context(), "qisign", time.Minute)
	if err != nil || round == nil {
		t.Fatal(round, err)
	}
	before := w.calls()
	if w.round(); w.calls() != before {
		t.Errorf("%d looks beside another round", w.calls()-before)
	}
	if err := round.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.round(); w.calls() == before {
		t.Error("no looks after the other round has ended")
	}
}

// paced is the world's provider with another pacer.
func (w *world) paced(p pace.Pacer) providers.Provider {
	w.t.Helper()
	entry, _ := registry.Find(w.provider.Info().Name)
	s, err := entry.Settings(w.sandbox.Env())
	if err != nil {
		w.t.Fatal(err)
	}
	s.Pacer = p
	provider, err := entry.New(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return provider
}

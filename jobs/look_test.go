package jobs

import (
	"fmt"
	"testing"
	"time"

	"github.com/chancela/chancela/storage/ledger"
)

// calls counts every call that has reached a world's provider.
func (w *world) calls() (n int) {
	for _, k := range w.sandbox.Calls(w.provider.Info().Name) {
		n += k
	}
	return n
}

// round is a round of looks by the worker as it is now.
func (w *world) round() {
	w.t.Helper()
	if err := w.worker.look(w.t.Context(), w.worker.lines[w.provider.Info().Name]); err != nil {
		w.t.Fatal(err)
	}
}

// sentMany enqueues and sends envelopes.
func (w *world) sentMany(n int) (keys []Key) {
	w.t.Helper()
	for i := range n {
		k := w.enqueue(fmt.Sprint(i))
		w.step(k)
		w.state(k, ledger.Sent)
		keys = append(keys, k)
	}
	return keys
}

// TestARefusedKeyIsTriedOnceAPause lets the key be refused while many envelopes are due for
// a look, at a provider that is looked at one by one and at one with a list.
func TestARefusedKeyIsTriedOnceAPause(t *testing.T) {
	for _, name := range []string{"qisign", "certyneo"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, name)
			keys := w.sentMany(9)
			good := w.provider
			w.provider = simulatedWithKey(t, w.sandbox, name, "sk_test_wrong")
			w.restart(0)
			tried := func(want int, when string) {
				t.Helper()
				before := w.calls()
				for range 3 {
					w.round()
				}
				if n := w.calls() - before; n != want {
					t.Errorf("%s: %d calls, want %d", when, n, want)
				}
			}
			w.forward(time.Minute)
			tried(1, "when all are due")
			w.forward(deniedPause / 2)
			tried(0, "in the pause")
			for range 2 {
				w.forward(deniedPause)
				tried(1, "after a pause")
			}
			if _, _, denied, err := w.client.ledger.Denial(t.Context(), name); err != nil || !denied {
				t.Errorf("denied: %v %v", denied, err)
			}
			w.provider = good
			w.restart(0)
			w.forward(2 * deniedPause)
			w.round()
			if _, _, denied, err := w.client.ledger.Denial(t.Context(), name); err != nil || denied {
				t.Errorf("accepted again, and denied: %v %v", denied, err)
			}
			w.forward(2 * deniedPause)
			w.round()
			for _, k := range keys {
				w.state(k, ledger.Completed)
			}
		})
	}
}

package worker

import (
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// What was prepared is discarded before an envelope ends as cancelled. A provider that has
// nothing to discard, or will not, keeps nobody from that; one that is away is asked again.
func TestDiscardThatFails(t *testing.T) {
	for kind, c := range map[providers.ErrorKind]struct {
		ends     bool
		attempts int
	}{
		providers.NotFound:    {ends: true},
		providers.Invalid:     {ends: true},
		providers.Unsupported: {ends: true},
		providers.Transient:   {attempts: 1},
		providers.Ambiguous:   {attempts: 1},
		providers.RateLimited: {},
		providers.Interrupted: {},
		providers.Denied:      {},
	} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, "certyneo")
			k := w.enqueue("1")
			config := w.worker.configs["certyneo"]
			config.Provider = neverDone{meddler{w.provider, func() {
				if res, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil || res.Done != 1 {
					t.Errorf("%+v %v", res, err)
				}
			}}, &providers.Error{Kind: kind, Provider: "certyneo"}}
			w.worker.configs["certyneo"] = config
			w.step(k)
			r := w.record(k)
			if ended := r.State == ledger.Canceled; ended != c.ends || r.Attempts != c.attempts || !ended && !r.CancelAsked {
				t.Errorf("it is %s after %d attempts, to be cancelled: %v", r.State, r.Attempts, r.CancelAsked)
			}
			w.restart(0) // the provider is there again
			w.forward(2 * deniedPause)
			if !c.ends {
				w.step(k)
			}
			if r := w.record(k); r.State != ledger.Canceled {
				t.Errorf("in the end it is %s: %s", r.State, r.ErrorMessage)
			}
			if calls := w.sandbox.Calls("certyneo"); calls["DELETE /envelopes/{id}"] == 0 != c.ends {
				t.Errorf("%v", calls)
			}
			if n, _ := w.invitations(0); n != 0 {
				t.Errorf("%d invitations", n)
			}
		})
	}
}

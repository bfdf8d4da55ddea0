package worker

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// TestEvidenceIsKeptWhateverTheState lets a callback with evidence come late: after a look
// has seen the end, and after the manifest was written.
func TestEvidenceIsKeptWhateverTheState(t *testing.T) {
	for _, when := range []ledger.State{ledger.Completed, ledger.Archived} {
		w := newWorld(t, "qisign")
		k := w.enqueue("1")
		for range 20 {
			if w.record(k).State == when {
				break
			}
			w.step(k)
			if w.record(k).State != when {
				w.forward(40 * time.Second)
			}
		}
		r := w.state(k, when)
		tell := func(delivery string) {
			t.Helper()
			known, err := w.client.Event(t.Context(), "qisign", providers.Event{ID: r.EnvelopeID, Delivery: delivery, Evidence: []byte(`{"score":1}`)})
			if err != nil || !known {
				t.Fatal(known, err)
			}
		}
		tell("1")
		tell("2") // the same once more
		w.live(k)
		var found []string
		for o, err := range w.archive.List(t.Context(), k.Campaign+"/") {
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(path.Base(o.Key), "evidence-") {
				found = append(found, path.Base(o.Key))
			}
		}
		if len(found) != 1 {
			t.Fatalf("%s: evidence in the archive: %v", when, found)
		}
		problems := 0
		verify := func() int {
			problems = 0
			v, err := report.Verify(t.Context(), w.archive, w.client.Ledger(), "", func(string, error) { problems++ })
			if err != nil || len(v.Unvouched) != 0 {
				t.Fatalf("%+v %v", v, err)
			}
			return problems
		}
		if n := verify(); n != 0 {
			t.Errorf("%s: %d problems of a sound archive", when, n)
		}
		w.damage(k, found[0])
		if n := verify(); n != 1 {
			t.Errorf("%s: %d problems of changed evidence", when, n)
		}
	}
}

package worker

import (
	"testing"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
)

// real is a simulator that says it is none.
type real struct{ providers.Provider }

func (p real) Info() providers.Info {
	info := p.Provider.Info()
	info.Simulated = false
	return info
}

// What a simulator has signed says so in report, campaign and manifest, and for ever: also in
// a ledger that is made anew from the archive.
func TestSimulatedSaysSo(t *testing.T) {
	w := newWorld(t, "catalisa")
	k := w.enqueue("1")
	if r := w.record(k); !r.Simulated {
		t.Error("an envelope that waits for a simulator does not say so")
	}
	w.live(k)
	m, err := report.ReadManifest(t.Context(), w.archive, k.Campaign, k.ID)
	if err != nil || !m.Report.Simulated {
		t.Errorf("the manifest: simulated %v, %v", m.Report.Simulated, err)
	}
	rep, err := w.client.Get(t.Context(), k)
	if err != nil || !rep.Simulated {
		t.Errorf("the report: simulated %v, %v", rep.Simulated, err)
	}
	c, err := w.client.Ledger().Campaign(t.Context(), k.Campaign)
	if err != nil || !c.Simulated {
		t.Errorf("the campaign: simulated %v, %v", c.Simulated, err)
	}
	content, err := m.Content()
	if err != nil || !content.Simulated {
		t.Errorf("taken over from its manifest: %v, %v", content, err)
	}
}

// Whoever enqueues may not know which providers the workers have: the worker does.
func TestTheWorkerKnowsWhatIsSimulated(t *testing.T) {
	w := newWorld(t, "catalisa")
	w.client = w.newClient(real{w.provider})
	k := w.enqueue("1")
	if r := w.record(k); r.Simulated {
		t.Fatal("the client knew")
	}
	w.live(k)
	if m, err := report.ReadManifest(t.Context(), w.archive, k.Campaign, k.ID); err != nil || !m.Report.Simulated {
		t.Errorf("the manifest: simulated %v, %v", m.Report.Simulated, err)
	}
}

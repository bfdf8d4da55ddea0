package worker

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// neverSigned has an envelope of one day sent that nobody signs.
func neverSigned(t *testing.T, name string) (*world, providers.Key) {
	w := newWorld(t, name)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	w.worker.cfg.Zone = zone
	e := w.envelope("1")
	e.Expires.Days = 1
	k := w.enqueueEnvelope(e)
	w.step(k)
	w.state(k, ledger.Sent)
	return w, k
}

func (w *world) enqueueEnvelope(e providers.Envelope) providers.Key {
	w.t.Helper()
	a, err := w.client.Enqueue(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Key
}

// wait moves the clock of Redis alone: nobody signs meanwhile.
func (w *world) wait(d time.Duration) {
	w.at = w.at.Add(d)
	w.redis.SetTime(w.at)
}

// daysEnd is when the day after the envelope's first is over in São Paulo.
func (w *world) daysEnd(k providers.Key) time.Duration {
	created := w.record(k).CreatedAt.In(w.worker.cfg.Zone)
	y, m, d := created.Date()
	return time.Date(y, m, d+2, 0, 0, 0, 0, w.worker.cfg.Zone).Sub(w.at)
}

// lookOnce looks at an envelope as a round would.
func (w *world) lookOnce(k providers.Key) *ledger.Record {
	w.t.Helper()
	name := w.provider.Info().Name
	w.worker.lookAtAll(w.t.Context(), w.worker.configs[name], []*ledger.Record{w.record(k)}, ledger.Free)
	return w.record(k)
}

// TestADeadlineEndsWhatTheServiceDoesNot: where the service knows no deadline, the envelope is
// withdrawn there when its last day is over in the zone, and not before.
func TestADeadlineEndsWhatTheServiceDoesNot(t *testing.T) {
	for _, name := range []string{"contraktor", "sdoc"} {
		t.Run(name, func(t *testing.T) {
			w, k := neverSigned(t, name)
			w.wait(w.daysEnd(k) - time.Minute)
			if r := w.lookOnce(k); r.State != ledger.Sent {
				t.Fatalf("a minute before its end it is %s: %s", r.State, r.ErrorMessage)
			}
			w.wait(2 * time.Minute)
			r := w.lookOnce(k)
			if r.State != ledger.Expired || !strings.Contains(r.ErrorMessage, "withdrawn at "+name) {
				t.Errorf("after its last day it is %s: %s", r.State, r.ErrorMessage)
			}
			s, err := w.provider.Status(t.Context(), providers.Ref{Key: k, ID: r.EnvelopeID, Steps: r.Steps})
			if err != nil || s.State != providers.Canceled {
				t.Errorf("at the provider it is %s, %v", s.State, err)
			}
		})
	}
}

// TestADeadlineWithoutAWayToWithdraw ends the looks, and says so.
func TestADeadlineWithoutAWayToWithdraw(t *testing.T) {
	w, k := neverSigned(t, "contraktor")
	config := w.worker.configs["contraktor"]
	config.Provider = struct{ providers.Provider }{config.Provider}
	w.worker.configs["contraktor"] = config
	w.wait(w.daysEnd(k) + time.Minute)
	if r := w.lookOnce(k); r.State != ledger.Expired || !strings.Contains(r.ErrorMessage, "may still sign there") {
		t.Errorf("it is %s: %s", r.State, r.ErrorMessage)
	}
}

// TestTheServiceIsToldTheSameDay: where the service ends an envelope itself, it does so when
// the day is over in the zone.
func TestTheServiceIsToldTheSameDay(t *testing.T) {
	w, k := neverSigned(t, "certyneo")
	r := w.record(k)
	job, err := (&envelopeTask{Worker: w.worker, config: w.worker.configs["certyneo"], claim: &ledger.Claim{Record: r}, rec: r}).job()
	if err != nil {
		t.Fatal(err)
	}
	if want := w.worker.deadline(r); want.IsZero() || !job.Ends().Equal(want) {
		t.Errorf("the provider hears of %v, the worker of %v", job.Ends(), want)
	}
}

// TestNobodyIsInvitedAfterTheLastDay holds an envelope back until its day is over: the service
// hears nothing of it.
func TestNobodyIsInvitedAfterTheLastDay(t *testing.T) {
	for _, name := range []string{"contraktor", "certyneo", "sdoc", "catalisa", "qisign"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, name)
			e := w.envelope("1")
			e.Expires.Days = 1
			k := w.enqueueEnvelope(e)
			w.wait(72 * time.Hour)
			before := w.sandbox.Calls(name)
			w.step(k)
			if r := w.record(k); r.State != ledger.Failed || r.ErrorCode != "expired" {
				t.Errorf("it is %s: %s", r.State, r.ErrorMessage)
			}
			if after := w.sandbox.Calls(name); !maps.Equal(before, after) {
				t.Errorf("the service was called: %v", after)
			}
		})
	}
}

// TestAPageLeavesOutWhatIsOverdue: an envelope whose last day is over is not put off by a list that calls it pending.
func TestAPageLeavesOutWhatIsOverdue(t *testing.T) {
	w, late := neverSigned(t, "certyneo")
	other := w.enqueue("2")
	w.step(other)
	ids := []string{w.record(late).EnvelopeID, w.record(other).EnvelopeID, "unknown"}
	listed := func(page int) []string {
		t.Helper()
		keys, err := w.worker.listed(t.Context(), w.worker.configs["certyneo"], ids, page)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if got := listed(0); !slices.Equal(got, []string{late.String(), other.String()}) {
		t.Errorf("before its last day is over: %v", got)
	}
	w.wait(w.daysEnd(late) + serviceLate + time.Minute)
	if got := listed(1); !slices.Equal(got, []string{other.String()}) {
		t.Errorf("when its last day is over: %v", got)
	}
}

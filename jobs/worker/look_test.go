package worker

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
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
	if err := w.worker.look(w.t.Context(), w.worker.configs[w.provider.Info().Name]); err != nil {
		w.t.Fatal(err)
	}
}

// sentMany enqueues and sends envelopes.
func (w *world) sentMany(n int) (keys []providers.Key) {
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
			w.provider = simulatedWithKey(t, w.sandbox, name, "sk_test_wrong", pace.Unlimited{})
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
			if _, _, denied, err := w.client.Ledger().Denial(t.Context(), name); err != nil || !denied {
				t.Errorf("denied: %v %v", denied, err)
			}
			w.provider = good
			w.restart(0)
			w.forward(2 * deniedPause)
			w.round()
			if _, _, denied, err := w.client.Ledger().Denial(t.Context(), name); err != nil || denied {
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

// TestALookWritesWhatIsNew: a look that finds nothing new leaves the record as it is, a mark
// that the provider's word takes off goes, and the end brings its time and its task.
func TestALookWritesWhatIsNew(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.sentMany(1)[0]
	looked := 0
	w.worker.cfg.Hooks.Looked = func(string) { looked++ }
	sent := w.state(k, ledger.Sent)
	w.step(k) // has the signers as the provider tells them
	before := w.state(k, ledger.Sent)
	if len(before.Signers) == 0 || string(before.Signers) == string(sent.Signers) {
		t.Errorf("signers %s, when it was sent %s", before.Signers, sent.Signers)
	}
	w.step(k)
	if r := w.state(k, ledger.Sent); r.Version != before.Version {
		t.Errorf("written again without news: version %d, was %d", r.Version, before.Version)
	}
	if err := w.client.Ledger().RecordNotThere(t.Context(), before, "404"); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	if r := w.state(k, ledger.Sent); r.ErrorCode != "" || r.ErrorMessage != "" {
		t.Errorf("the provider knows it, and it says %s", r.ErrorCode)
	}
	w.forward(time.Minute)
	w.step(k)
	r := w.state(k, ledger.Completed)
	if r.CompletedAt.IsZero() || r.CompletedAt.After(w.at) || len(r.Signers) == 0 || len(r.Final) == 0 || r.ErrorCode != "" {
		t.Errorf("%+v", r)
	}
	if carried, _, err := w.client.TaskQueue().Carried(r); err != nil || !carried {
		t.Errorf("no task archives it: %v", err)
	}
	if looked != 4 {
		t.Errorf("%d looks were told", looked)
	}
}

// TestOnlyWhatIsSentIsLookedAt: an envelope that ended, or was forgotten, after it was found due is not asked for.
func TestOnlyWhatIsSentIsLookedAt(t *testing.T) {
	w := newWorld(t, "qisign")
	keys := w.sentMany(2)
	if err := w.client.Ledger().End(t.Context(), w.record(keys[0]), ledger.Ending{To: ledger.Expired, Reason: "over"}); err != nil {
		t.Fatal(err)
	}
	w.forward(5 * time.Second)
	for _, key := range []string{keys[0].String(), "crash/forgotten"} {
		if _, err := w.redis.ZAdd("{chancela}:look:qisign", 1, key); err != nil {
			t.Fatal(err)
		}
	}
	looked := 0
	w.worker.cfg.Hooks.Looked = func(string) { looked++ }
	before := w.calls()
	w.round()
	if requests := w.calls() - before; looked != 1 || requests != 1 {
		t.Errorf("%d looks, %d requests", looked, requests)
	}
	w.state(keys[0], ledger.Expired)
}

// TestManyAreLookedAtByOneList: a list is asked for two or more, and those that it calls
// pending need no look of their own; one that carries a mark does.
func TestManyAreLookedAtByOneList(t *testing.T) {
	const list, single = "GET /envelopes", "GET /envelopes/{id}"
	w := newWorld(t, "certyneo")
	count := func(n int) (lists, singles int) {
		t.Helper()
		before := w.sandbox.Calls("certyneo")
		var records []*ledger.Record
		for i := range n {
			records = append(records, w.record(providers.Key{Campaign: "crash", ID: fmt.Sprint(i)}))
		}
		w.worker.lookAtAll(t.Context(), w.worker.configs["certyneo"], records, ledger.Free)
		after := w.sandbox.Calls("certyneo")
		return after[list] - before[list], after[single] - before[single]
	}
	keys := w.sentMany(3)
	if lists, singles := count(3); lists != 1 || singles != 0 {
		t.Errorf("three: %d lists, %d single looks", lists, singles)
	}
	if lists, singles := count(1); lists != 0 || singles != 1 {
		t.Errorf("one: %d lists, %d single looks", lists, singles)
	}
	if err := w.client.Ledger().RecordNotThere(t.Context(), w.record(keys[0]), "404"); err != nil {
		t.Fatal(err)
	}
	if lists, singles := count(3); lists != 1 || singles != 1 {
		t.Errorf("one of three with a mark: %d lists, %d single looks", lists, singles)
	}
}

// TestAReminderReachesOnlyPendingSigners: a reminder that comes too late, or while the key is
// refused, calls nobody.
func TestAReminderReachesOnlyPendingSigners(t *testing.T) {
	w := newWorld(t, "contraktor")
	k := w.enqueue("1")
	remind := func() (calls int, err error) {
		t.Helper()
		b, err := json.Marshal(queue.Payload{Key: k.String()})
		if err != nil {
			t.Fatal(err)
		}
		before := w.calls()
		err = w.worker.remind(t.Context(), asynq.NewTask(queue.TypeRemind, b))
		return w.calls() - before, err
	}
	if n, err := remind(); n != 0 || err != nil {
		t.Errorf("queued: %d calls, %v", n, err)
	}
	w.step(k)
	w.state(k, ledger.Sent)
	if n, err := remind(); n < 2 || err != nil {
		t.Errorf("sent: %d calls, %v", n, err)
	}
	k.ID = "none"
	if n, err := remind(); n != 0 || err != nil {
		t.Errorf("unknown: %d calls, %v", n, err)
	}
}

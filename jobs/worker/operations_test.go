package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// inviting is the route of each provider's one inviting call.
var inviting = map[string]string{
	"contraktor": "POST /proofs", "certyneo": "POST /envelopes/{id}/send", "sdoc": "POST /solicitation",
	"catalisa": "POST /api/v1/esignature/requests", "qisign": "PATCH /sign/envelope/{id}",
}

// meddler does something between Prepare and the inviting call's last look.
type meddler struct {
	providers.Provider
	before func()
}

func (m meddler) Invite(ctx context.Context, j *providers.Job) error {
	commit := j.Commit
	j.Commit = func(ctx context.Context) error {
		m.before()
		return commit(ctx)
	}
	return m.Provider.Invite(ctx, j)
}

func (m meddler) Discard(ctx context.Context, r providers.Ref) error {
	return m.Provider.(providers.Discarder).Discard(ctx, r)
}

// meddle lets the next worker's provider be meddled with.
func (w *world) meddle(before func()) {
	l := w.worker.configs[w.provider.Info().Name]
	l.Provider = meddler{w.provider, before}
	w.worker.configs[w.provider.Info().Name] = l
}

func (w *world) state(k providers.Key, want ledger.State) *ledger.Record {
	w.t.Helper()
	r := w.record(k)
	if r.State != want {
		w.t.Fatalf("%s is %s (%s %s), want %s", k, r.State, r.ErrorCode, r.ErrorMessage, want)
	}
	return r
}

func TestPauseStopsTheNextInvitation(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	pause := func() {
		if res, err := w.client.Pause(t.Context(), k.Campaign); err != nil || res.UnderWay != 0 {
			t.Error(res, err)
		}
	}
	w.meddle(pause) // everything is prepared, the connection stands
	w.step(k)
	w.state(k, ledger.Preparing)
	if n, _ := w.invitations(0); n != 0 {
		t.Fatalf("%d invitations of a paused campaign", n)
	}
	w.restart(0)
	w.forward(time.Hour)
	w.step(k)
	w.state(k, ledger.Preparing)
	if keys, err := w.client.Ledger().Take(t.Context(), ledger.Work, "certyneo", 9, time.Minute); err != nil || len(keys) != 0 {
		t.Errorf("a paused envelope is due for work: %v %v", keys, err)
	}
	if !w.record(k).Parked {
		t.Error("not parked while its campaign is paused")
	}
	if err := w.client.Resume(t.Context(), k.Campaign); err != nil {
		t.Fatal(err)
	}
	if w.record(k).Parked {
		t.Error("still parked after resume")
	}
	w.judge(k, 0, "after a pause")
}

// TestPauseWaitsForWhatIsUnderWay: an intent that was written before the pause may still become
// an invitation, until the time for sending it is over or its outcome is known.
func TestPauseWaitsForWhatIsUnderWay(t *testing.T) {
	w := newWorld(t, "certyneo")
	begin := func(id string) *ledger.Claim {
		t.Helper()
		k := w.enqueue(id)
		c, _, _, err := w.worker.ledger.Claim(t.Context(), k.String(), w.record(k).Generation, Lease, ledger.Preparation{Provider: "certyneo", Simulated: true})
		if err == nil {
			_, err = c.Intend(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	known := begin("1")
	begin("2") // its worker is never heard of again
	w.enqueue("3")
	if res, err := w.client.Pause(t.Context(), "crash"); err != nil || res.UnderWay != 2 {
		t.Fatalf("%+v %v, want 2 under way", res, err)
	}
	if err := known.MarkSent(t.Context(), ledger.Invited{EnvelopeID: "e-1"}); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := w.client.AwaitPause(ended, "crash"); !errors.Is(err, context.Canceled) {
		t.Errorf("one is under way, and the wait ends with %v", err)
	}
	w.forward(rest.SendWithin)
	if err := w.client.AwaitPause(t.Context(), "crash"); err != nil {
		t.Errorf("nothing can leave any more, and it waits: %v", err)
	}
}

func TestCancel(t *testing.T) {
	cancel := func(w *world, k providers.Key) error {
		res, err := w.client.Cancel(w.t.Context(), k.Campaign, k.ID)
		if err == nil && res.Done != 1 {
			w.t.Errorf("%+v", res)
		}
		return err
	}
	t.Run("queued", func(t *testing.T) {
		w := newWorld(t, "certyneo")
		k := w.enqueue("1")
		if err := cancel(w, k); err != nil {
			t.Fatal(err)
		}
		w.state(k, ledger.Canceled)
		w.step(k)
		if len(w.sandbox.Books()) != 0 {
			t.Error("something was made at the provider")
		}
	})
	t.Run("right before the invitation", func(t *testing.T) {
		w := newWorld(t, "certyneo")
		k := w.enqueue("1")
		w.meddle(func() {
			if err := cancel(w, k); err != nil {
				t.Error(err)
			}
		})
		w.step(k)
		w.state(k, ledger.Canceled)
		if n, _ := w.invitations(0); n != 0 {
			t.Errorf("%d invitations", n)
		}
		if calls := w.sandbox.Calls("certyneo"); calls["DELETE /envelopes/{id}"] != 1 {
			t.Errorf("the draft was left: %v", calls)
		}
	})
	t.Run("sent, where the provider can", func(t *testing.T) {
		w := newWorld(t, "contraktor")
		k := w.enqueue("1")
		w.step(k)
		w.state(k, ledger.Sent)
		if err := cancel(w, k); err != nil {
			t.Fatal(err)
		}
		w.step(k)
		w.state(k, ledger.Canceled)
		if calls := w.sandbox.Calls("contraktor"); calls["DELETE /proofs/{id}"] != 1 {
			t.Errorf("not withdrawn: %v", calls)
		}
	})
	t.Run("sent, where the provider cannot", func(t *testing.T) {
		w := newWorld(t, "certyneo")
		k := w.enqueue("1")
		w.step(k)
		if err := cancel(w, k); !errors.Is(err, jobs.ErrNotNow) {
			t.Fatal(err)
		}
		w.judge(k, 0, "not cancelled")
	})
}

// TestFaultsOfTheInvitingCall lets the one call go wrong in every way.
func TestFaultsOfTheInvitingCall(t *testing.T) {
	for _, name := range registry.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, fault := range []sandbox.Fault{sandbox.ErrorBefore, sandbox.ErrorAfter, sandbox.DropBefore, sandbox.DropAfter, sandbox.TooMany} {
				w := newWorld(t, name)
				w.sandbox.Once(name, inviting[name], fault)
				k := w.enqueue("1")
				r := w.judge(k, 0, string(fault))
				doubtful := name == "sdoc" && fault != sandbox.TooMany
				if (r.State == ledger.InDoubt) != doubtful {
					t.Errorf("%s: ends as %s", fault, r.State)
				}
				if n := w.sandbox.Calls(name); len(n) == 0 {
					t.Error("no calls")
				}
			}
		})
	}
}

func TestDoubtIsSettled(t *testing.T) {
	doubt := func(t *testing.T, f sandbox.Fault) (*world, providers.Key) {
		w := newWorld(t, "sdoc")
		w.sandbox.Once("sdoc", inviting["sdoc"], f)
		k := w.enqueue("1")
		w.step(k)
		w.state(k, ledger.Preparing)
		w.step(k)
		w.state(k, ledger.Preparing) // the quiet period
		w.forward(time.Minute)
		w.step(k)
		w.state(k, ledger.InDoubt)
		return w, k
	}
	t.Run("sent, says the operator", func(t *testing.T) {
		w, k := doubt(t, sandbox.DropAfter)
		if _, err := w.client.Resolve(t.Context(), k, w.sandbox.Books()[0].ID); err != nil {
			t.Fatal(err)
		}
		w.judge(k, 0, "resolved as sent")
	})
	t.Run("sent, says a callback", func(t *testing.T) {
		w, k := doubt(t, sandbox.DropAfter)
		known, err := w.client.Event(t.Context(), "sdoc", providers.Event{ID: w.sandbox.Books()[0].ID, Key: k})
		if err != nil || !known {
			t.Fatal(known, err)
		}
		w.judge(k, 0, "settled by a callback")
	})
	t.Run("with a wrong id, then with the right one", func(t *testing.T) {
		w, k := doubt(t, sandbox.DropAfter)
		if _, err := w.client.Resolve(t.Context(), k, "SOL000000000000000000000000000"); err != nil {
			t.Fatal(err)
		}
		w.step(k) // stamps that cannot be placed
		w.forward(time.Minute)
		w.step(k)
		if r := w.record(k); r.State != ledger.InDoubt || r.ErrorCode != ledger.CodeNotThere || r.EnvelopeID != "" {
			t.Fatalf("%s %q", r.State, r.ErrorCode)
		}
		if _, err := w.client.Resolve(t.Context(), k, w.sandbox.Books()[0].ID); err != nil {
			t.Fatal(err)
		}
		w.judge(k, 0, "resolved at last")
	})
	t.Run("not sent, says the operator", func(t *testing.T) {
		w, k := doubt(t, sandbox.DropBefore)
		if _, err := w.client.Resolve(t.Context(), k, ""); err != nil {
			t.Fatal(err)
		}
		w.judge(k, 0, "resolved as not sent")
	})
}

func TestCallbacks(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	w.step(k)
	r := w.state(k, ledger.Sent)
	ev := providers.Event{ID: r.EnvelopeID, Delivery: "d1", Evidence: []byte(`{"score":1}`)}
	if keys, _ := w.client.Ledger().Take(t.Context(), ledger.Look, "certyneo", 9, time.Minute); len(keys) != 0 {
		t.Fatal("due already")
	}
	if known, err := w.client.Event(t.Context(), "certyneo", ev); err != nil || !known {
		t.Fatal(known, err)
	}
	if keys, _ := w.client.Ledger().Take(t.Context(), ledger.Look, "certyneo", 9, time.Minute); len(keys) != 1 {
		t.Error("a callback does not make the envelope due")
	}
	if _, err := w.client.Event(t.Context(), "certyneo", ev); !errors.Is(err, jobs.ErrReplay) {
		t.Errorf("a replay: %v", err)
	}
	for _, strange := range []providers.Event{{ID: "env_other"}, {ID: "env_other", Key: k}, {ID: "x", Key: providers.Key{Campaign: "no", ID: "such"}}} {
		if known, err := w.client.Event(t.Context(), "certyneo", strange); known || err != nil {
			t.Errorf("%+v: %v %v", strange, known, err)
		}
	}
	if known, _ := w.client.Event(t.Context(), "qisign", providers.Event{ID: r.EnvelopeID}); known {
		t.Error("another provider spoke for the envelope")
	}
	w.judge(k, 0, "with callbacks")
	m, err := report.ReadManifest(t.Context(), w.archive, k.Campaign, k.ID)
	if err != nil || string(m.Evidence) == "" {
		t.Errorf("evidence %q %v", m.Evidence, err)
	}
	if r, err = w.client.Ledger().Get(t.Context(), k.String()); err != nil {
		t.Fatal(err)
	}
	rep, err := w.client.Report(r)
	if err != nil {
		t.Fatal(err)
	}
	filed, err1 := json.Marshal(m.Report)
	told, err2 := json.Marshal(rep)
	if err1 != nil || err2 != nil || string(filed) != string(told) {
		t.Errorf("the manifest says\n%s, the report\n%s; %v %v", filed, told, err1, err2)
	}
}

func TestRefusedKeyWaits(t *testing.T) {
	w := newWorld(t, "certyneo")
	good := w.provider
	k := w.enqueue("1")
	w.provider = simulatedWithKey(t, w.sandbox, "certyneo", "sk_test_wrong", pace.Unlimited{})
	w.restart(0)
	w.step(k)
	w.state(k, ledger.Preparing)
	if _, _, denied, err := w.client.Ledger().Denial(t.Context(), "certyneo"); err != nil || !denied {
		t.Fatal("the provider is not stopped", err)
	}
	before := len(w.sandbox.Calls("certyneo"))
	w.step(k)
	if after := len(w.sandbox.Calls("certyneo")); after != before {
		t.Error("called again at once")
	}
	w.provider = good
	w.restart(0)
	w.judge(k, 0, "with the right key")
	if _, _, denied, _ := w.client.Ledger().Denial(t.Context(), "certyneo"); denied {
		t.Error("still stopped")
	}
}

func TestAttemptsAndRetry(t *testing.T) {
	w := newWorld(t, "qisign")
	k := w.enqueue("1")
	for range 5 {
		w.sandbox.Once("qisign", "POST /sign/envelope", sandbox.ErrorBefore)
	}
	for range 5 {
		w.step(k)
		w.forward(time.Minute)
	}
	r := w.state(k, ledger.Failed)
	if r.ErrorCode == "" || r.ErrorMessage == "" {
		t.Error("no reason is kept")
	}
	if res, err := w.client.RetryAll(t.Context(), k.Campaign); err != nil || res.Done != 1 {
		t.Fatal(res, err)
	}
	w.judge(k, 0, "retried")
	if _, err := w.client.Retry(t.Context(), k.Campaign, k.ID); !errors.Is(err, jobs.ErrNotNow) {
		t.Errorf("an archived envelope was retried: %v", err)
	}
}

func TestInterruptedCallsAreAttempts(t *testing.T) {
	w := newWorld(t, "certyneo")
	for range 6 {
		w.sandbox.Once("certyneo", inviting["certyneo"], sandbox.ErrorBefore)
	}
	k := w.enqueue("1")
	r := w.live(k)
	if n, _ := w.invitations(0); r.State != ledger.Failed || r.ErrorCode == "" || n != 0 {
		t.Errorf("%s %q, %d invitations", r.State, r.ErrorCode, n)
	}
	if calls := w.sandbox.Calls("certyneo")["GET /envelopes/{id}"]; calls != 5 {
		t.Errorf("settled %d times with 5 attempts", calls)
	}
}

func TestEnqueueAgain(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	if a, err := w.client.Enqueue(t.Context(), w.envelope("1")); err != nil || a.New {
		t.Errorf("again: %+v %v", a, err)
	}
	other := w.envelope("1")
	other.Subject = "Another lease"
	if _, err := w.client.Enqueue(t.Context(), other); !errors.Is(err, jobs.ErrConflict) {
		t.Errorf("other content: %v", err)
	}
	w.judge(k, 0, "first")

	// The ledger is lost, the archive is not.
	w.redis.FlushAll()
	a, err := w.client.Enqueue(t.Context(), w.envelope("1"))
	if err != nil || a.State != ledger.Archived {
		t.Errorf("after losing the ledger: %+v %v", a, err)
	}
	if _, err := w.client.Enqueue(t.Context(), other); !errors.Is(err, jobs.ErrConflict) {
		t.Errorf("after losing the ledger, other content: %v", err)
	}
	sum, err := w.client.EnqueueAll(t.Context(), k.Campaign, func(yield func(providers.Envelope, error) bool) { yield(w.checked("1"), nil) })
	if err != nil || sum.New != 0 || sum.Archived != 1 {
		t.Errorf("as a campaign: %+v %v", sum, err)
	}
	if n, _ := w.invitations(0); n != 1 {
		t.Errorf("%d invitations", n)
	}
}

func (w *world) checked(id string) providers.Envelope {
	w.t.Helper()
	e := w.envelope(id)
	if err := w.client.Check(w.t.Context(), &e); err != nil {
		w.t.Fatal(err)
	}
	return e
}

func TestVerifySeesEveryDamage(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	w.judge(k, 0, "first")
	verify := func() (problems int) {
		_, err := report.Verify(t.Context(), w.archive, w.client.Ledger(), "", func(string, error) { problems++ })
		if err != nil {
			t.Fatal(err)
		}
		return problems
	}
	if n := verify(); n != 0 {
		t.Fatalf("%d problems of a sound archive", n)
	}
	w.damage(k, "signed_document.pdf")
	if n := verify(); n != 1 {
		t.Errorf("%d problems of a changed file", n)
	}
	w.damage(k, report.ManifestName)
	if n := verify(); n != 1 {
		t.Errorf("%d problems of a changed manifest", n)
	}
}

func TestRoundsOfLooksDoNotPileUp(t *testing.T) {
	w := newWorld(t, "certyneo")
	for i := range 9 {
		if err := w.client.TaskQueue().Look(t.Context(), "certyneo", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	depths, err := w.client.TaskQueue().Depths(t.Context())
	if err != nil || len(depths) != 1 || depths[0].Tasks != 2 {
		t.Errorf("%+v %v", depths, err)
	}
}

// A manifest that is sound in itself and vouches for less than the ledger has is wrong, and
// so is an archive that holds nothing of what the ledger calls archived.
func TestVerifyComparesWithTheLedger(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	w.judge(k, 0, "first")
	problems := func(store archive.Archive) (n int) {
		if _, err := report.Verify(t.Context(), store, w.client.Ledger(), "", func(string, error) { n++ }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	m, err := report.ReadManifest(t.Context(), w.archive, k.Campaign, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if there, err := stillThere(t.Context(), w.archive, m.Artifacts); err != nil || len(there) != len(m.Artifacts) {
		t.Error(there, err)
	}
	empty, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if n := problems(empty); n != 1 {
		t.Errorf("%d problems of an empty archive, want 1", n)
	}
	if there, err := stillThere(t.Context(), empty, m.Artifacts); !errors.Is(err, archive.ErrNotKept) || len(there) > 0 {
		t.Errorf("files that are gone: %v, want ErrNotKept", err)
	}
	m.Artifacts = m.Artifacts[:1]
	if err := m.Write(t.Context(), empty); err != nil {
		t.Fatal(err)
	}
	content, _, err := w.archive.Open(t.Context(), m.Artifacts[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if _, err := empty.Put(t.Context(), m.Artifacts[0].Path, content, "", nil); err != nil {
		t.Fatal(err)
	}
	if n := problems(empty); n != 1 {
		t.Errorf("%d problems of a manifest that lacks a file, want 1", n)
	}
}

package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// newTokenWorld is a world at sDoc, of whose account is known whether it refuses a second use.
func newTokenWorld(t *testing.T, refuses bool, differ sandbox.Differences) *world {
	t.Helper()
	w := newWorldWith(t, "sdoc", differ)
	w.account = "0123456789abcdef"
	if err := w.client.Ledger().Learn(t.Context(), "sdoc", w.account, string(providers.SecondUseRefused), refuses); err != nil {
		t.Fatal(err)
	}
	w.restart(0)
	return w
}

// enqueueDigital enqueues an envelope that can be signed without a stamp.
func (w *world) enqueueDigital(id string) providers.Key {
	w.t.Helper()
	e := w.envelope(id)
	e.Signers[0].Type, e.Signers[0].Stamp = providers.TypeDigital, nil
	a, err := w.client.Enqueue(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Key
}

// callBack is what sDoc's first callback about an envelope does, when it has made one.
func (w *world) callBack(k providers.Key) {
	w.t.Helper()
	for _, e := range w.sandbox.Books() {
		if e.Provider == "sdoc" && e.Key == k.String() {
			if _, err := w.client.Event(w.t.Context(), "sdoc", providers.Event{ID: e.ID, Key: k}); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// crashTwice lets a process die at boundary n of its first work on an envelope and, when the
// call's intent stands then, another one at boundary m of the work that settles it. False:
// there is no such pair.
func (w *world) crashTwice(n, m int) (k providers.Key, intent, died bool) {
	w.t.Helper()
	k = w.enqueueDigital(fmt.Sprintf("%d.%d", n, m))
	w.restart(n)
	w.step(k)
	if w.record(k).IntentAt.IsZero() {
		return k, false, false
	}
	w.forward(41 * time.Second)
	w.restart(m)
	died = w.step(k)
	w.restart(0)
	w.forward(9 * time.Second)
	return k, true, died
}

// everyPair calls judge after every pair of crashes of crashTwice.
func (w *world) everyPair(judge func(k providers.Key, mark int, what string)) {
	w.t.Helper()
	pairs := 0
	for n := 1; n <= 40; n += stride {
		for m := 1; ; m += stride {
			mark := len(w.sandbox.Books())
			k, intent, died := w.crashTwice(n, m)
			if !intent {
				break
			}
			pairs++
			judge(k, mark, fmt.Sprintf("dead at boundary %d, then at %d", n, m))
			if !died {
				break
			}
		}
	}
	if pairs*stride*stride < 25 {
		w.t.Errorf("%d pairs of crashes only", pairs)
	}
}

// With a token that is known to be refused the second time no crash leaves doubt.
func TestRepeatAtEveryBoundary(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{})
	w.everyPair(func(k providers.Key, mark int, what string) {
		if r := w.judge(k, mark, what); r.State != ledger.Archived {
			t.Errorf("%s: it is %s, %s", what, r.State, r.ErrorMessage)
		}
	})
	for _, v := range w.sandbox.Violations() {
		t.Error(v)
	}
}

// A file that was forgotten early makes an envelope sent that was not: nobody is invited twice.
func TestRepeatWhereFilesAreForgotten(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{SDocForgets: 20 * time.Second})
	forgotten := 0
	w.everyPair(func(k providers.Key, mark int, what string) {
		for range 8 {
			if w.record(k).State.Terminal() {
				break
			}
			w.step(k)
			w.forward(40 * time.Second)
		}
		n, _ := w.invitations(mark)
		r := w.record(k)
		if n > 1 || n == 1 && r.State != ledger.Archived || n == 0 && !r.Unnamed() {
			t.Errorf("%s: %d invitations, it is %s, %s", what, n, r.State, r.ErrorMessage)
		}
		if n == 0 {
			forgotten++
		}
	})
	if forgotten == 0 && stride == 1 {
		t.Error("no file was forgotten")
	}
}

// Where the doctor has seen that a second use is taken, or has seen nothing, nothing is repeated.
func TestNoRepeatWhereASecondUseIsTaken(t *testing.T) {
	w := newTokenWorld(t, false, sandbox.Differences{SDocSecondUse: true})
	doubts := 0
	w.everyPair(func(k providers.Key, mark int, what string) {
		if r := w.judge(k, mark, what); r.State == ledger.InDoubt {
			doubts++
		}
	})
	if doubts == 0 && stride == 1 {
		t.Error("nothing is in doubt")
	}
}

const (
	never  = sandbox.ErrorBefore
	itself = sandbox.ErrorAfter
)

// stepStruck is a step whose inviting call is hurt.
func (w *world) stepStruck(k providers.Key, f sandbox.Fault) {
	w.t.Helper()
	w.sandbox.Once("sdoc", "POST /solicitation", f)
	w.step(k)
}

// interrupted is an envelope whose inviting call is answered by a 500, at the end of its quiet
// period.
func (w *world) interrupted(id string, f sandbox.Fault) providers.Key {
	w.t.Helper()
	k := w.enqueueDigital(id)
	w.stepStruck(k, f)
	if r := w.record(k); r.State != ledger.Preparing || r.SettleAt.IsZero() {
		w.t.Fatalf("it is %s, %s", r.State, r.ErrorMessage)
	}
	w.forward(16 * time.Second)
	return k
}

func (w *world) wantInvitations(k providers.Key, want int, state ledger.State) {
	w.t.Helper()
	n := 0
	for _, e := range w.sandbox.Books() {
		if e.Key == k.String() {
			n += e.Invitations
		}
	}
	if r := w.record(k); n != want || r.State != state {
		w.t.Errorf("%s: %d invitations, it is %s, %s: %s", k, n, r.State, r.ErrorCode, r.ErrorMessage)
	}
}

func told(r *ledger.Record) string {
	return fmt.Sprintf("%s is %s, id %q, by %q, not %v, %s: %s, parked %v, unfinished %v", r.Key(), r.State, r.EnvelopeID, r.Inviter, r.Uninvited, r.ErrorCode, r.ErrorMessage, r.Parked, r.Unfinished)
}

func TestRepeat(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{})

	k := w.interrupted("never-arrived", never)
	w.step(k)
	w.wantInvitations(k, 1, ledger.Sent)
	if r := w.record(k); r.EnvelopeID == "" || r.ErrorCode != "" || r.Inviter != "" {
		t.Errorf("%s", told(r))
	}

	k = w.interrupted("had-arrived", itself)
	w.step(k)
	w.wantInvitations(k, 1, ledger.Sent)
	if r := w.record(k); !r.Unnamed() || !strings.Contains(r.ErrorMessage, "first callback") || !r.SentAt.Before(w.at.Add(-15*time.Second)) {
		t.Errorf("%s", told(r))
	}
	w.callBack(k)
	if r := w.record(k); r.EnvelopeID == "" || r.ErrorCode != "" || !r.Unfinished {
		t.Errorf("%s", told(r))
	}
	w.judge(k, len(w.sandbox.Books())-1, "named by its callback")

	k = w.interrupted("hurt-again", never)
	w.stepStruck(k, itself)
	w.forward(16 * time.Second)
	w.step(k)
	w.wantInvitations(k, 1, ledger.Sent)

	k = w.interrupted("named-meanwhile", itself)
	w.callBack(k)
	w.step(k)
	w.wantInvitations(k, 1, ledger.Sent)
	if r := w.record(k); r.EnvelopeID == "" {
		t.Errorf("%s", told(r))
	}

	k = w.interrupted("hurt-until-its-token-may-have-ended", never)
	for range 40 {
		w.stepStruck(k, never)
		w.forward(16 * time.Second)
	}
	w.wantInvitations(k, 0, ledger.InDoubt)
	if r := w.record(k); len(strings.Fields(r.Inviter)) < 20 {
		t.Errorf("repeated under %q", r.Inviter)
	}
}

func TestNoRepeatAfterCancel(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{})
	k := w.interrupted("1", never)
	if _, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	w.wantInvitations(k, 0, ledger.InDoubt)

	// The wish comes while the repeated call has its turn: right before the intent.
	k = w.interrupted("2", never)
	w.stepBefore(k, func() {
		if _, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil {
			t.Fatal(err)
		}
	})
	for range 3 {
		w.step(k)
		w.forward(16 * time.Second)
	}
	w.wantInvitations(k, 0, ledger.InDoubt)
}

// between is a provider in whose inviting call something happens before it is made.
type between struct {
	providers.Provider
	before func()
}

func (p between) Invite(ctx context.Context, job *providers.Job) error {
	p.before()
	return p.Provider.Invite(ctx, job)
}

func (w *world) stepBefore(k providers.Key, before func()) {
	w.t.Helper()
	usual := w.worker.configs["sdoc"]
	defer func() { w.worker.configs["sdoc"] = usual }()
	other := usual
	other.Provider = between{w.provider, before}
	w.worker.configs["sdoc"] = other
	w.step(k)
}

func TestRepeatWaitsForAPause(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{})
	k := w.interrupted("1", never)
	if _, err := w.client.Pause(t.Context(), k.Campaign); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	w.wantInvitations(k, 0, ledger.Preparing)
	if r := w.record(k); !r.Parked {
		t.Errorf("%s", told(r))
	}
	if err := w.client.Resume(t.Context(), k.Campaign); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	w.wantInvitations(k, 1, ledger.Sent)
}

// A ledger that has found another's mark does not know since when the token lives, and a mark
// of another ledger after ours ends our own right.
func TestNoRepeatOfAnotherLedgersCall(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{})
	k := w.interrupted("lost", never)
	w.redis.FlushAll()
	w.restart(0)
	if err := w.client.Ledger().Learn(t.Context(), "sdoc", w.account, string(providers.SecondUseRefused), true); err != nil {
		t.Fatal(err)
	}
	k = w.enqueueDigital(k.ID)
	for range 3 {
		w.step(k)
		w.forward(41 * time.Second)
	}
	w.wantInvitations(k, 0, ledger.InDoubt)

	k = w.interrupted("overtaken", never)
	r := w.record(k)
	if _, err := marks.New(w.archive).Make(t.Context(), marks.Mark{Campaign: k.Campaign, ID: k.ID, Provider: "sdoc", Claim: "another-ledgers", Steps: withoutToken(r.Steps)}, func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.step(k)
		w.forward(41 * time.Second)
	}
	w.wantInvitations(k, 0, ledger.InDoubt)
}

// A frozen worker that wakes up still tells the id, also of what is sent without one.
func TestLateIDOfARepeatedCall(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{})
	k := w.enqueueDigital("1")
	frozen, _, _, err := w.worker.ledger.Claim(t.Context(), k.String(), w.record(k).Generation, Lease, ledger.Preparation{Provider: "sdoc"})
	if err != nil {
		t.Fatal(err)
	}
	e := &envelopeTask{Worker: w.worker, config: w.worker.configs["sdoc"], claim: frozen, rec: frozen.Record, detachFromShutdown: func() bool { return true }}
	job, err := e.job()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.provider.Prepare(t.Context(), job), w.provider.Invite(t.Context(), job)); err != nil {
		t.Fatal(err)
	}
	w.forward(41 * time.Second)
	w.step(k)
	if r := w.record(k); !r.Unnamed() {
		t.Fatalf("%s", told(r))
	}
	if err := e.sent(t.Context(), job, true); err != nil {
		t.Fatal(err)
	}
	if r := w.record(k); r.EnvelopeID != job.Ref.ID || r.State != ledger.Sent || !r.Unfinished {
		t.Errorf("%s", told(r))
	}
	w.wantInvitations(k, 1, ledger.Sent)
}

// What has no id yet can be resolved, is withdrawn when it is known, and ends with its last day.
func TestUnnamed(t *testing.T) {
	w := newTokenWorld(t, true, sandbox.Differences{})
	had := func(id string) providers.Key {
		k := w.interrupted(id, itself)
		w.step(k)
		if !w.record(k).Unnamed() {
			t.Fatalf("%s", told(w.record(k)))
		}
		return k
	}
	k := had("canceled")
	if _, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil {
		t.Fatal(err)
	}
	_ = w.worker.envelope(t.Context(), w.worker.configs["sdoc"], w.taskOf(k))
	w.wantInvitations(k, 1, ledger.Sent)
	w.callBack(k)
	w.step(k)
	w.wantInvitations(k, 1, ledger.Canceled)

	k = had("not-sent")
	if _, err := w.client.Resolve(t.Context(), k, ""); err != nil {
		t.Fatal(err)
	}
	if r := w.record(k); r.State != ledger.Queued || len(r.Uninvited) != 2 || r.ErrorCode != "" {
		t.Errorf("%s", told(r))
	}
}

// Faults of all kinds, on every call: with a token nothing ends in doubt, and nobody is asked
// twice. Without one a third of these envelopes would.
func TestFaultsWithAToken(t *testing.T) {
	const all = 60
	ended := map[bool]map[ledger.State]int{}
	for _, refused := range []bool{true, false} {
		w := newTokenWorld(t, refused, sandbox.Differences{})
		var keys []providers.Key
		for i := range all {
			keys = append(keys, w.enqueueDigital(fmt.Sprint(i)))
		}
		if err := w.sandbox.SetFaults(sandbox.Faults{ErrorBefore: 0.08, ErrorAfter: 0.08, DropBefore: 0.08, DropAfter: 0.08}); err != nil {
			t.Fatal(err)
		}
		for range 16 {
			for _, k := range keys {
				if s := w.record(k).State; s == ledger.Queued || s == ledger.Preparing {
					w.step(k)
				}
			}
			w.forward(17 * time.Second)
		}
		ended[refused] = map[ledger.State]int{}
		for _, k := range keys {
			ended[refused][w.record(k).State]++
		}
		n, books := w.invitations(0)
		for _, e := range books {
			if e.Invitations > 1 {
				t.Errorf("%s: %d invitations", e.Key, e.Invitations)
			}
		}
		if n > all || refused && n != all {
			t.Errorf("%d invitations for %d envelopes", n, all)
		}
	}
	t.Logf("in doubt: %d of %d without a token, %d with one", ended[false][ledger.InDoubt], all, ended[true][ledger.InDoubt])
	if ended[true][ledger.Sent] != all || ended[false][ledger.InDoubt] < 4 {
		t.Errorf("with a token %v, without %v", ended[true], ended[false])
	}
}

package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/ledger"
)

// doubtful gives an envelope of sDoc's that is in doubt.
func doubtful(t *testing.T, f sandbox.Fault) (*world, providers.Key) {
	w := newWorld(t, "sdoc")
	w.sandbox.Once("sdoc", inviting["sdoc"], f)
	k := w.enqueue("1")
	w.step(k)
	w.forward(time.Minute)
	w.step(k)
	w.state(k, ledger.InDoubt)
	return w, k
}

const strangeID = "SOL000000000000000000000000000"

// steered runs a worker of a world's provider that takes only what steers.
func (w *world) steered() {
	w.t.Helper()
	s := asynq.NewServerFromRedisClient(w.worker.cfg.Redis, asynq.Config{Concurrency: 1, Queues: map[string]int{queue.Name(w.provider.Info().Name, pace.Steer): 1},
		TaskCheckInterval: 10 * time.Millisecond, Logger: queueLog{silent}})
	mux := asynq.NewServeMux()
	mux.HandleFunc(queue.TypeCheck, w.worker.check)
	if err := s.Start(mux); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Shutdown)
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		worked, err := w.client.TaskQueue().Worked(w.provider.Info().Name)
		if err != nil {
			w.t.Fatal(err)
		}
		if worked {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal("no worker is seen")
		}
	}
}

func TestAnIDIsLookedUpBeforeItIsBelieved(t *testing.T) {
	w, k := doubtful(t, sandbox.DropAfter)
	other := w.enqueue("2")
	w.step(other)
	w.steered()
	taken := w.state(other, ledger.Sent).EnvelopeID
	for _, wrong := range []string{strangeID, taken} {
		if _, err := w.client.Resolve(t.Context(), k, wrong); !errors.Is(err, jobs.ErrUnknownID) {
			t.Errorf("%s: %v", wrong, err)
		}
		w.state(k, ledger.InDoubt)
	}
	unchecked, err := w.client.Resolve(t.Context(), k, w.sandbox.Books()[0].ID)
	if err != nil || unchecked {
		t.Fatal(unchecked, err)
	}
	if r := w.state(k, ledger.Sent); r.ErrorCode != "" || r.Unchecked || r.SentAt.IsZero() {
		t.Errorf("%+v", r)
	}
	for _, again := range []string{"", strangeID} { // what the provider has confirmed stands
		if _, err := w.client.Resolve(t.Context(), k, again); !errors.Is(err, jobs.ErrNotNow) {
			t.Errorf("resolved again: %v", err)
		}
	}
	if r := w.live(k); r.State != ledger.Archived {
		t.Errorf("ends as %s: %s", r.State, r.ErrorMessage)
	}
}

// elsewhere gives the id of a sent envelope of other people, which the ledger does not know.
func (w *world) elsewhere() string {
	w.t.Helper()
	e := w.envelope("elsewhere")
	e.Signers[0].Name, e.Signers[0].Email = "Bruno Prova de Souza", "bruno@example.com"
	a, err := w.client.Enqueue(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	w.step(a.Key)
	r := w.state(a.Key, ledger.Sent)
	id := r.EnvelopeID
	if err := w.client.Ledger().RecordNotThere(w.t.Context(), r, "gone"); err != nil {
		w.t.Fatal(err)
	}
	if err := w.client.Ledger().ConfirmSent(w.t.Context(), w.record(a.Key), ledger.Invited{EnvelopeID: strangeID}); err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestAnIDOfOtherPeopleIsNotBelieved(t *testing.T) {
	w, k := doubtful(t, sandbox.DropAfter)
	others := w.elsewhere()
	w.steered()
	if _, err := w.client.Resolve(t.Context(), k, others); !errors.Is(err, jobs.ErrUnknownID) || !strings.Contains(err.Error(), "other signers") {
		t.Errorf("taken: %v", err)
	}
	w.state(k, ledger.InDoubt)
}

func TestAnUncheckedIDOfOtherPeople(t *testing.T) {
	w, k := doubtful(t, sandbox.DropAfter)
	right, others := w.sandbox.Books()[0].ID, w.elsewhere()
	resolve := func(id string) {
		t.Helper()
		if unchecked, err := w.client.Resolve(t.Context(), k, id); err != nil || !unchecked { // no worker runs
			t.Fatal(unchecked, err)
		}
	}
	resolve(others)
	w.step(k) // sDoc has a call after the invitation
	w.state(k, ledger.InDoubt)
	resolve(others)
	if err := w.client.Ledger().ConfirmSent(t.Context(), w.record(k), ledger.Invited{EnvelopeID: others, Unchecked: ledger.Reason{Code: ledger.CodeUnchecked, Message: "no worker"}}); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	if r := w.state(k, ledger.Sent); !r.Unchecked || r.ErrorCode != ledger.CodeNotThere {
		t.Errorf("a look believes it: %+v", r)
	}
	if _, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	w.state(k, ledger.InDoubt)
	for _, e := range w.sandbox.Books() {
		if e.ID == others && e.State == "canceled" {
			t.Error("other people's envelope was withdrawn")
		}
	}
	resolve(right)
	w.step(k)
	if r := w.state(k, ledger.Sent); r.Unchecked || r.ErrorCode != "" {
		t.Errorf("the right one is not confirmed: %+v", r)
	}
}

func TestStrangers(t *testing.T) {
	record := func(signers string) *ledger.Record {
		return &ledger.Record{Envelope: []byte(`{"signers":` + signers + `}`)}
	}
	ana := record(`[{"name":"Ana Lima","email":"ana@example.com"}]`)
	one := func(name, email string) []providers.SignerStatus {
		return []providers.SignerStatus{{Name: name, Email: email}}
	}
	for _, c := range []struct {
		record *ledger.Record
		seen   []providers.SignerStatus
		want   bool
	}{
		{ana, one("Ana Lima", "ana@example.com"), false},
		{ana, one("ANA DE LIMA", "Ana@Example.com"), false},
		{ana, one("Ana Lima", "other@example.com"), true},
		{ana, one("Ana lima", ""), false},
		{ana, one("Bruno", ""), true},
		{ana, one("", ""), false},
		{ana, nil, false},
		{ana, append(one("Bruno", "bruno@example.com"), one("Ana", "ana@example.com")...), false},
		{record(`[{"name":"Ana Lima","phone":"+5511987654321"}]`), one("ana lima", "other@example.com"), false},
		{&ledger.Record{}, one("Bruno", "bruno@example.com"), false},
	} {
		if got := strangers(c.record, c.seen); got != c.want {
			t.Errorf("%s, %+v: %v", c.record.Envelope, c.seen, got)
		}
	}
}

func TestAnUncheckedIDIsConfirmedOrCorrected(t *testing.T) {
	w, k := doubtful(t, sandbox.DropAfter)
	right := w.sandbox.Books()[0].ID
	resolve := func(id string) {
		t.Helper()
		if unchecked, err := w.client.Resolve(t.Context(), k, id); err != nil || unchecked != (id != "") {
			t.Fatal(unchecked, err)
		}
	}
	resolve(strangeID) // no worker runs
	r := w.state(k, ledger.Sent)
	if !r.Unchecked || r.ErrorCode != ledger.CodeUnchecked || !strings.Contains(r.ErrorMessage, "no worker") || !r.SentAt.Before(w.at) {
		t.Errorf("%+v", r)
	}
	at := r.SentAt
	resolve(right)
	if r := w.state(k, ledger.Sent); r.EnvelopeID != right || !r.SentAt.Equal(at) {
		t.Errorf("sent at %s, was %s", r.SentAt, at)
	}
	if key, err := w.client.Ledger().KeyOf(t.Context(), "sdoc", strangeID); err != nil || key != "" {
		t.Errorf("a wrong id still names %s %v", key, err)
	}
	w.step(k)
	if r := w.state(k, ledger.Sent); r.Unchecked || r.ErrorCode != "" {
		t.Errorf("not confirmed: %+v", r)
	}
	w.judge(k, 0, "confirmed")
}

func TestAnUncheckedIDCanBeTakenBack(t *testing.T) {
	w, k := doubtful(t, sandbox.DropBefore)
	if _, err := w.client.Resolve(t.Context(), k, strangeID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Resolve(t.Context(), k, ""); err != nil {
		t.Fatal(err)
	}
	if r := w.state(k, ledger.Queued); r.EnvelopeID != "" || !r.SentAt.IsZero() || r.Unchecked || r.Unfinished || r.ErrorCode != "" {
		t.Errorf("%+v", r)
	}
	w.judge(k, 0, "not sent after all")
}

func TestACallbackCorrectsAnUncheckedID(t *testing.T) {
	w, k := doubtful(t, sandbox.DropAfter)
	if _, err := w.client.Resolve(t.Context(), k, strangeID); err != nil {
		t.Fatal(err)
	}
	right := w.sandbox.Books()[0].ID
	if known, err := w.client.Event(t.Context(), "sdoc", providers.Event{ID: right, Key: k}); err != nil || !known {
		t.Fatal(known, err)
	}
	if r := w.state(k, ledger.Sent); r.EnvelopeID != right || r.Unchecked {
		t.Errorf("%+v", r)
	}
	w.judge(k, 0, "settled by a callback")
}

func TestWhatIsNotThereWasNotWithdrawn(t *testing.T) {
	w, k := doubtful(t, sandbox.DropAfter)
	if _, err := w.client.Resolve(t.Context(), k, strangeID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil {
		t.Fatal(err)
	}
	var became []ledger.State
	w.worker.cfg.Hooks.Transition = func(_ string, _, to ledger.State, _ *ledger.Record) { became = append(became, to) }
	w.step(k)
	if r := w.state(k, ledger.InDoubt); r.ErrorCode != ledger.CodeNotThere || r.CancelAsked || r.Unchecked || r.EnvelopeID != "" {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(became, []ledger.State{ledger.InDoubt}) {
		t.Errorf("made known: %v", became)
	}
	if n, _ := w.invitations(0); n != 1 {
		t.Fatal(n)
	}

	// One whose id came from the provider stays sent: it is looked at again.
	w = newWorld(t, "contraktor")
	k = w.enqueue("1")
	w.step(k)
	r := w.state(k, ledger.Sent)
	if err := w.client.Ledger().RecordNotThere(t.Context(), r, "gone"); err != nil {
		t.Fatal(err)
	}
	if err := w.client.Ledger().ConfirmSent(t.Context(), w.record(k), ledger.Invited{EnvelopeID: "gone"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Cancel(t.Context(), k.Campaign, k.ID); err != nil {
		t.Fatal(err)
	}
	became = nil
	w.worker.cfg.Hooks.Transition = func(_ string, _, to ledger.State, _ *ledger.Record) { became = append(became, to) }
	w.step(k)
	if r = w.state(k, ledger.Sent); r.ErrorCode != ledger.CodeNotThere || r.CancelAsked {
		t.Errorf("%+v", r)
	}
	if len(became) != 0 {
		t.Errorf("it is sent still, and made known is %v", became)
	}
	w.forward(time.Minute)
	if keys, err := w.client.Ledger().Take(t.Context(), ledger.Look, "contraktor", 9, time.Minute); err != nil || len(keys) != 1 {
		t.Errorf("looked at: %v %v", keys, err)
	}
	if _, err := w.client.Resolve(t.Context(), k, ""); !errors.Is(err, jobs.ErrNotNow) {
		t.Errorf("it would be sent twice: %v", err)
	}
}

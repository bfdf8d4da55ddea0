package ledger

import (
	"errors"
	"testing"
	"time"
)

// claim takes over what the one before has left.
func (s *repeats) claim(t *testing.T) *Claim {
	t.Helper()
	s.clock.forward(10 * time.Second)
	c, hold, _, err := s.l.Claim(t.Context(), "june/1", 1, 8*time.Second, Preparation{Provider: "certyneo"})
	if err != nil || hold != Granted {
		t.Fatal(hold, err)
	}
	return c
}

type repeats struct {
	l     *Ledger
	clock *clock
}

func newRepeats(t *testing.T) *repeats {
	l, clock := open(t)
	create(t, l, "1")
	return &repeats{l, clock}
}

func intends(t *testing.T, want Intent, intend func() (Intent, error)) {
	t.Helper()
	if got, err := intend(); got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// An intent is repeated only over the one that was read, and not after a wish to cancel.
func TestIntendAgain(t *testing.T) {
	s := newRepeats(t)
	first := s.claim(t)
	if _, err := first.IntendAgain(t.Context()); !errors.Is(err, ErrTransition) {
		t.Errorf("there is nothing to repeat: %v", err)
	}
	intends(t, IntentOK, func() (Intent, error) { return first.Intend(t.Context()) })
	second := s.claim(t)
	intends(t, IntentAgain, func() (Intent, error) { return second.Intend(t.Context()) })
	intends(t, IntentOK, func() (Intent, error) { return second.IntendAgain(t.Context()) })
	if r := get(t, s.l, "1"); r.Inviter != first.Token()+" "+second.Token() || !r.SettleAt.IsZero() || r.IntentAt.IsZero() {
		t.Errorf("%+v", r)
	}
	intends(t, IntentAgain, func() (Intent, error) { return second.IntendAgain(t.Context()) }) // it has read the first
	third := s.claim(t)
	intends(t, IntentLost, func() (Intent, error) { return second.IntendAgain(t.Context()) })
	if err := s.l.AskCancel(t.Context(), get(t, s.l, "1"), "steer"); err != nil {
		t.Fatal(err)
	}
	intends(t, IntentCanceled, func() (Intent, error) { return third.IntendAgain(t.Context()) })
}

// Of calls that repeat each other the last one has the last word; the id may come from any.
func TestWhoTellsOfRepeatedCalls(t *testing.T) {
	s := newRepeats(t)
	first := s.claim(t)
	intends(t, IntentOK, func() (Intent, error) { return first.Intend(t.Context()) })
	second := s.claim(t)
	intends(t, IntentOK, func() (Intent, error) { return second.IntendAgain(t.Context()) })
	for name, err := range map[string]error{
		"withdrawn":      first.WithdrawIntent(t.Context(), nil),
		"to be settled":  first.AwaitSettling(t.Context(), Reason{Code: "x"}, nil, time.Second),
		"without an id":  first.MarkSent(t.Context(), Invited{Unnamed: Reason{Code: CodeUnnamed}}),
		"of a stranger":  (&Claim{Record: get(t, s.l, "1"), key: "june/1", token: "none", ledger: s.l}).MarkSent(t.Context(), Invited{EnvelopeID: "env"}),
		"half of a name": (&Claim{Record: get(t, s.l, "1"), key: "june/1", token: second.Token()[1:], ledger: s.l}).MarkSent(t.Context(), Invited{EnvelopeID: "env"}),
	} {
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s by the first: %v", name, err)
		}
	}
	if err := second.MarkSent(t.Context(), Invited{Unnamed: Reason{Code: CodeUnnamed}}); err != nil {
		t.Fatal(err)
	}
	if r := get(t, s.l, "1"); !r.Unnamed() {
		t.Errorf("%+v", r)
	}
	if err := first.MarkSent(t.Context(), Invited{EnvelopeID: "env"}); err != nil {
		t.Fatal(err)
	}
	if r := get(t, s.l, "1"); r.State != Sent || r.EnvelopeID != "env" || r.Inviter != "" || r.ErrorCode != "" {
		t.Errorf("%+v", r)
	}
	third := &Claim{Record: &Record{Campaign: "june", ID: "1", State: Preparing}, key: "june/1", token: second.Token(), ledger: s.l}
	if err := third.MarkSent(t.Context(), Invited{EnvelopeID: "other"}); !errors.Is(err, ErrLost) {
		t.Errorf("a second id: %v", err)
	}
	if key, err := s.l.KeyOf(t.Context(), "certyneo", "env"); key != "june/1" || err != nil {
		t.Errorf("%q, %v", key, err)
	}
}

func TestFacts(t *testing.T) {
	l, _ := open(t)
	holds := func(account string, want bool) {
		t.Helper()
		if got, err := l.Holds(t.Context(), "sdoc", account, "fact"); got != want || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	holds("a", false)
	for _, want := range []bool{true, false, true} {
		if err := l.Learn(t.Context(), "sdoc", "a", "fact", want); err != nil {
			t.Fatal(err)
		}
		holds("a", want)
	}
	holds("b", false)
}

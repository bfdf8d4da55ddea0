package ledger

import (
	"testing"
	"time"
)

func TestTrouble(t *testing.T) {
	l, clock := open(t)
	trouble := func() (Trouble, bool) {
		t.Helper()
		got, ok, err := l.Trouble(t.Context(), "certyneo")
		if err != nil {
			t.Fatal(err)
		}
		return got, ok
	}
	if got, ok := trouble(); ok {
		t.Fatalf("of nobody: %+v", got)
	}
	create(t, l, "1") // due for work in a minute
	began := clock.at
	met := Trouble{State: Unreachable, Kind: "transient", Op: "GET /envelopes/{id}"}
	for range 2 {
		if err := l.SetTrouble(t.Context(), "certyneo", met, 0); err != nil {
			t.Fatal(err)
		}
		clock.forward(10 * time.Second)
	}
	want := met
	want.Since, want.Seen, want.NextTry = began, began.Add(10*time.Second), began.Add(time.Minute)
	if got, ok := trouble(); !ok || got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	// The provider's own word on when to come again goes before what is due.
	if err := l.SetTrouble(t.Context(), "certyneo", Trouble{State: Held, Status: 429}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, _ := trouble(); got.State != Held || got.Status != 429 || !got.NextTry.Equal(clock.at.Add(time.Hour)) || !got.Since.Equal(began) {
		t.Errorf("%+v", got)
	}
	clock.forward(2 * time.Hour)
	if got, _ := trouble(); !got.NextTry.IsZero() {
		t.Errorf("the next try was at %s", got.NextTry)
	}

	if err := l.SetTrouble(t.Context(), "certyneo", met, 0); err != nil {
		t.Fatal(err)
	}
	if err := l.EndTrouble(t.Context(), "certyneo", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, ok := trouble(); !ok {
		t.Error("a failure that another process has just met is gone")
	}
	clock.forward(5 * time.Second)
	if err := l.EndTrouble(t.Context(), "certyneo", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if got, ok := trouble(); ok {
		t.Errorf("still %+v", got)
	}
}

func TestOneProbeAPause(t *testing.T) {
	l, clock := open(t)
	admit := func(want Admission, wait time.Duration) {
		t.Helper()
		if a, w, err := l.Admit(t.Context(), "certyneo"); err != nil || a != want || w != wait {
			t.Errorf("%s %s %v, want %s %s", a, w, err, want, wait)
		}
	}
	admit(Free, 0)
	if _, err := l.Deny(t.Context(), "certyneo", KeyRefused, "HTTP 401", time.Minute); err != nil {
		t.Fatal(err)
	}
	admit(Refused, time.Minute)
	if news, err := l.Deny(t.Context(), "certyneo", Blocked, "certificate", time.Minute); err != nil || news {
		t.Errorf("stopped for the first time again: %v", err)
	}
	if news, err := l.Deny(t.Context(), "certyneo", KeyRefused, "HTTP 401", time.Minute); err != nil || news {
		t.Errorf("stopped for the first time again: %v", err)
	}
	if got, ok, err := l.Trouble(t.Context(), "certyneo"); err != nil || !ok || got.State != KeyRefused || !got.NextTry.Equal(clock.at.Add(time.Minute)) {
		t.Errorf("%+v %v %v", got, ok, err)
	}
	clock.forward(time.Minute)
	admit(Probe, 0)
	admit(Refused, time.Minute)
	clock.forward(time.Minute)
	if news, err := l.Deny(t.Context(), "certyneo", KeyRefused, "HTTP 401", time.Minute); err != nil || !news {
		t.Errorf("stopped again after a pause is no news: %v", err)
	}

	// A claim is a probe too, and leaves none for others.
	create(t, l, "1")
	create(t, l, "2")
	clock.forward(time.Minute)
	claim(t, l, "1", 1)
	admit(Refused, time.Minute)
	if _, h, _, err := l.Claim(t.Context(), "june/2", 1, time.Second, Preparation{}); err != nil || h != Denied {
		t.Errorf("a second probe: %s %v", h, err)
	}
	if err := l.Allow(t.Context(), "certyneo"); err != nil {
		t.Fatal(err)
	}
	admit(Free, 0)
}

func TestDeniedProviderWaits(t *testing.T) {
	l, clock := open(t)
	create(t, l, "1")
	if _, err := l.Deny(t.Context(), "certyneo", KeyRefused, "HTTP 401", time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, h, wait, err := l.Claim(t.Context(), "june/1", 1, time.Second, Preparation{}); err != nil || h != Denied || wait <= 0 {
		t.Errorf("%s %s %v", h, wait, err)
	}
	if keys, _ := l.Take(t.Context(), Work, "certyneo", 10, time.Minute); len(keys) != 0 {
		t.Errorf("due while the key is refused: %v", keys)
	}
	clock.forward(61 * time.Second)
	claim(t, l, "1", 1)
	if reason, _, denied, err := l.Denial(t.Context(), "certyneo"); err != nil || !denied || reason != "HTTP 401" {
		t.Errorf("denial %q %v %v", reason, denied, err)
	}
	if err := l.Allow(t.Context(), "certyneo"); err != nil {
		t.Fatal(err)
	}
	if _, _, denied, _ := l.Denial(t.Context(), "certyneo"); denied {
		t.Error("still denied")
	}
}

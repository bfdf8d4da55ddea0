package ledger

import (
	"testing"
	"time"
)

// Of a campaign with a limit no more envelopes are prepared at a provider than the day may still invite. A place
// outlives the claim, is free again with the call, a failure or a cancellation, and is no other provider's.
func TestPlacesOfADay(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.create(0, "certyneo", "1", "2", "3", "4", "5", "6", "7")
	s.create(0, "able", "elsewhere")
	s.plan("two a day", clock.at, 2)
	s.claim("1")
	s.claim("2")
	s.hold("3", Shut)
	s.claim("elsewhere")
	if r := get(t, l, "3"); r.State != Queued {
		t.Errorf("3 is %s", r.State)
	}

	clock.forward(2 * time.Minute) // the worker of 2 was killed
	s.hold("3", Shut)
	if err := s.claim("2").Fail(t.Context(), 1, Reason{Code: "refused"}); err != nil {
		t.Fatal(err)
	}
	if err := s.claim("3").Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.send(s.claim("1"))
	s.claim("4") // one of two was invited, and one is being prepared
	s.hold("5", Shut)
	clock.forward(2 * time.Minute)
	s.send(s.claim("4"))
	s.hold("5", Shut)

	clock.forward(24 * time.Hour)
	s.planFrom(s.hours(), clock.at, 2)
	s.claim("5")
	s.claim("6")
	s.hold("7", Shut)
}

package sandbox

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// A pause holds the signers back; the clock can be put forward.
func TestPauseAndAdvance(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour, Clock: standing})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	s.Pause(true)
	s.Advance(3 * time.Hour)
	if e := entry(t, s, Certyneo); e.State != "SENT" {
		t.Errorf("%s during a pause", e.State)
	}
	s.Pause(false)
	if e := entry(t, s, Certyneo); e.State != "PARTIALLY_SIGNED" {
		t.Errorf("%s after a pause", e.State)
	}
	s.Advance(time.Hour)
	if e := entry(t, s, Certyneo); e.State != "COMPLETED" {
		t.Errorf("%s an hour later", e.State)
	}
}

// However long a pause was, everybody who signs when it is over has signed in time; whoever never signs
// lets the time run out after it.
func TestALongPauseExpiresNothing(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour, Clock: standing})
	c := certyneoCaller(t, s)
	signs, stalls := c.draft("ana@example.test"), c.draft("expira@example.test")
	for _, id := range []string{signs, stalls} {
		c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	}
	s.Advance(10 * time.Minute)
	s.Pause(true)
	s.Advance(40 * time.Hour)
	s.Pause(true) // once more changes nothing
	s.Pause(false)
	state := func(id, want, when string) {
		t.Helper()
		if got := c.call("GET", "/envelopes/"+id, nil, 200).text("status"); got != want {
			t.Errorf("%s it is %s, want %s", when, got, want)
		}
	}
	s.Advance(time.Hour)
	state(signs, "COMPLETED", "an hour after the pause")
	state(stalls, "SENT", "an hour after the pause")
	s.Advance(4 * time.Hour)
	state(stalls, "EXPIRED", "in the end")
}

// A step of the clock ends when everything due has been done, at its own time and in
// order, with what it has brought about.
func TestAdvanceDoesEverythingDue(t *testing.T) {
	r := newReceiver(t)
	r.fail = 3
	s := start(t, Options{SignAfter: time.Hour, Clock: standing, Webhooks: map[string]string{Certyneo: r.URL}})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test", "bia@example.test", "caio@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	const step = 8 * time.Hour
	s.Advance(step)
	got := c.call("GET", "/envelopes/"+id, nil, 200)
	if got.text("status") != "COMPLETED" || len(r.with("envelope.completed")) != 1 {
		t.Fatalf("after the step: %s, %d callbacks of it", got.text("status"), len(r.with("envelope.completed")))
	}
	var last time.Time
	for i := range 3 {
		at := when(t, got.text(fmt.Sprintf("recipients.%d.signedAt", i)))
		if after := at.Sub(standing()); after < time.Hour/2 || after > 3*time.Hour/2 {
			t.Errorf("signer %d took %s", i+1, after)
		}
		if at.After(last) {
			last = at
		}
	}
	if sealed := when(t, got.text("completedAt")).Sub(last); sealed.Round(time.Minute) != 6*time.Minute {
		t.Errorf("completed %s after the last signature", sealed)
	}
	if d := s.Deliveries(Certyneo); d.Delivered != d.Sent || d.Sent < 5 {
		t.Errorf("%+v", d)
	}
	if s.now() != standing().Add(step) {
		t.Errorf("the clock stands at %s", s.now())
	}
}

// A machine that was busy for long lets nothing overtake what was due before it.
func TestLateAgendaKeepsTheOrder(t *testing.T) {
	var late atomic.Int64
	s := start(t, Options{SignAfter: time.Hour, Clock: func() time.Time { return standing().Add(time.Duration(late.Load())) }})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	late.Store(int64(10 * time.Hour)) // the envelope expires after nine
	s.agenda.catchUp()
	if e := entry(t, s, Certyneo); e.State != "COMPLETED" {
		t.Errorf("it is %s", e.State)
	}
}

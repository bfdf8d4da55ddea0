package ledger

import (
	"testing"
	"time"
)

// A deliverer that was held up longer than its hold ends after another one has delivered
// the same notification: it must take out that one, and not the next.
func TestALateDeliveryTakesOutItsOwnNotification(t *testing.T) {
	l, clock := open(t)
	ctx := t.Context()
	if err := l.Notify(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	preparing(t, l, "1") // two notifications: queued, preparing
	next := func() Notification {
		t.Helper()
		n, ok, err := l.NextNotification(ctx, time.Minute)
		if err != nil || !ok {
			t.Fatalf("no notification: %v", err)
		}
		return n
	}
	late := next()
	clock.forward(2 * time.Minute)
	again := next()
	if late.ID() != again.ID() {
		t.Fatalf("after the hold came %s, want %s again", again.ID(), late.ID())
	}
	for _, n := range []Notification{again, late} {
		if err := l.Delivered(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	if n := next(); n.State != Preparing {
		t.Errorf("then came %s, want %s: a notification was lost", n.State, Preparing)
	}
}

// A change that comes between the last delivery and the clean-up stays in the outbox, and
// does not wait until the hold of the one who cleans ends.
func TestCleaningTheOutboxLosesNothing(t *testing.T) {
	l, _ := open(t)
	ctx := t.Context()
	if err := l.Notify(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	create(t, l, "1")
	if keys, err := takeScript.Run(ctx, l.db, []string{prefix + "outbox"}, 1, millis(time.Minute)).StringSlice(); err != nil || len(keys) != 1 {
		t.Fatalf("%v %v", keys, err)
	}
	if err := dropScript.Run(ctx, l.db, []string{outKey("june/1")}, "june/1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := l.NextNotification(ctx, time.Minute); err != nil || !ok {
		t.Errorf("the notification does not come: %v", err)
	}
}

func TestOutboxKeepsTheOrder(t *testing.T) {
	l, clock := open(t)
	if err := l.Notify(t.Context(), 240*time.Hour); err != nil {
		t.Fatal(err)
	}
	c := preparing(t, l, "1")
	write(t, c, change{To: Sent, Index: Look})
	next := func() (Notification, bool) {
		n, ok, err := l.NextNotification(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return n, ok
	}
	first, ok := next()
	if !ok || first.State != Queued {
		t.Fatalf("first %v", first)
	}
	if n, ok := next(); ok {
		t.Fatalf("%v came before the first was delivered", n)
	}
	if err := l.Redeliver(t.Context(), first, time.Hour); err != nil {
		t.Fatal(err)
	}
	clock.forward(59 * time.Minute)
	if _, ok := next(); ok {
		t.Fatal("redelivered too early")
	}
	clock.forward(2 * time.Minute)
	again, ok := next()
	if !ok || again.ID() != first.ID() || again.Tries != 1 {
		t.Fatalf("again %+v", again)
	}
	if err := l.Undeliverable(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	second, ok := next()
	if !ok || second.State != Preparing || second.Tries != 0 {
		t.Fatalf("second %+v", second)
	}
	if err := l.Delivered(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Replay(t.Context()); err != nil || n != 1 {
		t.Fatalf("replayed %d %v", n, err)
	}
	var states []State
	for {
		n, ok := next()
		if !ok {
			break
		}
		states = append(states, n.State)
		if err := l.Delivered(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if len(states) != 2 || states[0] != Queued || states[1] != Sent {
		t.Errorf("replayed in the order %v", states)
	}
	if waiting, dead, err := l.Outbox(t.Context()); err != nil || waiting != 0 || dead != 0 {
		t.Errorf("left over: %d %d %v", waiting, dead, err)
	}
}

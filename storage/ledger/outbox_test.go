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

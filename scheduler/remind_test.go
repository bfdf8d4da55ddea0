package scheduler

import (
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/storage/ledger"
)

// reminders are how many tasks of reminders wait.
func (b *bench) reminders(t *testing.T) int {
	t.Helper()
	if err := b.remind(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return b.waiting(t, queue.Bulk)
}

func (b *bench) remindedCampaign(t *testing.T, n int) []*ledger.Record {
	t.Helper()
	if err := b.ledger.SetReminders(t.Context(), "june", &ledger.ReminderRule{After: 72 * time.Hour, Every: 48 * time.Hour, AtMost: 2, Providers: []string{"certyneo"}}); err != nil {
		t.Fatal(err)
	}
	b.envelopes(t, n, ledger.Queued)
	var all []*ledger.Record
	for r, err := range b.ledger.All(t.Context(), "june", ledger.Queued) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for _, r := range all {
		b.sent(t, r)
	}
	return all
}

// A reminder goes on the queue when it is due and not before; two schedulers, and one that looks
// again, put it there once.
func TestDueRemindersGoOnTheQueue(t *testing.T) {
	b := newBench(t)
	all := b.remindedCampaign(t, 3)
	other := New(b.cfg)
	b.forward(71 * time.Hour)
	if n := b.reminders(t); n != 0 {
		t.Errorf("%d before they are due", n)
	}
	b.forward(2 * time.Hour)
	for range 2 {
		if err := other.remind(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if n := b.reminders(t); n != len(all) {
			t.Errorf("%d of %d are on the queue", n, len(all))
		}
		b.forward(remindHold + time.Second) // nobody has begun them
	}
}

// A pause and hours hold reminders, which follow after that.
func TestHeldRemindersStayOffTheQueue(t *testing.T) {
	b := newBench(t)
	all := b.remindedCampaign(t, 2)
	b.forward(73 * time.Hour)
	if err := b.ledger.Pause(t.Context(), "june"); err != nil {
		t.Fatal(err)
	}
	if n := b.reminders(t); n != 0 {
		t.Errorf("%d while it is paused", n)
	}
	if _, err := b.ledger.BeginOperation(t.Context(), "june", ledger.ResumeAll, "", nil); err != nil {
		t.Fatal(err)
	}
	opens := b.at.Add(time.Hour)
	settings := hours.Settings{StartAt: opens.UTC().Format(time.RFC3339), Zone: "UTC"}.Marshal()
	if err := b.ledger.SetHours(t.Context(), "june", settings); err != nil {
		t.Fatal(err)
	}
	if n := b.reminders(t); n != 0 {
		t.Errorf("%d before the hours open", n)
	}
	b.forward(time.Hour + time.Second)
	if n := b.reminders(t); n != len(all) {
		t.Errorf("%d of %d when they have opened", n, len(all))
	}
}

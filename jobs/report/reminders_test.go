package report

import (
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/storage/ledger"
)

// What is said is when a reminder may leave: not while the campaign is paused, nor before its hours.
func TestRemindersAreToldWithinHours(t *testing.T) {
	saturday := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	c := ledger.Campaign{Reminders: ledger.ReminderRule{After: 72 * time.Hour, Every: 48 * time.Hour, AtMost: 3, Providers: []string{"catalisa"}, Next: saturday}}
	if got := RemindersOf(c, saturday.Add(-time.Hour)).Text(time.UTC).String(); got != "reminders 3d after the invitation, then every 2d, at most 3; the next one on 1 Jun 2030 12:00 UTC" {
		t.Error(got)
	}
	c.Hours.Settings = hours.Settings{Window: "Mon-Fri 09:00-18:00", Zone: "America/Sao_Paulo"}.Marshal()
	if r := RemindersOf(c, saturday.Add(time.Hour)); r.Next == nil || !r.Next.Equal(time.Date(2030, 6, 3, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", r)
	}
	c.Paused = true
	if r := RemindersOf(c, saturday); r.Next != nil {
		t.Errorf("%+v while it is paused", r)
	}
	if RemindersOf(ledger.Campaign{}, saturday) != nil {
		t.Error("a campaign without a rule has reminders")
	}
}

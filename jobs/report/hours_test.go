package report

import (
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/storage/ledger"
)

// What is said is when invitations leave again, not when the hours end that a limit has used up.
func TestHeldUntil(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	s := hours.Settings{Window: "Mon-Fri 09:00-12:00, Mon-Fri 14:00-18:00", Limit: "2/day", Zone: zone.String()}
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, zone) }
	for _, c := range []struct {
		now, until time.Time
		used       int64
	}{
		{at(26, 10), time.Time{}, 1},
		{at(26, 10), at(27, 9), 2}, // the afternoon is the same day
		{at(26, 13), at(26, 14), 1},
		{at(27, 17), at(30, 9), 2},
		{at(28, 10), at(30, 9), 0},
	} {
		x := ledger.Campaign{Hours: ledger.Hours{Settings: s.Marshal(), Used: c.used}}
		x.Hours.Day = c.now.Format(time.DateOnly)
		got := HoursOf(x, c.now).HeldUntil
		if c.until.IsZero() != (got == nil) || got != nil && !got.Equal(c.until) {
			t.Errorf("%s, %d used: %v, want %s", c.now, c.used, got, c.until)
		}
	}
}

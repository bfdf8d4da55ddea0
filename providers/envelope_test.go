package providers

import (
	"testing"
	"time"
)

// TestTheLastDayEndsInTheZone reads deadlines by the days of people, not by those of UTC.
func TestTheLastDayEndsInTheZone(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	late := time.Date(2026, 12, 31, 1, 0, 0, 0, time.UTC) // still the 30th in São Paulo
	for _, tt := range []struct {
		x    Expiry
		want string
	}{
		{Expiry{Date: "2026-12-31"}, "2027-01-01T03:00:00Z"},
		{Expiry{Days: 1}, "2027-01-01T03:00:00Z"},
		{Expiry{Days: 30}, "2027-01-30T03:00:00Z"},
	} {
		if got := tt.x.Ends(late, zone).UTC().Format(time.RFC3339); got != tt.want {
			t.Errorf("%+v ends at %s, want %s", tt.x, got, tt.want)
		}
	}
	if !(Expiry{}).Ends(late, zone).IsZero() {
		t.Error("an envelope without an expiry has an end")
	}
}

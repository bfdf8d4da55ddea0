package jobs

import (
	"slices"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers"
)

// TestRemarks: a program that enqueues learns what the commands say by the way.
func TestRemarks(t *testing.T) {
	d := newDesk(t)
	e := Envelope{Campaign: "june", ID: "529.982.247-25", Provider: "able", Signers: []providers.Signer{{Name: "Ana", Email: "ana@gmial.com", Document: "52998224725"}}}
	other := e
	other.ID, other.Signers = "7", []providers.Signer{{Name: "Bia", Email: "bia@example.com"}}
	var got []string
	for _, r := range d.Remarks(e, e, other) {
		got = append(got, r.Code)
	}
	if !slices.Equal(got, []string{"personal_ids", "doubtful_email", "doubtful_email"}) {
		t.Errorf("%v", got)
	}
	if got := d.Remarks(other); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestEndedHours: hours that are given end those that are not given again.
func TestEndedHours(t *testing.T) {
	d := newDesk(t)
	if got, err := d.EndedHours(t.Context(), "june", hours.Settings{Limit: "5/day"}); err != nil || got != nil {
		t.Errorf("of no campaign: %v %v", got, err)
	}
	d.put("able", "1", queued)
	past, ahead := time.Now().AddDate(0, 0, -2).Format(time.DateOnly), time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	for start, want := range map[string][]hours.Ended{past: {{Setting: "limit", Value: "5/day"}}, ahead: {{Setting: "start-at", Value: ahead}, {Setting: "limit", Value: "5/day"}}} {
		if err := d.SetHours(t.Context(), "june", hours.Settings{StartAt: start, Limit: "5/day", Window: "Mon-Fri 09:00-18:00", Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
		got, err := d.EndedHours(t.Context(), "june", hours.Settings{Window: "always", Zone: "UTC"})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, want %v: %v", got, want, err)
		}
	}
}

package jobs

import (
	"testing"
	"time"

	"github.com/chancela/chancela/storage/ledger"
)

func TestStalled(t *testing.T) {
	type counts = map[ledger.State]int64
	failures := ledger.Halt{Provider: "able", Failures: 5, Code: "refused"}
	first := ledger.Halt{Provider: "able", First: 2}
	for name, c := range map[string]struct {
		halts []ledger.Halt
		able  counts
		plain counts
		want  bool
	}{
		"nothing halts it":                     {nil, counts{ledger.Queued: 3}, nil, false},
		"all that is left waits":               {[]ledger.Halt{failures}, counts{ledger.Queued: 3, ledger.Failed: 5}, nil, true},
		"some are out for signature":           {[]ledger.Halt{failures}, counts{ledger.Queued: 3, ledger.Sent: 1}, nil, false},
		"some are not archived yet":            {[]ledger.Halt{failures}, counts{ledger.Queued: 3, ledger.Completed: 1}, nil, false},
		"another provider goes on":             {[]ledger.Halt{failures}, counts{ledger.Queued: 3}, counts{ledger.Queued: 1}, false},
		"another provider has ended":           {[]ledger.Halt{failures}, counts{ledger.Queued: 3}, counts{ledger.Archived: 1}, true},
		"the first are still to be sent":       {[]ledger.Halt{first}, counts{ledger.Queued: 3, ledger.Archived: 1}, nil, false},
		"one of the first was declined":        {[]ledger.Halt{first}, counts{ledger.Queued: 3, ledger.Archived: 1, ledger.Declined: 1}, nil, true},
		"the first wait, and failures halt it": {[]ledger.Halt{failures, first}, counts{ledger.Queued: 3, ledger.Failed: 1}, nil, true},
	} {
		campaign := ledger.Campaign{Name: "june", States: counts{}, Providers: map[string]counts{"able": c.able, "plain": c.plain}, Halts: c.halts}
		for _, states := range campaign.Providers {
			for state, n := range states {
				campaign.States[state] += n
			}
		}
		if stalled, err := newDesk(t).Stalled(t.Context(), campaign); err != nil || stalled != c.want {
			t.Errorf("%s: %v, %v", name, stalled, err)
		}
	}
}

// An envelope that was begun before the halt may still be asked for by its task.
func TestWhatIsUnderWayIsNotStalled(t *testing.T) {
	d := newDesk(t)
	r := d.put("able", "1", preparing)
	stalled := func(want bool) {
		t.Helper()
		c, err := d.ledger.Campaign(t.Context(), "june")
		d.must(err)
		c.Halts = []ledger.Halt{{Provider: "able", Failures: 5}}
		if is, err := d.Stalled(t.Context(), c); err != nil || is != want {
			t.Errorf("stalled: %v, %v", is, err)
		}
	}
	stalled(false)
	d.mini.FastForward(time.Hour)
	d.mini.SetTime(time.Now().Add(time.Hour))
	c, hold, _, err := d.ledger.Claim(t.Context(), r.Key(), r.Generation, time.Minute, ledger.Preparation{Provider: "able"})
	if err != nil || hold != ledger.Granted {
		t.Fatal(hold, err)
	}
	d.must(c.Park(t.Context()))
	stalled(true)
}

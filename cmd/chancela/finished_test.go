package main

import (
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

// What failed or is in doubt is not finished: somebody has to do something about it.
func TestFailuresAreNotFinished(t *testing.T) {
	states := map[ledger.State]int64{ledger.Archived: 3, ledger.Declined: 2, ledger.Failed: 4, ledger.InDoubt: 1, ledger.Sent: 5}
	if n := finished(states); n != 5 {
		t.Errorf("%d are finished, want 5", n)
	}
	s := snapshot{campaigns: []ledger.Campaign{{Name: "june", Total: 15, States: states}}}
	if got, want := s.line().String(), "5 of 15 finished, 5 sent, 3 archived, 2 declined, 4 failed, 1 in doubt"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

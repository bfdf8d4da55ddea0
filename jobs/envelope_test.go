package jobs

import (
	"slices"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

// TestStatesAreTheLedgers: who imports this package alone has every state, under its word.
func TestStatesAreTheLedgers(t *testing.T) {
	if here := []State{Queued, Preparing, Sent, Completed, Archived, Declined, Expired, Canceled, Failed, InDoubt}; !slices.Equal(here, ledger.States) {
		t.Errorf("%v, and the ledger has %v", here, ledger.States)
	}
}

package ledger

import (
	"slices"
	"strings"
	"testing"
)

// Who holds an invitation is known from the step that records the envelope, and after the
// campaign is forgotten.
func TestInvitationsAreHeld(t *testing.T) {
	l, _ := open(t)
	lease := Invitation{1}
	entry := func(campaign, id, digest string) Entry {
		return Entry{Campaign: campaign, ID: id, Provider: "certyneo", Digest: digest, State: Archived, Invitation: lease}
	}
	heldBy := func(i Invitation) []string {
		t.Helper()
		held, err := l.HeldBy(t.Context(), []Invitation{i, {2}})
		if err != nil || held[1] != nil {
			t.Fatal(held, err)
		}
		return held[0]
	}
	if held := heldBy(lease); held != nil {
		t.Errorf("held by %v", held)
	}
	for range 2 { // the second time they are known
		if _, err := l.Create(t.Context(), []Entry{entry("june", "1", "a"), entry("june", "2", "b"), entry("jun", "1", "c"), entry("may", "1", "d")}); err != nil {
			t.Fatal(err)
		}
	}
	other := entry("june", "1", "other content")
	other.Invitation = Invitation{3}
	if out, err := l.Create(t.Context(), []Entry{other}); err != nil || out[0].Verdict != Conflict {
		t.Fatal(out, err)
	}
	if held := heldBy(other.Invitation); held != nil {
		t.Errorf("an envelope that was refused is held by %v", held)
	}
	if _, err := l.Forget(t.Context(), "june", false); err != nil {
		t.Fatal(err)
	}
	if held := heldBy(lease); !slices.Equal(held, []string{"june", "jun", "may"}) {
		t.Errorf("held by %v", held)
	}
	// The ledger of another Redis has another key: the hashes tell nobody what they are of.
	keys, err := l.db.Keys(t.Context(), prefix+"invited:*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	fields, err := l.db.HKeys(t.Context(), keys[0]).Result()
	if err != nil || len(fields) != 1 || strings.Contains(fields[0], string(lease[:8])) {
		t.Error(fields, err)
	}
	if _, field := lease.slot([]byte("another key")); field == fields[0] {
		t.Errorf("%x does not depend on the key", field)
	}
}

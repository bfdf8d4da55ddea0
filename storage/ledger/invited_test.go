package ledger

import (
	"slices"
	"strconv"
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
	heldBy := func(i Invitation) (campaigns []string) {
		t.Helper()
		held, err := l.HeldBy(t.Context(), []Invitation{i, {2}})
		if err != nil || held[1] != nil {
			t.Fatal(held, err)
		}
		for _, h := range held[0] {
			if !h.Unsent {
				campaigns = append(campaigns, h.Campaign+":"+h.ID)
			}
		}
		return campaigns
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
	if _, err := forget(t, l, false); err != nil {
		t.Fatal(err)
	}
	if held := heldBy(lease); !slices.Equal(held, []string{"june:1", "june:2", "jun:1", "may:1"}) {
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

// An envelope that has ended without reaching anybody holds nothing against a second try;
// what may have reached people does.
func TestInvitationsThatWereNeverSent(t *testing.T) {
	for _, c := range []struct {
		name   string
		state  State
		fields map[string]string
		unsent bool
	}{
		{"queued", Queued, nil, false},
		{"canceled in the queue", Canceled, nil, true},
		{"failed", Failed, nil, true},
		{"expired in the queue", Expired, nil, true},
		{"canceled once sent", Canceled, map[string]string{fieldSentAt: "1"}, false},
		{"declined", Declined, map[string]string{fieldSentAt: "1"}, false},
		{"failed in the archive", Failed, map[string]string{fieldSentAt: "1"}, false},
		{"in doubt", InDoubt, map[string]string{fieldIntentAt: "1"}, false},
		{"ended with an intent", Canceled, map[string]string{fieldIntentAt: "1"}, false},
		{"archived", Archived, nil, false},
		{"forgotten in doubt", Canceled, map[string]string{fieldErrorCode: CodeForgotten, fieldError: forgotten + string(InDoubt)}, false},
		{"forgotten, failed", Canceled, map[string]string{fieldErrorCode: CodeForgotten, fieldError: forgotten + string(Failed)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, _ := open(t)
			e := Entry{Campaign: "june", ID: "1", Provider: "certyneo", Digest: "a", State: c.state, Invitation: Invitation{1}}
			if _, err := l.Create(t.Context(), []Entry{e}); err != nil {
				t.Fatal(err)
			}
			if err := writeRecord(t.Context(), l, get(t, l, "1"), change{Set: c.fields}); err != nil {
				t.Fatal(err)
			}
			held, err := l.HeldBy(t.Context(), []Invitation{{1}})
			if err != nil || len(held[0]) != 1 || held[0][0] != (Holder{"june", "1", c.unsent}) {
				t.Error(held, err)
			}
		})
	}
}

// A campaign that asks the same people for the same thing by the thousand takes no room by
// the thousand.
func TestInvitationsHeldManyTimes(t *testing.T) {
	l, _ := open(t)
	var entries []Entry
	for i := range 50 {
		entries = append(entries, Entry{Campaign: "june", ID: strconv.Itoa(i), Provider: "certyneo", Digest: "a", State: Canceled, Invitation: Invitation{1}})
	}
	if _, err := l.Create(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	held, err := l.HeldBy(t.Context(), []Invitation{{1}})
	if err != nil || len(held[0]) != 9 || held[0][8] != (Holder{Campaign: "june"}) {
		t.Error(held, err)
	}
}

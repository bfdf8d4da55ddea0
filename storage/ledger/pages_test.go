package ledger

import (
	"fmt"
	"slices"
	"testing"
)

// TestPagesOfAnySizeNameTheSame: a page that takes whole hashes of ids, and one that takes a few of each, are the
// same envelopes in the same order; of a state, too.
func TestPagesOfAnySizeNameTheSame(t *testing.T) {
	l, _ := open(t)
	var entries []Entry
	var all, every []string
	for i := range 300 {
		e := Entry{Campaign: "june", ID: fmt.Sprintf("%04d", i), Provider: "certyneo", Digest: fmt.Sprint(i), State: Queued}
		if i%2 == 1 {
			e.State = Archived
			every = append(every, "june/"+e.ID)
		}
		all, entries = append(all, "june/"+e.ID), append(entries, e)
	}
	if _, err := l.Create(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		states []State
		want   []string
	}{{nil, all}, {[]State{Archived}, every}} {
		for _, n := range []int{7, manyOfChunk, 130, 1000} {
			var got []string
			for cursor := ""; ; {
				keys, next, err := l.Keys(t.Context(), "june", x.states, cursor, n)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, keys...)
				if cursor = next; next == "" {
					break
				}
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("pages of %d: %d envelopes of %v, want %d", n, len(got), x.states, len(x.want))
			}
		}
	}
}

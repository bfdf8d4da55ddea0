package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// batch creates envelopes whose tasks follow.
func batch(t *testing.T, l *Ledger, n int) (b Batch) {
	t.Helper()
	var entries []Entry
	for i := range n {
		entries = append(entries, Entry{Campaign: "june", ID: fmt.Sprint(i), Provider: "certyneo", Digest: "d", State: Queued, SweepAfter: SweepAfter, TaskFollows: true})
	}
	made, err := l.Create(t.Context(), entries)
	if err != nil || made[0].Batch == (Batch{}) {
		t.Fatal(made, err)
	}
	return made[0].Batch
}

// stand tells how many envelopes are counted as carried, and which are due for work.
func stand(t *testing.T, l *Ledger) string {
	t.Helper()
	n, err := l.CarriedCount(t.Context(), "certyneo")
	if err != nil {
		t.Fatal(err)
	}
	due, err := l.Take(t.Context(), Work, "certyneo", 999, 0)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(due)
	return fmt.Sprint(n, due)
}

func abandoned(t *testing.T, l *Ledger) bool {
	t.Helper()
	found, err := l.Abandoned(t.Context(), "certyneo")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Envelopes whose tasks follow are counted, once, when they have them, however far workers are.
func TestBatchIsCounted(t *testing.T) {
	l, clock := open(t)
	b := batch(t, l, 3)
	if s := stand(t, l); s != "0 []" {
		t.Errorf("without tasks: %s", s)
	}
	done := claim(t, l, "0", 1)
	write(t, done, change{To: Canceled, Index: none, Release: true})
	for range 2 {
		if err := l.Batched(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if s := stand(t, l); s != "2 []" {
			t.Errorf("with tasks: %s", s)
		}
	}
	clock.forward(time.Hour)
	if abandoned(t, l) {
		t.Error("a batch with tasks was abandoned")
	}
}

// A batch whose maker died between records and tasks is looked after envelope by envelope: but for those that a
// worker has met.
func TestBatchIsAbandoned(t *testing.T) {
	l, clock := open(t)
	b := batch(t, l, 200)
	if abandoned(t, l) {
		t.Error("abandoned at once")
	}
	for i := range 198 {
		write(t, claim(t, l, fmt.Sprint(i), 1), change{To: Canceled, Index: none, Release: true})
	}
	clock.forward(SweepAfter + time.Second)
	if !abandoned(t, l) || abandoned(t, l) {
		t.Error("want one batch")
	}
	for range 2 {
		if s := stand(t, l); s != "0 [june/198 june/199]" {
			t.Error(s)
		}
		if err := l.Batched(t.Context(), b); err != nil { // whoever comes too late counts nothing
			t.Fatal(err)
		}
	}
}

// What an operation has brought to work is a batch, too; what a worker holds stays in the index.
func TestBatchOfAnOperation(t *testing.T) {
	l, clock := open(t)
	for _, id := range []string{"held", "waits", "other"} {
		create(t, l, id)
	}
	write(t, claim(t, l, "other", 1), change{To: Archived, Index: none, Release: true})
	for _, id := range []string{"held", "waits"} {
		write(t, claim(t, l, id, 1), change{To: Sent, Index: Look, Due: time.Hour, Release: true})
	}
	if err := writeRecord(t.Context(), l, get(t, l, "held"), change{Index: Work, Set: map[string]string{fieldClaim: "x", fieldClaimUntil: "99999999999999"}}); err != nil {
		t.Fatal(err)
	}
	o, err := l.BeginOperation(t.Context(), "june", CancelAll, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	held, err := l.TakeOperation(t.Context(), o.ID, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p, err := held.Page(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	records, batches, err := held.Do(t.Context(), p, lanes)
	if err != nil || len(records) != 2 || len(batches) != 1 {
		t.Fatal(records, batches, err)
	}
	clock.forward(SweepAfter + time.Second)
	if s := stand(t, l); s != "0 [june/held]" {
		t.Error(s)
	}
	if !abandoned(t, l) {
		t.Error("the batch is not known")
	}
	if s := stand(t, l); s != "0 [june/held june/waits]" {
		t.Error(s)
	}
}

// What its maker took for known, and is not, is recorded whole.
func TestKnownOrNotTheContentIsThere(t *testing.T) {
	l, _ := open(t)
	content := []byte(`{"campaign":"june","id":"1","provider":"certyneo","subject":"Lease of the house","signers":[{"name":"Ana Prova da Silva"}]}`)
	for i, known := range []bool{true, false, true} {
		e := Entry{Campaign: "june", ID: fmt.Sprint(i / 2), Provider: "certyneo", Digest: "d", State: Queued, Known: known, Content: Content{Envelope: content}}
		if _, err := l.Create(t.Context(), []Entry{e}); err != nil {
			t.Fatal(err)
		}
		if r := get(t, l, e.ID); string(r.Envelope) != string(content) {
			t.Errorf("%s", r.Envelope)
		}
	}
}

// Two batches of the same envelopes are two: each is counted when it has its tasks, or looked after.
func TestBatchesOfTheSameEnvelopes(t *testing.T) {
	l, clock := open(t)
	first := batch(t, l, 3)
	for i := range 3 {
		write(t, claim(t, l, fmt.Sprint(i), 1), change{To: Sent, Index: Look, Due: time.Hour, Release: true})
	}
	o, err := l.BeginOperation(t.Context(), "june", CancelAll, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	held, err := l.TakeOperation(t.Context(), o.ID, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p, err := held.Page(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := held.Do(t.Context(), p, lanes); err != nil {
		t.Fatal(err)
	}
	if err := l.Batched(t.Context(), first); err != nil { // its maker was slow
		t.Fatal(err)
	}
	if s := stand(t, l); s != "0 []" {
		t.Errorf("with the tasks of the first: %s", s)
	}
	clock.forward(SweepAfter + time.Second) // and that of the second has died
	if !abandoned(t, l) {
		t.Error("the second batch is not known")
	}
	if s := stand(t, l); s != "0 [june/0 june/1 june/2]" {
		t.Error(s)
	}
}

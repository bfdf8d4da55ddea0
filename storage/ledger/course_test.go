package ledger

import (
	"fmt"
	"testing"
	"time"
)

func course(t *testing.T, l *Ledger) []Moment {
	t.Helper()
	c, err := l.Course(t.Context(), "june")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCourse(t *testing.T) {
	l, clock := open(t)
	begin := clock.at
	create(t, l, "1")
	create(t, l, "2")
	clock.forward(10 * time.Second)
	write(t, claim(t, l, "1", 1), change{To: Preparing, Release: true})
	write(t, claim(t, l, "1", 1), change{To: Sent, Release: true})
	c := course(t, l)
	if len(c) != 2 || !c[0].At.Equal(begin.Add(time.Second)) || !c[1].At.Equal(begin.Add(11*time.Second)) {
		t.Fatalf("%v", c)
	}
	if c[0].Groups[GroupWaiting] != 2 || c[1].Groups[GroupWaiting] != 1 || c[1].Groups[GroupSent] != 1 {
		t.Errorf("%v", c)
	}
}

// TestCourseOfALongLife: a month with a change an hour keeps 240 moments at most, and loses
// no envelope on the way.
func TestCourseOfALongLife(t *testing.T) {
	l, clock := open(t)
	const hours = 24 * 31
	for i := range hours {
		create(t, l, fmt.Sprint(i))
		clock.forward(time.Hour)
	}
	c := course(t, l)
	if last := c[len(c)-1]; len(c) > 240 || len(c) < 100 || last.Groups[GroupWaiting] != hours || last.At.After(clock.at.Add(8*time.Hour)) {
		t.Errorf("%d moments, the last %v", len(c), c[len(c)-1])
	}
	for i := 1; i < len(c); i++ {
		if c[i].Groups[GroupWaiting] < c[i-1].Groups[GroupWaiting] {
			t.Fatalf("%v comes after %v", c[i], c[i-1])
		}
	}
}

func TestCourseOfAnOlderCampaign(t *testing.T) {
	l, _ := open(t)
	create(t, l, "1")
	if err := l.db.Del(t.Context(), courseKey("june")).Err(); err != nil {
		t.Fatal(err)
	}
	create(t, l, "2")
	if c := course(t, l); len(c) != 0 {
		t.Errorf("%v", c)
	}
}

func TestBlames(t *testing.T) {
	l, _ := open(t)
	for _, id := range []string{"1", "2", "3"} {
		create(t, l, id)
	}
	fail := func(id, code string, generation int64) {
		t.Helper()
		if err := claim(t, l, id, generation).Fail(t.Context(), 1, Reason{Code: code, Message: "no"}); err != nil {
			t.Fatal(err)
		}
	}
	fail("1", "bad_phone", 1)
	fail("2", "bad_phone", 1)
	fail("3", "no_credit", 1)
	all, err := l.Blames(t.Context(), "june")
	if err != nil || len(all) != 2 || all[0] != (Blame{"certyneo", Failed, "bad_phone", 2, "2"}) || all[1] != (Blame{"certyneo", Failed, "no_credit", 1, "3"}) {
		t.Fatalf("%v %v", all, err)
	}
	if err := l.Requeue(t.Context(), get(t, l, "3"), ""); err != nil {
		t.Fatal(err)
	}
	if all, _ = l.Blames(t.Context(), "june"); len(all) != 1 {
		t.Errorf("a retried envelope is still among them: %v", all)
	}
}

// TestBlamesAreBounded: a provider that makes up codes fills no memory, and what it made up
// goes as it came.
func TestBlamesAreBounded(t *testing.T) {
	l, _ := open(t)
	for i := range 510 {
		id := fmt.Sprint(i)
		create(t, l, id)
		if err := claim(t, l, id, 1).Fail(t.Context(), 1, Reason{Code: "code" + id, Message: "no"}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := l.Blames(t.Context(), "june")
	if err != nil || len(all) != 501 || all[0].Code != "*" || all[0].Envelopes != 10 {
		t.Fatalf("%d kinds, the first %v: %v", len(all), all[0], err)
	}
	for i := range 510 {
		if err := l.Requeue(t.Context(), get(t, l, fmt.Sprint(i)), ""); err != nil {
			t.Fatal(err)
		}
	}
	if all, _ = l.Blames(t.Context(), "june"); len(all) != 0 {
		t.Errorf("%v is left", all)
	}
}

// TestPageOfSeveralStates keeps the order in which envelopes were enqueued, and misses none.
func TestPageOfSeveralStates(t *testing.T) {
	l, _ := open(t)
	for i := range 9 {
		create(t, l, fmt.Sprint(i))
		if i%2 == 0 {
			if err := claim(t, l, fmt.Sprint(i), 1).Fail(t.Context(), 1, Reason{Code: "no", Message: "no"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, cursor := "", ""
	for range 9 {
		page, next, err := l.PageOf(t.Context(), "june", []State{Failed, Queued}, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			all += r.ID
		}
		if cursor = next; next == "" {
			break
		}
	}
	if all != "012345678" {
		t.Errorf("the pages have %s", all)
	}
}

func TestCampaignsBefore(t *testing.T) {
	l, clock := open(t)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := l.Create(t.Context(), []Entry{{Campaign: name, ID: "1", Provider: "certyneo", Digest: "d", State: Queued}}); err != nil {
			t.Fatal(err)
		}
		clock.forward(time.Second)
	}
	first, err := l.CampaignsBefore(t.Context(), "", time.Time{}, 2)
	if err != nil || fmt.Sprint(first) != "[c b]" {
		t.Fatalf("%v %v", first, err)
	}
	if rest, err := l.CampaignsBefore(t.Context(), "b", time.Time{}, 2); err != nil || fmt.Sprint(rest) != "[a]" {
		t.Errorf("%v %v", rest, err)
	}
}

func TestSkim(t *testing.T) {
	l, _ := open(t)
	create(t, l, "1")
	create(t, l, "2")
	first, next, err := l.Skim(t.Context(), "june", []State{Queued}, "", 1)
	if err != nil || len(first) != 1 || first[0].ID != "1" || first[0].Provider != "certyneo" || string(first[0].Envelope) != `{"id":"1"}` || next == "" {
		t.Fatalf("%v %q %v", first, next, err)
	}
	second, _, err := l.Skim(t.Context(), "june", []State{Queued, Failed}, next, 1)
	if err != nil || len(second) != 1 || second[0].ID != "2" {
		t.Fatalf("%v %v", second, err)
	}
}

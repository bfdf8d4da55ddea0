package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// TestUnkept: a campaign is named when something was canceled that was not sent, until the archive knows all of it.
func TestUnkept(t *testing.T) {
	l, c := open(t)
	named := func() []string {
		t.Helper()
		c.forward(time.Minute)
		names, err := l.TakeUnkept(t.Context(), 10, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	next := func(u *Unkept) (ids []string) {
		t.Helper()
		for more := true; more; {
			records, goesOn, err := u.Next(t.Context(), 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				ids = append(ids, r.ID)
			}
			more = goesOn
		}
		return ids
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	every(t, l)
	if names := named(); fmt.Sprint(names) != "[june]" { // every has canceled one
		t.Fatalf("%v", names)
	}
	u, err := l.Unkept(t.Context(), "june")
	must(err)
	if ids := next(u); fmt.Sprint(ids) != "[canceled]" || u.Canceling {
		t.Errorf("%v", ids)
	}
	must(l.CancelQueued(t.Context(), create(t, l, "meanwhile")))
	must(u.Kept(t.Context()))
	must(u.End(t.Context(), false, time.Second))
	if names := named(); fmt.Sprint(names) != "[june]" {
		t.Fatalf("what was canceled meanwhile is forgotten: %v", names)
	}
	for range 40 { // over the borders of bytes
		must(l.CancelQueued(t.Context(), create(t, l, fmt.Sprint("more-", c.at.UnixNano()))))
		c.forward(time.Second)
	}
	u, err = l.Unkept(t.Context(), "june")
	must(err)
	if ids := next(u); len(ids) != 41 || ids[0] != "meanwhile" {
		t.Errorf("%v", ids)
	}
	must(u.Kept(t.Context()))
	must(u.End(t.Context(), true, time.Second))
	if names := named(); fmt.Sprint(names) != "[june]" {
		t.Errorf("put off, and named no more: %v", names)
	}
	u, err = l.Unkept(t.Context(), "june")
	must(err)
	if ids := next(u); len(ids) > 0 {
		t.Errorf("told twice: %v", ids)
	}
	must(u.End(t.Context(), false, time.Second))
	if names := named(); len(names) > 0 {
		t.Errorf("named for ever: %v", names)
	}
	// What was sent has its mark.
	r := get(t, l, string(Sent))
	must(l.AskCancel(t.Context(), r, ""))
	must(claim(t, l, r.ID, get(t, l, r.ID).Generation).Cancel(t.Context()))
	if err := l.db.ZScore(t.Context(), prefix+"unkept", "june").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("for what was sent the archive is to be told: %v", err)
	}
}

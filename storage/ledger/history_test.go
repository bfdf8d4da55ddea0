package ledger

import (
	"fmt"
	"testing"
	"time"
)

// TestFailures keeps each kind once, the newest first, and not without end.
func TestFailures(t *testing.T) {
	l, clock := open(t)
	fail := func(code string) {
		t.Helper()
		clock.forward(time.Second)
		if err := l.SetTrouble(t.Context(), "sdoc", Trouble{State: Failing, Kind: "transient", Code: code, Op: "POST /file", Status: 500}, 0); err != nil {
			t.Fatal(err)
		}
	}
	fail("a")
	fail("b")
	fail("a")
	all, err := l.Failures(t.Context(), "sdoc")
	if err != nil || len(all) != 2 || all[0].Code != "a" || all[0].Times != 2 || all[0].Status != "500" || !all[0].At.Equal(clock.at) || all[1].Code != "b" {
		t.Fatalf("%+v %v", all, err)
	}
	for i := range 40 {
		fail(fmt.Sprint(i))
	}
	if all, err = l.Failures(t.Context(), "sdoc"); err != nil || len(all) != 20 || all[0].Code != "39" {
		t.Errorf("%d failures: %v", len(all), err)
	}
}

func TestCallbacks(t *testing.T) {
	l, clock := open(t)
	for _, result := range []string{"taken", "taken", "forged"} {
		if err := l.CountCallback(t.Context(), "sdoc", result); err != nil {
			t.Fatal(err)
		}
	}
	c, err := l.Callbacks(t.Context(), "sdoc")
	if err != nil || c.Count["taken"] != 2 || c.Count["forged"] != 1 || len(c.Count) != 2 || !c.Last["taken"].Equal(clock.at) {
		t.Errorf("%v %v", c, err)
	}
}

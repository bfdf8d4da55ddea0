package worker

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

func TestAListOfIDsGoesOn(t *testing.T) {
	w := newWorld(t, "certyneo")
	for _, id := range []string{"1", "2", "3"} {
		w.enqueue(id)
	}
	w.step(providers.Key{Campaign: "crash", ID: "2"}) // sent: Certyneo cannot withdraw it
	res, err := w.client.Cancel(t.Context(), "crash", "3", "2", "none", "1", "2")
	if !errors.Is(err, jobs.ErrNotNow) || !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if res.Done != 2 || res.NotDone() != 2 || len(res.Refused) != 2 {
		t.Fatalf("%+v", res)
	}
	for _, x := range res.Refused {
		want := map[string]string{"unsupported": "2", "not_found": "none"}[x.Reason]
		if x.Envelopes != 1 || !slices.Equal(x.IDs, []string{want}) {
			t.Errorf("%+v", x)
		}
	}
	w.state(providers.Key{Campaign: "crash", ID: "1"}, ledger.Canceled)
	w.state(providers.Key{Campaign: "crash", ID: "3"}, ledger.Canceled)
	w.state(providers.Key{Campaign: "crash", ID: "2"}, ledger.Sent)

	// For a whole campaign a refusal is part of the answer.
	res, err = w.client.CancelAll(t.Context(), "crash")
	if err != nil || res.Done != 0 || res.NotDone() != 3 || len(res.Refused) != 2 {
		t.Errorf("%+v %v", res, err)
	}
	if _, err := w.client.CancelAll(t.Context(), "july"); !errors.Is(err, ledger.ErrNotFound) {
		t.Error(err)
	}
}

func TestFewGoAheadOfMany(t *testing.T) {
	const few = 20 // of one operation go ahead of everything else
	w := newWorld(t, "certyneo")
	n := few + 5
	for i := range n {
		k := w.enqueue(fmt.Sprint(i))
		c, _, _, err := w.client.Ledger().Claim(t.Context(), k.String(), 1, Lease, ledger.Preparation{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Fail(t.Context(), 1, ledger.Reason{Code: "invalid", Message: "refused"}); err != nil {
			t.Fatal(err)
		}
	}
	if res, err := w.client.RetryAll(t.Context(), "crash"); err != nil || res.Done != n {
		t.Fatal(res, err)
	}
	depths, err := w.client.TaskQueue().Depths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	have := map[pace.Class]int{}
	for _, d := range depths {
		have[d.Class] = d.Tasks
	}
	if have[pace.Steer] != few || have[queue.Bulk] != 5 {
		t.Errorf("%v", have)
	}
	for i := range n { // the sweeper finds them where they are
		if carried, _, err := w.client.TaskQueue().Carried(w.record(providers.Key{Campaign: "crash", ID: fmt.Sprint(i)})); err != nil || !carried {
			t.Fatalf("%d is not carried: %v", i, err)
		}
	}
}

// Nothing that invites shares its handlers with steering or archiving.
func TestCrews(t *testing.T) {
	seen := map[pace.Class]int{}
	for _, c := range crews(1) {
		if c.size < 1 {
			t.Errorf("%+v", c)
		}
		for class := range c.queues {
			seen[class]++
			if apart := class == pace.Steer || class == pace.Fetch; apart && len(c.queues) != 1 {
				t.Errorf("%s shares its handlers: %v", class, c.queues)
			}
		}
	}
	for _, class := range queue.Classes {
		if seen[class] != 1 {
			t.Errorf("%s is worked by %d", class, seen[class])
		}
	}
}

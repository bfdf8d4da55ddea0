package jobs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// Who died with an operation in hand is replaced by any process, which puts the tasks on the queue
// that the dead one has not.
func TestOperationsAreCarriedOn(t *testing.T) {
	d := newDesk(t)
	for i := range 30 {
		d.put("able", fmt.Sprintf("%02d", i), sent)
	}
	o, err := d.Begin(t.Context(), "june", ledger.RemindAll, "crm")
	d.must(err)
	held, err := d.ledger.TakeOperation(t.Context(), o.ID, operationLease)
	d.must(err)
	p, err := held.Page(t.Context(), 10)
	d.must(err)
	_, err = held.Do(t.Context(), p, operationLanes)
	d.must(err)
	d.mini.SetTime(time.Now().Add(2 * operationLease))

	ctx, stop := context.WithCancel(t.Context())
	carried := make(chan error)
	go func() { carried <- d.CarryOperations(ctx) }()
	for o.Ended.IsZero() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
		o, err = d.Operation(t.Context(), o.ID)
		d.must(err)
	}
	stop()
	d.must(<-carried)
	if o.Done != 30 || o.Seen != 30 || len(o.Refused) != 0 {
		t.Errorf("%+v", o)
	}
	if n := d.waiting("able", pace.Steer) + d.waiting("able", "bulk"); n != 20 {
		t.Errorf("%d reminders wait", n)
	}
}

// Start answers although another process holds the operation.
func TestStartWaitsForAMomentOnly(t *testing.T) {
	d := newDesk(t)
	d.put("able", "1", failed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o, err := d.Start(ctx, "june", ledger.RetryAll, "crm")
	if err == nil || o.ID != "" {
		t.Errorf("begun under a context that has ended: %+v %v", o, err)
	}
	o, err = d.Start(t.Context(), "june", ledger.RetryAll, "crm")
	if err != nil || o.Ended.IsZero() || o.Result.Done != 1 {
		t.Errorf("%+v %v", o, err)
	}
}

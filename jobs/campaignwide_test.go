package jobs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/queue"
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
	_, _, err = held.Do(t.Context(), p, operationLanes)
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

// Reports come in the order of the campaign, however many pages are read at once, and end with the
// first error.
func TestReportsKeepTheirOrder(t *testing.T) {
	d := newDesk(t)
	var entries []ledger.Entry
	for i := range 3*reportsAtOnce + 7 {
		entries = append(entries, ledger.Entry{Campaign: "june", ID: fmt.Sprintf("%04d", i), Provider: "able", Digest: "d", State: ledger.Queued,
			Content: ledger.Content{Envelope: []byte(`{"subject":"Lease"}`)}})
	}
	_, err := d.ledger.Create(t.Context(), entries)
	d.must(err)
	next := 0
	for r, err := range d.Reports(t.Context(), "june") {
		d.must(err)
		if want := fmt.Sprintf("%04d", next); r.ID != want || r.Subject != "Lease" {
			t.Fatalf("%+v, want %s", r, want)
		}
		next++
	}
	if next != len(entries) {
		t.Errorf("%d reports", next)
	}
	for r, err := range d.Reports(t.Context(), "june", ledger.Failed) {
		t.Error(r, err)
	}
	d.must(d.Client.Ledger().Redis().Set(t.Context(), "{chancela}:b:june/0300", "no blob", 0).Err())
	read := 0
	for _, err = range d.Reports(t.Context(), "june") {
		if err == nil {
			read++
		}
	}
	if err == nil || read > 300 {
		t.Errorf("%d reports, then %v", read, err)
	}
}

// TestTasksAreThereWhenAnOperationHasEnded: the tasks of a page are put on the queue while the next page is done, and all
// of them are there, or what kept one from it is said, when the last page is done.
func TestTasksAreThereWhenAnOperationHasEnded(t *testing.T) {
	d := newDesk(t)
	var entries []ledger.Entry
	for i := range 2*operationPage + 5 {
		entries = append(entries, ledger.Entry{Campaign: "june", ID: fmt.Sprintf("%04d", i), Provider: "able", Digest: "d", State: ledger.Failed})
	}
	_, err := d.ledger.Create(t.Context(), entries)
	d.must(err)
	res, err := d.RetryAll(t.Context(), "june")
	d.must(err)
	if n := d.waiting("able", pace.Steer) + d.waiting("able", "bulk"); n != len(entries) || res.Done != n {
		t.Errorf("%d of %d tasks when %d were retried", n, len(entries), res.Done)
	}
	redis := d.Client.Ledger().Redis()
	for i := range entries {
		entries[i].Campaign = "july"
	}
	_, err = d.ledger.Create(t.Context(), entries[:operationPage/2])
	d.must(err)
	for _, class := range queue.Classes {
		key := "asynq:{" + queue.Name("able", class) + "}:pending"
		d.must(redis.Del(t.Context(), key).Err())
		d.must(redis.Set(t.Context(), key, "no list", 0).Err())
	}
	if _, err := d.RetryAll(t.Context(), "july"); err == nil {
		t.Error("the tasks of the last page are not on the queue, and nobody is told")
	}
}

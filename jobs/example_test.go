package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"

	"github.com/alicebob/miniredis/v2"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/ledger"
)

// A program has a client by two addresses. Workers elsewhere (chancela work) do the rest.
func ExampleOpen() {
	ctx := context.Background()
	client, err := jobs.Open(ctx, "redis://localhost:6379/0", "s3://contracts/2026")
	if err != nil {
		log.Fatal(err) // also when this Redis could forget an envelope
	}
	defer client.Close()
	_, err = client.Enqueue(ctx, jobs.Envelope{Campaign: "leases-june", ID: "0001", Provider: "certyneo", Subject: "Lease of flat 11",
		Template: "tpl_lease", Signers: []jobs.Signer{{Name: "Aurora Dália", Email: "aurora@example.com"}}})
	if err != nil {
		log.Fatal(err)
	}
}

// One machine needs no Redis of its own: the program redis-server runs in a folder, which the
// chancela processes of this machine share.
func ExampleOpen_oneMachine() {
	client, err := jobs.Open(context.Background(), "local:/var/lib/leases/redis", "/var/lib/leases/archive")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close() // redis-server ends with the last of them
}

// A service enqueues an envelope under its own key; enqueuing it again sends nothing.
// Workers (chancela work, or a worker.Worker) do the rest.
func ExampleClient_Enqueue() {
	ctx := context.Background()
	client, done := newClient(ctx)
	defer done()

	lease := []byte("%PDF-1.7 <</Type/Page>> ... %%EOF\n")
	envelope := jobs.Envelope{
		Campaign: "leases-june", ID: "0001", Provider: "certyneo", Subject: "Lease of flat 11",
		Documents: []jobs.Document{{Name: "lease.pdf", Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(lease)), nil
		}}},
		Signers: []jobs.Signer{{Name: "Aurora Dália", Email: "aurora@example.com"}},
		Meta:    map[string]string{"order": "A-14"},
	}
	for range 2 {
		accepted, err := client.Enqueue(ctx, envelope)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(accepted.Key, accepted.State, "new:", accepted.New)
	}
	report, err := client.Get(ctx, envelope.Key())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.State, report.Meta["order"])
	// Output:
	// leases-june/0001 queued new: true
	// leases-june/0001 queued new: false
	// queued A-14
}

// What is wrong with an envelope comes back all at once, by field.
func ExampleClient_Check() {
	ctx := context.Background()
	client, done := newClient(ctx)
	defer done()

	err := client.Check(ctx, &jobs.Envelope{Campaign: "leases-june", ID: "0002", Provider: "certyneo", Template: "tpl_lease",
		Signers: []jobs.Signer{{Name: "Aurora Dália", Email: "aurora at example"}}})
	for _, problem := range err.(jobs.Problems) {
		fmt.Println(problem.Field)
	}
	// Output:
	// subject
	// signer1.email
}

// Watch gives the report at every change of state.
func ExampleClient_Watch() {
	ctx := context.Background()
	client, done := newClient(ctx)
	defer done()

	envelope := jobs.Envelope{Campaign: "leases-june", ID: "0003", Provider: "certyneo", Subject: "Lease of flat 13", Template: "tpl_lease",
		Signers: []jobs.Signer{{Name: "Aurora Dália", Email: "aurora@example.com"}}}
	if _, err := client.Enqueue(ctx, envelope); err != nil {
		log.Fatal(err)
	}
	for report, err := range client.Watch(ctx, envelope.Key()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(report.State)
		if report.State == jobs.Queued {
			if _, err := client.Cancel(ctx, "leases-june", "0003"); err != nil {
				log.Fatal(err)
			}
		}
	}
	// Output:
	// queued
	// canceled
}

// A campaign whose envelopes come from elsewhere is checked and enqueued as it is read; then it is
// steered by ids, or as a whole.
func ExampleClient_EnqueueAll() {
	ctx := context.Background()
	client, done := newClient(ctx)
	defer done()

	sum, err := client.EnqueueAll(ctx, "leases-july", func(yield func(jobs.Envelope, error) bool) {
		for _, id := range []string{"0001", "0002", "0003"} {
			e := jobs.Envelope{Campaign: "leases-july", ID: id, Provider: "certyneo", Subject: "Lease " + id, Template: "tpl_lease",
				Signers: []jobs.Signer{{Name: "Aurora Dália", Email: "aurora@example.com"}}}
			if !yield(e, nil) {
				return
			}
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum.New, "new")
	var wrong []string // none
	_, err = client.Cancel(ctx, "leases-july", wrong...)
	fmt.Println(errors.Is(err, jobs.ErrNoIDs))
	all, err := client.CancelAll(ctx, "leases-july")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(all.Done, "canceled")
	// Output:
	// 3 new
	// true
	// 3 canceled
}

// newClient is what the examples that run have in the place of [jobs.Open]: a Redis in
// this process, which keeps nothing.
func newClient(ctx context.Context) (client *jobs.Client, done func()) {
	m, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "archive")
	if err != nil {
		log.Fatal(err)
	}
	db, err := queue.Connect("redis://"+m.Addr(), nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err := storage.Open(ctx, folder) // or s3://bucket/prefix
	if err != nil {
		log.Fatal(err)
	}
	provider, err := certyneo.New(rest.Settings{}) // only its Check is used here: no key is needed
	if err != nil {
		log.Fatal(err)
	}
	client = jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: store,
		Providers: []providers.Provider{provider}, Log: slog.New(slog.DiscardHandler)})
	return client, func() {
		db.Close()
		m.Close()
		os.RemoveAll(folder)
	}
}

package worker

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// The ledger has an envelope's id as soon as its people were invited. The archive has it beside
// the mark for the time after a lost ledger: at once where the provider could not be asked for
// it, else a minute later, from [Worker.keepIDs]. Most of what is archived by then needs it
// no more: the manifest has it.

const (
	// idsAfter is how long an id that its provider can be asked for waits.
	idsAfter = time.Minute
	// idsEvery is how often those that have waited are written.
	idsEvery = time.Second
	// idsAtOnce is how many are written at the same time.
	idsAtOnce = 8
	// idsLast bounds how long a worker that ends writes the others.
	idsLast = 5 * time.Second
	// keepTries is how often an id is tried to be kept in the archive.
	keepTries = 3
)

// ids are those that wait.
type ids struct {
	mu      sync.Mutex
	waiting map[providers.Key]waitingID
}

type waitingID struct {
	sent  marks.Sent
	since time.Time
	tries int
}

func (i *ids) add(k providers.Key, id waitingID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.waiting == nil {
		i.waiting = map[providers.Key]waitingID{}
	}
	i.waiting[k] = id
}

// drop forgets an id that the archive has otherwise.
func (i *ids) drop(k providers.Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.waiting, k)
}

// take removes and returns those that wait since then or longer.
func (i *ids) take(then time.Time) map[providers.Key]waitingID {
	i.mu.Lock()
	defer i.mu.Unlock()
	due := map[providers.Key]waitingID{}
	for k, id := range i.waiting {
		if !id.since.After(then) {
			due[k] = id
			delete(i.waiting, k)
		}
	}
	return due
}

// keepID has the archive told under which id people were invited; wait waits for what is
// written at once, beside the ledger. It is not said that it failed: then the provider is asked.
func (w *Worker) keepID(ctx context.Context, r *ledger.Record, in ledger.Invited) (wait func()) {
	if w.cfg.Marks == nil || in.EnvelopeID == "" {
		return func() {}
	}
	at := in.SentAt
	if at.IsZero() {
		at = time.Now()
	}
	k := providers.Key{Campaign: r.Campaign, ID: r.ID}
	id := waitingID{since: time.Now(), sent: marks.Sent{Provider: r.Provider, EnvelopeID: in.EnvelopeID, Steps: in.Steps, At: at.UTC().Truncate(time.Millisecond)}}
	if w.configs[r.Provider].Provider.Info().SettleAll {
		w.ids.add(k, id)
		return func() {}
	}
	ctx, done := detached(ctx), make(chan struct{})
	go func() {
		defer close(done)
		for !w.writeID(ctx, k, &id) {
			select {
			case <-time.After(time.Duration(id.tries) * time.Second):
			case <-w.stopping.Done():
				w.ids.add(k, id) // with the last ones
				return
			}
		}
	}()
	return func() { <-done }
}

// writeID tells whether an id needs no further try.
func (w *Worker) writeID(ctx context.Context, k providers.Key, id *waitingID) (over bool) {
	err := w.cfg.Marks.Send(ctx, k.Campaign, k.ID, id.sent)
	if err == nil {
		return true
	}
	id.tries++
	w.log.WarnContext(ctx, "an envelope's id is not in the archive", "campaign", k.Campaign, "id", k.ID, "provider", id.sent.Provider, "error", err)
	return id.tries == keepTries
}

// keepIDs writes ids that have waited, until the context ends.
func (w *Worker) keepIDs(ctx context.Context) {
	tick := time.NewTicker(idsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.writeIDs(detached(ctx), time.Now().Add(-idsAfter))
		}
	}
}

// keepLastIDs writes what still waits when the worker ends.
func (w *Worker) keepLastIDs() {
	ctx, cancel := context.WithTimeout(context.Background(), idsLast)
	defer cancel()
	w.writeIDs(ctx, time.Now())
}

// writeIDs writes the ids that wait since then or longer.
func (w *Worker) writeIDs(ctx context.Context, then time.Time) {
	var g errgroup.Group
	g.SetLimit(idsAtOnce)
	for k, id := range w.ids.take(then) {
		g.Go(guard.Panics(func() error {
			if !w.writeID(ctx, k, &id) {
				id.since = time.Now()
				w.ids.add(k, id)
			}
			return nil
		}))
	}
	_ = g.Wait()
}

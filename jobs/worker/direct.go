package worker

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/trace"
	"github.com/chancela/chancela/storage/ledger"
)

// archiveFor bounds the archiving of one envelope without a task, as asynq bounds a task.
const archiveFor = 15 * time.Minute

// fetchers is how many envelopes a process archives at once: by tasks, and as many again that a
// look hands over.
func fetchers(concurrency int) int { return max(1, concurrency/2) }

// complete records that an envelope's signers have all signed. Where this process has a fetcher
// free, it is claimed in the same step and archived without a task: if the process dies, the
// claim lapses and the sweeper brings one. claim is nil when it is to get a task.
func (w *Worker) complete(ctx context.Context, r *ledger.Record, e ledger.Ending) (claim *ledger.Claim, err error) {
	if w.stopping.Err() != nil {
		return nil, w.ledger.End(ctx, r, e)
	}
	select {
	case w.fetching[r.Provider] <- struct{}{}:
	default:
		return nil, w.ledger.End(ctx, r, e)
	}
	claim, err = w.ledger.Complete(ctx, r, e, Lease)
	if err != nil {
		<-w.fetching[r.Provider]
	}
	return claim, err
}

// archiveHere archives an envelope that complete has claimed, and frees the fetcher. Put off, it
// goes on with a task.
func (w *Worker) archiveHere(ctx context.Context, config ProviderConfig, c *ledger.Claim) {
	ctx = detached(ctx) // the round of looks ends before it
	w.spawn(func() {
		defer func() { <-w.fetching[c.Record.Provider] }()
		ctx, cancel := context.WithTimeout(ctx, archiveFor)
		defer cancel()
		ctx, span := trace.Start(ctx, c.Record.Trace, "envelope "+string(c.Record.State))
		defer span.End()
		_, stop := ledger.KeepUp(ctx, Lease, c.Renew)
		defer stop()
		e := &envelopeTask{Worker: w, config: config, claim: c, rec: c.Record}
		err := guard.Panics(func() error { return e.run(ctx) })()
		if err == nil || errors.Is(err, asynq.SkipRetry) {
			return
		}
		r := e.rec
		if err := w.tasks.Envelope(detached(ctx), r.Provider, queue.ClassOf(r), r.Key(), r.Generation, retryDelay(0, err, nil)); err != nil {
			w.log.WarnContext(ctx, "queue", "error", err) // the sweeper brings it
		}
	})
}

package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// remind handles a reminder. It is not repeated when its outcome is unknown: a reminder
// too few is better than one too many.
func (w *Worker) remind(ctx context.Context, t *asynq.Task) error {
	p, err := queue.Decode(t)
	if err != nil {
		return err
	}
	r, err := w.ledger.Get(ctx, p.Key)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return later(2*time.Second, err)
	}
	config, ok := w.configs[r.Provider]
	if !ok || r.State != ledger.Sent {
		return nil
	}
	reminder, ok := config.Provider.(providers.Reminder)
	if !ok {
		return nil
	}
	admitted, wait, err := w.ledger.Admit(ctx, r.Provider)
	if err != nil {
		return later(2*time.Second, err)
	}
	if admitted == ledger.Refused {
		return later(wait, nil)
	}
	ref := providers.Ref{Key: providers.Key{Campaign: r.Campaign, ID: r.ID}, ID: r.EnvelopeID, Steps: r.Steps}
	err = reminder.Remind(ctx, ref, w.once(fmt.Sprintf("%s/%d", p.Key, p.Generation)))
	w.answered(ctx, r.Provider, admitted, err)
	if wait, undone := neverMade(err); undone {
		return later(wait, err)
	}
	if err != nil {
		w.log.WarnContext(ctx, "reminder failed", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", err)
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	w.log.InfoContext(ctx, "reminded", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider)
	return nil
}

// once makes each call of a round of reminders one time, also when the round is broken off
// and begins again. A call is noted before it is made; one that was refused before it was
// handled is free again.
func (w *Worker) once(round string) providers.Once {
	return func(ctx context.Context, name string, call func(context.Context) error) error {
		first, err := w.ledger.MarkReminded(ctx, round, name)
		if err != nil || !first {
			return err
		}
		err = call(ctx)
		if _, undone := neverMade(err); undone {
			if uerr := w.ledger.UnmarkReminded(detached(ctx), round, name); uerr != nil {
				w.log.WarnContext(ctx, "ledger", "error", uerr)
			}
		}
		return err
	}
}

// neverMade tells whether a call had certainly no effect, and when it may be tried again.
func neverMade(err error) (wait time.Duration, undone bool) {
	e, ok := errors.AsType[*providers.Error](err)
	if !ok {
		return 0, false
	}
	switch e.Kind {
	case providers.RateLimited:
		return max(time.Second, time.Until(e.Until)), true
	case providers.Interrupted:
		return time.Second, true
	case providers.Denied:
		return deniedPause, true
	}
	return 0, false
}

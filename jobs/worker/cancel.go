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

// cancel carries out an operator's wish: what is sent is withdrawn at the provider,
// what is prepared there is discarded.
func (t *envelopeTask) cancel(ctx context.Context) error {
	r := t.rec
	if r.State == ledger.Sent {
		p, ok := t.config.Provider.(providers.Canceler)
		if !ok {
			return t.markFailed(ctx, &providers.Error{Kind: providers.Unsupported, Provider: r.Provider, Op: "cancel"})
		}
		var err error
		if r.Unchecked { // it could be somebody else's envelope
			_, err = t.config.status(ctx, r)
		}
		if err == nil {
			err = p.Cancel(ctx, t.ref())
		}
		if err != nil {
			switch providers.KindOf(err) {
			case providers.NotFound: // what is not there was not withdrawn
				return t.notThere(ctx, err)
			case providers.Invalid:
				return t.markFailed(ctx, err) // it has ended otherwise: the next look tells how
			}
			return t.recordFailure(ctx, err)
		}
	} else if p, ok := t.config.Provider.(providers.Discarder); ok && len(r.Steps) > 0 {
		if err := p.Discard(ctx, t.ref()); err != nil && providers.KindOf(err) != providers.NotFound {
			if kind := providers.KindOf(err); kind != providers.Invalid && kind != providers.Unsupported {
				return t.recordFailure(ctx, err)
			}
			t.log.WarnContext(ctx, "a prepared envelope could not be discarded", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", err)
		}
	}
	from := r.State
	if err := t.claim.Cancel(detached(ctx)); err != nil {
		return later(time.Second, err)
	}
	t.note(ctx, t.rec, from)
	return nil
}

// notThere records that the provider does not know a sent envelope. One that an operator
// has called sent, and that nobody has confirmed, is in doubt again; another stays sent,
// and its looks go on.
func (t *envelopeTask) notThere(ctx context.Context, err error) error {
	from := t.rec.State
	if werr := t.claim.NotThere(detached(ctx), err.Error(), t.config.PollEvery); werr != nil {
		return later(time.Second, werr)
	}
	t.log.WarnContext(ctx, "the provider does not know an envelope", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "state", string(t.rec.State))
	if t.rec.State != from {
		t.note(ctx, t.rec, from)
	}
	return nil
}

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
	err = reminder.Remind(ctx, providers.Ref{Key: providers.Key{Campaign: r.Campaign, ID: r.ID}, ID: r.EnvelopeID, Steps: r.Steps})
	w.answered(ctx, r.Provider, admitted, err)
	if e, ok := errors.AsType[*providers.Error](err); ok && e.Kind == providers.RateLimited {
		return later(max(time.Second, time.Until(e.Until)), err)
	}
	if err != nil {
		w.log.WarnContext(ctx, "reminder failed", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", err)
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	w.log.InfoContext(ctx, "reminded", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider)
	return nil
}

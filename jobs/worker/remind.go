package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/hours"
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
	ask, err := reminding(config.Provider, r, p.Signer)
	if ask == nil {
		return err
	}
	if over, err := w.beginReminders(ctx, r, p); over || err != nil {
		return err
	}
	admitted, wait, err := w.ledger.Admit(ctx, r.Provider)
	if err != nil {
		return later(2*time.Second, err)
	}
	if admitted == ledger.Refused {
		return later(wait, nil)
	}
	ref := providers.Ref{Key: providers.Key{Campaign: r.Campaign, ID: r.ID}, ID: r.EnvelopeID, Steps: r.Steps}
	err = ask(ctx, ref, w.once(r.Key()+"/"+round(p)))
	w.answered(ctx, r.Provider, admitted, err)
	if wait, undone := neverMade(err); undone {
		return later(wait, err)
	}
	if err != nil {
		w.log.WarnContext(ctx, "reminder failed", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", err)
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	w.log.DebugContext(ctx, "reminded", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider)
	return nil
}

// round names the round of reminders that a task is for.
func round(p queue.Payload) string {
	if p.Due != 0 {
		return fmt.Sprintf("due-%d", p.Due)
	}
	return strconv.FormatInt(p.Generation, 10) // one that began before this name goes on
}

// heldReminders is after how long a round looks again whether its campaign is still held.
const heldReminders = 5 * time.Minute

// beginReminders begins a round, or goes on with it; over tells that there is nothing to do in it
// now. One by a campaign's rule keeps to its hours.
func (w *Worker) beginReminders(ctx context.Context, r *ledger.Record, p queue.Payload) (over bool, err error) {
	var due time.Time
	if p.Due != 0 {
		due = time.UnixMilli(p.Due)
		c, err := w.ledger.Campaign(ctx, r.Campaign)
		if err != nil {
			return true, later(2*time.Second, err)
		}
		now, err := w.ledger.Now(ctx)
		if err != nil {
			return true, later(2*time.Second, err)
		}
		held, err := hours.HeldUntil(c.Hours.Settings, now)
		if err != nil {
			return true, fmt.Errorf("the hours of %s: %w: %w", r.Campaign, err, asynq.SkipRetry)
		}
		if !held.IsZero() {
			return true, later(min(held.Sub(now), heldReminders), nil)
		}
	}
	state, err := w.ledger.BeginReminders(ctx, r.Key(), round(p), due)
	switch {
	case err != nil:
		return true, later(2*time.Second, err)
	case state == ledger.RoundPaused:
		return true, later(heldReminders, nil)
	}
	return state == ledger.RoundOver, nil
}

// reminding is the provider's way to notify all signers, or the one of a number; nil where
// there is none.
func reminding(p providers.Provider, r *ledger.Record, signer int) (func(context.Context, providers.Ref, providers.Once) error, error) {
	if signer == 0 {
		if reminder, ok := p.(providers.Reminder); ok {
			return reminder.Remind, nil
		}
		return nil, nil
	}
	reminder, ok := p.(providers.SignerReminder)
	var e providers.Envelope
	if !ok || len(r.Envelope) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(r.Envelope, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	if signer > len(e.Signers) {
		return nil, nil
	}
	email := e.Signers[signer-1].Email
	return func(ctx context.Context, ref providers.Ref, once providers.Once) error {
		return reminder.RemindSigner(ctx, ref, email, once)
	}, nil
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
				w.tellLedger(ctx, uerr)
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

package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// What stands in the way of an inviting call: reasons of Commit, which providers hand
// back as they are.
var (
	errPaused   = errors.New("the campaign is paused")
	errCanceled = errors.New("the envelope is to be cancelled")
	errTaken    = errors.New("another worker has taken the envelope over")
)

// handling is one claim being worked on.
type handling struct {
	*Worker
	line  ProviderConfig
	claim *ledger.Claim
	rec   *ledger.Record

	committed bool              // the intent stands, and nobody but us knows what comes of it
	brought   map[string]string // results of steps after the intent: written with the outcome
	letGo     func() bool       // detaches the inviting call from the task's end and the worker's stop
}

func (h *handling) run(ctx context.Context) error {
	r := h.rec
	switch {
	case !r.IntentAt.IsZero():
		return h.settle(ctx)
	case r.CancelAsked && r.State != ledger.Completed:
		return h.cancel(ctx)
	case r.State == ledger.Completed:
		return h.file(ctx)
	case r.State == ledger.Sent:
		return h.finish(ctx)
	}
	return h.send(ctx)
}

// job is the provider's view of the envelope.
func (h *handling) job() (*providers.Job, error) {
	var e providers.Envelope
	if err := json.Unmarshal(h.rec.Envelope, &e); err != nil {
		return nil, fmt.Errorf("the ledger's envelope %s: %w", h.rec.Key(), err)
	}
	return &providers.Job{
		Envelope: e,
		Accepted: h.rec.CreatedAt,
		Ref:      h.ref(),
		OpenDocument: func(ctx context.Context, d providers.Document) (io.ReadCloser, error) {
			r, _, err := h.archive.Open(ctx, archive.DocumentKey(d.SHA256))
			return r, err
		},
		Record: h.record,
		Commit: h.commit,
	}, nil
}

func (h *handling) ref() providers.Ref {
	return providers.Ref{Key: providers.Key{Campaign: h.rec.Campaign, ID: h.rec.ID}, ID: h.rec.EnvelopeID, Steps: maps.Clone(h.rec.Steps)}
}

func (h *handling) record(ctx context.Context, step, result string) error {
	if h.committed {
		// The call is out: what it brought is written in one step with its outcome.
		h.brought[step] = result
		return nil
	}
	return h.claim.RecordStep(detached(ctx), step, result)
}

// commit is Job.Commit: the intent, durable, after one more look at whether it may be.
func (h *handling) commit(ctx context.Context) error {
	if !h.letGo() {
		return later(time.Second, errors.New("the worker is stopping"))
	}
	intent, err := h.claim.Intend(ctx)
	if err != nil {
		// The intent may stand although nothing was sent: only we know, and must say so.
		h.log.WarnContext(ctx, "nobody is invited without a durable intent", "campaign", h.rec.Campaign, "id", h.rec.ID, "provider", h.rec.Provider, "error", err)
		h.persist(ctx, func(ctx context.Context) error { return h.claim.WithdrawIntent(ctx, nil) })
		return err
	}
	switch intent {
	case ledger.IntentOK:
		h.committed, h.brought = true, map[string]string{}
		return nil
	case ledger.IntentPaused:
		return errPaused
	case ledger.IntentCanceled:
		return errCanceled
	}
	return errTaken
}

func (h *handling) send(ctx context.Context) error {
	if h.rec.State == ledger.Queued {
		// Whoever enqueued it may not have known that the provider is simulated.
		if err := h.claim.MarkPreparing(detached(ctx), h.line.Provider.Info().Simulated); err != nil {
			return later(time.Second, err)
		}
		h.note(ctx, h.rec, ledger.Queued)
	}
	job, err := h.job()
	if err != nil {
		return h.fail(ctx, &providers.Error{Kind: providers.Invalid, Provider: h.rec.Provider, Err: err})
	}
	ctx, letGo, cancel := untilStop(ctx, h.stopping)
	defer cancel()
	h.letGo = letGo
	p := h.line.Provider
	err = p.Prepare(ctx, job)
	if errors.Is(err, providers.ErrAlreadyInvited) {
		return h.sent(ctx, job, false)
	}
	if err != nil {
		return h.fail(ctx, err)
	}
	err = p.Invite(ctx, job)
	return h.invited(ctx, job, err)
}

// invited records what became of the inviting call.
func (h *handling) invited(ctx context.Context, job *providers.Job, err error) error {
	switch {
	case err == nil:
		return h.sent(ctx, job, true)
	case errors.Is(err, errPaused):
		// Parked: resume puts it back.
		if err := h.claim.Park(detached(ctx)); err != nil {
			return later(time.Second, err)
		}
		return nil
	case errors.Is(err, errCanceled):
		return h.cancel(ctx)
	case errors.Is(err, errTaken):
		return later(time.Second, err)
	case !h.committed:
		return h.fail(ctx, err)
	}
	// Only an answer of the provider proves that nothing happened; any other error does not.
	if _, answered := errors.AsType[*providers.Error](err); !answered || providers.KindOf(err) == providers.Ambiguous {
		h.log.WarnContext(ctx, "invitation without an answer", "campaign", h.rec.Campaign, "id", h.rec.ID, "provider", h.rec.Provider, "error", err)
		if err := h.persist(ctx, func(ctx context.Context) error {
			return h.claim.AwaitSettling(ctx, reason(err), h.brought, h.line.SettleAfter)
		}); err != nil {
			return later(h.line.SettleAfter, err)
		}
		return later(h.line.SettleAfter, err)
	}
	// A definite refusal: nobody was invited, the intent is withdrawn.
	if werr := h.persist(ctx, func(ctx context.Context) error { return h.claim.WithdrawIntent(ctx, h.brought) }); werr != nil {
		return later(time.Second, werr)
	}
	h.committed = false
	// The outcome has ended the claim; the failure is written under a new one.
	c, hold, wait, cerr := h.ledger.Claim(detached(ctx), h.rec.Key(), h.rec.Generation, Lease)
	if cerr != nil || hold != ledger.Granted {
		return later(max(wait, time.Second), err)
	}
	h.claim, h.rec = c, c.Record
	return h.fail(ctx, err)
}

// sent records that the signers were invited. byUs tells that it was this claim's call.
func (h *handling) sent(ctx context.Context, job *providers.Job, byUs bool) error {
	_, finisher := h.line.Provider.(providers.Finisher)
	in := ledger.Invited{EnvelopeID: job.Ref.ID, Steps: h.brought, Unfinished: finisher, NextLook: h.line.PollEvery}
	from := h.rec.State
	var err error
	if byUs {
		err = h.persist(ctx, func(ctx context.Context) error { return h.claim.MarkSent(ctx, in) })
	} else {
		err = h.claim.ConfirmSent(detached(ctx), in)
	}
	if err != nil {
		return later(time.Second, err)
	}
	h.note(ctx, h.rec, from)
	if finisher {
		return h.tasks.Carry(detached(ctx), h.rec)
	}
	return nil
}

// persistFor is how long an outcome that only this process knows is tried to be
// recorded while Redis is away.
const persistFor = 10 * time.Minute

// persist writes an outcome of the inviting call, however long Redis is away.
func (h *handling) persist(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(detached(ctx), persistFor)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := write(ctx)
		if err == nil || errors.Is(err, ledger.ErrLost) || errors.Is(err, ledger.ErrTransition) {
			return err
		}
		h.log.WarnContext(ctx, "an invitation's outcome waits for redis", "campaign", h.rec.Campaign, "id", h.rec.ID, "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// settle finds out what became of an inviting call that nobody saw end.
func (h *handling) settle(ctx context.Context) error {
	// The call's own worker, if it saw the end, has said from when on. If it died or was
	// frozen, its request may leave until SendWithin after the intent, not later.
	at := h.rec.SettleAt
	if at.IsZero() {
		at = h.rec.IntentAt.Add(rest.SendWithin + h.line.SettleAfter)
	}
	if wait := at.Sub(h.claim.At); wait > 0 {
		if err := h.claim.PutOff(detached(ctx), wait); err != nil {
			return later(time.Second, err)
		}
		return later(wait, nil)
	}
	job, err := h.job()
	if err != nil {
		return h.fail(ctx, &providers.Error{Kind: providers.Invalid, Provider: h.rec.Provider, Err: err})
	}
	outcome, err := h.line.Provider.Settle(ctx, job)
	if err != nil {
		return h.fail(ctx, err)
	}
	h.log.InfoContext(ctx, "invitation settled", "campaign", h.rec.Campaign, "id", h.rec.ID, "provider", h.rec.Provider, "outcome", string(outcome))
	switch outcome {
	case providers.Invited:
		return h.sent(ctx, job, false)
	case providers.NotInvited:
		return h.again(ctx)
	}
	return h.doubt(ctx)
}

// again counts an interrupted call that has invited nobody as an attempt, and makes
// another one as long as there are some left.
func (h *handling) again(ctx context.Context) error {
	if h.rec.Attempts+1 < h.cfg.Attempts {
		if err := h.claim.NotInvited(detached(ctx)); err != nil {
			return later(time.Second, err)
		}
		return h.run(ctx)
	}
	from := h.rec.State
	if err := h.claim.FailUninvited(detached(ctx), ledger.Reason{Code: string(providers.Ambiguous), Message: "every call was interrupted, and invited nobody"}); err != nil {
		return later(time.Second, err)
	}
	h.note(ctx, h.rec, from, "error", h.rec.ErrorMessage)
	return fmt.Errorf("attempts used up: %w", asynq.SkipRetry)
}

// doubt leaves an envelope to people: it is never sent again by itself.
func (h *handling) doubt(ctx context.Context) error {
	from := h.rec.State
	err := h.claim.Doubt(detached(ctx), ledger.Reason{Code: "in_doubt", Explanation: h.rec.Explanation,
		Message: "the send call may or may not have reached " + h.rec.Provider + "; look there, then use chancela resolve"})
	if err != nil {
		return later(time.Second, err)
	}
	h.note(ctx, h.rec, from)
	return fmt.Errorf("in doubt: %w", asynq.SkipRetry)
}

// finish makes the calls that follow the invitation.
func (h *handling) finish(ctx context.Context) error {
	job, err := h.job()
	if err != nil {
		return h.fail(ctx, &providers.Error{Kind: providers.Invalid, Provider: h.rec.Provider, Err: err})
	}
	if f, ok := h.line.Provider.(providers.Finisher); ok {
		ctx, _, cancel := untilStop(ctx, h.stopping)
		defer cancel()
		if h.rec.Unchecked { // an operator's word: it could be somebody else's envelope
			if _, err := h.line.status(ctx, h.rec); providers.KindOf(err) == providers.NotFound && err != nil {
				return h.notThere(ctx, err)
			} else if err != nil {
				return h.fail(ctx, err)
			}
		}
		if err := f.Finish(ctx, job); err != nil {
			return h.fail(ctx, err)
		}
	}
	if err := h.claim.Finish(detached(ctx), h.line.PollEvery); err != nil {
		return later(time.Second, err)
	}
	return nil
}

// untilStop gives a context that ends with the task or when the worker begins to stop,
// until letGo is called: the inviting call, once it may leave, is not cut off by either;
// its own time-out bounds it. letGo is false when the end has come already.
func untilStop(ctx, stopping context.Context) (free context.Context, letGo func() bool, cancel context.CancelFunc) {
	free, cancelCause := context.WithCancelCause(detached(ctx))
	task := context.AfterFunc(ctx, func() { cancelCause(ctx.Err()) })
	stop := context.AfterFunc(stopping, func() { cancelCause(context.Canceled) })
	letGo = func() bool {
		a, b := task(), stop()
		return a && b && free.Err() == nil
	}
	return free, letGo, func() { task(); stop(); cancelCause(nil) }
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
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
	line  Line
	claim *ledger.Claim
	rec   *ledger.Record

	committed bool              // the intent stands, and nobody but us knows what comes of it
	notes     map[string]string // steps noted after the intent: written with the outcome
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
	var e Envelope
	if err := json.Unmarshal(h.rec.Envelope, &e); err != nil {
		return nil, fmt.Errorf("the ledger's envelope %s: %w", h.rec.Key(), err)
	}
	return &providers.Job{
		Envelope: e,
		Accepted: h.rec.CreatedAt,
		Ref:      h.ref(),
		OpenDocument: func(ctx context.Context, d Document) (io.ReadCloser, error) {
			r, _, err := h.archive.Open(ctx, archive.DocumentKey(d.SHA256))
			return r, err
		},
		Record: h.record,
		Commit: h.commit,
	}, nil
}

func (h *handling) ref() providers.Ref {
	return providers.Ref{Key: Key{Campaign: h.rec.Campaign, ID: h.rec.ID}, ID: h.rec.EnvelopeID, Steps: maps.Clone(h.rec.Steps)}
}

func (h *handling) record(ctx context.Context, step, result string) error {
	if h.committed {
		// The call is out: what it brought is written in one step with its outcome.
		h.notes[ledger.StepField(step)] = result
		return nil
	}
	if err := h.claim.Write(detached(ctx), ledger.Change{Set: map[string]string{ledger.StepField(step): result}}); err != nil {
		return err
	}
	h.rec.Steps[step] = result
	return nil
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
		h.persist(ctx, ledger.Change{Remove: []string{ledger.FieldIntentAt, ledger.FieldInviter}, Index: ledger.Work, Due: sweepAfter})
		return err
	}
	switch intent {
	case ledger.IntentOK:
		h.committed, h.notes = true, map[string]string{}
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
		change := ledger.Change{To: ledger.Preparing}
		if h.line.Provider.Info().Simulated { // whoever enqueued it may not have known
			change.Set = map[string]string{ledger.FieldSimulated: "1"}
		} else {
			change.Remove = []string{ledger.FieldSimulated}
		}
		if err := h.claim.Write(detached(ctx), change); err != nil {
			return later(time.Second, err)
		}
		h.rec.Simulated = len(change.Set) > 0
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
		if err := h.claim.Write(detached(ctx), ledger.Change{Release: true, Index: ledger.Nowhere}); err != nil {
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
		set := map[string]string{ledger.FieldErrorCode: code(err), ledger.FieldError: err.Error()}
		maps.Copy(set, h.notes)
		if err := h.persist(ctx, ledger.Change{Set: set, Index: ledger.Work, Due: h.line.SettleAfter + time.Second,
			Times: map[string]time.Duration{ledger.FieldSettleAt: h.line.SettleAfter, ledger.FieldNotBefore: h.line.SettleAfter}}); err != nil {
			return later(h.line.SettleAfter, err)
		}
		return later(h.line.SettleAfter, err)
	}
	// A definite refusal: nobody was invited, the intent is withdrawn.
	if werr := h.persist(ctx, ledger.Change{Set: h.notes, Remove: []string{ledger.FieldIntentAt, ledger.FieldInviter}, Index: ledger.Work, Due: sweepAfter}); werr != nil {
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
	ch := ledger.Change{To: ledger.Sent, Index: ledger.Look, Due: h.line.PollEvery, Release: true, Bump: true,
		Set:    map[string]string{ledger.FieldEnvelopeID: job.Ref.ID},
		Times:  map[string]time.Duration{ledger.FieldSentAt: 0},
		Remove: forgetIntent}
	maps.Copy(ch.Set, h.notes)
	if finisher {
		ch.Index, ch.Due = ledger.Work, sweepAfter
		ch.Set[ledger.FieldUnfinished] = "1"
	}
	from := h.rec.State
	var err error
	if byUs {
		err = h.persist(ctx, ch)
	} else {
		err = h.claim.Write(detached(ctx), ch)
	}
	if err != nil {
		return later(time.Second, err)
	}
	h.note(ctx, h.rec, from)
	if finisher {
		return h.courier.Carry(detached(ctx), h.rec)
	}
	return nil
}

// persistFor is how long an outcome that only this process knows is tried to be
// recorded while Redis is away.
const persistFor = 10 * time.Minute

// persist writes an outcome of the inviting call, however long Redis is away.
func (h *handling) persist(ctx context.Context, ch ledger.Change) error {
	ctx, cancel := context.WithTimeout(detached(ctx), persistFor)
	defer cancel()
	ch.Release = true
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := h.claim.Outcome(ctx, ch)
		if err == nil || errors.Is(err, ledger.ErrLost) {
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
		if err := h.claim.Write(detached(ctx), ledger.Change{Release: true, Index: ledger.Work, Due: wait + time.Second,
			Times: map[string]time.Duration{ledger.FieldNotBefore: wait}}); err != nil {
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
	h.rec.Attempts++
	ch := ledger.Change{Set: map[string]string{ledger.FieldAttempts: strconv.Itoa(h.rec.Attempts)},
		Remove: []string{ledger.FieldIntentAt, ledger.FieldInviter, ledger.FieldSettleAt, ledger.FieldNotBefore}}
	over := h.rec.Attempts >= h.cfg.Attempts
	if over { // the error of the last call stands in the record
		ch.To, ch.Index, ch.Release, ch.Bump = ledger.Failed, ledger.Nowhere, true, true
		if h.rec.ErrorCode == "" {
			ch.Set[ledger.FieldErrorCode], ch.Set[ledger.FieldError] = string(providers.Ambiguous), "every call was interrupted, and invited nobody"
		}
	}
	from := h.rec.State
	if err := h.claim.Write(detached(ctx), ch); err != nil {
		return later(time.Second, err)
	}
	if over {
		h.note(ctx, h.rec, from, "error", h.rec.ErrorMessage)
		return fmt.Errorf("attempts used up: %w", asynq.SkipRetry)
	}
	h.rec.IntentAt, h.rec.SettleAt = time.Time{}, time.Time{}
	return h.run(ctx)
}

// doubt leaves an envelope to people: it is never sent again by itself.
func (h *handling) doubt(ctx context.Context) error {
	from := h.rec.State
	err := h.claim.Write(detached(ctx), ledger.Change{To: ledger.InDoubt, Index: ledger.Nowhere, Release: true, Bump: true,
		Set: map[string]string{ledger.FieldErrorCode: "in_doubt",
			ledger.FieldError: "the send call may or may not have reached " + h.rec.Provider + "; look there, then use chancela resolve"}})
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
	err = h.claim.Write(detached(ctx), ledger.Change{Index: ledger.Look, Due: h.line.PollEvery, Release: true, Bump: true,
		Remove: []string{ledger.FieldUnfinished, ledger.FieldUnchecked, ledger.FieldAttempts, ledger.FieldErrorCode, ledger.FieldError, ledger.FieldNotBefore}})
	if err != nil {
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

package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// What stands in the way of an inviting call: reasons of Commit, which providers hand
// back as they are.
var (
	errPaused   = errors.New("the campaign is paused")
	errCanceled = errors.New("the envelope is to be cancelled")
	errTaken    = errors.New("another worker has taken the envelope over")
)

// envelopeTask is one claim being worked on.
type envelopeTask struct {
	*Worker
	config ProviderConfig
	claim  *ledger.Claim
	rec    *ledger.Record

	repeating          bool              // the inviting call is made once more
	committed          bool              // the intent stands, and nobody but us knows what comes of it
	brought            map[string]string // results of steps after the intent: written with the outcome
	found              found             // while it is archived
	tryingArchive      bool              // for all: it was away
	marked             marks.Mark        // of the inviting call
	detachFromShutdown func() bool       // detaches the inviting call from the task's end and the worker's stop
}

func (t *envelopeTask) run(ctx context.Context) error {
	r := t.rec
	switch {
	case !r.IntentAt.IsZero():
		return t.settle(ctx)
	case r.CancelAsked && r.State != ledger.Completed:
		return t.cancel(ctx)
	case r.State == ledger.Completed:
		return t.archiveAll(ctx)
	case r.State == ledger.Sent:
		return t.finish(ctx)
	}
	return t.send(ctx)
}

// job is the provider's view of the envelope.
func (t *envelopeTask) job() (*providers.Job, error) {
	e := providers.Envelope{Campaign: t.rec.Campaign, ID: t.rec.ID, Provider: t.rec.Provider}
	if t.rec.Bare { // enough to ask for it
	} else if err := json.Unmarshal(t.rec.Envelope, &e); err != nil {
		return nil, fmt.Errorf("the ledger's envelope %s: %w", t.rec.Key(), err)
	}
	return &providers.Job{
		Envelope: e,
		Accepted: t.rec.CreatedAt,
		Zone:     t.cfg.Zone,
		AskFirst: len(t.rec.Steps) == 0 && len(t.rec.Uninvited) == 0 && (t.rec.AskFirst || t.suspects.has(t.rec.Campaign)),
		Ref:      t.ref(),
		OpenDocument: func(ctx context.Context, d providers.Document) (io.ReadCloser, error) {
			r, _, err := t.archive.Open(ctx, archive.DocumentKey(d.SHA256))
			return r, err
		},
		Record:    t.record,
		Commit:    t.commit,
		Within:    rest.Within(t.config.Provider.Info(), e),
		Now:       t.claim.Now,
		KeepLinks: t.keepLinks(t.rec.Key()),
	}, nil
}

func (t *envelopeTask) ref() providers.Ref {
	return providers.Ref{Key: providers.Key{Campaign: t.rec.Campaign, ID: t.rec.ID}, ID: t.rec.EnvelopeID, Steps: maps.Clone(t.rec.Steps)}
}

func (t *envelopeTask) record(ctx context.Context, step, result string) error {
	if t.committed {
		// The call is out: what it brought is written in one step with its outcome.
		t.brought[step] = result
		return nil
	}
	if t.rec.State == ledger.Preparing {
		t.claim.AddStep(step, result)
		return nil
	}
	return t.claim.RecordStep(detached(ctx), step, result)
}

// commit is Job.Commit: the intent, durable, after one more look at whether it may be, and
// its mark in the archive.
func (t *envelopeTask) commit(ctx context.Context) error {
	if !t.detachFromShutdown() {
		return later(time.Second, errors.New("the worker is stopping"))
	}
	began := time.Now()
	intent, err := t.intend(ctx)
	if err != nil && t.repeating {
		return err // the intent of the calls before it stands in any case
	}
	if err != nil {
		// The intent may stand although nothing was sent: only we know, and must say so.
		t.log.WarnContext(ctx, "nobody is invited without a durable intent", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "error", err)
		t.persist(ctx, func(ctx context.Context) error { return t.claim.WithdrawIntent(ctx, nil) })
		return err
	}
	switch intent {
	case ledger.IntentOK:
		t.committed, t.brought = true, map[string]string{}
		return t.mark(ctx, began)
	case ledger.IntentPaused:
		return errPaused
	case ledger.IntentCanceled:
		return errCanceled
	case ledger.IntentShut:
		wait := time.Second // the next claim tells until when
		if t.repeating {
			wait = shutLong // a claim that settles does not
		}
		return later(wait, errors.New("the campaign's hours are over"))
	}
	return errTaken
}

func (t *envelopeTask) send(ctx context.Context) error {
	job, err := t.job()
	if err != nil {
		return t.recordFailure(ctx, &providers.Error{Kind: providers.Invalid, Provider: t.rec.Provider, Err: err})
	}
	ctx, detachFromShutdown, cancel := untilStop(ctx, t.stopping)
	defer cancel()
	t.detachFromShutdown = detachFromShutdown
	if t.rec.Bare {
		return t.markFailed(ctx, t.noContent("send"))
	}
	if taken, err := t.foreign(ctx); err != nil {
		return t.recordFailure(ctx, err)
	} else if taken != nil {
		return t.adopt(ctx, taken)
	}
	p := t.config.Provider
	// Nothing is made for a day that is over, where a call of another ledger would stand in a mark.
	if err := t.inTime(); err != nil && t.cfg.Marks != nil && !job.AskFirst {
		return t.recordFailure(ctx, err)
	}
	err = p.Prepare(ctx, job)
	if errors.Is(err, providers.ErrAlreadyInvited) {
		t.markFound(ctx)
		return t.sent(ctx, job, false)
	}
	if err == nil {
		err = t.inTime()
	}
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	err = p.Invite(ctx, job)
	return t.invited(ctx, job, err)
}

// noContent refuses what cannot be done for an envelope that is known from the archive alone.
func (t *envelopeTask) noContent(op string) error {
	return &providers.Error{Kind: providers.Invalid, Provider: t.rec.Provider, Op: op, Code: ledger.CodeNoContent, Err: errors.New("its people and documents are not known: enqueue its file again")}
}

// invited records what became of the inviting call.
func (t *envelopeTask) invited(ctx context.Context, job *providers.Job, err error) error {
	switch {
	case err == nil:
		return t.sent(ctx, job, true)
	case errors.Is(err, errPaused):
		return t.park(ctx)
	case errors.Is(err, errCanceled):
		return t.cancel(ctx)
	case errors.Is(err, errTaken):
		return later(time.Second, err)
	case !t.committed:
		return t.recordFailure(ctx, err)
	}
	if taken, ok := errors.AsType[*marks.TakenError](err); ok {
		return t.adopt(ctx, taken)
	}
	_, uncalled := errors.AsType[*uncalled](err)
	// Only an answer of the provider proves that nothing happened; any other error does not.
	_, answered := errors.AsType[*providers.Error](err)
	if !uncalled && (!answered || providers.KindOf(err) == providers.Ambiguous) {
		t.log.WarnContext(ctx, "invitation without an answer", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "error", err)
		if err := t.persist(ctx, func(ctx context.Context) error { return t.awaitSettling(ctx, err) }); err != nil {
			return later(t.config.SettleAfter, err)
		}
		return later(t.config.SettleAfter, err)
	}
	// No call, or a definite refusal: nobody was invited, the intent is withdrawn.
	if !uncalled {
		t.keepRefusal(ctx, err)
	}
	if werr := t.persist(ctx, func(ctx context.Context) error { return t.claim.WithdrawIntent(ctx, t.brought) }); werr != nil {
		return later(time.Second, werr)
	}
	t.committed = false
	// The outcome has ended the claim; the failure is written under a new one.
	c, hold, wait, cerr := t.ledger.Claim(detached(ctx), t.rec.Key(), t.rec.Generation, Lease, ledger.Preparation{Streak: t.cfg.HaltAfter})
	if cerr != nil || hold != ledger.Granted {
		return later(max(wait, time.Second), err)
	}
	t.claim, t.rec = c, c.Record
	return t.recordFailure(ctx, err)
}

// park puts an envelope away until resume puts it back.
func (t *envelopeTask) park(ctx context.Context) error {
	if err := t.claim.Park(detached(ctx)); err != nil {
		return later(time.Second, err)
	}
	return nil
}

// awaitSettling records an inviting call of which nobody knows what has become. Where 4xx
// proves nothing (sdoc, reference §4), the next one gets it, too, and each would be in doubt:
// the campaign halts at the second. 409 may well be the answer to an earlier try.
func (t *envelopeTask) awaitSettling(ctx context.Context, err error) error {
	why := reason(err)
	if status := providers.StatusOf(err); status/100 != 4 || status == http.StatusRequestTimeout || status == http.StatusConflict {
		return t.claim.AwaitSettling(ctx, why, t.brought, t.config.SettleAfter)
	}
	halted, werr := t.claim.AwaitSettlingAlike(ctx, why, t.brought, t.config.SettleAfter)
	if halted {
		t.log.ErrorContext(ctx, "invitations are answered alike, and nothing tells whether they were made: the campaign sends nothing more to the provider until it is resumed",
			"campaign", t.rec.Campaign, "provider", t.rec.Provider, "code", why.Code)
	}
	return werr
}

// sent records that the signers were invited. byUs tells that it was this claim's call.
func (t *envelopeTask) sent(ctx context.Context, job *providers.Job, byUs bool) error {
	return t.sentAs(ctx, ledger.Invited{EnvelopeID: job.Ref.ID, Steps: t.brought}, byUs)
}

// sentAs records under which id the signers were invited.
func (t *envelopeTask) sentAs(ctx context.Context, in ledger.Invited, byUs bool) error {
	_, finisher := t.config.Provider.(providers.Finisher)
	in.Unfinished, in.NextLook = finisher && in.EnvelopeID != "", t.config.PollEvery
	kept := t.keepID(ctx, t.rec, in)
	defer kept()
	from := t.rec.State
	var err error
	if byUs {
		err = t.persist(ctx, func(ctx context.Context) error { return t.claim.MarkSent(ctx, in) })
	} else {
		err = t.claim.ConfirmSent(detached(ctx), in)
	}
	if err != nil {
		return later(time.Second, err)
	}
	t.accepted(ctx)
	t.note(ctx, t.rec, from)
	if in.Unfinished {
		return t.tasks.Carry(detached(ctx), t.rec)
	}
	return nil
}

// persistFor is how long an outcome that only this process knows is tried to be
// recorded while Redis is away.
const persistFor = 10 * time.Minute

// persist writes an outcome of the inviting call, however long Redis is away.
func (t *envelopeTask) persist(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(detached(ctx), persistFor)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := write(ctx)
		if err == nil || errors.Is(err, ledger.ErrLost) || errors.Is(err, ledger.ErrTransition) {
			return err
		}
		t.log.WarnContext(ctx, "an invitation's outcome waits for redis", "campaign", t.rec.Campaign, "id", t.rec.ID, "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// settle finds out what became of an inviting call that nobody saw end.
func (t *envelopeTask) settle(ctx context.Context) error {
	in, known, err := t.sentBefore(ctx)
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	if known {
		return t.sentAs(ctx, in, false)
	}
	// The call's own worker, if it saw the end, has said from when on. If it died or was
	// frozen, its request may leave for so long after the intent, not later.
	at := t.rec.SettleAt
	if at.IsZero() {
		at = t.rec.IntentAt.Add(t.config.quiet(t.within()))
	}
	if wait := at.Sub(t.claim.At); wait > 0 {
		if err := t.claim.PutOff(detached(ctx), wait); err != nil {
			return later(time.Second, err)
		}
		return later(wait, nil)
	}
	job, err := t.job()
	if err != nil {
		return t.recordFailure(ctx, &providers.Error{Kind: providers.Invalid, Provider: t.rec.Provider, Err: err})
	}
	outcome, err := t.config.Provider.Settle(ctx, job)
	if err == nil && outcome == providers.Unknown {
		var never bool
		if never, err = t.neverLeft(ctx); never {
			outcome = providers.NotInvited
		}
	}
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	t.log.DebugContext(ctx, "invitation settled", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "outcome", string(outcome))
	switch outcome {
	case providers.Invited:
		return t.sent(ctx, job, false)
	case providers.NotInvited:
		return t.again(ctx)
	}
	if again, err := t.repeatable(ctx); err != nil {
		return t.recordFailure(ctx, err)
	} else if again {
		return t.repeat(ctx, job)
	}
	return t.doubt(ctx)
}

// again counts an interrupted call that has invited nobody as an attempt, and makes
// another one as long as there are some left.
func (t *envelopeTask) again(ctx context.Context) error {
	if t.rec.Attempts+1 < t.cfg.Attempts {
		if err := t.claim.NotInvited(detached(ctx)); err != nil {
			return later(time.Second, err)
		}
		return t.run(ctx)
	}
	from := t.rec.State
	if err := t.claim.FailUninvited(detached(ctx), ledger.Reason{Code: string(providers.Ambiguous), Message: "every call was interrupted, and invited nobody"}); err != nil {
		return later(time.Second, err)
	}
	t.note(ctx, t.rec, from, "error", t.rec.ErrorMessage)
	return fmt.Errorf("attempts used up: %w", asynq.SkipRetry)
}

// doubt leaves an envelope to people: it is never sent again by itself.
func (t *envelopeTask) doubt(ctx context.Context) error {
	from := t.rec.State
	err := t.claim.Doubt(detached(ctx), ledger.Reason{Code: "in_doubt", Explanation: t.rec.Explanation,
		Message: "the send call may or may not have reached " + t.rec.Provider + "; look there, then use chancela resolve"})
	if err != nil {
		return later(time.Second, err)
	}
	t.note(ctx, t.rec, from)
	return fmt.Errorf("in doubt: %w", asynq.SkipRetry)
}

// finish makes the calls that follow the invitation.
func (t *envelopeTask) finish(ctx context.Context) error {
	job, err := t.job()
	if err != nil {
		return t.recordFailure(ctx, &providers.Error{Kind: providers.Invalid, Provider: t.rec.Provider, Err: err})
	}
	if f, ok := t.config.Provider.(providers.Finisher); ok {
		ctx, _, cancel := untilStop(ctx, t.stopping)
		defer cancel()
		if t.rec.Bare {
			return t.markFailed(ctx, t.noContent("finish"))
		}
		if t.rec.Unchecked { // an operator's word: it could be somebody else's envelope
			if _, err := t.config.status(ctx, t.rec); providers.KindOf(err) == providers.NotFound && err != nil {
				return t.notThere(ctx, err)
			} else if err != nil {
				return t.recordFailure(ctx, err)
			}
		}
		if err := f.Finish(ctx, job); err != nil {
			return t.recordFailure(ctx, err)
		}
	}
	if err := t.claim.Finish(detached(ctx), t.config.PollEvery); err != nil {
		return later(time.Second, err)
	}
	return nil
}

// untilStop gives a context that ends with the task or when the worker begins to stop,
// until detachFromShutdown is called: the inviting call, once it may leave, is not cut off by either;
// its own time-out bounds it. detachFromShutdown is false when the end has come already.
func untilStop(ctx, stopping context.Context) (free context.Context, detachFromShutdown func() bool, cancel context.CancelFunc) {
	free, cancelCause := context.WithCancelCause(detached(ctx))
	task := context.AfterFunc(ctx, func() { cancelCause(ctx.Err()) })
	stop := context.AfterFunc(stopping, func() { cancelCause(context.Canceled) })
	detachFromShutdown = func() bool {
		a, b := task(), stop()
		return a && b && free.Err() == nil
	}
	return free, detachFromShutdown, func() { task(); stop(); cancelCause(nil) }
}

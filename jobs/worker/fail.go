package worker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// deniedPause is how long a provider that is stopped is left alone.
const deniedPause = time.Minute

const codeArchiveUnavailable = "archive_unavailable"

// code is what reports show of an error beside its message.
func code(err error) string {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		if e.Code != "" {
			return e.Code
		}
		return string(e.Kind)
	}
	switch {
	case isArchiveAway(err):
		return codeArchiveUnavailable
	case errors.Is(err, archive.ErrConflict):
		return "archive_conflict"
	case errors.Is(err, archive.ErrContent):
		return "bad_content"
	case errors.Is(err, archive.ErrNotKept):
		return "archive_lost"
	}
	return string(providers.Transient)
}

// reason is what the record keeps of an error.
func reason(err error) ledger.Reason {
	return ledger.Reason{Code: code(err), Message: err.Error(), Explanation: providers.ExplanationOf(err)}
}

// recordFailure records a failed attempt and decides what comes next by the error's kind alone.
// Nobody has been invited by what failed, or everybody had been before.
func (t *envelopeTask) recordFailure(ctx context.Context, err error) error {
	t.addFound()
	if errors.Is(err, ledger.ErrLost) {
		return later(time.Second, err)
	}
	if errors.Is(err, context.Canceled) || providers.KindOf(err) == providers.Interrupted {
		return t.release(ctx, t.claim, later(time.Second, err)) // the worker stops, or its task ran too long
	}
	if isLater(err) {
		return t.release(ctx, t.claim, err)
	}
	if isArchiveAway(err) {
		return t.archiveIsAway(ctx, err)
	}
	e, _ := errors.AsType[*providers.Error](err)
	switch providers.KindOf(err) {
	case providers.RateLimited:
		wait := time.Second
		if e != nil && !e.Until.IsZero() {
			wait = max(wait, time.Until(e.Until))
		}
		return t.wait(ctx, err, ledger.Deferral{Wait: wait})
	case providers.Denied:
		return t.denied(ctx, err)
	case providers.NotFound:
		// Something that an earlier step made is gone: made again, a few times.
		if len(t.rec.Steps) > 0 && t.rec.State == ledger.Preparing && t.rec.IntentAt.IsZero() && t.rec.Attempts < 3 {
			return t.attempt(ctx, err, ledger.Deferral{ForgetSteps: true})
		}
		if comesLater(err) {
			return t.attempt(ctx, err, ledger.Deferral{ForgetListed: true})
		}
		return t.markFailed(ctx, err)
	case providers.Invalid, providers.Unsupported:
		if !t.rec.IntentAt.IsZero() && providers.StatusOf(err) == http.StatusForbidden {
			return t.attempt(ctx, err, ledger.Deferral{}) // no answer to what became of the call: it may be one later
		}
		return t.markFailed(ctx, err)
	}
	if errors.Is(err, archive.ErrConflict) {
		return t.markFailed(ctx, err)
	}
	return t.attempt(ctx, err, ledger.Deferral{})
}

// attempt counts a transient failure and puts the envelope off, or fails it when its
// attempts are used up.
func (t *envelopeTask) attempt(ctx context.Context, err error, d ledger.Deferral) error {
	t.rec.Attempts++
	if t.rec.Attempts >= t.cfg.Attempts {
		return t.markFailed(ctx, err)
	}
	d.Wait = backoff(t.cfg.RetryBase, t.cfg.RetryMax, t.rec.Attempts)
	if e, ok := errors.AsType[*providers.Error](err); ok {
		if e.Code == providers.CodeNotReady {
			d.Wait = max(d.Wait, t.config.PollEvery) // asking again is one more look
		}
		if !e.Until.IsZero() {
			d.Wait = max(d.Wait, time.Until(e.Until))
		}
	}
	return t.wait(ctx, err, d)
}

func (t *envelopeTask) wait(ctx context.Context, err error, d ledger.Deferral) error {
	t.log.DebugContext(ctx, "envelope waits", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "for", d.Wait, "error", err)
	d.Attempts, d.Reason = t.rec.Attempts, reason(err)
	if werr := t.claim.Defer(detached(ctx), d); werr != nil {
		return later(time.Second, werr)
	}
	return later(d.Wait, err)
}

// denied stops the provider, not the envelope: it and all others wait until the key is
// accepted again. One of them tries after each pause.
func (t *envelopeTask) denied(ctx context.Context, err error) error {
	if derr := t.deny(ctx, t.rec.Provider, err); derr != nil {
		return later(deniedPause, derr)
	}
	if werr := t.claim.AwaitKey(detached(ctx), reason(err), deniedPause); werr != nil {
		return later(time.Second, werr)
	}
	return nil
}

// deny stops a provider, and says so once a pause.
func (w *Worker) deny(ctx context.Context, provider string, err error) error {
	news, derr := w.ledger.Deny(detached(ctx), provider, stopState(err), err.Error(), deniedPause)
	switch {
	case derr != nil:
		return derr
	case news && stopState(err) == ledger.Blocked:
		w.log.ErrorContext(ctx, "no way to the provider: its envelopes wait", "provider", provider, "error", err)
	case news:
		w.log.ErrorContext(ctx, "provider refuses the key: its envelopes wait", "provider", provider, "error", err)
	}
	return nil
}

// stopState is why a provider is stopped, by what it or the way to it has refused.
func stopState(err error) ledger.TroubleState {
	e, ok := errors.AsType[*providers.Error](err)
	if ok && (e.Code == rest.CodeCertificate || e.Code == rest.CodeProxyRefused) {
		return ledger.Blocked
	}
	return ledger.KeyRefused
}

// othersToo tells whether an envelope has failed for good, and for what others of its
// campaign may well have, too: not for its own day that is over, or a loss of its own. A provider that
// is down for as long as all attempts of one last takes those of the next as well.
func othersToo(err error) bool {
	e, ofProvider := errors.AsType[*providers.Error](err)
	switch providers.KindOf(err) {
	case providers.Transient:
		return ofProvider && e.Code != providers.CodeNotReady
	case providers.Invalid, providers.Unsupported, providers.NotFound:
		c := providers.CodeOf(err)
		return c != providers.CodeExpired && c != ledger.CodeNoContent
	}
	return false
}

// markFailed gives an envelope up until it is retried. One that may have reached people is
// in doubt instead; one whose signers were invited stays sent.
func (t *envelopeTask) markFailed(ctx context.Context, err error) error {
	if !t.rec.IntentAt.IsZero() {
		return t.doubt(ctx)
	}
	from := t.rec.State
	if from == ledger.Queued || from == ledger.Preparing { // nobody was invited, as far as this ledger knows
		taken, merr := t.lastMark(ctx)
		switch {
		case taken != nil:
			return t.adopt(ctx, taken)
		case merr != nil && (isArchiveAway(merr) || ctx.Err() != nil):
			return t.wait(ctx, merr, ledger.Deferral{Wait: t.cfg.RetryMax})
		case merr != nil:
			err = fmt.Errorf("%w; %w", err, merr)
		}
	}
	var werr error
	halted := false
	switch {
	case from == ledger.Sent: // what follows an invitation has failed
		werr = t.claim.KeepSent(detached(ctx), t.rec.Attempts, reason(err), t.config.PollEvery)
	case from != ledger.Completed && othersToo(err):
		halted, werr = t.claim.FailAlike(detached(ctx), t.rec.Attempts, reason(err))
	default:
		werr = t.claim.Fail(detached(ctx), t.rec.Attempts, reason(err))
	}
	if werr != nil {
		return later(time.Second, werr)
	}
	if halted {
		t.log.ErrorContext(ctx, "envelopes fail one after the other for the same reason: the campaign sends nothing more to the provider until it is resumed",
			"campaign", t.rec.Campaign, "provider", t.rec.Provider, "code", code(err))
	}
	t.note(ctx, t.rec, from, "error", err.Error())
	return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
}

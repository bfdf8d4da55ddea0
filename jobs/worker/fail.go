package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// deniedPause is how long a provider that is stopped is left alone.
const deniedPause = time.Minute

// code is what reports show of an error beside its message.
func code(err error) string {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		if e.Code != "" {
			return e.Code
		}
		return string(e.Kind)
	}
	switch {
	case errors.Is(err, archive.ErrConflict):
		return "archive_conflict"
	case errors.Is(err, archive.ErrContent):
		return "bad_content"
	case errors.Is(err, archive.ErrNotKept):
		return "archive_lost"
	case errors.Is(err, archive.ErrUnavailable):
		return "archive_unavailable"
	}
	return string(providers.Transient)
}

// reason is what the record keeps of an error.
func reason(err error) ledger.Reason {
	return ledger.Reason{Code: code(err), Message: err.Error(), Explanation: providers.ExplanationOf(err)}
}

// fail records a failed attempt and decides what comes next by the error's kind alone.
// Nobody has been invited by what failed, or everybody had been before.
func (h *handling) fail(ctx context.Context, err error) error {
	if errors.Is(err, ledger.ErrLost) {
		return later(time.Second, err)
	}
	if errors.Is(err, context.Canceled) || providers.KindOf(err) == providers.Interrupted {
		return h.release(ctx, h.claim, later(time.Second, err)) // the worker stops, or its task ran too long
	}
	if isLater(err) {
		return h.release(ctx, h.claim, err)
	}
	e, _ := errors.AsType[*providers.Error](err)
	switch providers.KindOf(err) {
	case providers.RateLimited:
		wait := time.Second
		if e != nil && !e.Until.IsZero() {
			wait = max(wait, time.Until(e.Until))
		}
		return h.wait(ctx, err, ledger.Deferral{Wait: wait})
	case providers.Denied:
		return h.denied(ctx, err)
	case providers.NotFound:
		// Something that an earlier step made is gone: made again, a few times.
		if len(h.rec.Steps) > 0 && h.rec.State == ledger.Preparing && h.rec.IntentAt.IsZero() && h.rec.Attempts < 3 {
			return h.attempt(ctx, err, ledger.Deferral{ForgetSteps: true})
		}
		if e.Code == providers.CodeNotReady || e.Code == providers.CodeAddressExpired {
			return h.attempt(ctx, err, ledger.Deferral{ForgetListed: true})
		}
		return h.failed(ctx, err)
	case providers.Invalid, providers.Unsupported:
		return h.failed(ctx, err)
	}
	if errors.Is(err, archive.ErrConflict) {
		return h.failed(ctx, err)
	}
	return h.attempt(ctx, err, ledger.Deferral{})
}

// attempt counts a transient failure and puts the envelope off, or fails it when its
// attempts are used up.
func (h *handling) attempt(ctx context.Context, err error, d ledger.Deferral) error {
	h.rec.Attempts++
	if h.rec.Attempts >= h.cfg.Attempts {
		return h.failed(ctx, err)
	}
	d.Wait = backoff(h.cfg.RetryBase, h.cfg.RetryMax, h.rec.Attempts)
	if e, ok := errors.AsType[*providers.Error](err); ok {
		if e.Code == providers.CodeNotReady {
			d.Wait = max(d.Wait, h.line.PollEvery) // asking again is one more look
		}
		if !e.Until.IsZero() {
			d.Wait = max(d.Wait, time.Until(e.Until))
		}
	}
	return h.wait(ctx, err, d)
}

func (h *handling) wait(ctx context.Context, err error, d ledger.Deferral) error {
	h.log.DebugContext(ctx, "envelope waits", "campaign", h.rec.Campaign, "id", h.rec.ID, "provider", h.rec.Provider, "for", d.Wait, "error", err)
	d.Attempts, d.Reason = h.rec.Attempts, reason(err)
	if werr := h.claim.Defer(detached(ctx), d); werr != nil {
		return later(time.Second, werr)
	}
	return later(d.Wait, err)
}

// denied stops the provider, not the envelope: it and all others wait until the key is
// accepted again. One of them tries after each pause.
func (h *handling) denied(ctx context.Context, err error) error {
	if derr := h.deny(ctx, h.rec.Provider, err); derr != nil {
		return later(deniedPause, derr)
	}
	if werr := h.claim.AwaitKey(detached(ctx), reason(err), deniedPause); werr != nil {
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

// failed gives an envelope up until it is retried. One that may have reached people is
// in doubt instead; one whose signers were invited stays sent.
func (h *handling) failed(ctx context.Context, err error) error {
	if !h.rec.IntentAt.IsZero() {
		return h.doubt(ctx)
	}
	from := h.rec.State
	var werr error
	if from == ledger.Sent { // what follows an invitation has failed
		werr = h.claim.KeepSent(detached(ctx), h.rec.Attempts, reason(err), h.line.PollEvery)
	} else {
		werr = h.claim.Fail(detached(ctx), h.rec.Attempts, reason(err))
	}
	if werr != nil {
		return later(time.Second, werr)
	}
	h.note(ctx, h.rec, from, "error", err.Error())
	return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
}

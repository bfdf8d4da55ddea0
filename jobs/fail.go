package jobs

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
		return h.wait(ctx, wait, err, nil)
	case providers.Denied:
		return h.denied(ctx, err)
	case providers.NotFound:
		// Something that an earlier step made is gone: made again, a few times.
		if len(h.rec.Steps) > 0 && h.rec.State == ledger.Preparing && h.rec.IntentAt.IsZero() && h.rec.Attempts < 3 {
			var steps []string
			for s := range h.rec.Steps {
				steps = append(steps, ledger.StepField(s))
			}
			return h.attempt(ctx, err, steps)
		}
		if e.Code == providers.CodeNotReady || e.Code == providers.CodeAddressExpired {
			return h.attempt(ctx, err, []string{ledger.FieldListed})
		}
		return h.failed(ctx, err)
	case providers.Invalid, providers.Unsupported:
		return h.failed(ctx, err)
	}
	if errors.Is(err, archive.ErrConflict) {
		return h.failed(ctx, err)
	}
	return h.attempt(ctx, err, nil)
}

// attempt counts a transient failure and puts the envelope off, or fails it when its
// attempts are used up.
func (h *handling) attempt(ctx context.Context, err error, remove []string) error {
	h.rec.Attempts++
	if h.rec.Attempts >= h.cfg.Attempts {
		return h.failed(ctx, err)
	}
	wait := backoff(h.cfg.RetryBase, h.cfg.RetryMax, h.rec.Attempts)
	if e, ok := errors.AsType[*providers.Error](err); ok {
		if e.Code == providers.CodeNotReady {
			wait = max(wait, h.line.PollEvery) // asking again is one more look
		}
		if !e.Until.IsZero() {
			wait = max(wait, time.Until(e.Until))
		}
	}
	return h.wait(ctx, wait, err, remove)
}

func (h *handling) wait(ctx context.Context, wait time.Duration, err error, remove []string) error {
	h.log.DebugContext(ctx, "envelope waits", "campaign", h.rec.Campaign, "id", h.rec.ID, "provider", h.rec.Provider, "for", wait, "error", err)
	ch := ledger.Change{Release: true, Index: ledger.Work, Due: wait + time.Second, Remove: remove,
		Set:   map[string]string{ledger.FieldAttempts: fmt.Sprint(h.rec.Attempts), ledger.FieldErrorCode: code(err), ledger.FieldError: err.Error()},
		Times: map[string]time.Duration{ledger.FieldNotBefore: wait}}
	if werr := h.claim.Write(detached(ctx), ch); werr != nil {
		return later(time.Second, werr)
	}
	return later(wait, err)
}

// denied stops the provider, not the envelope: it and all others wait until the key is
// accepted again. One of them tries after each pause.
func (h *handling) denied(ctx context.Context, err error) error {
	if derr := h.deny(ctx, h.rec.Provider, err); derr != nil {
		return later(deniedPause, derr)
	}
	ch := ledger.Change{Release: true, Index: ledger.Work, Due: deniedPause, Set: map[string]string{ledger.FieldErrorCode: code(err), ledger.FieldError: err.Error()}}
	if werr := h.claim.Write(detached(ctx), ch); werr != nil {
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
	set := map[string]string{ledger.FieldAttempts: fmt.Sprint(h.rec.Attempts), ledger.FieldErrorCode: code(err), ledger.FieldError: err.Error()}
	ch := ledger.Change{To: ledger.Failed, Index: ledger.Nowhere, Release: true, Bump: true, Set: set}
	if from == ledger.Sent { // what follows an invitation has failed; the signers can still sign
		ch.To, ch.Index, ch.Due = ledger.Sent, ledger.Look, h.line.PollEvery
		ch.Remove = []string{ledger.FieldUnfinished, ledger.FieldCancel}
	}
	if werr := h.claim.Write(detached(ctx), ch); werr != nil {
		return later(time.Second, werr)
	}
	h.note(ctx, h.rec, from, "error", err.Error())
	return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
}

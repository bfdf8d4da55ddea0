package worker

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// An archive that is away (it does not answer, is full, or refuses what it took before) is
// nobody's fault: no envelope loses an attempt by it. Completed ones wait, and after each
// pause one of them tries; the pauses grow to RetryMax. What is to be sent fails by the
// archive by itself, and waits as long.

// admitArchive tells whether a completed envelope may use the archive, and when not for how
// long it is to wait.
func (t *envelopeTask) admitArchive(ctx context.Context) (wait time.Duration, err error) {
	admitted, wait, err := t.ledger.Admit(ctx, ledger.Archive)
	if err != nil {
		return 0, err
	}
	if admitted == ledger.Refused {
		return wait + time.Second, nil // after the one that tries
	}
	if admitted == ledger.Probe {
		t.archiveAway.Store(true)
	}
	return 0, nil
}

// archiveIsAway puts an envelope off for an archive that cannot be used, without an attempt.
func (t *envelopeTask) archiveIsAway(ctx context.Context, err error) error {
	pause, lerr := t.pauseArchive(ctx, err)
	if lerr != nil {
		return t.release(ctx, t.claim, later(2*time.Second, err))
	}
	return t.wait(ctx, err, ledger.Deferral{Wait: pause})
}

// pauseArchive leaves the archive alone for as long as it has been away, within the bounds
// of RetryBase and RetryMax, and says so once a pause.
func (w *Worker) pauseArchive(ctx context.Context, err error) (time.Duration, error) {
	w.archiveAway.Store(true)
	ctx = detached(ctx)
	now, lerr := w.ledger.Now(ctx)
	if lerr != nil {
		return 0, lerr
	}
	trouble, known, lerr := w.ledger.Trouble(ctx, ledger.Archive)
	if lerr != nil {
		return 0, lerr
	}
	pause := w.cfg.RetryBase
	if known {
		if left := trouble.NextTry.Sub(now); left > 0 {
			return left + time.Second, nil
		}
		pause = min(max(now.Sub(trouble.Since), w.cfg.RetryBase), w.cfg.RetryMax)
	}
	news, lerr := w.ledger.Deny(ctx, ledger.Archive, ledger.Away, err.Error(), pause)
	if lerr != nil {
		return 0, lerr
	}
	if news {
		w.log.ErrorContext(ctx, "the archive cannot be used: envelopes wait", "next_try", pause, "error", err)
	}
	return pause, nil
}

// archiveWell says, after a write that went well, that the archive is back.
func (w *Worker) archiveWell(ctx context.Context) {
	if !w.archiveAway.CompareAndSwap(true, false) {
		return
	}
	if err := w.ledger.Allow(detached(ctx), ledger.Archive); err != nil {
		w.archiveAway.Store(true)
		w.log.WarnContext(ctx, "ledger", "error", err)
		return
	}
	w.log.InfoContext(ctx, "the archive can be used again")
}

// isArchiveAway tells whether an error is the archive's as a whole, or that of the disk on
// which files wait for it.
func isArchiveAway(err error) bool {
	return errors.Is(err, archive.ErrUnavailable) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

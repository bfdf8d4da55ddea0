package worker

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// An archive that is away (it does not answer, is full, or refuses what it took before) is
// nobody's fault: no envelope loses an attempt by it. Completed ones wait, and after each
// pause one of them tries; the pauses grow to RetryMax. What is to be sent fails by the
// archive by itself, and waits as long.

const (
	// askAgain is how long a process that has met no trouble believes that there is none.
	askAgain = 5 * time.Second
	// behind is how much later than the others an envelope comes back by which the trouble
	// was met: if the archive refuses nothing but this one, another finds that out.
	behind = 4 * time.Second
)

// archiveHealth is how the archive does, as this process knows.
type archiveHealth struct {
	mu    sync.Mutex
	away  bool
	asked time.Time // when the ledger last let this process use it
}

// believed tells whether there is no need to ask the ledger.
func (h *archiveHealth) believed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.away && time.Since(h.asked) < askAgain
}

// set tells how it was before.
func (h *archiveHealth) set(away bool) (was bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was, h.away = h.away, away
	return was
}

// admitted takes the ledger's word that the archive may be used.
func (h *archiveHealth) admitted(toTry bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away, h.asked = toTry, time.Now()
}

// admitArchive tells whether a completed envelope may use the archive, and when not for how
// long it is to wait.
func (t *envelopeTask) admitArchive(ctx context.Context) (wait time.Duration, err error) {
	if t.archiveHealth.believed() {
		return 0, nil
	}
	admitted, wait, err := t.ledger.Admit(ctx, ledger.Archive)
	switch {
	case err != nil:
		return time.Second, err
	case admitted == ledger.Refused:
		return wait + time.Second, nil // after the one that tries
	}
	t.tryingArchive = admitted == ledger.Probe
	t.archiveHealth.admitted(t.tryingArchive)
	return 0, nil
}

// archiveIsAway puts an envelope off for an archive that cannot be used, without an attempt.
func (t *envelopeTask) archiveIsAway(ctx context.Context, err error) error {
	trouble, known, lerr := t.ledger.Trouble(detached(ctx), ledger.Archive)
	if lerr != nil {
		return t.release(ctx, t.claim, later(2*time.Second, err))
	}
	if !known && t.rec.ErrorCode == codeArchiveUnavailable {
		// It took others since it refused this one: they are not to wait for it again.
		if isFull(err) { // a large file needs more room than theirs
			return t.wait(ctx, err, ledger.Deferral{Wait: t.cfg.RetryMax})
		}
		return t.attempt(ctx, err, ledger.Deferral{})
	}
	pause, lerr := t.pauseArchive(detached(ctx), trouble, known, err)
	if lerr != nil {
		return t.release(ctx, t.claim, later(2*time.Second, err))
	}
	return t.wait(ctx, err, ledger.Deferral{Wait: pause + behind})
}

// pauseArchive leaves the archive alone for as long as it has been away, within the bounds
// of RetryBase and RetryMax, and says so once a pause.
func (t *envelopeTask) pauseArchive(ctx context.Context, trouble ledger.Trouble, known bool, why error) (time.Duration, error) {
	t.archiveHealth.set(true)
	pause := t.cfg.RetryBase
	if known {
		now, err := t.ledger.Now(ctx)
		if err != nil {
			return 0, err
		}
		if left := trouble.NextTry.Sub(now); left > 0 && !t.tryingArchive {
			return left, nil
		}
		pause = min(max(now.Sub(trouble.Since), t.cfg.RetryBase), t.cfg.RetryMax)
	}
	news, err := t.ledger.Deny(ctx, ledger.Archive, ledger.Away, why.Error(), pause)
	if err != nil {
		return 0, err
	}
	if news || t.tryingArchive {
		t.log.ErrorContext(ctx, "the archive cannot be used: envelopes wait", "next_try", pause, "error", why)
		t.log.DebugContext(ctx, "what the archive has answered", "error", archive.Detail(why))
	}
	return pause, nil
}

// archiveWell says, after a write that went well, that the archive is back.
func (w *Worker) archiveWell(ctx context.Context) {
	if !w.archiveHealth.set(false) {
		return
	}
	if err := w.ledger.Allow(detached(ctx), ledger.Archive); err != nil {
		w.archiveHealth.set(true)
		w.tellLedger(ctx, err)
		return
	}
	w.log.InfoContext(ctx, "the archive can be used again")
}

// isArchiveAway tells whether an error is the archive's as a whole, or that of the disk on
// which files wait for it.
func isArchiveAway(err error) bool { return errors.Is(err, archive.ErrUnavailable) || isFull(err) }

func isFull(err error) bool {
	return errors.Is(err, archive.ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

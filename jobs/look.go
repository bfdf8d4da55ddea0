package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	// lookBatch is how many due envelopes one round takes.
	lookBatch = 200
	// lookHold keeps a taken envelope from being taken again while it is looked at. Those
	// that wait for their look are held anew, so that the envelopes of a worker that died
	// are looked at again soon.
	lookHold = 30 * time.Second
	// lookFor bounds one task of looks; the next tick goes on.
	lookFor = time.Minute
	// looksAtOnce is how many envelopes are looked at at the same time, one by one.
	looksAtOnce = 4
	// slowest is the longest time between two looks, as a multiple of the shortest.
	slowest = 60
)

// look handles a round of looks: it takes what is due of a provider until nothing is,
// by list calls as long as they tell more than single looks would.
func (w *Worker) look(ctx context.Context, line Line) error {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	ctx, _, stop := untilStop(ctx, w.stopping)
	defer stop()
	name := line.Provider.Info().Name
	if _, until, denied, err := w.ledger.Denial(ctx, name); err != nil {
		return nil
	} else if denied {
		if now, err := w.ledger.Now(ctx); err != nil || now.Before(until) {
			return nil
		}
	}
	for ctx.Err() == nil {
		keys, err := w.ledger.Take(ctx, ledger.Look, name, lookBatch, lookHold)
		if err != nil || len(keys) == 0 {
			return nil // what is due stays due: the next tick goes on
		}
		records, err := w.ledger.GetMany(ctx, keys)
		if err != nil {
			return nil
		}
		records = slices.DeleteFunc(records, func(r *ledger.Record) bool { return r == nil || r.State != ledger.Sent })
		var waiting sync.Map
		for _, r := range records {
			waiting.Store(r.Key(), true)
		}
		letGo := w.hold(ctx, name, &waiting)
		rest := w.byList(ctx, line, records, &waiting)
		var g errgroup.Group
		g.SetLimit(min(looksAtOnce, line.Concurrency))
		for _, r := range rest {
			g.Go(func() error {
				waiting.Delete(r.Key())
				w.lookAt(ctx, line, r)
				return nil
			})
		}
		g.Wait() // lookAt deals with its own errors
		letGo()
	}
	return nil
}

// hold keeps envelopes that wait for their look from being taken by others, until the
// returned function is called.
func (w *Worker) hold(ctx context.Context, provider string, waiting *sync.Map) (letGo func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lookHold / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			waiting.Range(func(key, _ any) bool {
				// One that cannot be held may be looked at twice: no harm.
				return w.ledger.Postpone(ctx, ledger.Look, provider, key.(string), lookHold) == nil
			})
		}
	}()
	return func() { cancel(); <-done }
}

// byList looks at many envelopes by the provider's list, newest first, and returns those
// that want a look of their own: the list has another state for them, or does not reach
// so far back. It stops as soon as a page tells less than two of ours.
func (w *Worker) byList(ctx context.Context, line Line, records []*ledger.Record, waiting *sync.Map) []*ledger.Record {
	lister, ok := line.Provider.(providers.Lister)
	if !ok || len(records) < 2 {
		return records
	}
	ours := make(map[string]*ledger.Record, len(records))
	for _, r := range records {
		ours[r.EnvelopeID] = r
	}
	var changed []*ledger.Record
	for page := 1; len(ours) >= 2; page++ {
		listed, more, err := lister.List(ctx, page)
		if err != nil {
			w.log.DebugContext(ctx, "list", "provider", line.Provider.Info().Name, "error", err)
			break
		}
		told := 0
		for _, l := range listed {
			r, ok := ours[l.ID]
			if !ok {
				continue
			}
			told++
			delete(ours, l.ID)
			if l.State != providers.Pending {
				changed = append(changed, r)
				continue
			}
			waiting.Delete(r.Key())
			w.lookedAt(ctx, line, r)
		}
		if !more || told < 2 {
			break
		}
	}
	for _, r := range ours {
		changed = append(changed, r)
	}
	return changed
}

// lookedAt records a look that found nothing new.
func (w *Worker) lookedAt(ctx context.Context, line Line, r *ledger.Record) {
	if w.cfg.Hooks.Looked != nil {
		w.cfg.Hooks.Looked(r.Provider)
	}
	if err := w.ledger.Postpone(detached(ctx), ledger.Look, r.Provider, r.Key(), nextLook(line.PollEvery, time.Since(r.SentAt))); err != nil {
		w.log.WarnContext(ctx, "ledger", "error", err)
	}
}

// nextLook is the time to the next look: the shortest for a young envelope, later the
// older it is.
func nextLook(every, age time.Duration) time.Duration {
	return min(max(every, age/10), slowest*every)
}

// lookAt asks the provider about one envelope and records what it says.
func (w *Worker) lookAt(ctx context.Context, line Line, r *ledger.Record) {
	if w.cfg.Hooks.Looked != nil {
		w.cfg.Hooks.Looked(r.Provider)
	}
	s, err := line.Provider.Status(ctx, providers.Ref{Key: Key{Campaign: r.Campaign, ID: r.ID}, ID: r.EnvelopeID, Steps: r.Steps})
	if err != nil {
		w.lookFailed(ctx, line, r, err)
		return
	}
	signers, err := json.Marshal(s.Signers)
	if err != nil {
		w.log.WarnContext(ctx, "look", "error", err)
		return
	}
	from := r.State
	ch := ledger.Change{Set: map[string]string{}, Index: ledger.Look, Due: nextLook(line.PollEvery, time.Since(r.SentAt)),
		Remove: []string{ledger.FieldAttempts, ledger.FieldErrorCode, ledger.FieldError}}
	if len(s.Signers) > 0 {
		ch.Set[ledger.FieldSigners] = string(signers)
	}
	if to, ended := endState(s.State); ended {
		ch.To, ch.Index, ch.Due, ch.Bump = to, ledger.Nowhere, 0, true
		ch.Set[ledger.FieldFinal] = string(s.Raw)
		ch.Remove = append(ch.Remove, ledger.FieldCancel)
		if s.Reason != "" {
			ch.Set[ledger.FieldErrorCode], ch.Set[ledger.FieldError] = string(to), s.Reason
			ch.Remove = []string{ledger.FieldAttempts, ledger.FieldCancel}
		}
		if to == ledger.Completed {
			ch.Index, ch.Due = ledger.Work, sweepAfter
			ch.Set[ledger.FieldCompleted] = ledger.After(0)
			if !s.CompletedAt.IsZero() {
				ch.Set[ledger.FieldCompleted] = ledger.FormatTime(s.CompletedAt)
			}
		}
	} else if string(signers) == string(r.Signers) {
		if err := w.ledger.Postpone(detached(ctx), ledger.Look, r.Provider, r.Key(), ch.Due); err != nil {
			w.log.WarnContext(ctx, "ledger", "error", err)
		}
		return
	}
	if err := w.ledger.Write(detached(ctx), r, ch); err != nil {
		if !errors.Is(err, ledger.ErrLost) {
			w.log.WarnContext(ctx, "ledger", "error", err)
		}
		return // somebody changed it meanwhile: it is looked at again
	}
	if r.State == from {
		return
	}
	w.note(ctx, r, from)
	if r.State == ledger.Completed {
		if err := w.courier.Envelope(detached(ctx), r.Provider, pace.Fetch, r.Key(), r.Generation, 0); err != nil {
			w.log.WarnContext(ctx, "queue", "error", err) // the sweeper brings it
		}
	}
}

// endState is the ledger's state for a provider's that needs no more looks.
func endState(s providers.State) (ledger.State, bool) {
	switch s {
	case providers.Completed:
		return ledger.Completed, true
	case providers.Declined:
		return ledger.Declined, true
	case providers.Expired:
		return ledger.Expired, true
	case providers.Canceled:
		return ledger.Canceled, true
	}
	return "", false
}

// errNotThere is the code of a sent envelope that its provider does not know.
const errNotThere = "not_there"

// lookFailed puts a look off. A look is no attempt: an envelope that was sent is never
// failed for it.
func (w *Worker) lookFailed(ctx context.Context, line Line, r *ledger.Record, err error) {
	var wait time.Duration
	switch e, _ := errors.AsType[*providers.Error](err); providers.KindOf(err) {
	case providers.RateLimited:
		wait = max(time.Second, time.Until(e.Until))
	case providers.Interrupted:
		wait = time.Second
	case providers.Denied:
		if derr := w.ledger.Deny(detached(ctx), r.Provider, err.Error(), deniedPause); derr != nil {
			w.log.WarnContext(ctx, "ledger", "error", derr)
		}
		w.log.ErrorContext(ctx, "provider refuses the key: its envelopes wait", "provider", r.Provider, "error", err)
		wait = deniedPause
	default:
		w.log.WarnContext(ctx, "look failed", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", err)
		wait = nextLook(2*line.PollEvery, time.Since(r.SentAt))
		if providers.KindOf(err) == providers.NotFound { // it stands in the report, and an operator may resolve it
			werr := w.ledger.Write(detached(ctx), r, ledger.Change{Set: map[string]string{ledger.FieldErrorCode: errNotThere, ledger.FieldError: err.Error()}})
			if werr != nil && !errors.Is(werr, ledger.ErrLost) {
				w.log.WarnContext(ctx, "ledger", "error", werr)
			}
		}
	}
	if err := w.ledger.Postpone(detached(ctx), ledger.Look, r.Provider, r.Key(), wait); err != nil {
		w.log.WarnContext(ctx, "ledger", "error", err)
	}
}

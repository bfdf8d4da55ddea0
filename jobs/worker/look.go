package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	// lookBatch is how many due envelopes one round takes.
	lookBatch = 200
	// singleBatch is how many are taken where each costs a request: what is not looked at in the
	// round comes again after the others.
	singleBatch = 20
	// roundLapses is when a round whose worker has died is over.
	roundLapses = 20 * time.Second
	// hookedRest is how much longer the shortest time between two looks is where callbacks arrive.
	hookedRest = 5
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

// look handles a round of looks. There is one at a time at a provider; it ends when nothing
// is due, when the key is refused, or when the share of the rate is used. What callbacks
// have hastened comes first, then what is due for longest: by walking the provider's list
// where that tells more than single looks would, else by the list's newest pages and one by
// one. When the provider has refused the key, one look a pause tries whether it is accepted
// again.
func (w *Worker) look(ctx context.Context, config ProviderConfig) error {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	ctx, _, stop := untilStop(ctx, w.stopping)
	defer stop()
	name := config.Provider.Info().Name
	round, err := w.ledger.BeginRound(ctx, name, roundLapses)
	if err != nil || round == nil {
		return w.lookBroken(ctx, name, err)
	}
	defer w.endRound(ctx, round)
	ctx, done := ledger.KeepUp(ctx, roundLapses, round.Keep)
	defer done()
	hooked, err := w.ledger.Hears(ctx, name)
	if err != nil {
		return w.lookBroken(ctx, name, err)
	}
	if hooked {
		config.PollEvery *= hookedRest
	}
	for more := true; more && ctx.Err() == nil; {
		if more, err = w.lookOn(ctx, config); err != nil {
			return w.lookBroken(ctx, name, err)
		}
	}
	return nil
}

// lookOn does the next part of a round. more is false when the round is over.
func (w *Worker) lookOn(ctx context.Context, config ProviderConfig) (more bool, err error) {
	name := config.Provider.Info().Name
	_, until, denied, err := w.ledger.Denial(ctx, name)
	if err != nil {
		return false, err
	}
	batch := lookBatch
	if _, lists := config.Provider.(providers.Lister); !lists || w.wantsLooks(config) {
		batch = singleBatch
	}
	if denied {
		if now, err := w.ledger.Now(ctx); err != nil || now.Before(until) {
			return false, err
		}
		batch = 1
	}
	keys, err := w.ledger.TakeHastened(ctx, name, min(batch, singleBatch), lookHold)
	if err == nil && len(keys) == 0 && !denied {
		var walked bool
		if walked, more, err = w.walk(ctx, config); walked || err != nil {
			return more, err
		}
	}
	if err == nil && len(keys) == 0 {
		keys, err = w.ledger.Take(ctx, ledger.Look, name, batch, lookHold)
	}
	if err != nil || len(keys) == 0 {
		return false, err
	}
	// Only now that there is something to look at: a probe is for one who calls.
	admitted, _, err := w.ledger.Admit(ctx, name)
	if err != nil || admitted == ledger.Refused {
		return false, err
	}
	if admitted == ledger.Probe {
		keys = keys[:1]
	}
	records, err := w.ledger.GetMany(ctx, keys)
	if err != nil {
		return false, err
	}
	records = slices.DeleteFunc(records, func(r *ledger.Record) bool {
		return r == nil || r.State != ledger.Sent || r.Unnamed() && w.awaitID(ctx, config, r)
	})
	return w.lookAtAll(ctx, config, records, admitted), nil
}

// endRound ends a round.
func (w *Worker) endRound(ctx context.Context, round *ledger.Round) {
	if err := round.End(context.WithoutCancel(ctx)); err != nil {
		w.log.DebugContext(ctx, "the round lapses by itself", "error", err)
	}
}

// lookBroken says why a round of looks has ended early: what is due stays due. A worker
// that stops is no news.
func (w *Worker) lookBroken(ctx context.Context, provider string, err error) error {
	if err == nil || ctx.Err() != nil {
		return nil
	}
	w.log.WarnContext(ctx, "a round of looks was broken off", "provider", provider, "error", err)
	return later(2*time.Second, err)
}

// lookAtAll looks at the envelopes of one batch. It is false when the key is refused or the
// share of the rate is used: the others are due in the next round.
func (w *Worker) lookAtAll(ctx context.Context, config ProviderConfig, records []*ledger.Record, admitted ledger.Admission) (more bool) {
	var waiting sync.Map
	for _, r := range records {
		waiting.Store(r.Key(), true)
	}
	defer w.hold(ctx, config.Provider.Info().Name, &waiting)()
	late, inTime := w.overdue(ctx, config, records)
	rest, refused := w.byList(ctx, config, inTime, &waiting)
	if refused {
		w.unlooked(ctx, config, &waiting)
		return false
	}
	rest = slices.AppendSeq(rest, maps.Keys(late))
	var stop atomic.Bool
	look := func(r *ledger.Record) error {
		if stop.Load() {
			return nil
		}
		waiting.Delete(r.Key())
		err := w.lookAt(ctx, config, r)
		if err == nil && late[r] {
			err = w.expire(ctx, config, r)
		}
		w.answered(ctx, r.Provider, admitted, err)
		if kind := providers.KindOf(err); err != nil && (kind == providers.Denied || kind == providers.RateLimited) {
			stop.Store(true)
		}
		return nil // lookAt has dealt with it
	}
	next := make(chan *ledger.Record, len(rest))
	for _, r := range rest {
		next <- r
	}
	close(next)
	var looking sync.WaitGroup
	for range min(looksAtOnce, config.Concurrency, len(rest)) {
		looking.Add(1)
		w.pool.do(func() {
			defer looking.Done()
			for r := range next {
				if p := guard.Panics(func() error { return look(r) })(); p != nil { // it is looked at again when its hold is over
					w.log.ErrorContext(ctx, "panic", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", p)
				}
			}
		})
	}
	looking.Wait()
	if stop.Load() {
		w.unlooked(ctx, config, &waiting)
	}
	return !stop.Load()
}

// unlooked makes those due again that a round has taken and not come to.
func (w *Worker) unlooked(ctx context.Context, config ProviderConfig, waiting *sync.Map) {
	waiting.Range(func(key, _ any) bool {
		// One that is not put back is looked at when its hold is over.
		return w.ledger.Postpone(detached(ctx), ledger.Look, config.Provider.Info().Name, key.(string), 0) == nil
	})
}

// answered takes what a call of work without a claim has told about the key.
func (w *Worker) answered(ctx context.Context, provider string, admitted ledger.Admission, err error) {
	switch kind := providers.KindOf(err); {
	case err != nil && kind == providers.Denied:
		if derr := w.deny(ctx, provider, err); derr != nil {
			w.tellLedger(ctx, derr)
		}
	case admitted == ledger.Probe && (err == nil || kind == providers.NotFound || kind == providers.Invalid):
		if aerr := w.ledger.Allow(detached(ctx), provider); aerr != nil {
			w.tellLedger(ctx, aerr)
		}
	}
}

// hold keeps envelopes that wait for their look from being taken by others, until the
// returned function is called.
func (w *Worker) hold(ctx context.Context, provider string, waiting *sync.Map) (release func()) {
	_, release = ledger.KeepUp(ctx, lookHold, func(ctx context.Context, hold time.Duration) error {
		waiting.Range(func(key, _ any) bool {
			// One that cannot be held may be looked at twice: no harm.
			return w.ledger.Postpone(ctx, ledger.Look, provider, key.(string), hold) == nil
		})
		return nil
	})
	return release
}

// byList looks at many envelopes by the provider's list, newest first, and returns those
// that want a look of their own: the list has another state for them, or does not reach
// so far back, or somebody waits for the provider's word on them. It stops as soon as a
// page tells less than two of ours. refused tells that the key was, or a turn.
func (w *Worker) byList(ctx context.Context, config ProviderConfig, records []*ledger.Record, waiting *sync.Map) (rest []*ledger.Record, refused bool) {
	lister, ok := config.Provider.(providers.Lister)
	if !ok || len(records) < 2 || w.wantsLooks(config) {
		return records, false
	}
	ours := make(map[string]*ledger.Record, len(records))
	for _, r := range records {
		ours[r.EnvelopeID] = r
	}
	for page := 1; len(ours) >= 2; page++ {
		listed, more, err := lister.List(ctx, page)
		if err != nil {
			w.log.DebugContext(ctx, "list", "provider", config.Provider.Info().Name, "error", err)
			w.answered(ctx, config.Provider.Info().Name, ledger.Free, err)
			refused = providers.KindOf(err) == providers.Denied || providers.KindOf(err) == providers.RateLimited
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
			if l.State != providers.Pending || said(r) {
				rest = append(rest, r)
				continue
			}
			waiting.Delete(r.Key())
			w.lookedAt(ctx, config, r)
		}
		if !more || told < 2 {
			break
		}
	}
	for _, r := range ours {
		rest = append(rest, r)
	}
	return rest, refused
}

// said tells whether a sent envelope carries a mark that its provider's word takes off.
func said(r *ledger.Record) bool { return r.Unchecked || r.ErrorCode != "" || r.Inviter != "" }

// lookedAt records a look that found nothing new.
func (w *Worker) lookedAt(ctx context.Context, config ProviderConfig, r *ledger.Record) {
	if w.cfg.Hooks.Looked != nil {
		w.cfg.Hooks.Looked(r.Provider)
	}
	if err := w.ledger.Postpone(detached(ctx), ledger.Look, r.Provider, r.Key(), nextLook(config.PollEvery, time.Since(r.SentAt))); err != nil {
		w.tellLedger(ctx, err)
	}
}

// nextLook is the time to the next look: the shortest for a young envelope, later the
// older it is.
func nextLook(every, age time.Duration) time.Duration {
	return min(max(every, age/10), slowest*every)
}

// lookAt asks the provider about one envelope and records what it says. The error is the
// provider's, which lookAt has dealt with.
func (w *Worker) lookAt(ctx context.Context, config ProviderConfig, r *ledger.Record) error {
	s, err := config.status(ctx, r)
	if w.cfg.Hooks.Looked != nil && left(err) {
		w.cfg.Hooks.Looked(r.Provider)
	}
	if err != nil {
		w.lookFailed(ctx, config, r, err)
		return err
	}
	from := r.State
	claim, err := w.seen(detached(ctx), config, r, s)
	if err != nil {
		if !errors.Is(err, ledger.ErrLost) { // somebody changed it meanwhile: it is looked at again
			w.tellLedger(ctx, err)
		}
		return nil
	}
	if r.State == from {
		return nil
	}
	w.note(ctx, r, from)
	if claim != nil {
		w.archiveHere(ctx, config, claim)
	} else if r.State == ledger.Completed {
		if err := w.tasks.Carry(detached(ctx), r); err != nil {
			w.log.WarnContext(ctx, "queue", "error", err) // the sweeper brings it
		}
	}
	return nil
}

// left tells whether the request of a look has left: one that got no turn, or whose worker
// stops, has not.
func left(err error) bool {
	if err == nil || providers.StatusOf(err) != 0 {
		return true
	}
	kind := providers.KindOf(err)
	return kind != providers.RateLimited && kind != providers.Interrupted
}

// seen records what a look has seen. A completed envelope comes with a claim when it is archived
// here, without a task.
func (w *Worker) seen(ctx context.Context, config ProviderConfig, r *ledger.Record, s providers.Status) (*ledger.Claim, error) {
	var signers json.RawMessage
	if len(s.Signers) > 0 {
		b, err := json.Marshal(s.Signers)
		if err != nil {
			return nil, fmt.Errorf("signers of %s: %w", r.Key(), err)
		}
		signers = b
	}
	next := nextLook(config.PollEvery, time.Since(r.SentAt))
	to, ended := endState(s.State)
	if keep := w.keepLinks(r.Key()); keep != nil && !ended && len(s.Links) > 0 {
		keep(ctx, s.Links)
	}
	if r.Inviter != "" && s.State != providers.Draft { // the id came from an operator or a callback
		defer w.keepID(ctx, r, ledger.Invited{EnvelopeID: r.EnvelopeID, SentAt: r.SentAt})()
	}
	switch {
	case ended:
		e := ledger.Ending{To: to, Signers: signers, Final: s.Raw, Reason: s.Reason, CompletedAt: s.CompletedAt}
		if to == ledger.Completed {
			return w.complete(ctx, r, e)
		}
		return nil, w.ledger.End(ctx, r, e)
	case r.Unchecked && s.State == providers.Draft: // its provider has it, and nobody was invited
		why := ledger.Reason{Code: ledger.CodeUnchecked, Message: r.Provider + " has it as a draft: nobody was invited; use chancela resolve"}
		return nil, w.ledger.RecordDraft(ctx, r, why, signers, next)
	case said(r) || len(signers) > 0 && string(signers) != string(r.Signers):
		return nil, w.ledger.RecordLook(ctx, r, signers, next)
	}
	return nil, w.ledger.Postpone(ctx, ledger.Look, r.Provider, r.Key(), next)
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

// lookFailed puts a look off. A look is no attempt: an envelope that was sent is never
// failed for it.
func (w *Worker) lookFailed(ctx context.Context, config ProviderConfig, r *ledger.Record, err error) {
	var wait time.Duration
	switch providers.KindOf(err) {
	case providers.RateLimited: // the round ends with it: it is due in the next one
	case providers.Interrupted:
		wait = time.Second
	case providers.Denied:
		wait = deniedPause
	default:
		level := slog.LevelWarn
		if k := providers.KindOf(err); k == providers.Transient || k == providers.Ambiguous {
			level = slog.LevelDebug // the provider's trouble, which Troubles tells once for all envelopes
		}
		w.log.Log(ctx, level, "look failed", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", err)
		wait = nextLook(2*config.PollEvery, time.Since(r.SentAt))
		if providers.KindOf(err) == providers.NotFound { // it stands in the report, and an operator may resolve it
			werr := w.ledger.RecordNotThere(detached(ctx), r, err.Error())
			if werr != nil && !errors.Is(werr, ledger.ErrLost) {
				w.tellLedger(ctx, werr)
			}
		}
	}
	if err := w.ledger.Postpone(detached(ctx), ledger.Look, r.Provider, r.Key(), wait); err != nil {
		w.tellLedger(ctx, err)
	}
}

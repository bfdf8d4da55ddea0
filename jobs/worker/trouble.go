package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	// troubleEvery is how often one process writes down how a provider is, at most.
	troubleEvery = time.Second
	// troubleSaid is how often the log says so of one provider, at most.
	troubleSaid = time.Minute
	// troubleGrace is how long a failure that another process has met is left standing.
	troubleGrace = 5 * time.Second
	// slowAfter is the time to an answer from which a provider is called slow.
	slowAfter = 10 * time.Second
)

// Troubles keeps in the ledger what is wrong with each provider, by what its answers to
// this process say, so that status and the run's view can show it. A success ends it.
type Troubles struct {
	ledger *ledger.Ledger
	log    *slog.Logger

	mu        sync.Mutex
	providers map[string]*wellbeing
	closed    bool
}

// wellbeing is how one provider does.
type wellbeing struct {
	trouble *ledger.Trouble // nil: well
	err     error           // what it was
	until   time.Time       // the provider's own time for the next try
	told    bool            // a trouble stands in the ledger that this process has written
	waits   *time.Timer     // of the next writing; nil: none is due
	written time.Time
	said    time.Time // when the log said that it is in trouble
	ended   bool      // and that this is over
}

// NewTroubles makes the record of what is wrong with providers; a nil log is slog's default.
func NewTroubles(db redis.UniversalClient, log *slog.Logger) *Troubles {
	if log == nil {
		log = slog.Default()
	}
	return &Troubles{ledger: ledger.New(db, ledger.NotDurable), log: log, providers: map[string]*wellbeing{}}
}

// Observe takes one answer of a provider, or its absence: it is a [rest.Config]'s
// Observe. It never waits: what has changed is written within a second.
func (t *Troubles) Observe(o rest.Observation) {
	trouble, until, judged := judge(o)
	if !judged {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.providers[o.Provider]
	if w == nil {
		w = &wellbeing{ended: true}
		t.providers[o.Provider] = w
	}
	w.trouble, w.err, w.until = trouble, o.Err, until
	if t.closed || w.waits != nil || trouble == nil && !w.told && time.Since(w.written) < 2*troubleEvery {
		return
	}
	w.waits = time.AfterFunc(troubleEvery, func() { t.write(o.Provider, w) })
}

// Close ends the writing.
func (t *Troubles) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, w := range t.providers {
		if w.waits != nil {
			w.waits.Stop()
		}
	}
}

// judge says what an answer tells of its provider. One that refuses an envelope is a
// provider that works; a call that this process has ended itself tells nothing.
func judge(o rest.Observation) (t *ledger.Trouble, until time.Time, judged bool) {
	e, failed := errors.AsType[*providers.Error](o.Err)
	if !failed {
		if o.Took < slowAfter {
			return nil, time.Time{}, true
		}
		return &ledger.Trouble{State: ledger.Slow, Op: o.Op, Status: o.Status}, time.Time{}, true
	}
	t = &ledger.Trouble{Kind: string(e.Kind), Code: e.Code, Op: o.Op, Status: o.Status}
	switch {
	case e.Kind == providers.Interrupted:
		return nil, time.Time{}, false
	case e.Kind == providers.Denied:
		t.State = stopState(e)
	case e.Kind == providers.RateLimited:
		t.State = ledger.Held
	case o.Status >= 500:
		t.State = ledger.Failing
	case o.Status == 0 && (e.Kind == providers.Transient || e.Kind == providers.Ambiguous):
		t.State = ledger.Unreachable
	default:
		return nil, time.Time{}, true
	}
	return t, e.Until, true
}

func (t *Troubles) write(provider string, w *wellbeing) {
	t.mu.Lock()
	trouble, until, told := w.trouble, w.until, w.told
	w.waits, w.written, w.told = nil, time.Now(), trouble != nil
	t.say(provider, w)
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) // of nobody's request
	defer cancel()
	if trouble == nil {
		grace := troubleGrace
		if told {
			grace = 0
		}
		if err := t.ledger.EndTrouble(ctx, provider, grace); err != nil {
			t.log.DebugContext(ctx, "ledger", "error", err)
		}
		return
	}
	if err := t.ledger.SetTrouble(ctx, provider, *trouble, time.Until(until)); err != nil {
		t.log.DebugContext(ctx, "ledger", "error", err)
	}
}

// say logs how a provider is when there is news, or it is still in trouble: a line a
// minute. The worker itself says that a provider is stopped.
func (t *Troubles) say(provider string, w *wellbeing) {
	switch {
	case w.trouble == nil && !w.ended:
		w.ended = true
		t.log.Info("provider is well again", "provider", provider)
	case w.trouble != nil && !w.trouble.State.Stops() && time.Since(w.said) >= troubleSaid:
		w.said, w.ended = time.Now(), false
		attrs := []any{"provider", provider, "state", string(w.trouble.State), "op", w.trouble.Op}
		if w.err != nil {
			attrs = append(attrs, "error", w.err)
		}
		t.log.Warn("provider in trouble", attrs...)
	}
}

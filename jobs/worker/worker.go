package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/trace"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// Lease is how long a claim holds without renewal. A worker that dies is replaced
// after it.
const Lease = 8 * time.Second

// ProviderConfig is one provider with how a worker is to drive it.
type ProviderConfig struct {
	Provider    providers.Provider
	Concurrency int           // handlers at once in this process
	PollEvery   time.Duration // shortest time between two looks at one envelope
	Environment string        // production or sandbox, as marks say it
	Account     string        // what tells the account from others, as [ledger.Ledger.Learn] has it; empty: nothing is known of it
	SettleAfter time.Duration // quiet period before an interrupted invite is looked into
}

// Config makes a [Worker].
type Config struct {
	Redis      redis.UniversalClient
	Durability ledger.Durability
	Archive    archive.Archive
	Marks      *marks.Book // of invitations, in the archive; nil: none are made
	Providers  []ProviderConfig
	RetryBase  time.Duration  // first pause after a transient error
	RetryMax   time.Duration  // longest pause
	Attempts   int            // before an envelope is failed
	KeepLinks  bool           // signing links are kept until the envelope ends
	HaltAfter  int            // failures in a row for one reason before a campaign's sending to the provider halts; 0: never
	Zone       *time.Location // whose days deadlines end by; nil: UTC
	// Shutdown is how long a stopping worker waits for what it holds. It is longer than
	// the longest call to a provider; what is not done by then is handed back.
	Shutdown time.Duration
	Log      *slog.Logger
	Hooks    Hooks
}

// Hooks are told what happens; nil ones are skipped. They must not block.
type Hooks struct {
	Transition func(provider string, from, to ledger.State, r *ledger.Record)
	Looked     func(provider string)
	Archived   func(provider string, kind providers.Kind, bytes int64)
}

// Worker carries envelopes through their life. It runs one asynq server per provider,
// so that a slow or broken one holds up nobody else.
type Worker struct {
	cfg           Config
	ledger        *ledger.Ledger
	tasks         *queue.TaskQueue
	archive       archive.Archive
	log           *slog.Logger
	configs       map[string]ProviderConfig
	suspects      suspects
	ids           ids
	archiveHealth archiveHealth
	outages       ledger.Outages
	fetching      map[string]chan struct{} // by provider: a place for each fetcher of what looks hand over
	pool          pool                     // what they, tasks and looks are done by
	spawn         func(func())             // by the pool
	stopping      context.Context          // ends when the worker begins to stop: waits end, calls go on
	stop          context.CancelFunc
}

// New gives a worker that Run starts.
func New(cfg Config) *Worker {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	cfg.Zone = cmp.Or(cfg.Zone, time.UTC)
	w := &Worker{cfg: cfg, ledger: ledger.New(cfg.Redis, cfg.Durability), tasks: queue.New(cfg.Redis),
		archive: cfg.Archive, log: cfg.Log, configs: make(map[string]ProviderConfig, len(cfg.Providers)), fetching: make(map[string]chan struct{}, len(cfg.Providers))}
	for _, l := range cfg.Providers {
		name := l.Provider.Info().Name
		w.configs[name], w.fetching[name] = l, make(chan struct{}, fetchers(l.Concurrency))
	}
	w.stopping, w.stop = context.WithCancel(context.Background())
	w.pool.work, w.pool.over = make(chan func()), w.stopping.Done()
	w.spawn = w.pool.do
	return w
}

// Run works until the context ends, then stops fetching, waits for what it holds as
// long as Shutdown says, and returns.
func (w *Worker) Run(ctx context.Context) error {
	var servers []*asynq.Server
	waiting := w.waiting()
	peeking := make(chan struct{})
	go func() { defer close(peeking); waiting.Run(w.stopping) }()
	keeping := make(chan struct{})
	go func() { defer close(keeping); w.keepIDs(w.stopping) }()
	defer func() {
		w.stop()
		<-peeking // no server waits for a task any more
		for _, s := range servers {
			s.Stop() // all stop fetching before the first is waited for
		}
		end := time.Now().Add(w.cfg.Shutdown)
		var wg sync.WaitGroup
		for _, s := range servers {
			wg.Go(s.Shutdown)
		}
		wg.Wait()
		w.finishHanded(end)
		<-keeping
		w.keepLastIDs()
	}()
	for name, config := range w.configs {
		mux := w.mux(config)
		for _, c := range crews(config.Concurrency) {
			s, err := w.start(name, c, waiting.Client(), mux)
			if err != nil {
				return err
			}
			servers = append(servers, s)
		}
	}
	<-ctx.Done()
	return nil
}

// finishHanded waits until end for what looks have handed over: what is not done by then is claimed,
// and brought by the sweeper when the claim has lapsed. The servers have shut down before: a handler
// that is at work calls for a goroutine, and hands over more, when all others of the pool may have gone.
func (w *Worker) finishHanded(end time.Time) {
	left := time.Until(end)
	if left <= 0 { // handlers may have been given up, and be at work
		return
	}
	done := make(chan struct{})
	go func() { w.pool.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(left):
	}
}

// crew are handlers that take some classes of work, and nothing else.
type crew struct {
	size   int
	queues map[pace.Class]int // weights
}

// steerers is how many handlers in a process wait for what an operator asks for.
const steerers = 4

// crews divides a provider's work, so that steering and the archiving of completed
// envelopes never wait for a handler that invites. concurrency is the size of the first.
func crews(concurrency int) []crew {
	return []crew{
		{concurrency, map[pace.Class]int{pace.Send: 5, queue.Begun: 20, queue.Bulk: 5, pace.Look: 2}},
		{fetchers(concurrency), map[pace.Class]int{pace.Fetch: 1}},
		{steerers, map[pace.Class]int{pace.Steer: 1}},
	}
}

// of are the crew's queues at a provider, with their weights.
func (c crew) of(provider string) map[string]int {
	queues := make(map[string]int, len(c.queues))
	for class, weight := range c.queues {
		queues[queue.Name(provider, class)] = weight
	}
	return queues
}

// waiting knows which queues of all crews have tasks.
func (w *Worker) waiting() *queue.Waiting {
	var servers [][]string
	for name, config := range w.configs {
		for _, c := range crews(config.Concurrency) {
			servers = append(servers, slices.Collect(maps.Keys(c.of(name))))
		}
	}
	return queue.NewWaiting(w.cfg.Redis, servers...)
}

func (w *Worker) start(provider string, c crew, db redis.UniversalClient, handler asynq.Handler) (*asynq.Server, error) {
	if c.queues[pace.Steer] > 0 {
		next := handler
		handler = asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error { return next.ProcessTask(pace.Steering(ctx), t) })
	}
	s := asynq.NewServerFromRedisClient(db, asynq.Config{
		Concurrency:              c.size,
		Queues:                   c.of(provider),
		RetryDelayFunc:           retryDelay,
		IsFailure:                func(err error) bool { return !isLater(err) },
		ShutdownTimeout:          w.cfg.Shutdown,
		TaskCheckInterval:        time.Millisecond, // after which it waits for a task: queue.Waiting (queue/PITFALLS.md, 18)
		DelayedTaskCheckInterval: time.Second,      // queue/PITFALLS.md, 17
		Logger:                   queueLog{w.log.With("provider", provider)},
		LogLevel:                 asynq.WarnLevel,
	})
	if err := s.Start(handler); err != nil {
		return nil, fmt.Errorf("starting the worker for %s: %w", provider, err)
	}
	return s, nil
}

// pooled lets the pool do a task, for which asynq has a new goroutine each.
func (w *Worker) pooled(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		done := make(chan error, 1)
		w.pool.do(func() { done <- guard.Panics(func() error { return next.ProcessTask(ctx, t) })() })
		return <-done
	})
}

// mux are the handlers of a provider's tasks.
func (w *Worker) mux(config ProviderConfig) *asynq.ServeMux {
	mux := asynq.NewServeMux()
	mux.Use(w.pooled)
	mux.HandleFunc(queue.TypeEnvelope, func(ctx context.Context, t *asynq.Task) error { return w.envelope(ctx, config, t) })
	mux.HandleFunc(queue.TypeLook, func(ctx context.Context, _ *asynq.Task) error { return w.look(ctx, config) })
	mux.HandleFunc(queue.TypeRenew, w.renew)
	mux.HandleFunc(queue.TypeRemind, w.remind)
	mux.HandleFunc(queue.TypeCheck, w.check)
	return mux
}

// laterError puts a task off without counting a failure: asynq's own count is not used
// (queue/PITFALLS.md, 2), the ledger has the attempts.
type laterError struct {
	wait time.Duration
	why  error
}

func (e *laterError) Error() string {
	if e.why == nil {
		return "not yet"
	}
	return e.why.Error()
}

func (e *laterError) Unwrap() error { return e.why }

func later(wait time.Duration, why error) error { return &laterError{wait, why} }

func isLater(err error) bool {
	_, ok := errors.AsType[*laterError](err)
	return ok
}

func retryDelay(_ int, err error, _ *asynq.Task) time.Duration {
	if l, ok := errors.AsType[*laterError](err); ok {
		return l.wait
	}
	return 2 * time.Second // the ledger could not be read or written
}

// envelope is the handler of every task that carries an envelope: the ledger says what
// is to be done.
func (w *Worker) envelope(ctx context.Context, config ProviderConfig, t *asynq.Task) error {
	info := config.Provider.Info()
	p, err := queue.Decode(t)
	if err != nil {
		return err
	}
	c, hold, wait, err := w.take(ctx, p.Key, p.Generation, ledger.Preparation{Provider: info.Name, Simulated: info.Simulated, Marks: w.place(ctx), Streak: w.cfg.HaltAfter})
	if err != nil {
		return later(2*time.Second, err)
	}
	switch hold {
	case ledger.Granted:
	case ledger.Busy, ledger.NotDue, ledger.Unplanned:
		return later(wait, nil)
	case ledger.Shut:
		if wait < shutLong {
			return later(wait, nil)
		}
		return nil
	default: // nothing to do, or the sweeper brings it when there is
		return nil
	}
	if c.Record.Provider != info.Name {
		return w.release(ctx, c, later(time.Minute, fmt.Errorf("%s is not worked on here", c.Record.Provider)))
	}
	ctx, span := trace.Start(ctx, c.Record.Trace, "envelope "+string(c.Record.State))
	defer span.End()
	_, stop := ledger.KeepUp(ctx, Lease, c.Renew) // one that is lost needs no reaction: what is written is fenced
	defer stop()

	if c.Began {
		w.note(ctx, c.Record, ledger.Queued)
	}
	e := &envelopeTask{Worker: w, config: config, claim: c, rec: c.Record}
	return w.goOn(ctx, e.rec, e.run(ctx))
}

// goOn lets a task that is put off come again in the queue of what its envelope is by now.
func (w *Worker) goOn(ctx context.Context, r *ledger.Record, err error) error {
	l, ok := errors.AsType[*laterError](err)
	class := queue.ClassOf(r)
	if in, known := asynq.GetQueueName(ctx); !ok || !known || in == queue.Name(r.Provider, class) {
		return err
	}
	if qerr := w.tasks.Envelope(detached(ctx), r.Provider, class, r.Key(), r.Generation, l.wait); qerr != nil {
		return err // it comes again where it is
	}
	return nil
}

// tellLedger says that something could not be written into the ledger, or read from it.
func (w *Worker) tellLedger(ctx context.Context, err error) {
	w.log.Log(ctx, w.outages.Level(err), "ledger", "error", err)
}

// release gives a claim back without a change and returns why.
func (w *Worker) release(ctx context.Context, c *ledger.Claim, why error) error {
	wait := time.Second
	if l, ok := errors.AsType[*laterError](why); ok {
		wait = l.wait
	}
	if err := c.Release(detached(ctx), wait); err != nil {
		return later(wait, err)
	}
	return why
}

// accepted says, after a call that went well, that the provider takes the key again.
func (t *envelopeTask) accepted(ctx context.Context) {
	if !t.claim.Probe {
		return
	}
	if err := t.ledger.Allow(detached(ctx), t.rec.Provider); err != nil {
		t.tellLedger(ctx, err)
	}
}

// detached keeps a context's values but not its end: what must be written now must not
// die with the task.
func detached(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// backoff is the pause before the next attempt: doubling from base to most, the upper
// half at random.
func backoff(base, most time.Duration, attempts int) time.Duration {
	d := most
	if attempts < 20 {
		d = min(most, base<<max(0, attempts-1))
	}
	return d/2 + rand.N(d/2+1)
}

// note logs a transition and tells the hooks. What goes well is told of a campaign as a whole: info
// has what somebody acts on.
func (w *Worker) note(ctx context.Context, r *ledger.Record, from ledger.State, attrs ...any) {
	level := slog.LevelDebug
	if r.State == ledger.Failed || r.State == ledger.InDoubt {
		level = slog.LevelWarn
	}
	w.log.Log(ctx, level, "envelope", append([]any{"campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "state", string(r.State)}, attrs...)...)
	if w.cfg.Hooks.Transition != nil {
		w.cfg.Hooks.Transition(r.Provider, from, r.State, r)
	}
}

// queueLog hands asynq's own words to slog. They are about its mechanics; what they mean
// for an envelope is logged where it is decided, so only what stops the queue is more than
// debugging.
type queueLog struct{ log *slog.Logger }

func (l queueLog) say(level slog.Level, args []any) {
	l.log.Log(context.Background(), level, "queue: "+strings.TrimSpace(fmt.Sprintln(args...)))
}
func (l queueLog) Debug(args ...any) { l.say(slog.LevelDebug, args) }
func (l queueLog) Info(args ...any)  { l.say(slog.LevelDebug, args) }
func (l queueLog) Warn(args ...any)  { l.say(slog.LevelDebug, args) }
func (l queueLog) Error(args ...any) { l.say(slog.LevelDebug, args) }
func (l queueLog) Fatal(args ...any) { l.say(slog.LevelError, args) }

// Package scheduler does what happens by the clock: rounds of looks, renewals of
// download addresses, reminders by campaigns' rules, the sweep of what no task carries,
// the pruning of asynq's archive. Any number of schedulers may run: each period happens once. What a tick
// misses is not lost, because all work is derived from what the ledger says is due.
package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/storage/ledger"
)

// Config makes a [Scheduler].
type Config struct {
	Redis     redis.UniversalClient
	Providers []string
	// LookEvery is the period of the rounds of looks; what is due in a round is decided
	// by each provider's own PollEvery.
	LookEvery time.Duration
	Log       *slog.Logger
	// Swept is told how many envelopes a sweep has brought back. Nil: nobody.
	Swept func(provider string, n int)
}

const (
	sweepEvery = 2 * time.Second
	// lostEvery is how often the queue is counted: twice too short, and what it has lost is looked for.
	lostEvery = 10 * time.Second
	// sweepHold is when an envelope whose task is alive is looked after again.
	sweepHold  = 2 * time.Minute
	sweepBatch = 200
	renewEvery = time.Minute
	// findRenewalsEvery is how often renewals are looked for that a ledger of before has not indexed.
	findRenewalsEvery = time.Hour
	pruneEvery        = time.Hour
)

// Scheduler is the clock of all workers.
type Scheduler struct {
	cfg    Config
	ledger *ledger.Ledger
	tasks  *queue.TaskQueue
	log    *slog.Logger

	outages ledger.Outages
}

// New gives a scheduler that Run starts.
func New(cfg Config) *Scheduler {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.LookEvery == 0 {
		cfg.LookEvery = 5 * time.Second
	}
	// The scheduler makes no inviting call: it needs no barrier.
	return &Scheduler{cfg: cfg, ledger: ledger.New(cfg.Redis, ledger.NotDurable), tasks: queue.New(cfg.Redis), log: cfg.Log}
}

// Run keeps the clock until the context ends.
func (s *Scheduler) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, p := range s.cfg.Providers {
		s.every(ctx, &wg, "look-"+p, s.cfg.LookEvery, func(ctx context.Context, period string) error { return s.look(ctx, p, period) })
		s.every(ctx, &wg, "sweep-"+p, sweepEvery, func(ctx context.Context, _ string) error { return s.sweep(ctx, p) })
		var short atomic.Bool
		s.every(ctx, &wg, "lost-"+p, lostEvery, func(ctx context.Context, _ string) error { return s.lost(ctx, p, &short) })
		s.every(ctx, &wg, "prune-"+p, pruneEvery, func(ctx context.Context, _ string) error { return s.prune(ctx, p) })
	}
	s.every(ctx, &wg, "renew", renewEvery, s.renew)
	s.every(ctx, &wg, "remind", remindEvery, s.remind)
	s.every(ctx, &wg, "find-renewals", findRenewalsEvery, func(ctx context.Context, _ string) error { return s.ledger.FindRenewals(ctx) })
	wg.Wait()
	return nil
}

// every runs a job once a period, over all schedulers: the first to claim the period's
// name does it. Periods are counted on Redis' clock.
func (s *Scheduler) every(ctx context.Context, wg *sync.WaitGroup, name string, period time.Duration, job func(ctx context.Context, period string) error) {
	wg.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			if err := s.once(ctx, name, period, job); err != nil && ctx.Err() == nil {
				s.log.Log(ctx, s.outages.Level(err), "periodic task failed", "task", name, "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

func (s *Scheduler) once(ctx context.Context, name string, period time.Duration, job func(context.Context, string) error) error {
	now, err := s.ledger.Now(ctx)
	if err != nil {
		return err
	}
	n := fmt.Sprint(now.UnixMilli() / period.Milliseconds())
	first, err := s.ledger.Once(ctx, name+":"+n, 2*period)
	if err != nil || !first {
		return err
	}
	return job(ctx, n)
}

// look sends the workers of a provider on a round, when something is to be looked at.
func (s *Scheduler) look(ctx context.Context, provider, period string) error {
	n, err := s.ledger.Pending(ctx, ledger.Look, provider)
	if err != nil || n == 0 {
		return err
	}
	return s.tasks.Look(ctx, provider, period)
}

// sweep brings back what is due for work and no task carries: tasks that were never
// enqueued, that asynq has lost, archived or calls active for ever, and envelopes whose
// worker has died. Losing the whole queue loses no envelope.
func (s *Scheduler) sweep(ctx context.Context, provider string) error {
	batch := sweepBatch
	if _, until, denied, err := s.ledger.Denial(ctx, provider); err != nil {
		return err
	} else if denied {
		if now, err := s.ledger.Now(ctx); err != nil || now.Before(until) {
			return err
		}
		batch = 1 // one tries whether the key is accepted again
	}
	for more := batch > 1; more; {
		var err error
		if more, err = s.ledger.Abandoned(ctx, provider); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		keys, err := s.ledger.Take(ctx, ledger.Work, provider, batch, sweepHold)
		if err != nil || len(keys) == 0 {
			return err
		}
		records, err := s.ledger.GetMany(ctx, keys)
		if err != nil {
			return err
		}
		found := 0
		var carried []*ledger.Record
		for _, r := range records {
			if r == nil {
				continue
			}
			brought, err := s.bring(ctx, r)
			if err != nil {
				return err
			}
			if brought {
				found++
			} else {
				carried = append(carried, r)
			}
		}
		if err := s.ledger.Carried(ctx, carried); err != nil { // not looked after again, as long as its task is there
			return err
		}
		s.swept(ctx, provider, found)
		if batch == 1 {
			return nil
		}
	}
	return nil
}

func (s *Scheduler) swept(ctx context.Context, provider string, n int) {
	if n == 0 {
		return
	}
	s.log.InfoContext(ctx, "swept", "provider", provider, "envelopes", n)
	if s.cfg.Swept != nil {
		s.cfg.Swept(provider, n)
	}
}

func (s *Scheduler) bring(ctx context.Context, r *ledger.Record) (bool, error) {
	carried, taken, err := s.tasks.Carried(r)
	if carried {
		return false, nil
	}
	if taken || err != nil { // a task that asynq cannot read carries nothing; if it is Redis that is away, the write says so
		return true, s.renewTask(ctx, r)
	}
	return true, s.tasks.Carry(ctx, r)
}

// renewTask gives an envelope another task: the id of its own is blocked by one that does
// nothing any more.
func (s *Scheduler) renewTask(ctx context.Context, r *ledger.Record) error {
	err := s.ledger.NewTask(ctx, r)
	if errors.Is(err, ledger.ErrLost) {
		return nil // somebody works on it after all
	}
	if err != nil {
		return err
	}
	return s.tasks.Carry(ctx, r)
}

// renew asks for new download addresses for envelopes that are completed and whose
// artifacts still wait, before the old ones die.
func (s *Scheduler) renew(ctx context.Context, period string) error {
	for more := true; more; {
		var waiting []*ledger.Record
		var err error
		if waiting, more, err = s.ledger.TakeRenewals(ctx, sweepBatch, renewEvery); err != nil {
			return err
		}
		for _, r := range waiting {
			if err := s.tasks.Renew(ctx, r.Provider, r.Key(), period); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Scheduler) prune(ctx context.Context, provider string) error {
	n, err := s.tasks.Prune(ctx, provider)
	if n > 0 {
		s.log.DebugContext(ctx, "pruned failed tasks", "provider", provider, "tasks", n)
	}
	return err
}

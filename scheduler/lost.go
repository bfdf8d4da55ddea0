package scheduler

import (
	"context"
	"sync/atomic"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/storage/ledger"
)

// lost finds out whether asynq has lost tasks of envelopes that stand in no index because a
// task carries them. That costs two counts, however many wait: there are at least as many tasks
// as such envelopes, since a task ends after its envelope was taken up. Fewer, twice in a row, and
// all of them are looked after. Tasks that have nothing to do any more can hide a loss until they
// are worked off, and no longer.
func (s *Scheduler) lost(ctx context.Context, provider string, short *atomic.Bool) error {
	carried, err := s.ledger.CarriedCount(ctx, provider)
	if err != nil {
		return err
	}
	count, err := s.tasks.Count(ctx, provider)
	if err != nil {
		return err
	}
	if count.Tasks >= carried {
		short.Store(false)
		return nil
	}
	if !short.Swap(true) { // the two are not counted at the same moment
		return nil
	}
	s.log.WarnContext(ctx, "the queue has lost tasks", "provider", provider, "tasks", count.Tasks, "envelopes", carried)
	return s.findLost(ctx, provider, count)
}

// working are the states of envelopes that a task can carry.
var working = []ledger.State{ledger.Queued, ledger.Preparing, ledger.Sent, ledger.Completed}

// findLost looks after every envelope of a provider that a task should carry.
func (s *Scheduler) findLost(ctx context.Context, provider string, count queue.Count) error {
	campaigns, err := s.ledger.Campaigns(ctx)
	if err != nil {
		return err
	}
	for _, campaign := range campaigns {
		cursor := ""
		for {
			records, next, err := s.ledger.PageOf(ctx, campaign, working, cursor, sweepBatch)
			if err != nil {
				return err
			}
			n, err := s.restore(ctx, provider, count, records)
			s.swept(ctx, provider, n)
			if err != nil {
				return err
			}
			if cursor = next; next == "" {
				break
			}
		}
	}
	return nil
}

// restore puts back what should have a task and has none.
func (s *Scheduler) restore(ctx context.Context, provider string, count queue.Count, records []*ledger.Record) (int, error) {
	var carried []*ledger.Record
	for _, r := range records {
		if r.Provider == provider && r.Carried {
			carried = append(carried, r)
		}
	}
	lost, blocked, err := s.tasks.Missing(ctx, count, carried)
	if err != nil {
		return 0, err
	}
	tasks := make([]queue.Envelope, len(lost))
	for i, r := range lost {
		tasks[i] = queue.Envelope{Provider: r.Provider, Class: queue.ClassOf(r), Key: r.Key(), Generation: r.Generation}
	}
	if err := s.tasks.Envelopes(ctx, tasks); err != nil {
		return 0, err
	}
	for i, r := range blocked {
		if err := s.renewTask(ctx, r); err != nil {
			return len(lost) + i, err
		}
	}
	return len(lost) + len(blocked), nil
}

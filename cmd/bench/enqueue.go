package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// enqueue compares jobs.Client.EnqueueAll, checks and ledger included, with the tasks
// putting the same tasks into the same Redis.
func enqueue(ctx context.Context, folder string, s sizes) ([]result, error) {
	var all []result
	for _, fsync := range []string{"always", "everysec"} {
		r, err := enqueueOn(ctx, filepath.Join(folder, fsync), fsync, s)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func enqueueOn(ctx context.Context, folder, fsync string, s sizes) (result, error) {
	db, stop, err := startRedis(ctx, folder, fsync)
	if err != nil {
		return result{}, err
	}
	defer stop()
	found, err := ledger.Inspect(ctx, db)
	if err != nil {
		return result{}, err
	}
	store, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return result{}, err
	}
	judge, err := certyneo.New(rest.Settings{Pacer: pace.Unlimited{}})
	if err != nil {
		return result{}, err
	}
	client := jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: found.Durability, Archive: store, Providers: []providers.Provider{judge}, Log: unheard})
	round := 0
	ours := func(ctx context.Context) (float64, error) {
		round++
		campaign := fmt.Sprintf("ours-%d", round)
		return perSecond(s.enqueue, func() error {
			sum, err := client.EnqueueAll(ctx, campaign, func(yield func(jobs.Envelope, error) bool) {
				for i := range s.enqueue {
					e := envelope(campaign, i, certyneo.Name)
					if !yield(e, client.Check(ctx, &e)) {
						return
					}
				}
			})
			if err == nil && sum.New != s.enqueue {
				err = fmt.Errorf("%d of %d envelopes were new", sum.New, s.enqueue)
			}
			return err
		})
	}
	floor := func(ctx context.Context) (float64, error) {
		round++
		return perSecond(s.enqueue, func() error { return rawTasks(ctx, db, s.enqueue, round) })
	}
	return compare(ctx, s.rounds, "enqueue, appendfsync "+fsync, "envelopes/s", "checked, recorded, queued; the tasks alone", ours, floor)
}

// rawTasks puts the same tasks into the queue, and nothing else.
func rawTasks(ctx context.Context, db redis.UniversalClient, n, round int) error {
	tasks := queue.New(db)
	for i := range n {
		if err := tasks.Envelope(ctx, "floor", pace.Send, fmt.Sprintf("floor-%d/e-%07d", round, i), 1, 0); err != nil {
			return err
		}
	}
	return nil
}

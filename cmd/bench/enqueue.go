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

// enqueue compares jobs.Client.EnqueueAll, checks and ledger included, with putting the same tasks
// into the same Redis; and once more for envelopes that are there already.
func enqueue(ctx context.Context, folder string, s sizes) ([]result, error) {
	var all []result
	for _, fsync := range []string{"always", "everysec"} {
		r, err := enqueueOn(ctx, filepath.Join(folder, fsync), fsync, s)
		if err != nil {
			return nil, err
		}
		all = append(all, r...)
	}
	return all, nil
}

func enqueueOn(ctx context.Context, folder, fsync string, s sizes) ([]result, error) {
	db, stop, err := startRedis(ctx, folder, fsync)
	if err != nil {
		return nil, err
	}
	defer stop()
	trips := new(trips)
	db.AddHook(trips)
	found, err := ledger.Inspect(ctx, db)
	if err != nil {
		return nil, err
	}
	store, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return nil, err
	}
	judge, err := certyneo.New(rest.Settings{Pacer: pace.Unlimited{}})
	if err != nil {
		return nil, err
	}
	client := jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: found.Durability, Archive: store, Providers: []providers.Provider{judge}, Log: unheard})
	var ours, again, floor []cost
	for round := range s.rounds {
		if err := db.FlushAll(ctx).Err(); err != nil {
			return nil, err
		}
		for _, way := range []struct {
			to   *[]cost
			name string
			run  func() error
		}{
			{&floor, "floor", func() error { return bareTasks(ctx, db, s.enqueue, round) }},
			{&ours, "ours", func() error { return enqueueAll(ctx, client, fmt.Sprintf("ours-%d", round), s.enqueue, true) }},
			{&again, "again", func() error { return enqueueAll(ctx, client, fmt.Sprintf("ours-%d", round), s.enqueue, false) }},
		} {
			c, err := costOf(ctx, db, trips, s.enqueue, profileOf(s.profile, way.name, fmt.Sprintf("enqueue-%s-%d", fsync, round)), way.run)
			if err != nil {
				return nil, err
			}
			*way.to = append(*way.to, c)
		}
	}
	return append(costLines("enqueue, "+fsync, "checked, recorded, queued; the tasks alone", ours, floor),
		costLines("enqueue again, "+fsync, "all known", again, floor)...), nil
}

func enqueueAll(ctx context.Context, client *jobs.Client, campaign string, n int, new bool) error {
	sum, err := client.EnqueueAll(ctx, campaign, func(yield func(jobs.Envelope, error) bool) {
		for i := range n {
			if !yield(envelope(campaign, i, certyneo.Name), nil) {
				return
			}
		}
	})
	if err == nil && (new && sum.New != n || !new && sum.Known != n) {
		err = fmt.Errorf("of %d envelopes %d were new and %d known", n, sum.New, sum.Known)
	}
	return err
}

// bareTasks puts the same tasks into the queue, some at a time, and nothing else.
func bareTasks(ctx context.Context, db redis.UniversalClient, n, round int) error {
	tasks := queue.New(db)
	return each(ctx, n, func(ctx context.Context, i int) error {
		return tasks.Envelope(ctx, "floor", pace.Send, fmt.Sprintf("floor-%d/e-%07d", round, i), 1, 0)
	})
}

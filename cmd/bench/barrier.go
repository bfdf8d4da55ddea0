package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/storage/ledger"
)

// barrier compares the intent to invite on a Redis that syncs every write with one that
// syncs once a second and could forget it.
func barrier(ctx context.Context, folder string, s sizes) ([]result, error) {
	safe, stop, err := startRedis(ctx, filepath.Join(folder, "always"), "always")
	if err != nil {
		return nil, err
	}
	defer stop()
	risky, stop, err := startRedis(ctx, filepath.Join(folder, "everysec"), "everysec")
	if err != nil {
		return nil, err
	}
	defer stop()
	found, err := ledger.Inspect(ctx, safe)
	if err != nil {
		return nil, err
	}
	var all []result
	round := 0
	for _, callers := range []int{1, 16} {
		intend := func(db *redis.Client, b ledger.Durability) measured {
			return func(ctx context.Context) (float64, error) {
				round++
				return intents(ctx, ledger.New(db, b), fmt.Sprintf("c%d", round), s.intents, callers)
			}
		}
		r, err := compare(ctx, s.rounds, fmt.Sprintf("barrier, %d at once", callers), "intents/s", "",
			intend(safe, found.Durability), intend(risky, ledger.NotDurable))
		if err != nil {
			return nil, err
		}
		r.Note = fmt.Sprintf("%s: %s more for each", found.Durability, time.Duration(float64(callers)*float64(time.Second)*(1/r.Ours-1/r.Floor)).Round(time.Microsecond))
		all = append(all, r)
	}
	return all, nil
}

// intents records and claims n envelopes, then times their intents alone.
func intents(ctx context.Context, l *ledger.Ledger, campaign string, n, callers int) (float64, error) {
	claims := make([]*ledger.Claim, n)
	for i := range claims {
		e := ledger.Entry{Campaign: campaign, ID: fmt.Sprintf("e-%d", i), Provider: "certyneo", Digest: "v1:x", State: ledger.Queued,
			Content: ledger.Content{Envelope: []byte("{}")}, SweepAfter: time.Hour}
		created, err := l.Create(ctx, []ledger.Entry{e})
		if err != nil {
			return 0, err
		}
		claim, hold, _, err := l.Claim(ctx, campaign+"/"+e.ID, created[0].Generation, time.Hour, ledger.Preparation{Provider: e.Provider})
		if err == nil && hold != ledger.Granted {
			err = fmt.Errorf("no claim: %s", hold)
		}
		if err != nil {
			return 0, err
		}
		claims[i] = claim
	}
	var next atomic.Int64
	return perSecond(n, func() error {
		var g errgroup.Group
		for range callers {
			g.Go(func() error {
				for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
					answer, err := claims[i].Intend(ctx)
					if err == nil && answer != ledger.IntentOK {
						err = fmt.Errorf("no intent: %s", answer)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		return g.Wait()
	})
}

package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// LoadWithin is how long a Redis that reads what it has kept is waited for.
	LoadWithin = time.Minute
	loadedAsk  = 500 * time.Millisecond
)

// IsLoading tells whether a Redis has answered that it still reads what it has kept, as it does after a start.
func IsLoading(err error) bool { return err != nil && redis.HasErrorPrefix(err, "LOADING") }

// AwaitLoaded waits for a Redis that has answered so, for [LoadWithin].
func AwaitLoaded(ctx context.Context, db redis.UniversalClient) error {
	waiting, cancel := context.WithTimeoutCause(ctx, LoadWithin, fmt.Errorf("it still reads what it has kept, after %s: start again when it has (redis-cli INFO persistence tells how far it is)", LoadWithin))
	defer cancel()
	tick := time.NewTicker(loadedAsk)
	defer tick.Stop()
	for {
		err := db.Ping(waiting).Err()
		if waiting.Err() == nil && !IsLoading(err) {
			return err
		}
		select {
		case <-waiting.Done():
			return errors.Join(ctx.Err(), context.Cause(waiting))
		case <-tick.C:
		}
	}
}

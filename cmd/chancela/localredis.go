package main

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/localredis"
)

// isLocal tells whether an address names a folder for a Redis of this machine.
func isLocal(address providers.Secret) bool { return localredis.Is(address.Reveal()) }

// checkRedis refuses an address that cannot be meant. Nothing is connected to, or started.
func (c *config) checkRedis() error {
	var err error
	switch {
	case c.RedisURL == "":
	case isLocal(c.RedisURL):
		_, err = localredis.Path(c.RedisURL.Reveal())
	default:
		var db redis.UniversalClient
		if db, err = queue.Connect(c.RedisURL.Reveal(), c.Roots.pool); err == nil { // connects with its first command only
			db.Close()
		}
	}
	if err != nil {
		return usage("%sREDIS_URL: %w", prefix, err)
	}
	return nil
}

// reachRedis opens the Redis of the configuration, and sees that it answers. A local one is
// started, or joined. The caller calls end.
func (c *config) reachRedis(ctx context.Context) (db redis.UniversalClient, end func(), err error) {
	return c.reachLoaded(ctx, nil)
}

// reachLoaded is reachRedis that waits, once it has said so by loading, for a Redis that reads what it has kept.
func (c *config) reachLoaded(ctx context.Context, loading func()) (db redis.UniversalClient, end func(), err error) {
	address, leave, err := localredis.Reach(ctx, c.RedisURL.Reveal())
	if err != nil {
		return nil, nil, err
	}
	if db, err = queue.Connect(address, c.Roots.pool); err != nil {
		leave()
		return nil, nil, usage("%sREDIS_URL: %w", prefix, err)
	}
	end = func() {
		db.Close()
		leave()
	}
	err = queue.Reach(ctx, db, address)
	if loading != nil && queue.IsLoading(err) {
		loading()
		err = queue.AwaitLoaded(ctx, db)
	}
	if err != nil {
		end()
		return nil, nil, lang.Errorf("redis does not answer at %s: %w", redacted(c.RedisURL), err)
	}
	return db, end, nil
}

package jobs

import (
	"context"
	"fmt"
	"sync"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/localredis"
	"github.com/chancela/chancela/storage/pairing"
)

// Open is a client of a Redis (redis://, rediss://, redis-socket://, redis-sentinel://,
// redis-cluster://; or local:PATH, a folder in which redis-server is started, or joined where
// another process has started it) and an archive (a folder, or s3://bucket/prefix), for all
// providers.
// A Redis that may forget what it has acknowledged is taken with a warning in the log: what
// it was given in the last moments before a crash is to be enqueued again, and is not sent
// twice as long as workers mark invitations in the archive. Another archive than the one that
// the Redis was used with is refused while envelopes are open. [Client.Close] ends it.
func Open(ctx context.Context, redisURL, archiveURL string) (*Client, error) {
	var judges []providers.Provider
	for _, p := range registry.All() {
		judge, err := p.New(rest.Settings{}) // only its Check is used: no key is needed
		if err != nil {
			return nil, err
		}
		judges = append(judges, judge)
	}
	store, err := storage.Open(ctx, archiveURL)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	address, leave, err := localredis.Reach(ctx, redisURL)
	if err != nil {
		return nil, err
	}
	db, err := queue.Connect(address, nil)
	if err != nil {
		leave()
		return nil, fmt.Errorf("redis: %w", err)
	}
	end := sync.OnceValue(func() error {
		defer leave()
		return db.Close()
	})
	server, err := ledger.Inspect(ctx, db)
	if err != nil {
		_ = end()
		return nil, err
	}
	c := NewClient(ClientConfig{Redis: db, Durability: server.Durability, Archive: store, Providers: judges})
	c.close = end
	moved, err := pairing.Claim(ctx, db, store, func(ctx context.Context) (int64, error) { return c.ledger.Unfinished(ctx, registry.Names()) })
	if err != nil {
		_ = end()
		return nil, err
	}
	if moved {
		c.log.WarnContext(ctx, "this Redis was used with another archive, and nothing is open there: it goes on with this one", "archive", store.String())
	}
	for _, w := range server.Warnings {
		c.log.WarnContext(ctx, w.String())
	}
	return c, nil
}

// Close ends the connections of a client that [Open] has made. One of [NewClient] has
// none of its own.
func (c *Client) Close() error {
	if c.close == nil {
		return nil
	}
	return c.close()
}

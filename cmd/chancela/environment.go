package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/archive"
)

// What simulators have signed must never be taken for a contract, nor real envelopes be
// worked on by a process that has only simulators: an archive and a Redis belong to one
// of the two worlds, whichever came first.
const (
	realWorld      = "real providers"
	simulatedWorld = "simulated providers"
)

// world is which of the two a configuration belongs to. Providers at local addresses are
// simulators, whoever started them.
func (e *engine) world() string {
	if !e.simulated {
		for _, name := range e.cfg.keyed() {
			if e.cfg.isReal(name) {
				return realWorld
			}
		}
	}
	return simulatedWorld
}

// claim notes the world of archive and Redis, or refuses what belongs to the other.
func (e *engine) claim(ctx context.Context) error {
	if err := e.claimArchive(ctx); err != nil {
		return err
	}
	return e.claimRedis(ctx)
}

// worldKey is the archive's note of its world.
const worldKey = "_archive/world.txt"

// claimArchive notes the archive's world, or refuses one of the other.
func (e *engine) claimArchive(ctx context.Context) error {
	_, err := e.archive.Put(ctx, worldKey, strings.NewReader(e.world()+"\n"), "text/plain", nil)
	if errors.Is(err, archive.ErrConflict) {
		return usage("the archive %s does not belong to %s: choose another one with %sARCHIVE_URL", e.archive, e.world(), prefix)
	}
	if err != nil {
		return fmt.Errorf("archive %s: %w", e.archive, err)
	}
	return nil
}

// worldField is the Redis' note of its world.
const worldField = "{chancela}:world"

// claimRedis notes the world of the Redis, or refuses one that holds campaigns of the
// other.
func (e *engine) claimRedis(ctx context.Context) error {
	fresh, err := e.redis.SetNX(ctx, worldField, e.world(), 0).Result()
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	if fresh {
		return nil
	}
	have, err := e.redis.Get(ctx, worldField).Result()
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	if have != e.world() {
		return usage("this Redis holds campaigns of %s, and here are %s: use another Redis or another database of it", have, e.world())
	}
	return nil
}

// learnWorld gives the judges of a process without a key: simulated ones, where the Redis
// belongs to simulators.
func (e *engine) learnWorld(ctx context.Context, judges []providers.Provider) ([]providers.Provider, error) {
	have, err := e.redis.Get(ctx, worldField).Result()
	switch {
	case err != nil && !errors.Is(err, redis.Nil):
		return nil, fmt.Errorf("redis: %w", err)
	case have != simulatedWorld:
		return judges, nil
	}
	e.cfg.Simulate = yes
	return e.cfg.judges(registry.Names())
}

// leftovers is the archive as simulators in this process see it. A run that was killed
// has taken its simulators with it and may have left files of an envelope that has no
// manifest yet; the next simulators make other ones. What is there stays, and counts.
type leftovers struct{ archive.Archive }

func (a leftovers) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	o, err := a.Archive.Put(ctx, key, content, contentType, check)
	if !errors.Is(err, archive.ErrConflict) || path.Base(key) == report.ManifestName || key == worldKey {
		return o, err
	}
	return archive.Measure(ctx, a, key)
}

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/pairing"
)

// What simulators have signed must never be taken for a contract, nor real envelopes be
// worked on by a process that has only simulators: an archive and a Redis belong to one
// of the two worlds, whichever came first, and to each other. Of the real world each
// provider's environment is noted, too.
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

// claim notes the world of archive and Redis, and that they go together, or refuses what
// belongs elsewhere. Nothing is noted before all of it is known to fit: what is refused stays as it
// was.
func (e *engine) claim(ctx context.Context) error {
	for _, note := range []bool{false, true} {
		if err := e.claimArchive(ctx, note); err != nil {
			return err
		}
		if err := e.claimRedis(ctx, note); err != nil {
			return err
		}
		if e.world() == realWorld {
			if err := e.claimEnvironments(ctx, note); err != nil {
				return err
			}
		}
		if err := e.pair(ctx, note); err != nil {
			return err
		}
	}
	return nil
}

// pair notes the archive of a Redis that has none yet, or refuses another one than was noted
// while envelopes are open.
func (e *engine) pair(ctx context.Context, note bool) error {
	open := func(ctx context.Context) (int64, error) {
		return ledger.New(e.redis, e.durability).Unfinished(ctx, registry.Names())
	}
	var moved bool
	err := pairing.MayClaim(ctx, e.redis, e.archive, open)
	if note && err == nil {
		moved, err = pairing.Claim(ctx, e.redis, e.archive, open)
	}
	if moved {
		e.log.Warn("this Redis was used with another archive, and nothing is open there: it goes on with this one", "archive", e.archive.String())
	}
	if other, ok := errors.AsType[*pairing.OtherError](err); ok {
		return usage("this Redis was used with another archive than %[1]s: look at %[2]sARCHIVE_URL and %[2]sREDIS_URL. If this archive is to take the other's place, give it the file %[3]s of the other, or one with the line %[4]s",
			e.archive, prefix, pairing.Key, other.Noted)
	}
	return err
}

// worldKey is the archive's note of its world.
const worldKey = archive.Own + "/world.txt"

// claimArchive notes the archive's world, or refuses one of the other.
func (e *engine) claimArchive(ctx context.Context, note bool) error {
	err := e.noteInArchive(ctx, worldKey, e.world(), note)
	if errors.Is(err, archive.ErrConflict) {
		return usage("the archive %s does not belong to %s: choose another one with %sARCHIVE_URL", e.archive, e.world(), prefix)
	}
	if err != nil {
		return lang.Errorf("archive %s: %w", e.archive, err)
	}
	return nil
}

// noteInArchive writes a line where there is none yet, or only looks. Another line is an
// [archive.ErrConflict].
func (e *engine) noteInArchive(ctx context.Context, key, mine string, note bool) error {
	if note {
		_, err := e.archive.Put(ctx, key, strings.NewReader(mine+"\n"), "text/plain", nil)
		return err
	}
	r, _, err := e.archive.Open(ctx, key)
	if errors.Is(err, archive.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	have, err := io.ReadAll(io.LimitReader(r, int64(len(mine))+2))
	if err == nil && string(have) != mine+"\n" {
		err = archive.ErrConflict
	}
	return err
}

// worldField is the Redis' note of its world.
const worldField = "{chancela}:world"

// claimRedis notes the world of the Redis, or refuses one that holds campaigns of the
// other.
func (e *engine) claimRedis(ctx context.Context, note bool) error {
	if note {
		fresh, err := e.redis.SetNX(ctx, worldField, e.world(), 0).Result()
		if err != nil {
			return lang.Errorf("redis: %w", err)
		}
		e.upgraded = e.upgraded || !fresh
	}
	have, err := e.redis.Get(ctx, worldField).Result()
	if errors.Is(err, redis.Nil) && !note {
		return nil
	}
	if err != nil {
		return lang.Errorf("redis: %w", err)
	}
	if have != e.world() {
		return usage("this Redis holds campaigns of %s, and here are %s: use another Redis or another database of it", have, e.world())
	}
	return nil
}

// mark is what an archive and a Redis note of a provider: the environment that its
// envelopes are in, and the account, where something stable tells it. A rehearsal with the
// keys of a sandbox makes every id of a campaign known; in production nothing would be
// sent then, and void files would stand as contracts.
type mark struct{ environment, account string }

func (e *engine) mark(name string) (mark, error) {
	d, err := e.cfg.destination(name)
	if err != nil {
		return mark{}, usage("%w", err)
	}
	m := mark{environment: d.Environment()}
	p, _ := registry.Find(name)
	for _, own := range p.Own {
		if own.Key && e.cfg.account(name).own[own.Name] != "" { // the client's id stays when its secret changes
			sum := sha256.Sum256([]byte(name + "\n" + e.cfg.account(name).own[own.Name].Reveal()))
			m.account = hex.EncodeToString(sum[:8])
		}
	}
	return m, nil
}

// claimEnvironments notes the environment of each provider with a key, or refuses another
// one than was noted. What older versions have noted says nothing of environments: it is
// taken for those of this process.
func (e *engine) claimEnvironments(ctx context.Context, note bool) error {
	known, err := e.redis.Exists(ctx, environmentsField).Result()
	if err != nil {
		return lang.Errorf("redis: %w", err)
	}
	for _, name := range e.cfg.keyed() {
		m, err := e.mark(name)
		if err == nil {
			err = e.claimInRedis(ctx, name, m, note)
		}
		if err == nil {
			err = e.claimInArchive(ctx, name, m, note)
		}
		if err != nil {
			return err
		}
	}
	if note && known == 0 && e.upgraded {
		e.log.WarnContext(ctx, "this Redis did not say in which environment its envelopes are: they are taken for those of this configuration", "providers", strings.Join(e.cfg.keyed(), ","))
	}
	return nil
}

// environmentsField is the Redis' note of its providers' environments: provider to
// environment, and provider.account to the account.
const environmentsField = "{chancela}:environments"

func (e *engine) claimInRedis(ctx context.Context, name string, m mark, note bool) error {
	for field, mine := range map[string]string{name: m.environment, name + ".account": m.account} {
		if mine == "" {
			continue
		}
		if note {
			if err := e.redis.HSetNX(ctx, environmentsField, field, mine).Err(); err != nil {
				return lang.Errorf("redis: %w", err)
			}
		}
		have, err := e.redis.HGet(ctx, environmentsField, field).Result()
		switch {
		case errors.Is(err, redis.Nil) && !note:
		case err != nil:
			return lang.Errorf("redis: %w", err)
		case have != mine && field == name:
			return usage("this Redis holds envelopes of %s in %s, and here is %s: use another Redis or another database of it", name, have, mine)
		case have != mine:
			return usage("this Redis holds envelopes of another account of %s: use another Redis or another database of it", name)
		}
	}
	return nil
}

func (e *engine) claimInArchive(ctx context.Context, name string, m mark, note bool) error {
	for what, mine := range map[string]string{"environment": m.environment, "account": m.account} {
		if mine == "" {
			continue
		}
		err := e.noteInArchive(ctx, archive.Own+"/"+what+"-"+name+".txt", mine, note)
		switch {
		case errors.Is(err, archive.ErrConflict) && what == "environment":
			return usage("the archive %s holds files of %s from another environment than %s: choose another one with %sARCHIVE_URL", e.archive, name, mine, prefix)
		case errors.Is(err, archive.ErrConflict):
			return usage("the archive %s holds files of another account of %s: choose another one with %sARCHIVE_URL", e.archive, name, prefix)
		case err != nil:
			return lang.Errorf("archive %s: %w", e.archive, err)
		}
	}
	return nil
}

// learnWorld gives the judges of a process without a key: simulated ones, where the Redis
// belongs to simulators.
func (e *engine) learnWorld(ctx context.Context, judges []providers.Provider) ([]providers.Provider, error) {
	have, err := e.redis.Get(ctx, worldField).Result()
	switch {
	case err != nil && !errors.Is(err, redis.Nil):
		return nil, lang.Errorf("redis: %w", err)
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

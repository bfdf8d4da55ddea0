package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
	"github.com/chancela/chancela/storage/pairing"
)

// beginning is a command that has read its configuration and has opened nothing yet.
type beginning struct {
	sys       *system
	cfg       *config
	log       *slog.Logger
	command   string
	keyless   bool // no provider has a key
	simulated bool // providers are simulators that chancela runs
}

// start reads the configuration for a command that works with providers, and says in the
// first line where their calls go.
func (s *system) start(command string) (*beginning, error) {
	cfg, err := loadConfig(s.env)
	if err != nil {
		return nil, err
	}
	b := &beginning{sys: s, cfg: cfg, command: command, keyless: len(cfg.keyed()) == 0}
	b.simulated = b.keyless && (cfg.RedisURL == "" || cfg.Simulate == yes)
	calls := command != "enqueue" && command != "schedule" // those call no provider
	if calls {
		if err := cfg.asked(command, s.env); err != nil {
			return nil, err
		}
		if cfg.NotifyURL != "" && cfg.NotifySecret == "" { // whoever enqueues signs nothing
			return nil, usage("%[1]sNOTIFY_URL is set, and %[1]sNOTIFY_SECRET is not: notifications would not be signed, and could not be told from forged ones. Set a secret, such as whsec_ and 32 random bytes in base64, or unset both", prefix)
		}
	}
	if !b.keyless && cfg.RedisURL == "" {
		return nil, usage("%s needs %sREDIS_URL when a provider's key is set: an embedded queue forgets, and a forgotten envelope could be sent twice; on one machine, set it to local:PATH, a folder for a Redis", command, prefix)
	}
	if b.simulated && calls {
		fmt.Fprintln(s.stderr, s.language.Sprintf(simulatedNotice))
	}
	if err := s.tellDestinations(cfg); err != nil {
		return nil, err
	}
	level := slog.Level(cfg.LogLevel)
	if (command == "run" || command == "enqueue") && s.terminal && s.env[prefix+"LOG_LEVEL"] == "" {
		level = slog.LevelWarn // people see it in the view, or in the last line
	}
	b.log = s.logger(level)
	for _, name := range unknown(s.env) {
		b.log.Warn("unknown variable: see chancela config", "name", name)
	}
	if !b.keyless && calls && command != "run" && !slices.ContainsFunc(cfg.keyed(), cfg.isReal) {
		b.log.Warn("simulated providers: nobody is invited, and nothing is signed", "providers", strings.Join(cfg.keyed(), ","))
	}
	for _, name := range cfg.keyed() {
		if cfg.isReal(name) && cfg.account(name).BaseURL.isPlain() {
			b.log.Warn("plain http shows the key to everybody on the way; a simulator there needs "+prefix+"SIMULATE=yes", "variable", variable(name, "BASE_URL"))
		}
	}
	return b, nil
}

// tellDestinations says in the first line where calls go; on a terminal, in a line for each.
func (s *system) tellDestinations(cfg *config) error {
	where, err := cfg.destinations()
	if err != nil {
		return usage("%w", err)
	}
	between := "; "
	if s.terminal {
		between = "\n"
	}
	if len(where) > 0 {
		fmt.Fprintln(s.stderr, s.language.Say(lang.Join(where, between)))
	}
	return nil
}

// startQueued is start for commands that make no sense without a Redis.
func (s *system) startQueued(command string) (*beginning, error) {
	cfg, err := loadConfig(s.env)
	if err != nil {
		return nil, err
	}
	if cfg.RedisURL == "" && len(cfg.keyed()) == 0 && command != "up" {
		return nil, usage("%s needs %sREDIS_URL: an embedded queue lives only as long as its process; chancela run does everything in one, and local:PATH (a folder for a Redis) is enough on one machine", command, prefix)
	}
	return s.start(command)
}

// openQueue opens the Redis alone.
func (b *beginning) openQueue(ctx context.Context) (*engine, error) {
	e := &engine{cfg: b.cfg, log: b.log, simulated: b.simulated, metrics: metrics.New()}
	err := e.connect(ctx)
	if err == nil {
		err = e.inspect(ctx)
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// open opens everything that workers need, for some providers or (none named) for all
// that have a key.
func (b *beginning) open(ctx context.Context, only []string) (*engine, error) {
	e := &engine{cfg: b.cfg, log: b.log, simulated: b.simulated, metrics: metrics.New()}
	if err := b.openAll(ctx, e, only); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (b *beginning) openAll(ctx context.Context, e *engine, only []string) error {
	var err error
	switch {
	case b.cfg.RedisURL == "":
		err = embed(ctx, b.sys, e)
	default:
		if err = e.connect(ctx); err == nil {
			err = e.inspect(ctx)
		}
	}
	if err != nil {
		return err
	}
	if err := e.openArchive(ctx); err != nil {
		return err
	}
	if err := e.durable(); err != nil {
		return err
	}
	if err := e.claim(ctx); err != nil {
		return err
	}
	if b.simulated && b.cfg.RedisURL != "" {
		if err := e.joinSimulators(ctx, b.sys); err != nil {
			return err
		}
	}
	names := e.cfg.keyed()
	if len(only) > 0 {
		for _, name := range only {
			if !slices.Contains(names, name) {
				return usage("--provider: %s is not configured here: set %s", name, variable(name, "API_KEY"))
			}
		}
		names = only
	}
	if err := e.openLines(names); err != nil {
		return err
	}
	judges, err := e.cfg.judges(e.cfg.keyed())
	if err != nil {
		return err
	}
	e.openClient(judges)
	return nil
}

// durable refuses real providers on a Redis that may forget an intent to invite, where no
// mark in the archive outlives it.
func (e *engine) durable() error {
	if e.durability != ledger.NotDurable || e.simulated {
		return nil
	}
	var exposed []string
	for _, name := range e.cfg.keyed() {
		if e.cfg.isReal(name) {
			exposed = append(exposed, name)
		}
	}
	why := ""
	switch {
	case len(exposed) == 0:
		return nil // simulators: inspect has warned
	case e.marks() != nil && e.archive.Exclusive():
		e.log.Warn("this Redis may forget in a crash: marks in the archive keep invitations from being sent twice; enqueue the files again after a crash", "providers", strings.Join(exposed, ","))
		return nil
	case e.cfg.AcceptRedisRisk == yes:
		e.log.Warn("the risk of a Redis that may forget is accepted: an invitation could be sent twice after its crash", "providers", strings.Join(exposed, ","))
		return nil
	case e.marks() == nil:
		why = "set " + prefix + "MARKS=on"
	default:
		why = "use an archive that knows If-None-Match"
	}
	return usage("%w: %s; or set appendonly yes and appendfsync always (any version), or appendonly yes on 7.2 or newer, or add a replica; or accept the risk with %sACCEPT_REDIS_RISK=yes", ledger.ErrNotDurable, why, prefix)
}

// marks are those of invitations in the archive. Simulators that end with the process begin
// again, so nothing of them is marked.
func (e *engine) marks() *marks.Book {
	if e.cfg.Marks == off || e.simulated {
		return nil
	}
	return marks.New(e.archive)
}

// openLedger opens what the commands that only read or steer need: Redis.
func (s *system) openLedger(ctx context.Context, command string) (*engine, error) {
	return s.openSteering(ctx, command, false)
}

// openLedgerAndArchive is openLedger with the archive, to be read only. Where it cannot be opened
// from here, workers look into it.
func (s *system) openLedgerAndArchive(ctx context.Context, command string) (*engine, error) {
	return s.openSteering(ctx, command, true)
}

const notAtHand = "the archive is not at hand here: a worker looks whether envelopes that are queued were sent before"

func (s *system) openSteering(ctx context.Context, command string, archived bool) (*engine, error) {
	cfg, err := loadConfig(s.env)
	if err != nil {
		return nil, err
	}
	if cfg.RedisURL == "" {
		instead := lang.Plain("")
		if command == "report" {
			instead = lang.Of("; chancela run --report FILE writes a report at its end")
		}
		return nil, usage("%s needs %sREDIS_URL: an embedded queue lives only as long as its run; on one machine, set it to local:PATH, a folder for a Redis%v", command, prefix, instead)
	}
	e := &engine{cfg: cfg, log: s.logger(slog.LevelWarn)}
	if archived {
		if e.archive, err = storage.OpenToRead(ctx, cfg.ArchiveURL, cfg.s3()); err != nil {
			e.archive = nil
			e.log.Warn(notAtHand, "error", err)
		}
	}
	err = e.connect(ctx)
	if err == nil && e.archive != nil {
		err = e.unpair(ctx)
	}
	if err == nil {
		err = e.openObserver()
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// unpair lets go of an archive that is not the one of this Redis, or cannot be read from here:
// what is not in it proves nothing.
func (e *engine) unpair(ctx context.Context) error {
	err := pairing.Check(ctx, e.redis, e.archive)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, other := errors.AsType[*pairing.OtherError](err); other {
		e.log.Warn("the archive here is not the one of this Redis: a worker looks whether envelopes that are queued were sent before", "archive", e.archive.String())
	} else {
		e.log.Warn(notAtHand, "error", err)
	}
	e.archive = nil
	return nil
}

// openObserver makes the client of an engine that calls nobody and has no archive.
func (e *engine) openObserver() error {
	judges, err := e.cfg.judges(registry.Names())
	if err != nil {
		return err
	}
	e.durability = ledger.NotDurable // no intent is written here
	e.openClient(judges)
	e.openLimiters(judges)
	return nil
}

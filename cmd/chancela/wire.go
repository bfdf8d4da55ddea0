package main

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/scheduler"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/s3"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/source"
)

// shutdown is how long a stopping worker waits for what it holds: longer than the
// longest call to a provider.
const shutdown = 75 * time.Second

// account is a provider's part of the configuration.
func (c *config) account(name string) *account { return c.accounts[name] }

// hasKey tells whether a provider can be called.
func (c *config) hasKey(name string) bool {
	p, _ := registry.Find(name)
	a := c.account(name)
	return a.APIKey != "" || slices.ContainsFunc(p.Own, func(own rest.Setting) bool { return own.Key && a.own[own.Name] != "" })
}

// keyed are the providers with a key.
func (c *config) keyed() []string {
	return slices.DeleteFunc(registry.Names(), func(name string) bool { return !c.hasKey(name) })
}

// providerSettings are a provider's part of the configuration as the provider takes it.
func (c *config) providerSettings(name string) rest.Settings {
	a := c.account(name)
	return rest.Settings{BaseURL: string(a.BaseURL), Simulated: c.Simulate == yes, Production: a.Env == production, APIKey: a.APIKey,
		WebhookSecret: a.WebhookSecret, WebhookURL: string(a.WebhookURL), NoCallback: a.noCallback, Own: a.own, Roots: c.Roots.pool, Zone: c.TZ.Location}
}

// newProvider makes the provider of a name.
func newProvider(name string, s rest.Settings) (providers.Provider, error) {
	entry, ok := registry.Find(name)
	if !ok {
		return nil, usage("%q is not one of %s", name, strings.Join(registry.Names(), ", "))
	}
	p, err := entry.New(s)
	if err != nil {
		return nil, usage("%s*: %w", entry.Variable(""), err)
	}
	return p, nil
}

// judges are providers that only check envelopes and tell what they can do: they are not
// called, so that they need no key.
func (c *config) judges(names []string) ([]providers.Provider, error) {
	var all []providers.Provider
	for _, name := range names {
		s := c.providerSettings(name)
		s.Uncalled = true
		p, err := newProvider(name, s)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// pace is a provider's rate: its own, unless the environment has another.
func (c *config) pace(info providers.Info) providers.Rate {
	a, r := c.account(info.Name), info.Rate
	if a.Rate.Requests > 0 {
		r.Requests, r.Per = a.Rate.Requests, a.Rate.Per
		if !info.Bucket {
			r.Burst = 1
		}
	}
	if a.Burst > 0 {
		r.Burst = a.Burst
	}
	return r
}

// engine is what the commands drive.
type engine struct {
	cfg        *config
	log        *slog.Logger
	redis      redis.UniversalClient
	durability ledger.Durability
	archive    archive.Archive
	client     *jobs.Client
	lines      []worker.ProviderConfig
	limiters   map[string]*pace.Limiter
	metrics    *metrics.Metrics
	simulated  bool                        // by the simulators of a chancela process
	upgraded   bool                        // the Redis had a note of its world before
	http       func(context.Context) error // serves on the port that listen has opened; nil: none
	close      []func()
}

func (e *engine) Close() {
	for _, f := range slices.Backward(e.close) {
		f()
	}
}

func (e *engine) onClose(f func()) { e.close = append(e.close, f) }

// connect opens the Redis of the configuration.
func (e *engine) connect(ctx context.Context) error {
	db, end, err := e.cfg.reachLoaded(ctx, func() {
		e.log.WarnContext(ctx, "redis reads what it has kept (LOADING): waiting for it", "at_most", queue.LoadWithin.String())
	})
	if err != nil {
		return err
	}
	e.onClose(end)
	e.redis = db
	e.cfg.learn(ctx, db)
	return nil
}

// inspect looks whether the Redis can carry the ledger, and says what should be better.
func (e *engine) inspect(ctx context.Context) error {
	server, err := ledger.Inspect(ctx, e.redis)
	if err != nil {
		return err
	}
	for _, w := range server.Warnings {
		e.log.WarnContext(ctx, w.String())
	}
	e.durability = server.Durability
	return nil
}

// openArchive opens the archive and sees that it can be written to.
func (e *engine) openArchive(ctx context.Context) error {
	a, err := storage.OpenWith(ctx, e.cfg.ArchiveURL, e.cfg.s3())
	if err != nil {
		return usage("%sARCHIVE_URL: %w", prefix, err)
	}
	if err := a.Ready(ctx); err != nil {
		return err
	}
	for _, w := range a.Warnings() {
		e.log.WarnContext(ctx, w.String())
	}
	e.archive = a
	if e.simulated {
		e.archive = leftovers{a}
	}
	return nil
}

// openClient makes the client of an open engine.
func (e *engine) openClient(judges []providers.Provider) {
	e.client = jobs.NewClient(jobs.ClientConfig{Redis: e.redis, Durability: e.durability, Archive: e.archive,
		Providers: judges, Sources: e.cfg.sources(), Zone: e.cfg.TZ.Location, Log: e.log})
}

// sources opens the documents that are named s3://bucket/key.
func (c *config) sources() jobs.OpenSource {
	return source.Outside(c.ArchiveURL, (&storage.Sources{Settings: c.s3()}).Open)
}

// s3 is what archive and sources know of S3 beside the AWS SDK's own variables.
func (c *config) s3() s3.Settings {
	return s3.Settings{SSE: c.S3SSE, KMSKeyID: c.S3KMSKeyID, PathStyle: c.S3PathStyle, Roots: c.Roots.pool}
}

// openLimiters makes the limiters of all processes that share the Redis.
func (e *engine) openLimiters(judges []providers.Provider) {
	e.limiters = make(map[string]*pace.Limiter, len(judges))
	for _, j := range judges {
		info := j.Info()
		e.limiters[info.Name] = pace.NewRedis(e.redis, info.Name, e.cfg.pace(info))
	}
}

// openLines makes the providers that are worked on.
func (e *engine) openLines(names []string) error {
	judges, err := e.cfg.judges(names)
	if err != nil {
		return err
	}
	e.openLimiters(judges)
	troubles := worker.NewTroubles(e.redis, e.log)
	e.onClose(troubles.Close)
	observe := func(o rest.Observation) {
		e.metrics.Observe(o)
		troubles.Observe(o)
	}
	for i, name := range names {
		info := judges[i].Info()
		a := e.cfg.account(name)
		settings := e.cfg.providerSettings(name)
		settings.Pacer, settings.Observe, settings.Log = e.limiters[name], observe, e.log
		p, err := newProvider(name, settings)
		if err != nil {
			return err
		}
		l := worker.ProviderConfig{Provider: p, Concurrency: a.Concurrency, PollEvery: info.PollEvery, Environment: string(a.Env), Account: e.cfg.accountID(name), SettleAfter: a.SettleAfter}
		if a.PollEvery > 0 {
			l.PollEvery = a.PollEvery
		}
		e.lines = append(e.lines, l)
		e.metrics.Provide([]providers.Provider{p})
	}
	return nil
}

// names are the providers that are worked on.
func (e *engine) names() []string {
	var names []string
	for _, l := range e.lines {
		names = append(names, l.Provider.Info().Name)
	}
	return names
}

func (e *engine) worker() *worker.Worker {
	return worker.New(worker.Config{Redis: e.redis, Durability: e.durability, Archive: e.archive, Marks: e.marks(), Providers: e.lines,
		RetryBase: e.cfg.RetryBase, RetryMax: e.cfg.RetryMax, Attempts: e.cfg.Attempts, HaltAfter: int(e.cfg.HaltAfter), KeepLinks: e.cfg.KeepLinks == yes, Zone: e.cfg.TZ.Location, Shutdown: shutdown, Log: e.log, Hooks: e.metrics.Hooks()})
}

// scheduler keeps the clock for all five providers: a process may work on some only, and
// periods happen once over all processes.
func (e *engine) scheduler() *scheduler.Scheduler {
	c := scheduler.Config{Redis: e.redis, Providers: registry.Names(), Log: e.log, Swept: e.metrics.Swept}
	for _, name := range registry.Names() { // a round at least as often as looks can be due
		if every := e.cfg.account(name).PollEvery; every > 0 && every < defaultLookEvery {
			c.LookEvery = max(time.Second, min(cmp.Or(c.LookEvery, every), every))
		}
	}
	return scheduler.New(c)
}

// defaultLookEvery is the scheduler's own.
const defaultLookEvery = 5 * time.Second

// redacted is an address without its password.
func redacted(address providers.Secret) string {
	s := address.Reveal()
	if isLocal(address) {
		return s
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return "***"
	}
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		rest = "***@" + rest[i+1:]
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + "://" + rest
}

package main

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
)

// allowanceWithin bounds how long a check waits to hear what is left of the accounts' plans.
const allowanceWithin = 3 * time.Second

// tellAllowances says what is left of the plans of the providers that the files go to, where a
// service tells it. Whatever keeps it from doing so is no fault of the files, and not said.
func (c *config) tellAllowances(ctx context.Context, s campaign.Summary, tell tell) {
	askable := c.allowers(s)
	if len(askable) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, allowanceWithin)
	defer cancel()
	told := c.allowances(ctx, askable)
	for _, name := range registry.Names() {
		a := told[name]
		if a == nil {
			continue
		}
		wanted := s.Providers[name].Envelopes
		data := map[string]any{"provider": name, "plan": a.Plan, "monthly": a.Monthly, "left": a.Left, "envelopes": wanted}
		text := lang.Of("%s: %v", name, a)
		if wanted > a.Left {
			text = lang.Of("%v, and here are %v: those beyond may be refused. Send them in another month, or take a larger plan", text, count(wanted, "envelope"))
		}
		tell("allowance", data, text)
	}
}

// allowers are the providers with a key and rows of the files that may tell.
func (c *config) allowers(s campaign.Summary) []string {
	var names []string
	for _, name := range c.keyed() {
		if s.Providers[name].Envelopes == 0 {
			continue
		}
		settings := c.providerSettings(name)
		settings.Uncalled = true
		if p, err := newProvider(name, settings); err == nil {
			if _, can := p.(providers.Allower); can {
				names = append(names, name)
			}
		}
	}
	return names
}

// allowances asks all of them at once. The calls take their turns among those of the workers,
// where there is a Redis.
func (c *config) allowances(ctx context.Context, names []string) map[string]*providers.Allowance {
	var db redis.UniversalClient
	if c.RedisURL != "" {
		reached, end, err := c.reachRedis(ctx)
		if err != nil {
			return nil
		}
		defer end()
		db = reached
	}
	var (
		mu    sync.Mutex
		told  = map[string]*providers.Allowance{}
		asked sync.WaitGroup
	)
	for _, name := range names {
		asked.Go(func() {
			a, err := c.allowance(ctx, name, db)
			if err != nil {
				return
			}
			mu.Lock()
			told[name] = a
			mu.Unlock()
		})
	}
	asked.Wait()
	return told
}

func (c *config) allowance(ctx context.Context, name string, db redis.UniversalClient) (*providers.Allowance, error) {
	settings := c.providerSettings(name)
	p, err := newProvider(name, settings)
	if err != nil {
		return nil, err
	}
	if db != nil {
		settings.Pacer = pace.NewRedis(db, name, c.pace(p.Info()))
		if p, err = newProvider(name, settings); err != nil {
			return nil, err
		}
	}
	return p.(providers.Allower).Allowance(ctx)
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/ledger"
)

// Processes that share a Redis and have no provider's key share simulators, too: the
// first of them holds a lease, runs them and publishes how to reach them. When it ends,
// another one starts them anew at the same addresses, and because they have forgotten
// everything, envelopes that have not ended begin again.
const (
	publishedKey = "{chancela}:sandbox"
	hostKey      = "{chancela}:sandbox:host"
	hostLease    = 6 * time.Second
	hostRenew    = 2 * time.Second
)

// renewHost extends the lease of its holder.
var renewHost = redis.NewScript(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

// leaveHost gives the lease back.
var leaveHost = redis.NewScript(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

// published is what others need to use the simulators.
type published struct {
	Env    map[string]string `json:"env"`
	Listen map[string]string `json:"listen"`
	Seed   uint64            `json:"seed"`
}

func (p published) reachable() bool {
	c, err := net.DialTimeout("tcp", p.Listen[sandbox.Control], time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// simulators is this process's part in them.
type simulators struct {
	db      redis.UniversalClient
	ledger  *ledger.Ledger
	tasks   *queue.TaskQueue
	log     *slog.Logger
	token   string
	sandbox *sandbox.Sandbox // nil: another process runs them
}

// joinSimulators configures the engine for the simulators of its Redis and keeps them
// alive as long as it is open.
func (e *engine) joinSimulators(ctx context.Context, sys *system) error {
	s := &simulators{db: e.redis, ledger: ledger.New(e.redis, e.durability), tasks: queue.New(e.redis), log: e.log, token: rand.Text()}
	for begin := time.Now(); ; {
		if err := s.tend(ctx); err != nil {
			return err
		}
		p, err := s.published(ctx)
		if err == nil && !p.reachable() {
			if time.Since(begin) > 2*hostLease {
				return lang.Errorf("the simulators that another process has started for this Redis cannot be reached: simulators serve one machine")
			}
			err = redis.Nil // their host has died, and its lease has not lapsed yet
		}
		if err == nil {
			if err := e.useSimulators(sys, p.Env); err != nil {
				s.leave()
				return err
			}
			break
		}
		if !errors.Is(err, redis.Nil) {
			return lang.Errorf("simulators: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	tending, stop := context.WithCancel(context.WithoutCancel(ctx))
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(hostRenew)
		defer tick.Stop()
		for {
			select {
			case <-tending.Done():
				return
			case <-tick.C:
				if err := s.tend(tending); err != nil && tending.Err() == nil {
					s.log.Warn("simulators", "error", err)
				}
			}
		}
	})
	e.onClose(func() {
		stop()
		ended.Wait()
		s.leave()
	})
	return nil
}

// tend renews the lease, or takes it when nobody has it.
func (s *simulators) tend(ctx context.Context) error {
	if s.sandbox != nil {
		n, err := renewHost.Run(ctx, s.db, []string{hostKey}, s.token, hostLease.Milliseconds()).Int()
		if err == nil && n == 0 { // held up for too long: somebody else runs them by now
			s.sandbox.Close()
			s.sandbox = nil
		}
		return err
	}
	got, err := s.db.SetNX(ctx, hostKey, s.token, hostLease).Result()
	if err != nil || !got {
		return err
	}
	if err := s.host(ctx); err != nil {
		s.leave()
		return err
	}
	return nil
}

// host starts the simulators, where and as they were before.
func (s *simulators) host(ctx context.Context) error {
	before, err := s.published(ctx)
	again := err == nil
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	if !again {
		before.Seed = uint64(time.Now().UnixNano())
	}
	s.sandbox, err = sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{Simulators: registry.Simulators(), SignAfter: signAfter, Seed: before.Seed, Listen: before.Listen})
	if err != nil {
		return err
	}
	p := published{Env: s.sandbox.Env(), Listen: map[string]string{}, Seed: before.Seed}
	for _, name := range append(registry.Names(), sandbox.Control) {
		u, err := url.Parse(s.sandbox.URL(name))
		if err != nil {
			return err
		}
		p.Listen[name] = u.Host
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := s.db.Set(ctx, publishedKey, b, 0).Err(); err != nil {
		return err
	}
	s.log.Info("simulators started", "page", s.sandbox.URL(sandbox.Control))
	if again {
		return s.restart(ctx)
	}
	return nil
}

func (s *simulators) published(ctx context.Context) (published, error) {
	var p published
	b, err := s.db.Get(ctx, publishedKey).Bytes()
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(b, &p)
}

// leave stops the simulators, if they are here, and gives the lease back.
func (s *simulators) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), hostRenew)
	defer cancel()
	if s.sandbox != nil {
		s.sandbox.Close()
		s.sandbox = nil
	}
	_ = leaveHost.Run(ctx, s.db, []string{hostKey}, s.token).Err() // it lapses
}

// restart lets every envelope that has not ended begin again: the simulators that it
// was sent through are gone.
func (s *simulators) restart(ctx context.Context) error {
	campaigns, err := s.ledger.Campaigns(ctx)
	if err != nil {
		return err
	}
	n := 0
	for _, name := range campaigns {
		for _, state := range []ledger.State{ledger.Preparing, ledger.Sent, ledger.Completed} {
			for r, err := range s.ledger.All(ctx, name, state) {
				if err != nil {
					return err
				}
				if err := s.beginAgain(ctx, r); err != nil {
					return err
				}
				n++
			}
		}
	}
	if n > 0 {
		s.log.Warn("the simulators were lost with their process: envelopes that had not ended begin again", "envelopes", n)
	}
	return nil
}

func (s *simulators) beginAgain(ctx context.Context, r *ledger.Record) error {
	for !r.State.Terminal() {
		err := s.ledger.BeginAgain(ctx, r)
		if err == nil {
			return s.tasks.Envelope(ctx, r.Provider, pace.Send, r.Key(), r.Generation, 0)
		}
		if !errors.Is(err, ledger.ErrLost) {
			return err
		}
		if r, err = s.ledger.Get(ctx, r.Key()); err != nil {
			return err
		}
	}
	return nil
}

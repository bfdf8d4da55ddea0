package main

import (
	"context"
	"maps"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/ledger"
)

// simulatedNotice is the first line of a process that uses simulators.
const simulatedNotice = "simulated providers: nothing leaves this machine"

// signAfter is the mean time until a simulated signer acts.
const signAfter = 2 * time.Second

// simulatorEnv are the variables for providers that answer at once: the sandbox's own,
// and shorter periods where the user has set none.
func simulatorEnv(environ, sandboxEnv map[string]string) map[string]string {
	env := map[string]string{prefix + "RETRY_BASE": "1s"}
	for _, name := range registry.Names() {
		env[variable(name, "POLL_EVERY")] = "1s"
	}
	for name, value := range environ {
		if value != "" {
			env[name] = value
		}
	}
	maps.Copy(env, sandboxEnv) // keys and addresses belong together
	return env
}

// embed opens everything in this process: the queue, the ledger and the simulators live
// as long as the engine.
func embed(ctx context.Context, sys *system, e *engine) error {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	if err := m.Start(); err != nil {
		return lang.Errorf("embedded queue: %w", err)
	}
	e.onClose(m.Close)
	db := redis.NewClient(&redis.Options{Addr: m.Addr(), Protocol: 2, PoolSize: 200})
	e.onClose(func() { db.Close() })
	e.redis, e.durability = db, ledger.NotDurable

	s, err := sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{Simulators: registry.Simulators(), SignAfter: signAfter, Seed: uint64(time.Now().UnixNano())})
	if err != nil {
		return err
	}
	e.onClose(func() { s.Close() })
	return e.useSimulators(sys, s.Env())
}

// useSimulators configures the engine for a sandbox. That nothing leaves the machine is
// made sure of, not hoped for.
func (e *engine) useSimulators(sys *system, sandboxEnv map[string]string) error {
	cfg, err := loadConfig(simulatorEnv(sys.env, sandboxEnv))
	if err != nil {
		return err
	}
	for _, name := range registry.Names() {
		if !cfg.hasKey(name) || cfg.isReal(name) {
			return lang.Errorf("the sandbox has no simulator of %s", name)
		}
	}
	e.cfg = cfg
	return nil
}

//go:build linux

package faulttest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers/sandbox"
)

// wound is something that is done to a part of the system.
type wound string

const (
	kill        wound = "process killed"
	stop        wound = "process frozen"
	stopLong    wound = "process frozen beyond its lease"
	roll        wound = "workers replaced one by one"
	redisCrash  wound = "Redis killed"
	redisFreeze wound = "Redis frozen"
	s3Crash     wound = "S3 killed"
	s3Freeze    wound = "S3 frozen"
	outage      wound = "providers out"
)

var allWounds = []wound{kill, stop, stopLong, roll, redisCrash, redisFreeze, s3Crash, s3Freeze, outage}

// planned is a wound at its time.
type planned struct {
	at time.Duration
	wound
}

// plan spreads the wounds over the fire.
func plan(rng *rand.Rand, fire time.Duration, kills, redisCrashes int) (all []planned) {
	spread := func(w wound, n int, from, to float64) {
		for i := range n {
			part := from + (to-from)*(float64(i)+rng.Float64())/float64(n)
			all = append(all, planned{time.Duration(part * float64(fire)), w})
		}
	}
	some := func(every int) int { return max(1, kills/every) }
	spread(kill, kills, 0.03, 1)
	spread(stop, some(5), 0.05, 0.9)
	spread(stopLong, some(25), 0.02, 0.3)
	spread(roll, some(25), 0.1, 0.9)
	spread(redisCrash, redisCrashes, 0.15, 0.95)
	spread(redisFreeze, max(1, redisCrashes/2), 0.05, 0.9)
	spread(s3Crash, some(25), 0.1, 0.9)
	spread(s3Freeze, some(25), 0.1, 0.9)
	spread(outage, some(25), 0.1, 0.9)
	slices.SortFunc(all, func(a, b planned) int { return int(a.at - b.at) })
	return all
}

// hurt is a wound that was really given.
type hurt struct {
	wound
	process  string
	from, to time.Time
}

// steadyFaults are the simulators' all the time.
var steadyFaults = sandbox.Faults{ErrorBefore: 0.05, ErrorAfter: 0.05, DropBefore: 0.05, DropAfter: 0.05,
	TooMany: 0.01, Slow: 0.05, CutBody: 0.05, DeadLink: 0.05}

const slowFor = 500 * time.Millisecond

// arena is everything that can be hurt.
type arena struct {
	t     *testing.T
	rng   *rand.Rand // of the plan alone: used by one goroutine
	ours  []*slot    // workers, schedulers, servers
	work  []*slot
	redis *redisServer
	s3    *s3Server
	sims  *simulators

	mu   sync.Mutex
	done []hurt
}

func (a *arena) note(w wound, process string, from time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done = append(a.done, hurt{w, process, from, time.Now()})
}

func (a *arena) hurts() []hurt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.done)
}

func (a *arena) count(w wound) (n int) {
	for _, h := range a.hurts() {
		if h.wound == w {
			n++
		}
	}
	return n
}

// burn gives all wounds at their times and returns when all have been given.
func (a *arena) burn(ctx context.Context, all []planned) {
	began := time.Now()
	var wg sync.WaitGroup
	for _, p := range all {
		rng := rand.New(rand.NewPCG(a.rng.Uint64(), a.rng.Uint64()))
		select {
		case <-time.After(time.Until(began.Add(p.at))):
		case <-ctx.Done():
		}
		wg.Go(func() { a.give(ctx, p.wound, rng) })
	}
	wg.Wait()
}

// between gives a duration between two.
func between(rng *rand.Rand, a, b time.Duration) time.Duration {
	return a + time.Duration(rng.Int64N(int64(b-a)))
}

// victim takes one of the slots whose process has run for a moment and that nobody else
// hurts; give it back with hurting.Unlock.
func (a *arena) victim(ctx context.Context, rng *rand.Rand, among []*slot) *slot {
	for ctx.Err() == nil {
		s := among[rng.IntN(len(among))]
		if s.hurting.TryLock() {
			if s.alive(700 * time.Millisecond) {
				return s
			}
			s.hurting.Unlock()
		}
		time.Sleep(20 * time.Millisecond) // all are busy dying
	}
	return nil
}

func (a *arena) give(ctx context.Context, w wound, rng *rand.Rand) {
	from := time.Now()
	switch w {
	case kill, stop, stopLong:
		among := a.ours
		if w == stopLong || rng.IntN(3) > 0 { // workers have the most to lose
			among = a.work
		}
		for !a.strike(ctx, w, rng, among) && ctx.Err() == nil { // it has just ended by itself
		}
	case roll:
		for _, s := range a.work {
			s.hurting.Lock()
			if process, ok := s.replace(ctx); ok {
				a.note(w, process, from)
			}
			s.hurting.Unlock()
		}
	case redisCrash:
		a.away(ctx, rng, w, a.redis.slot, func() {
			if a.count(redisCrash)%2 == 1 {
				if err := a.redis.tear(); err != nil {
					a.t.Error(err)
				}
			}
		})
	case s3Crash:
		a.away(ctx, rng, w, a.s3.slot, func() {})
	case redisFreeze, s3Freeze:
		s := a.redis.slot
		if w == s3Freeze {
			s = a.s3.slot
		}
		s.hurting.Lock()
		defer s.hurting.Unlock()
		from = time.Now()
		if process, ok := s.freeze(ctx, between(rng, time.Second, 5*time.Second)); ok {
			a.note(w, process, from)
		}
	case outage:
		a.sims.set(a.t, sandbox.Faults{ErrorBefore: 0.5, DropBefore: 1}, slowFor)
		select {
		case <-time.After(between(rng, 2*time.Second, 5*time.Second)):
		case <-ctx.Done():
		}
		a.sims.set(a.t, steadyFaults, slowFor)
		a.note(w, "", from)
	}
}

// strike kills or freezes one of the slots' processes, and tells whether it was reached.
func (a *arena) strike(ctx context.Context, w wound, rng *rand.Rand, among []*slot) (ok bool) {
	s := a.victim(ctx, rng, among)
	if s == nil {
		return false
	}
	defer s.hurting.Unlock()
	from := time.Now()
	var process string
	switch w {
	case kill:
		process, ok = s.kill(ctx)
	case stop:
		process, ok = s.freeze(ctx, between(rng, time.Second, 5*time.Second))
	default:
		process, ok = s.freeze(ctx, worker.Lease+between(rng, time.Second, 4*time.Second))
	}
	if ok {
		a.note(w, process, from)
	}
	return ok
}

// away kills a server and starts it again some seconds later.
func (a *arena) away(ctx context.Context, rng *rand.Rand, w wound, s *slot, meanwhile func()) {
	s.hurting.Lock()
	defer s.hurting.Unlock()
	from := time.Now()
	up := s.keepDown(ctx)
	meanwhile()
	select {
	case <-time.After(between(rng, 300*time.Millisecond, 3*time.Second)):
	case <-ctx.Done():
	}
	up()
	s.await(ctx, func() bool { return s.cmd != nil })
	a.note(w, s.name, from)
}

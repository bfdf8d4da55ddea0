package pace

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
)

const (
	longest      = 30 * time.Second
	longestPause = 24 * time.Hour
	callTimeout  = 10 * time.Second // of a call to Redis
	mostJitter   = 100 * time.Millisecond
)

// Limiter is a [Pacer] over all processes that share a Redis. Its clock is Redis'. When
// Redis cannot be reached nobody gets a turn.
//
// # Turns
//
// Redis keeps one time, tat: when the bucket would be full again if all turns that were
// booked are used. A turn that is booked moves it on by the interval, and may be used
// from the tolerance before it (the generic cell rate algorithm). A process books turns
// for those of its callers who wait, several at once: a lease. So every turn has a time
// of its own, a caller sleeps until then, and whoever waits costs nothing. A lease is
// short, so that other processes have theirs in between.
//
// Who uses a turn is decided when its time has come: steering first, then sending,
// fetching and looking in the proportion of 5 to 3 to 2 among those who wait.
//
// # Jitter
//
// The provider judges by when a request arrives. Between that and the time of its turn
// lie a timer, a connection, maybe a record made durable, and the way. The tolerance is
// therefore the bucket less one turn and less the jitter: up to 100 ms of turns are kept
// in reserve, and a turn that is late by less than that harms nobody. With a small bucket
// there is not so much, and with a bucket of one there is nothing. Then the line of
// callers (line.go) watches when each request leaves and is answered, keeps the next one
// back accordingly, and books its lease longer by what that takes.
//
// The interval is stretched by half a thousandth, for clocks that go at different speeds. A
// clock that is set does no harm: see lease.lua.
//
// # What is lost
//
// A process that is killed takes at most two leases with it: what it had booked passes
// unused. That is twice 100 ms of the rate, or two turns; with a bucket of one up to two
// seconds each. Who stops in good order gives its turns back, or counts them as unused
// when others have booked after them.
type Limiter struct {
	client    redis.UniversalClient
	keys      []string
	rate      providers.Rate
	burst     int64
	interval  int64 // in microseconds, as all times here
	tolerance int64 // of the turns that are booked
	reserve   int64 // what the tolerance leaves for jitter
	longest   int64
	ring      int64 // seconds that are counted
	epoch     time.Time

	mu    sync.Mutex
	clock clock
	line  line
}

var _ Pacer = (*Limiter)(nil)

// NewRedis makes a provider's limiter. All processes must give the same rate: after a
// change the turns booked at the old one come first. A rate that is not positive is a
// mistake of the program and panics.
func NewRedis(client redis.UniversalClient, provider string, rate providers.Rate) *Limiter {
	return newLimiter(client, provider, rate, longest)
}

// newLimiter makes one whose turns are so far ahead at most.
func newLimiter(client redis.UniversalClient, provider string, rate providers.Rate, longest time.Duration) *Limiter {
	if rate.Requests <= 0 || rate.Per <= 0 {
		panic(fmt.Sprintf("pace: the rate of %s is not positive", provider))
	}
	l := &Limiter{client: client, keys: []string{"{chancela}:pace:" + provider}, rate: rate, burst: int64(max(rate.Burst, 1)),
		longest: longest.Microseconds(), epoch: time.Now()}
	l.interval = max(1, int64(math.Ceil(float64(rate.Per.Nanoseconds())/float64(rate.Requests)/1000*1.0005)))
	spare := (l.burst - 1) * l.interval
	l.reserve = min(spare, mostJitter.Microseconds())
	l.tolerance = spare - l.reserve
	l.ring = l.longest/1e6 + 62
	l.line.wake = make(chan struct{}, 1)
	l.line.watch.init(l.reserve)
	return l
}

// now is the time since the epoch on this machine's steady clock, in microseconds.
func (l *Limiter) now() int64 { return time.Since(l.epoch).Microseconds() }

// at is a time of ours for others.
func (l *Limiter) at(us int64) time.Time { return l.epoch.Add(time.Duration(us) * time.Microsecond) }

// clock knows how far this machine's time is ahead of Redis'.
type clock struct {
	known  bool
	offset int64
}

// observe takes the answer of Redis' clock to a question of which only the beginning and
// the end are known: whatever offset does not contradict them stays.
func (c *clock) observe(asked, answered, redis int64) {
	if !c.known {
		c.known, c.offset = true, answered-redis
	}
	c.offset = max(asked-redis, min(c.offset, answered-redis))
}

// Turn implements [Pacer].
func (l *Limiter) Turn(ctx context.Context, class Class) (*Turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{place: place(class), result: make(chan grant, 1)}
	begun := l.now()
	for again := false; ; again = true {
		if err := l.join(w, begun, again); err != nil {
			return nil, err
		}
		g, err := l.wait(ctx, w, begun)
		if err != nil {
			return nil, err
		}
		// A process that was held up has missed its turn: others have theirs now.
		if g.err != nil || l.now() <= g.turn.until {
			return g.turn, g.err
		}
		g.turn.Done()
	}
}

// wait waits for the turn, for the context's end, or for as long as is waited at all.
func (l *Limiter) wait(ctx context.Context, w *waiter, begun int64) (grant, error) {
	timer := time.NewTimer(time.Duration(begun+l.longest-l.now()) * time.Microsecond)
	defer timer.Stop()
	select {
	case g := <-w.result:
		return g, nil
	case <-ctx.Done():
	case <-timer.C:
	}
	l.mu.Lock()
	left := l.line.remove(w)
	l.line.rouse()
	ahead := l.line.ahead(w.place)
	l.mu.Unlock()
	if !left {
		g := <-w.result
		if g.err == nil && ctx.Err() == nil {
			return g, nil
		}
		g.turn.Done()
	}
	if err := ctx.Err(); err != nil {
		return grant{}, err
	}
	return grant{}, &LaterError{Until: l.at(l.now() + max(ahead*l.interval, 1e6))}
}

// Pause implements [Pacer]. A pause only ever moves on, by at most a day from now; the
// burst is used up when it ends.
func (l *Limiter) Pause(ctx context.Context, until time.Time) error {
	wait := min(time.Until(until), longestPause) // the clocks of the processes may differ: a duration is sent
	if wait <= 0 {
		return nil
	}
	l.mu.Lock()
	l.line.pause(l.now() + wait.Microseconds())
	l.line.watch.refused()
	l.mu.Unlock()
	err := pauseScript.Run(ctx, l.client, l.keys, l.tolerance+l.reserve, wait.Microseconds()).Err()
	return failed(ctx, err)
}

// bare is the context of what is done for all who wait, and for none of them alone.
var bare = context.Background()

func failed(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("pace in Redis: %w", err)
}

package pace

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
)

// pattern says whose the slots are, by class: send, fetch, look, and one for steering.
const pattern = "SFSLSFSFSLX"

const (
	defaultLongest = 30 * time.Second
	longestPause   = 24 * time.Hour
	nearSlots      = 4                      // a turn is near within so many intervals
	nearTime       = 250 * time.Millisecond // or within this
	recheckAfter   = 20 * time.Millisecond  // waits longer than this look for a pause at their end
	recheckBefore  = 10 * time.Millisecond  // how long before their end
	leastTolerance = 25 * time.Millisecond
)

var (
	//go:embed turn.lua
	turnSource string
	//go:embed pause.lua
	pauseSource string
	//go:embed check.lua
	checkSource string

	turnScript  = redis.NewScript(turnSource)
	pauseScript = redis.NewScript(pauseSource)
	checkScript = redis.NewScript(checkSource)
)

// Limiter is a [Pacer] over all processes that share a Redis. Its clock is Redis'. When
// Redis cannot be reached nobody gets a turn.
//
// Time is cut into slots, one interval apart: slot k stands at k·T. A request that asks
// at a time now books a slot k of its own with k·T ≥ now, and may leave at
// max(now, (k-(B-1))·T), B being the burst. So it leaves at some time from (k-(B-1))·T
// to k·T, and of the requests that leave in any window of length w there are at most
// w/T + B: a token bucket of rate 1/T and size B, whoever books what. When the bucket
// is full the slots begin anew, at the moment of the request.
//
// Which slot is a matter of fairness. Redis keeps lo, the lowest slot that may be free.
// When its turn is near, the request takes it, of whatever class it is: it would go
// unused otherwise. When all near slots are taken, it books the next slot of its own
// class: ahead, the slots belong to the classes in a pattern of eleven (send 5, fetch 3,
// look 2, steer 1), so a flood of one class cannot book the others' future. One pointer
// per class and the set of booked slots above lo make both steps short. Steering, which a
// person waits for, takes the lowest free slot in any case: its own in the pattern at the
// latest.
//
// The wait is a reservation: one call to Redis, then a timer. Only who has waited for a
// while looks again, whether a pause has begun.
//
// Requests that leave an interval apart may arrive closer. Therefore a burst of two or
// more is used less one, which leaves a whole interval for the jitter, and the interval
// is stretched: by a thousandth, for clocks that go at different speeds, or by eight
// thousandths where there is no burst to spare.
type Limiter struct {
	client    redis.UniversalClient
	keys      []string
	rate      providers.Rate
	interval  time.Duration
	burst     int
	longest   time.Duration
	near      int64
	ring      int64         // seconds that are counted
	tolerance time.Duration // how late a turn may be taken
}

var _ Pacer = (*Limiter)(nil)

// Option changes a [Limiter].
type Option func(*Limiter)

// Longest sets the longest wait that is begun, 30 s by default.
func Longest(d time.Duration) Option { return func(l *Limiter) { l.longest = d } }

// NewRedis makes a provider's limiter. All processes must give the same rate: after a
// change the turns booked at the old one come first. A rate that is not positive is a
// mistake of the program and panics.
func NewRedis(client redis.UniversalClient, provider string, rate providers.Rate, options ...Option) *Limiter {
	if rate.Requests <= 0 || rate.Per <= 0 {
		panic(fmt.Sprintf("pace: the rate of %s is not positive", provider))
	}
	state := "{chancela}:pace:" + provider
	l := &Limiter{client: client, keys: []string{state, state + ":taken"}, rate: rate, longest: defaultLongest}
	l.burst, l.interval = max(rate.Burst, 1), stretch(rate, 8)
	if l.burst > 1 {
		l.burst, l.interval = l.burst-1, stretch(rate, 1)
	}
	for _, o := range options {
		o(l)
	}
	l.near = max(nearSlots, int64(nearTime/l.interval))
	l.ring = int64(l.longest/time.Second) + 62
	l.tolerance = max(l.interval/2, leastTolerance)
	return l
}

// stretch is the interval, so many thousandths longer, in whole microseconds.
func stretch(rate providers.Rate, thousandths int64) time.Duration {
	us := float64(rate.Per.Nanoseconds()) / float64(rate.Requests) / 1000 * (1 + float64(thousandths)/1000)
	return max(time.Duration(us+0.999), 1) * time.Microsecond
}

// booking is a slot.
type booking struct {
	booked bool
	wait   time.Duration
	leave  int64         // Redis' time in microseconds
	spare  time.Duration // how much later would still be in its time
}

// Turn implements [Pacer].
func (l *Limiter) Turn(ctx context.Context, class Class) error {
	for {
		asked := time.Now()
		b, err := l.book(ctx, class)
		if err != nil {
			return l.failed(ctx, err)
		}
		answered := time.Now()
		if !b.booked {
			return &LaterError{Until: answered.Add(b.wait)}
		}
		if b.wait > recheckAfter {
			if err := sleep(ctx, b.wait-recheckBefore); err != nil {
				return err
			}
			asked = time.Now()
			paused, now, err := l.check(ctx)
			if err != nil {
				return l.failed(ctx, err)
			}
			if b.leave < paused {
				continue
			}
			answered, b.wait = time.Now(), time.Duration(b.leave-now)*time.Microsecond
		}
		if err := sleep(ctx, b.wait-time.Since(answered)); err != nil {
			return err
		}
		// A process that was held up has missed its turn: others have theirs now.
		if time.Since(asked) <= b.wait+b.spare+l.tolerance {
			return nil
		}
	}
}

func (l *Limiter) book(ctx context.Context, class Class) (booking, error) {
	letter := "S"
	switch class {
	case Fetch:
		letter = "F"
	case Look:
		letter = "L"
	case Steer:
		letter = "X"
	}
	r, err := turnScript.Run(ctx, l.client, l.keys, l.interval.Microseconds(), l.burst, letter, pattern,
		l.longest.Microseconds(), l.near, l.ring).Int64Slice()
	if err != nil {
		return booking{}, err
	}
	if len(r) != 4 {
		return booking{}, fmt.Errorf("the script answered %d values", len(r))
	}
	return booking{r[0] == 1, time.Duration(r[1]) * time.Microsecond, r[2], time.Duration(r[3]) * time.Microsecond}, nil
}

// Pause implements [Pacer]. A pause only ever moves on, by at most a day from now; the
// burst is used up when it ends.
func (l *Limiter) Pause(ctx context.Context, until time.Time) error {
	wait := min(time.Until(until), longestPause) // the clocks of the processes may differ: a duration is sent
	if wait <= 0 {
		return nil
	}
	err := pauseScript.Run(ctx, l.client, l.keys, l.interval.Microseconds(), l.burst, wait.Microseconds()).Err()
	return l.failed(ctx, err)
}

// check gives the end of the latest pause (0: none) and the time, both as Redis' time
// in microseconds.
func (l *Limiter) check(ctx context.Context) (paused, now int64, err error) {
	r, err := checkScript.Run(ctx, l.client, l.keys[:1]).Int64Slice()
	if err == nil && len(r) != 2 {
		err = fmt.Errorf("the script answered %d values", len(r))
	}
	if err != nil {
		return 0, 0, err
	}
	return r[0], r[1], nil
}

// Stats is a limiter's state for people to look at.
type Stats struct {
	Allowed     float64   // turns per minute at the steady rate
	Burst       int       // turns of a full bucket, which may leave beside them
	Used        int       // turns that have left in the last minute
	PausedUntil time.Time // zero: not paused
}

// Most is how many turns could have left in the last minute: the rate, and a full bucket
// where more than the rate has left.
func (s Stats) Most() int {
	if float64(s.Used) > s.Allowed {
		return int(s.Allowed) + s.Burst
	}
	return int(s.Allowed)
}

// Stats reads the state.
func (l *Limiter) Stats(ctx context.Context) (Stats, error) {
	s := Stats{Allowed: float64(l.rate.Requests) * float64(time.Minute) / float64(l.rate.Per), Burst: max(1, l.rate.Burst)}
	paused, now, err := l.check(ctx)
	if err != nil {
		return s, l.failed(ctx, err)
	}
	if paused > now {
		s.PausedUntil = time.Now().Add(time.Duration(paused-now) * time.Microsecond)
	}
	state, err := l.client.HGetAll(ctx, l.keys[0]).Result()
	if err != nil {
		return s, l.failed(ctx, err)
	}
	for field, value := range state {
		if !strings.HasPrefix(field, "u") {
			continue
		}
		second, count, _ := strings.Cut(value, ":")
		at, _ := strconv.ParseInt(second, 10, 64)
		if n, _ := strconv.Atoi(count); at > now/1e6-60 && at <= now/1e6 {
			s.Used += n
		}
	}
	s.Used = min(s.Used, int(s.Allowed)+s.Burst) // the count is of whole seconds: at an edge one too many is in it
	return s, nil
}

func (l *Limiter) failed(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("pace in Redis: %w", err)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

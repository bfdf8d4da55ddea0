package pace

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lease.lua
	leaseSource string
	//go:embed pause.lua
	pauseSource string
	//go:embed unused.lua
	unusedSource string

	leaseScript  = redis.NewScript(leaseSource)
	pauseScript  = redis.NewScript(pauseSource)
	unusedScript = redis.NewScript(unusedSource)
)

// lease is a run of turns that this process has booked.
type lease struct {
	n, next     int64 // turns, and how many of them are over
	first, base int64
	end         int64 // what tat is with it
	every       int64 // as it was booked: the interval with the usual lateness in it,
	guard       int64 // and what stands after its last turn for the unusual
	offset      int64 // of our time from Redis' when it was booked
	news        int64 // when Redis was last asked whether there is a pause
}

// slot is when turn i of the lease may leave at the earliest.
func (e *lease) slot(i, interval, tolerance int64) int64 {
	return max(e.first, e.base+i*interval-tolerance)
}

// last is when the last turn may leave at the latest, where the bucket has no reserve.
func (e *lease) last() int64 { return e.end - e.every }

// join makes one lease of two, the second of which was booked in the place of the first
// one's guard.
func (e *lease) join(behind lease) {
	e.n += behind.n
	e.end, e.every, e.guard, e.offset, e.news = behind.end, behind.every, behind.guard, behind.offset, behind.news
}

// answer is what Redis says.
type answer struct {
	lease
	asked, answered int64
	pause           int64 // end of the pause, 0: none
	wanted          int64
	joins           bool // the lease before
	err             error
}

// book asks Redis for turns, or with a want of 0 only whether there is a pause.
func (l *Limiter) book(want, every, guard, end, joined int64) answer {
	ctx, cancel := context.WithTimeout(bare, callTimeout)
	defer cancel()
	l.mu.Lock()
	known, offset := l.clock.known, l.clock.offset
	l.mu.Unlock()
	a := answer{asked: l.now(), wanted: want, lease: lease{every: every, guard: guard}}
	thinks := ""
	if known {
		thinks = strconv.FormatInt(a.asked-offset, 10)
	}
	r, err := leaseScript.Run(ctx, l.client, l.keys, every, l.tolerance, want, guard, l.longest, l.ring, thinks, end, joined).Int64Slice()
	if err == nil && len(r) != 5 {
		err = fmt.Errorf("the script answered %d values", len(r))
	}
	a.answered = l.now()
	if err != nil {
		a.err = err
		return a
	}
	l.mu.Lock()
	l.clock.observe(a.asked, a.answered, r[1])
	a.offset = l.clock.offset
	l.mu.Unlock()
	a.n, a.news = r[0], a.asked
	a.first, a.base = r[3]+a.offset, r[4]+a.offset
	a.end, a.joins = a.base+a.n*every+guard, end > 0 && r[4] == end-joined
	if r[2] > r[1] {
		a.pause = r[2] + a.offset
	}
	return a
}

// giveBack returns what is left of a lease. Whether that succeeds changes nothing here.
func (l *Limiter) giveBack(e lease) {
	ctx, cancel := context.WithTimeout(bare, callTimeout)
	defer cancel()
	without := e.end - (e.n-e.next)*e.every
	_ = unusedScript.Run(ctx, l.client, l.keys, e.end-e.offset, without-e.offset, e.n-e.next).Err()
}

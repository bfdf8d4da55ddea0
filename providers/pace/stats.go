package pace

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Stats is a limiter's state for people to look at.
type Stats struct {
	Allowed     float64   // turns per minute at the steady rate
	Burst       int       // turns of a full bucket, which may leave beside them
	Used        int       // turns that have left in the last minute
	Unused      int64     // turns that were booked, wanted no more, and could not be given back
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
	s := Stats{Allowed: float64(l.rate.Requests) * float64(time.Minute) / float64(l.rate.Per), Burst: int(l.burst)}
	clock, err := l.client.Time(ctx).Result()
	if err != nil {
		return s, failed(ctx, err)
	}
	state, err := l.client.HGetAll(ctx, l.keys[0]).Result()
	if err != nil {
		return s, failed(ctx, err)
	}
	now := clock.UnixMicro()
	number := func(field string) int64 { n, _ := strconv.ParseInt(state[field], 10, 64); return n }
	if paused := number("pause"); paused > now {
		s.PausedUntil = time.Now().Add(time.Duration(paused-now) * time.Microsecond)
	}
	s.Unused = number("unused")
	for field, value := range state {
		second, count, counts := strings.Cut(value, ":")
		if !counts || !strings.HasPrefix(field, "u") {
			continue
		}
		at, _ := strconv.ParseInt(second, 10, 64)
		if n, _ := strconv.Atoi(count); at > now/1e6-60 && at <= now/1e6 {
			s.Used += n
		}
	}
	s.Used = min(s.Used, int(s.Allowed)+s.Burst) // the count is of whole seconds: at an edge one too many is in it
	return s, nil
}

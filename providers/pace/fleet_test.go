package pace

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
)

// judge is a strict provider: it counts by when requests arrive, by a token bucket, and by
// what came in any period.
type judge struct {
	rate              providers.Rate
	mu                sync.Mutex
	tokens            float64
	at                time.Time
	arrivals          []time.Time
	refused, crowding int
}

// arrive judges a request that comes now.
func (j *judge) arrive() {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	if j.at.IsZero() {
		j.tokens, j.at = float64(j.rate.Burst), now
	}
	j.tokens = min(float64(j.rate.Burst), j.tokens+float64(now.Sub(j.at))/float64(j.rate.Interval()))
	if j.at = now; j.tokens < 1-1e-9 {
		j.refused++
		return
	}
	j.tokens--
	j.arrivals = append(j.arrivals, now)
	if n := len(j.arrivals) - j.rate.Requests - j.rate.Burst - 1; n >= 0 && now.Sub(j.arrivals[n]) < j.rate.Per {
		j.crowding++
	}
}

// fleet is limiters of several processes on one Redis, in virtual time.
type fleet struct {
	t      *testing.T
	server *miniredis.Miniredis
	client *redis.Client
	rate   providers.Rate
	judge  *judge
	rare   time.Duration // the longest delay of a request; the usual ones are 50 µs

	mu    sync.Mutex
	trips atomic.Int64  // callers that go idle still make some
	set   time.Duration // by how much Redis' clock was set
}

const trip = 100 * time.Microsecond // one way, to Redis or to the provider

// inVirtualTime runs a test with a Redis whose clock is the virtual one.
func inVirtualTime(t *testing.T, rate providers.Rate, test func(ctx context.Context, f *fleet)) {
	f := &fleet{server: miniredis.RunT(t), rate: rate, judge: &judge{rate: rate}, rare: min(3*time.Millisecond, rate.Interval()/4)}
	f.client = redis.NewClient(&redis.Options{Addr: f.server.Addr(), PoolSize: 1})
	defer f.client.Close()
	for _, script := range []*redis.Script{leaseScript, pauseScript, unusedScript} {
		if err := script.Load(t.Context(), f.client).Err(); err != nil {
			t.Fatal(err)
		}
	}
	f.client.AddHook(hook{f})
	synctest.Test(t, func(t *testing.T) {
		f.t = t
		test(t.Context(), f)
		time.Sleep(time.Hour) // until nobody serves a line any more
	})
}

// hook lets a call to Redis take its time, and gives Redis the time.
type hook struct{ f *fleet }

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() != "evalsha" {
			return next(ctx, cmd)
		}
		time.Sleep(trip)
		h.f.mu.Lock()
		h.f.trips.Add(1)
		h.f.server.SetTime(time.Now().Add(h.f.set))
		err := next(ctx, cmd)
		h.f.mu.Unlock()
		time.Sleep(trip)
		return err
	}
}
func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// process runs callers who want turns until the context ends.
func (f *fleet) process(ctx context.Context, wg *sync.WaitGroup, seed uint64, callers int) *Limiter {
	l := newLimiter(f.client, "p", f.rate, time.Hour)
	for i := range callers {
		wg.Go(func() { f.caller(ctx, l, []Class{Send, Look, Fetch}[i%3], rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	return l
}

func (f *fleet) caller(ctx context.Context, l *Limiter, class Class, r *rand.Rand) {
	delay := func() time.Duration {
		d := time.Duration(r.ExpFloat64() * float64(50*time.Microsecond))
		if r.IntN(200) == 0 {
			d += time.Duration(r.Float64() * float64(f.rare))
		}
		return d
	}
	for {
		turn, err := l.Turn(ctx, class)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			f.t.Error(err)
			return
		}
		time.Sleep(delay())
		turn.Left()
		time.Sleep(trip + delay())
		f.judge.arrive()
		time.Sleep(trip + delay())
		turn.Done()
	}
}

// share is how much of the rate was used since a time, the bucket's content left out.
func (f *fleet) share(since time.Time) float64 {
	return float64(len(f.judge.arrivals)) * float64(f.rate.Interval()) / float64(time.Since(since))
}

// judged wants that nothing was refused and the rate used.
func (f *fleet) judged(since time.Time, least float64) {
	f.t.Helper()
	n := len(f.judge.arrivals)
	trips := float64(f.trips.Load()) / float64(n)
	f.t.Logf("%.4f of the rate, %.2f round trips a request", f.share(since), trips)
	if f.judge.refused > 0 || f.judge.crowding > 0 {
		f.t.Errorf("%d of %d refused, %d too many in a period", f.judge.refused, n+f.judge.refused, f.judge.crowding)
	}
	if f.share(since) < least {
		f.t.Errorf("%.4f of the rate, want %.4f", f.share(since), least)
	}
	if trips > 1.2 {
		f.t.Errorf("%.2f round trips a request", trips)
	}
}

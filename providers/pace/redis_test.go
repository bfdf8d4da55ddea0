package pace

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/redistest"
)

// onBoth runs a test on a real Redis and on the embedded one.
func onBoth(t *testing.T, test func(t *testing.T, client *redis.Client)) {
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, realRedis(t))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		t.Cleanup(func() { client.Close() })
		test(t, client)
	})
}

func realRedis(t testing.TB) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Start(t), PoolSize: 64})
	t.Cleanup(func() { client.Close() })
	return client
}

// bucket is a strict token bucket, the judge.
type bucket struct {
	interval, size float64 // of time, tokens
	tokens, at     float64
}

func newBucket(interval, size float64) *bucket {
	return &bucket{interval: interval, size: size, tokens: size}
}

func (b *bucket) take(at float64) bool {
	b.tokens = min(b.size, b.tokens+(at-b.at)/b.interval)
	b.at = at
	if b.tokens < 1-1e-6 {
		return false
	}
	b.tokens--
	return true
}

// ask books at a set time; it never waits.
func ask(t *testing.T, l *Limiter, server *miniredis.Miniredis, now int64, class Class) booking {
	t.Helper()
	server.SetTime(time.UnixMicro(now))
	b, err := l.book(t.Context(), class)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Whatever is asked when, the turns never exceed the bucket, slots are distinct, and
// pauses are kept.
func TestTurnsObeyTheBucket(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	classes := []Class{Send, Fetch, Look, ""}
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		rate := providers.Rate{Requests: 1 + r.IntN(50), Per: time.Duration(1+r.IntN(20)) * time.Second, Burst: r.IntN(12)}
		l := NewRedis(client, fmt.Sprint("p", seed), rate)
		now := int64(1_800_000_000_000_000) + r.Int64N(1e9)
		start, us := now, l.interval.Microseconds()
		var leaves []int64
		var pauseEnds int64
		for range 500 {
			// Idle for long, for a while, or not at all.
			switch r.IntN(20) {
			case 0:
				now += r.Int64N(us * int64(l.burst+5))
			case 1, 2, 3:
				now += r.Int64N(3 * us)
			}
			if r.IntN(300) == 0 {
				server.SetTime(time.UnixMicro(now))
				wait := time.Duration(r.Int64N(3*us)) * time.Microsecond
				if err := pauseScript.Run(t.Context(), client, l.keys, us, l.burst, wait.Microseconds()).Err(); err != nil {
					t.Fatal(err)
				}
				end := now + wait.Microseconds()
				pauseEnds = max(pauseEnds, end)
				// Who waits asks again.
				leaves = slices.DeleteFunc(leaves, func(at int64) bool { return at > now && at < end })
			}
			b := ask(t, l, server, now, classes[r.IntN(4)])
			switch {
			case b.booked && b.leave < max(now, pauseEnds):
				t.Fatalf("seed %d: a turn at %d, now is %d, paused until %d", seed, b.leave, now, pauseEnds)
			case b.booked && b.wait > l.longest:
				t.Fatalf("seed %d: a wait of %s was begun", seed, b.wait)
			case b.booked:
				leaves = append(leaves, b.leave)
			case b.wait <= l.longest:
				t.Fatalf("seed %d: a wait of %s was not begun", seed, b.wait)
			default:
				now += b.wait.Microseconds() / 2
			}
		}
		slices.Sort(leaves)
		judge := newBucket(float64(us), float64(l.burst))
		for i, at := range leaves {
			if !judge.take(float64(at - start)) {
				t.Fatalf("seed %d, %+v: turn %d of %d is too early", seed, rate, i, len(leaves))
			}
		}
		if len(leaves) < 100 {
			t.Errorf("seed %d: only %d turns", seed, len(leaves))
		}
	}
}

// busyRates have little to spare: a bucket that is used less one, and a small one.
var busyRates = []providers.Rate{
	{Requests: 8, Per: time.Second, Burst: 8},
	{Requests: 5, Per: time.Second, Burst: 3},
}

// Callers that want more than there is have the whole rate, and a strict provider refuses
// none of their requests, although some take longer on their way than others.
func TestNoRefusalsAtFullSpeed(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	for _, rate := range busyRates {
		l := NewRedis(client, fmt.Sprint(rate), rate)
		r := rand.New(rand.NewPCG(1, 2))
		const start, lasts = int64(1_800_000_000_000_000), int64(60_000_000)
		way := rate.Interval().Microseconds() * 9 / 10
		next, arrivals := make([]int64, 24), []int64{}
		for i := range next {
			next[i] = start + int64(i)
		}
		for {
			i := slices.Index(next, slices.Min(next))
			if next[i] > start+lasts {
				break
			}
			b := ask(t, l, server, next[i], []Class{Send, Fetch, Look}[i%3])
			if !b.booked {
				t.Fatalf("%v: no turn before %s", rate, b.wait)
			}
			arrives := b.leave + r.Int64N(way)
			arrivals = append(arrivals, arrives)
			next[i] = arrives + 1
		}
		slices.Sort(arrivals)
		judge := newBucket(float64(rate.Interval().Microseconds()), float64(rate.Burst))
		refused, within := 0, 0
		for _, at := range arrivals {
			if !judge.take(float64(at - start)) {
				refused++
			}
			if at <= start+lasts {
				within++
			}
		}
		steady := float64(lasts) / float64(rate.Interval().Microseconds())
		if refused > 0 || float64(within) < 0.99*steady {
			t.Errorf("%v: %d requests, %d refused; the steady rate is %.0f", rate, within, refused, steady)
		}
	}
}

// Turn itself waits as long as the booking says: by the clock on the wall there are never
// too many turns. How many there are is the machine's.
func TestTurnsAreNotTooEarly(t *testing.T) {
	for _, rate := range busyRates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, client *redis.Client) { fullSpeed(t, client, rate) })
		})
	}
}

// fullSpeed judges the turns by the moments at which they are given.
func fullSpeed(t *testing.T, client *redis.Client, rate providers.Rate) {
	var mu sync.Mutex
	var given []time.Time
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 24 {
		l := NewRedis(client, "p", rate) // an instance each: processes share nothing but Redis
		class := []Class{Send, Fetch, Look}[i%3]
		wg.Go(func() {
			for {
				err := l.Turn(ctx, class)
				at := time.Now()
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				given = append(given, at)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.SortFunc(given, time.Time.Compare)
	judge := newBucket(float64(rate.Interval()), float64(rate.Burst))
	refused := 0
	for _, at := range given {
		if !judge.take(float64(at.Sub(start))) {
			refused++
		}
	}
	if refused > 0 || len(given) < rate.Burst-1 {
		t.Errorf("%d turns, %d too many", len(given), refused)
	}
}

func TestFloodLeavesOthersTheirShare(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	for _, flood := range []Class{Send, Fetch, Look} {
		l := NewRedis(client, string(flood), providers.Rate{Requests: 100, Per: time.Minute, Burst: 200})
		now := int64(1_800_000_000_000_000)
		for ask(t, l, server, now, flood).booked {
		}
		for _, class := range []Class{Send, Fetch, Look} {
			if class == flood {
				continue
			}
			if b := ask(t, l, server, now, class); !b.booked || b.wait > 12*l.interval {
				t.Errorf("flood of %s: %s waits %s", flood, class, b.wait)
			}
		}
	}
}

// A single class alone has the whole rate.
func TestOneClassUsesEverything(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	l := NewRedis(client, "p", providers.Rate{Requests: 10, Per: time.Second})
	const start = int64(1_800_000_000_000_000)
	us := l.interval.Microseconds()
	// Sixteen workers ask again a little after each of their turns.
	next := make([]int64, 16)
	for i := range next {
		next[i] = start + int64(i)
	}
	turns := 0
	for {
		i := 0
		for j := range next {
			if next[j] < next[i] {
				i = j
			}
		}
		if next[i] > start+2000*us {
			break
		}
		b := ask(t, l, server, next[i], Look)
		if b.booked {
			turns++
		}
		next[i] = b.leave + us/2 + int64(i)
	}
	if turns < 1980 {
		t.Errorf("%d turns of 2000", turns)
	}
}

// Who waits already when a pause begins waits for its end, and then there is no burst.
func TestPauseHoldsEverybody(t *testing.T) {
	onBoth(t, func(t *testing.T, client *redis.Client) {
		rate := providers.Rate{Requests: 20, Per: time.Second, Burst: 5}
		first, second := NewRedis(client, "p", rate), NewRedis(client, "p", rate)
		const ahead, waiting = 60, 6 // the next three seconds are taken: nobody leaves before the pause begins
		for range ahead {
			if _, err := first.book(t.Context(), Send); err != nil {
				t.Fatal(err)
			}
		}
		booked := func() int64 {
			lo, err := client.HGet(t.Context(), second.keys[0], "lo").Int64()
			if err != nil {
				t.Fatal(err)
			}
			return lo + client.ZCard(t.Context(), second.keys[1]).Val()
		}
		before := booked()
		var mu sync.Mutex
		var left []time.Time
		var wg sync.WaitGroup
		for range waiting {
			wg.Go(func() {
				if err := second.Turn(t.Context(), Send); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				left = append(left, time.Now())
			})
		}
		for deadline := time.Now().Add(time.Minute); booked() < before+waiting; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the turns were not booked")
			}
		}
		const length = 3500 * time.Millisecond
		began := time.Now()
		until := began.Add(length)
		if err := first.Pause(t.Context(), until); err != nil {
			t.Fatal(err)
		}
		if err := first.Pause(t.Context(), until.Add(-length/2)); err != nil { // does not move it back
			t.Fatal(err)
		}
		stats, err := second.Stats(t.Context())
		// A pause is a duration on its way to Redis: it ends later by as long as that takes.
		if late := stats.PausedUntil.Sub(until); err != nil || late < -time.Millisecond || late > time.Since(began) {
			t.Errorf("paused until %s, want %s, %v", stats.PausedUntil, until, err)
		}
		wg.Wait()
		slices.SortFunc(left, time.Time.Compare)
		for i, at := range left {
			// No burst at its end: one interval more for each.
			if earliest := until.Add(time.Duration(i)*first.interval - 15*time.Millisecond); at.Before(earliest) {
				t.Errorf("turn %d came %s too early", i, earliest.Sub(at))
			}
		}
	})
}

func TestLongPause(t *testing.T) {
	onBoth(t, func(t *testing.T, client *redis.Client) {
		l := NewRedis(client, "p", providers.Rate{Requests: 1, Per: time.Second})
		if err := l.Pause(t.Context(), time.Now().Add(1000*time.Hour)); err != nil {
			t.Fatal(err)
		}
		later, ok := errors.AsType[*LaterError](l.Turn(t.Context(), Look))
		if !ok || time.Until(later.Until) > longestPause+10*time.Second || time.Until(later.Until) < longestPause-time.Minute {
			t.Errorf("got %v", later)
		}
	})
}

func TestLaterBooksNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, client *redis.Client) {
		l := NewRedis(client, "p", providers.Rate{Requests: 1, Per: time.Hour}, Longest(time.Second))
		if err := l.Turn(t.Context(), Send); err != nil {
			t.Fatal(err)
		}
		before, _ := client.HGetAll(t.Context(), l.keys[0]).Result()
		for range 20 {
			later, ok := errors.AsType[*LaterError](l.Turn(t.Context(), Send))
			if !ok || time.Until(later.Until) > 61*time.Minute {
				t.Fatalf("got %v", later)
			}
		}
		if after, _ := client.HGetAll(t.Context(), l.keys[0]).Result(); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("state went from %v to %v", before, after)
		}
	})
}

func TestContextEndsTheWait(t *testing.T) {
	l := NewRedis(realRedis(t), "p", providers.Rate{Requests: 1, Per: 20 * time.Second})
	if err := l.Turn(t.Context(), Send); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Turn(ctx, Send); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while waiting: %v", err)
	}
	if err := l.Turn(ctx, Send); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before: %v", err)
	}
}

func TestStats(t *testing.T) {
	onBoth(t, func(t *testing.T, client *redis.Client) {
		l := NewRedis(client, "p", providers.Rate{Requests: 100, Per: time.Minute, Burst: 200})
		for range 7 {
			if err := l.Turn(t.Context(), Send); err != nil {
				t.Fatal(err)
			}
		}
		s, err := l.Stats(t.Context())
		if err != nil || s.Used != 7 || s.Allowed != 100 || s.Most() != 100 || !s.PausedUntil.IsZero() {
			t.Errorf("%+v, %v", s, err)
		}
		for range 143 {
			if err := l.Turn(t.Context(), Send); err != nil {
				t.Fatal(err)
			}
		}
		// A full bucket leaves beside the rate: no share of more than all is ever shown.
		if s, err := l.Stats(t.Context()); err != nil || s.Used != 150 || s.Most() != 300 {
			t.Errorf("after a burst %+v, %v", s, err)
		}
		if ttl := client.PTTL(t.Context(), l.keys[0]).Val(); ttl < 24*time.Hour || ttl > 25*time.Hour {
			t.Errorf("the state lives for %s", ttl)
		}
	})
}

// A rate that is changed does not let the new turns overtake or crowd the old ones.
func TestRateChange(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	now := int64(1_800_000_000_000_000)
	var last int64
	slow := NewRedis(client, "p", providers.Rate{Requests: 1, Per: time.Second})
	for range 10 {
		last = max(last, ask(t, slow, server, now, Send).leave)
	}
	fast := NewRedis(client, "p", providers.Rate{Requests: 10, Per: time.Second, Burst: 5})
	for i := range 10 {
		if b := ask(t, fast, server, now, Look); b.leave < last {
			t.Fatalf("turn %d of the new rate at %d, before %d", i, b.leave, last)
		} else {
			last = b.leave - 40*fast.interval.Microseconds()
		}
	}
}

func TestOneCallPerTurn(t *testing.T) {
	client := realRedis(t)
	var calls atomic.Int64
	client.AddHook(counter{&calls})
	l := NewRedis(client, "p", providers.Rate{Requests: 100, Per: time.Second, Burst: 50})
	if err := l.Turn(t.Context(), Send); err != nil { // loads the script
		t.Fatal(err)
	}
	calls.Store(0)
	for range 20 {
		if err := l.Turn(t.Context(), Send); err != nil {
			t.Fatal(err)
		}
	}
	if calls.Load() != 20 {
		t.Errorf("%d calls for 20 turns", calls.Load())
	}
}

type counter struct{ n *atomic.Int64 }

func (c counter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.n.Add(1); return next(ctx, cmd) }
}
func (c counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestNoRedisNoTurn(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer client.Close()
	server.Close()
	l := NewRedis(client, "p", providers.Rate{Requests: 1, Per: time.Second})
	if err := l.Turn(t.Context(), Send); err == nil {
		t.Error("a turn without Redis")
	}
	if err := l.Pause(t.Context(), time.Now().Add(time.Minute)); err == nil {
		t.Error("a pause without Redis")
	}
}

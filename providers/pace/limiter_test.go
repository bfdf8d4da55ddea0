package pace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
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

// Turn itself waits as long as the booking says: by the clock on the wall a provider with
// a bucket sees never too many.
func TestTurnsAreNotTooEarly(t *testing.T) {
	for _, rate := range []providers.Rate{{Requests: 8, Per: time.Second, Burst: 8}, {Requests: 5, Per: time.Second, Burst: 3}} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, client *redis.Client) { fullSpeed(t, client, rate) })
		})
	}
}

// fullSpeed judges the turns by how many there are since the beginning: one that the machine takes up
// late makes none of the others too early.
func fullSpeed(t *testing.T, client *redis.Client, rate providers.Rate) {
	enough := 3 * rate.Requests // how long they take is the machine's
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var mu sync.Mutex
	begun, turns, early := time.Now(), 0, 0
	given := func() {
		mu.Lock()
		defer mu.Unlock()
		turns++
		if float64(turns) > float64(rate.Burst)+float64(time.Since(begun))/float64(rate.Interval()) {
			early++
		}
		if turns >= enough {
			cancel()
		}
	}
	var wg sync.WaitGroup
	for i := range 24 {
		l := NewRedis(client, "p", rate) // an instance each: processes share nothing but Redis
		wg.Go(func() {
			for {
				turn, err := l.Turn(ctx, []Class{Send, Fetch, Look}[i%3])
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				given()
				turn.Left()
				turn.Done()
			}
		})
	}
	wg.Wait()
	if early > 0 || turns < enough {
		t.Errorf("%d turns, want %d; %d too early", turns, enough, early)
	}
}

// used takes n turns at once.
func used(ctx context.Context, t *testing.T, l *Limiter, n int, class Class) {
	t.Helper()
	for range n {
		turn, err := l.Turn(ctx, class)
		if err != nil {
			t.Fatal(err)
		}
		turn.Left()
		turn.Done()
	}
}

// Who waits already when a pause begins waits for its end, in the other processes, too;
// and then there is no burst.
func TestPauseHoldsEverybody(t *testing.T) {
	rate := providers.Rate{Requests: 20, Per: time.Second, Burst: 5}
	inVirtualTime(t, rate, func(ctx context.Context, f *fleet) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for i := range 4 {
			f.process(ctx, &wg, uint64(i), 6)
		}
		time.Sleep(10 * time.Second)
		begun := time.Now()
		until := begun.Add(5 * time.Second)
		l := NewRedis(f.client, "p", rate)
		if err := l.Pause(ctx, until); err != nil {
			t.Error(err)
		}
		if err := l.Pause(ctx, begun.Add(time.Second)); err != nil { // does not move it back
			t.Error(err)
		}
		wg.Wait()
		late := begun.Add(oldNews*time.Microsecond + 50*time.Millisecond) // what was booked just before
		after := 0
		for _, at := range f.judge.arrivals {
			if at.After(late) && at.Before(until) {
				t.Errorf("a request %s after the pause began", at.Sub(begun))
			}
			if !at.Before(until) {
				if earliest := until.Add(time.Duration(after) * rate.Interval()); at.Before(earliest) {
					t.Errorf("request %d after the pause is %s too early", after, earliest.Sub(at))
				}
				after++
			}
		}
		if after < 195 || f.judge.refused > 0 {
			t.Errorf("%d requests in ten seconds after the pause, %d refused", after, f.judge.refused)
		}
	})
}

func TestLongPause(t *testing.T) {
	onBoth(t, func(t *testing.T, client *redis.Client) {
		l := NewRedis(client, "p", providers.Rate{Requests: 1, Per: time.Second})
		if err := l.Pause(t.Context(), time.Now().Add(1000*time.Hour)); err != nil {
			t.Fatal(err)
		}
		later, ok := errors.AsType[*LaterError](turnError(t, l, Look))
		if !ok || time.Until(later.Until) > longestPause+10*time.Second || time.Until(later.Until) < longestPause-time.Minute {
			t.Errorf("got %v", later)
		}
	})
}

func turnError(t *testing.T, l *Limiter, class Class) error {
	t.Helper()
	_, err := l.Turn(t.Context(), class)
	return err
}

func TestLaterBooksNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, client *redis.Client) {
		l := newLimiter(client, "p", providers.Rate{Requests: 1, Per: time.Hour}, time.Second)
		if err := turnError(t, l, Send); err != nil {
			t.Fatal(err)
		}
		before, _ := client.HGetAll(t.Context(), l.keys[0]).Result()
		for range 20 {
			later, ok := errors.AsType[*LaterError](turnError(t, l, Send))
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
	if err := turnError(t, l, Send); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Turn(ctx, Send); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while waiting: %v", err)
	}
	if _, err := l.Turn(ctx, Send); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before: %v", err)
	}
}

func TestStats(t *testing.T) {
	onBoth(t, func(t *testing.T, client *redis.Client) {
		l := NewRedis(client, "p", providers.Rate{Requests: 100, Per: time.Minute, Burst: 200})
		used(t.Context(), t, l, 7, Send)
		// A turn that a busy machine takes up too late counts, too, and its caller gets another.
		about := func(used, n int) bool { return used >= n && used <= n+50 }
		s, err := l.Stats(t.Context())
		if err != nil || !about(s.Used, 7) || s.Allowed != 100 || s.Most() != 100 || !s.PausedUntil.IsZero() {
			t.Errorf("%+v, %v", s, err)
		}
		used(t.Context(), t, l, 143, Send)
		// A full bucket leaves beside the rate: no share of more than all is ever shown.
		if s, err := l.Stats(t.Context()); err != nil || !about(s.Used, 150) || s.Most() != 300 {
			t.Errorf("after a burst %+v, %v", s, err)
		}
		if ttl := client.PTTL(t.Context(), l.keys[0]).Val(); ttl < 24*time.Hour || ttl > 25*time.Hour {
			t.Errorf("the state lives for %s", ttl)
		}
	})
}

// Steering has the next turn, the others share: five, three and two of ten.
func TestOrderOfClasses(t *testing.T) {
	inVirtualTime(t, providers.Rate{Requests: 10, Per: time.Second, Burst: 1}, func(ctx context.Context, f *fleet) {
		l := NewRedis(f.client, "p", f.rate)
		var mu sync.Mutex
		var order []Class
		var wg sync.WaitGroup
		take := func(class Class) {
			wg.Go(func() {
				turn, err := l.Turn(ctx, class)
				if err != nil {
					t.Error(err)
				}
				turn.Left()
				turn.Done()
				mu.Lock()
				defer mu.Unlock()
				order = append(order, class)
			})
		}
		for range 30 {
			take(Send)
			take(Look)
			take(Fetch)
		}
		time.Sleep(2050 * time.Millisecond)
		mu.Lock()
		before := len(order)
		mu.Unlock()
		take(Steer)
		wg.Wait()
		if i := slices.Index(order, Steer); i != before {
			t.Errorf("steering was number %d after %d turns", i, before)
		}
		n := map[Class]int{}
		for _, class := range order[:41] {
			n[class]++
		}
		if n[Send] != 20 || n[Fetch] != 12 || n[Look] != 8 {
			t.Errorf("of the first turns %v", n)
		}
	})
}

// What is booked and wanted no more is given back, or told when others have booked since.
func TestUnusedTurns(t *testing.T) {
	inVirtualTime(t, providers.Rate{Requests: 100, Per: time.Second, Burst: 50}, func(ctx context.Context, f *fleet) {
		l, other := NewRedis(f.client, "p", f.rate), NewRedis(f.client, "p", f.rate)
		used(ctx, t, l, 50, Send)
		impatient, leave := context.WithCancel(ctx)
		var wg sync.WaitGroup
		wait := func() {
			for range 10 {
				wg.Go(func() {
					if _, err := l.Turn(impatient, Send); !errors.Is(err, context.Canceled) {
						t.Errorf("got %v", err)
					}
				})
			}
			time.Sleep(time.Millisecond)
		}
		tat := func() string { return f.server.HGet(l.keys[0], "tat") }
		before := tat()
		wait()
		if tat() == before {
			t.Error("nothing was booked")
		}
		leave()
		wg.Wait()
		time.Sleep(time.Second)
		if after := tat(); after != before {
			t.Errorf("booked until %s, want %s", after, before)
		}
		used(ctx, t, l, 50, Send)
		impatient, leave = context.WithCancel(ctx)
		wait()
		wg.Go(func() {
			if _, err := other.Turn(ctx, Send); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Millisecond)
		leave()
		wg.Wait()
		time.Sleep(time.Second)
		if s, err := l.Stats(ctx); err != nil || s.Unused == 0 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// A rate that is changed does not let the new turns overtake those that were booked.
func TestRateChange(t *testing.T) {
	inVirtualTime(t, providers.Rate{Requests: 1, Per: time.Second, Burst: 1}, func(ctx context.Context, f *fleet) {
		slow := NewRedis(f.client, "p", f.rate)
		a := slow.book(10, slow.interval, 0, 0, 0)
		fast := NewRedis(f.client, "p", providers.Rate{Requests: 10, Per: time.Second, Burst: 5})
		if b := fast.book(1, fast.interval, 0, 0, 0); b.first < a.base+9*slow.interval {
			t.Errorf("the new rate begins %d µs before the old one's last turn", a.base+9*slow.interval-b.first)
		}
	})
}

func TestNoRedisNoTurn(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer client.Close()
	server.Close()
	l := NewRedis(client, "p", providers.Rate{Requests: 1, Per: time.Second})
	if err := turnError(t, l, Send); err == nil {
		t.Error("a turn without Redis")
	}
	if err := l.Pause(t.Context(), time.Now().Add(time.Minute)); err == nil {
		t.Error("a pause without Redis")
	}
}

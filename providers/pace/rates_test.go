package pace

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// Each rate is used up, whatever the bucket and however many processes share it, and a
// strict provider refuses nothing.
func TestRates(t *testing.T) {
	for _, rate := range []providers.Rate{{Requests: 20, Per: time.Second}, {Requests: 100, Per: time.Minute}, {Requests: 500, Per: time.Second}} {
		for _, rate.Burst = range []int{1, 2, 50, 200} {
			for _, processes := range []int{1, 4, 16} {
				if processes == 4 && rate.Requests != 20 || raced && (processes != 16 || rate.Burst != 1 && rate.Burst != 50) {
					continue
				}
				t.Run(fmt.Sprintf("%d in %s, bucket %d, %d processes", rate.Requests, rate.Per, rate.Burst, processes), func(t *testing.T) {
					t.Parallel()
					inVirtualTime(t, rate, func(ctx context.Context, f *fleet) { useUp(ctx, f, processes) })
				})
			}
		}
	}
}

const intervals = 300 // of a test

func useUp(ctx context.Context, f *fleet, processes int) {
	begun, lasts := time.Now(), intervals*f.rate.Interval()
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	var wg sync.WaitGroup
	for i := range processes {
		f.process(ctx, &wg, uint64(i), 12)
	}
	wg.Wait()
	least := 0.98 // in the long run 0.99: the first leases are short, and their guards long
	switch small := f.rate.Burst <= 2; {
	case small && f.rate.Interval() < 10*time.Millisecond:
		// Of 2 ms, what a request is late by is a large part, and only waiting helps.
		least = 0.6
	case !small && f.rate.Interval() < 10*time.Millisecond:
		least = 0.9 // a full bucket is used but for what is kept for lateness
	}
	f.judged(begun, least)
}

// A process that is killed takes its leases with it, one that joins finds its place.
func TestKilledAndJoining(t *testing.T) {
	for _, burst := range []int{1, 50} {
		inVirtualTime(t, providers.Rate{Requests: 20, Per: time.Second, Burst: burst}, func(ctx context.Context, f *fleet) {
			begun := time.Now()
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			var wg sync.WaitGroup
			for i := range 3 {
				f.process(ctx, &wg, uint64(i), 8)
			}
			dying, kill := context.WithCancel(ctx)
			killed := f.process(dying, &wg, 4, 8)
			time.Sleep(20 * time.Second)
			killed.mu.Lock() // what it had booked is neither used nor given back
			killed.line.leases = nil
			killed.mu.Unlock()
			kill()
			time.Sleep(20 * time.Second)
			f.process(ctx, &wg, 5, 8)
			wg.Wait()
			f.judged(begun, 0.95)
		})
	}
}

// Redis' clock is set ahead and back: nobody leaves too early, and nobody waits for the
// difference.
func TestClockIsSet(t *testing.T) {
	for _, burst := range []int{1, 50} {
		for _, by := range []time.Duration{-time.Hour, -3 * time.Second, 3 * time.Second, time.Hour} {
			if raced && (burst == 1 || by.Abs() == time.Hour) {
				continue
			}
			inVirtualTime(t, providers.Rate{Requests: 20, Per: time.Second, Burst: burst}, func(ctx context.Context, f *fleet) {
				begun := time.Now()
				ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
				defer cancel()
				var wg sync.WaitGroup
				for i := range 4 {
					f.process(ctx, &wg, uint64(i), 8)
				}
				time.Sleep(10 * time.Second)
				f.mu.Lock()
				f.set = by
				f.mu.Unlock()
				wg.Wait()
				f.judged(begun, 0.92) // 2.4 s of 30 are lost at most
			})
		}
	}
}

// Ten thousand who wait cost nothing: a call to Redis a turn, and none meanwhile.
func TestManyWait(t *testing.T) {
	waiting := 10_000
	if raced {
		waiting = 2_000
	}
	inVirtualTime(t, providers.Rate{Requests: 100, Per: time.Minute, Burst: 200}, func(ctx context.Context, f *fleet) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
		defer cancel()
		l := newLimiter(f.client, "p", f.rate, 1000*time.Hour)
		var wg sync.WaitGroup
		var mu sync.Mutex
		turns := 0
		for range waiting {
			wg.Go(func() {
				turn, err := l.Turn(ctx, Send)
				if err != nil {
					return
				}
				turn.Left()
				turn.Done()
				mu.Lock()
				turns++
				mu.Unlock()
			})
		}
		wg.Wait()
		if turns < 1190 || f.trips.Load() > int64(turns)*12/10 {
			t.Errorf("%d turns in ten minutes, %d calls to Redis", turns, f.trips.Load())
		}
	})
}

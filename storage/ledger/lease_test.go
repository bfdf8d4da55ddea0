package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestALeaseIsKeptUp: a lease is renewed until it is stopped, whatever becomes of a renewal or of
// who began it; whoever has lost it learns so, and renews it no more.
func TestALeaseIsKeptUp(t *testing.T) {
	const lease = 8 * time.Second
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var renewed atomic.Int32
		answers := map[int32]error{5: errors.New("redis is away"), 7: fmt.Errorf("renewing: %w", ErrLost)}
		renew := func(ctx context.Context, d time.Duration) error {
			if d != lease || ctx.Err() != nil {
				t.Errorf("renewed for %s, %v", d, ctx.Err())
			}
			return answers[renewed.Add(1)]
		}
		after := func(rest time.Duration, want int32) {
			t.Helper()
			time.Sleep(rest)
			synctest.Wait()
			if n := renewed.Load(); n != want {
				t.Errorf("renewed %d times after %s, want %d", n, time.Since(begun), want)
			}
		}

		ctx, cancel := context.WithCancel(t.Context())
		held, stop := KeepUp(ctx, lease, renew)
		after(lease, 4)
		after(lease/4, 5)
		if held.Err() != nil {
			t.Error("a renewal that failed ends the work")
		}
		cancel()
		after(lease/4, 6)
		if held.Err() == nil {
			t.Error("the work goes on after its context")
		}
		stop()
		after(lease, 6)

		held, stop = KeepUp(t.Context(), lease, renew)
		after(lease, 7)
		if !errors.Is(context.Cause(held), ErrLost) {
			t.Errorf("the work of who has lost the lease: %v", context.Cause(held))
		}
		stop()
	})
}

// TestStopWaitsForTheLastRenewal: nothing is renewed after stop has returned, and a renewal that
// hangs is broken off.
func TestStopWaitsForTheLastRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := false
		_, stop := KeepUp(t.Context(), time.Second, func(ctx context.Context, _ time.Duration) error {
			<-ctx.Done()
			over = true
			return ctx.Err()
		})
		time.Sleep(time.Second)
		stop()
		if !over {
			t.Error("a renewal goes on")
		}
	})
}

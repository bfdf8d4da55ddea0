package ledger

import (
	"context"
	"errors"
	"time"
)

// KeepUp renews a lease four times in its length, until stop is called, which waits for the last
// renewal: also after ctx has ended, because who holds the lease may still write down what it has
// done. held is for work that may not go on when somebody else has the lease: it ends then, with
// [ErrLost] as its cause. A renewal that fails otherwise is tried again.
func KeepUp(ctx context.Context, lease time.Duration, renew func(context.Context, time.Duration) error) (held context.Context, stop func()) {
	held, lost := context.WithCancelCause(ctx)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lease / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := renew(ctx, lease); errors.Is(err, ErrLost) {
				lost(err)
				return
			}
		}
	}()
	return held, func() {
		cancel()
		<-done
		lost(nil)
	}
}

package providertest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// queue is a pacer that can let a turn never come.
type queue struct {
	pace.Unlimited
	left    atomic.Int64 // turns that are still given; below 0: no limit
	waiting chan struct{}
}

func (q *queue) Turn(ctx context.Context, _ pace.Class) (*pace.Turn, error) {
	if q.left.Load() < 0 || q.left.Add(-1) >= 0 {
		return nil, ctx.Err()
	}
	q.waiting <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// testContext ends every call before it begins, while it waits for a turn, and while it
// waits for an answer, at every request that it makes.
func testContext(t *testing.T, s *Suite, tp *tap) {
	q := &queue{waiting: make(chan struct{}, 1)}
	q.left.Store(-1)
	w := newWorld(t, s, tp, setup{rest: func(r *rest.Settings) { r.Pacer = q }})
	for _, c := range w.calls() {
		tr := w.trial(c)
		if len(tr.ops) == 0 {
			continue // it makes no request, so it waits for nothing
		}
		testEndedBefore(t, tr)
		for n := range tr.ops {
			testEndedInQueue(t, tr, q, n)
			testEndedOnTheWay(t, tr, n)
		}
	}
	w.clean()
}

// ended wants a prompt failure that is the context's.
func ended(t *testing.T, what string, begun time.Time, err error, kinds ...providers.ErrorKind) {
	t.Helper()
	if took := time.Since(begun); took > prompt {
		t.Errorf("%s: returns after %s", what, took)
	}
	kind := providers.KindOf(err)
	for _, k := range kinds {
		if err != nil && k == kind && errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Errorf("%s: %v, want one of %v with the context's error", what, err, kinds)
}

func testEndedBefore(t *testing.T, tr *trial) {
	do := tr.next()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	seen := tr.w.wire.seen()
	ended(t, tr.call.name+" after its context", time.Now(), do(ctx), providers.Interrupted)
	if n := tr.w.wire.seen() - seen; n != 0 {
		t.Errorf("%s: %d requests after the context's end", tr.call.name, n)
	}
}

func testEndedInQueue(t *testing.T, tr *trial, q *queue, n int) {
	do := tr.next()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	q.left.Store(int64(n))
	defer q.left.Store(-1)
	seen := tr.w.wire.seen()
	result := make(chan error, 1)
	go func() { result <- do(ctx) }()
	select {
	case <-q.waiting:
	case <-result:
		return // its requests need fewer turns: storage and identity have none
	}
	begun := time.Now()
	cancel()
	ended(t, tr.call.name+" in the queue for "+tr.ops[n], begun, <-result, providers.Interrupted)
	if got := tr.w.wire.seen() - seen; got > len(tr.ops)-1 {
		t.Errorf("%s: %d requests", tr.call.name, got)
	}
}

func testEndedOnTheWay(t *testing.T, tr *trial, n int) {
	do := tr.next()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	arrived := make(chan struct{})
	tr.w.wire.at(n, func(_ int, _ http.ResponseWriter, r *http.Request, _ func() *answer) bool {
		close(arrived)
		<-ctx.Done()
		// The client gives up before the connection does: it would make a request that can be
		// repeated once more.
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	})
	result := make(chan error, 1)
	go func() { result <- do(ctx) }()
	select {
	case <-arrived:
	case err := <-result:
		t.Errorf("%s: over without %s: %v", tr.call.name, tr.ops[n], err)
		return
	}
	begun := time.Now()
	cancel()
	kinds := []providers.ErrorKind{providers.Transient}
	if tr.inviting(n) {
		kinds = []providers.ErrorKind{providers.Ambiguous}
	}
	ended(t, tr.call.name+" on the way to "+tr.ops[n], begun, <-result, kinds...)
	tr.w.wire.with(nil)
}

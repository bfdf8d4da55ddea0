package rest

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// idleTimeout is how long a read from an answer's body may wait for a byte.
const idleTimeout = 60 * time.Second

// errTimeout is the cause of a stall.
var errTimeout = errors.New("no answer in time")

// stallTimer ends a request that has stopped moving. Until the answer's header is there
// the limit is the client's timeout since the last piece of the request's body was
// taken; then it is idleTimeout for every read.
type stallTimer struct {
	parent context.Context // the caller's
	ctx    context.Context // the request's
	cancel context.CancelCauseFunc
	limit  time.Duration

	mu       sync.Mutex
	timer    *time.Timer
	answered bool
}

func newStallTimer(parent context.Context, limit time.Duration) (context.Context, *stallTimer) {
	w := &stallTimer{parent: parent, limit: limit}
	w.ctx, w.cancel = context.WithCancelCause(parent)
	w.timer = time.AfterFunc(limit, w.expire)
	return w.ctx, w
}

func (w *stallTimer) expire() { w.cancel(errTimeout) }

// moved lets the time begin anew, unless the answer is there already.
func (w *stallTimer) moved() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.answered {
		w.timer.Reset(w.limit)
	}
}

// answer ends the first phase.
func (w *stallTimer) answer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
	w.timer.Stop()
}

// stop frees the timer's context.
func (w *stallTimer) stop() {
	w.answer()
	w.cancel(context.Canceled)
}

// ended is the caller's end, or the time-out, or nil.
func (w *stallTimer) ended() error {
	if err := w.parent.Err(); err != nil {
		return err
	}
	if errors.Is(context.Cause(w.ctx), errTimeout) {
		return errTimeout
	}
	return nil
}

// moving is a request's body that tells the timer of every piece taken.
func (w *stallTimer) moving(body io.ReadCloser) io.ReadCloser {
	if body == nil {
		return nil
	}
	return moving{body, w}
}

type moving struct {
	io.ReadCloser
	timer *stallTimer
}

func (m moving) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if n > 0 {
		m.timer.moved()
	}
	return n, err
}

// stream is an answer's body: it fails when no byte comes for idleTimeout, and its
// errors hold nothing of what was read.
type stream struct {
	body  io.ReadCloser
	timer *stallTimer
	call  *call
	err   error
}

func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.timer.timer.Reset(idleTimeout)
	n, err := s.body.Read(p)
	s.timer.timer.Stop()
	if err != nil && err != io.EOF {
		err = s.call.broken(s.timer, err)
	}
	s.err = err
	return n, err
}

func (s *stream) Close() error {
	s.timer.stop()
	return s.body.Close()
}

package rest

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errLate = errors.New("the request did not leave in time after the intent to send it")
	errShut = errors.New("the connection was shut")
)

// gate stands on the inviting request's own connection. Until it is opened only the
// handshakes of TLS and proxies pass; opening it runs Before; from then on bytes pass
// for as long as within. Closing it tells whether any byte of the request has left:
// nothing passes afterwards.
//
// The time is looked at right before every write, so a process that was stopped and
// goes on later finds the gate shut; what it cannot see is a stop between that look
// and the write itself, a few instructions.
type gate struct {
	within time.Duration
	conn   atomic.Pointer[gatedConn]
	shut   atomic.Bool

	mu      sync.Mutex // held while writing
	opening bool       // Before runs, or has run
	opened  time.Time  // zero: not yet
	left    bool       // a byte of the request has been handed to the system
	refusal error      // what Before returned
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (g *gate) dial(next dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := next(ctx, network, address)
		if err != nil {
			return nil, err
		}
		gated := &gatedConn{Conn: conn, gate: g}
		gated.linger(0)
		if !g.conn.CompareAndSwap(nil, gated) || g.shut.Load() {
			conn.Close()
			return nil, errShut
		}
		return gated, nil
	}
}

// open runs before, and lets the request pass when that succeeds. It waits for before,
// which ends with ctx, because nobody may go on while the intent is being written. The
// gate is free meanwhile; when ctx ends it is shut at once, whatever before returns later.
func (g *gate) open(ctx context.Context, before func(context.Context) error) {
	g.mu.Lock()
	again := !g.opened.IsZero() || g.opening
	g.opening = true
	g.mu.Unlock()
	if again || g.conn.Load() == nil || ctx.Err() != nil {
		g.shutNow()
		return
	}
	stop := context.AfterFunc(ctx, g.shutNow)
	defer stop()
	refusal := before(ctx)

	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusal = refusal; refusal != nil || ctx.Err() != nil {
		g.shut.Store(true)
		return
	}
	g.opened = time.Now()
	// For a write that waits for the other side; write itself looks at the time.
	_ = g.conn.Load().SetWriteDeadline(g.opened.Add(g.within))
}

// shutNow lets nothing pass any more, and ends what waits for the other side.
func (g *gate) shutNow() {
	g.shut.Store(true)
	if conn := g.conn.Load(); conn != nil {
		conn.Close()
	}
}

// close shuts the gate for good.
func (g *gate) close() (left bool, refusal error) {
	g.shutNow()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left, g.refusal
}

// answered ends the gate's work: the request has arrived.
func (g *gate) answered() { g.conn.Load().linger(-1) }

func (g *gate) write(conn net.Conn, p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.opened.IsZero() && late(g.opened, time.Now(), g.within) {
		g.shut.Store(true)
		return 0, errLate
	}
	if g.shut.Load() {
		return 0, errShut
	}
	n, err := conn.Write(p)
	if !g.opened.IsZero() && n > 0 {
		g.left = true
	}
	return n, err
}

// late looks at the monotonic clock and at the wall clock: the first does not go on
// while the machine sleeps, the second may be set.
func late(from, now time.Time, within time.Duration) bool {
	return now.Sub(from) >= within || now.Round(0).Sub(from.Round(0)) >= within
}

type gatedConn struct {
	net.Conn
	gate *gate
}

func (c *gatedConn) Write(p []byte) (int, error) { return c.gate.write(c.Conn, p) }

// linger says what the system does with bytes that it has not delivered yet when the
// connection is closed or the process dies: 0 discards them, so that none arrives
// after the failure was recorded; -1 is the usual.
func (c *gatedConn) linger(seconds int) {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(seconds) // fails only on a connection that is dead already
	}
}

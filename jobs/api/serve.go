package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of the server itself. Choices.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10 // bytes
	drainFor      = 30 * time.Second
)

// Listen opens the port that [Server.Run] serves on. Without keys an address that others than this
// machine can reach is refused.
func (s *Server) Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if len(s.guard.keys) == 0 && !loopback(l.Addr()) {
		l.Close()
		return nil, ErrOpen
	}
	return l, nil
}

// Run serves on a listener until the context ends, then lets the requests that are under
// way end, for 30 seconds at most. Without keys a listener that others than this
// machine can reach is refused. Run closes the listener.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	if len(s.guard.keys) == 0 && !loopback(l.Addr()) {
		l.Close()
		return ErrOpen
	}
	defer s.uploads.close()
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(quiet{s.log.Handler()}, slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	s.log.InfoContext(ctx, "serving", "address", l.Addr().String(), "keys", len(s.guard.keys))
	select {
	case err := <-served:
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.draining.Store(true) // readyz says so: no new requests are sent here
	if s.pages != nil {
		s.pages.Close()
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	err := server.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		server.Close()
		err = fmt.Errorf("requests were still under way after %s and have been cut", drainFor)
	}
	<-served
	return err
}

// quiet takes net/http's own complaints (broken handshakes and the like) at debug level.
type quiet struct{ slog.Handler }

// Handle drops the remote address that stands in the text, which is a person's.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if !q.Enabled(ctx, r.Level) {
		return nil
	}
	return q.Handler.Handle(ctx, slog.NewRecord(r.Time, r.Level, "http server: a connection failed", 0))
}

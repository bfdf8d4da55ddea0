package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/providers"
)

// Bounds of callbacks: they come from anybody until they are verified. Choices.
const (
	maxCallback     = 1 << 20 // bytes of a body
	maxCallbacks    = 32      // at once
	callbackTimeout = 10 * time.Second
)

// webhook takes a provider's callback: verified by the provider's own rules before it is
// decoded, then turned into "look now". What is wrong with a forged one is not told.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("provider")
	hooked := s.hooked(name)
	if hooked == nil {
		problem(http.StatusNotFound, "no callbacks are taken here").write(w)
		return
	}
	select {
	case s.callbacks <- struct{}{}:
		defer func() { <-s.callbacks }()
	default:
		s.metrics.Callback(name, metrics.CallbackFailed)
		problem(http.StatusServiceUnavailable, "too many callbacks at once: try again").with("Retry-After", "30").write(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		s.metrics.Callback(name, metrics.CallbackInvalid)
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			tooMuch(maxCallback).write(w)
			return
		}
		if p, ok := errors.AsType[*Problem](err); ok {
			p.write(w)
			return
		}
		problem(http.StatusBadRequest, "the body could not be read").write(w)
		return
	}
	status, result := s.callback(r, name, hooked, body)
	s.metrics.Callback(name, result)
	if result != metrics.CallbackFailed { // Redis may be away then
		if err := s.client.Ledger().CountCallback(r.Context(), name, result); err != nil {
			s.log.DebugContext(r.Context(), "callbacks", "error", err)
		}
	}
	switch status {
	case http.StatusOK:
		w.WriteHeader(status)
	case http.StatusUnauthorized:
		problem(status, "").write(w)
	case http.StatusBadRequest:
		problem(status, "not a callback in the documented form").write(w)
	default:
		problem(status, "try again").with("Retry-After", "30").write(w)
	}
}

// callback answers 200 also for what is of no use to us: the provider would send it
// again and again.
func (s *Server) callback(r *http.Request, name string, hooked providers.WebhookVerifier, body []byte) (status int, result string) {
	ctx := r.Context()
	event, err := hooked.Webhook(r, body)
	if err != nil {
		switch providers.KindOf(err) {
		case providers.Denied:
			s.strangers.warn(ctx, name+metrics.CallbackForged, "callback refused", "request", requestID(ctx), "provider", name, "error", err)
			return http.StatusUnauthorized, metrics.CallbackForged
		case providers.Invalid:
			s.strangers.warn(ctx, name+metrics.CallbackInvalid, "callback refused", "request", requestID(ctx), "provider", name, "error", err)
			return http.StatusBadRequest, metrics.CallbackInvalid
		}
		s.log.ErrorContext(ctx, "callback failed", "request", requestID(ctx), "provider", name, "error", err)
		return http.StatusServiceUnavailable, metrics.CallbackFailed
	}
	known, err := s.client.Event(ctx, name, event)
	switch {
	case errors.Is(err, jobs.ErrReplay):
		return http.StatusOK, metrics.CallbackReplayed
	case err != nil:
		s.log.ErrorContext(ctx, "callback failed", "request", requestID(ctx), "provider", name, "error", err)
		return http.StatusServiceUnavailable, metrics.CallbackFailed
	case !known:
		return http.StatusOK, metrics.CallbackUnknown
	}
	for _, f := range providers.ReadEvidence(event.Evidence) {
		for _, words := range f.Odd {
			s.metrics.Odd(name, words)
		}
	}
	return http.StatusOK, metrics.CallbackTaken
}

func (s *Server) hooked(name string) providers.WebhookVerifier {
	for _, p := range s.providers {
		if h, ok := p.(providers.WebhookVerifier); ok && p.Info().Name == name {
			return h
		}
	}
	return nil
}

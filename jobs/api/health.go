package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	panics "github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/storage/ledger"
)

// Health is what readyz answers.
type Health struct {
	Status    string           `json:"status"`    // ready, degraded, unready, draining
	Simulated bool             `json:"simulated"` // a provider is a simulator
	Redis     Part             `json:"redis"`
	Archive   Part             `json:"archive"`
	Providers []ProviderHealth `json:"providers"`
}

// Part is one thing that chancela needs.
type Part struct {
	OK      bool   `json:"ok"`
	Missing string `json:"missing,omitempty"` // what is wrong
	Barrier string `json:"barrier,omitempty"` // of Redis: how an intent to invite survives a crash
}

// ProviderHealth is a provider that is configured. One that refuses the key is stopped:
// its envelopes wait, nothing fails.
type ProviderHealth struct {
	Name      string     `json:"name"`
	OK        bool       `json:"ok"`
	Simulated bool       `json:"simulated,omitempty"` // nobody is invited, nothing is signed
	Reason    string     `json:"reason,omitempty"`
	Until     *time.Time `json:"until,omitempty"` // when the next envelope tries
}

const (
	healthTimeout = 5 * time.Second
	archiveWithin = 2 * time.Second // of it, for the archive
	healthFor     = 3 * time.Second // an answer is good for so long: anybody may ask
)

// readiness keeps the last look, so that asking often costs nothing.
type readiness struct {
	mu   sync.Mutex
	last Health
	at   time.Time

	archive chan error // where an answer of the archive is waited for; nil: nowhere
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"status":"ok"}` + "\n"))
}

// readyz answers 503 when Redis is missing. An archive that is away, or a provider that refuses its
// key, leaves the rest at work (a choice): 200, with status "degraded".
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	h := s.health(r.Context())
	status := http.StatusOK
	if s.draining.Load() {
		h.Status = "draining"
	}
	if h.Status == "unready" || h.Status == "draining" {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if status != http.StatusOK {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(h)
}

func (s *Server) health(ctx context.Context) Health {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if time.Since(s.ready.at) < healthFor {
		return s.ready.last
	}
	// The look is everybody's: it does not end with the one who asked.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTimeout)
	defer cancel()
	s.ready.last, s.ready.at = s.look(ctx), time.Now()
	return s.ready.last
}

// askArchive asks the archive whether it can be written to, beside all else. wait gives the answer, or
// after archiveWithin that there is none yet: then the next look waits for it, and asks no second time.
func (s *Server) askArchive(ctx context.Context) (wait func() error) {
	ctx, cancel := context.WithTimeout(ctx, archiveWithin)
	if s.ready.archive == nil {
		answer := make(chan error, 1)
		s.ready.archive = answer
		go func() { answer <- panics.Panics(func() error { return s.client.Archive().Ready(ctx) })() }()
	}
	return func() error {
		defer cancel()
		select {
		case err := <-s.ready.archive:
			s.ready.archive = nil
			return err
		case <-ctx.Done():
			return fmt.Errorf("the archive has not answered within %s", archiveWithin)
		}
	}
}

func (s *Server) look(ctx context.Context) Health {
	archived := s.askArchive(ctx)
	h := Health{Status: "ready", Redis: Part{OK: true, Barrier: string(s.client.Ledger().Durability())}, Archive: Part{OK: true}, Providers: []ProviderHealth{}}
	if err := s.client.Ledger().Writable(ctx); err != nil {
		s.log.WarnContext(ctx, "not ready", "error", err)
		h.Redis.OK, h.Redis.Missing, h.Status = false, "does not answer", "unready"
		if s.client.Ledger().Ping(ctx) == nil {
			h.Redis.Missing = "does not take what is written; the log says why"
		}
	}
	if h.Redis.OK {
		if _, _, away, err := s.client.Ledger().Denial(ctx, ledger.Archive); err == nil && away {
			h.Archive.OK, h.Archive.Missing = false, "the workers cannot use it: what needs it waits, and their log says why"
		}
	}
	for _, p := range s.providers {
		x := ProviderHealth{Name: p.Info().Name, OK: true, Simulated: p.Info().Simulated}
		h.Simulated = h.Simulated || x.Simulated
		if h.Redis.OK {
			reason, until, denied, err := s.client.Ledger().Denial(ctx, x.Name)
			switch {
			case err != nil:
				x.OK, x.Reason = false, "its state cannot be read"
			case denied:
				x.OK, x.Reason, x.Until = false, reason, &until
			}
		}
		if !x.OK && h.Status == "ready" {
			h.Status = "degraded"
		}
		h.Providers = append(h.Providers, x)
	}
	if err := archived(); err != nil {
		s.log.WarnContext(ctx, "the archive is not ready", "error", err)
		h.Archive.OK, h.Archive.Missing = false, "cannot be written to; the log says why"
	}
	if !h.Archive.OK && h.Status == "ready" {
		h.Status = "degraded"
	}
	return h
}

package api

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// What anybody can cause is logged so often, for each kind. Choices.
const (
	sampleFirst = 5
	sampleEvery = time.Minute
)

// sampler keeps strangers from filling the log: of each kind of line it lets the first
// few of a minute through, and says with the next how many it kept back. Kinds are words
// of ours, so their number is bounded.
type sampler struct {
	log *slog.Logger

	mu    sync.Mutex
	kinds map[string]*sample
}

type sample struct {
	begun     time.Time
	n, unsaid int
}

func newSampler(log *slog.Logger) *sampler { return &sampler{log: log, kinds: map[string]*sample{}} }

// warn writes a line about a kind of thing, or counts it.
func (s *sampler) warn(ctx context.Context, kind, msg string, attrs ...any) {
	s.mu.Lock()
	k, ok := s.kinds[kind]
	if !ok {
		k = &sample{}
		s.kinds[kind] = k
	}
	if now := time.Now(); now.Sub(k.begun) >= sampleEvery {
		k.begun, k.n = now, 0
	}
	k.n++
	if k.n > sampleFirst {
		k.unsaid++
		s.mu.Unlock()
		return
	}
	unsaid := k.unsaid
	k.unsaid = 0
	s.mu.Unlock()
	if unsaid > 0 {
		attrs = append(attrs, "unsaid", unsaid)
	}
	s.log.WarnContext(ctx, msg, attrs...)
}

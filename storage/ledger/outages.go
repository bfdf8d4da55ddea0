package ledger

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// IsAway tells whether an error is Redis' and will pass: it is not reached, or refuses what is written.
func IsAway(err error) bool {
	_, unreached := errors.AsType[net.Error](err)
	return unreached || errors.Is(err, io.EOF) || errors.Is(err, redis.ErrClosed) || Refusal(err) != ""
}

// outageSaid is how often it is said that Redis is away, at most.
const outageSaid = time.Minute

// Outages keeps a Redis that is away from filling a log: everything that needs it fails at once.
type Outages struct {
	mu   sync.Mutex
	said time.Time
}

// Level is how loudly an error is logged: a warning, but for the errors of one outage one a minute, and the
// others for who looks for details.
func (o *Outages) Level(err error) slog.Level {
	if !IsAway(err) {
		return slog.LevelWarn
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.said) < outageSaid {
		return slog.LevelDebug
	}
	o.said = time.Now()
	return slog.LevelWarn
}

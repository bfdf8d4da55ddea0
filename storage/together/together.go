// Package together sends scripts that many goroutines run at the same time to Redis in one trip.
package together

import (
	"context"
	"errors"
	"sync"

	"github.com/redis/go-redis/v9"
)

// most bounds how many scripts go in one trip: their answers come together.
const most = 64

// Scripts is a connection whose EvalSha waits for the trip that is under way, and then goes with
// all others that have come meanwhile. With nobody else there it goes at once, and alone. Each
// script is a step of its own, in the order in which they came, with an answer of its own.
type Scripts struct {
	redis.UniversalClient

	mu      sync.Mutex
	away    bool      // a trip is under way
	waiting []*script // for the next one
}

type script struct {
	cmd    *redis.Cmd
	goes   chan struct{} // closed when it is to lead the next trip
	leads  bool
	served chan struct{} // closed when it has its answer
}

// New returns a connection that shares the trips of db.
func New(db redis.UniversalClient) *Scripts { return &Scripts{UniversalClient: db} }

// once is a script's command in a trip. The client would send a whole trip again when its first
// script, or the connection, has failed for a while: those that were run, too.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }

// EvalSha implements [redis.Scripter]. One whose context ends while it waits is not sent; one
// that is on its way is waited for, as long as the connection's own time-outs allow. One that the
// client would send again goes again alone.
func (s *Scripts) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	s.mu.Lock()
	if !s.away {
		s.away = true
		s.mu.Unlock()
		defer s.next()
		return s.UniversalClient.EvalSha(ctx, sha1, keys, args...)
	}
	own := &script{cmd: evalSha(ctx, sha1, keys, args), goes: make(chan struct{}), served: make(chan struct{})}
	s.waiting = append(s.waiting, own)
	s.mu.Unlock()
	select {
	case <-own.served:
	case <-own.goes:
		s.lead()
	case <-ctx.Done():
		s.giveUp(ctx, own)
	}
	if ctx.Err() == nil && s.retries() && passing(own.cmd.Err()) {
		return s.UniversalClient.EvalSha(ctx, sha1, keys, args...)
	}
	return own.cmd
}

func (s *Scripts) retries() bool {
	db, single := s.UniversalClient.(*redis.Client)
	return !single || db.Options().MaxRetries > 0
}

// passing tells whether the client sends again what has failed so: nobody has answered, or Redis
// takes nothing for a while.
func passing(err error) bool {
	if err == nil {
		return false
	}
	if _, answered := errors.AsType[redis.Error](err); !answered {
		return true
	}
	return redis.IsLoadingError(err) || redis.IsReadOnlyError(err) || redis.IsMasterDownError(err) || redis.IsClusterDownError(err) ||
		redis.IsTryAgainError(err) || redis.IsMaxClientsError(err) || redis.IsNoReplicasError(err)
}

func evalSha(ctx context.Context, sha1 string, keys []string, args []any) *redis.Cmd {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, "evalsha", sha1, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	cmd := redis.NewCmd(ctx, append(all, args...)...)
	if len(keys) > 0 {
		cmd.SetFirstKeyPos(3)
	}
	return cmd
}

// next lets the first of those who wait lead the next trip.
func (s *Scripts) next() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away = len(s.waiting) > 0; s.away {
		s.waiting[0].leads = true
		close(s.waiting[0].goes)
	}
}

// lead makes a trip with those who wait, its leader first.
func (s *Scripts) lead() {
	s.mu.Lock()
	n := min(len(s.waiting), most)
	trip := s.waiting[:n:n]
	s.waiting = append([]*script(nil), s.waiting[n:]...)
	s.mu.Unlock()
	defer func() {
		for _, one := range trip[1:] {
			close(one.served)
		}
		s.next()
	}()
	if n == 1 {
		_ = s.Process(context.Background(), once{trip[0].cmd}) // the command has its error
		return
	}
	_, _ = s.Pipelined(context.Background(), func(p redis.Pipeliner) error { // each has its own error
		for _, one := range trip {
			_ = p.Process(context.Background(), once{one.cmd})
		}
		return nil
	})
}

// giveUp takes one back that has not left. One that was to lead, does, and one on its way is
// waited for.
func (s *Scripts) giveUp(ctx context.Context, own *script) {
	s.mu.Lock()
	if own.leads {
		s.mu.Unlock()
		s.lead()
		return
	}
	for i, one := range s.waiting {
		if one == own {
			s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
			s.mu.Unlock()
			own.cmd.SetErr(ctx.Err())
			return
		}
	}
	s.mu.Unlock()
	<-own.served
}

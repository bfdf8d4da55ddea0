package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// limits runs callers with limiters of their own against a judge that keeps exactly to
// the rate and counts what it refuses.
func limits(ctx context.Context, folder string, s sizes) ([]result, error) {
	db, stop, err := startRedis(ctx, filepath.Join(folder, "redis"), "always")
	if err != nil {
		return nil, err
	}
	defer stop()
	var all []result
	for _, rate := range []providers.Rate{ // the shapes of the providers' limits, at speeds that a bench can wait for
		{Requests: 1000, Per: time.Minute, Burst: 50},
		{Requests: 50, Per: time.Second, Burst: 50},
		{Requests: 20, Per: time.Second, Burst: 1},
	} {
		r, err := limit(ctx, db, rate, s.pace)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

const (
	paceProcesses = 4 // limiters, each with a connection pool of its own
	paceCallers   = 6 // of each
)

func limit(ctx context.Context, db *redis.Client, rate providers.Rate, watch time.Duration) (result, error) {
	name := fmt.Sprintf("%d/%s burst %d", rate.Requests, rate.Per, rate.Burst)
	j := newJudge(rate)
	server := httptest.NewServer(j)
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctx, watch)
	defer cancel()
	var g errgroup.Group
	for range paceProcesses {
		own := redis.NewClient(db.Options())
		defer own.Close()
		l := pace.NewRedis(own, name, rate)
		for caller := range paceCallers {
			class := []pace.Class{pace.Send, pace.Look, pace.Fetch}[caller%3]
			g.Go(func() error { return call(ctx, l, class, server.URL) })
		}
	}
	err := g.Wait()
	taken, refused := j.counts()
	// What a bucket that is full at first gives in that time.
	allowed := float64(rate.Burst) + float64(rate.Requests)*watch.Seconds()/rate.Per.Seconds()
	return result{Scenario: "pace, " + name, Unit: "requests", Ours: float64(taken), Floor: allowed, Ratio: float64(taken) / allowed,
		Note: fmt.Sprintf("%d refused; %d limiters, %d callers, %s", refused, paceProcesses, paceProcesses*paceCallers, watch)}, err
}

// call asks for one turn after another until the context ends.
func call(ctx context.Context, l *pace.Limiter, class pace.Class, url string) error {
	for {
		var later *pace.LaterError
		turn, err := l.Turn(ctx, class)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &later):
			continue
		case err != nil:
			return err
		}
		req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		turn.Left()
		turn.Done()
		if err != nil {
			return err
		}
		resp.Body.Close()
	}
}

// judge is a token bucket, full at first.
type judge struct {
	mu             sync.Mutex
	rate           providers.Rate
	tokens         float64
	at             time.Time
	taken, refused int
}

func newJudge(rate providers.Rate) *judge {
	return &judge{rate: rate, tokens: float64(rate.Burst), at: time.Now()}
}

func (j *judge) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	j.tokens = min(float64(j.rate.Burst), j.tokens+now.Sub(j.at).Seconds()*float64(j.rate.Requests)/j.rate.Per.Seconds())
	j.at = now
	if j.tokens < 1 {
		j.refused++
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	j.tokens--
	j.taken++
}

func (j *judge) counts() (taken, refused int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.taken, j.refused
}

package queue

import (
	"context"
	"errors"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// TestALoadingRedisIsWaitedFor: what comes after its answer that it loads is told, and so is that nobody waits any more.
func TestALoadingRedisIsWaitedFor(t *testing.T) {
	m := miniredis.RunT(t)
	db := redis.NewClient(&redis.Options{Addr: m.Addr(), MaxRetries: -1})
	defer db.Close()
	const loading = "LOADING Redis is loading the dataset in memory"
	m.SetError(loading)
	if err := Reach(t.Context(), db, "redis://"+m.Addr()); !IsLoading(err) {
		t.Fatalf("a Redis that loads: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := AwaitLoaded(ctx, db); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits any more: %v", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- AwaitLoaded(t.Context(), db) }()
	m.SetError("")
	if err := <-waited; err != nil {
		t.Errorf("it has loaded: %v", err)
	}
	if IsLoading(nil) || IsLoading(errors.New("ERR LOADING")) {
		t.Error("another answer is taken for it")
	}
}

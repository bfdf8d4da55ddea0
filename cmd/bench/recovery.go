package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// inHand is how many envelopes the worker holds that is killed.
const inHand = 64

// recovery kills a worker (SIGKILL) with 64 envelopes in hand while many others wait, and times how long it
// takes until another has sent all of those. They cannot go on before the dead worker's lease is over.
func recovery(ctx context.Context, folder string, s sizes) ([]result, error) {
	n := max(s.deep, 2*inHand)
	ours := func(ctx context.Context) (float64, error) { return recovered(ctx, folder, n) }
	lease := func(context.Context) (float64, error) { return worker.Lease.Seconds(), nil }
	r, err := compare(ctx, s.rounds, fmt.Sprintf("recovery, %d in hand, %d waiting", inHand, n), "s", "the lease", ours, lease)
	return []result{r}, err
}

func recovered(ctx context.Context, folder string, n int) (float64, error) {
	folder, err := os.MkdirTemp(folder, "")
	if err != nil {
		return 0, err
	}
	db, stop, err := startRedis(ctx, folder, "everysec")
	if err != nil {
		return 0, err
	}
	defer stop()
	held, killed := new(atomic.Int64), make(chan struct{})
	quick := httptest.NewServer(holding(held, killed))
	defer quick.Close()
	p, err := quickProvider(quick.URL)
	if err != nil {
		return 0, err
	}
	store, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return 0, err
	}
	client := jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.DurableByAOF, Archive: store, Providers: []providers.Provider{p}, Log: unheard})
	if err := enqueueAll(ctx, client, "recovery", n, true); err != nil {
		return 0, err
	}
	if err := loseWorker(ctx, folder, quick.URL, held); err != nil {
		return 0, err
	}
	close(killed)
	begun := time.Now()
	keys, _, err := client.Ledger().Keys(ctx, "recovery", []ledger.State{ledger.Preparing}, "", 2*inHand)
	if err == nil && len(keys) < inHand {
		err = fmt.Errorf("only %d were in hand", len(keys))
	}
	if err != nil {
		return 0, err
	}
	err = until(ctx, func(ctx context.Context) (bool, error) {
		records, err := client.Ledger().GetMany(ctx, keys)
		if err != nil {
			return false, err
		}
		for _, r := range records {
			if r.SentAt.IsZero() {
				return false, nil
			}
		}
		return true, nil
	}, running(db, p, store, nil, inHand, worker.Hooks{})...)
	return time.Since(begun).Seconds(), err
}

// holding is the quick provider that does not answer those who make an envelope until their worker is killed.
func holding(held *atomic.Int64, killed <-chan struct{}) http.Handler {
	routes := quickRoutes(fileSize)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := routes.Handler(r); pattern == "POST /envelopes" {
			held.Add(1)
			<-killed
		}
		routes.ServeHTTP(w, r)
	})
}

// loseWorker starts a worker, and kills it when it holds what it can.
func loseWorker(ctx context.Context, folder, base string, held *atomic.Int64) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	victim, err := start(ctx, self, nil, victimCommand, filepath.Join(folder, "redis.sock"), base, filepath.Join(folder, "archive"), strconv.Itoa(inHand))
	if err != nil {
		return err
	}
	defer victim.stop()
	return victim.until(ctx, func() error {
		if n := held.Load(); n < inHand {
			return fmt.Errorf("the worker holds %d", n)
		}
		return nil
	})
}

// victimCommand is the argument that makes this program a worker that is going to be killed.
const victimCommand = "victim"

func serveVictim(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("want a socket, an address, a folder and how many envelopes at once")
	}
	handlers, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: args[0]})
	defer db.Close()
	p, err := quickProvider(args[1])
	if err != nil {
		return err
	}
	store, err := dir.Open(args[2])
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range running(db, p, store, nil, handlers, worker.Hooks{}) {
		g.Go(func() error { return run(ctx) })
	}
	return g.Wait()
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// latency times single envelopes, while nothing else is to be done, from Enqueue to the moment at
// which the provider is asked to send; the floor makes the same calls at once.
func latency(ctx context.Context, folder string, s sizes) ([]result, error) {
	db, stop, err := startRedis(ctx, folder, "always")
	if err != nil {
		return nil, err
	}
	defer stop()
	sends := make(chan time.Time, 1)
	routes := quickRoutes(fileSize)
	quick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := routes.Handler(r); pattern == "POST /envelopes/{id}/send" {
			sends <- time.Now()
		}
		routes.ServeHTTP(w, r)
	}))
	defer quick.Close()
	p, err := quickProvider(quick.URL)
	if err != nil {
		return nil, err
	}
	store, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return nil, err
	}
	client := jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.DurableByAOF, Archive: store, Providers: []providers.Provider{p}, Log: unheard})
	calls := newEndpoints(quick.URL)
	defer calls.client.CloseIdleConnections()
	var ours, floor []time.Duration
	through := false
	err = until(ctx, func(ctx context.Context) (bool, error) {
		for i := range s.latency {
			begun := time.Now()
			if _, err := calls.send(ctx, i); err != nil {
				return false, err
			}
			floor = append(floor, (<-sends).Sub(begun))
			begun = time.Now()
			if _, err := client.Enqueue(ctx, envelope("latency", i, certyneo.Name)); err != nil {
				return false, err
			}
			select {
			case at := <-sends:
				ours = append(ours, at.Sub(begun))
			case <-ctx.Done():
				return false, ctx.Err()
			}
		}
		through = true
		return true, nil
	}, running(db, p, store, nil, flowConcurrency, worker.Hooks{})...)
	if err != nil || !through {
		return nil, err
	}
	return percentiles(ours, floor), nil
}

func percentiles(ours, floor []time.Duration) (all []result) {
	for _, percent := range []int{50, 99} {
		r := result{Scenario: fmt.Sprintf("latency, p%d", percent), Unit: "ms", Ours: percentile(ours, percent), Floor: percentile(floor, percent)}
		r.Ratio = r.Ours / r.Floor
		all = append(all, r)
	}
	all[0].Note = "appendfsync always"
	return all
}

// percentile is in milliseconds.
func percentile(all []time.Duration, percent int) float64 {
	slices.Sort(all)
	return micros(all[min(len(all)-1, len(all)*percent/100)]) / 1e3
}

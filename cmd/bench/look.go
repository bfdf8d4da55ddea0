package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// look counts how many pending envelopes are looked at for each request to a provider that has a
// list, when all of them are due. Whoever asks for each by itself looks at one.
func look(ctx context.Context, folder string, s sizes) ([]result, error) {
	db, stop, err := startRedis(ctx, filepath.Join(folder, "redis"), "everysec")
	if err != nil {
		return nil, err
	}
	defer stop()
	store, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return nil, err
	}
	ours := func(ctx context.Context) (float64, error) {
		if err := db.FlushAll(ctx).Err(); err != nil {
			return 0, err
		}
		var requests, looked atomic.Int64
		pending := httptest.NewServer(pendingRoutes(s.look, &requests))
		defer pending.Close()
		p, err := quickProvider(pending.URL)
		if err != nil {
			return 0, err
		}
		if err := sentOnes(ctx, ledger.New(db, ledger.DurableByAOF), "pending", s.look, 0); err != nil {
			return 0, err
		}
		hooks := worker.Hooks{Looked: func(string) { looked.Add(1) }}
		err = until(ctx, func(context.Context) (bool, error) { return looked.Load() >= int64(s.look), nil }, running(db, p, store, nil, flowConcurrency, hooks)...)
		return float64(looked.Load()) / float64(requests.Load()), err
	}
	naive := func(context.Context) (float64, error) { return 1, nil }
	r, err := compare(ctx, s.rounds, fmt.Sprintf("look, %d due", s.look), "envelopes/request", "a list of pages of 100; one by one", ours, naive)
	return []result{r}, err
}

// pendingRoutes is a provider with n envelopes that are with their signers.
func pendingRoutes(n int, requests *atomic.Int64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /envelopes", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		page = max(page, 1)
		const size = 100
		var rows []string
		for i := (page - 1) * size; i < min(page*size, n); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":%q,"status":"SENT"}`, pendingID(i)))
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"data":[%s],"pagination":{"total":%d,"page":%d,"pageSize":%d,"pages":%d}}`, strings.Join(rows, ","), n, page, size, (n+size-1)/size)
	})
	mux.HandleFunc("GET /envelopes/{id}", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":%q,"status":"SENT","recipients":[{"email":"ana@example.com","name":"Ana Prova da Silva","role":"SIGNER","status":"PENDING"}]}`, r.PathValue("id"))
	})
	return mux
}

package s3_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chancela/chancela/storage/archive/archivetest"
)

// Workers that write at the same time make their connections once.
func TestConnectionsAreKept(t *testing.T) {
	const atOnce = 32
	var waiting sync.WaitGroup
	var made atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		waiting.Done()
		waiting.Wait() // each has a connection of its own
		w.WriteHeader(http.StatusOK)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			made.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	archivetest.NoAccount(t)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
	a := open(t, "s3://bucket")
	for range 2 {
		waiting.Add(atOnce)
		var all sync.WaitGroup
		for range atOnce {
			all.Go(func() {
				if _, err := a.Stat(t.Context(), "a.pdf"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	// Go's own client keeps two of a host, and Amazon's ten. One or two more are made when an
	// answer is here before its connection is free.
	if n := made.Load(); n >= 2*atOnce-10 {
		t.Errorf("%d connections for twice %d requests at once", n, atOnce)
	}
}

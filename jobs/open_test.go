package jobs

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/ledger"
)

// redisServer starts a real Redis and returns its address. It listens on a socket only.
func redisServer(t *testing.T, options ...string) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "redis") {
			t.Fatal("redis-server is required and not there")
		}
		t.Skip("redis-server is not there")
	}
	folder, err := os.MkdirTemp("", "redis") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "s")
	server := exec.Command(binary, slices.Concat([]string{"--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--maxmemory-policy", "noeviction"}, options)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		os.RemoveAll(folder)
	})
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer db.Close()
	for deadline := time.Now().Add(time.Minute); db.Ping(t.Context()).Err() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("redis-server does not answer")
		}
	}
	return "redis-socket://" + socket
}

func TestOpen(t *testing.T) {
	client, err := Open(t.Context(), redisServer(t, "--appendonly", "yes", "--appendfsync", "always"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e := Envelope{Campaign: "leases-june", ID: "0001", Provider: "certyneo", Subject: "Lease of flat 11",
		Template: "tpl_lease", Signers: []Signer{{Name: "Aurora Dália", Email: "aurora@example.com"}}}
	accepted, err := client.Enqueue(t.Context(), e)
	if err != nil || !accepted.New || accepted.State != ledger.Queued {
		t.Errorf("%+v, %v", accepted, err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.Get(t.Context(), e.Key()); err == nil {
		t.Error("a closed client answers")
	}
}

// Durability is looked at, never taken for granted.
func TestOpenRefusesARedisThatForgets(t *testing.T) {
	client, err := Open(t.Context(), redisServer(t, "--appendonly", "no"), t.TempDir())
	if err == nil {
		client.Close()
		t.Fatal("a Redis without an append-only file is taken")
	}
	if !strings.Contains(err.Error(), "appendonly") {
		t.Errorf("%v does not say what to do", err)
	}
}

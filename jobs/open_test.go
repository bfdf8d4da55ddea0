package jobs

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/redistest"
)

// redisServer starts a real Redis and returns its address.
func redisServer(t *testing.T, options ...string) string {
	t.Helper()
	return "redis-socket://" + redistest.Start(t, append(options, "--maxmemory-policy", "noeviction")...)
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

// A Redis that may forget is taken, and the log says so.
func TestOpenWarnsOfARedisThatForgets(t *testing.T) {
	var said strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&said, nil)))
	defer slog.SetDefault(before)
	client, err := Open(t.Context(), redisServer(t, "--appendonly", "no"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if !strings.Contains(said.String(), "appendonly") {
		t.Errorf("%q does not say what to do", said.String())
	}
}

// A folder stands for a Redis of this machine: several clients share its server, and what they
// have enqueued is there when all have ended.
func TestOpenOnOneMachine(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil && !strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "redis") {
		t.Skip("redis-server is not installed")
	}
	folder := filepath.Join(t.TempDir(), "redis")
	archive := t.TempDir()
	open := func() *Client {
		t.Helper()
		client, err := Open(t.Context(), "local:"+folder, archive)
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	e := Envelope{Campaign: "leases-june", ID: "0001", Provider: "certyneo", Subject: "Lease of flat 11",
		Template: "tpl_lease", Signers: []Signer{{Name: "Aurora Dália", Email: "aurora@example.com"}}}
	first, second := open(), open()
	if _, err := first.Enqueue(t.Context(), e); err != nil {
		t.Error(err)
	}
	first.Close()
	if got, err := second.Get(t.Context(), e.Key()); err != nil || got.State != string(ledger.Queued) {
		t.Errorf("the other client of the folder: %+v, %v", got, err)
	}
	second.Close()
	second.Close() // once more harms nothing
	if _, err := os.Stat(filepath.Join(folder, "redis.sock")); err == nil {
		t.Error("the server is left running")
	}
	third := open()
	defer third.Close()
	if got, err := third.Get(t.Context(), e.Key()); err != nil || got.State != string(ledger.Queued) {
		t.Errorf("after all have ended: %+v, %v", got, err)
	}
}

func TestOpenRefusesAnAddressThatNamesNoFolder(t *testing.T) {
	for _, address := range []string{"local:", "local://redis", "local:~/redis"} {
		if _, err := Open(t.Context(), address, t.TempDir()); err == nil || !strings.Contains(err.Error(), "local:/home/me/redis") && !strings.Contains(err.Error(), "local:PATH") {
			t.Errorf("%s: %v does not say what to write", address, err)
		}
	}
}

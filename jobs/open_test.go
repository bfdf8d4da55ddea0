package jobs

import (
	"log/slog"
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

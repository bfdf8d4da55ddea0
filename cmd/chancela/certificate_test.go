package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// Behind a proxy that opens connections, with roots of its own that nobody has installed,
// envelopes wait: nobody is failed for it, and it is said what to do.
func TestAnUntrustedCertificateStopsTheProvider(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("was reached") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"),
		"CHANCELA_CERTYNEO_API_KEY": "k", "CHANCELA_CERTYNEO_BASE_URL": server.URL, "CHANCELA_ATTEMPTS": "1"}
	file := someOf(t, "june.csv", "cer-001", "cer-002")
	r := invokeUntil(t, env, "its envelopes wait", "run", file).want(t, exitInterrupted)
	if n := strings.Count(r.stderr, "no way to the provider"); n != 1 || !strings.Contains(r.stderr, "SSL_CERT_FILE") {
		t.Errorf("said %d times: %s", n, r.stderr)
	}
	if s, open := counts(t, env, "june"); open != 2 {
		t.Errorf("states: %v", s)
	}
	if out := invoke(t, env, "status", "june").want(t, exitOK).stdout; !strings.Contains(out, "cannot be reached safely, its envelopes wait") || !strings.Contains(out, "SSL_CERT_FILE") {
		t.Errorf("status: %s", out)
	}
}

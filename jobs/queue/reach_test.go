package queue

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/storage/redistest"
)

// TLS with a Redis that speaks none, the other way round, and an authority that nobody has
// installed end within seconds, and it is said what to do.
func TestReach(t *testing.T) {
	server := httptest.NewTLSServer(nil) // for its certificate, which is its own authority
	defer server.Close()
	folder := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := write("cert.pem", "CERTIFICATE", server.Certificate().Raw)
	keyFile := write("key.pem", "PRIVATE KEY", key)
	var plain, secure string
	redistest.StartOn(t, func(port func() string) []string {
		plain, secure = port(), port()
		return []string{"--port", plain, "--tls-port", secure, "--tls-cert-file", certificate, "--tls-key-file", keyFile,
			"--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"}
	})
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	for _, c := range []struct {
		address string
		roots   *x509.CertPool
		says    string // of the error; empty: none
	}{
		{"redis://127.0.0.1:" + plain, nil, ""},
		{"rediss://127.0.0.1:" + secure, roots, ""},
		{"rediss://127.0.0.1:" + plain, nil, "want redis:// instead"},
		{"redis://127.0.0.1:" + secure, nil, "want rediss:// instead"},
		{"rediss://127.0.0.1:" + secure, x509.NewCertPool(), "CHANCELA_CA_FILE"},
		{"redis://127.0.0.1:1", nil, "refused"},
	} {
		db, err := Connect(c.address, c.roots)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		err = Reach(t.Context(), db, c.address)
		if err == nil != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error with %q", c.address, err, c.says)
		}
		if took := time.Since(begun); took > 25*time.Second { // the client itself would try for half a minute
			t.Errorf("%s: it takes %s", c.address, took)
		}
		db.Close()
	}
}

package main

import (
	"bytes"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rootsFile is a file with an authority's certificate.
func rootsFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(path, rootsText(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func rootsText(t *testing.T) []byte {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// Roots that cannot be meant stop the start; those that can are trusted beside the system's.
func TestFurtherRoots(t *testing.T) {
	root := rootsText(t)
	begin := []byte("-----BEGIN CERTIFICATE-----\n")
	for name, c := range map[string]struct {
		text []byte
		says string
	}{
		"one":               {root, ""},
		"two, with remarks": {bytes.Join([][]byte{[]byte("our own\n"), root, []byte("the other\n"), root}, nil), ""},
		"empty":             {nil, "want PEM certificates"},
		"text":              {[]byte("roots"), "want PEM certificates"},
		"cut off":           {root[:len(root)/2], "want PEM certificates"},
		"second cut off":    {append(bytes.Clone(root), root[:len(root)/2]...), "after 1 of them"},
		"no certificate":    {append(begin, "YWJj\n-----END CERTIFICATE-----\n"...), "certificate 1 cannot be read"},
		"a key":             {[]byte("-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n"), "PRIVATE KEY"},
		"endless":           {bytes.Repeat([]byte("x"), mostRoots+1), "more than 4 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "roots.pem")
			if err := os.WriteFile(file, c.text, 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := parseConfig(map[string]string{"CHANCELA_CA_FILE": file})
			if c.says == "" {
				if err != nil || cfg.Roots.pool == nil {
					t.Errorf("%v", err)
				}
				return
			}
			if err == nil || statusOf(err) != exitUsage || !strings.HasPrefix(err.Error(), "CHANCELA_CA_FILE: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want an error with %q", err, c.says)
			}
		})
	}
	if _, err := parseConfig(map[string]string{"CHANCELA_CA_FILE": filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

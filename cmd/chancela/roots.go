package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/chancela/chancela/providers/lang"
)

// roots are the authorities that every TLS connection of this process trusts: the system's,
// and those of a PEM file beside them. The pool is nil for the system's alone.
type roots struct {
	file string
	pool *x509.CertPool
}

const mostRoots = 4 << 20

func (r *roots) UnmarshalText(b []byte) error {
	f, err := os.Open(filepath.Clean(string(b)))
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostRoots+1))
	if err != nil {
		return err
	}
	if len(text) > mostRoots {
		return lang.Errorf("want a file with PEM certificates: it has more than %d MiB", mostRoots>>20)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return lang.Errorf("the system's own roots cannot be read: %w", err)
	}
	if err := appendRoots(pool, text); err != nil {
		return err
	}
	*r = roots{string(b), pool}
	return nil
}

// appendRoots takes every certificate of a PEM text. What is none stops it: a root that is
// skipped without a word is looked for in the wrong place.
func appendRoots(pool *x509.CertPool, text []byte) error {
	n := 0
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if n == 0 || bytes.Contains(rest, []byte("-----BEGIN")) {
				return lang.Errorf("want PEM certificates: after %d of them comes something else", n)
			}
			return nil
		}
		if block.Type != "CERTIFICATE" {
			return lang.Errorf("want certificates alone, and not a %s", block.Type)
		}
		n++
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return lang.Errorf("its certificate %d cannot be read: %w", n, err)
		}
		if c.BasicConstraintsValid && !c.IsCA && !bytes.Equal(c.RawSubject, c.RawIssuer) {
			return errors.New("its certificate " + fmt.Sprint(n) + " is a server's own, and not its authority's")
		}
		pool.AddCert(c)
	}
}

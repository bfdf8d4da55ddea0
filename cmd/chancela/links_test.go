package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

// TestNoLinksSaysWhy: where no link is kept there is no header without rows, and no file.
func TestNoLinksSaysWhy(t *testing.T) {
	t.Parallel()
	env, _ := waitingJune(t)
	file := filepath.Join(t.TempDir(), "links.csv")
	for _, args := range [][]string{{"links", "june"}, {"links", "june", "--output", file}} {
		r := invoke(t, env, args...).want(t, exitOK)
		if r.stdout != "" || !strings.Contains(r.stderr, "no signing link is kept for june: none of its envelopes is with its signers") {
			t.Errorf("%v: %q, %q", args, r.stdout, r.stderr)
		}
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a file was written: ", err)
	}
	sent := ledger.Campaign{Name: "june", States: map[ledger.State]int64{ledger.Sent: 1}}
	if text := noLinks(sent, false).String(); !strings.HasSuffix(text, ": workers keep them with CHANCELA_KEEP_LINKS=yes") {
		t.Error(text)
	}
	if text := noLinks(sent, true).String(); !strings.Contains(text, "the others tell none") {
		t.Error(text)
	}
}

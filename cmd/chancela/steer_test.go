package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What had nothing to do says so, and what the envelopes are instead.
func TestSteeringOfNothing(t *testing.T) {
	t.Parallel()
	env, _ := waitingJune(t)
	invoke(t, env, "cancel", "june", "cer-001").want(t, exitOK)
	r := invoke(t, env, "remind", "june").want(t, exitOK)
	if r.stdout != "nobody was reminded: 1 queued, 1 canceled\n" {
		t.Errorf("%q", r.stdout)
	}
	r = invoke(t, env, "retry", "june").want(t, exitOK)
	first, rest, _ := strings.Cut(r.stdout, "\n")
	if first != "nothing was retried, as none has failed: 1 queued, 1 canceled" || !strings.Contains(rest, "only under another id") {
		t.Errorf("%q", r.stdout)
	}
	r = invoke(t, env, "remind", "june", "sdo-001").want(t, exitError)
	if r.stdout != "nobody was reminded\nnot for 1 envelope: queued, and only sent envelopes have pending signers (sdo-001)\n" || !strings.Contains(r.stderr, "1 envelope not done") {
		t.Errorf("%q, %q", r.stdout, r.stderr)
	}
	r = invoke(t, env, "retry", "june", "sdo-001", "none").want(t, exitError)
	if !strings.Contains(r.stdout, "no such envelope (none)") || strings.Contains(r.stdout, "another id") {
		t.Errorf("%q", r.stdout)
	}
}

// Where the archive is not at hand, a command that cancels leaves it to a worker to look whether
// what is queued was sent before, and makes no archive.
func TestCancelWithoutTheArchive(t *testing.T) {
	t.Parallel()
	env, _ := waitingJune(t)
	archive := env["CHANCELA_ARCHIVE_URL"]
	env["CHANCELA_ARCHIVE_URL"] = filepath.Join(t.TempDir(), "elsewhere")
	r := invoke(t, env, "cancel", "june", "--yes").want(t, exitOK)
	if states, _ := counts(t, env, "june"); states["queued"] != 2 || !strings.Contains(r.stderr, "a worker looks") {
		t.Errorf("%v, %q", states, r.stderr)
	}
	if _, err := os.Stat(env["CHANCELA_ARCHIVE_URL"]); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an archive was made: ", err)
	}
	env["CHANCELA_ARCHIVE_URL"] = archive
	invoke(t, env, "enqueue", "--campaign", "july", someOf(t, "june.csv", "cer-001", "sdo-001"), "--again").want(t, exitOK)
	invoke(t, env, "cancel", "july", "--yes").want(t, exitOK)
	if states, _ := counts(t, env, "july"); states["canceled"] != 2 {
		t.Errorf("%v", states)
	}
}

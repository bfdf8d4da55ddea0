package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestHours(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	file := someOf(t, "june.csv", "cer-001", "cat-001")
	for flag, says := range map[string]string{
		"--window=Mon-Fri 9h-18h": `--window: "9h-18h" are no hours`,
		"--limit=500":             "write 500/day",
		"--start-at=soon":         `--start-at: "soon" is no time`,
		"--holidays=pt":           "write br",
	} {
		if r := invoke(t, env, "enqueue", flag, file).want(t, exitUsage); !strings.Contains(r.stderr, says) {
			t.Errorf("%s: %s", flag, r.stderr)
		}
	}
	invoke(t, env, "status", "june").want(t, exitError) // nothing was enqueued

	invoke(t, env, "enqueue", "--start-at", "01/02/2099 09:00", "--window", "09:00-18:00", "--limit", "1/day", file).want(t, exitOK)
	r := invoke(t, env, "status", "june").want(t, exitOK)
	if !strings.Contains(r.stdout, "june: invitations leave from 01/02/2099 09:00, 09:00-18:00, 1/day; the next ones on 2099-02-01 09:00 (Sun, -03)") {
		t.Error(r.stdout)
	}
	r = invoke(t, env, "status", "june", "--json").want(t, exitOK)
	for _, want := range []string{`"window":"09:00-18:00"`, `"held_until":"2099-02-01T12:00:00Z"`} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %s in %s", want, r.stdout)
		}
	}

	invoke(t, env, "run", "--window", "always", file).want(t, exitOK)
	if r := invoke(t, env, "status", "june").want(t, exitOK); !strings.Contains(r.stdout, "2 of 2 done") || strings.Contains(r.stdout, "leave") {
		t.Error(r.stdout)
	}
}

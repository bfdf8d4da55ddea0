package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A choice by state, provider or file reaches those envelopes and no other; an empty one is
// an error, and never all of the campaign.
func TestChoiceOfEnvelopes(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	invoke(t, env, "enqueue", someOf(t, "june.csv", "con-001", "con-002", "cer-001", "sdo-001", "qis-001")).want(t, exitOK)
	ids := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(ids, []byte("con-001\nqis-001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	canceled := 0
	for _, c := range []struct {
		args   string
		status int
		more   int
	}{
		{"--state archived", exitError, 0},
		{"--provider catalisa", exitError, 0},
		{"--state lost", exitUsage, 0},
		{"--provider nobody", exitUsage, 0},
		{"con-001 --ids-from " + ids, exitUsage, 0},
		{"con-001 --provider sdoc", exitError, 0},
		{"--provider sdoc --state queued", exitOK, 1},
		{"--ids-from " + ids, exitOK, 2},
		{"--state queued", exitOK, 2},
	} {
		r := invoke(t, env, append([]string{"cancel", "june"}, strings.Fields(c.args)...)...).want(t, c.status)
		canceled += c.more
		if states, _ := counts(t, env, "june"); states["canceled"] != canceled {
			t.Errorf("%s: %d are canceled, want %d: %s", c.args, states["canceled"], canceled, r.stderr)
		}
	}
}

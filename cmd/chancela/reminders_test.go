package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRemindersByRule(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	file := someOf(t, "june.csv", "cer-001", "cat-001")
	for _, flags := range [][]string{{"--remind-after=3"}, {"--remind-every=2d"}, {"--remind-after=3d", "--remind-at-most=3"}, {"--remind-after=3d", "--remind-at-most=99"}} {
		if r := invoke(t, env, append(append([]string{"enqueue"}, flags...), file)...).want(t, exitUsage); !strings.Contains(r.stderr, "--remind-") {
			t.Errorf("%s: %s", flags, r.stderr)
		}
	}
	rule := []string{"--remind-after", "3d", "--remind-every", "2d", "--remind-at-most", "3"}
	const left = "certyneo offers no reminders: nobody is reminded of 1 envelope (cer-001)"
	if r := invoke(t, env, append([]string{"check", file}, rule...)...).want(t, exitOK); !strings.Contains(r.stdout, left) {
		t.Error(r.stdout)
	}
	if r := invoke(t, env, append([]string{"enqueue", file}, rule...)...).want(t, exitOK); !strings.Contains(r.stdout+r.stderr, left) {
		t.Error(r.stdout, r.stderr)
	}
	if r := invoke(t, env, "status", "june").want(t, exitOK); !strings.Contains(r.stdout, "june: reminders 3d after the invitation, then every 2d, at most 3\n") {
		t.Error(r.stdout)
	}
	if r := invoke(t, env, "status", "june", "--json").want(t, exitOK); !strings.Contains(r.stdout, `"reminders":{"after":"3d","every":"2d","at_most":3,"providers":["catalisa","contraktor"],"next":null}`) {
		t.Error(r.stdout)
	}
	invoke(t, env, "enqueue", file).want(t, exitOK) // leaves it as it is
	if r := invoke(t, env, "status", "june", "--json").want(t, exitOK); !strings.Contains(r.stdout, `"after":"3d"`) {
		t.Error(r.stdout)
	}
	invoke(t, env, "enqueue", "--remind-at-most=0", file).want(t, exitOK)
	if r := invoke(t, env, "status", "june", "--json").want(t, exitOK); !strings.Contains(r.stdout, `"reminders":null`) {
		t.Error(r.stdout)
	}
}

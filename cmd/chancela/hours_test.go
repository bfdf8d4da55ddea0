package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	file := someOf(t, "june.csv", "cer-001", "cat-001")
	for flag, says := range map[string]string{
		"--window=Mon-Fri 9h-18h": `--window: "9h-18h" are no hours`,
		"--limit=500":             "write 500/day",
		"--start-at=01/12/2020":   "is the year right?",
		"--start-at=soon":         `--start-at: "soon" is no time`,
		"--holidays=pt":           "write br",
	} {
		if r := invoke(t, env, "enqueue", flag, file).want(t, exitUsage); !strings.Contains(r.stderr, says) {
			t.Errorf("%s: %s", flag, r.stderr)
		}
	}
	all := invoke(t, env, "enqueue", "--window=soon", "--limit=500", "--start-at=soon", "--remind-every=2", "--map=x", "--first=-1", file).want(t, exitUsage)
	for _, flag := range []string{"--window: ", "--limit: ", "--start-at: ", "--remind-after: ", "--remind-every: ", "--map: ", "--first: "} {
		if !strings.Contains("\n"+all.stderr, "\nchancela: "+flag) { // a line each
			t.Errorf("no %s in %s", flag, all.stderr)
		}
	}
	invoke(t, env, "status", "june").want(t, exitError) // nothing was enqueued

	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	opens := time.Date(time.Now().Year()+1, 2, 1, 9, 0, 0, 0, zone)
	invoke(t, env, "enqueue", "--start-at", opens.Format("02/01/2006 15:04"), "--window", "09:00-18:00", "--limit", "1/day", file).want(t, exitOK)
	r := invoke(t, env, "status", "june").want(t, exitOK)
	if !strings.Contains(r.stdout, opens.Format("june: invitations leave from 2 Jan 2006 15:04 -07")+", 09:00-18:00, at most 1 a day"+opens.Format("; the next ones on 2 Jan 2006 15:04 -07")) {
		t.Error(r.stdout)
	}
	r = invoke(t, env, "status", "june", "--json").want(t, exitOK)
	for _, want := range []string{`"window":"09:00-18:00"`, `"held_until":"` + opens.UTC().Format(time.RFC3339)} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %s in %s", want, r.stdout)
		}
	}

	ends := fmt.Sprintf(`june had --start-at %q --limit "1/day", which ends now`, opens.Format("02/01/2006 15:04"))
	if r := invoke(t, env, "run", "--window", "always", file).want(t, exitOK); !strings.Contains(r.stderr, ends) {
		t.Error(r.stderr)
	}
	if r := invoke(t, env, "enqueue", "--window", "always", file).want(t, exitOK); strings.Contains(r.stderr, "ends now") {
		t.Error(r.stderr)
	}
	if r := invoke(t, env, "status", "june").want(t, exitOK); !strings.Contains(r.stdout, "2 of 2 finished") || strings.Contains(r.stdout, "leave") {
		t.Error(r.stdout)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What enqueue took of hours, reminders and first rows is said again; so is what keeps the rest
// back, which is no halt.
func TestEnqueueSaysWhatItTook(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"), "CHANCELA_LANG": "pt-BR"}
	file := someOf(t, "june.csv", "cat-001", "cat-002")
	year := time.Now().Year() + 1
	start := time.Date(year, 2, 1, 9, 0, 0, 0, time.UTC).Format("02/01/2006 15:04")
	r := invoke(t, env, "enqueue", "--start-at", start, "--window", "Mon-Fri 09:00-18:00", "--limit", "1/day", "--first", "1", "--remind-after", "3d", "--remind-every", "2d", file).want(t, exitOK)
	for _, want := range []string{"june: os convites saem a partir de " + start + " -03, seg-sex 09:00-18:00, no máximo 1 por dia", "june: lembretes 3d depois do convite, depois a cada 2d, no máximo 3", "catalisa: os primeiros 1 vão antes"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r.stdout)
		}
	}
	if r := invoke(t, env, "status").want(t, exitOK); !strings.Contains(r.stdout, "os primeiros vão antes") || strings.Contains(r.stdout, "parada") || !strings.Contains(r.stdout, "lembretes 3d") {
		t.Error(r.stdout)
	}
	delete(env, "CHANCELA_LANG")
	for _, args := range [][]string{{"status", "jun"}, {"report", "jun"}, {"links", "jun"}, {"pause", "jun"}, {"cancel", "jun", "--yes"}, {"retry", "jun", "1"}, {"remind", "jun"}, {"resolve", "jun", "1", "--not-sent"}, {"forget", "jun"}} {
		if r := invoke(t, env, args...).want(t, exitError); !strings.Contains(r.stderr, "there is no campaign jun; there is: june") {
			t.Errorf("%v: %s", args, r.stderr)
		}
	}

	sheet, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(sheet), "cat-001,catalisa,", "cat-001,catalisa,Other ")), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := invoke(t, env, "enqueue", file).want(t, exitError); !strings.Contains(r.stderr, "use another id; chancela cancel june cat-001 stops or withdraws that one, if it is wrong") {
		t.Error(r.stderr)
	}
	invoke(t, env, "cancel", "june", "--yes").want(t, exitOK)
	if r := invoke(t, env, "enqueue", file).want(t, exitError); !strings.Contains(r.stderr, "use another id: that one has ended (canceled)") {
		t.Error(r.stderr)
	}
}

// A run in a pipe, and one look at a campaign, group what went wrong and say what to do about it.
func TestFailuresAreGroupedInAPipe(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	r := invoke(t, env, "run", someOf(t, "june.csv", "cer-004")).want(t, exitUnfinished)
	for _, said := range []string{r.stdout, invoke(t, env, "status", "june").want(t, exitOK).stdout} {
		if !strings.Contains(said, "declined 1 (certyneo") || !strings.Contains(said, "  → ") {
			t.Error(said)
		}
	}
}

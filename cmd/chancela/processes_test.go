package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/sandbox"
)

// counts are what status --json says of a campaign.
func counts(t *testing.T, env map[string]string, campaign string) (states map[string]int, open int) {
	t.Helper()
	var s struct {
		Total  int
		States map[string]int
	}
	out := invoke(t, env, "status", campaign, "--json").want(t, exitOK).stdout
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s.States, s.States["queued"] + s.States["preparing"] + s.States["sent"] + s.States["completed"]
}

// books are what the simulators at a control address have seen.
func books(t *testing.T, control string) []sandbox.Entry {
	t.Helper()
	var entries []sandbox.Entry
	get(t, control+"/books", &entries)
	return entries
}

func get(t *testing.T, address string, v any) {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

// exported reads what sandbox prints for a shell.
func exported(stdout string) map[string]string {
	env := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^export (\w+)='([^']*)'$`).FindAllStringSubmatch(stdout, -1) {
		env[m[1]] = m[2]
	}
	return env
}

// The parts as processes of their own, with a worker killed in the middle: everything
// ends, and everybody has one invitation.
func TestProcesses(t *testing.T) {
	t.Parallel()
	redis := redisServer(t, true)
	box := start(t, nil, "sandbox", "--listen-base-port", "0", "--sign-after", "500ms")
	eventually(t, 3*time.Minute, "the sandbox has said everything", func() bool { return strings.Contains(box.stdout.String(), "SDOC_BASE_URL") })
	control := regexp.MustCompile(`http://\S+`).FindString(box.stdout.String())
	env := exported(box.stdout.String())
	env["CHANCELA_REDIS_URL"] = redis
	env["CHANCELA_ARCHIVE_URL"] = filepath.Join(t.TempDir(), "archive")
	for _, p := range []string{"CONTRAKTOR", "CERTYNEO", "SDOC", "CATALISA", "QISIGN"} {
		env["CHANCELA_"+p+"_POLL_EVERY"] = "1s"
		env["CHANCELA_"+p+"_SETTLE_AFTER"] = "1s"
	}
	// sdo-001 needs no stamp: a simulated owner does not wait long for one.
	file := someOf(t, "june.csv", "con-001", "con-002", "con-003", "cer-001", "cer-002", "cer-003", "cer-004",
		"sdo-001", "cat-001", "cat-002", "qis-001", "qis-002")

	enqueue := start(t, env, "enqueue", file)
	if err := enqueue.cmd.Wait(); err != nil {
		t.Fatalf("enqueue: %v: %s", err, enqueue.stderr.String())
	}
	if said := invoke(t, env, "status", "june").want(t, exitOK).stdout; !strings.Contains(said, "no worker runs for sdoc") {
		t.Errorf("nobody works, and status says %q", said)
	}
	victim := start(t, env, "work")
	survivor := start(t, env, "work")
	start(t, env, "schedule")
	start(t, env, "schedule")
	eventually(t, 3*time.Minute, "the work is in its middle", func() bool {
		s, _ := counts(t, env, "june")
		return s["sent"]+s["completed"]+s["archived"] >= 3
	})
	if err := victim.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*time.Minute, "every envelope has ended", func() bool { _, open := counts(t, env, "june"); return open == 0 })

	states, _ := counts(t, env, "june")
	if states["archived"]+states["declined"]+states["in_doubt"] != 12 || states["declined"] != 1 {
		t.Errorf("states: %v", states)
	}
	invited := 0
	for _, e := range books(t, control) {
		if invited += e.Invitations; e.Invitations > 1 {
			t.Errorf("%s %s %q has %d invitations", e.Provider, e.ID, e.Title, e.Invitations)
		}
	}
	if invited != 12 {
		t.Errorf("%d invitations for 12 envelopes", invited)
	}
	var violations []sandbox.Violation
	if get(t, control+"/violations", &violations); len(violations) > 0 {
		t.Errorf("violations: %v", violations)
	}

	again := invoke(t, env, "enqueue", file).want(t, exitOK)
	if !strings.Contains(again.stdout, "0 envelopes enqueued, 12 of 12 were known") {
		t.Errorf("a second enqueue: %s", again.stdout)
	}
	if _, open := counts(t, env, "june"); open != 0 {
		t.Errorf("a second enqueue has opened %d envelopes", open)
	}
	invoke(t, env, "verify").want(t, exitOK)
	report := invoke(t, env, "report", "june", "--format", "json").want(t, exitOK)
	if n := strings.Count(report.stdout, "\n"); n != 12 {
		t.Errorf("the report has %d lines", n)
	}

	// The same id with other content is a conflict that has its line.
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), "apartamento 11", "apartamento 12", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	conflict := invoke(t, env, "enqueue", file).want(t, exitError)
	if !strings.Contains(conflict.stderr, file+":3:1: id (A3): ") && !strings.Contains(conflict.stderr, file+":4:1: id (A4): ") {
		t.Errorf("the conflict: %s", conflict.stderr)
	}

	// Interrupted, a worker ends by itself.
	if err := survivor.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := survivor.cmd.Wait(); err != nil {
		t.Errorf("an interrupted worker: %v", err)
	}
}

// Asked for, the processes of a Redis share the simulators of one of them, and
// outlive it.
func TestSharedSimulators(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"),
		"CHANCELA_HTTP_ADDR": "127.0.0.1:0", "CHANCELA_SIMULATE": "yes"}
	file := someOf(t, "june.csv", "con-001", "cer-001", "sdo-001", "cat-001", "qis-001")
	if out := invoke(t, env, "enqueue", file).want(t, exitOK).stdout; !strings.Contains(out, "5 envelopes enqueued") {
		t.Errorf("enqueue: %s", out)
	}
	first := start(t, env, "up")
	eventually(t, 3*time.Minute, "somebody is invited", func() bool { s, _ := counts(t, env, "june"); return s["sent"]+s["completed"] > 0 })
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	invoke(t, env, "run", file).want(t, exitOK)
	if s, _ := counts(t, env, "june"); s["archived"] != 5 {
		t.Errorf("states: %v", s)
	}
	for _, args := range [][]string{{"status"}, {"status", "june"}, {"pause", "june"}, {"resume", "june"}, {"forget", "june"}} {
		invoke(t, env, args...).want(t, exitOK)
	}
	if r := invoke(t, env, "report", "june", "--format", "json"); strings.Contains(r.stdout, "@") {
		t.Errorf("forgotten, and still there: %s", r.stdout)
	}
	for _, args := range [][]string{{"status", "july"}, {"pause", "july"}, {"report", "july"}, {"retry", "june", "con-001"}, {"resolve", "june", "con-001", "--not-sent"}} {
		invoke(t, env, args...).want(t, exitError)
	}
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/sandbox"
)

// One machine without a Redis of its own: a run that is killed goes on where it was, other
// commands look and steer while it runs and after it has ended, and nobody is invited twice.
func TestOneMachine(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("redis-server"); err != nil && !strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "redis") {
		t.Skip("redis-server is not installed")
	}
	box := start(t, nil, "sandbox", "--listen-base-port", "0", "--sign-after", "500ms")
	eventually(t, 3*time.Minute, "the sandbox has said everything", func() bool { return strings.Contains(box.stdout.String(), "SDOC_BASE_URL") })
	control := regexp.MustCompile(`http://\S+`).FindString(box.stdout.String())
	env := exported(box.stdout.String())
	folder := filepath.Join(t.TempDir(), "redis")
	env["CHANCELA_REDIS_URL"], env["CHANCELA_ARCHIVE_URL"] = "local:"+folder, filepath.Join(t.TempDir(), "archive")
	for _, p := range []string{"CONTRAKTOR", "CERTYNEO", "QISIGN"} {
		env["CHANCELA_"+p+"_POLL_EVERY"], env["CHANCELA_"+p+"_SETTLE_AFTER"] = "1s", "1s"
	}
	file := someOf(t, "june.csv", "con-001", "con-002", "cer-001", "cer-002", "qis-001")

	invoke(t, env, "enqueue", file).want(t, exitOK)
	victim := start(t, env, "run", file)
	eventually(t, 3*time.Minute, "somebody is invited", func() bool {
		s, _ := counts(t, env, "june")
		return s["sent"]+s["completed"]+s["archived"] > 0
	})
	if err := victim.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	invoke(t, env, "pause", "june").want(t, exitOK)
	invoke(t, env, "resume", "june").want(t, exitOK)
	invoke(t, env, "run", file).want(t, exitOK)
	if s, _ := counts(t, env, "june"); s["archived"] != 5 {
		t.Errorf("states: %v", s)
	}
	if r := invoke(t, env, "report", "june", "--format", "json").want(t, exitOK); strings.Count(r.stdout, "\n") != 5 {
		t.Errorf("the report: %s", r.stdout)
	}
	invited := 0
	for _, e := range books(t, control) {
		if invited += e.Invitations; e.Invitations > 1 {
			t.Errorf("%s %s has %d invitations", e.Provider, e.ID, e.Invitations)
		}
	}
	if invited != 5 {
		t.Errorf("%d invitations for 5 envelopes", invited)
	}
	var violations []sandbox.Violation
	if get(t, control+"/violations", &violations); len(violations) > 0 {
		t.Errorf("violations: %v", violations)
	}
	said := invoke(t, env, "config").want(t, exitOK).stdout
	for _, want := range []string{"local:" + folder, "durable by: appendfsync always"} {
		if !strings.Contains(said, want) {
			t.Errorf("config does not say %q: %s", want, said)
		}
	}
	if said := invoke(t, env, "doctor", "certyneo").stdout; !strings.Contains(said, "local:"+folder+" answers and takes writes") {
		t.Errorf("doctor: %s", said)
	}
}

// Without a redis-server a command says what to install, and has done nothing.
func TestNoRedisServer(t *testing.T) {
	t.Setenv("PATH", "")
	env := map[string]string{"CHANCELA_REDIS_URL": "local:" + filepath.Join(t.TempDir(), "redis"), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": t.TempDir()}
	for _, args := range [][]string{{"run", someOf(t, "june.csv", "con-001")}, {"status"}} {
		if r := invoke(t, env, args...).want(t, exitError); !strings.Contains(r.stderr, "apt-get install redis-server") {
			t.Errorf("%s: %s", args, r.stderr)
		}
	}
}

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// On a terminal a whole campaign is canceled only when a person says so; a script is not asked.
func TestCancelOfAllAsksAPerson(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	invoke(t, env, "enqueue", someOf(t, "june.csv", "cer-001", "cat-001")).want(t, exitOK)
	answer := func(said string, args ...string) result {
		var stdout, stderr buffer
		status := run(t.Context(), &system{env: env, stdin: strings.NewReader(said), stdout: &stdout, stderr: &stderr, terminal: true}, args)
		return result{status, stdout.String(), stderr.String()}
	}
	for _, no := range []string{"", "\n", "n\n", "june\n"} {
		r := answer(no, "cancel", "june").want(t, exitUsage)
		if !strings.Contains(r.stderr, "Cancel all of june (2 open envelopes)?") {
			t.Error(r.stderr)
		}
	}
	if s, _ := counts(t, env, "june"); s["queued"] != 2 {
		t.Errorf("after four times no: %v", s)
	}
	answer("", "cancel", "june", "cer-001").want(t, exitOK)
	answer("y\n", "cancel", "june").want(t, exitOK)
	if s, _ := counts(t, env, "june"); s["canceled"] != 2 {
		t.Errorf("after yes: %v", s)
	}
	invoke(t, env, "enqueue", someOf(t, "july.csv", "cer-001"), "--again").want(t, exitOK)
	answer("", "cancel", "july", "--yes").want(t, exitOK)
	invoke(t, env, "cancel", "june").want(t, exitOK) // a script
}

// A pause and its end do not send the rest of --first by the way: a person is asked, and told.
func TestResumeAsksBeforeTheRestGoes(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	invoke(t, env, "enqueue", "--first", "1", someOf(t, "june.csv", "cer-001", "cer-002", "cer-003")).want(t, exitOK)
	invoke(t, env, "pause", "june").want(t, exitOK)
	resume := func(said string) result {
		var stdout, stderr buffer
		status := run(t.Context(), &system{env: env, stdin: strings.NewReader(said), stdout: &stdout, stderr: &stderr, terminal: true}, []string{"resume", "june"})
		return result{status, stdout.String(), stderr.String()}
	}
	if r := resume("n\n").want(t, exitUsage); !strings.Contains(r.stderr, "wait until the first 1 are archived") {
		t.Error(r.stderr)
	}
	if r := invoke(t, env, "status", "june").want(t, exitOK); !strings.Contains(r.stdout, "paused") {
		t.Error(r.stdout)
	}
	if r := resume("y\n").want(t, exitOK); !strings.Contains(r.stdout, "june goes on, also with what waited for the first 1: 3 envelopes") {
		t.Error(r.stdout)
	}
}

// A campaign that was enqueued to go all at once cannot begin with a few: that is refused, and
// not left out without a word. One that began with a few may be given again.
func TestFirstComesTooLate(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	file := someOf(t, "june.csv", "cer-001", "cer-002")
	invoke(t, env, "enqueue", file).want(t, exitOK)
	r := invoke(t, env, "enqueue", "--first", "1", "--limit", "1/day", file).want(t, exitUsage)
	if !strings.Contains(r.stderr, "--first: june was enqueued already, without it") {
		t.Error(r.stderr)
	}
	if s := invoke(t, env, "status", "june").want(t, exitOK); strings.Contains(s.stdout, "a day") {
		t.Errorf("the limit of a refused command stands: %s", s.stdout)
	}
	invoke(t, env, "enqueue", "--first", "1", "--campaign", "july", "--again", file).want(t, exitOK)
	invoke(t, env, "enqueue", "--first", "1", "--campaign", "july", "--again", file).want(t, exitOK)
}

package main

import (
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
)

// TestCanceledAndRedisLost: what was canceled before it was sent is sent by nobody after Redis was lost, rebuilt or not, whose
// file is enqueued again. Real processes do it.
func TestCanceledAndRedisLost(t *testing.T) {
	t.Parallel()
	box := start(t, nil, "sandbox", "--listen-base-port", "0", "--sign-after", "500ms")
	eventually(t, 3*time.Minute, "the sandbox has said everything", func() bool { return strings.Contains(box.stdout.String(), "SDOC_BASE_URL") })
	control := regexp.MustCompile(`http://\S+`).FindString(box.stdout.String())
	env := exported(box.stdout.String())
	env["CHANCELA_ARCHIVE_URL"] = filepath.Join(t.TempDir(), "archive")
	for _, p := range []string{"CERTYNEO", "CATALISA"} {
		env["CHANCELA_"+p+"_POLL_EVERY"], env["CHANCELA_"+p+"_SETTLE_AFTER"] = "1s", "1s"
	}
	file := someOf(t, "june.csv", "cer-001", "cer-002", "cer-003", "cat-001", "cat-002")
	enqueue := func(says string) {
		t.Helper()
		if out := invoke(t, env, "enqueue", file).want(t, exitOK).stdout; !strings.Contains(out, says) {
			t.Errorf("%q is not in %q", says, out)
		}
	}
	work := func(over func() bool) {
		t.Helper()
		processes := []*process{start(t, env, "work"), start(t, env, "schedule")}
		eventually(t, 3*time.Minute, "the work is done", over)
		for _, p := range processes {
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
			_ = p.cmd.Wait() // it ends by the signal
		}
	}
	archived := func() bool { s, open := counts(t, env, "june"); return open == 0 && s["archived"] == 3 }

	env["CHANCELA_REDIS_URL"] = redisServer(t, true)
	enqueue("5 envelopes enqueued")
	invoke(t, env, "cancel", "june", "cer-001", "cat-001", "--yes").want(t, exitOK)
	work(func() bool {
		lists, err := filepath.Glob(filepath.Join(env["CHANCELA_ARCHIVE_URL"], "june", "_canceled", "*"))
		return err == nil && len(lists) == 1 && archived()
	})

	for _, rebuild := range []bool{true, false} {
		env = maps.Clone(env)
		env["CHANCELA_REDIS_URL"] = redisServer(t, true)
		if rebuild {
			out := invoke(t, env, "rebuild").want(t, exitOK).stdout
			if !strings.Contains(out, "3 envelopes archived again, 0 under way, 0 were known") || !strings.Contains(out, "2 envelopes had been canceled") {
				t.Errorf("rebuild: %s", out)
			}
		}
		enqueue("0 envelopes enqueued, 5 of 5 were known (3 in the archive already) (2 canceled, which stay so)")
		work(archived)
	}
	invited := 0
	for _, e := range books(t, control) {
		invited += e.Invitations
	}
	if invited != 3 {
		t.Errorf("%d invitations of three envelopes that were not canceled", invited)
	}
	invoke(t, env, "verify").want(t, exitOK)
}

// TestCanceledWithoutMarks: with CHANCELA_MARKS=off nobody looks for what the archive could be told.
func TestCanceledWithoutMarks(t *testing.T) {
	t.Parallel()
	box := start(t, nil, "sandbox", "--listen-base-port", "0", "--sign-after", "500ms")
	eventually(t, 3*time.Minute, "the sandbox has said everything", func() bool { return strings.Contains(box.stdout.String(), "SDOC_BASE_URL") })
	env := exported(box.stdout.String())
	env["CHANCELA_REDIS_URL"], env["CHANCELA_ARCHIVE_URL"], env["CHANCELA_CERTYNEO_POLL_EVERY"] = redisServer(t, true), t.TempDir(), "1s"
	db, err := queue.Connect(env["CHANCELA_REDIS_URL"], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	invoke(t, env, "enqueue", someOf(t, "june.csv", "cer-001", "cer-002")).want(t, exitOK)
	invoke(t, env, "cancel", "june", "cer-001", "--yes").want(t, exitOK)
	const unkept = "{chancela}:unkept"
	due, err := db.ZAddArgs(t.Context(), unkept, redis.ZAddArgs{XX: true, Ch: true, Members: []redis.Z{{Score: 1, Member: "june"}}}).Result()
	if err != nil || due != 1 {
		t.Fatal(due, err)
	}
	env["CHANCELA_MARKS"] = "off"
	start(t, env, "work") // it would begin with what is due
	start(t, env, "schedule")
	eventually(t, 3*time.Minute, "the other envelope is archived", func() bool { s, _ := counts(t, env, "june"); return s["archived"] == 1 })
	if score, err := db.ZScore(t.Context(), unkept, "june").Result(); err != nil || score != 1 {
		t.Errorf("somebody has looked: %v %v", score, err)
	}
}

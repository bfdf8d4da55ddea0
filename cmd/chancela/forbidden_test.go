package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers/providertest"
)

// A Redis whose operator forbids what looks into the server carries campaigns all the
// same: enqueued, worked on, measured and pruned. What cannot be known is said.
func TestARedisThatForbidsCommands(t *testing.T) {
	t.Parallel()
	for forbidden, says := range map[string]string{
		"-memory":               "",
		"-info":                 "does not tell its version",
		"-config":               "does not show its configuration",
		"-memory -info -config": "does not tell its version",
	} {
		if providertest.Raced && strings.Count(forbidden, "-") == 1 {
			continue // the race detector sees the one with all of them
		}
		t.Run(forbidden, func(t *testing.T) {
			t.Parallel()
			address := redisServer(t, true)
			admin, err := queue.Connect(address, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer admin.Close()
			user := []any{"ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all"}
			for _, rule := range strings.Fields(forbidden) {
				user = append(user, rule)
			}
			if err := admin.Do(t.Context(), user...).Err(); err != nil {
				t.Fatal(err)
			}
			tooMany := make([]redis.Z, 1001)
			for i := range tooMany {
				tooMany[i].Member = fmt.Sprint("failed:", i)
			}
			admin.SAdd(t.Context(), "asynq:queues", "certyneo-look")
			if err := admin.ZAdd(t.Context(), "asynq:{certyneo-look}:archived", tooMany...).Err(); err != nil {
				t.Fatal(err)
			}

			env := map[string]string{"CHANCELA_REDIS_URL": strings.Replace(address, "://", "://app:secret@", 1), "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"),
				"CHANCELA_HTTP_ADDR": "127.0.0.1:0", "CHANCELA_SIMULATE": "yes"}
			r := invoke(t, env, "enqueue", someOf(t, "june.csv", "cer-001", "cat-001")).want(t, exitOK)
			if !strings.Contains(r.stderr, says) || says == "" && strings.Contains(r.stderr, "redis") {
				t.Errorf("enqueue: %s", r.stderr)
			}
			up := start(t, env, "up")
			eventually(t, 3*time.Minute, "everything is archived", func() bool { s, _ := counts(t, env, "june"); return s["archived"] == 2 })
			eventually(t, 3*time.Minute, "failed tasks are pruned", func() bool {
				return admin.ZCard(t.Context(), "asynq:{certyneo-look}:archived").Val() == 0
			})
			at := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(regexp.MustCompile(`"msg":"serving".*`).FindString(up.stderr.String()))
			for path, want := range map[string]string{"/metrics": `chancela_queue_tasks{class="send",provider="certyneo"} 0`, "/readyz": `"ready"`} {
				answer, err := http.Get("http://" + at + path)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
					t.Errorf("%s: %d %s", path, answer.StatusCode, body)
				}
			}
			if log := up.stderr.String(); strings.Contains(log, "NOPERM") || strings.Contains(log, "periodic task failed") {
				t.Error(log)
			}
		})
	}
}

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/ledger"
)

// waitingJune is a campaign june of two providers that nobody works on, at a Redis of its own.
func waitingJune(t *testing.T) (env map[string]string, db *redis.Client) {
	t.Helper()
	address := redisServer(t, false)
	env = map[string]string{"CHANCELA_REDIS_URL": address, "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"), "CHANCELA_SIMULATE": "yes"}
	invoke(t, env, "enqueue", someOf(t, "june.csv", "cer-001", "sdo-001")).want(t, exitOK)
	db = redis.NewClient(&redis.Options{Network: "unix", Addr: strings.TrimPrefix(address, "redis-socket://"), MaxRetries: -1})
	t.Cleanup(func() { db.Close() })
	return env, db
}

// The list of campaigns has every way in which envelopes end, and times of people's own zone.
func TestStatusListsEveryEnding(t *testing.T) {
	t.Parallel()
	env, _ := waitingJune(t)
	env["CHANCELA_TZ"] = "Asia/Tokyo"
	invoke(t, env, "cancel", "june", "cer-001").want(t, exitOK)
	lines := strings.Split(invoke(t, env, "status").want(t, exitOK).stdout, "\n")
	if got, want := strings.Join(strings.Fields(lines[0]), " "), "CAMPAIGN ENVELOPES FINISHED ARCHIVED DECLINED EXPIRED CANCELED FAILED IN DOUBT SINCE NOTE"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	row := strings.Fields(lines[1])
	if got, want := strings.Join(row[:9], " "), "june 2 1 0 0 0 1 0 0"; got != want || row[13] != "JST" || row[14] != "simulated" {
		t.Errorf("%q, want %q and a time of JST", row, want)
	}
	for _, line := range lines {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%q ends in spaces", line)
		}
	}
}

// What is wrong with a provider and with the archive is said with a campaign and without.
func TestStatusTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	env, db := waitingJune(t)
	l := ledger.New(db, ledger.NotDurable)
	if err := l.SetTrouble(t.Context(), "sdoc", ledger.Trouble{State: ledger.Unreachable, Op: "upload"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	for name, state := range map[string]ledger.TroubleState{"certyneo": ledger.KeyRefused, ledger.Archive: ledger.Away} {
		if _, err := l.Deny(t.Context(), name, state, name+" says no", time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"status"}, {"status", "june"}} {
		out := invoke(t, env, args...).want(t, exitOK).stdout
		for _, want := range []string{
			"sdoc does not answer", "upload, next try in", "certyneo refuses the key, its envelopes wait", "certyneo says no",
			"the archive cannot be used, what needs it waits", "archive says no, next try in", "no worker runs for sdoc",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%v: no %q in %s", args, want, out)
			}
		}
	}
	var o struct {
		Troubles []struct{ Provider string }
		Archive  *struct {
			State, Reason string
			Next          *time.Time `json:"next_try"`
		}
	}
	out := invoke(t, env, "status", "--json").want(t, exitOK).stdout
	if err := json.Unmarshal([]byte(out), &o); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(o.Troubles) != 2 || o.Archive == nil || o.Archive.State != "away" || o.Archive.Reason != "archive says no" || o.Archive.Next == nil {
		t.Errorf("%s", out)
	}
}

// A Redis that takes no writes is read from all the same; who wants to write is told why
// that is not possible, and what to do.
func TestRedisThatTakesNoWrites(t *testing.T) {
	t.Parallel()
	env, db := waitingJune(t)
	file := someOf(t, "july.csv", "cer-002")
	set := func(args ...any) {
		t.Helper()
		if err := db.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name       string
		begin, end []any
		cure       string
	}{
		{"OOM", []any{"config", "set", "maxmemory", "1"}, []any{"config", "set", "maxmemory", "0"}, "give it more memory"},
		{"READONLY", []any{"replicaof", "127.0.0.1", "1"}, []any{"replicaof", "no", "one"}, "name the primary"},
		{"NOREPLICAS", []any{"config", "set", "min-replicas-to-write", "1"}, []any{"config", "set", "min-replicas-to-write", "0"}, "bring them back"},
	} {
		set(c.begin...)
		for _, args := range [][]string{{"status"}, {"status", "june"}, {"status", "june", "--json"}, {"report", "june"}, {"report", "june", "--format", "json"}} {
			if out := invoke(t, env, args...).want(t, exitOK).stdout; !strings.Contains(out, "june") {
				t.Errorf("%s: %v: %s", c.name, args, out)
			}
		}
		for _, args := range [][]string{{"pause", "june"}, {"cancel", "june", "cer-001"}, {"enqueue", file}} {
			if said := invoke(t, env, args...).want(t, exitError).stderr; !strings.Contains(said, c.cure) {
				t.Errorf("%s: %v: %s", c.name, args, said)
			}
		}
		set(c.end...)
	}
	invoke(t, env, "pause", "june").want(t, exitOK)
}

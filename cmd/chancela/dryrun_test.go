package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/ledger"
)

// dumped is all that a Redis holds.
func dumped(t *testing.T, db *redis.Client) map[string]string {
	t.Helper()
	keys, err := db.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, key := range keys {
		if all[key], err = db.Dump(t.Context(), key).Result(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A dry run says for each reason what would be done, and changes nothing.
func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	env, db := waitingJune(t)
	invoke(t, env, "enqueue", "--campaign", "june", someOf(t, "june.csv", "cat-001", "con-001", "cat-002")).want(t, exitOK)
	l := ledger.New(db, ledger.NotDurable)
	claim := func(id string) *ledger.Claim {
		t.Helper()
		r, err := l.Get(t.Context(), "june/"+id)
		if err != nil {
			t.Fatal(err)
		}
		c, hold, _, err := l.Claim(t.Context(), r.Key(), r.Generation, time.Minute, ledger.Preparation{Provider: r.Provider, Simulated: true})
		if err != nil || hold != ledger.Granted {
			t.Fatal(hold, err)
		}
		return c
	}
	if err := claim("cat-001").ConfirmSent(t.Context(), ledger.Invited{EnvelopeID: "env-1", NextLook: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := claim("con-001").Fail(t.Context(), 1, ledger.Reason{Code: "invalid"}); err != nil {
		t.Fatal(err)
	}
	c := claim("cat-002")
	if intent, err := c.Intend(t.Context()); err != nil || intent != ledger.IntentOK {
		t.Fatal(intent, err)
	}
	if err := c.Release(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if c := claim("cat-002"); c.Doubt(t.Context(), ledger.Reason{Code: "in_doubt"}) != nil {
		t.Fatal("no doubt")
	}
	list := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(list, []byte("cat-001\ncer-001\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	invoke(t, env, "status", "june").want(t, exitOK)
	before := dumped(t, db)
	for _, test := range []struct {
		args, says string
		exit       int
	}{
		{"pause june", "june would be paused, and 2 envelopes would wait", exitOK},
		{"resume june", "june would go on: 2 envelopes would be sent", exitOK},
		{"cancel june", "3 envelopes would be stopped, or withdrawn\nnot for 1 envelope: failed already (con-001)", exitOK},
		{"cancel june --state queued --provider certyneo", "1 envelope would be stopped", exitOK},
		{"cancel june --ids-from " + list, "2 envelopes would be stopped", exitOK},
		{"retry june", "1 envelope would be back in the queue", exitOK},
		{"retry june con-001", "1 envelope would be back in the queue", exitOK},
		{"retry june cer-001 nobody", "no such envelope (nobody)", exitError},
		{"remind june", "the signers of 1 envelope would be reminded", exitOK},
		{"remind june --ids-from " + list, "queued, and only sent envelopes have pending signers (cer-001)", exitError},
		{"remind june cat-001 --signer 1", "signer 1 of cat-001 would be reminded", exitOK},
		{"remind june cat-001 --signer 9", "the envelope has no signer9", exitError},
		{"resolve june cat-002 --not-sent", "june/cat-002 would be back in the queue", exitOK},
		{"resolve june cat-002 --sent env-2", "june/cat-002 would be sent, when its provider knows the id", exitOK},
		{"resolve june cat-002 cer-001 --not-sent", "june/cer-001 is not resolved", exitError},
	} {
		r := invoke(t, env, append(strings.Fields(test.args), "--dry-run")...).want(t, test.exit)
		if !strings.Contains(r.stdout, test.says) || !strings.Contains(r.stdout, "dry run, nothing was changed") {
			t.Errorf("%s: %q", test.args, r.stdout)
		}
		if after := dumped(t, db); !maps.Equal(before, after) {
			t.Errorf("%s has changed the ledger", test.args)
			before = after
		}
	}
	for _, args := range []string{"forget june", "forget june --also-unfinished"} {
		r := invoke(t, env, append(strings.Fields(args), "--dry-run")...).want(t, exitError)
		if !strings.Contains(r.stderr, "is not finished") || !maps.Equal(before, dumped(t, db)) {
			t.Errorf("%s: %q", args, r.stderr)
		}
	}
	invoke(t, env, "enqueue", "--campaign", "july", "--again", someOf(t, "june.csv", "cat-001", "con-001")).want(t, exitOK)
	invoke(t, env, "cancel", "july", "--yes").want(t, exitOK)
	before = dumped(t, db)
	if r := invoke(t, env, "forget", "july", "--dry-run").want(t, exitOK); !strings.Contains(r.stdout, "dry run, nothing was changed: 2 envelopes would be forgotten") || !maps.Equal(before, dumped(t, db)) {
		t.Errorf("forget july: %q", r.stdout)
	}
	invoke(t, env, "resolve", "june", "cat-002", "--sent", "env-1", "--dry-run").want(t, exitError) // another's
	if r := invoke(t, env, "cancel", "june", "--dry-run", "--json").want(t, exitOK); !strings.Contains(r.stdout, `"dry_run":true`) {
		t.Error(r.stdout)
	}
}

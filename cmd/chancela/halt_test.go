package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func embedded(t *testing.T) map[string]string {
	return map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
}

// saysHalt looks for what a program reads of a halt, among the objects of a run with --json.
func (r result) saysHalt(t *testing.T, provider, reason string, waiting int) {
	t.Helper()
	at := slices.IndexFunc(r.objects(t), func(o map[string]any) bool {
		h, ok := o["halt"].(map[string]any)
		return ok && o["type"] == "halt" && o["campaign"] == "june" && h["provider"] == provider && h["reason"] == reason && h["waiting"] == float64(waiting)
	})
	if at < 0 {
		t.Errorf("no halt of %s for %s with %d waiting: %s", provider, reason, waiting, r.stdout)
	}
}

func TestTheRestFollowsTheFirst(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-001", "cer-002", "cer-003", "cat-001")
	r := invoke(t, embedded(t), "run", "--first", "1", file).want(t, exitOK)
	if strings.Contains(r.stdout, "first") || !strings.Contains(r.stdout, "4 envelopes invited") {
		t.Error(r.stdout)
	}
}

// One of the first is never archived, as cer-004 declines: the run ends, and says what it
// leaves.
func TestARunEndsWhereTheFirstAreNotArchived(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-003", "cer-004", "cer-006", "cer-007", "cat-001")
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		invoke(t, embedded(t), "run", "--first", "2", "--json", file).want(t, exitUnfinished).saysHalt(t, "certyneo", "first", 2)
	})
	env := embedded(t)
	r := invoke(t, env, "run", "--first", "2", file).want(t, exitUnfinished)
	for _, want := range []string{"certyneo: 1 archived, and 2 were to be first; 2 wait. Without a Redis, run it again", "without --first all others go"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r.stdout)
		}
	}
	r = invoke(t, env, "run", file).want(t, exitUnfinished)
	if strings.Contains(r.stdout, " wait") || !strings.Contains(r.stdout, "june/cer-004 (certyneo) declined") {
		t.Error(r.stdout)
	}
}

func TestARunEndsWhereFailuresHaltIt(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	rows.WriteString("id,provider,subject,template,signer1.name,signer1.email\n")
	for i := range 8 {
		fmt.Fprintf(&rows, "%d,certyneo,Contrato %d,tpl_none,Ana Maria Souza,ana%d@example.com\n", i+1, i+1, i+1)
	}
	file := filepath.Join(t.TempDir(), "june.csv")
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	env := embedded(t)
	invoke(t, env, "run", "--json", file).want(t, exitUnfinished).saysHalt(t, "certyneo", "failures", 3)
	env["CHANCELA_HALT_AFTER"] = "2"
	r := invoke(t, env, "run", file).want(t, exitUnfinished)
	for _, want := range []string{"0 envelopes invited", "certyneo: halted, as 2 envelopes in a row failed with NOT_FOUND; 6 wait. Without a Redis, run it again"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r.stdout)
		}
	}
	env["CHANCELA_HALT_AFTER"] = "0"
	if r := invoke(t, env, "run", file).want(t, exitUnfinished); strings.Contains(r.stdout, "halted") {
		t.Error(r.stdout)
	}
}

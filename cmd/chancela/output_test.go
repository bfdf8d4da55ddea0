package main

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

// objects decodes what a command has written with --json, and insists on its form: every
// line is an object with a type, and the last one alone is the result, which has the exit
// status and what standard error says of the error.
func (r result) objects(t *testing.T) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(r.stdout) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if o["type"] == nil || o["type"] == "" {
			t.Errorf("no type: %s", line)
		}
		all = append(all, o)
	}
	if len(all) == 0 {
		t.Fatalf("nothing on standard output; stderr: %s", r.stderr)
	}
	for i, o := range all {
		if (o["type"] == "result") != (i == len(all)-1) {
			t.Errorf("object %d of %d is %v", i+1, len(all), o)
		}
	}
	last := all[len(all)-1]
	if last["exit"] != float64(r.status) {
		t.Errorf("the result %v of exit status %d", last, r.status)
	}
	if failed, ok := last["error"].(map[string]any); ok != strings.Contains(r.stderr, "chancela: ") ||
		ok && !strings.Contains(r.stderr, "chancela: "+failed["message"].(string)) {
		t.Errorf("the error is %v, and standard error says: %s", last["error"], r.stderr)
	}
	return all
}

// spoken is a command with --json, the exit status that it ends with, the types of its
// objects and fields of its result.
type spoken struct {
	args   string
	status int
	types  string // without the result's; in order, each once
	result map[string]any
}

func (c spoken) test(t *testing.T, env map[string]string) {
	t.Run(c.args, func(t *testing.T) {
		all := invoke(t, env, append(strings.Fields(c.args), "--json")...).want(t, c.status).objects(t)
		c.judge(t, all)
	})
}

func (c spoken) judge(t *testing.T, all []map[string]any) {
	t.Helper()
	var types []string
	for _, o := range all[:len(all)-1] {
		types = append(types, o["type"].(string))
	}
	if got := strings.Join(slices.Compact(types), " "); got != c.types {
		t.Errorf("types %q, want %q", got, c.types)
	}
	last := all[len(all)-1]
	for name, want := range c.result {
		if got := last[name]; got != want {
			t.Errorf("%s of the result is %v, want %v: %v", name, got, want, last)
		}
	}
}

func TestEveryCommandThatPrintsSpeaksJSON(t *testing.T) {
	silent := []string{"work", "schedule", "serve", "up", "help"} // they print nothing but logs
	for _, cmd := range newRoot(&system{}).Commands() {
		switch has := cmd.Flags().Lookup("json") != nil; {
		case slices.Contains(silent, cmd.Name()) && has:
			t.Errorf("%s has --json and no results", cmd.Name())
		case slices.Contains(silent, cmd.Name()):
		case !has:
			t.Errorf("%s has no --json", cmd.Name())
		}
	}
}

func TestJSONOfFiles(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-004", "cat-001") // cer-004 declines
	dir := t.TempDir()
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(dir, "archive")}
	broken, err := filepath.Abs(filepath.Join(samples, "broken.csv"))
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.csv")
	if err := os.WriteFile(bad, []byte("nonsense\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []spoken{
		{"check " + file, exitOK, "estimate", map[string]any{"rows": 2.0, "valid": 2.0, "problems": 0.0}},
		{"check " + broken, exitUsage, "problem hint", nil},
		{"check " + filepath.Join(dir, "none.csv"), exitUsage, "problem", map[string]any{"refused": 1.0}},
		{"check --provider fax " + file, exitUsage, "", nil},
		{"check --bogus " + file, exitUsage, "", nil},
		{"check", exitUsage, "", nil},
		{"enqueue " + file, exitUsage, "", nil}, // without a Redis
		{"run " + broken, exitUsage, "problem hint", nil},
		{"run --skip-invalid " + bad + " " + file, exitUsage, "problem campaign envelope refused", map[string]any{"envelopes": 2.0, "simulated": true, "archived_files": 1.0}},
		{"verify june", exitOK, "", map[string]any{"envelopes": 1.0, "wrong": 0.0, "compared": false}},
		{"verify june-2", exitError, "", nil},
		{"config", exitOK, "setting redis marks proxy", map[string]any{"error": nil}},
		{"webhooks sdoc", exitUsage, "", nil},
		{"status", exitUsage, "", nil}, // its objects are a promise of their own, and its failure is told as all others
		{"version", exitOK, "", map[string]any{"go": readBuild().Go}},
	} {
		c.test(t, env)
	}

	problems := invoke(t, env, "check", "--json", broken).objects(t)
	want := map[string]any{"type": "problem", "file": broken, "line": 3.0, "column": 1.0, "row": 3.0, "cell": "A3", "name": "id", "message": "is required"}
	if !slices.ContainsFunc(problems, func(o map[string]any) bool { return maps.Equal(o, want) }) {
		t.Errorf("no problem is %v", want)
	}
}

func TestJSONOfSteering(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-001", "cat-001")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	renamed := filepath.Join(filepath.Dir(file), "june-2.csv")
	if err := os.WriteFile(renamed, b, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	for _, c := range []spoken{
		{"enqueue " + file, exitOK, "campaign", map[string]any{"enqueued": 2.0, "known": 0.0}},
		{"enqueue " + file, exitOK, "campaign", map[string]any{"enqueued": 0.0, "known": 2.0}},
		{"check " + renamed, exitUsage, "elsewhere asked copies estimate", nil},
		{"enqueue " + renamed, exitUsage, "elsewhere asked", nil},
		{"pause june", exitOK, "", map[string]any{"campaign": "june", "paused": true, "under_way": 0.0}},
		{"resume june", exitOK, "", map[string]any{"campaign": "june", "paused": false}},
		{"pause july", exitError, "", nil},
		{"resolve june cer-001", exitUsage, "", nil},
		{"resolve june cer-001 --not-sent", exitError, "", nil},
		{"resolve june cer-001 cat-001 none --not-sent", exitError, "envelope", map[string]any{"campaign": "june", "resolved": 0.0, "refused": 3.0}},
		{"retry june", exitOK, "", map[string]any{"campaign": "june", "envelopes": 0.0}},
		{"remind june cer-001", exitError, "", map[string]any{"campaign": "june", "envelopes": 0.0}},
		{"forget june", exitError, "", nil},
		{"cancel june", exitOK, "", map[string]any{"campaign": "june", "envelopes": 2.0}},
		{"forget june", exitOK, "", map[string]any{"campaign": "june", "envelopes": 2.0}},
		{"notifications", exitOK, "", map[string]any{"waiting": 0.0, "given_up": 0.0}},
		{"notifications --replay", exitOK, "", map[string]any{"replayed": 0.0}},
	} {
		c.test(t, env)
	}

	byFormat := invoke(t, env, "report", "june", "--format", "json").want(t, exitOK)
	if r := invoke(t, env, "report", "june", "--json").want(t, exitOK); r.stdout != byFormat.stdout || strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("report --json: %s", r.stdout)
	}
	watched := invoke(t, env, "status", "june", "--watch", "--json").want(t, exitOK)
	var s statusObject
	if err := json.Unmarshal([]byte(watched.stdout), &s); err != nil || s.Campaign != "june" || s.States["canceled"] != 2 {
		t.Errorf("%v: %s", err, watched.stdout)
	}
}

func TestJSONOfWebhooks(t *testing.T) {
	t.Parallel()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), SignAfter: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	env := box.Env()
	env["CHANCELA_CERTYNEO_WEBHOOK_URL"] = "https://hooks.example.com/webhooks/certyneo"
	made := invoke(t, env, "webhooks", "certyneo", "--subscribe", "--json").want(t, exitOK).objects(t)[0]
	if made["secret"] == "" || made["variable"] != "CHANCELA_CERTYNEO_WEBHOOK_SECRET" {
		t.Errorf("subscribed: %v", made)
	}
	id := made["id"].(string)
	spoken{"webhooks certyneo", exitOK, "subscription", map[string]any{"subscriptions": 1.0}}.test(t, env)
	spoken{"webhooks certyneo --remove " + id, exitOK, "", map[string]any{"removed": id}}.test(t, env)
}

func TestJSONOfTheSandbox(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	stdout := &listener{says: "CHANCELA_SDOC_BASE_URL", heard: cancel}
	var stderr buffer
	status := run(ctx, &system{stdout: stdout, stderr: &stderr}, []string{"sandbox", "--listen-base-port", "0", "--json"})
	spoken{types: "page variable"}.judge(t, result{status, stdout.String(), stderr.String()}.want(t, exitOK).objects(t))
}

func TestFormatOf(t *testing.T) {
	for file, want := range map[string]string{"": "csv", "june.xlsx": "xlsx", "a/june.html": "html", "june.json": "json", "june.txt": "csv", "xlsx": "csv"} {
		if got := formatOf(file); got != want {
			t.Errorf("%q: %s, want %s", file, got, want)
		}
	}
}

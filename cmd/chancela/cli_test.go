package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chancela/chancela/storage/ledger"
)

func TestHelp(t *testing.T) {
	golden(t, "help", invoke(t, nil, "--help").want(t, exitOK).stdout)
	for _, cmd := range newRoot(&system{}).Commands() {
		if cmd.Name() == "help" {
			continue
		}
		t.Run(cmd.Name(), func(t *testing.T) {
			help := invoke(t, nil, cmd.Name(), "--help").want(t, exitOK).stdout
			golden(t, "help-"+cmd.Name(), help)
			if !strings.Contains(help, "EXIT STATUS") {
				t.Error("no exit statuses")
			}
			if !strings.Contains(help, "Examples:") {
				t.Error("no examples")
			}
			prose, _, _ := strings.Cut(help, "\nUsage:")
			for line := range strings.Lines(prose) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
}

func TestCheckTellsEveryMistake(t *testing.T) {
	t.Chdir(samples)
	r := invoke(t, nil, "check", "broken.csv").want(t, exitUsage)
	if r.stderr != "" {
		t.Errorf("results go to standard output, and this went to standard error: %s", r.stderr)
	}
	lines := strings.Split(r.stdout, "\n")
	for _, want := range []string{"broken.csv:3:1: id (A3): is required", "broken.csv:7:5: provider (B7): must be one of"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if len(lines) < 40 {
		t.Errorf("%d lines for a file with a mistake in nearly every row", len(lines))
	}
	good := invoke(t, nil, "check", "campaign.csv").want(t, exitOK)
	golden(t, "check-campaign", good.stdout)
}

func TestUsageErrors(t *testing.T) {
	file := someOf(t, "june.csv", "cer-001")
	redis := map[string]string{"CHANCELA_REDIS_URL": "redis://127.0.0.1:1/0"}
	for _, c := range []struct {
		args string
		env  map[string]string
		says string
	}{
		{args: "bogus", says: "unknown command"},
		{args: "chek x.csv", says: "did you mean check?"},
		{args: "run", says: "chancela: run: name a file; usage: chancela run FILE.csv..."},
		{args: "help nothing", says: `unknown command "nothing"`},
		{args: "help chek", says: "did you mean check?"},
		{args: "help run more", says: `unknown command "run more"`},
		{args: "template qisign --output q.txt", says: "want a file that ends in .xlsx or .csv"},
		{args: "template qisign --format csv --output q.xlsx", says: "--format wants"},
		{args: "download june", env: redis, says: "name a folder"},
		{args: "resolve", env: redis, says: "name a campaign"},
		{args: "up now", says: `up takes no arguments, and "now" is one`},
		{args: "run --bogus x.csv", says: "unknown flag"},
		{args: "status a b", says: `"b" is one argument too many`},
		{args: "status", says: "CHANCELA_REDIS_URL"},
		{args: "report june --format pdf", env: redis, says: "csv, json, html"},
		{args: "resolve june 1", env: redis, says: "--not-sent"},
		{args: "resolve june 1 --sent x --not-sent", env: redis, says: "--not-sent"},
		{args: "resolve june --not-sent", env: redis, says: "--ids-from"},
		{args: "resolve june 1 2 --sent x", env: redis, says: "--ids-from"},
		{args: "resolve june 1 --ids-from x", env: redis, says: "leave out ID"},
		{args: "webhooks certyneo --subscribe --remove x", says: "--subscribe or --remove"},
		{args: "report june --json --format csv", env: redis, says: "--format or --json"},
		{args: "retry", env: redis, says: "name a campaign"},
		{args: "work --provider fax", env: redis, says: `"fax"`},
		{args: "work", says: "CHANCELA_REDIS_URL"},
		{args: "schedule", says: "CHANCELA_REDIS_URL"},
		{args: "enqueue " + file, says: "CHANCELA_REDIS_URL"},
		{args: "check --provider fax " + file, says: `"fax"`},
		{args: "check --campaign a/b " + file, says: "--campaign"},
		{args: "run --report x.pdf " + file, says: ".html"},
		{args: "sandbox --faults {", says: "--faults"},
		{args: "sandbox --faults {\"typo\":1}", says: "typo"},
		{args: "sandbox --differ {\"Typo\":1}", says: "SDocHeader"},
		{args: "verify a/b", says: "not the name of a campaign"},
		{args: "completion bogus-shell x y", says: ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := invoke(t, c.env, strings.Fields(c.args)...)
			if c.says == "" {
				return
			}
			r.want(t, exitUsage)
			if !strings.Contains(r.stderr, c.says) {
				t.Errorf("%q does not say %q", r.stderr, c.says)
			}
			if n := strings.Count(strings.TrimSpace(r.stderr), "\n"); n != 0 {
				t.Errorf("%d lines too many: %s", n, r.stderr)
			}
			if r.stdout != "" {
				t.Errorf("standard output: %s", r.stdout)
			}
		})
	}
}

// With a key and no Redis nothing starts: an envelope could be sent twice.
func TestKeyWithoutRedisIsRefused(t *testing.T) {
	file := someOf(t, "june.csv", "cer-001")
	env := map[string]string{"CHANCELA_CERTYNEO_API_KEY": "k", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	for _, args := range [][]string{{"run", file}, {"enqueue", file}, {"work"}, {"up"}} {
		r := invoke(t, env, args...).want(t, exitUsage)
		if !strings.Contains(r.stderr, "CHANCELA_REDIS_URL") || !strings.Contains(r.stderr, "sent twice") {
			t.Errorf("%s: the reason is missing: %s", args[0], r.stderr)
		}
	}
	if _, err := os.Stat(env["CHANCELA_ARCHIVE_URL"]); err == nil {
		t.Error("a refused command has made the archive")
	}
}

func TestInvalidInputEnqueuesNothing(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "archive")
	r := invoke(t, map[string]string{"CHANCELA_ARCHIVE_URL": archive}, "run", filepath.Join(samples, "broken.csv")).want(t, exitUsage)
	if !strings.Contains(r.stderr, "nothing was enqueued") || !strings.Contains(r.stderr, "broken.csv:3:1: id (A3): is required") {
		t.Errorf("stderr: %s", r.stderr)
	}
	if _, err := os.Stat(archive); err == nil {
		t.Error("the archive was made")
	}
}

func TestRunEmbedded(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "con-001", "cer-001", "cer-004", "sdo-001", "cat-001", "qis-001")
	dir := t.TempDir()
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(dir, "archive")}
	report := filepath.Join(dir, "june.json")
	r := invoke(t, env, "run", "--report", report, file).want(t, exitUnfinished) // cer-004 declines
	if first, _, _ := strings.Cut(r.stderr, "\n"); first != simulatedNotice {
		t.Errorf("first line: %q", first)
	}
	for _, want := range []string{"6 envelopes invited", "june/cer-004 (certyneo) declined", "More about each, and its signers: " + report} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the summary does not say %q:\n%s", want, r.stdout)
		}
	}
	b, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for line := range strings.Lines(string(b)) {
		var rep struct{ State string }
		if err := json.Unmarshal([]byte(line), &rep); err != nil {
			t.Fatal(err)
		}
		states[rep.State]++
	}
	if states["archived"] != 5 || states["declined"] != 1 {
		t.Errorf("the report has %v", states)
	}
	if v := invoke(t, env, "verify", "june").want(t, exitOK); !strings.HasPrefix(v.stdout, "5 envelopes") {
		t.Errorf("verify: %s", v.stdout)
	}
	list, err := os.ReadFile(filepath.Join(dir, "archive", "june", "index.csv"))
	if err != nil || !strings.Contains(string(list), "cer-001,signed_document,cer-001/signed_document.pdf,") || strings.Contains(string(list), "cer-004") {
		t.Errorf("the archive's list of files: %v\n%s", err, list)
	}

	// Once more: what is in the archive is not sent again.
	again := invoke(t, env, "run", file).want(t, exitUnfinished)
	if !strings.Contains(again.stderr, "5 in the archive already") {
		t.Errorf("stderr: %s", again.stderr)
	}

	// A file that has changed is found.
	broken, err := filepath.Glob(filepath.Join(dir, "archive", "june", "cer-001", "signed_document*"))
	if err != nil || len(broken) == 0 {
		t.Fatalf("no signed document: %v", err)
	}
	if err := os.Chmod(broken[0], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken[0], []byte("%PDF-1.4 something else %%EOF"), 0o644); err != nil {
		t.Fatal(err)
	}
	v := invoke(t, env, "verify").want(t, exitError)
	if !strings.Contains(v.stdout, "june/cer-001/signed_document") || !strings.Contains(v.stdout, "1 thing wrong") {
		t.Errorf("verify: %s", v.stdout)
	}
}

// The line on an envelope that is not archived has the reason: the provider's code, its words, a
// signer's words.
func TestTroubleHasItsReason(t *testing.T) {
	t.Parallel()
	r := &ledger.Record{Campaign: "june", ID: "1", Provider: "catalisa", State: ledger.Declined, ErrorMessage: "declined",
		Signers: json.RawMessage(`[{"name":"Ana","state":"signed"},{"name":"Bia","state":"declined","reason":"o valor está errado"}]`)}
	if got, want := trouble(r).String(), "june/1 (catalisa) declined; signer2 says: o valor está errado"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	cfg := &config{}
	if got := cfg.reportOf([]string{"june"}, "").String(); !strings.Contains(got, "--report FILE") {
		t.Error(got)
	}
	cfg.RedisURL = "redis://localhost"
	if got, want := cfg.reportOf([]string{"june", "july"}, ""), "chancela report june; chancela report july"; got.String() != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-005") // never ends soon
	r := invokeUntil(t, map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "a"), "CHANCELA_LOG_LEVEL": "debug"}, `"state":"sent"`, "run", file).want(t, exitInterrupted)
	if !strings.Contains(r.stdout, "1 envelope invited") || !strings.Contains(r.stderr, "begins anew") {
		t.Errorf("stdout: %s\nstderr: %s", r.stdout, r.stderr)
	}
}

func TestSkipInvalid(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cat-001", "cat-002")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), "cat-002,catalisa", "cat-002,fax", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	invoke(t, env, "run", file).want(t, exitUsage)
	r := invoke(t, env, "run", "--skip-invalid", file).want(t, exitUnfinished)
	rejected := strings.TrimSuffix(file, ".csv") + ".rejected.csv"
	if want := "1 row of " + file + " not taken: it is in " + rejected; !strings.HasPrefix(r.lastLine(), want) {
		t.Errorf("last line %q, want %q", r.lastLine(), want)
	}
	if b, err := os.ReadFile(rejected); err != nil || !strings.Contains(string(b), "cat-002,fax") {
		t.Errorf("rejected: %s %v", b, err)
	}
}

// A Redis that may forget carries no real provider without marks in the archive, unless
// somebody accepts it.
func TestRedisThatForgetsIsRefused(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"CHANCELA_REDIS_URL": redisServer(t, false), "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "a"),
		"CHANCELA_QISIGN_API_KEY": "k", "CHANCELA_QISIGN_BASE_URL": "https://sign.example.com", "CHANCELA_MARKS": "off",
	}
	for _, args := range [][]string{{"work"}, {"up"}, {"run", someOf(t, "june.csv", "qis-001")}} {
		r := invoke(t, env, args...).want(t, exitUsage)
		if !strings.Contains(r.stderr, ledger.ErrNotDurable.Error()) || !strings.Contains(r.stderr, "CHANCELA_ACCEPT_REDIS_RISK") {
			t.Errorf("%s: %s", args[0], r.stderr)
		}
	}
	// Accepted by name, or at a local address, it starts.
	for name, value := range map[string]string{"CHANCELA_MARKS": "on", "CHANCELA_ACCEPT_REDIS_RISK": "yes", "CHANCELA_QISIGN_BASE_URL": "http://127.0.0.1:1"} {
		fine := map[string]string{name: value}
		for k, v := range env {
			if fine[k] == "" {
				fine[k] = v
			}
		}
		fine["CHANCELA_REDIS_URL"], fine["CHANCELA_ARCHIVE_URL"] = redisServer(t, false), filepath.Join(t.TempDir(), "a")
		if r := invokeUntil(t, fine, `"msg":"ready"`, "work"); r.status != exitOK || !strings.Contains(r.stderr, `"msg":"ready"`) {
			t.Errorf("%s: status %d, %s", name, r.status, r.stderr)
		}
	}
}

// Simulated and real envelopes never meet.
func TestWorldsDoNotMix(t *testing.T) {
	t.Parallel()
	archive := filepath.Join(t.TempDir(), "a")
	file := someOf(t, "june.csv", "cat-001")
	invoke(t, map[string]string{"CHANCELA_ARCHIVE_URL": archive}, "run", file).want(t, exitOK)
	r := invoke(t, map[string]string{"CHANCELA_ARCHIVE_URL": archive, "CHANCELA_REDIS_URL": redisServer(t, true),
		"CHANCELA_CATALISA_API_KEY": "k"}, "enqueue", file).want(t, exitUsage)
	if !strings.Contains(r.stderr, "does not belong to real providers") {
		t.Errorf("stderr: %s", r.stderr)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What was refused leaves nothing; what was taken keeps its headings, and so does a check.
func TestWhatIsRefusedWritesNothing(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	text := "id;provider;subject;template;Ocupante;E-mail\n1;certyneo;S;t1;Ana Souza;ana@example.com\n"
	july, copied := caseFile(t, dir, "julho.csv", text), caseFile(t, dir, "julho (1).csv", text)
	wrong := caseFile(t, dir, "agosto.csv", strings.Replace(text, "ana@example.com", "ana@", 1))
	mapped := []string{"--map", "signer1.name=Ocupante"}
	kept := func() int {
		files, err := filepath.Glob(filepath.Join(dir, "*.columns"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	invoke(t, env, append([]string{"enqueue", july}, mapped...)...).want(t, exitOK)
	if kept() != 1 {
		t.Error("what was taken is not kept")
	}
	for _, refused := range []string{copied, wrong} {
		for _, command := range []string{"enqueue", "run"} {
			invoke(t, env, append([]string{command, refused}, mapped...)...).want(t, exitUsage)
		}
	}
	if kept() != 1 {
		t.Error("what was refused has written a file")
	}
	invoke(t, env, append([]string{"check", wrong}, mapped...)...).want(t, exitUsage)
	invoke(t, env, append([]string{"enqueue", "--again", copied}, mapped...)...).want(t, exitOK)
	if kept() != 3 {
		t.Error("a check, or what was taken, is not kept")
	}

	// A report in a file is said in one line, which a pipe of results does not see.
	for _, format := range []string{"csv", "json", "html", "xlsx"} {
		file := filepath.Join(dir, "july."+format)
		r := invoke(t, env, "report", "julho", "--output", file).want(t, exitOK)
		if want := file + ": the report (" + format + ") of julho, 1 envelope\n"; r.stdout != "" || !strings.HasSuffix(r.stderr, want) {
			t.Errorf("%q, %q", r.stdout, r.stderr)
		}
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// Files whose names would be the same say what tells them apart.
func TestNamesThatClashSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(dir, "archive")}
	invoke(t, env, "run", someOf(t, "campaign.csv", "cer-001")).want(t, exitOK)
	r := invoke(t, env, "download", "campaign", filepath.Join(dir, "one"), "--name", "{signer1.name}").want(t, exitOK)
	if !strings.Contains(r.stdout, "of another, and has a number: put {kind} {id} into --name") && !strings.Contains(r.stdout, "and have numbers: put {kind} {id} into --name") {
		t.Error(r.stdout)
	}
	r = invoke(t, env, "download", "campaign", filepath.Join(dir, "two"), "--name", "{id} {kind}").want(t, exitOK)
	if strings.Contains(r.stdout, "number") {
		t.Error(r.stdout)
	}
}

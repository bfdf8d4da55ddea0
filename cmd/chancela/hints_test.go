package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a file does not say may be said by options: they are named once, however many rows lack it.
func TestHintsNameTheOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "june.csv")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("Nome completo,E-mail,Bloco,document\nAna Souza,ana@example.com,B1,a.pdf\nBia Souza,bia@example.com,B2,b.pdf\n")
	r := invoke(t, nil, "check", file).want(t, exitUsage)
	for _, want := range []string{"--map \"meta.bloco=Bloco\"", "--provider NAME", "--id \"{document}\"", "--subject \"", "--documents DIR"} {
		if strings.Count(r.stdout, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, r.stdout)
		}
	}
	write("id,provider,subject,template,signer1.name,signer1.email\n1,certyneo,S,t1,Ana Souza,ana@gmail.con\n2,certyneo,S,t1,Bia Souza,bia@gmail.com\n")
	r = invoke(t, nil, "check", file).want(t, exitOK)
	if want := "warning: " + file + ":2:27: signer1.email (F2): is probably misspelt: no domain ends in .con: is .com meant?"; !strings.Contains(r.stdout, want) || strings.Count(r.stdout, "warning: ") != 1 {
		t.Errorf("no %q in\n%s", want, r.stdout)
	}
	if strings.Contains(r.stdout, "--") {
		t.Errorf("a hint about a file without mistakes:\n%s", r.stdout)
	}
}

// With --skip-invalid a file of which no row is good is one of which all rows are left out.
func TestNoRowIsGood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "june.csv")
	if err := os.WriteFile(file, []byte("id,provider,subject,template,signer1.name,signer1.email\n1,certyneo,S,t1,Ana,ana@\n2,certyneo,S,t1,Bia,bia@\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(dir, "archive")}
	invoke(t, env, "run", file).want(t, exitUsage)
	r := invoke(t, env, "run", "--skip-invalid", file).want(t, exitUnfinished)
	if !strings.Contains(r.stdout, "2 rows of "+file+" not taken") {
		t.Error(r.stdout)
	}
	rejected, err := os.ReadFile(filepath.Join(dir, "june.rejected.csv"))
	if err != nil || strings.Count(string(rejected), "certyneo") != 2 {
		t.Errorf("%s, %v", rejected, err)
	}
	if err := os.WriteFile(file, []byte("id,provider,subjekt,template\n1,certyneo,S,t1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	invoke(t, env, "run", "--skip-invalid", file).want(t, exitUsage) // nobody knows what its rows mean
}

// A file that another campaign has asked is no good news, and is said in few lines.
func TestACopyIsSaidInFewLines(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	text := "id,provider,subject,template,signer1.name,signer1.email\n"
	for i := range 12 {
		text += fmt.Sprintf("%d,certyneo,S,t1,Ana Souza,ana%d@example.com\n", i, i)
	}
	july, copied := caseFile(t, dir, "july.csv", text), caseFile(t, dir, "july2.csv", text)
	invoke(t, env, "enqueue", july).want(t, exitOK)
	r := invoke(t, env, "check", copied).want(t, exitUsage)
	first, rest, _ := strings.Cut(r.stdout, "\n")
	if first != "12 envelopes: no mistake in it, but 12 ask what is asked already" || strings.Contains(r.stdout, "all valid") {
		t.Errorf("the first line is %q", first)
	}
	if strings.Count(rest, "asks the same people") != 4 || !strings.Contains(rest, "\n  and 9 more\n") {
		t.Error(rest)
	}
	r = invoke(t, env, "check", "--again", copied).want(t, exitOK)
	if strings.Count(r.stdout, "asks the same people") != 1 || !strings.Contains(r.stdout, "12 envelopes, all valid\n") {
		t.Error(r.stdout)
	}
	if r = invoke(t, env, "enqueue", "--again", copied).want(t, exitOK); strings.Count(r.stderr, "asks the same people") != 1 {
		t.Error(r.stderr)
	}
}

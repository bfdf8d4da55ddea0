package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/queue"
)

// A killed enqueue that is started again takes each row once, and ends as one that was never
// killed. At no moment is a rejected file half written.
func TestKilledEnqueueGoesOn(t *testing.T) {
	t.Parallel()
	const good, bad = 120, 30
	text := "id;provider;subject;document;signer1.name;signer1.email\n"
	for i := range good + bad {
		email := fmt.Sprintf("pessoa%d@exemplo.test", i)
		if i%5 == 4 {
			email = "sem-arroba"
		}
		text += fmt.Sprintf("%04d;certyneo;Contrato %d;documentos/contrato.pdf;Nívea Sabiá;%s\n", i, i, email)
	}
	env := queued(t)
	dir := t.TempDir()
	file := caseFile(t, dir, "lote.csv", text)
	rejected := filepath.Join(dir, "lote.rejected.csv")
	db, err := queue.Connect(env["CHANCELA_REDIS_URL"], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys := func() int64 {
		n, err := db.DBSize(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, atLeast := range []int64{1, 12, 60, 110} { // so many keys more, or the rejected file
		before := keys()
		p := start(t, env, "enqueue", "--skip-invalid", file)
		eventually(t, 3*time.Minute, "something was enqueued", func() bool {
			_, err := os.Stat(rejected)
			return keys() >= before+atLeast || err == nil
		})
		_ = p.cmd.Process.Kill() // it may have ended
		_ = p.cmd.Wait()
		if b, err := os.ReadFile(rejected); err == nil && strings.Count(string(b), "sem-arroba") != bad {
			t.Errorf("a rejected file with %d of %d rows", strings.Count(string(b), "sem-arroba"), bad)
		}
	}
	for range 2 {
		r := invoke(t, env, "enqueue", "--skip-invalid", file).want(t, exitUnfinished)
		if want := fmt.Sprintf("%d rows of %s not taken: they are in %s", bad, file, rejected); !strings.HasPrefix(r.lastLine(), want) {
			t.Errorf("last line %q, want %q", r.lastLine(), want)
		}
	}
	if got := strings.Fields(ids(t, env, "lote")); len(got) != good {
		t.Errorf("%d envelopes, want %d", len(got), good)
	}
	if got := load(t, rejected); strings.Count(got, "\n") != bad+1 || strings.Count(got, "signer1.email: is not") != bad {
		t.Errorf("the rejected file: %s", got)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".chancela-*")); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// The summary counts the invitations of this run, and the report is for the spreadsheet of
// whoever asked for it.
func TestSecondRunCountsItsOwnInvitations(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-001", "cat-001")
	report := filepath.Join(t.TempDir(), "june.csv")
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	first := invoke(t, env, "run", "--report", report, "--separator", ";", "--local", file).want(t, exitOK)
	if !strings.Contains(first.stdout, "2 envelopes invited to sign, ") {
		t.Errorf("the first run says\n%s", first.stdout)
	}
	if got := load(t, report); !strings.Contains(got, "campaign;id;") && !strings.Contains(got, ";id;") || !strings.Contains(got, "-03:00") && !strings.Contains(got, ";june;") && strings.Contains(got, "Z;") {
		t.Errorf("the report is\n%s", got)
	}
	second := invoke(t, env, "run", file).want(t, exitOK)
	if !strings.Contains(second.stdout, "0 envelopes invited to sign now, 2 earlier, ") {
		t.Errorf("the second run says\n%s", second.stdout)
	}
	for _, args := range [][]string{{"--separator", "x", "--report", report}, {"--local"}} {
		invoke(t, env, append(append([]string{"run"}, args...), file)...).want(t, exitUsage)
	}
}

// A service takes the kinds of documents that it knows, and check says which it does not.
func TestKindsOfDocuments(t *testing.T) {
	dir := t.TempDir()
	var odt bytes.Buffer
	z := zip.NewWriter(&odt)
	for _, part := range [][2]string{{"mimetype", "application/vnd.oasis.opendocument.text"}, {"content.xml", "<x/>"}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: part[0], Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(part[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"a.odt": odt.Bytes(), "a.gif": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	row := func(provider, document string) string {
		return fmt.Sprintf("%s-%s,%s,Contrato,%s,Nívea Sabiá,nivea@exemplo.test\n", provider, document, provider, document)
	}
	const header = "id,provider,subject,document,signer1.name,signer1.email\n"
	taken := caseFile(t, dir, "taken.csv", header+row("certyneo", "a.odt")+row("certyneo", "a.gif"))
	if r := invoke(t, nil, "check", taken).want(t, exitOK); !strings.Contains(r.stdout, "2 envelopes, all valid") {
		t.Errorf("%s", r.stdout)
	}
	refused := caseFile(t, dir, "refused.csv", header+row("contraktor", "a.gif")+row("qisign", "a.gif")+row("catalisa", "a.odt"))
	r := invoke(t, nil, "check", refused).want(t, exitUsage)
	for _, want := range []string{"document (D2): ", "document (D3): ", "document (D4): ", "no row is valid"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("nothing about %s in\n%s", want, r.stdout)
		}
	}
}

// The same people with the same documents twice in a file are told, and may be meant.
func TestRepeatedRowsAreTold(t *testing.T) {
	t.Parallel()
	env := queued(t)
	file := caseFile(t, t.TempDir(), "lote.csv", "id;provider;subject;document;signer1.name;signer1.email\n"+
		"1;certyneo;Contrato;documentos/contrato.pdf;Nívea Sabiá;nivea@exemplo.test\n2;certyneo;Outro;documentos/contrato.pdf;Nivea;NIVEA@exemplo.test\n")
	want := file + ":3:1: id (A3): asks the same people to sign the same documents as line 2 of " + file
	if r := invoke(t, env, "check", file).want(t, exitOK); !strings.Contains(r.stdout, want) {
		t.Errorf("check says\n%s", r.stdout)
	}
	if r := invoke(t, env, "enqueue", file).want(t, exitOK); !strings.Contains(r.stderr, want) || ids(t, env, "lote") != "1 2" {
		t.Errorf("enqueue says\n%s", r.stderr)
	}
}

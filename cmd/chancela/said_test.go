package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a command says of nothing to do is said as such.
func TestNothingToDoIsSaid(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	invoke(t, env, "enqueue", someOf(t, "june.csv", "cer-001", "cat-001")).want(t, exitOK)
	for _, c := range []struct {
		args, says string
		exit       int
	}{
		{"status july --json", `{"type":"result","exit":1,"error":{"code":"error","message":"there is no campaign july`, exitError},
		{"resume june", "june was not paused: it goes on as before", exitOK},
		{"retry june", "nothing was retried, as none has failed", exitOK},
		{"retry june --state failed", "nothing was retried, as none has failed", exitOK},
		{"retry july --state failed", "", exitError},
		{"resolve june cer-001 cat-001 --not-sent --dry-run", "dry run, nothing was changed: 0 envelopes would be resolved", exitError},
		{"pause june", "june is paused", exitOK},
		{"pause june --dry-run", "dry run, nothing was changed: june is paused already: 2 envelopes waiting", exitOK},
		{"cancel june", "2 envelopes stopped", exitOK},
		{"forget june", "2 envelopes forgotten", exitOK},
		{"forget june", "june was forgotten already: there was nothing more to remove", exitOK},
		{"status june", "forgotten: nothing about the people of 2 envelopes is in the ledger any more", exitOK},
		{"status june --json", `"forgotten":2`, exitOK},
	} {
		if r := invoke(t, env, strings.Fields(c.args)...).want(t, c.exit); !strings.Contains(r.stdout, c.says) {
			t.Errorf("%s: %q", c.args, r.stdout)
		}
	}
}

// The file that is named as an example of where a checked file may go is not the file itself.
func TestCheckedFileIsAnother(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "erros.csv")
	if err := os.WriteFile(file, []byte("id\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := invoke(t, nil, "check", file, "--output", "x.xlsx").want(t, exitUsage); !strings.Contains(r.stderr, "want a file that ends in .csv, such as erros.checked.csv") {
		t.Error(r.stderr)
	}
}

// Many documents that are not there have one cause: they are one line, after the other mistakes and before what to do.
func TestAbsentDocumentsAreOneLine(t *testing.T) {
	t.Parallel()
	rows := "id,provider,subject,document,signer1.name,signer1.email\n"
	for i := range 38 {
		rows += fmt.Sprintf("%d,certyneo,Lease,contracts/%d.pdf,Ana,ana%d@example.com\n", i, i, i)
	}
	file := filepath.Join(t.TempDir(), "june.csv")
	if err := os.WriteFile(file, []byte(strings.Replace(rows, "ana7@", "ana7", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := invoke(t, nil, "check", file).want(t, exitUsage)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], "signer1.email (F9)") || !strings.Contains(lines[1], "document: 38 documents are not there (rows 2-39); the first: there is no file \"contracts/0.pdf\"") || !strings.Contains(lines[2], "--documents DIR") {
		t.Errorf("%s", r.stdout)
	}
	if r := invoke(t, nil, "check", "--json", file).want(t, exitUsage); strings.Count(r.stdout, `"type":"problem"`) != 39 {
		t.Errorf("%s", r.stdout)
	}
}

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/queue"
)

// rowsOf counts a campaign file's rows; a file that is none has no rows.
func rowsOf(t *testing.T, path string) int {
	t.Helper()
	s, err := campaign.Check(t.Context(), []string{path}, campaign.Options{}, func(campaign.Problem) {})
	if err != nil {
		t.Fatal(err)
	}
	return s.Rows
}

// Whatever a file holds: nothing panics, check and enqueue judge alike, and every row is
// in the queue or in the rejected file, or the exit status says that nothing was taken. FuzzIntake in
// jobs/campaign reads any bytes.
func TestIntakeOfOddFiles(t *testing.T) {
	address := redisServer(t, false)
	db, err := queue.Connect(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	folder := t.TempDir()
	env := map[string]string{"CHANCELA_REDIS_URL": address, "CHANCELA_ARCHIVE_URL": filepath.Join(folder, "archive"),
		"CHANCELA_CERTYNEO_API_KEY": "k", "CHANCELA_CERTYNEO_BASE_URL": "http://127.0.0.1:1/api/v1"}
	head, row := "id;provider;subject;document;signer1.name;signer1.email", ";certyneo;Contrato;documentos/contrato.pdf;Nívea;a@exemplo.test"
	for _, text := range []string{lote, june, "", "\n", "id", head, head + "\n", head + "\n1" + row, head + ";\n1" + row + ";\n", head + ";x\n1" + row + ";y\n",
		"id;subject\n1;2\n", "sep=;\n" + head + "\n1" + row + "\n\x1a", head + "\n1" + row + "\n2" + row + ";;\n1" + row + "\n\"3" + row + "\n4" + row + "\n",
		head + "\r1" + row + "\r2;certyneo;=1+1;x.pdf;;\r", head + "\n1;fax;\"a\nb\";|||;N;a\n", "\xff\xfe" + strings.ReplaceAll(head, "", "\x00")[1:] + "\x00",
		"rejected.reason;" + head + "\n'=x;1" + row + "\n;2;certyneo;'=1;documentos/contrato.pdf;Nívea;nobody\n",
		strings.ReplaceAll(head, ";", ",") + "\n" + strings.Repeat("a,", 5000) + "\n", head + "\n" + strings.Repeat("x"+row+"\n", 30), "id;id;signer2.name\n;;\n"} {
		if err := db.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		file := caseFile(t, dir, "june.csv", text)
		checked := invoke(t, env, "check", file)
		if !slices.Contains([]int{exitOK, exitUsage}, checked.status) {
			t.Fatalf("check ended with %d: %s", checked.status, checked.stderr)
		}
		r := invoke(t, env, "enqueue", "--skip-invalid", file)
		taken, kept := 0, 0
		if all := ids(t, env, "june"); all != "" {
			taken = len(strings.Fields(all))
		}
		rejected := campaign.RejectedPath(file)
		if _, err := os.Stat(rejected); err == nil {
			kept = rowsOf(t, rejected)
		}
		switch r.status {
		case exitUsage:
			if taken > 0 || kept > 0 {
				t.Errorf("status 2, and %d rows were taken, %d rejected", taken, kept)
			}
		case exitOK, exitUnfinished:
			if (r.status == exitOK) != (kept == 0) || (r.status == exitOK) != (checked.status == exitOK) {
				t.Errorf("status %d with %d rejected rows; check ended with %d", r.status, kept, checked.status)
			}
			if rows := rowsOf(t, file); taken+kept != rows {
				t.Errorf("%d rows, %d taken, %d rejected", rows, taken, kept)
			}
		default:
			t.Fatalf("enqueue ended with %d: %s", r.status, r.stderr)
		}
	}
}

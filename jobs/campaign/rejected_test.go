package campaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// reject runs a file with --skip-invalid: it gives the good rows' ids and the path of
// the others.
func reject(t *testing.T, file string) (good []string, rejected string) {
	t.Helper()
	r, err := Open(file, Options{Document: anyDocument})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Problems()) > 0 {
		t.Fatal(r.Problems())
	}
	w := NewRejected(r)
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(row.Problems) == 0 {
			good = append(good, row.Envelope.Campaign+"/"+row.Envelope.ID)
		} else if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	rejected, err = w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return good, rejected
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRejectedRowsAreCorrectedAndRunAgain(t *testing.T) {
	windows, err := charmap.Windows1252.NewEncoder().String(strings.ReplaceAll(
		"id;provider;subject;document;signer1.name;signer1.email\n"+
			"1;certyneo;Locação;a.pdf;Zélia;zelia@example.com\n"+
			"2;certyneo;\"=Locação; \"\"dois\"\"\";a.pdf;Zélia;zelia\n"+
			"3;certyneo;Loca\"ção;a.pdf;Zélia;zelia@example.com\n"+
			"4;certyneo;Locação;a.pdf;Zélia\n"+
			"5;certyneo;Locação;a.pdf;Zélia;zelia@example.com\n", "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	windows = strings.Replace(windows, "2;certyneo;", "2;certyneo\x9A\xFF;", 1)
	file := write(t, "june.csv", windows)
	good, rejected := reject(t, file)
	if strings.Join(good, " ") != "june/1 june/5" || rejected != filepath.Join(filepath.Dir(file), "june.rejected.csv") {
		t.Fatalf("good %v, rejected in %s", good, rejected)
	}
	got, err := charmap.Windows1252.NewDecoder().String(load(t, rejected))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll("id;provider;subject;document;signer1.name;signer1.email;rejected.reason\n"+
		"2;certyneošÿ;\"=Locação; \"\"dois\"\"\";a.pdf;Zélia;zelia;provider: must be one of contraktor, certyneo, sdoc, catalisa, qisign; signer1.email: is not an e-mail address such as name@example.com\n"+
		"3;certyneo;Loca\"ção;a.pdf;Zélia;zelia@example.com;\"a quote (\"\") inside a cell: put the cell in quotes and double the quote\"\n"+
		"4;certyneo;Locação;a.pdf;Zélia;;signer1.email: an e-mail address or a phone is required (the row ends before this column)\n", "\n", "\r\n")
	// The reasons hold semicolons and so stand in quotes.
	want = strings.Replace(want, ";provider: must be", ";\"provider: must be", 1)
	want = strings.Replace(want, "name@example.com\r\n3", "name@example.com\"\r\n3", 1)
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}

	// One row corrected, the others not: they are rejected again, with one reason.
	text := strings.Replace(load(t, rejected), "\x9A\xFF", "", 1)
	text = strings.Replace(text, ";zelia;", ";zelia@example.com;", 1)
	if err := os.WriteFile(rejected, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	good, again := reject(t, rejected)
	if strings.Join(good, " ") != "june/2" || filepath.Base(again) != "june.rejected.rejected.csv" {
		t.Fatalf("good %v, rejected in %s", good, again)
	}
	if n := strings.Count(load(t, again), reasonColumn); n != 1 {
		t.Errorf("%d columns %s", n, reasonColumn)
	}
}

func TestNothingRejectedLeavesNoFile(t *testing.T) {
	file := write(t, "june.csv", "\uFEFF"+head+line("1"))
	good, rejected := reject(t, file)
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(good) != 1 || rejected != "" || len(entries) != 1 {
		t.Errorf("%v %v %q %v", err, good, rejected, entries)
	}
}

func TestRejectedKeepsTheMark(t *testing.T) {
	_, rejected := reject(t, write(t, "june.csv", "\uFEFF"+head+line("é")))
	got := load(t, rejected)
	if !strings.HasPrefix(got, "\uFEFFid,provider") || !strings.Contains(got, "\né,certyneo,") {
		t.Errorf("%q", got)
	}
	info, err := os.Stat(rejected)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others may read people's data", err, info.Mode())
	}
}

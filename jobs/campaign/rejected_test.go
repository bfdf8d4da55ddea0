package campaign

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"

	"github.com/chancela/chancela/jobs/formula"
)

// reject runs a file with --skip-invalid: it gives the good rows' ids and what became of
// the others.
func reject(t *testing.T, file string) (good []string, left Left) {
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
	left, err = w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return good, left
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

func TestRejectedRowsAreMendedAndRunAgain(t *testing.T) {
	windows, err := charmap.Windows1252.NewEncoder().String(strings.ReplaceAll(
		"id;provider;subject;document;signer1.name;signer1.email\n"+
			"1;certyneo;Locação;a.pdf;Zélia;zelia@example.com\n"+
			"2;certyneo;\"Locação; \"\"dois\"\"\";a.pdf;Zélia;zelia\n"+
			"3;certyneo;Loca\"ção;a.pdf;Zélia;zelia@example.com\n"+
			"4;certyneo;Locação;a.pdf;Zélia;zelia@example.com;x\n"+
			"5;certyneo;Locação;a.pdf;Zélia;zelia@example.com\n", "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "june.csv", windows)
	good, left := reject(t, file)
	rejected := filepath.Join(filepath.Dir(file), "june.rejected.csv")
	if strings.Join(good, " ") != "june/1 june/5" || left != (Left{File: file, Rows: 3, Path: rejected}) {
		t.Fatalf("good %v, left %+v", good, left)
	}
	want := strings.ReplaceAll("\uFEFFrejected.reason;id;provider;subject;document;signer1.name;signer1.email\n"+
		"signer1.email: is not an e-mail address such as name@example.com;2;certyneo;\"Locação; \"\"dois\"\"\";a.pdf;Zélia;zelia\n"+
		"\"a quote (\"\") inside a cell: put the cell in quotes and double the quote\";3;certyneo;Loca\"ção;a.pdf;Zélia;zelia@example.com\n"+
		"the row has 7 values, the header has 6 columns: look for a missing or superfluous delimiter or quote;4;certyneo;Locação;a.pdf;Zélia;zelia@example.com;x\n", "\n", "\r\n")
	if got := load(t, rejected); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}

	// One row mended, the others not: they stay where they are, and the file is not touched.
	mended := strings.Replace(load(t, rejected), ";zelia\r", ";zelia@example.com\r", 1)
	if err := os.WriteFile(rejected, []byte(mended), 0o600); err != nil {
		t.Fatal(err)
	}
	good, left = reject(t, rejected)
	if strings.Join(good, " ") != "june/2" || left != (Left{File: rejected, Rows: 2, Path: rejected, Kept: true}) {
		t.Fatalf("good %v, left %+v", good, left)
	}
	// The first command again, before all is mended.
	good, left = reject(t, file)
	if strings.Join(good, " ") != "june/1 june/5" || left != (Left{File: file, Rows: 3, Path: rejected, Kept: true}) {
		t.Fatalf("good %v, left %+v", good, left)
	}
	if got := load(t, rejected); got != mended {
		t.Errorf("the mended file was replaced: %q", got)
	}
	// The rest mended.
	mended = strings.Replace(mended, "Loca\"ção", "Locação", 1)
	mended = strings.Replace(mended, ";x\r", "\r", 1)
	if err := os.WriteFile(rejected, []byte(mended), 0o600); err != nil {
		t.Fatal(err)
	}
	good, left = reject(t, rejected)
	if strings.Join(good, " ") != "june/2 june/3 june/4" || left.Rows != 0 {
		t.Fatalf("good %v, left %+v", good, left)
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "[^.]*")); len(files) != 2 {
		t.Errorf("%v: want the file and its rejected rows", files)
	}
}

// What nobody has changed follows the campaign file.
func TestRejectedFileFollowsTheCampaignFile(t *testing.T) {
	bad := func(id string) string { return id + ",certyneo,S,a.pdf,A,nobody\n" }
	file := write(t, "june.csv", head+bad("1")+bad("2")+line("3"))
	rejected := filepath.Join(filepath.Dir(file), "june.rejected.csv")
	rejectedAre := func(want string, kept bool, rows int) {
		t.Helper()
		_, left := reject(t, file)
		ids := ""
		if err := eachID(t.Context(), rejected, func(id string) { ids += id }); err != nil {
			t.Fatal(err)
		}
		if ids != want || left.Kept != kept || left.Rows != rows {
			t.Fatalf("%s in the file, %+v; want %s", ids, left, want)
		}
	}
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rejectedAre("12", false, 2)
	rejectedAre("12", false, 2) // nothing has changed
	put(file, head+line("1")+bad("2")+bad("3")+bad(""))
	rejectedAre("23"+strings.TrimSuffix(strings.ReplaceAll(bad(""), ",", "\x00"), "\n"), false, 3) // mended in the campaign file
	put(file, head+line("1")+bad("2")+bad("4"))
	rejectedAre("23"+strings.TrimSuffix(strings.ReplaceAll(bad(""), ",", "\x00"), "\n"), true, 2) // 3 is nowhere else any more
	put(file, head+line("1")+bad("2")+bad("3")+bad("5"))
	put(rejected, strings.Replace(load(t, rejected), "2,certyneo", "2,catalisa", 1))
	rejectedAre("23"+strings.TrimSuffix(strings.ReplaceAll(bad(""), ",", "\x00"), "\n"), true, 3) // changed by hand
	if err := os.Remove(rejected); err != nil {
		t.Fatal(err)
	}
	rejectedAre("235", false, 3)
	// Killed between the companion and the file: the old one is still what we wrote.
	put(file, head+bad("2")+bad("3")+bad("5")+bad("6"))
	sum, err := sumOf(rejected)
	if err != nil {
		t.Fatal(err)
	}
	put(companion(rejected), sums(rejected, strings.Repeat("0", 64), sum))
	put(filepath.Join(filepath.Dir(file), ".chancela-xxx"), "") // no file of ours
	rejectedAre("2356", false, 4)
}

func TestKilledWriterLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "june.rejected.csv")
	if err := replace(path, strings.NewReader("1")); err != nil {
		t.Fatal(err)
	}
	if err := replace(path, iotest.ErrReader(errors.New("full"))); err == nil {
		t.Error("no error")
	}
	half, err := os.CreateTemp(filepath.Dir(path), fmt.Sprintf(".chancela-%x-*", sha256.Sum256([]byte("june.rejected.csv")))[:18]+"-*")
	if err != nil {
		t.Fatal(err)
	}
	half.Close()
	if err := replace(path, strings.NewReader("2")); err != nil || load(t, path) != "2" {
		t.Errorf("%v %s", err, load(t, path))
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%v", files)
	}
}

// A rejected file opened in a spreadsheet runs nothing, whatever it is split at.
func TestRejectedFilesHoldNoFormulas(t *testing.T) {
	values := []string{"=1+1", "+5551987654321", "-2", "@SUM(A1)", "\t=1", "\rx", "'=1", "''-1", " =1", "a;=1", "a, \"=1\"", "a\n=1", "a\n\n-b", "a|@x",
		"＝1", "it's - fine", "a=b", "O'Neil", "'", "", "a\tb", "x\r\ny"}
	for _, v := range values {
		file := write(t, "june.csv", "id,provider,subject,document,signer1.name,signer1.email,meta.v\n"+
			"1,certyneo,S,a.pdf,A,nobody,\""+strings.ReplaceAll(v, `"`, `""`)+"\"\n")
		want := rawOf(t, file)[6]
		_, left := reject(t, file)
		text := load(t, left.Path)
		for _, cell := range regexp.MustCompile("[,;|\t\r\n]").Split(text[strings.Index(text, "\n")+1:], -1) {
			if cell = strings.TrimLeft(cell, "\" "); cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("%q: a cell %q in %q", v, cell, text)
			}
		}
		raw := rawOf(t, left.Path)
		if got := raw[len(raw)-1]; got != want {
			t.Errorf("%q was read back as %q from %q", want, got, text)
		}
	}
}

// rawOf are the values of a file's only row.
func rawOf(t *testing.T, file string) []string {
	t.Helper()
	r, err := Open(file, Options{Document: anyDocument})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		return row.Raw()
	}
	t.Fatal("no row")
	return nil
}

func FuzzFormulasAreTakenBack(f *testing.F) {
	for _, s := range []string{"=1", "'=1", "a;\"'=1", "\t\t=", "a\r\n-", "＝"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		safe := formula.Defuse(s)
		if got := formula.Restore(safe); got != s {
			t.Errorf("%q: %q: %q", s, safe, got)
		}
		if safe != "" && strings.ContainsAny(safe[:1], "=+-@\t\r") {
			t.Errorf("%q: %q", s, safe)
		}
	})
}

func TestNothingRejectedLeavesNoFile(t *testing.T) {
	file := write(t, "june.csv", "\uFEFF"+head+line("1"))
	good, left := reject(t, file)
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(good) != 1 || left.Rows != 0 || len(entries) != 1 {
		t.Errorf("%v %v %+v %v", err, good, left, entries)
	}
}

func TestRejectedFileIsForItsOwnerOnly(t *testing.T) {
	_, left := reject(t, write(t, "june.csv", head+line("é")))
	info, err := os.Stat(left.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others may read people's data", err, info.Mode())
	}
}

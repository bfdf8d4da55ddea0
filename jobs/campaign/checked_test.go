package campaign

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
)

// wrongBook has a formula, a format, a second sheet and one wrong cell.
func wrongBook(t *testing.T) string {
	return book(t, "june.xlsx", func(f *excelize.File) {
		cells(t, f, [][]any{people,
			{"1", "certyneo", "Lease", "t1", 47848, "Ana", "ana@", "", nil, "x"},
			{"2", "certyneo", "Lease", "t1", 47848, "Bia", "bia@example.com", "", nil, "y"}})
		american := "mm/dd/yyyy"
		style(t, f, "E2", excelize.Style{CustomNumFmt: &american})
		style(t, f, "E3", excelize.Style{CustomNumFmt: &american})
		_, _ = f.NewSheet("Notes")
		_ = f.SetCellFormula("Notes", "A1", "1+1")
	})
}

func problemsOf(t *testing.T, path string) (all []string, sum Summary) {
	t.Helper()
	sum, err := Check(t.Context(), []string{path}, Options{}, func(p Problem) { all = append(all, p.Name+" "+p.Cell) })
	if err != nil {
		t.Fatal(err)
	}
	return all, sum
}

func TestCheckedWorkbook(t *testing.T) {
	path := wrongBook(t)
	before, _ := problemsOf(t, path)
	var b bytes.Buffer
	if err := WriteChecked(t.Context(), path, Options{}, &b); err != nil {
		t.Fatal(err)
	}
	checked := filepath.Join(filepath.Dir(path), "june.checked.xlsx")
	if err := os.WriteFile(checked, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if after, sum := problemsOf(t, checked); strings.Join(before, ",") != strings.Join(after, ",") || len(after) != 1 || sum.Good != 1 || Name(checked) != "june" {
		t.Errorf("read again: %q, was %q", after, before)
	}
	f, err := excelize.OpenFile(checked)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if reason, _ := f.GetCellValue("Sheet1", "K2"); !strings.HasPrefix(reason, "signer1.email: ") {
		t.Errorf("reason %q", reason)
	}
	if comments, _ := f.GetComments("Sheet1"); len(comments) != 1 || comments[0].Cell != "G2" {
		t.Errorf("comments %+v", comments)
	}
	if formula, _ := f.GetCellFormula("Notes", "A1"); formula != "1+1" {
		t.Error("the other sheet has changed")
	}
	if shown, _ := f.GetCellValue("Sheet1", "E2"); shown != "12/31/2030" {
		t.Errorf("the date is shown as %q", shown)
	}
	if err := errors.Join(f.SetCellStr("Sheet1", "G2", "ana@example.com"), f.Save()); err != nil {
		t.Fatal(err)
	}
	if after, sum := problemsOf(t, checked); len(after) != 0 || sum.Good != 2 {
		t.Errorf("mended: %q", after)
	}
}

func TestCheckedText(t *testing.T) {
	text, err := charmap.Windows1252.NewEncoder().String("id;provider;subject;template;signer1.name;signer1.email\r\n1;certyneo;\"Locação; nº 1\";t;João;joao@\r\n2;certyneo;s;t;=Ana;ana@example.com\r\n")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "june.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteChecked(t.Context(), path, Options{}, &b); err != nil {
		t.Fatal(err)
	}
	lines, was := strings.Split(b.String(), "\r\n"), strings.Split(text, "\r\n")
	if len(lines) != len(was) {
		t.Fatalf("%q", lines)
	}
	for i := range was {
		if !strings.HasPrefix(lines[i], was[i]) {
			t.Errorf("line %d is %q, was %q", i+1, lines[i], was[i])
		}
	}
	if !strings.HasSuffix(lines[0], ";check.problems") || !strings.Contains(lines[1], ";\"signer1.email: ") {
		t.Errorf("%q", lines)
	}
}

// TestCheckedHeader: what is wrong with the header stands in the header's row, and nobody's row has it.
func TestCheckedHeader(t *testing.T) {
	header := []any{"id", "provider", "subject", "template", "signer1.name", "signer1.email", "Aluguel; mês"}
	row := []any{"1", "certyneo", "Lease", "t1", "Ana", "ana@example.com", "900"}
	dir := t.TempDir()
	text := filepath.Join(dir, "june.csv")
	if err := os.WriteFile(text, []byte("id;provider;subject;template;signer1.name;signer1.email;\"Aluguel; mês\"\n1;certyneo;Lease;t1;Ana;ana@example.com;900\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sheet := book(t, "june.xlsx", func(f *excelize.File) { cells(t, f, [][]any{header, row}) })
	for _, path := range []string{text, sheet} {
		was, _ := problemsOf(t, path)
		for round := range 2 { // the checked file is checked again
			var b bytes.Buffer
			if err := WriteChecked(t.Context(), path, Options{}, &b); err != nil {
				t.Fatal(err)
			}
			path = filepath.Join(dir, "june.checked"+filepath.Ext(path))
			if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if last := r.Header()[len(r.Header())-1]; len(r.Header()) != len(header)+1 || last != "check.problems: Aluguel; mês: is not a known column" {
				t.Errorf("round %d of %s: %q", round, path, r.Header())
			}
			for row, err := range r.Rows(t.Context()) {
				if raw := row.Raw(); err != nil || len(raw) > len(header) && raw[len(header)] != "" {
					t.Errorf("round %d of %s: %q, %v", round, path, raw, err)
				}
			}
			r.Close()
			if now, _ := problemsOf(t, path); strings.Join(now, ",") != strings.Join(was, ",") || len(now) != 1 {
				t.Errorf("round %d of %s: %q, was %q", round, path, now, was)
			}
		}
	}
}

// TestRejectedWorkbook mends nothing: the rejected rows are read as they were, days too, and the same
// rows make the same file.
func TestRejectedWorkbook(t *testing.T) {
	path := wrongBook(t)
	for range 2 {
		r, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		rejected := NewRejected(r)
		for row, err := range r.Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if len(row.Problems) > 0 {
				if err := rejected.Write(row); err != nil {
					t.Fatal(err)
				}
			}
		}
		left, err := rejected.Close(t.Context())
		if err != nil || left.Rows != 1 || left.Kept || filepath.Base(left.Path) != "june.rejected.xlsx" {
			t.Fatalf("%+v, %v", left, err)
		}
		r.Close()
	}
	again, err := Open(RejectedPath(path), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	n := 0
	for row, err := range again.Rows(t.Context()) {
		n++
		if err != nil || row.Envelope.ID != "1" || row.Envelope.Expires.Date != "2030-12-31" || len(row.Problems) != 1 || again.Campaign() != "june" {
			t.Errorf("%+v, %v", row, err)
		}
	}
	if n != 1 {
		t.Errorf("%d rows", n)
	}
}

// TestRejectedWorkbookIsNoBetter: what was refused for a cell without a value is refused again while
// nobody mends it, and a row that cannot be split leaves a workbook.
func TestRejectedWorkbookIsNoBetter(t *testing.T) {
	path := book(t, "june.xlsx", func(f *excelize.File) {
		names := append(append([]any{}, people...), "signer2.name", "signer2.email")
		good := func(id string) []any {
			return []any{id, "certyneo", "Lease", "t1", "2030-12-31", "Ana", "ana@example.com", "", nil, "x", "Bia", "bia@example.com"}
		}
		cells(t, f, [][]any{names, good("1"), good("2"), good("3"), good("4")})
		for _, at := range []string{"K2", "L2", "E3"} { // a second signer and a deadline, as formulas that were not saved
			_ = f.SetCellFormula("Sheet1", at, "Notes!A1")
		}
		_ = f.SetCellValue("Sheet1", "C4", 12345678901234567)
		_ = f.SetCellStr("Sheet1", "XFD5", "note")
	})
	good, left := reject(t, path)
	if len(good) != 0 || left.Rows != 4 || left.Kept {
		t.Fatalf("good %q, left %+v", good, left)
	}
	good, again := reject(t, left.Path)
	if len(good) != 0 || again.Rows != 4 {
		t.Errorf("without mending, %q are taken, %+v", good, again)
	}
	if _, left = reject(t, path); left.Kept {
		t.Error("the same rows again are somebody's work")
	}
}

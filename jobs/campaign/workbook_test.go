package campaign

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// book writes a workbook and returns its path.
func book(t *testing.T, name string, fill func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	path := filepath.Join(t.TempDir(), name)
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// cells writes rows from A1 on.
func cells(t *testing.T, f *excelize.File, rows [][]any) {
	t.Helper()
	for i, row := range rows {
		at, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", at, &row); err != nil {
			t.Fatal(err)
		}
	}
}

func style(t *testing.T, f *excelize.File, at string, s excelize.Style) {
	t.Helper()
	id, err := f.NewStyle(&s)
	if err == nil {
		err = f.SetCellStyle("Sheet1", at, at, id)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestWorkbookIsReadAsItsCSV reads the sample campaign both ways.
func TestWorkbookIsReadAsItsCSV(t *testing.T) {
	in, err := os.Open(filepath.Join(samples, "campaign.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	records, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	path := book(t, "campaign.xlsx", func(f *excelize.File) {
		for i, record := range records {
			for j, value := range record {
				at, _ := excelize.CoordinatesToCellName(j+1, i+1)
				_ = f.SetCellStr("Sheet1", at, value)
			}
		}
	})
	documents := NewFolder(samples, nil).Document
	want := rows(t, filepath.Join(samples, "campaign.csv"), Options{Document: documents})
	got := rows(t, path, Options{Document: documents})
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		for _, e := range [][]Row{got, want} {
			for j := range e[i].Envelope.Documents {
				e[i].Envelope.Documents[j].Open = nil
			}
			for j := range e[i].Envelope.Signers {
				e[i].Envelope.Signers[j].IDFront, e[i].Envelope.Signers[j].IDBack = nil, nil
			}
		}
		if !reflect.DeepEqual(got[i].Envelope, want[i].Envelope) {
			t.Errorf("row %d:\ngot  %+v\nwant %+v", i, got[i].Envelope, want[i].Envelope)
		}
	}
}

// people is the header of a campaign by template, so that no document is needed.
var people = []any{"id", "provider", "subject", "template", "expires", "signer1.name", "signer1.email", "signer1.document", "signer1.birthdate", "field.start"}

func TestWorkbookValues(t *testing.T) {
	path := book(t, "june.xlsx", func(f *excelize.File) {
		cells(t, f, [][]any{people, {1001, "certyneo", "Lease", "t1", 47848, "Ana", "ana@example.com", 1234567890, 29221, 47848}})
		zeros := "00000000000"
		american := "mm/dd/yyyy"
		style(t, f, "E2", excelize.Style{CustomNumFmt: &american})
		style(t, f, "H2", excelize.Style{CustomNumFmt: &zeros})
		style(t, f, "I2", excelize.Style{NumFmt: 14})
		style(t, f, "J2", excelize.Style{NumFmt: 14})
	})
	r, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		e := row.Envelope
		if e.ID != "1001" || e.Expires.Date != "2030-12-31" || e.Signers[0].Birthdate != "1980-01-01" || e.Fields["start"] != "31/12/2030" {
			t.Errorf("got %+v", e)
		}
		if e.Signers[0].Document != "01234567890" {
			t.Errorf("document %q", e.Signers[0].Document)
		}
	}
}

func TestWorkbookProblems(t *testing.T) {
	path := book(t, "june.xlsx", func(f *excelize.File) {
		cells(t, f, [][]any{people,
			{"1", "certyneo", "Lease", "t1", "", nil, "ana@example.com"},
			{"2", "certyneo", "Lease", "t1", "", "Bia", "bia@example.com"},
			{"3", "certyneo", "Lease"},
			{"4", "certyneo", "Lease", "t1", "", "Caio", "caio@example.com"},
		})
		_ = f.SetCellFormula("Sheet1", "F2", "A1")
		_ = f.SetRowVisible("Sheet1", 3, false)
		_ = f.MergeCell("Sheet1", "C3", "C4")
	})
	var found []string
	if _, err := Check(t.Context(), []string{path}, Options{}, func(p Problem) {
		found = append(found, strings.TrimPrefix(p.String(), path))
	}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{": C3: the cells C3:C4 are merged", "signer1.name (F2): is a formula", "does not show this row", "document (row 4): is required", "subject"} {
		if i >= len(found) || !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("no problem %q in %q", want, found)
		}
	}
}

func TestWorkbookThatIsCut(t *testing.T) {
	path := book(t, "june.xlsx", func(f *excelize.File) { cells(t, f, [][]any{people}) })
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"cut off": data[:len(data)/2], "xls": []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest")} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		sum, err := Check(t.Context(), []string{path}, Options{}, func(p Problem) {
			if !strings.Contains(p.Message.String(), "copied or downloaded") && !strings.Contains(p.Message.String(), "save it as .xlsx") {
				t.Errorf("%s: %s", name, p.Message.String())
			}
		})
		if err != nil || sum.Refused != 1 || sum.Problems != 1 {
			t.Errorf("%s: %+v, %v", name, sum, err)
		}
	}
}

// TestHiddenColumnsAreSaid once, for they are read as any other.
func TestHiddenColumnsAreSaid(t *testing.T) {
	path := book(t, "june.xlsx", func(f *excelize.File) {
		cells(t, f, [][]any{people, {"1", "certyneo", "Lease", "t1", "", "Ana", "ana@example.com"}, {"2", "certyneo", "Lease", "t1", "", "Bia", "bia@example.com"}})
		_ = f.SetColVisible("Sheet1", "C:D", false)
		_ = f.SetColVisible("Sheet1", "T", false)
	})
	var said []string
	if _, err := Check(t.Context(), []string{path}, Options{Read: func(r Reading) { said = append(said, r.String()) }}, func(p Problem) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}
	if len(said) != 1 || !strings.HasSuffix(said[0], "columns C, D are hidden, and are read, too") {
		t.Errorf("%q", said)
	}
}

// TestUnfoldedWorkbookIsReadAsTheWorkbook: what [Unfold] has written has the same header, rows and problems.
func TestUnfoldedWorkbookIsReadAsTheWorkbook(t *testing.T) {
	path := book(t, "june.xlsx", func(f *excelize.File) {
		cells(t, f, [][]any{people, {"1", "certyneo", "Lease", "t1", 47848, nil, "ana@example.com"}, {"2", "certyneo", "Lease", "t1", "", "Bia", "bia@example.com"}, {}, {"3"}})
		style(t, f, "E2", excelize.Style{NumFmt: 14})
		_ = f.SetCellFormula("Sheet1", "F2", "A1")
		_ = f.SetRowVisible("Sheet1", 3, false)
		_ = f.SetColVisible("Sheet1", "C", false)
		_ = f.MergeCell("Sheet1", "C3", "C4")
	})
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), "rows"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	values := 0
	u, err := Unfold(t.Context(), path, in, Options{}, out, func(n int) error { values += n; return nil })
	if err != nil || values == 0 {
		t.Fatal(values, err)
	}
	found := func(in io.ReadSeeker, u *Unfolded) (all []string) {
		r, err := NewReader(path, in, Options{Unfolded: u, Read: func(r Reading) { all = append(all, r.String()) }, Document: NewFolder(".", nil).Document})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		all = append(all, fmt.Sprint(r.Header(), r.Problems()))
		for row, err := range r.Rows(t.Context()) {
			all = append(all, fmt.Sprintf("%+v %v %v", row.Envelope, row.Problems, err))
		}
		return all
	}
	want, got := found(in, nil), found(out, u)
	if len(want) < 4 || !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

package campaign

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/chancela/chancela/providers/lang"
)

// TestReportAsWorkbook reads what was written: the user's columns first, text that is no formula,
// and times that are times.
func TestReportAsWorkbook(t *testing.T) {
	var b bytes.Buffer
	if err := WriteReport(&b, ReportStyle{Format: "xlsx"}, sequence(sampleReports(), nil)); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at, want := range map[string]string{
		"A1": "meta.order", "A2": "7", "A3": "", "B1": "id", "B2": "=1+1", "E2": "archived", "E3": "failed", "G3": "\t=cmd()", "M2": "2026-11-20 10:30:00", "B4": "3", "Q2": "june/1/dossier.pdf",
	} {
		if got, err := f.GetCellValue("Envelopes", at); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", at, got, err, want)
		}
		if formula, _ := f.GetCellFormula("Envelopes", at); formula != "" {
			t.Errorf("%s is a formula", at)
		}
	}
	if kind, _ := f.GetCellType("Envelopes", "M2"); kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString {
		t.Error("a time is text")
	}
	if width, _ := f.GetColWidth("Envelopes", "M"); width < momentWidth {
		t.Errorf("a time has room for %v characters", width)
	}
	for _, number := range []string{"A2", "B4"} { // text, though it looks like a number
		if kind, _ := f.GetCellType("Envelopes", number); kind != excelize.CellTypeInlineString {
			t.Errorf("%s is of type %v", number, kind)
		}
	}
	if panes, _ := f.GetPanes("Envelopes"); !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the heading does not stay: %+v", panes)
	}
	if tables, _ := f.GetTables("Envelopes"); len(tables) != 1 || tables[0].Range != "A1:V4" {
		t.Errorf("the table that can be filtered: %+v", tables)
	}
	b.Reset()
	if err := WriteReport(&b, ReportStyle{Format: "xlsx"}, sequence(nil, nil)); err != nil {
		t.Errorf("no rows: %v", err)
	}
}

// TestWorkbookInPortuguese: what people read is in their language, and their own columns are theirs.
func TestWorkbookInPortuguese(t *testing.T) {
	var b bytes.Buffer
	reports := sampleReports()
	reports[2].Simulated = true
	if err := WriteReport(&b, ReportStyle{Format: "xlsx", Language: lang.Portuguese}, sequence(reports, nil)); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at, want := range map[string]string{"A1": "meta.order", "C1": "assunto", "E1": "situação", "E2": "arquivado", "E3": "falhou", "N1": "enviado em", "J3": "", "S4": "sim, ninguém foi convidado"} {
		if got, err := f.GetCellValue("Envelopes", at); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", at, got, err, want)
		}
	}
	if got, _ := f.GetCellValue("Envelopes", "J2"); !strings.Contains(got, "Bia: não assinou") {
		t.Errorf("the signers are %q", got)
	}
}

// TestWorkbookHasTimesOfItsZone: times are numbers that are shown as a date of the report's zone, which
// is named.
func TestWorkbookHasTimesOfItsZone(t *testing.T) {
	zone := time.FixedZone("America/Sao_Paulo", -3*60*60)
	for language, want := range map[lang.Language]string{lang.English: "2026-11-20 07:30:00", lang.Portuguese: "20/11/2026 07:30:00"} {
		var b bytes.Buffer
		if err := WriteReport(&b, ReportStyle{Format: "xlsx", Language: language, Zone: zone}, sequence(sampleReports(), nil)); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got, _ := f.GetCellValue("Envelopes", "M2"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if raw, _ := f.GetCellValue("Envelopes", "M2", excelize.Options{RawCellValue: true}); !strings.HasPrefix(raw, "46346.3125") {
			t.Errorf("the number of the time is %s", raw)
		}
		if got, _ := f.GetCellValue("Envelopes", "V2"); got != "America/Sao_Paulo" {
			t.Errorf("the zone is %q", got)
		}
	}
}

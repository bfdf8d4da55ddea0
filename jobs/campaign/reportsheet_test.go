package campaign

import (
	"bytes"
	"strings"
	"testing"

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
		if got, err := f.GetCellValue("Sheet1", at); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", at, got, err, want)
		}
		if formula, _ := f.GetCellFormula("Sheet1", at); formula != "" {
			t.Errorf("%s is a formula", at)
		}
	}
	if kind, _ := f.GetCellType("Sheet1", "M2"); kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString {
		t.Error("a time is text")
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
		if got, err := f.GetCellValue("Sheet1", at); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", at, got, err, want)
		}
	}
	if got, _ := f.GetCellValue("Sheet1", "J2"); !strings.Contains(got, "Bia: não assinou") {
		t.Errorf("the signers are %q", got)
	}
}

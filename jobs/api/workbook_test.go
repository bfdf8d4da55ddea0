package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestWorkbookThatBreaksOffIsRefused: what is wrong below a good header is the sender's mistake.
func TestWorkbookThatBreaksOffIsRefused(t *testing.T) {
	s := newStack(t, nil)
	f := excelize.NewFile()
	row := []any{"id", "provider", "subject", "template", "signer1.name", "signer1.email"}
	if err := f.SetSheetRow("Sheet1", "A1", &row); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		at, _ := excelize.CoordinatesToCellName(excelize.MaxColumns, i+2)
		if err := f.SetCellStr("Sheet1", at, "x"); err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	p := s.postForm("/v1/campaigns", file{"campaign", "", "june"}, file{"file", "june.xlsx", b.String()}).problem(t, http.StatusUnprocessableEntity)
	if !strings.Contains(p.Detail, "cannot be read to its end: the sheet has too many empty cells") {
		t.Error(p.Detail)
	}
}

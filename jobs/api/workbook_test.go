package api

import (
	"net/http"
	"strings"
	"testing"
)

// TestWorkbookThatBreaksOffIsRefused: what is wrong below a good header is the sender's mistake.
func TestWorkbookThatBreaksOffIsRefused(t *testing.T) {
	costsAreOwn(t)
	s := newStack(t, nil)
	far := strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, 500)
	data := workbook{sheet: textRow("id", "provider", "subject", "template", "signer1.name", "signer1.email") + far}.write(t)
	p := s.postForm("/v1/campaigns", file{"campaign", "", "june"}, file{"file", "june.xlsx", data}).problem(t, http.StatusUnprocessableEntity)
	if !strings.Contains(p.Detail, "cannot be read to its end: the sheet has too many empty cells") {
		t.Error(p.Detail)
	}
}

package campaign

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/lang"
)

// A problem names the cell as the spreadsheet shows it, also where its rows are not the
// file's lines: a line sep= is none, a value with a line break is one cell, and an empty
// line is a row.
func TestProblemsNameTheCell(t *testing.T) {
	header := strings.TrimSuffix(strings.ReplaceAll(head, ",", ";"), "\n")
	for text, want := range map[string]string{
		head + "1,certyneo,Contract,a.pdf,Ana,\n":                                          "2:31: signer1.email (F2): an e-mail",
		"sep=;\n" + header + "\n1;certyneo;Contract;a.pdf;Ana;\n":                          "3:31: signer1.email (F2): an e-mail",
		head + "1,certyneo,C,\"a\nb.pdf\",,a@b.co\n":                                       "3:8: signer1.name (E2): is required",
		head + "\n\n1,certyneo,Contract,a.pdf,Ana,\n":                                      "4:31: signer1.email (F4): an e-mail",
		"\n" + head + "1,certyneo,Contract,a.pdf,,b@example.com\n":                         "3:27: signer1.name (E3): is required",
		head + "1,certyneo,Contract\n":                                                     "2:20: document (D2): is required",
		strings.TrimSuffix(head, "\n") + strings.Repeat(",", 20) + ",x\n":                  "1:77: x (AA1): is not a known column",
		head + "1,certyneo,C,a.pdf,Ana,a@example.com\n2,sdoc,C,a.pdf,A,b@b.co,":            "",
		head + "\"1\n\",certyneo,C,a.pdf,Ana,a@example.com\n2,sdoc,C,a.pdf,A,b@b.co,,x":    "4:1: row 3: the row has 8 values",
		head + "\n1,certyneo,C,a.pdf,Ana,a@example.com\n\"1\n\",sdoc,C,a.pdf,A,b@b.co":     "4:1: id (A4): the same id stands in line 3 of june.csv",
		head + "\"1\n\",certyneo,C,a.pdf,Ana,a@example.com\n1,sdoc,C,a.pdf,A,b@b.co":       "4:1: id (A3): the same id stands in line 2 of june.csv",
		"sep=,\n" + head + "1,certyneo,C,a.pdf,Ana,a@example.com\n1,sdoc,C,a.pdf,A,b@b.co": "4:1: id (A3): the same id stands in line 3 of june.csv (row 2 of the spreadsheet)",
	} {
		r, err := NewReader("june.csv", strings.NewReader(text), Options{Document: anyDocument})
		if err != nil {
			t.Fatal(err)
		}
		problems := r.Problems()
		for row, err := range r.Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			problems = append(problems, row.Problems...)
		}
		found := slices.ContainsFunc(problems, func(p Problem) bool { return strings.HasPrefix(p.String(), "june.csv:"+want) })
		if want == "" && len(problems) > 0 || want != "" && !found {
			t.Errorf("%q:\ngot  %v\nwant %s", text, problems, want)
		}
	}
}

func TestProblemsAsJSON(t *testing.T) {
	p := Problem{File: "june.csv", Line: 16, Column: 9, Row: 14, Cell: "C14", Name: "subject", Message: lang.Plain("is required")}
	got, err := json.Marshal(p)
	if want := `{"file":"june.csv","line":16,"column":9,"row":14,"cell":"C14","name":"subject","message":"is required"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

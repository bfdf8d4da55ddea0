package campaign

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// What is taken of a row is what a person meant; all else is refused with the cause, once.
// The golden file has a line for every row of every file.
func TestCasesRowByRow(t *testing.T) {
	var got strings.Builder
	for _, folder := range []string{"08-cpf", "09-phones", "10-emails", "11-sheet-errors", "14-rejected"} {
		for _, file := range caseFiles(t, folder) {
			fmt.Fprintln(&got, "==", filepath.ToSlash(file))
			for _, row := range caseRows(t, file) {
				for _, p := range row.Problems {
					fmt.Fprintf(&got, "%d refused %s (%s): %s\n", row.Number, p.Name, p.Cell, p.Message)
				}
				if len(row.Problems) == 0 {
					s := row.Envelope.Signers[0]
					fmt.Fprintf(&got, "%d taken %s\n", row.Number, cmp.Or(s.Document, s.Phone, s.Email+" "+s.Name+": "+row.Envelope.Subject))
				}
			}
		}
	}
	golden(t, "cases.golden", got.String())
}

func caseRows(t *testing.T, file string) []Row {
	t.Helper()
	r, err := Open(filepath.Join(cases, file), Options{Document: NewFolder(cases, nil).Document})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Problems()) > 0 {
		t.Fatal(r.Problems())
	}
	var all []Row
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// The same people with the same documents a second time are said, with both rows, and are
// no mistake.
func TestRepeatedInvitationsAreTold(t *testing.T) {
	file := write(t, "june.csv", head+line("1")+"2,sdoc,Other,a.pdf,Ana B,ANA@example.com\n3,certyneo,C,a.pdf,Bia,bia@example.com\n")
	again := write(t, "july.csv", head+"9,certyneo,C,a.pdf,Ana,ana@example.com\n")
	for campaign, want := range map[string]int{"one": 2, "": 1} {
		var got []string
		s, err := Check(t.Context(), []string{file, again}, Options{Campaign: campaign, Document: anyDocument, Repeated: func(p Problem) { got = append(got, p.String()) }},
			func(p Problem) { t.Error(p) })
		if err != nil || !s.OK() || len(got) != want {
			t.Fatalf("%q: %v %+v %q", campaign, err, s, got)
		}
		if want := file + ":3:1: id (A3): asks the same people to sign the same documents as line 2 of " + file + ": remove one of the two rows, unless both are meant"; got[0] != want {
			t.Errorf("got  %s\nwant %s", got[0], want)
		}
	}
}

func TestLeftIsSaid(t *testing.T) {
	for want, l := range map[string]Left{
		"2 rows of june.csv not taken: they are in june.rejected.csv with the reasons, mend them there and run that file":                                                 {File: "june.csv", Rows: 2, Path: "june.rejected.csv"},
		"1 row of june.rejected.csv not taken, and still there: mend it, and run that file again":                                                                         {File: "june.rejected.csv", Rows: 1, Path: "june.rejected.csv", Kept: true},
		"1 row of june.csv not taken, and not written to june.rejected.csv, which somebody has changed: mend that file and run it, or rename it, then run june.csv again": {File: "june.csv", Rows: 1, Path: "june.rejected.csv", Kept: true},
		"2 rows of june.csv not taken: they are in june.rejected.csv with the reasons, mend them there and run that file; of 1 the campaign has the id by now":            {File: "june.csv", Rows: 2, Path: "june.rejected.csv", Known: 1},
		"2 rows of june.csv not taken, but the campaign has their ids by now, as when they were mended in june.rejected.csv and run: nothing is left to do for them":      {File: "june.csv", Rows: 2, Path: "june.rejected.csv", Kept: true, Known: 2},
		"1 row of june.csv not taken, but the campaign has its id by now, as when it was mended in june.rejected.csv and run: nothing is left to do for it":               {File: "june.csv", Rows: 1, Path: "june.rejected.csv", Kept: true, Known: 1},
	} {
		if got := l.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

package pages

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/qisign"
	"github.com/chancela/chancela/providers/rest"
)

// twoProviders are one that wants dates of birth and one that does not.
func twoProviders(t *testing.T) []providers.Provider {
	t.Helper()
	settings := rest.Settings{BaseURL: "http://127.0.0.1:1/api/v1", APIKey: "provider-key", WebhookSecret: "hook-secret", Pacer: pace.Unlimited{}}
	one, err1 := certyneo.New(settings)
	other, err2 := qisign.New(settings)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return []providers.Provider{one, other}
}

// sheetOf is an empty sheet as a file: its headings, and the columns that they are understood as.
func (v *visitor) sheetOf(address string) (file string, headings, columns []string) {
	v.t.Helper()
	res := v.get(address)
	res.want(v.t, http.StatusOK)
	path, _, _ := strings.Cut(address, "?")
	file = filepath.Join(v.t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(file, []byte(res.text), 0o600); err != nil {
		v.t.Fatal(err)
	}
	var read campaign.Reading
	r, err := campaign.Open(file, campaign.Options{Campaign: "june", Read: func(x campaign.Reading) { read = x }})
	if err != nil {
		v.t.Fatal(err)
	}
	defer r.Close()
	for row, err := range r.Rows(v.t.Context()) {
		v.t.Errorf("%s: there is a row: %+v, %v", address, row, err)
	}
	for _, n := range read.All {
		headings, columns = append(headings, n.Heading), append(columns, n.Column)
	}
	return file, headings, columns
}

// The empty sheets have the same headings as text and as a workbook, in the person's language, and
// those are understood as the columns of the English ones. What the provider wants is among them.
func TestEmptySheetsBelongTogether(t *testing.T) {
	v := newSiteOf(t, twoProviders(t)).visitor()
	for _, of := range []string{"", "?provider=certyneo", "?provider=qisign"} {
		v.lang = "en"
		_, _, english := v.sheetOf("/send/sheet.csv" + of)
		v.lang = "pt-BR"
		_, text, columns := v.sheetOf("/send/sheet.csv" + of)
		_, book, same := v.sheetOf("/send/sheet.xlsx" + of)
		if !slices.Equal(text, book) || !slices.Equal(columns, english) || !slices.Equal(columns, same) || slices.Contains(columns, "") {
			t.Errorf("%s: %q as text, %q as a workbook, understood as %q and %q, want %q", of, text, book, columns, same, english)
		}
		if !strings.HasPrefix(strings.Join(text, ";"), "Código *;Provedor *;Assunto *;") {
			t.Errorf("%s begins %q", of, text)
		}
		if of != "?provider=certyneo" && (!slices.Contains(columns, "signer1.birthdate") || !slices.Contains(columns, "signer2.birthdate")) {
			t.Errorf("%s: no date of birth among %q", of, columns)
		}
	}
}

// The workbook's notes and its second sheet name a column as the sheet and as the command line do.
func TestWorkbookNamesBoth(t *testing.T) {
	v := newSiteOf(t, twoProviders(t)).visitor()
	v.lang = "pt-BR"
	file, headings, columns := v.sheetOf("/send/sheet.xlsx")
	f, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Colunas")
	if err != nil || len(rows) != len(columns)+1 {
		t.Fatalf("%q %v", rows, err)
	}
	notes, err := f.GetComments("Envelopes")
	if err != nil || len(notes) != len(columns) {
		t.Fatalf("%+v %v", notes, err)
	}
	for i, column := range columns {
		if row := rows[i+1]; len(row) != 5 || row[0] != strings.TrimSuffix(headings[i], " *") || row[4] != column {
			t.Errorf("%s: %q", column, row)
		}
		if !slices.ContainsFunc(notes, func(c excelize.Comment) bool { return strings.Contains(c.Text, column+": ") }) {
			t.Errorf("no note names %s", column)
		}
	}
	birth := slices.Index(columns, "signer1.birthdate")
	if rows[birth+1][1] != "qisign" || headings[birth] != "Data de nascimento do signatário 1" {
		t.Errorf("%q", rows[birth+1])
	}
}

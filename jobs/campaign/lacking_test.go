package campaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// A column that a provider asks for and the file has not is one mistake, of the header: no date is
// wrong where there is none. Every row is bad nevertheless.
func TestAColumnThatAProviderAsksForIsMissingOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "june.csv")
	sheet := "id,provider,subject,document,signer1.name,signer1.email,signer1.document\n" +
		strings.Repeat("ID,certyneo,Contrato,a.pdf,Ana Souza Lima,ana@example.com,529.982.247-25\n", 3)
	for _, id := range []string{"1", "2", "3"} {
		sheet = strings.Replace(sheet, "ID", id, 1)
	}
	if err := os.WriteFile(path, []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	options := Options{Document: anyDocument, Judge: intake.NewJudge([]providers.Provider{strict{check: func(e providers.Envelope) error {
		var p providers.Problems
		if e.Signers[0].Birthdate != "1992-09-15" {
			p.Add("signer1.birthdate", "must be a date such as 1992-09-15: qisign asks for it")
		}
		return p
	}}}, nil, nil)}
	var all []Problem
	sum, err := Check(t.Context(), []string{path}, options, func(p Problem) { all = append(all, p) })
	if err != nil || sum.Bad != 3 || sum.Good != 0 || sum.Problems != 1 || len(all) != 1 {
		t.Fatalf("%+v %v %v", sum, all, err)
	}
	if got := all[0].String(); got != path+":1:1: signer1.birthdate: this column is missing: must be a date such as 1992-09-15: qisign asks for it" {
		t.Error(got)
	}
	if got := lang.Portuguese.Say(all[0].Message); got != "falta esta coluna: deve ser uma data como 15/09/1992: qisign a exige" {
		t.Error(got)
	}
	// Where the column is there, and empty or wrong, each row is told.
	sheet = strings.ReplaceAll(strings.Replace(sheet, "signer1.document\n", "signer1.document,signer1.birthdate\n", 1), "247-25\n", "247-25,ontem\n")
	if err := os.WriteFile(path, []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	all = nil
	if _, err := Check(t.Context(), []string{path}, options, func(p Problem) { all = append(all, p) }); err != nil || len(all) != 3 {
		t.Errorf("%v %v", all, err)
	}
}

// A mistake of a whole row of a workbook says which row.
func TestARowOfAWorkbookIsNamed(t *testing.T) {
	p := Problem{File: "june.xlsx", Line: 3, Row: 3, Name: "signer1.email", Message: lang.Plain("is required")}
	if got := p.String(); got != "june.xlsx: signer1.email (row 3): is required" {
		t.Error(got)
	}
	if got := lang.Portuguese.Say(p); !strings.Contains(got, "signer1.email (linha 3): ") {
		t.Error(got)
	}
}

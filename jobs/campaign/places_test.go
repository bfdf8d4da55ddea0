package campaign

import (
	"reflect"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func TestPlacesOfARow(t *testing.T) {
	read := func(cell string) (providers.Envelope, []Problem) {
		header := "id,provider,subject,template,signer1.name,signer1.email,signer1.text,signer1.company,signer1.company_document\n"
		r, err := NewReader("june.csv", strings.NewReader(header+`1,catalisa,Contrato,tpl,Nívea Sabiá,nivea@example.com,"`+cell+`",Prova Ltda,11.222.333/0001-81`+"\n"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range r.Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			return row.Envelope, row.Problems
		}
		t.Fatal("no row")
		return providers.Envelope{}, nil
	}
	e, problems := read("1,72,90.5,180,20, Required ,Profissão, cargo|2,72,60,180,20|2,72,40,180,20,obs")
	want := []providers.Place{
		{Stamp: providers.Stamp{Page: 1, X: 72, Y: 90.5, Width: 180, Height: 20}, Required: true, Label: "Profissão, cargo"},
		{Stamp: providers.Stamp{Page: 2, X: 72, Y: 60, Width: 180, Height: 20}},
		{Stamp: providers.Stamp{Page: 2, X: 72, Y: 40, Width: 180, Height: 20}, Label: "obs"},
	}
	if len(problems) > 0 || !reflect.DeepEqual(e.Signers[0].Text, want) {
		t.Errorf("%v, %+v", problems, e.Signers[0].Text)
	}
	if s := e.Signers[0]; s.Company != "Prova Ltda" || s.CompanyDocument != "11222333000181" {
		t.Errorf("%+v", s)
	}
	for _, cell := range []string{"1,72,90,180", "1,72,90,180,20|", "a,72,90,180,20", "0,72,90,180,20", "1,72,90,0,20", strings.Repeat("1,1,1,1,1|", 100) + "1,1,1,1,1"} {
		if _, problems := read(cell); len(problems) != 1 || problems[0].Name != "signer1.text" || problems[0].Line != 2 {
			t.Errorf("%.40s: %v", cell, problems)
		}
	}
}

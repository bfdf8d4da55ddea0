package campaign

import (
	"os"
	"path/filepath"
	"testing"
)

// A pattern names a column as the sheet does, or as we do.
func TestPatternsByHeading(t *testing.T) {
	const sheet = "Contrato nº;template;Nome;E-mail;Valor (R$)\n7;t;Ana;a@example.com;9\n"
	columns, err := ParseColumns([]string{"meta.contract=Contrato nº", "meta.valor=Valor (R$)"})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"{Contrato nº}": "", "{contrato no}": "", "CT-{CONTRATO Nº}": "", "{meta.contract}": "", "CT-{valor (r$)}": "",
		"CT-{valor}":       `id: is to be made of "valor", and no heading is that: did you mean "Valor (R$)"?` + "\n",
		"{Contarto nº}":    `id: is to be made of "contarto nº", and no heading is that: did you mean "Contrato nº"?` + "\n",
		"{Nada do gênero}": `id: is to be made of "nada do gênero", and no heading is that` + "\n",
	} {
		p, err := ParseID(id)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		subject, err := ParsePattern("Lease of {nome}")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a pattern is used for several files
			all, problems, _ := told(t, "june.csv", sheet, Options{Provider: "certyneo", Columns: columns, Patterns: Patterns{ID: p, Subject: subject}})
			if problems != want || want == "" && (all[0].Envelope.Subject != "Lease of Ana" || all[0].Envelope.ID == "") {
				t.Errorf("%s: %s%+v", id, problems, all[0].Envelope)
			}
		}
		if p.Headless() == nil && id != "{meta.contract}" {
			t.Errorf("%s is taken where there is no sheet", id)
		}
	}
	id, err := ParseID("{Bloco}")
	if err != nil {
		t.Fatal(err)
	}
	const unknown = "Bloco;subject;template;Nome;E-mail\n7;s;t;Ana;a@example.com\n"
	if _, problems, _ := told(t, "june.csv", unknown, Options{Provider: "certyneo", Patterns: Patterns{ID: id}}); problems != "Bloco: is not a known column\n" {
		t.Errorf("a heading that nobody knows is more than one mistake: %s", problems)
	}
}

// A heading with two meanings is the sender's own data where an id or a subject is made of it. One that may
// be somebody's is still asked about, and so is one that another column has the place of.
func TestPatternOfAnUnclearHeading(t *testing.T) {
	for _, test := range []struct{ header, id, problems string }{
		{"Contrato;subject;template;Nome;E-mail", "CT-{Contrato}", ""},
		{"CONTRATO;subject;template;Nome;E-mail", "CT-{contrato}", ""},
		{"Número;subject;template;Nome;E-mail", "CT-{numero}", ""},
		{"Contrato;subject;template;Nome;meta.contrato", "CT-{Contrato}", "Contrato: may mean id, subject or document: say which, as in --map \"id=Contrato\"\nsigner1.email: this column is missing\n"},
		{"Tipo;subject;template;Nome;E-mail", "CT-{Tipo}", "Tipo: may mean signer1.type or signer1.role: say which, as in --map \"signer1.type=Tipo\"\n"},
	} {
		id, err := ParseID(test.id)
		if err != nil {
			t.Fatal(err)
		}
		all, problems, _ := told(t, "june.csv", test.header+"\n7;s;t;Ana;a@example.com\n", Options{Provider: "certyneo", Patterns: Patterns{ID: id}})
		if problems != test.problems {
			t.Errorf("%s: %s", test.header, problems)
		}
		if e := all[0].Envelope; test.problems == "" && (e.ID != "CT-7" || len(e.Meta) != 1) {
			t.Errorf("%s: %+v", test.header, e)
		}
	}
}

// A copy of a file under another name is told where its headings are kept.
func TestKeptBeside(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "june (2).csv")
	for path, text := range map[string]string{"june.columns": "meta.bloco=bloco\nsigner2.name=nome\n", "may.columns": "meta.other=other\n", "a.columns": "nonsense\n"} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bloco, nome := Naming{"Bloco", ""}, Naming{"Nome", "signer1.name"}
	if got := KeptBeside(Reading{File: file, All: []Naming{bloco, nome}}); got != filepath.Join(dir, "june.columns") {
		t.Errorf("got %q", got)
	}
	for name, all := range map[string][]Naming{"another sheet": {bloco}, "understood so": {{"Bloco", "meta.bloco"}, {"Nome", "signer2.name"}}} {
		if got := KeptBeside(Reading{File: file, All: all}); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := KeptBeside(Reading{File: filepath.Join(dir, "june.csv"), All: []Naming{bloco, nome}}); got != "" {
		t.Errorf("a file with its own: %q", got)
	}
}

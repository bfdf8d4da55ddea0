package campaign

import (
	"strings"
	"testing"
)

// Headings that differ in their punctuation alone are told apart: the exact one is meant, and what
// may be two of them is refused.
func TestHeadingsThatAreAlike(t *testing.T) {
	const sheet = "id;subject;template;nome;email;Valor (R$);Valor (%);Taxa $;Taxa %\n1;s;t;Ana;a@example.com;1;2;3;4\n"
	for entries, want := range map[string]string{
		"meta.a=Valor (R$)|meta.b=valor  (%)|meta.c=Taxa %|meta.d=TAXA $":               "",
		"meta.a=Valor|meta.c=Taxa %|meta.d=Taxa $":                                      `said to be meta.a, may be "Valor (R$)" or "Valor (%)": write it as it stands there`,
		"meta.a=Valor (R$)|meta.b=Valor (%)|meta.c=taxa":                                `said to be meta.c, may be "Taxa $" or "Taxa %"`,
		"meta.a=Valor (R$)|meta.b=Valor (%)|meta.c=Taxa %|meta.d=Taxa $|meta.e=valor r": `the heading "Valor (R$)" is given two columns, meta.a and meta.e`,
		"meta.a=e-mail|signer1.phone=EMAIL":                                             `the heading "email" is given two columns`,
	} {
		columns, err := ParseColumns(strings.Split(entries, "|"))
		if err != nil {
			t.Fatal(err)
		}
		all, problems, _ := told(t, "june.csv", sheet, Options{Provider: "certyneo", Columns: columns})
		if want != "" {
			if !strings.Contains(problems, want) {
				t.Errorf("%s: no %q in %s", entries, want, problems)
			}
			continue
		}
		if m := all[0].Envelope.Meta; entries[:6] == "meta.a" && (problems != "" || m["a"] != "1" || m["b"] != "2" || m["c"] != "4" || m["d"] != "3") {
			t.Errorf("%s: %v, %s", entries, m, problems)
		}
	}
}

// Messages name what exists where the options are said.
func TestWhereOptionsAreSaid(t *testing.T) {
	const sheet = "nome;email;Tipo;Foo;DNI\nAna;a@example.com;x;1;2\n"
	for where, want := range map[Told][]string{
		ByFlags:  {`say which, as in --map "signer1.type=Tipo"`, "Foo: is not a known column\n", "id: this column is missing\n"},
		ByFields: {"say which, as in the field map with signer1.type=Tipo", "map with signer1.name=Foo", "id: this column is missing; or send the field id", "as in the field map with meta.dni=DNI"},
		ByPage:   {`say which (under "How the sheet is read")`, `Foo: is not a known column: say what it is, under "How`, `provider: this column is missing; or choose one for all rows, under "Name and provider"`},
	} {
		_, problems, _ := told(t, "june.csv", sheet, Options{Told: where})
		for _, w := range want {
			if !strings.Contains(problems, w) {
				t.Errorf("%d: no %q in\n%s", where, w, problems)
			}
		}
		if where != ByFlags && strings.Contains(problems, "--") {
			t.Errorf("%d: a flag in\n%s", where, problems)
		}
	}
}

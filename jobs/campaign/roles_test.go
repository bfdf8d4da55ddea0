package campaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A person named by a role is the signer where nobody else is named; else nothing is guessed.
func TestRolesAreReadWhereOnlyOnePersonIsNamed(t *testing.T) {
	for header, want := range map[string]string{
		"Nome do locatário;E-mail do locatário;CPF do locatário":      "signer1.name signer1.email signer1.document",
		"Nome do inquilino;E-mail da inquilina;CPF":                   "", // may be two
		"Nome do(a) inquilino(a);E-mail;CPF do inquilino":             "signer1.name signer1.email signer1.document",
		"Nome do inquilino;E-mail do inquilino;Telefone do inquilino": "signer1.name signer1.email signer1.phone",
		"Nome completo da locatária;Celular;E-mail":                   "signer1.name signer1.phone signer1.email",
		"Nome do cliente;E-mail do cliente;Telefone do Cliente":       "signer1.name signer1.email signer1.phone",
		"Nome del arrendatario;Correo del arrendatario":               "signer1.name signer1.email",
		"Nome do locatário;E-mail do locatário;Nome do fiador":        "",
		"Nome;E-mail do corretor":                                     "",
		"Cliente;E-mail do vendedor":                                  "",
		"E-mail do corretor;Telefone":                                 "",
		"Nome do locatário;E-mail do corretor":                        "",
		"signer1.name;E-mail do cliente;Nome do cliente":              "",
		"Nome do locatário;E-mail;Nome 2":                             "",
	} {
		r := &Reader{told: map[string]string{}}
		var rec record
		for text := range strings.SplitSeq(header, ";") {
			rec.cells = append(rec.cells, cell{text: text})
		}
		r.ownSigners = namesSigners(rec)
		r.role = r.onlyRole(rec)
		var got []string
		for _, c := range rec.cells {
			if col, ok := r.column(c.text); ok {
				got = append(got, col.name)
			}
		}
		if want == "" && r.role != "" || want != "" && strings.Join(got, " ") != want {
			t.Errorf("%s: %q, role %q", header, got, r.role)
		}
	}
}

func TestOneRoleIsReadAndSaid(t *testing.T) {
	const sheet = "id;subject;template;Nome do locatário;E-mail do locatário\n1;s;t;Ana;ana@example.com\n"
	all, problems, read := told(t, "june.csv", sheet, Options{Provider: "certyneo"})
	if problems != "" || len(all) != 1 || all[0].Envelope.Signers[0].Email != "ana@example.com" || read != `"Nome do locatário" is signer 1's name, "E-mail do locatário" is signer 1's e-mail` {
		t.Errorf("%q %q %+v", problems, read, all)
	}
}

// What two roles may mean is proposed as a whole, and not done.
func TestTwoRolesAreProposed(t *testing.T) {
	var got Reading
	path := filepath.Join(t.TempDir(), "june.csv")
	sheet := "id;subject;template;Nome do locatário;E-mail do locatário;Nome do fiador;E-mail do fiador;Garagem\n1;s;t;Ana;a@example.com;Rui;r@example.com;7\n"
	if err := os.WriteFile(path, []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, Options{Provider: "certyneo", Read: func(read Reading) { got = read }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var likely []string
	for _, n := range got.Likely {
		likely = append(likely, n.Column+"="+n.Heading)
	}
	want := "signer1.name=Nome do locatário|signer1.email=E-mail do locatário|signer2.name=Nome do fiador|signer2.email=E-mail do fiador|meta.garagem=Garagem"
	if strings.Join(likely, "|") != want {
		t.Error(likely)
	}
	if columns, err := ParseColumns(likely); err != nil {
		t.Error(err)
	} else if all, problems, _ := told(t, "june.csv", sheet, Options{Provider: "certyneo", Columns: columns}); problems != "" || len(all[0].Envelope.Signers) != 2 {
		t.Errorf("%s %+v", problems, all)
	}
}

// An id is made of what tells the rows apart and stays with them.
func TestDistinctColumn(t *testing.T) {
	for sheet, want := range map[string]string{
		"Contrato nº;Nome;CPF;Arquivo\n2026-1;Ana;529.982.247-25;a.pdf\n2026-2;Bia;111.444.777-35;b.pdf\n": "meta.contratono=Contrato nº",
		"Contrato nº;Nome;CPF;Arquivo\n2026-1;Ana;529.982.247-25;a.pdf\n2026-1;Bia;111.444.777-35;b.pdf\n": "document=Arquivo",
		"Contrato nº;Nome;CPF;Arquivo\n;Ana;529.982.247-25;a.pdf\n2026-1;Bia;111.444.777-35;a.pdf\n":       "signer1.document=CPF",
		"Nome;CPF;Arquivo\nAna;529.982.247-25;a.pdf\nAna;52998224725;a.pdf\n":                              "",
		"Contrato;Nome;CPF\n2026/1;Ana;529.982.247-25\n2026/2;Bia;111.444.777-35\n":                        "meta.contrato=Contrato with - for /",
		"Contrato;Nome;CPF\n2026/1;Ana;529.982.247-25\n2026-1;Bia;111.444.777-35\n":                        "signer1.document=CPF",
		"Código (novo);Nome;CPF\nA1;Ana;529.982.247-25\nA2;Bia;111.444.777-35\n":                           "meta.codigo=Código (novo)",
		"Código (novo);Código (antigo);CPF\nA1;A0;529.982.247-25\nA2;A0;111.444.777-35\n":                  "meta.codigonovo=Código (novo)",
		"Nome;Valor;Arquivo\nAna;100;a.pdf\nBia;200;a.pdf\n":                                               "",
		"Contrato;Nome\n1;Ana\n": "",
	} {
		path := filepath.Join(t.TempDir(), "june.csv")
		if err := os.WriteFile(path, []byte(sheet), 0o600); err != nil {
			t.Fatal(err)
		}
		d, ok := DistinctColumn(path, Options{})
		got := d.Column + "=" + d.Heading
		if d.Slash {
			got += " with - for /"
		}
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s", sheet, got)
		}
	}
}

// A pattern of a column that the file has not is one mistake, of the pattern.
func TestAPatternOfNoColumnIsOneMistake(t *testing.T) {
	id, err := ParseID("{meta.contarto}")
	if err != nil {
		t.Fatal(err)
	}
	_, problems, _ := told(t, "june.csv", "meta.contrato;subject;template;nome;email\n1;s;t;Ana;a@example.com\n2;s;t;Bia;b@example.com\n", Options{Provider: "certyneo", Patterns: Patterns{ID: id}})
	if problems != "id: is to be made of meta.contarto, and no column is that: did you mean meta.contrato?\n" {
		t.Error(problems)
	}
}

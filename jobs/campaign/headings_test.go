package campaign

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/lang"
)

func TestHeadingsThatPeopleUse(t *testing.T) {
	for text, want := range map[string]string{
		"Nome": "signer1.name", "NOME COMPLETO": "signer1.name", "Razão Social": "signer1.name", "E-mail": "signer1.email", "e_mail": "signer1.email",
		"CPF/CNPJ": "signer1.document", "CPF ou CNPJ:": "signer1.document", "Nº do CPF": "signer1.document", "Telefone": "signer1.phone", "Teléfono": "signer1.phone",
		"Título": "subject", "Nº": "id", "N°": "id", "Matrícula": "id", "Código": "id", "Arquivo": "document", "PDF": "document",
		"Data de nascimento": "signer1.birthdate", "Dt. Nasc.": "signer1.birthdate", "Prazo": "expires", "Fecha límite": "expires", "Mensagem": "message",
		"Correo electrónico": "signer1.email", "Nombre y apellidos": "signer1.name", "Ordem": "signer1.order", "Papel": "signer1.role",
		"Nome 2": "signer2.name", "E-mail do signatário 2": "signer2.email", "nome do 2º signatário": "signer2.name", "2º signatário": "signer2.name",
		"Signatário 3 CPF": "signer3.document", "signatario2.nome": "signer2.name", "E-mail do signatário": "signer1.email", "Signatário": "signer1.name",
		"signer2.name *": "signer2.name", "id *": "id",
		// Not guessed:
		"Documento": "", "Tipo": "", "Contrato": "", "Vencimento": "", "RG": "", "DNI": "", "Testemunha 1": "", "Título 2": "", "Salário": "", "2": "", "": "",
	} {
		r := &Reader{}
		col, ok := r.column(text)
		if col.name != want && (want != "" || ok) {
			t.Errorf("%q is %q, want %q", text, col.name, want)
		}
	}
}

// told reads a file and returns its rows' envelopes, its header's problems and how it was read.
func told(t *testing.T, name, text string, options Options) (all []Row, problems, read string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	options.Read = func(r Reading) { read = strings.TrimPrefix(r.String(), path+": ") }
	r, err := Open(path, options)
	if err != nil {
		return nil, err.Error(), read
	}
	defer r.Close()
	for _, p := range r.Problems() {
		problems += p.Name + ": " + p.Message.String() + "\n"
	}
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range row.Problems {
			problems += p.Name + ": " + p.Message.String() + "\n"
		}
		all = append(all, row)
	}
	return all, problems, read
}

func TestTheirOwnSheet(t *testing.T) {
	const sheet = "Nº;Título;template;Nome;E-mail;Documento\n7;Locação;t1;Ana;ana@example.com;529.982.247-25\n"
	all, problems, read := told(t, "junho.csv", sheet, Options{Provider: "certyneo"})
	if problems != "" || len(all) != 1 {
		t.Fatal(problems)
	}
	if e := all[0].Envelope; e.ID != "7" || e.Subject != "Locação" || e.Signers[0].Name != "Ana" || e.Signers[0].Document != "52998224725" {
		t.Errorf("got %+v", e)
	}
	if want := `"Nº" is the id, "Título" is the subject, "Nome" is signer 1's name, "E-mail" is signer 1's e-mail, "Documento" is signer 1's CPF or CNPJ`; read != want {
		t.Errorf("read: %s", read)
	}
}

func TestAmbiguousHeadingsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"id;subject;template;Nome;E-mail;Documento\n1;s;t;Ana;a@example.com;529.982.247-25\n2;s;t;Ana;a@example.com;RG 123\n": "may mean document or signer1.document",
		"id;subject;template;Nome;E-mail;Tipo\n1;s;t;Ana;a@example.com;x\n":                                                   "may mean signer1.type or signer1.role",
		"id;subject;template;Nome;E-mail;DNI\n1;s;t;Ana;a@example.com;x\n":                                                    "is no CPF or CNPJ",
		"id;subject;template;Nome;Cliente;E-mail\n1;s;t;Ana;Bia;a@example.com\n":                                              `"Cliente" means it, too`,
	} {
		if _, problems, _ := told(t, "june.csv", text, Options{Provider: "certyneo"}); !strings.Contains(problems, want) {
			t.Errorf("%q: no %q in %q", text, want, problems)
		}
	}
}

func TestMappedHeadings(t *testing.T) {
	columns, err := ParseColumns([]string{"signer1.name=Nome do locatário", "meta.tipo=Tipo", "document=Documento"})
	if err != nil {
		t.Fatal(err)
	}
	all, problems, _ := told(t, "june.csv", "id,subject,template,nome do LOCATÁRIO,email,tipo\n1,s,t,Ana,a@example.com,casa\n", Options{Provider: "certyneo", Columns: columns})
	if problems != "" || len(all) != 1 || all[0].Envelope.Signers[0].Name != "Ana" || all[0].Envelope.Meta["tipo"] != "casa" {
		t.Errorf("%q %+v", problems, all)
	}
	for _, wrong := range []string{"signer1.nome=Nome", "Nome", "id=", "id=A\x00"} {
		if _, err := ParseColumns([]string{wrong, "subject=A"}); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestColumnsAreKeptBesideTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "june.xlsx")
	first, _ := ParseColumns([]string{"signer1.name=Nome do locatário"})
	second, _ := ParseColumns([]string{"meta.x=Obs."})
	other, _ := ParseColumns([]string{"signer2.name=Nome do Locatário"})
	for _, columns := range []Columns{first, second, first} {
		if _, err := KeepColumns(file, columns); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := KeepColumns(file, other); err == nil || !strings.Contains(err.Error(), "was signer1.name the last time") {
		t.Errorf("another column for the same heading: %v", err)
	}
	kept, err := KeptColumns(file)
	if err != nil || len(kept) != 2 || kept["nome do locatário"] != "signer1.name" {
		t.Errorf("kept %v, %v", kept, err)
	}
}

func TestPatternsMakeWhatIsMissing(t *testing.T) {
	subject, err := ParsePattern("Contrato de {signer1.name}")
	if err != nil {
		t.Fatal(err)
	}
	id, err := ParsePattern("{signer1.document}")
	if err != nil {
		t.Fatal(err)
	}
	const sheet = "template,nome,email,cpf\nt,Ana,a@example.com,529.982.247-25\nt,Bia,b@example.com,52998224725\nt,Caio,c@example.com,\n"
	all, problems, _ := told(t, "june.csv", sheet, Options{Provider: "certyneo", Patterns: Patterns{Subject: subject, ID: id}})
	if len(all) != 3 || all[0].Envelope.Subject != "Contrato de Ana" || all[0].Envelope.ID != "52998224725" {
		t.Errorf("got %+v", all)
	}
	for _, want := range []string{"the same id stands in", "is to be made of signer1.document, which is empty"} {
		if !strings.Contains(problems, want) {
			t.Errorf("no %q in %q", want, problems)
		}
	}
	for _, wrong := range []string{"{signer1.nome}", "{id", "signer1.name", "Meta.contract"} {
		if _, err := ParsePattern(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
	if _, err := ParseID("no column"); err == nil {
		t.Error("the same id for all rows was taken")
	}
}

// The subject may be the same for all rows; what is wrong with it is told of the row.
func TestASubjectForAllRows(t *testing.T) {
	const sheet = "id,template,nome,email\n1,t,Ana,a@example.com\n2,t,Bia,b@example.com\n"
	for text, want := range map[string]string{"Contrato": "", "Contrato\x01": "subject"} {
		subject, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		all, problems, _ := told(t, "june.csv", sheet, Options{Provider: "certyneo", Patterns: Patterns{Subject: subject}})
		if !strings.Contains(problems, want) || want == "" && (problems != "" || len(all) != 2 || all[1].Envelope.Subject != text) {
			t.Errorf("%q: %+v %s", text, all, problems)
		}
	}
}

// A sheet to begin with is read as what it is, with its marks and without.
func TestHeadingsOfTemplates(t *testing.T) {
	columns := slices.Clone(plainColumns)
	for _, part := range signerColumns {
		columns = append(columns, "signer1."+part, "signer12."+part)
	}
	for _, name := range columns {
		heading := HeadingOf(name, lang.Portuguese)
		if heading == name {
			t.Errorf("%s has no heading in Portuguese", name)
		}
		for _, text := range []string{heading, heading + requiredMark} {
			if col, _ := (&Reader{}).column(text); col.name != name {
				t.Errorf("%q is %q, want %q", text, col.name, name)
			}
		}
		if own := HeadingOf(name, lang.English); own != name {
			t.Errorf("%s is called %q", name, own)
		}
	}
	for _, name := range []string{"meta.lote", "field.valor", "qisign.folder"} {
		if heading := HeadingOf(name, lang.Portuguese); heading != name {
			t.Errorf("%s is called %q", name, heading)
		}
	}
}

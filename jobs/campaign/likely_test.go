package campaign

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is proposed for a header, typed as it is told, is taken, and every person whom the header
// names signs.
func TestWhatIsProposedIsTaken(t *testing.T) {
	people := []string{"Ana Souza", "Beto Lima", "Caio Dias", "Davi Reis"}
	for header, want := range map[string]string{
		"Nome;E-mail;CPF;Documento;Título;Nome do fiador;E-mail do fiador":                                         "signer2.name signer2.email",
		"Nome do fiador;E-mail do fiador;Nome;E-mail":                                                              "signer2.name signer2.email",
		"Nome do locatário;E-mail do locatário;Nome do fiador;E-mail do fiador":                                    "signer1.name signer1.email signer2.name signer2.email",
		"Nome 1;E-mail 1;Nome 2;E-mail 2;Nome do fiador;E-mail do fiador":                                          "signer3.name signer3.email",
		"Nome;E-mail;Nome do fiador 1;E-mail do fiador 1;Nome do fiador 2;E-mail do fiador 2":                      "signer2.name signer2.email signer3.name signer3.email",
		"Nome;E-mail;Nome do fiador;E-mail do fiador;Nome da testemunha;E-mail da testemunha":                      "signer2.name signer2.email signer3.name signer3.email",
		"signer1.name;signer1.email;Nome do fiador;E-mail do fiador":                                               "signer2.name signer2.email",
		"Nome;E-mail do locatário":                                                                                 "signer1.email",
		"Nome do locatário;E-mail do locatário;Nome 2;E-mail 2;Nome do fiador;E-mail do fiador;Telefone do fiador": "signer3.name signer3.email signer1.name signer1.email signer3.phone",
	} {
		t.Run(header, func(t *testing.T) {
			sheet, signers := "id;subject;template;"+header+"\n1;s;t", map[string]bool{}
			if strings.Contains(header, "Título") {
				sheet = "id;template;" + header + "\n1;t"
			}
			i := 0
			for text := range strings.SplitSeq(header, ";") {
				value := "x"
				switch {
				case strings.Contains(text, "ail"):
					value = people[i] + "@example.com"
					value = strings.ReplaceAll(value, " ", "")
					i++
				case strings.Contains(strings.ToLower(text), "n") && !strings.Contains(text, "Doc") && !strings.Contains(text, "Tel"):
					value = people[i]
					signers[value] = true
				case text == "CPF":
					value = "529.982.247-25"
				case strings.Contains(text, "Tel"):
					value = "11987654321"
				case text == "Documento":
					value = ""
				}
				sheet += ";" + value
			}
			read := readingOf(t, sheet+"\n", Options{Provider: "certyneo"})
			var maps, columns []string
			for _, n := range read.Likely {
				if strings.HasPrefix(n.Column, "signer") {
					maps, columns = append(maps, n.Column+"="+n.Heading), append(columns, n.Column)
				}
			}
			slices.Sort(columns)
			wanted := strings.Fields(want)
			slices.Sort(wanted)
			if !slices.Equal(columns, wanted) {
				t.Fatalf("proposed: %v", maps)
			}
			parsed, err := ParseColumns(maps)
			if err != nil {
				t.Fatal(err)
			}
			sheet = strings.Replace(sheet, ";Documento", ";meta.documento", 1)
			all, problems, _ := told(t, "june.csv", sheet+"\n", Options{Provider: "certyneo", Columns: parsed})
			if problems != "" || len(all) != 1 {
				t.Fatalf("%s %+v", problems, all)
			}
			got := map[string]bool{}
			for _, s := range all[0].Envelope.Signers {
				got[s.Name] = true
			}
			if len(got) != len(signers) {
				t.Errorf("%v sign of %v", got, signers)
			}
		})
	}
}

// A guarantor who was said to be the first signer, who is somebody else, becomes the next one.
func TestAGuarantorIsNotDropped(t *testing.T) {
	columns, err := ParseColumns([]string{"signer1.name=Nome do fiador", "signer1.email=E-mail do fiador"})
	if err != nil {
		t.Fatal(err)
	}
	_, problems, _ := told(t, "june.csv", "id;subject;template;Nome;E-mail;Nome do fiador;E-mail do fiador\n1;s;t;Ana;ana@example.com;Rui;rui@example.com\n", Options{Provider: "certyneo", Columns: columns})
	for _, want := range []string{`--map "signer2.name=Nome do fiador"`, `--map "signer2.email=E-mail do fiador"`} {
		if !strings.Contains(problems, want) {
			t.Errorf("no %s in %s", want, problems)
		}
	}
}

// A heading with two meanings is not proposed for one that another heading has.
func TestATakenMeaningIsNotProposed(t *testing.T) {
	for header, want := range map[string]string{
		"Código;Contrato;Nome;E-mail":              `subject=Contrato`,
		"Código;Título;Contrato;Nome;E-mail":       `document=Contrato`,
		"Código;Título;Prazo;Validade;Nome;E-mail": `meta.validade=Validade`,
		"Contrato;Título;Nome;E-mail;Código":       `document=Contrato`,
		"Contrato;Título;Nome;E-mail":              `id=Contrato`,
	} {
		_, problems, _ := told(t, "june.csv", header+"\n"+strings.Repeat("x;", strings.Count(header, ";"))+"x\n", Options{Provider: "certyneo"})
		if !strings.Contains(problems, `--map "`+want+`"`) {
			t.Errorf("%s: %s", header, problems)
		}
	}
}

// readingOf is how a sheet is understood.
func readingOf(t *testing.T, sheet string, options Options) (got Reading) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "june.csv")
	if err := os.WriteFile(path, []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	options.Read = func(read Reading) { got = read }
	r, err := Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	return got
}

package intake

import (
	"os"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

// cells reads a file of testdata: a value a line, with Go's escapes.
func cells(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(b)) {
		all = append(all, strings.TrimSuffix(line, "\n"))
	}
	return all
}

func TestWhatNobodyWrites(t *testing.T) {
	values := cells(t, "unwritten.txt")
	if len(values) < 50 {
		t.Fatal(len(values), "values")
	}
	for _, value := range values {
		e := valid()
		e.Subject, e.Message, e.Signers[0].Name, e.Signers[0].Role = value, value, value, value
		refused := map[string]bool{}
		for _, p := range normalizeOn(t, &e) {
			refused[p.Field] = true
			if strings.Contains(p.Message.String(), "cannot be printed") {
				t.Errorf("%+q: %s", value, p.Message.String())
			}
		}
		for _, field := range []string{"subject", "message", "signer1.name", "signer1.role"} {
			if !refused[field] {
				t.Errorf("%+q is taken as %s", value, field)
			}
		}
	}
}

func TestGarbledTexts(t *testing.T) {
	for value, want := range map[string]string{
		"Jo\u00c3\u00a3o Ara\u00c3\u00bajo": "character 3",
		"In\u00c3\u00aas F\u00c3\u00a1tima": "character 3",
		"N\u00c3\u00advea":                  "character 2", // a soft hyphen in it
		"N\u00c2\u00ba 7":                   "character 2",
		"CONCEI\u00c3\u2021\u00c3\u0192O":   "character 7",
		"ANT\u00c3\u201dNIO":                "character 4",
		"AMAP\u00c3\u0081":                  "character 5", // of the five that Windows-1252 lacks
		"Jos\u00c3\u00a9":                   "character 4",
		"it\u00e2\u20ac\u2122s":             "character 3",
		"Jo\u221a\u00a3o":                   "garbled from character 3", // UTF-8 as MacRoman
		"Jo\u251c\u00fao":                   "garbled from character 3", // UTF-8 as CP850
		"Jo\u00c6o":                         "garbled from character 3", // CP850 as Windows-1252
		"Ara\u00a3jo":                       "garbled from character 4",
		"Concei\u2021\u00c6o":               "garbled from character 7",
		"Jo\u201eo":                         "garbled from character 3", // CP860
		"Gon\u00c1alves":                    "garbled from character 4", // Windows-1252 as MacRoman
		"Jos\u017d":                         "garbled from character 4", // MacRoman as Windows-1252
		"Jo\ufffdo":                         "character 3 (U+FFFD) stands for a letter that was lost",
		"Jo?o da Concei??o":                 "has a question mark inside a word",
		"Jo&atilde;o":                       "as it stands in HTML",
		"Jo&#227;o":                         "as it stands in HTML",
		"Jo&#xE3;o":                         "as it stands in HTML",
		"Jo=C3=A3o Lima":                    "write the ",
		"Jo=E3o Lima":                       "write the ",
		"=?UTF-8?Q?Jo=C3=A3o?=":             "write the ",
		"Jo+AOM-o Lima":                     "write the ",
		"Jo%C3%A3o":                         "write the ",
		`Jo\u00e3o`:                         "write the ",
	} {
		e := valid()
		e.Subject, e.Message, e.Signers[0].Name = value, value, value
		problems := normalizeOn(t, &e)
		if len(problems) != 3 {
			t.Errorf("%+q: %v", value, problems)
		}
		for _, p := range problems {
			if !strings.Contains(p.Message.String(), want) {
				t.Errorf("%+q: %s: %s, want %s", value, p.Field, p.Message.String(), want)
			}
		}
	}
}

// What programs put together of missing values, and what they cannot write, is no name. A subject is freer.
func TestNamesThatProgramsMake(t *testing.T) {
	for _, name := range []string{"Ana undefined", "undefined Souza", "null null", "Ana null", "None None", "NaN NaN", "b'Ana Souza'", `b"Ana"`, "JO#O ARA#JO", "MARIA JOS#", "CONCEI##O"} {
		e := valid()
		e.Signers[0].Name = name
		if p := normalizeOn(t, &e); len(p) != 1 || p[0].Field != "signer1.name" {
			t.Errorf("%s: %v", name, p)
		}
	}
	e := valid()
	e.Subject = "b'Lease'"
	if p := normalizeOn(t, &e); len(p) != 1 || p[0].Field != "subject" {
		t.Errorf("%v", p)
	}
	e.Subject, e.Message, e.Signers[0].Name = "Lot A#B", "It is null and void", "B# Consultoria"
	if p := normalizeOn(t, &e); len(p) != 0 {
		t.Errorf("%v", p)
	}
}

// What is right by itself, and probably not meant, is doubted.
func TestDoubts(t *testing.T) {
	for id, doubted := range map[string]bool{"1.0": true, "2026.0": true, "1.00": true, "1.10": false, "v1.0": false, "1": false, "A.0": false} {
		e := valid()
		e.ID = id
		if got := Doubts(e); len(got) == 1 != doubted || doubted && (got[0].Code != DoubtfulID || got[0].Field != "id") {
			t.Errorf("%s: %v", id, got)
		}
	}
	e := valid()
	e.Signers[0].Name, e.Signers[0].Email = "ana@example.com", "ana@gmial.com"
	if got := Doubts(e); len(got) != 2 || got[0].Code != DoubtfulName || got[0].Field != "signer1.name" || got[1].Code != DoubtfulEmailCode {
		t.Errorf("%v", got)
	}
}

// TestNamesThatPeopleHave are easily taken for mistakes.
func TestNumbersAreNoNames(t *testing.T) {
	for _, value := range []string{"1,2E+10", "4.28311E10"} {
		e := valid()
		e.Signers[0].Name = value
		if p := normalizeOn(t, &e); len(p) != 1 || p[0].Field != "signer1.name" || !strings.Contains(p[0].Message.String(), "spreadsheet") {
			t.Errorf("%s: %v", value, p)
		}
	}
}

func TestNamesThatPeopleHave(t *testing.T) {
	for _, name := range []string{
		"Jo\u00e3o", "IN\u00caS F\u00c1TIMA MOUR\u00c3O", "IRM\u00c3 DULCE", "S\u00e1", "\u00d3", "Jos\u00e9 D\u00b4\u00c1vila", "Luiz D\u2019\u00c1vila", "DeÁvila", "Siobh\u00e1n N\u00ed McÉwan", "Kr\u00ed\u017e", "KR\u00cd\u017d", "K\u00da\u017dE\u013d",
		"\u00c6gir Kj\u00e6r", "\u00c5se \u00d8yvind", "Nan Null", "Nan", "Nat True", "Rosa N\u00e3o", "M\u00fcller & Filhos Ltda.", "C&A Modas S/A", "3M do Brasil", "99 Tecnologia Ltda (filial 2)", "Yahoo! do Brasil",
		"Jos\u00e9 \u201cZ\u00e9\u201d Lima", "Jos\u00e9 \"Z\u00e9\" Lima", "M.\u00aa Jos\u00e9", "van 't Hooft", "\u674e\u5c0f\u9f99", "\u0410\u043d\u043d\u0430", "\u0645\u062d\u0645\u062f", "\u0646\u06cc\u200c\u0644\u0648\u0641\u0631", "L\u00ea Th\u1ecb", "Ind\u00fastria 4.0", "3E Energia", "Tok&Stok", "AT&T; Ltda", "B3 S.A. \u2013 Brasil, Bolsa, Balc\u00e3o",
		"LANCH\u00c3\u2026",
	} {
		e := valid()
		e.Signers[0].Name = name
		if name == "LANCH\u00c3\u2026" { // signs of a subject, not of a name
			e.Signers[0].Name, e.Subject = "Ana", name
		}
		if problems := normalizeOn(t, &e); len(problems) > 0 {
			t.Errorf("%+q: %v", name, problems)
		}
		if got := e.Signers[0].Name; got != name && got != "Ana" {
			t.Errorf("%+q became %+q", name, got)
		}
	}
	for _, subject := range []string{
		"#Contrato 7", "Sala #REF 12", "Loca\u00e7\u00e3o \u2014 im\u00f3vel n\u00ba 7 (R$\u00a01.000,00)", "Lote \u201cMA\u00c7\u00c3\u201d", "IRM\u00c3\u00a0MARIA", "Lote \u00abIRM\u00c3\u00bb", "Resist\u00eancia de 10 k\u03a9", "Proposta \u2764\ufe0f 2026", "7",
		"Que tal? Assine", "https://exemplo.test/?a=1&copy;=2", "Desconto de 10%", "Parecer (100%) {1}", "C&A", "A+B-C", "Contrato de TRUE Tecnologia", "= 10 vagas", "Null Bank S.A.",
	} {
		e := valid()
		e.Subject, e.Message = subject, subject
		if problems := normalizeOn(t, &e); len(problems) > 0 || e.Subject != subject {
			t.Errorf("%+q: %+q, %v", subject, e.Subject, problems)
		}
	}
}

func TestFieldsOfTemplates(t *testing.T) {
	for value, ok := range map[string]bool{
		"0": true, "-": true, "N/A": true, "R$ 1.000,00": true, "TRUE": true,
		"#REF!": false, "#N/D": false, "{{rent}}": false, "=PROC(A2;B:C;2)": false, "Jo\u00c3\u00a3o": false, "Jo\ufffdo": false,
	} {
		e := valid()
		e.Documents, e.Template, e.Fields, e.Meta = nil, "7", map[string]string{"rent": value}, map[string]string{"x": strings.ReplaceAll(value, "\ufffd", "")}
		if problems := normalizeOn(t, &e); ok != (len(problems) == 0) {
			t.Errorf("%+q: %v", value, problems)
		}
	}
}

// unseen are the characters that show nothing, or nothing by themselves.
var unseen = []string{"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202a", "\u202c", "\u2068", "\u00a0", "\u202f", "\ufe0f", "\u3164", "\u180e", "\U000e0001", "\u034f", "\u3000"}

func TestUnseenCharactersAtTheEnds(t *testing.T) {
	want := valid()
	want.Signers[0].Document, want.Signers[0].Birthdate, want.Expires.Date = "42831095760", "1984-05-17", "2026-12-31"
	want.Signers[0].Channel, want.Signers[0].Type = "email", "electronic"
	for _, x := range unseen {
		e := valid()
		e.Signers[0] = want.Signers[0]
		for _, value := range []*string{&e.Campaign, &e.ID, &e.Provider, &e.Subject, &e.Documents[0].Name, &e.Signers[0].Name, &e.Signers[0].Email, &e.Signers[0].Phone, &e.Signers[0].Document, &e.Signers[0].Birthdate, &e.Signers[0].Channel, &e.Signers[0].Type} {
			*value = x + *value + x
		}
		if err := e.Expires.UnmarshalText([]byte(x + "31/12/2026" + x)); err != nil {
			t.Errorf("%+q: %v", x, err)
		}
		problems := normalizeOn(t, &e)
		if len(problems) > 0 {
			t.Errorf("%+q: %v", x, problems)
		}
		e.Documents[0].Open, want.Documents[0].Open = nil, nil
		if got, want := asJSON(t, e), asJSON(t, want); got != want {
			t.Errorf("%+q: %s\nwant %s", x, got, want)
		}
	}
}

func TestUnseenCharactersInside(t *testing.T) {
	for _, x := range unseen {
		named := providers.Character([]rune(x)[0]).String()
		e := valid()
		e.ID, e.Signers[0] = "00"+x+"01", providers.Signer{Name: "N\u00ed" + x + "vea S\u00e1", Email: "ana" + x + "lima@exemplo.test", Phone: "(11) 98765" + x + "4321", Document: "428310957" + x + "60", Birthdate: "1984-05" + x + "-17"}
		refused := map[string]string{}
		for _, p := range normalizeOn(t, &e) {
			refused[p.Field] = p.Message.String()
		}
		s := e.Signers[0]
		for field, c := range map[string]struct{ got, want string }{
			"signer1.name": {s.Name, "N\u00edvea S\u00e1"}, "signer1.email": {s.Email, "analima@exemplo.test"},
			"signer1.phone": {s.Phone, "+5511987654321"}, "signer1.document": {s.Document, "42831095760"}, "signer1.birthdate": {s.Birthdate, "1984-05-17"},
		} {
			spaced := field == "signer1.name" && c.got == "N\u00ed vea S\u00e1" && providers.Blank([]rune(x)[0])
			if message := refused[field]; message == "" && c.got != c.want && !spaced || message != "" && !strings.Contains(message, named) {
				t.Errorf("%+q: %s is %+q, %s", x, field, c.got, message)
			}
		}
		if !strings.Contains(refused["id"], "character 3 is "+named) {
			t.Errorf("%+q: id: %s", x, refused["id"])
		}
		e = valid()
		e.ID, e.Subject, e.Signers[0].Name = x, x+x+x, x+x
		if problems := normalizeOn(t, &e); len(problems) != 3 || !strings.Contains(problems.Error(), "subject: is required: the cell holds "+named) && strings.TrimSpace(x) != "" {
			t.Errorf("%+q: %v", x, problems)
		}
	}
}

package campaign

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// headings are what people call our columns in Portuguese and Spanish, as [plainHeading] writes
// them. Those of a signer are the first one's unless a number says otherwise. The list is closed:
// what does not stand here is not guessed.
var headings = headingsOf(map[string]string{
	"id":          "código, identificador, n, nº, matrícula, proposta, protocolo, referência, referencia, expediente",
	"provider":    "provedor, provedor de assinatura, proveedor",
	"subject":     "assunto, título, nome do documento, descrição, asunto, nombre del documento, descripción",
	"message":     "mensagem, mensaje",
	"document":    "arquivo, nome do arquivo, pdf, anexo, archivo, fichero, adjunto",
	"expires":     "prazo, data limite, expira em, prazo para assinar, plazo, fecha límite",
	"s.name":      "nome, nome completo, signatário, cliente, colaborador, razão social, nombre, nombre completo, nombre y apellidos, firmante, razón social",
	"s.email":     "e-mail, correio eletrônico, correo, correo electrónico, dirección de correo electrónico, mail",
	"s.phone":     "telefone, telefone celular, celular, tel, fone, whatsapp, teléfono, móvil",
	"s.document":  "cpf, cnpj, cpf/cnpj, cpf ou cnpj, cpf o cnpj, nº do cpf, número do cpf, nº do cnpj",
	"s.birthdate": "data de nascimento, nascimento, dt nasc, data nasc, fecha de nacimiento",
	"s.role":      "papel, função, qualificação, assinar como, rol, función, firma como",
	"s.order":     "ordem, sequência, ordem de assinatura, orden, orden de firma",

	// As [Template] has them.
	"template":  "modelo do provedor",
	"s.channel": "canal do convite",
	"s.auth":    "prova de quem assina",
	"s.type":    "tipo de assinatura", "s.stamp": "lugar da assinatura",
	"s.id_front": "frente do documento de identidade", "s.id_back": "verso do documento de identidade", "s.id_type": "tipo do documento de identidade",
	"s.company": "empresa do signatário", "s.company_document": "cnpj da empresa do signatário",
	"s.date": "data a preencher", "s.text": "texto a preencher", "s.checkbox": "caixa a marcar",
})

// ambiguous are headings with two meanings, the likeliest first. "documento" is decided by what stands
// in the column, the others by whoever knows.
var ambiguous = map[string]meanings{
	"documento": either("document", "signer1.document"), "tipo": either("signer1.type", "signer1.role"),
	"contrato": either("id", "subject", "document"), "ddd": {[]string{"signer1.phone"}, lang.Of("signer1.phone, with the number in the same cell")},
	"vencimento": orField("expires"), "validade": orField("expires"), "vencimiento": orField("expires"), "numero": orField("id"), "num": orField("id"),
}

// meanings are what a heading may mean.
type meanings struct {
	columns []string
	all     lang.Text
}

func either(columns ...string) meanings { return meanings{columns, lang.Or(columns)} }

func orField(column string) meanings {
	return meanings{[]string{column}, lang.Of("%s or a field", column)}
}

// papers are identity papers of other countries, which no column of ours takes.
var papers = headingsOf(map[string]string{"": "documento de identidad, dni, nif, cuit, rut, rfc, rg"})

func headingsOf(words map[string]string) map[string]string {
	all := map[string]string{}
	for column, list := range words {
		for word := range strings.SplitSeq(list, ",") {
			all[plainHeading(word)] = column
		}
	}
	return all
}

// plainHeading is a heading without what people write now one way and now another: case, accents,
// blanks and punctuation. "Nº" is "no".
func plainHeading(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(providers.Trim(s)))
}

var (
	numberLast   = regexp.MustCompile(`^(\D+)([1-9]\d?)$`)                                         // nome 2, e-mail do signatário 2
	numberBefore = regexp.MustCompile(`^(\D*?)(?:do|da|del)?([1-9]\d?)o?(?:signatario|firmante)$`) // nome do 2º signatário
	numberFirst  = regexp.MustCompile(`^(?:signatario|firmante)([1-9]\d?)(\D*)$`)                  // signatário 2 nome
	ofSigner     = regexp.MustCompile(`^(.+?)(?:do|del)(?:signatario|firmante)$`)                  // nome do signatário
)

// heading is the column that people mean by a word.
func heading(text string) (column, bool) {
	if len(text) > maxColumn {
		return column{}, false
	}
	s, n := plainHeading(text), "1"
	if s == "" {
		return column{}, false
	}
	switch {
	case numberFirst.MatchString(s):
		m := numberFirst.FindStringSubmatch(s)
		s, n = m[2], m[1]
	case numberBefore.MatchString(s):
		m := numberBefore.FindStringSubmatch(s)
		s, n = m[1], m[2]
	case numberLast.MatchString(s):
		m := numberLast.FindStringSubmatch(s)
		s, n = m[1], m[2]
	}
	if m := ofSigner.FindStringSubmatch(s); m != nil && headings[s] == "" {
		s = m[1]
	}
	if s == "" {
		s = "nome"
	}
	name, ok := headings[s]
	part, person := strings.CutPrefix(name, "s.")
	switch {
	case !ok, !person && n != "1":
		return column{}, false
	case person:
		name = "signer" + n + "." + part
	}
	return parseColumn(name)
}

// unclear says why a heading that people use is not taken; empty for any other.
func unclear(text string, told Told, means *taken) lang.Text {
	s := plainHeading(text)
	if may, ok := ambiguous[s]; ok {
		return lang.Of("may mean %v: say which%v", may.all, told.mapping(means.free(text, may.columns), shorten(text)))
	}
	if _, ok := papers[s]; ok {
		return lang.Of("is no CPF or CNPJ, which is what signer1.document takes: keep it as meta.%s%v", s, told.mapping("meta."+s, shorten(text)))
	}
	return lang.Text{}
}

// Reading is how a file was understood where its words do not say it.
type Reading struct {
	File   string   `json:"file"`
	Sheet  string   `json:"sheet,omitempty"`
	Names  []Naming `json:"names,omitempty"`
	Hidden []string `json:"hidden,omitempty"` // columns that the sheet does not show, by their letters

	Unknown []string `json:"unknown,omitempty"` // headings of which nobody knows what they mean
	Missing []string `json:"missing,omitempty"` // required columns

	All []Naming `json:"-"` // every heading; the column is empty where nobody knows it

	Likely []Naming `json:"-"` // of the unknown ones, what each may mean
}

// Naming is a heading and the column that it was taken for.
type Naming struct {
	Heading string `json:"heading"`
	Column  string `json:"column"`
}

// String is one line; empty when there is nothing to say.
func (r Reading) String() string {
	if r.Sheet == "" && len(r.Names) == 0 && len(r.Hidden) == 0 {
		return ""
	}
	return r.Said().String()
}

// Said is how the file was understood, for people.
func (r Reading) Said() lang.Text {
	var parts []lang.Text
	if r.Sheet != "" {
		parts = append(parts, lang.Of("sheet %q", r.Sheet))
	}
	for _, n := range r.Names {
		parts = append(parts, lang.Of("%q is %v", n.Heading, wordsOf(n.Column)))
	}
	switch n := len(r.Hidden); {
	case n == 1:
		parts = append(parts, lang.Of("column %s is hidden, and is read, too", r.Hidden[0]))
	case n > 1:
		parts = append(parts, lang.Of("columns %s are hidden, and are read, too", strings.Join(r.Hidden, ", ")))
	}
	return lang.Of("%s: %v", r.File, lang.Join(parts, ", "))
}

// column is the column that a heading names: as --map has it, by our own name, or by one that
// people use. Where a header writes its signers in our names, another word beside them is not
// taken for one of theirs: it may be the file's own.
func (r *Reader) column(text string) (column, bool) { return r.columnAs(text, r.told) }

// columnAs is [Reader.column] with what was told of a header's headings.
func (r *Reader) columnAs(text string, told map[string]string) (column, bool) {
	if len(told) > 0 && len(text) <= maxColumn {
		if name, ok := told[exactHeading(text)]; ok {
			return parseColumn(name)
		}
	}
	if col, ok := parseColumn(text); ok {
		return col, true
	}
	col, ok := heading(text)
	switch {
	case ok && col.signer > 0 && r.ownSigners:
		return column{}, false
	case !ok:
		return r.roleColumn(text)
	}
	return col, ok
}

// namesSigners tells whether a header has a signer's column in our own name.
func namesSigners(header record) bool {
	return slices.ContainsFunc(header.cells, func(c cell) bool {
		col, ok := parseColumn(c.text)
		return ok && col.signer > 0
	})
}

// reading tells how the header was understood.
func (r *Reader) reading(first record, p *problems) Reading {
	read := Reading{File: r.name, Unknown: p.unclear}
	for _, problem := range p.list {
		if problem.missing {
			read.Missing = append(read.Missing, problem.Name)
		}
	}
	if r.book != nil {
		read.Sheet = r.book.sheet.Name
	}
	for i, c := range first.cells {
		if i >= len(r.header.columns) {
			continue
		}
		if text := providers.Trim(c.text); text != "" && !isChecked(text) && text != reasonColumn {
			read.All = append(read.All, Naming{text, r.header.columns[i].name})
		}
		if r.header.columns[i].name == "" {
			continue
		}
		if r.book != nil && r.book.hides(i) {
			read.Hidden = append(read.Hidden, letters(i+1))
		}
		if _, own := parseColumn(c.text); !own || r.told[exactHeading(c.text)] != "" {
			read.Names = append(read.Names, Naming{shorten(c.text), r.header.columns[i].name})
		}
	}
	read.Likely = read.likely()
	return read
}

// decided finds out what a column "Documento" holds, by reading the file: only files, or only CPFs
// and CNPJs. Where it is neither, the header says that it must be told. The file then stands after
// its header again.
func (r *Reader) decided(in io.ReadSeeker, first record) (record, error) {
	is := func(c cell) bool { return len(c.text) < 100 && plainHeading(c.text) == "documento" }
	i := slices.IndexFunc(first.cells, is)
	if i < 0 || r.told[exactHeading(first.cells[i].text)] != "" {
		return first, nil
	}
	meaning := ""
	for {
		rec, err := r.rows.next()
		if err != nil {
			break // what is wrong with the file is told when its rows are read
		}
		if i >= len(rec.cells) || providers.Trim(rec.cells[i].text) == "" {
			continue
		}
		is := valueColumn(rec.cells[i].text)
		if is == "" || meaning != "" && meaning != is {
			meaning = ""
			break
		}
		meaning = is
	}
	if meaning != "" {
		r.told[exactHeading(first.cells[i].text)] = meaning
	}
	return r.start(in)
}

var fileName = regexp.MustCompile(`(?i)\.[a-z][a-z0-9]{2,3}$`)

// valueColumn is the column that a value under "documento" belongs to; empty when it cannot be told.
func valueColumn(value string) string {
	value = providers.Trim(value)
	switch _, err := providers.ParseTaxID(value); {
	case err == nil:
		return "signer1.document"
	case fileName.MatchString(value):
		return "document"
	}
	return ""
}

// foreign is how a header was understood that names none of our columns.
func (r *Reader) foreign(first record) Reading {
	read := Reading{File: r.name}
	for _, c := range first.cells {
		if text := providers.Trim(c.text); text != "" {
			read.All = append(read.All, Naming{Heading: text})
		}
	}
	if foundInstead(first).String() != "" {
		read.Unknown = []string{shorten(read.All[0].Heading)}
		read.Likely = read.likely()
	}
	return read
}

package campaign

import (
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
)

// roles are words for the people of a contract, as [plainHeading] writes them: "Nome do locatário".
var roles = strings.Fields(`locatario locataria locador locadora inquilino inquilina fiador fiadora avalista cliente contratante contratado contratada
	colaborador colaboradora funcionario funcionaria empregado empregada candidato candidata comprador compradora vendedor vendedora aluno aluna responsavel
	paciente proprietario proprietaria devedor devedora credor credora mutuario mutuaria associado associada socio socia titular representante testemunha
	corretor corretora conjuge participante assinante parte arrendatario arrendador empleado empleada alumno`)

// ofRole takes apart the heading of a part of a person who is named by a role: the E-mail of the
// locatário.
func ofRole(text string) (part, role string, ok bool) {
	if len(text) > maxColumn {
		return "", "", false
	}
	s := plainHeading(strings.ReplaceAll(text, "(a)", ""))
	for _, role := range roles {
		rest, found := strings.CutSuffix(s, role)
		if !found {
			continue
		}
		for _, of := range []string{"dela", "del", "da", "do", "de", ""} {
			before, _ := strings.CutSuffix(rest, of)
			if part, person := strings.CutPrefix(headings[before], "s."); person && strings.HasSuffix(rest, of) {
				return part, role, true
			}
		}
	}
	return "", "", false
}

// onlyRole is the role of the only person whom a header names; empty where somebody else may be
// meant by any of it. The name tells: an "E-mail do corretor" beside a "Nome" may be another's.
func (r *Reader) onlyRole(header record) string {
	if r.ownSigners {
		return ""
	}
	role, named := "", false
	for _, c := range header.cells {
		part, is, ok := ofRole(c.text)
		if r.told[exactHeading(c.text)] != "" {
			if col, _ := parseColumn(r.told[exactHeading(c.text)]); col.signer > 0 {
				return "" // who signs was said: the rest is said, too
			}
			continue
		}
		col, known := heading(c.text)
		switch {
		case ok && !known && role != "" && role != is:
			return ""
		case ok && !known:
			role, named = is, named || part == "name"
		case known && (col.signer > 1 || col.signer == 1 && col.key == "name"):
			return ""
		}
	}
	if !named {
		return ""
	}
	return role
}

// roleColumn is the column of a heading of the only person.
func (r *Reader) roleColumn(text string) (column, bool) {
	part, role, ok := ofRole(text)
	if !ok || r.role == "" || role != r.role {
		return column{}, false
	}
	return parseColumn("signer1." + part)
}

// identifiers are words of headings whose values tell one contract from another.
var identifiers = []string{"contrato", "numero", "codigo", "matricula", "proposta", "protocolo", "processo", "pedido", "referencia", "expediente", "apolice", "identificador", "contract", "number", "code", "order", "reference"}

// identifies tells whether a heading is of what stays with a row: a number of a contract.
func identifies(text string) bool {
	plain := plainHeading(inBrackets.ReplaceAllString(text, ""))
	return slices.ContainsFunc(identifiers, func(word string) bool { return strings.Contains(plain, word) }) ||
		strings.HasPrefix(plain, "no") && strings.ContainsAny(text, "º°") || plain == "n" || plain == "num"
}

// maxDistinct is how many rows are compared for a column that tells them apart.
const maxDistinct = 100_000

// Distinct is a column whose values are different in all rows of a file, so that an id can be made of it.
type Distinct struct {
	Naming      // the column is as a pattern has it
	Known  bool // the heading means that column already
	Rows   int  // of the file
	Person bool // it is somebody's CPF or CNPJ
	Slash  bool // it has / where an id may have none, as in 2026/101: with - in its place it would do
}

// DistinctColumn finds what an id can be made of in a file that has none: a number of the contract,
// else the document's name, else the signer's CPF. False: nothing, or too much to compare.
func DistinctColumn(file string, options Options) (Distinct, bool) {
	var read Reading
	options.Read = func(r Reading) { read = r }
	r, err := Open(file, options)
	if err != nil || len(r.header.columns) == 0 {
		return Distinct{}, false
	}
	defer r.Close()
	seen := make([]map[string]bool, len(r.header.columns))
	for i := range seen {
		if i < len(r.names) && r.candidate(i) > 0 {
			seen[i] = map[string]bool{}
		}
	}
	rows, slash := 0, map[int]bool{}
	for {
		rec, err := r.rows.next()
		if err != nil {
			break
		}
		if rec.blank() {
			continue
		}
		if rows++; rows > maxDistinct {
			return Distinct{}, false
		}
		for i := range seen {
			if seen[i] == nil {
				continue
			}
			value, slashed := r.idOf(i, rec)
			slash[i] = slash[i] || slashed
			if !intake.ValidID(value) || seen[i][value] {
				seen[i] = nil
				continue
			}
			seen[i][value] = true
		}
	}
	best, rank := -1, 0
	for i := range seen {
		if n := r.candidate(i); seen[i] != nil && n > rank {
			best, rank = i, n
		}
	}
	if best < 0 || rows < 2 {
		return Distinct{}, false
	}
	d := Distinct{Naming: Naming{shorten(r.names[best]), r.header.columns[best].name}, Rows: rows, Person: rank == ofPerson, Slash: slash[best]}
	if d.Known = d.Column != ""; !d.Known {
		for i, n := range read.All {
			if n.Heading == providers.Trim(r.names[best]) {
				d.Column = slices.Concat(OwnColumns(read.All, i), []string{""})[0]
			}
		}
	}
	return d, d.Column != ""
}

// How good a column is for ids.
const (
	ofPerson = 1 + iota
	ofDocument
	ofContract
)

// candidate is how good a column is for ids: 0 not at all.
func (r *Reader) candidate(i int) int {
	switch col := r.header.columns[i]; {
	case col.signer > 0 && col.key == "document":
		return ofPerson
	case col.signer > 0:
		return 0
	case col.name == "document":
		return ofDocument
	case (col.name == "" || col.group == "meta" || col.group == "field") && identifies(r.names[i]):
		return ofContract
	}
	return 0
}

// idOf is the id that a pattern makes of a row's value, and whether a contract's number needs - in place of / to be one.
func (r *Reader) idOf(i int, rec record) (id string, slashed bool) {
	if i >= len(rec.cells) {
		return "", false
	}
	value := providers.Trim(rec.cells[i].text)
	switch col := r.header.columns[i]; {
	case col.signer > 0:
		id, _ := providers.ParseTaxID(value)
		return id, false
	case col.name == "document":
		if strings.ContainsAny(value, "|") {
			return "", false
		}
		value = value[strings.LastIndexAny(value, `/\`)+1:]
		return strings.TrimSuffix(value, fileName.FindString(value)), false
	}
	id = strings.ReplaceAll(value, "/", "-")
	return id, id != value
}

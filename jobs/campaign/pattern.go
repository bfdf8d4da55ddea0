package campaign

import (
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Pattern is a text that may have columns in it, such as "Lease of {signer1.name}", by our names or by
// a sheet's own headings: "Lease of {Nome do locatário}". The zero value is none.
type Pattern struct {
	text  []string // before, between and after the columns
	names []column // a heading has no name, and is the key, until a sheet has said which column it is
}

// ParsePattern reads a pattern. A text without a column is the same for all rows. Which column a
// heading is, the sheet tells; where there is none, [Pattern.Headless] refuses it.
func ParsePattern(s string) (Pattern, error) {
	var p Pattern
	for rest := s; ; {
		before, after, ok := strings.Cut(rest, "{")
		if p.text = append(p.text, before); !ok {
			break
		}
		name, behind, ok := strings.Cut(after, "}")
		col, known := parseColumn(name)
		switch {
		case !ok:
			return Pattern{}, lang.Errorf("%q has a { without a }", s)
		case col.name == reasonColumn || col.name == checkedColumn, !known && (likeOurs(name) || !headed(exactHeading(name))):
			return Pattern{}, notAColumn(name)
		case !known:
			col = column{key: exactHeading(name)}
		}
		p.names, rest = append(p.names, col), behind
	}
	if s == "" {
		return Pattern{}, nil
	}
	if col, ok := parseColumn(s); ok && strings.Contains(col.name, ".") {
		return Pattern{}, lang.Errorf("%q is a column, and the same text for all rows: write {%s} for its value", shorten(s), col.name)
	}
	return p, nil
}

func notAColumn(name string) error {
	return lang.Errorf("{%s} is not a column%v", shorten(name), suggestion(name))
}

// likeOurs tells a name that is one of ours but for what stands after its dot, and so no heading.
func likeOurs(name string) bool {
	group, _, dotted := strings.Cut(strings.ToLower(providers.Trim(name)), ".")
	return dotted && (group == "field" || group == "meta" || strings.HasPrefix(group, "signer") || slices.Contains(providerNames, group))
}

// Headless refuses headings, for what has none.
func (p Pattern) Headless() error {
	for _, col := range p.names {
		if col.name == "" {
			return notAColumn(col.key)
		}
	}
	return nil
}

// ParseID reads the pattern of an id, which no two rows have in common.
func ParseID(s string) (Pattern, error) {
	p, err := ParsePattern(s)
	if err == nil && s != "" && len(p.names) == 0 {
		err = lang.Errorf("%q names no column: write one in braces, such as {signer1.name}", shorten(s))
	}
	return p, err
}

// IsZero tells that there is none.
func (p Pattern) IsZero() bool { return p.text == nil }

// mostFilled is more than any subject or id may have: what a pattern makes of long values, many times
// over, is not made to its end in order to be refused.
const mostFilled = 16 << 10

// Fill puts the envelope's own values in. missing names the first column that is empty there. A text
// that is too long for anything is left where it became so.
func (p Pattern) Fill(e providers.Envelope) (text, missing string) {
	var b strings.Builder
	for i, s := range p.text {
		b.WriteString(s)
		if i == len(p.names) || b.Len() > mostFilled {
			break
		}
		value := valueOf(e, p.names[i])
		if value == "" && missing == "" {
			missing = p.names[i].name
		}
		b.WriteString(value)
	}
	return b.String(), missing
}

// Patterns make the subject and the id of an envelope that has none.
type Patterns struct{ Subject, ID Pattern }

// Fill makes them of the envelope's own values, and tells what is missing for it.
func (p Patterns) Fill(e *providers.Envelope, tell func(column string, message lang.Text)) {
	for _, made := range []struct {
		name    string
		value   *string
		pattern Pattern
	}{{"subject", &e.Subject, p.Subject}, {"id", &e.ID, p.ID}} {
		if *made.value != "" || made.pattern.IsZero() {
			continue
		}
		text, missing := made.pattern.Fill(*e)
		if missing != "" {
			tell(made.name, lang.Of("is to be made of %s, which is empty", missing))
		}
		*made.value = text
	}
}

// has tells whether a column's value is in it.
func (p Pattern) has(name string) bool {
	return slices.ContainsFunc(p.names, func(col column) bool { return strings.EqualFold(col.name, name) })
}

// valueOf is an envelope's value of a column. A CPF or CNPJ is without its punctuation, however it
// was written: the same person makes the same text.
func valueOf(e providers.Envelope, col column) string {
	switch col.group {
	case "field":
		return e.Fields[col.key]
	case "meta":
		return e.Meta[col.key]
	case "":
	default:
		return e.Options[col.group][col.key]
	}
	if col.signer > len(e.Signers) {
		return ""
	}
	if col.signer == 0 {
		return plainValue(e, col.key)
	}
	s := e.Signers[col.signer-1]
	switch col.key {
	case "name":
		return s.Name
	case "email":
		return strings.ToLower(s.Email)
	case "phone":
		return s.Phone
	case "document":
		if id, err := providers.ParseTaxID(s.Document); err == nil {
			return id
		}
		return s.Document
	case "birthdate":
		return s.Birthdate
	case "role":
		return s.Role
	}
	return ""
}

func plainValue(e providers.Envelope, key string) string {
	switch key {
	case "id":
		return e.ID
	case "provider":
		return e.Provider
	case "subject":
		return e.Subject
	case "template":
		return e.Template
	case "document":
		if len(e.Documents) > 0 {
			return strings.TrimSuffix(e.Documents[0].Name, fileName.FindString(e.Documents[0].Name))
		}
	}
	return ""
}

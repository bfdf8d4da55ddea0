package campaign

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Told is where people say what a sheet does not. Messages name what exists there.
type Told int

const (
	ByFlags  Told = iota // of a command: --map
	ByFields             // of a request: map
	ByPage               // a choice beside each heading
)

// mapping says how a heading is told to mean a column.
func (t Told) mapping(column, heading string) lang.Text {
	switch t {
	case ByFields:
		return lang.Of(", as in the field map with %s=%s", column, heading)
	case ByPage:
		return lang.Of(" (under \"How the sheet is read\")")
	}
	return lang.Of(", as in --map \"%s=%s\"", column, heading)
}

// unknown says what becomes of a heading that nobody knows. A command says it once for a file.
func (t Told) unknown(heading string) lang.Text {
	switch t {
	case ByFields:
		return lang.Of(": say what it is, as in the field map with signer1.name=%[1]s, or meta.own=%[1]s if it is only to be kept", heading)
	case ByPage:
		return lang.Of(": say what it is, under \"How the sheet is read\"")
	}
	return lang.Plain("")
}

// instead says what stands in for a missing column. A command says it once for a file.
func (t Told) instead(column string) lang.Text {
	example := map[string]string{"provider": "certyneo", "id": "{meta.contract}", "subject": "Lease of {signer1.name}"}[column]
	switch {
	case example == "" || t == ByFlags:
		return lang.Plain("")
	case t == ByFields:
		return lang.Of("; or send the field %s for all rows, such as %s", column, example)
	case column == "provider":
		return lang.Of("; or choose one for all rows, under \"Name and provider\"")
	}
	return lang.Of("; or have it made for all rows, under \"How the sheet is read\"")
}

// exactHeading is a heading as it is written, without what nobody sees: its case, and how many
// blanks there are.
func exactHeading(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(providers.Trim(norm.NFC.String(s))), " "))
}

// headed tells whether a text can be a heading.
func headed(exact string) bool {
	return exact != "" && len(exact) <= maxColumn && !strings.ContainsFunc(exact, unicode.IsControl)
}

// among finds the columns of a header's headings, as [exactHeading] writes them: an exact heading
// first, then the one that differs in accents, blanks and punctuation alone. What could be two of
// them is said to tell.
func (c Columns) among(header []cell, tell func(at cell, message lang.Text)) map[string]string {
	found := map[string]string{}
	for _, text := range slices.Sorted(maps.Keys(c)) {
		likes := alike(header, text)
		switch {
		case len(likes) == 0: // of another sheet
			continue
		case len(likes) > 1:
			tell(likes[0], lang.Of("the heading %q, said to be %s, may be %q or %q: write it as it stands there", text, c[text], shorten(likes[0].text), shorten(likes[1].text)))
			continue
		}
		at := exactHeading(likes[0].text)
		if have := found[at]; have != "" && have != c[text] {
			tell(likes[0], lang.Of("the heading %q is given two columns, %s and %s", shorten(likes[0].text), have, c[text]))
			continue
		}
		found[at] = c[text]
	}
	return found
}

// alike are the headings of a header that a text may mean: the exact one, else all that are the same
// without accents, blanks and punctuation. What stands in brackets tells headings apart, and is
// what people leave out: "Valor" may be "Valor (R$)" or "Valor (%)".
func alike(header []cell, text string) []cell {
	var all []cell
	same := false
	plain, seen := plainHeading(text), map[string]bool{}
	for _, at := range header {
		if len(at.text) > maxColumn {
			continue
		}
		exact := exactHeading(at.text)
		switch short := plainHeading(inBrackets.ReplaceAllString(exact, "")); {
		case exact == text:
			return []cell{at}
		case plain == "" || seen[exact]:
		case plainHeading(exact) == plain:
			all, same = append(all, at), true
		case short == plain:
			all = append(all, at)
		}
		seen[exact] = true
	}
	if !same {
		return nil
	}
	return all
}

// Unmatched says which heading, that was told, none of these headings can be, and which is the
// nearest. No text: there is none.
func (c Columns) Unmatched(headings []string) lang.Text {
	cells := make([]cell, len(headings))
	for i, heading := range headings {
		cells[i].text = heading
	}
	for _, text := range slices.Sorted(maps.Keys(c)) {
		if len(alike(cells, text)) > 0 {
			continue
		}
		if near := nearest(text, headings); near != "" {
			return lang.Of("there is no heading %q, said to be %s: did you mean %q?", shorten(text), c[text], shorten(near))
		}
		return lang.Of("there is no heading %q, said to be %s: write it as it stands in the first row", shorten(text), c[text])
	}
	return lang.Text{}
}

// nearest is the heading that a text is most like; empty when more than half of it is other.
func nearest(text string, headings []string) string {
	plain := plainHeading(text)
	best, distance := "", len(plain)/2+1
	for _, heading := range headings[:min(len(headings), maxNear)] {
		other := plainHeading(shorten(heading))
		d := edits(plain, other)
		if min(len(plain), len(other)) > 3 && (strings.Contains(other, plain) || strings.Contains(plain, other)) {
			d = min(d, 1)
		}
		if d < distance {
			best, distance = heading, d
		}
	}
	return best
}

const maxNear = 1000 // headings that are compared; nobody has more

var inBrackets = regexp.MustCompile(`\(.*?\)|\[.*?\]`)

func nobody(cell, lang.Text) {}

// ColumnsOf are the columns that a sheet's headings may mean, for people to choose from: those of one
// signer more than it has.
func ColumnsOf(names []Naming) []string {
	columns, signers := slices.Clone(plainColumns), 1
	for _, n := range names {
		if col, ok := parseColumn(n.Column); ok {
			signers = max(signers, col.signer)
		}
	}
	for n := 1; n <= min(signers+1, maxSigners); n++ {
		for _, part := range signerColumns {
			columns = append(columns, fmt.Sprintf("signer%d.%s", n, part))
		}
	}
	return columns
}

// OwnColumns are what else a heading may mean: data of the sender's own, and a field of a document,
// each under a name that no heading before it has.
func OwnColumns(names []Naming, i int) []string {
	var all []string
	key := plainHeading(names[i].Heading)
	// A unit in brackets is no part of a name, unless it tells two headings apart: Valor (R$).
	bare := func(n Naming) string { return plainHeading(inBrackets.ReplaceAllString(n.Heading, "")) }
	if short := bare(names[i]); short != "" && !slices.ContainsFunc(slices.Concat(names[:i], names[i+1:]), func(n Naming) bool { return bare(n) == short }) {
		key = short
	}
	same := 0
	for _, n := range names[:i] {
		if plainHeading(n.Heading) == key {
			same++
		}
	}
	if same > 0 {
		key += strconv.Itoa(same + 1)
	}
	if intake.ValidKey(key) {
		all = append(all, "meta."+key)
	}
	if field := strings.Join(strings.Fields(names[i].Heading), " "); intake.ValidKey(field) {
		all = append(all, "field."+field)
	}
	return all
}

package campaign

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// reasonColumn is what [Rejected] adds; a file that was corrected is read again with it.
const reasonColumn = "rejected.reason"

// column is what one column of the file holds.
type column struct {
	name   string // as problems call it: "signer1.email"; empty: not a column of ours
	signer int    // of signerN.part: N
	group  string // field, meta, or the provider of an option
	key    string // the part, NAME, or the plain column
}

var (
	plainColumns  = []string{"id", "provider", "subject", "message", "document", "template", "expires"}
	signerColumns = []string{
		"name", "email", "phone", "document", "birthdate", "order", "role",
		"channel", "auth", "type", "stamp", "id_front", "id_back", "id_type",
		"company", "company_document", "date", "text", "checkbox",
	}
)

const maxSigners = 100

// requiredMark stands after the name of a column that must be filled, in sheets that [Template]
// makes.
const requiredMark = " *"

// maxColumn is the longest name of a column, in bytes; longer text is not looked into.
const maxColumn = 500

// parseColumn reads a column's name. Names ignore case, but NAME in field.NAME and
// meta.NAME stays as it is written: others gave it.
func parseColumn(s string) (column, bool) {
	if isChecked(s) {
		return column{name: checkedColumn, key: checkedColumn}, true
	}
	if s = providers.Trim(s); len(s) > maxColumn {
		return column{}, false
	}
	s = norm.NFC.String(strings.TrimSuffix(s, requiredMark))
	name := strings.ToLower(providers.WithoutHollow(s))
	if slices.Contains(plainColumns, name) || name == reasonColumn {
		return column{name: name, key: name}, true
	}
	group, key, ok := strings.Cut(s, ".")
	if !ok {
		return column{}, false
	}
	group = strings.ToLower(providers.WithoutHollow(group))
	if group == "field" || group == "meta" {
		return column{name: group + "." + key, group: group, key: key}, intake.ValidKey(key) && !strings.ContainsFunc(key, providers.Hollow)
	}
	key = strings.ToLower(providers.WithoutHollow(key))
	if slices.Contains(providerNames, group) {
		return column{name: group + "." + key, group: group, key: key}, intake.ValidOption(key)
	}
	number, ok := strings.CutPrefix(group, "signer")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > maxSigners || number != strconv.Itoa(n) {
		return column{}, false
	}
	return column{name: name, signer: n, key: key}, slices.Contains(signerColumns, key)
}

// header is the first row, understood.
type header struct {
	columns  []column
	signers  int             // the highest N
	groups   map[string]int  // columns of field, meta and each provider's options
	reason   int             // the column that [Rejected] added, -1 for none
	missing  map[string]bool // required columns that are not there
	nameless []nameless
	at       cell     // the row as a whole
	made     Patterns // of what rows have no column for
}

// nameless is a column that is nobody's mistake while it is empty: it has no name, or is of
// a signer for whom there is neither an e-mail nor a phone column.
type nameless struct {
	index  int
	at     cell
	signer int
}

// index is the column that a problem is about: where a value was made of others, the first of those.
// -1 for none.
func (h *header) index(name string) int {
	i := slices.IndexFunc(h.columns, func(col column) bool { return strings.EqualFold(col.name, name) })
	pattern := map[string]Pattern{"id": h.made.ID, "subject": h.made.Subject}[name]
	if i >= 0 || pattern.IsZero() {
		return i
	}
	return slices.IndexFunc(h.columns, func(col column) bool { return col.name != "" && pattern.has(col.name) })
}

// known counts the columns of a row that a header could name.
func (r *Reader) known(rec record) int {
	n, told := 0, r.options.Columns.among(rec.cells, nobody)
	for _, c := range rec.cells {
		if _, ok := r.columnAs(c.text, told); ok {
			n++
		}
	}
	return n
}

// parseHeader reads the first row. What is wrong with it is reported once; rows are
// then read with the columns that are understood. An error means that it is no header:
// nothing of it is repeated, for it may be somebody's data.
func (r *Reader) parseHeader(rec record, p *problems) (header, error) {
	h := header{at: rec.whole(), reason: -1, missing: map[string]bool{}, groups: map[string]int{}}
	for _, c := range rec.cells {
		if strings.Contains(c.text, "\r") {
			return h, lang.Errorf("the first line holds a line end of old Macs (CR), and other lines end with LF: save the file again, with one kind of line end")
		}
	}
	r.ownSigners = namesSigners(rec)
	r.role = r.onlyRole(rec)
	if r.known(rec) == 0 && len(r.told) == 0 {
		return h, r.noHeader(rec)
	}
	seen := map[string]bool{}
	means := r.means(rec)
	signers := map[int]cell{} // where each one is named first
	for i, c := range rec.cells {
		col, ok := r.column(c.text)
		switch lower := strings.ToLower(col.name); {
		case !ok && providers.Trim(c.text) == "":
			h.nameless = append(h.nameless, nameless{index: i, at: c})
			col = column{}
		case !ok:
			if p.full() { // no more is looked for
				p.more++
			} else {
				p.unknown(i, c, r.options.Told, means)
			}
			col = column{}
		case seen[lower]:
			p.add(c, col.name, twice(c.text, col, r.options.Told, means))
			col = column{}
		case lower == checkedColumn:
			seen[lower], col = true, column{}
		case lower == reasonColumn:
			h.reason, col = i, column{}
		default:
			seen[lower] = true
			if _, ok := signers[col.signer]; !ok && col.signer > 0 {
				signers[col.signer] = c
			}
			h.signers = max(h.signers, col.signer)
			h.groups[col.group]++
		}
		h.columns = append(h.columns, col)
	}
	for i, col := range h.columns {
		who := fmt.Sprintf("signer%d.", col.signer)
		if col.signer > 1 && !seen[who+"email"] && !seen[who+"phone"] {
			h.nameless = append(h.nameless, nameless{i, rec.cells[i], col.signer})
		}
	}
	h.require(rec, seen, r.options, p)
	r.patterns(&h, rec, seen, p)
	noGaps(signers, h.signers, p)
	return h, nil
}

// noGaps wants signers numbered from 1 to the last; at is where each is named first.
func noGaps(at map[int]cell, last int, p *problems) {
	for n := 2; n <= last; n++ {
		c, ok := at[n]
		if _, before := at[n-1]; ok && !before {
			p.add(c, fmt.Sprintf("signer%d", n), lang.Of("there is no signer%d: number the signers without gaps from signer1", n-1))
		}
	}
}

// noHeader says that a first line names no column, and what it should look like.
func (r *Reader) noHeader(rec record) error {
	hint := lang.Plain("")
	if len(rec.cells) == 1 && strings.Count(rec.cells[0].text, "|") > 1 {
		hint = lang.Of(" (separated by commas, semicolons or tabs, not by |)")
	}
	example := strings.Join([]string{"id", "provider", "subject", "document", "signer1.name", "signer1.email"}, string(rune(r.format.comma)))
	return lang.Errorf("the first line must name the columns%v, as in: %s%v", hint, strings.ReplaceAll(example, "\t", " (tab) "), foundInstead(rec))
}

// twice says that two columns of the file are the same one of ours.
func twice(heading string, col column, told Told, means *taken) lang.Text {
	if _, own := parseColumn(heading); own {
		return lang.Of("stands there twice")
	}
	otherwise, ok := means.another(heading)
	if !ok {
		otherwise = "meta." + plainHeading(heading)
	}
	return lang.Of("stands there twice: %q means it, too. Name the column that it does not mean otherwise%v", shorten(heading), told.mapping(otherwise, shorten(heading)))
}

// foundInstead repeats the first names of a header that has none of ours. What looks like
// somebody's data is not repeated.
func foundInstead(rec record) lang.Text {
	var names []string
	for _, c := range rec.cells {
		if c.text = shorten(c.text); strings.ContainsFunc(c.text, func(r rune) bool { return r == '@' || unicode.IsDigit(r) }) {
			return lang.Plain("")
		}
		if c.text != "" && len(names) < 6 {
			names = append(names, c.text)
		}
	}
	if len(rec.cells) < 2 {
		return lang.Plain("")
	}
	return lang.Of("; none of these is known: %s", strings.Join(names, ", "))
}

// unknown reports a column that is not known. Text that looks like somebody's data is not
// repeated.
func (p *problems) unknown(i int, c cell, told Told, means *taken) {
	likely := nearestColumn(c.text)
	message := lang.Of("%v%v", columnUnknown, didYouMean(likely))
	if likely == "" {
		message = lang.Of("%v%v", columnUnknown, told.unknown(shorten(c.text)))
	}
	if j := strings.IndexFunc(providers.Trim(c.text), providers.Hollow); j >= 0 {
		r, _ := utf8.DecodeRuneInString(providers.Trim(c.text)[j:])
		message = lang.Of("holds %v, which cannot be seen: write the name again", providers.Character(r))
	}
	why, wrong := unclear(c.text, told, means), intake.Garbled(c.text)
	switch {
	case !wrong.IsZero():
		message = wrong
	case !why.IsZero():
		message = why
	}
	digits := 0
	for _, r := range c.text {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits > 4 || strings.Contains(c.text, "@") {
		p.note(c, "", lang.Of("column %s %v", letters(i+1), message), func(said *Problem) { said.meant = likely })
		return
	}
	p.note(c, shorten(c.text), message, func(said *Problem) { said.meant = likely })
	if why.IsZero() && wrong.IsZero() && likely == "" {
		p.unclear = append(p.unclear, shorten(c.text))
	}
}

func (h *header) require(rec record, seen map[string]bool, options Options, p *problems) {
	required := []string{"signer1.name"}
	if options.ID.IsZero() {
		required = append(required, "id")
	}
	if options.Subject.IsZero() {
		required = append(required, "subject")
	}
	if options.Provider == "" {
		required = append(required, "provider")
	}
	if !seen["template"] {
		required = append(required, "document")
	}
	if !seen["signer1.phone"] {
		required = append(required, "signer1.email")
	}
	for _, name := range required {
		if !seen[name] {
			h.missing[name] = true
			p.note(rec.whole(), name, lang.Of("%v%v", columnMissing, options.Told.instead(name)), func(said *Problem) { said.missing = true })
		}
	}
}

// meant is the column of the file that a name is probably meant to be.
func (h *header) meant(name string) lang.Text {
	var own []string
	for _, col := range h.columns {
		if col.name != "" {
			own = append(own, col.name)
		}
	}
	return meant(strings.ToLower(name), own)
}

// shorten keeps a column's name short and printable enough for one line.
func shorten(s string) string {
	if len(s) > maxColumn {
		s = s[:maxColumn]
	}
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	s = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > 60 {
		s = string([]rune(s)[:60]) + "..."
	}
	return s
}

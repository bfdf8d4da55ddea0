package campaign

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
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
	}
)

const maxSigners = 100

// parseColumn reads a column's name. Names ignore case, but NAME in field.NAME and
// meta.NAME stays as it is written: others gave it.
func parseColumn(s string) (column, bool) {
	s = providers.Trim(s)
	name := strings.ToLower(s)
	if slices.Contains(plainColumns, name) || name == reasonColumn {
		return column{name: name, key: name}, true
	}
	group, key, ok := strings.Cut(s, ".")
	if !ok {
		return column{}, false
	}
	group = strings.ToLower(group)
	switch {
	case group == "field" || group == "meta":
		return column{name: group + "." + key, group: group, key: key}, jobs.ValidKey(key)
	case slices.Contains(jobs.ProviderNames, group):
		key = strings.ToLower(key)
		return column{name: group + "." + key, group: group, key: key}, jobs.ValidOption(key)
	}
	number, ok := strings.CutPrefix(group, "signer")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > maxSigners || number != strconv.Itoa(n) {
		return column{}, false
	}
	key = strings.ToLower(key)
	return column{name: name, signer: n, key: key}, slices.Contains(signerColumns, key)
}

// header is the first row, understood.
type header struct {
	columns []column
	signers int             // the highest N
	reason  int             // the column that [Rejected] added, -1 for none
	missing map[string]bool // required columns that are not there
}

// parseHeader reads the first row. What is wrong with it is reported once; rows are
// then read with the columns that are understood.
func parseHeader(rec record, provider string, report func(c cell, name, message string)) header {
	h := header{reason: -1, missing: map[string]bool{}}
	seen := map[string]bool{}
	known := 0
	for _, c := range rec.cells {
		if _, ok := parseColumn(c.text); ok {
			known++
		}
	}
	if known == 0 {
		// Not echoed: without a header this is somebody's data.
		report(cell{line: rec.line, column: 1}, "", "the first line must name the columns, as in: id,provider,subject,document,signer1.name,signer1.email")
		return h
	}
	signers := map[int]cell{} // where each one is named first
	for i, c := range rec.cells {
		col, ok := parseColumn(c.text)
		switch lower := strings.ToLower(col.name); {
		case !ok && providers.Trim(c.text) == "":
			report(c, "", fmt.Sprintf("column %d has no name", i+1))
			col = column{}
		case !ok:
			report(c, shorten(c.text), "is not a known column"+suggestion(c.text))
			col = column{}
		case seen[lower]:
			report(c, col.name, "stands there twice")
			col = column{}
		case lower == reasonColumn:
			h.reason, col = i, column{}
		default:
			seen[lower] = true
			if _, ok := signers[col.signer]; !ok && col.signer > 0 {
				signers[col.signer] = c
			}
			h.signers = max(h.signers, col.signer)
		}
		h.columns = append(h.columns, col)
	}
	h.require(rec, seen, provider, report)
	for n := 2; n <= h.signers; n++ {
		at, ok := signers[n]
		if _, before := signers[n-1]; ok && !before {
			report(at, fmt.Sprintf("signer%d", n), fmt.Sprintf("there is no signer%d: number the signers without gaps from signer1", n-1))
		}
	}
	return h
}

func (h *header) require(rec record, seen map[string]bool, provider string, report func(c cell, name, message string)) {
	required := []string{"id", "subject", "signer1.name"}
	if provider == "" {
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
			report(cell{line: rec.line, column: 1}, name, "this column is missing")
		}
	}
}

// suggestion names the known column that a misspelt one is nearest to.
func suggestion(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 40 {
		return ""
	}
	candidates := slices.Clone(plainColumns)
	group, _, _ := strings.Cut(s, ".")
	for _, part := range signerColumns {
		candidates = append(candidates, "signer1."+part)
		if c, ok := parseColumn(group + "." + part); ok && c.signer > 0 {
			candidates = append(candidates, group+"."+part)
		}
	}
	best, distance := "", 3
	for _, c := range candidates {
		if d := edits(s, c); d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// shorten keeps a column's name short and printable enough for one line.
func shorten(s string) string {
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

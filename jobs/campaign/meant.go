package campaign

import (
	"slices"
	"strings"
	"unicode"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

var (
	columnMissing = lang.Of("this column is missing")
	columnUnknown = lang.Of("is not a known column")
)

// guessed leaves out that a column is missing where another one is probably it, misspelt:
// that is one mistake.
func (p *problems) guessed() {
	p.list = slices.DeleteFunc(p.list, func(missing Problem) bool {
		return missing.missing && slices.ContainsFunc(p.list, func(other Problem) bool {
			return other.meant == missing.Name || !other.missing && plainName(other.Name) == plainName(missing.Name) && other.Name != missing.Name
		})
	})
}

// plainName is a column's name without what people leave out, double or write otherwise in
// it: signs, blanks, letters outside ASCII.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// suggestion asks for the known column that a misspelt one is nearest to.
func suggestion(s string) lang.Text { return didYouMean(nearestColumn(s)) }

// nearestColumn is the known column that a misspelt one is nearest to; empty: none is near.
func nearestColumn(s string) string {
	s = strings.ToLower(providers.Trim(s))
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
	for _, c := range candidates { // signer2_email, Signer 2 E-mail
		if plain := plainName(s); plain == plainName(c) || plain == strings.TrimPrefix(plainName(c), "signer1") {
			return c
		}
	}
	if c, ok := heading(s); ok {
		return c.name
	}
	if c, ok := spelled(s); ok {
		return c
	}
	return Nearest(s, candidates)
}

// spelled finds the column of a later signer in a name with other signs: signer2_email.
func spelled(s string) (string, bool) {
	rest, ok := strings.CutPrefix(plainName(s), "signer")
	number := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	for _, part := range signerColumns {
		if ok && number != "" && rest == number+plainName(part) {
			c, known := parseColumn("signer" + number + "." + part)
			return c.name, known
		}
	}
	return "", false
}

// meant asks for the candidate that a misspelt word is nearest to.
func meant(s string, candidates []string) lang.Text { return didYouMean(Nearest(s, candidates)) }

// Nearest is the candidate that a misspelt word is nearest to; empty: none is near.
func Nearest(s string, candidates []string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 40 {
		return ""
	}
	best, distance := "", 3
	for _, c := range candidates {
		if d := min(edits(s, c), edits(plainName(s), plainName(c))); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// didYouMean asks for a column; for none it says nothing.
func didYouMean(s string) lang.Text {
	if s == "" {
		return lang.Plain("")
	}
	return lang.Of(": did you mean %s?", s)
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

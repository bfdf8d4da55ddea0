package intake

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
)

// oneOf reports a word that is not among the allowed ones; empty is allowed.
func (c *checker) oneOf(field, s string, allowed ...string) bool {
	if s != "" && !slices.Contains(allowed, s) {
		c.add(field, "must be one of %s", strings.Join(allowed, ", "))
		return false
	}
	return s != ""
}

// word is one of few that are known, so that nothing which cannot be seen matters in it.
func word(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(providers.Trim(providers.WithoutHollow(s)))
}

// line reports text that is too long or does not fit in one line.
func (c *checker) line(field, s string, limit int) bool { return c.characters(field, s, limit, "") }

// text is line for texts that may have several lines.
func (c *checker) text(field, s string, limit int) bool {
	return c.characters(field, s, limit, "\n\r\t")
}

func (c *checker) characters(field, s string, limit int, also string) bool {
	if len(s) <= limit && ordinary(s) {
		return true
	}
	if n := utf8.RuneCountInString(s); n > limit {
		c.add(field, "has %d characters, at most %d are allowed", n, limit)
		return false
	}
	if !utf8.ValidString(s) {
		c.add(field, "is not valid UTF-8")
		return false
	}
	if wrong := Garbled(s); !wrong.IsZero() {
		c.add(field, "%v", wrong)
		return false
	}
	for i, r := range s {
		if unprintable(r) && !strings.ContainsRune(also, r) {
			c.add(field, "holds a line break or another character that cannot be printed: character %d is %s, remove it", utf8.RuneCountInString(s[:i])+1, providers.Character(r))
			return false
		}
	}
	return true
}

// unprintable are control characters, line and paragraph separators, the marks that turn
// the direction of writing, which can make a text look like another one, and what is no
// character at all.
func unprintable(r rune) bool {
	if r <= unicode.MaxLatin1 {
		return unicode.IsControl(r)
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Noncharacter_Code_Point)
}

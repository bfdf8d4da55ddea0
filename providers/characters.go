package providers

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/runenames"

	"github.com/chancela/chancela/providers/lang"
)

// Trim takes blanks and characters that cannot be seen off both ends of s. Those that
// turn the direction of writing stay: without them s would read differently.
func Trim(s string) string {
	if s == "" || graphic(s[0]) && graphic(s[len(s)-1]) { // most are
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || Invisible(r) && !turns(r) })
}

// graphic tells an ASCII character that can be seen.
func graphic(b byte) bool { return b > ' ' && b < 0x7F }

// plain tells text of ASCII characters that can be seen, and spaces.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] != ' ' && !graphic(s[i]) {
			return false
		}
	}
	return true
}

// lastLatin is the last character of the blocks that begin Unicode, in which few are invisible.
const lastLatin = '\u024F'

// Invisible tells whether r shows nothing: a blank of any kind, or a mark without width.
// Control characters are not meant.
func Invisible(r rune) bool {
	if r <= lastLatin {
		return r == ' ' || r == '\u00A0' || r == '\u00AD'
	}
	return r == brailleBlank ||
		unicode.In(r, unicode.Zs, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
			!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

const brailleBlank = '\u2800'

// turns tells whether r makes the text after it run from right to left, or overrides its
// direction.
func turns(r rune) bool { return strings.ContainsRune("\u202B\u202D\u202E\u2067", r) }

// Blank tells whether r looks like a space: a space of any kind, a tab, or a letter that
// shows nothing.
func Blank(r rune) bool {
	return r == '\t' || unicode.Is(unicode.Zs, r) || strings.ContainsRune("\u115F\u1160\u2800\u3164\uFFA0", r)
}

// Hollow tells whether r has neither width nor a meaning in a text of letters, digits and
// signs, so that nothing is lost without it. A soft hyphen may be a hyphen, joiners make
// words in some scripts, and tags hide text: these are not hollow.
func Hollow(r rune) bool {
	return Invisible(r) && !Blank(r) && !turns(r) && !strings.ContainsRune("\u00AD\u200C\u200D", r) && (r < 0xE0020 || r > 0xE007F)
}

// WithoutHollow leaves out the characters that are [Hollow].
func WithoutHollow(s string) string {
	if plain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if Hollow(r) {
			return -1
		}
		return r
	}, s)
}

// Character names a character for a message, for it may be one that cannot be seen:
// "U+200B (zero width space)".
func Character(r rune) lang.Text {
	name := lang.Plain(strings.ToLower(strings.Trim(runenames.Name(r), "<>")))
	if own := name.String(); lang.Known(own) && own != "" {
		name = lang.Of(own)
	}
	switch r {
	case '\n', '\r', '\u0085', '\u2028', '\u2029':
		name = lang.Of("line break")
	case '\t':
		name = lang.Of("tab")
	}
	if name.String() == "" {
		name = lang.Of("no character")
	}
	return lang.Of("U+%04X (%v)", r, name)
}

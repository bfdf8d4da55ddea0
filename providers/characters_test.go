package providers

import (
	"testing"
	"unicode"
)

// unseen are characters that spreadsheets, chats, PDF files and web pages leave in values.
const unseen = "\u200B\u200C\u200D\u2060\uFEFF\u00AD\u200E\u202A\u202C\u2068\u00A0\u202F\uFE0F\u3164\u180E\U000E0001\u034F\u3000\u2800\t \n"

func TestTrim(t *testing.T) {
	for s, want := range map[string]string{
		unseen + "Ana Prova" + unseen: "Ana Prova",
		unseen:                        "",
		"a" + "\u200B" + "b":          "a\u200Bb",
		"\u202Eanul":                  "\u202Eanul", // reads luna: another text without it
		"\x00a\x1a":                   "\x00a\x1a",
		"\xffa ":                      "\xffa",
	} {
		if got := Trim(s); got != want {
			t.Errorf("Trim(%+q) = %+q, want %+q", s, got, want)
		}
	}
}

func TestHollow(t *testing.T) {
	for _, r := range "\u200B\u2060\uFEFF\u200E\u200F\u202A\u202C\u2068\u2069\uFE0F\u180E\U000E0001\u034F" {
		if !Hollow(r) {
			t.Errorf("%U is not hollow", r)
		}
	}
	for _, r := range "a1-' \u00A0\u3000\u3164\u00AD\u200C\u200D\u202B\u202D\u202E\u2067\U000E0061\n\x00\u0301\u0600" {
		if Hollow(r) {
			t.Errorf("%U is hollow", r)
		}
	}
}

func TestCharacter(t *testing.T) {
	for r, want := range map[rune]string{
		'\u200B':     "U+200B (zero width space)",
		'\u202E':     "U+202E (right-to-left override)",
		'\n':         "U+000A (line break)",
		0:            "U+0000 (control)",
		'|':          "U+007C (vertical line)",
		'\U000E0001': "U+E0001 (language tag)",
		'\u0378':     "U+0378 (no character)",
	} {
		if got := Character(r).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The short way for Latin letters says what Unicode's tables say.
func TestLatinThatCannotBeSeen(t *testing.T) {
	for r := rune(0); r <= lastLatin; r++ {
		want := unicode.In(r, unicode.Zs, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
			!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
		if Invisible(r) != want {
			t.Errorf("%U: want %v", r, want)
		}
	}
}

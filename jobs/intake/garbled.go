package intake

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/chancela/chancela/providers/lang"
)

// Garbled tells what is wrong with text that was written in one encoding and read in
// another before it came here, empty for nothing. Nobody writes such text, and people
// would see it in their contract.
func Garbled(s string) lang.Text {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		at := func() int { return utf8.RuneCountInString(s[:i]) + 1 }
		if r == utf8.RuneError {
			return lang.Of("character %d (U+FFFD) stands for a letter that was lost: write it again", at())
		}
		if seen, meant := misread(s[i:]); seen != "" && !(meant == '\u00A0' || endsInUpper(s[:i]) && (meant == 'à' || closes(seen, s[i+len(seen):]))) {
			return lang.Of("character %d: %s is what %s looks like when UTF-8 is read as Windows-1252: export it again as UTF-8", at(), seen, shown(meant))
		}
		i += size
	}
	return lang.Text{}
}

// misread finds a character whose bytes in UTF-8 were taken for characters of
// Windows-1252 at the beginning of s. Only those that are found in names and common
// signs count: by chance, others are text.
func misread(s string) (seen string, meant rune) {
	var bytes [utf8.UTFMax]byte
	raw := bytes[:0]
	for i, r := range s {
		b, ok := byte1252(r)
		if !ok || len(raw) > 0 && (b < 0x80 || b > 0xBF) || len(raw) == 0 && b < 0xC2 {
			return "", 0
		}
		raw = append(raw, b)
		if utf8.FullRune(raw) {
			meant, _ = utf8.DecodeRune(raw)
			if !common(meant) {
				return "", 0
			}
			return s[:i+utf8.RuneLen(r)], meant
		}
		if len(raw) == utf8.UTFMax {
			return "", 0
		}
	}
	return "", 0
}

func common(r rune) bool {
	switch {
	case r == utf8.RuneError, r < 0xA0:
		return false
	case r <= 0xFF, r == '\uFEFF', r == '€', r == '™':
		return true
	case r >= 0x2010 && r <= 0x203A, r >= 0x1F300 && r <= 0x1FAFF:
		return true
	}
	return strings.ContainsRune("ŒœŠšŸŽž", r)
}

// byte1252 is the byte of a character in Windows-1252, with the five that it leaves out.
func byte1252(r rune) (byte, bool) {
	if r >= 0x80 && r < 0xA0 {
		return byte(r), true
	}
	return charmap.Windows1252.EncodeRune(r)
}

func shown(r rune) string {
	if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
		return string(r)
	}
	return fmt.Sprintf("U+%04X", r)
}

// endsInUpper tells IRMÃ and a space without a break from an à that was misread.
func endsInUpper(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsUpper(r)
}

// closes tells IRMÃ and the sign after it, as in “IRMÃ”, from a letter that was misread.
func closes(seen, after string) bool {
	sign, _ := utf8.DecodeLastRuneInString(seen)
	next, _ := utf8.DecodeRuneInString(after)
	return strings.ContainsRune("’”»›…–—", sign) && !unicode.IsLetter(next)
}

var escapes = []struct {
	what    lang.Text
	pattern *regexp.Regexp
	decode  func(string) string
}{
	{lang.Plain("HTML"), regexp.MustCompile(`&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});`), html.UnescapeString},
	{lang.Plain("quoted-printable"), regexp.MustCompile(`(=[89A-F][0-9A-F]){2,4}`), func(s string) string { return percent(strings.ReplaceAll(s, "=", "%")) }},
	{lang.Of("a web address"), regexp.MustCompile(`(?i)(%[89A-F][0-9A-F]){2,4}`), percent},
	{lang.Plain("JSON"), regexp.MustCompile(`\\u00[0-9a-fA-F]{2}`), func(s string) string { return unescape16(s[2:]) }},
	{lang.Plain("UTF-7"), regexp.MustCompile(`\+[A-Za-z0-9/]{3,}-`), utf7},
}

// escapeSigns are those of which one is in each of escapes.
const escapeSigns = `&=%\+`

// Escaped finds a character that stands as it is written in another format, such as
// &atilde; in HTML, in text that is one line for people: names and titles. It tells what
// is wrong, empty for nothing.
func Escaped(s string) lang.Text {
	if !strings.ContainsAny(s, escapeSigns) {
		return lang.Text{}
	}
	for _, e := range escapes {
		for _, found := range e.pattern.FindAllString(s, 4) {
			if meant := e.decode(found); meant != "" && meant != found {
				return lang.Of("holds %s, which is %s as it stands in %s: write the character itself", found, shown([]rune(meant)[0]), e.what)
			}
		}
	}
	return lang.Text{}
}

func percent(s string) string {
	if out, err := url.PathUnescape(s); err == nil && utf8.ValidString(out) {
		return out
	}
	return ""
}

func unescape16(digits string) string {
	var r rune
	if _, err := fmt.Sscanf(digits, "%x", &r); err != nil {
		return ""
	}
	return string(r)
}

// utf7 decodes what stands between + and -, when it is letters with accents.
func utf7(s string) string {
	raw, err := base64.RawStdEncoding.Strict().DecodeString(s[1 : len(s)-1])
	if err != nil || len(raw)%2 != 0 {
		return ""
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	out := string(utf16.Decode(units))
	if strings.ContainsFunc(out, func(r rune) bool { return r < 0xA0 || r > 0x17F }) {
		return ""
	}
	return out
}

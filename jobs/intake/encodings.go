package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// misspelt is the place of the first character that shows that s was read in a code page
// of DOS or the Macintosh, or was written in one; -1 when it reads well. What shows that
// Windows-1252 was taken for UTF-8 is for [Garbled].
func misspelt(s string) int {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return -1
	}
	runes := []rune(s)
	for _, wrong := range []*charmap.Charmap{charmap.Macintosh, charmap.CodePage850, charmap.CodePage437} {
		for i := range runes {
			if utf8ReadAs(wrong, runes[i:]) {
				return i
			}
		}
	}
	for i := 1; i < len(runes); i++ {
		last := i+1 == len(runes)
		before, r := runes[i-1], runes[i]
		switch {
		case !unicode.IsLetter(before):
		case strings.ContainsRune(neverInWords, r) && (last || unicode.IsLetter(runes[i+1])):
			return i
		case r >= 0xC0 && r <= 0x17F && unicode.IsUpper(r) && unicode.IsLower(before) && (last || unicode.IsLower(runes[i+1])) && !capitalInside(runes[:i]):
			return i
		}
	}
	return -1
}

// neverInWords are what letters with accents become when the code pages of DOS or the
// Macintosh are taken for Windows', or the other way round, and letters are joined to.
const neverInWords = "‡ˆ‰ƒ‚„¡¢£¤¥¦§¨¬¯¶¸¿√∆∏∑∂∫≈≤≥◊˙˚˝˛ˇ¼½¾" +
	"─│┌┐└┘├┤┬┴┼═║╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬▀▄█▌▐░▒▓■"

// capitalInside tells whether a word may go on with a capital, as McÉwan and DeÁvila do.
func capitalInside(before []rune) bool {
	word := before
	for i := len(before) - 1; i >= 0; i-- {
		if !unicode.IsLetter(before[i]) {
			word = before[i+1:]
			break
		}
	}
	switch strings.ToLower(string(word)) {
	case "mc", "mac", "de", "di", "da", "do", "du", "des", "dos", "das", "del", "della", "la", "le", "van", "von", "fitz", "el", "al", "san", "saint":
		return true
	}
	return false
}

// utf8ReadAs tells whether runes begin with the bytes of one accented letter or usual
// sign in UTF-8, each taken for a character of the given encoding.
func utf8ReadAs(wrong *charmap.Charmap, runes []rune) bool {
	if len(runes) < 2 || runes[0] < utf8.RuneSelf || runes[1] < utf8.RuneSelf {
		return false
	}
	var bytes [utf8.UTFMax]byte
	b := bytes[:0]
	for _, r := range runes[:min(len(runes), utf8.UTFMax)] {
		c, ok := wrong.EncodeRune(r)
		if !ok {
			break
		}
		b = append(b, c)
	}
	if len(b) < 2 {
		return false
	}
	r, size := utf8.DecodeRune(b)
	switch {
	case size == 2:
		return r >= 0xA0 && r <= 0x17F
	case size == 3:
		return r >= 0x2010 && r <= 0x2044 || r == '€' || r == '™' || r == utf8.RuneError || r == 0xFEFF
	case size == 4:
		return r >= 0x1F300 && r < 0x20000
	}
	return false
}

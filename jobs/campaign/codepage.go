package campaign

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"

	"github.com/chancela/chancela/providers/lang"
)

// The encodings that are not recognised for certain: their letters are signs in
// Windows-1252. Which one it is can be told only to a person, as a likelihood.
var others = []struct {
	name    lang.Text
	charmap *charmap.Charmap
}{
	{lang.Of("the DOS code page %s", "850"), charmap.CodePage850},
	{lang.Of("the DOS code page %s", "860"), charmap.CodePage860},
	{lang.Of("the DOS code page %s", "437"), charmap.CodePage437},
	{lang.Plain("Mac Roman"), charmap.Macintosh},
}

const accented = "áàâãçéêíñóôõúüÁÀÂÃÇÉÊÍÑÓÔÕÚÜºª"

// garbledWindows looks for the first byte that no person has written as Windows-1252, and
// says what it probably is; counts are how often each byte stands in the file.
func garbledWindows(in io.Reader, counts [256]int) (offset int64, message lang.Text, err error) {
	letters := 0 // that are letters in Windows-1252 and nothing that matters elsewhere
	for b := 0xC0; b <= 0xFF; b++ {
		if b != 0xD7 && b != 0xF7 {
			letters += counts[b]
		}
	}
	text := bufio.NewReaderSize(in, 64<<10)
	before, b := byte(' '), byte(' ')
	for offset = -1; ; offset++ {
		next, err := text.ReadByte()
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, lang.Text{}, err
		}
		if errors.Is(err, io.EOF) {
			next = ' '
		}
		if b >= 0x80 {
			if sure, perhaps := strange(before, b, next); sure || perhaps && letters == 0 {
				return offset, probably(b, counts), nil
			}
		}
		if err != nil {
			return 0, lang.Text{}, nil
		}
		before, b = b, next
	}
}

// probably tells in which encoding the file's bytes are letters of Portuguese.
func probably(b byte, counts [256]int) lang.Text {
	best, most := -1, 0
	for i, o := range others {
		if !strings.ContainsRune(accented, o.charmap.DecodeByte(b)) {
			continue
		}
		sum := 0
		for high := 0x80; high <= 0xFF; high++ {
			if strings.ContainsRune(accented, o.charmap.DecodeByte(byte(high))) {
				sum += counts[high]
			}
		}
		if sum > most {
			best, most = i, sum
		}
	}
	if b == '\xA4' {
		return lang.Of("the byte 0x%02X is ¤ in Windows-1252 and € in ISO 8859-15, which cannot be told apart: save the file again as CSV UTF-8", b)
	}
	if best < 0 {
		return lang.Of("the byte 0x%02X makes no sense in Windows-1252, and the file is not UTF-8: save it again as CSV UTF-8", b)
	}
	return lang.Of("the byte 0x%02X makes no sense in Windows-1252; the file is probably in %v, where it is %c: save it again as CSV UTF-8",
		b, others[best].name, others[best].charmap.DecodeByte(b))
}

// strange tells whether b, between two other bytes, is no Windows-1252 that a person has
// written: a sign where a letter belongs. What is only unusual makes it strange when the
// file has no letter with an accent at all.
func strange(before, b, after byte) (sure, perhaps bool) {
	within := isLetter(before) && isLetter(after)
	inWord := isLetter(before) && isLower(after)
	switch b {
	case 0x81, 0x8D, 0x8F, 0x90, 0x9D, // no characters
		0x83, 0x88, 0x98, // ƒ ˆ ˜
		0xA4: // ¤
		return true, true
	case 0x82, 0x84, 0x8B, 0xA1: // ‚ „ ‹ ¡: they open something
		return isLetter(before), true
	case 0xA7: // §
		return isLetter(before), false
	case 0xA6, 0x86, 0x87: // ¦ † ‡
		return isLetter(before) || isLetter(after), true
	case 0xA2, 0xA3: // ¢ £
		return within || isLower(before), false
	case 0x80, 0x89, 0x91, 0x93, 0x94, 0x95, 0x99, 0x9B: // € ‰ ‘ “ ” • ™ ›
		return within, false
	case 0x85, 0x96, 0x97, 0x9C, 0x9E: // … – — œ ž
		return false, inWord
	case 0xA0: // a space without a break, or the á of DOS
		return false, isLetter(before) && !isUpper(after) && (after < '0' || after > '9')
	case 0x92: // ’ as in d’água
		return false, isLetter(before) && isLower(after) && !strings.ContainsRune("aeiouhs", rune(after))
	case 0xB5, 0xB6: // µ ¶
		return isUpper(before) || isUpper(after), false
	case 0x8A, 0x8C, 0x8E, 0xC6: // Š Œ Ž Æ
		return isLower(before), false
	case 0x9F: // Ÿ
		return isLetter(before) || isLower(after), false
	case 0xE4: // ä, which is õ in the code page 850
		return isLetter(before) && after == 'e', false
	case 0xE5: // å, which is Õ there
		return isUpper(before) && isUpper(after), false
	}
	return false, false
}

func isLetter(b byte) bool { return unicode.IsLetter(charmap.Windows1252.DecodeByte(b)) }
func isLower(b byte) bool  { return unicode.IsLower(charmap.Windows1252.DecodeByte(b)) }
func isUpper(b byte) bool  { return unicode.IsUpper(charmap.Windows1252.DecodeByte(b)) }

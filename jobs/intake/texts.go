package intake

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Texts go to people and into contracts as they stand, so what no person writes is
// refused: what a spreadsheet, a template or a wrong encoding has left in place of a text.

// ordinary tells text that is right as it stands, as most is: letters and digits of ASCII,
// single blanks and the commonest signs between them, and small letters with accents of
// which no two follow each other. None of the faults below can be in it, nor anything that
// has another normal form, but for the words that nobody writes.
func ordinary(s string) bool {
	blank, accent := true, false // what stands before
	for i := 0; i < len(s); {
		b := s[i]
		switch class[b] {
		case 'a':
			blank, accent = false, false
		case ' ':
			if blank {
				return false
			}
			blank, accent = true, false
		case 'é':
			// The second byte tells a small letter of Latin-1: ß to ÿ without ÷.
			if i++; accent || i == len(s) || s[i] < 0x9F || s[i] > 0xBF || s[i] == 0xB7 {
				return false
			}
			blank, accent = false, true
		default:
			return false
		}
		i++
	}
	return !blank
}

// class sorts bytes for ordinary.
var class = func() (class [256]rune) {
	for b := range class {
		if r := rune(b); r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".,-'()/", r)) {
			class[b] = 'a'
		}
	}
	class[' '] = ' '
	class[0xC3] = 'é'
	return class
}()

// name brings a person's or company's name into its form: one space between words and
// nothing that cannot be seen. Line breaks stay, to be refused.
func (c *checker) name(field string, name *string) {
	given := *name
	if len(given) <= maxName && ordinary(given) && isLetter(given[0]) && !nobodysWord(given) && !halfMissing(given) && !bytesOf(given) {
		return
	}
	if c.endless(field, given, maxName) {
		return
	}
	s := norm.NFC.String(withoutJoiners(providers.WithoutHollow(providers.Trim(given))))
	*name = strings.Join(strings.FieldsFunc(s, providers.Blank), " ")
	if c.empty(field, given, *name) || !c.line(field, *name, maxName) {
		return
	}
	err := garbled(s) // before blanks of other kinds are gone, which may belong to it
	if err == nil {
		err = notAName(*name)
	}
	if err != nil {
		c.add(field, "%v", err)
	}
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// endless reports a text so long that no trimming makes it fit, before any work is done
// on it: a request may hold megabytes in one value.
func (c *checker) endless(field, text string, limit int) bool {
	if len(text) <= 16*limit { // a character has up to four bytes, and blanks may be trimmed
		return false
	}
	c.add(field, "has %d characters, at most %d are allowed", utf8.RuneCountInString(text), limit)
	return true
}

// withoutJoiners leaves out the joiners that join nothing: Latin letters, Greek and
// Cyrillic ones know none. An accent belongs to the letter that it stands on.
func withoutJoiners(s string) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		if (r == '\u200C' || r == '\u200D') && (!unicode.In(before, unicode.L, unicode.M) || unicode.In(before, unicode.Latin, unicode.Greek, unicode.Cyrillic)) {
			return -1
		}
		if !unicode.Is(unicode.M, r) || !unicode.Is(unicode.Inherited, r) {
			before = r
		}
		return r
	}, s)
}

// title is name for the subject, which may hold any signs.
func (c *checker) title(field string, title *string) {
	given := *title
	if len(given) <= maxSubject && ordinary(given) && isLetter(given[0]) && !nobodysWord(given) && !bytesOf(given) {
		return
	}
	if c.endless(field, given, maxSubject) {
		return
	}
	*title = norm.NFC.String(providers.Trim(given))
	if c.empty(field, given, *title) || !c.line(field, *title, maxSubject) {
		return
	}
	if err := notWritten(*title); err != nil {
		c.add(field, "%v", err)
	}
}

// empty reports a required text of which nothing can be seen.
func (c *checker) empty(field, given, text string) bool {
	switch unseen := strings.TrimFunc(given, unicode.IsSpace); {
	case text != "":
		return false
	case unseen == "":
		c.add(field, "is required")
	default:
		c.add(field, "is required: the cell holds %s, which shows nothing", providers.Character([]rune(unseen)[0]))
	}
	return true
}

// written checks an optional text.
func (c *checker) written(field string, text *string, within func(field, s string, limit int) bool, limit int) {
	if *text == "" || c.endless(field, *text, limit) {
		return
	}
	*text = norm.NFC.String(providers.Trim(*text))
	if *text == "" || !within(field, *text, limit) {
		return
	}
	if err := notWritten(*text); err != nil {
		c.add(field, "%v", err)
	}
}

var (
	sheetError = regexp.MustCompile(`^(#[¡¿]?[\p{Lu}_0-9/]+[!?]|#+|#NV|#(REF|ERRO|ERROR|VALOR|VALUE|NOME|NAME)|#GETTING_DATA|#OBTENDO_DADOS|Err:[0-9]{3})$` +
		`|(?i)(^|[\s(:;,"'])#(N/[AD]|[¡¿]?(REF|VALOR|VALUE|NOME|NAME|DIV/0|N[UÚ]M|NULO|NULL|ERROR?|DESPEJAR|SPILL|CALC|CAMPO)[!?])`)
	scientific = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]{2,3}$`)
	formula    = regexp.MustCompile(`^=\s*[+-]?('|"|\$?\p{L}{1,3}\$?[0-9]|[\p{L}_.]+\(|[\p{L}\p{N}_.]+!|[0-9.,+*/()^-]+$)|^[+@][\p{L}_.]+\(`)
	// placeholder is a name between the signs of a mail merge or a program.
	placeholder = regexp.MustCompile(`\{\{[^{}]*\}\}|[$#]?\{[\p{L}_.]+\}|\$\{[^{}]*\}|<<[^<>]*>>|<%.*%>|\[\[[^\[\]]*\]\]|` +
		`(^|\s)%[\p{Lu}_]{2,}%(\s|$)|%\([\p{L}_]+\)[sd]|^(«[^«»\s]*»|<[^<>]*>|__[\p{L}_]+__|%[\p{L}_]+%|\$[\p{L}_]{2,})$`)
)

// nobodysWords are what programs write for nothing, and for yes and no. As names are
// written, Nan and Nat are names.
var nobodysWords = []string{
	"NULL", "null", "Null", "(null)", "(NULL)", "nil", "NIL", "nan", "NaN", "NAN", "NaT", "None", "none", "NONE", "undefined", "[object Object]",
	"N/A", "n/a", "N/D", "n/d", "<NA>", "TRUE", "FALSE", "True", "False", "VERDADEIRO", "FALSO", "0", "Loading...", "Carregando...",
}

func nobodysWord(s string) bool {
	return len(s) <= len("[object Object]") && slices.Contains(nobodysWords, s)
}

// halfMissing tells a name that a program has put together of several values, one of which it had not:
// "Ana undefined". Null and None are names of people.
func halfMissing(s string) bool {
	all, any := true, false
	for word := range strings.FieldsSeq(s) {
		all, any = all && nobodysWord(word), any || word == "undefined" || word == "null"
	}
	return any || all
}

// bytesOf tells a text as Python writes bytes.
func bytesOf(s string) bool {
	return len(s) > 2 && s[0] == 'b' && (s[1] == '\'' || s[1] == '"') && s[len(s)-1] == s[1]
}

// notWritten says what a text is when no person has written it.
func notWritten(s string) error {
	if err := leftover(s); err != nil {
		return err
	}
	switch {
	case nobodysWord(s):
		return lang.Errorf("is what a spreadsheet or program writes for an empty or missing value: fill it in, or leave the cell empty where that is allowed")
	case bytesOf(s):
		return lang.Errorf("is written as a program writes bytes: %s. Write the text alone", "b'...'")
	case !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.So, unicode.Sc) && !providers.Invisible(r)
	}):
		return lang.Errorf("holds neither letters nor digits: fill it in, or leave the cell empty where that is allowed")
	}
	return garbled(s)
}

func holdsSheetError(s string) bool {
	return (strings.IndexByte(s, '#') >= 0 || strings.HasPrefix(s, "Err:")) && sheetError.MatchString(s)
}

// leftover says which part of s a spreadsheet or template should have replaced.
func leftover(s string) error {
	switch {
	case holdsSheetError(s):
		return lang.Errorf("holds a spreadsheet's error such as #N/A or #REF!, or the sign of a column too narrow for its value: mend the cell and save again")
	case strings.IndexByte("=+@", s[0]) >= 0 && formula.MatchString(s):
		return lang.Errorf("is a formula: save the file with values")
	case strings.ContainsAny(s, "{<%[«_$") && placeholder.MatchString(s):
		return lang.Errorf("holds a placeholder such as {{name}} that nothing was put in for")
	}
	return nil
}

// notAName is stricter than notWritten: of signs, a name has few.
func notAName(s string) error {
	if err := notWritten(s); err != nil {
		return err
	}
	if s[0] >= '0' && s[0] <= '9' && scientific.MatchString(s) {
		return lang.Errorf("is a number in scientific notation, made by a spreadsheet")
	}
	if halfMissing(s) {
		return lang.Errorf("holds what a program writes for a missing value, such as null or undefined: fill it in")
	}
	if lostHash.MatchString(s) {
		return lang.Errorf("has # in place of a letter, as SAP and other programs write those that they cannot: write the letter")
	}
	letters := false
	for i, r := range s {
		letters = letters || unicode.IsLetter(r)
		switch {
		case unicode.In(r, unicode.L, unicode.M, unicode.N) || strings.ContainsRune(nameSigns, r):
		case providers.Invisible(r):
			return lang.Errorf("character %d is %s, which cannot be seen: remove it", utf8.RuneCountInString(s[:i])+1, providers.Character(r))
		default:
			return lang.Errorf("character %d is %s, which stands in no name: the text may have been read in a wrong encoding", utf8.RuneCountInString(s[:i])+1, providers.Character(r))
		}
	}
	if !letters {
		return lang.Errorf("holds no letters")
	}
	return nil
}

// nameSigns are the signs of people's and companies' names. Joiners belong to the spelling
// of some scripts.
const nameSigns = " '’‘ʼ`´-‐‑–—.,&/()+!:;#@*_%$\"“”«»·•ºª°№®™\u200C\u200D"

var (
	lostHash    = regexp.MustCompile(`\p{L}#{1,3}\p{L}|\p{L}{2}#{1,3}(\s|$)`)
	lostSign    = regexp.MustCompile(`\p{L}\?{1,3}\p{Ll}`)
	latinQuoted = regexp.MustCompile(`[A-Za-z][=%][C-F][0-9A-F][a-z]|=\?[A-Za-z0-9-]+\?[QqBb]\?`)
	inAddress   = regexp.MustCompile(`\S*(://|www\.|@)\S*`)
)

// garbled tells a text that was read in another encoding than it was written in, and one
// that is still in the form of a program.
func garbled(s string) error {
	if wrong := Garbled(s); !wrong.IsZero() {
		return lang.Errorf("%v", wrong)
	}
	if at := misspelt(s); at >= 0 {
		return lang.Errorf("is garbled from character %d on: the text was read in a wrong encoding, save it again as UTF-8", at+1)
	}
	if !strings.ContainsAny(s, escapeSigns+"?") {
		return nil
	}
	plain := inAddress.ReplaceAllString(s, "")
	if wrong := Escaped(plain); !wrong.IsZero() {
		return lang.Errorf("%v", wrong)
	}
	if latinQuoted.MatchString(plain) {
		return lang.Errorf("holds a letter in the encoding of mails, or of web addresses, such as =E3 or %%E3 for ã: write the letter itself")
	}
	if lostSign.MatchString(plain) {
		return lang.Errorf("has a question mark inside a word, where a letter was lost when the text was saved or read in a wrong encoding")
	}
	return nil
}

// fieldValue checks what is filled into a template. Nothing, no and zero are values there.
func (c *checker) fieldValue(field, value string) {
	err := leftover(value)
	if err == nil {
		err = garbled(value)
	}
	if err != nil {
		c.add(field, "%v", err)
	}
}

// absent tells words for nothing from a value that is mistyped.
func absent(s string) error {
	if holdsSheetError(s) {
		return leftover(s)
	}
	if nobodysWord(s) || s == "-" {
		return lang.Errorf("is what a spreadsheet or program writes for an empty or missing value: leave the cell empty when there is none")
	}
	return nil
}

package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// localSigns may stand in an address before the @, beside letters and digits. Mail's own
// rules allow more, which nobody uses but spreadsheets and lists of several addresses.
const localSigns = "._+-'&"

// parseEmail accepts a bare address and returns it with its domain in lower-case ASCII.
// Display names, comments, quoted local parts, address literals and local parts outside
// ASCII are refused: legal somewhere, a typing mistake here (a choice).
func parseEmail(s string) (string, error) {
	s = norm.NFC.String(strings.TrimPrefix(providers.Trim(providers.WithoutHollow(s)), "'"))
	switch strings.Count(s, "@") {
	case 0:
		return "", withoutAt(s)
	case 1:
	default:
		return "", lang.Errorf("holds more than one @: give one address per signer")
	}
	local, domain, _ := strings.Cut(s, "@")
	if strings.HasSuffix(domain, ">") || strings.HasPrefix(local, "mailto:") {
		return "", lang.Errorf("is not an e-mail address alone: write name@example.com, without mailto:, a name or brackets")
	}
	if err := checkLocal(local); err != nil {
		return "", err
	}
	ascii, err := asciiDomain(domain, len(local)+1)
	if err != nil {
		return "", err
	}
	if n := len(local) + 1 + len(ascii); n > 254 {
		return "", lang.Errorf("has %d characters, an e-mail address has at most 254", n)
	}
	return local + "@" + ascii, nil
}

// withoutAt tells what may stand in the place of the @.
func withoutAt(s string) error {
	for i, r := range []rune(s) {
		if r == '\uFF20' || r == '\uFE6B' {
			return lang.Errorf("is not an e-mail address such as name@example.com: character %d is %s, not @", i+1, providers.Character(r))
		}
	}
	if strings.Contains(s, "%40") {
		return lang.Errorf("is not an e-mail address such as name@example.com: it has %%40 in place of @")
	}
	return lang.Errorf("is not an e-mail address such as name@example.com")
}

func checkLocal(local string) error {
	for i, r := range local {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(localSigns, r)
		if !ok {
			return lang.Errorf("is not an e-mail address such as name@example.com: character %d is %s", utf8.RuneCountInString(local[:i])+1, providers.Character(r))
		}
	}
	switch {
	case local == "":
		return lang.Errorf("is not an e-mail address such as name@example.com: nothing stands before the @")
	case len(local) > 64:
		return lang.Errorf("has %d characters before the @, at most 64 are allowed", len(local))
	case strings.Contains(local, ".."):
		return lang.Errorf("has two dots in a row before the @")
	case strings.ContainsRune(".+-'&", rune(local[0])):
		return lang.Errorf("is not an e-mail address such as name@example.com: it begins with %s", providers.Character(rune(local[0])))
	case strings.ContainsRune(".'&", rune(local[len(local)-1])):
		return lang.Errorf("is not an e-mail address such as name@example.com: %s stands before the @", providers.Character(rune(local[len(local)-1])))
	}
	return nil
}

// asciiDomain wants a domain that reads as it is written: what would become another one
// on the way to ASCII, or mixes alphabets to look like another one, is refused.
func asciiDomain(domain string, before int) (string, error) {
	if plainDomain(domain) {
		return strings.ToLower(domain), nil
	}
	for i, r := range []rune(domain) {
		if !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && r != '.' && r != '-' || r == '\u0130' || r >= '\uFF00' && r <= '\uFFEF' {
			return "", lang.Errorf("is not an e-mail address such as name@example.com: character %d is %s", before+i+1, providers.Character(r))
		}
	}
	if strings.HasSuffix(domain, ".") {
		return "", lang.Errorf("ends with a full stop: remove it")
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil {
		return "", lang.Errorf("is not an e-mail address such as name@example.com: there can be no such domain")
	}
	if plain, err := domains.ToUnicode(domain); err != nil || plain != norm.NFC.String(strings.ToLower(domain)) && ascii != strings.ToLower(domain) {
		return "", lang.Errorf("has a domain whose letters stand for others: write it as it is registered")
	}
	at := before
	for label := range strings.SplitSeq(domain, ".") {
		if i := strangeLetter(label); i >= 0 {
			return "", lang.Errorf("has a domain that mixes alphabets: character %d is %s", at+i+1, providers.Character([]rune(label)[i]))
		}
		at += len([]rune(label)) + 1
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 1 || len(ascii)-dot < 3 || strings.Trim(ascii[dot+1:], "0123456789") == "" {
		return "", lang.Errorf("is not an e-mail address such as name@example.com: its domain has no ending such as .com")
	}
	return ascii, nil
}

// plainDomain tells a domain of ASCII that is right as it stands, as most are: two labels
// or more of letters, digits and single hyphens between them, the last one without digits.
func plainDomain(domain string) bool {
	label, hyphen, letters, labels := 0, true, true, 1
	for i := range len(domain) {
		switch b := domain[i]; {
		case isLetter(b):
			label, hyphen = label+1, false
		case b >= '0' && b <= '9':
			label, hyphen, letters = label+1, false, false
		case b == '-' && !hyphen:
			label, hyphen = label+1, true
		case b == '.' && !hyphen && label <= 63:
			label, hyphen, letters, labels = 0, true, true, labels+1
		default:
			return false
		}
	}
	return labels > 1 && !hyphen && letters && label >= 2 && label <= 63 && len(domain) <= 253
}

// strangeLetter is the place of the first letter outside the Latin alphabet in a label
// that has Latin letters too, -1 for none. Chinese, Japanese and Korean labels mix them
// by custom.
func strangeLetter(label string) int {
	strange, latin := -1, false
	for i, r := range []rune(label) {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.IsLetter(r) && strange < 0 && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Common):
			strange = i
		}
	}
	if !latin {
		return -1
	}
	return strange
}

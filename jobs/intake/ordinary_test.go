package intake

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers"
)

// What is taken without a closer look is what the closer look takes as it stands.
func FuzzOrdinary(f *testing.F) {
	for _, s := range []string{"Nívea Sabiá", "Contrato de locação 12/2026", "N/A", "O'Neil-Sá (2)", "IRMÃ", "João  Sá", "Ã£", "cafe\u0301", "1E10", "example.com.br", "xn--a.com", "a--b.com", "a.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if plainDomain(s) {
			ascii, err := domains.ToASCII(s)
			plain, again := domains.ToUnicode(s)
			if err != nil || again != nil || ascii != strings.ToLower(s) || plain != ascii {
				t.Errorf("domain %q: %q %v, %q %v", s, ascii, err, plain, again)
			}
		}
		if !ordinary(s) {
			return
		}
		if norm.NFC.String(s) != s || providers.Trim(s) != s || providers.WithoutHollow(s) != s || withoutJoiners(s) != s || !utf8.ValidString(s) ||
			strings.Join(strings.FieldsFunc(s, providers.Blank), " ") != s || strings.ContainsFunc(s, unprintable) {
			t.Errorf("%q has another form", s)
		}
		if err := leftover(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if err := garbled(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if isLetter(s[0]) && !nobodysWord(s) && !halfMissing(s) && !bytesOf(s) {
			if err := notAName(s); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}

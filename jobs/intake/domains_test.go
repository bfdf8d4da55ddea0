package intake

import "testing"

func TestDoubtfulEmail(t *testing.T) {
	for address, want := range map[string]string{
		"ana@gmail.con":     "no domain ends in .con: is .com meant?",
		"ana@HOTMIAL.com":   "hotmial.com is no mail service: is hotmail.com meant?",
		"ana@gmail.com.br":  "gmail.com.br is no mail service: is gmail.com meant?",
		"ana@empresa.cmo":   "no domain ends in .cmo: is .com meant?",
		"ana@gmail.com":     "",
		"ana@yahoo.com.br":  "",
		"ana@bol.com.br":    "",
		"ana@gmail.example": "",
		"ana@empresa.co":    "",
		"ana":               "",
	} {
		if got := DoubtfulEmail(address).String(); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

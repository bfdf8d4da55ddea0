package providers

import (
	"strings"
	"testing"
)

func TestValidTaxID(t *testing.T) {
	for s, want := range map[string]bool{
		"52998224725":    true,
		"11144477735":    true,
		"39053344705":    true,
		"52998224724":    false,
		"11111111111":    false, // right digits, but nobody's
		"5299822472":     false,
		"5299822472A":    false,
		"11222333000181": true,
		"11222333000182": false,
		"00000000000000": false,
		"12ABC34501DE35": true, // the Receita Federal's own example
		"12ABC34501DE36": false,
		"12abc34501de35": false, // not clean
		"12ABC34501DEA5": false,
		"":               false,
	} {
		if got := ValidTaxID(s); got != want {
			t.Errorf("ValidTaxID(%q) = %v", s, got)
		}
	}
}

func TestCleanAndFormatTaxID(t *testing.T) {
	for _, s := range []string{"529.982.247-25", "12.ABC.345/01DE-35"} {
		if got := FormatTaxID(CleanTaxID(s)); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
}

func TestParseTaxID(t *testing.T) {
	for s, want := range map[string]string{
		"42831095760":                "42831095760",
		"428.310.957-60":             "42831095760",
		"42.831.095.760":             "42831095760",
		"'42831095760":               "42831095760",
		"428.310.957\u201360":        "42831095760",
		"428.310.957\u201160":        "42831095760",
		"428310957\u221260":          "42831095760",
		"428310957\u00AD60":          "42831095760",
		"428\u00A031095760":          "42831095760",
		"428310957 60":               "42831095760",
		"\u200B428310957\u200B60 ":   "42831095760",
		"\u202A428.310.957-60\u202C": "42831095760",
		"11222333000181":             "11222333000181",
		"11.222.333/0001-81":         "11222333000181",
		"12.abc.345/01de-35":         "12ABC34501DE35",
	} {
		if got, err := ParseTaxID(s); got != want || err != nil {
			t.Errorf("%+q is %q, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{
		"42831095760.0":            "is a decimal number",
		"42831095760,0":            "is a decimal number",
		"42831095760.":             "is a decimal number",
		"428310957.00":             "is a decimal number",
		"1000000028.0":             "is a decimal number", // its digits are somebody's CPF
		"11222333000181.0":         "is a decimal number",
		"4,28311E+10":              "in scientific notation",
		"4.2831095E10":             "in scientific notation",
		"1,12223E+13":              "in scientific notation",
		`="42831095760"`:           "is a formula",
		"4283109584":               "has 10 digits, a spreadsheet has probably taken zeros away at the front of 04283109584",
		"428310915":                "has 9 digits, a spreadsheet has probably taken zeros away at the front of 00428310915",
		"42831040":                 "has 8 digits, a spreadsheet has probably taken zeros away at the front of 00042831040",
		"34567000189":              "has 11 digits, a spreadsheet has probably taken zeros away at the front of 00034567000189",
		"4283109585":               "has 10 digits, but a CPF has 11 and a CNPJ 14",
		"428310957601":             "has 12 digits, but a CPF has 11 and a CNPJ 14",
		"42831095761":              "has 11 characters as it should, but its check digits do not fit",
		"11222333000182":           "has 14 characters as it should, but its check digits do not fit",
		"11111111111":              "repeats one digit",
		"00000000000":              "repeats one digit",
		"0":                        "repeats one digit",
		"42831O9576O":              "has letters in place of digits",
		"CPF: 42831095760":         "character 4 is U+003A (colon)",
		"CPF 31269003801":          "the word CPF in front", // its check digits fit a CNPJ, too
		"cpf385.926.471-00":        "the word CPF in front",
		"CPF 42831095760":          "the word CPF in front",
		"***.310.957-**":           "character 1 is U+002A (asterisk)",
		"428\u00B7310\u00B7957-60": "character 4 is U+00B7 (middle dot)",
		"\uFF14\uFF12\uFF18\uFF13\uFF11\uFF10\uFF19\uFF15\uFF17\uFF16\uFF10": "character 1 is U+FF14 (fullwidth digit four)",
		"\u0664\u0662":      "character 1 is U+0664 (arabic-indic digit four)",
		"428310957_60":      "character 10 is U+005F",
		"428,310,957-60":    "character 4 is U+002C (comma)",
		`428310957\60`:      "character 10 is U+005C",
		"-4283109576":       "character 1 is U+002D",
		"428310\u202E95760": "character 7 is U+202E (right-to-left override)",
		"#N/D":              "character 1 is U+0023",
		"ABC":               "has 3 letters and digits",
		"":                  "has 0 digits",
	} {
		if got, err := ParseTaxID(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+q is %q, %v; want %s", s, got, err, want)
		}
	}
}

package intake

import (
	"fmt"
	"strings"
	"testing"
)

// brazilianAreas are the area codes that Anatel has given out.
var brazilianAreas = strings.Fields(`11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38
	41 42 43 44 45 46 47 48 49 51 53 54 55 61 62 63 64 65 66 67 68 69 71 73 74 75 77 79
	81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99`)

// TestEveryBrazilianArea writes mobile numbers and land lines of each area in the ways
// that people do: they are the same number, or refused, and never somebody else's.
func TestEveryBrazilianArea(t *testing.T) {
	if len(brazilianAreas) != 67 {
		t.Fatal(len(brazilianAreas), "area codes")
	}
	for _, area := range brazilianAreas {
		for _, local := range [][2]string{{"98765", "4321"}, {"91234", "5678"}, {"99999", "9999"}, {"90000", "0000"}, {"3123", "4567"}, {"2000", "0000"}, {"5222", "1000"}, {"4004", "1234"}} {
			want := "+55" + area + local[0] + local[1]
			for _, form := range []string{
				"AAXY", "(AA) X-Y", "(AA)X-Y", "AA X-Y", "AA X Y", "AA-X-Y", "AA.X.Y", "(AA) X\u00a0Y", "(AA) X\u2011Y", "(AA) X\u2013Y",
				"0AAXY", "(0AA) X-Y", "0AA X-Y", "0 AA X-Y", "0xx AA X-Y", "0xxAA X-Y", "(0xxAA) X-Y", "(0XXAA) X-Y", "(xxAA) X-Y", "(0xx) AA X-Y",
				"0 15 AA X-Y", "015 AA X-Y", "0 21 AA X-Y", "(0xx41AA) X-Y", "0 41 AAXY", "031AAXY",
				"55AAXY", "55 AA X-Y", "55 (AA) X-Y", "055AAXY", "55 0AA X-Y", "55 (0AA) X-Y", "55-AA-X-Y", "55 0 15 AA X-Y",
				"+55AAXY", "+55 AA X-Y", "+55 (AA) X-Y", "+55(AA)XY", "+55 AA XY", "+55-AA-X-Y", "+55.AA.X.Y", "+55 0AA X-Y", "+55 (0AA) X-Y", "+55 (0) AA X-Y",
				"+55 (0xxAA) X-Y", "(+55) AA X-Y", "(+55 AA) X-Y", "+ 55 AA X-Y", "+55\u00a0AA\u00a0X-Y", "\u202a+55 AA X\u2011Y\u202c", "+55 AA\u200b X-Y",
				"0055AAXY", "0055 AA X-Y", "00 55 AA X-Y", "00 55 (AA) X-Y", "0055 0AA X-Y", "00 55 0 AA X-Y", "(0055) AA X-Y", "'AAXY", "'+55AAXY", " AA X-Y\t",
			} {
				s := strings.NewReplacer("AA", area, "XY", local[0]+local[1], "X", local[0], "Y", local[1]).Replace(strings.ReplaceAll(form, "XX", "xx"))
				if got, err := parsePhone(s); err != nil || got != want {
					t.Errorf("%q is %q, %v; want %s", s, got, err, want)
				}
			}
			for _, form := range []string{"00AAXY", "00 AA X-Y", "00 (AA) X-Y", "000AAXY", "+(AA) X-Y", "+AA X-Y", "+0AA X-Y", "(+AA) X-Y", "+AA-X-Y", "+550055AAXY", "0AAXY.0", "AAXY.0", "AA X-Y.0", "+55 AA XY,0", "5555 AA X-Y 1", "X-Y", "XY", "+55 XY", "0055 XY"} {
				s := strings.NewReplacer("AA", area, "XY", local[0]+local[1], "X", local[0], "Y", local[1]).Replace(form)
				if form == "00AAXY" && area == "55" || form == "+AA X-Y" && area == "55" {
					continue
				}
				if got, err := parsePhone(s); err == nil {
					t.Errorf("%q (%s) is taken as %s", s, form, got)
				}
			}
		}
	}
	for n := range 100 {
		area := fmt.Sprintf("%02d", n)
		if strings.Contains(strings.Join(brazilianAreas, " "), area) {
			continue
		}
		for _, s := range []string{area + "987654321", "(" + area + ") 3123-4567", "0" + area + " 98765-4321", "+55 " + area + " 98765-4321", "0055" + area + "31234567"} {
			if got, err := parsePhone(s); err == nil {
				t.Errorf("%q is %q, and there is no area %s", s, got, area)
			}
		}
	}
}

func TestPhonesOfOtherCountries(t *testing.T) {
	for s, want := range map[string]string{
		"+351 912 345 678":       "+351912345678",
		"00351 912 345 678":      "+351912345678",
		"(00351) 912345678":      "+351912345678",
		"+1 (202) 456-1111":      "+12024561111",
		"001 202 456 1111":       "+12024561111",
		"+44 20 7946 0958":       "+442079460958",
		"0041 79 123 45 67":      "+41791234567",
		"+51 987 654 321":        "+51987654321",
		"+54 9 11 2345-6789":     "+5491123456789",
		"+39 06 698 83712":       "+390669883712",
		"+595 981 123456":        "+595981123456",
		"\u202a+351 912 345 678": "+351912345678",
	} {
		if got, err := parsePhone(s); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", s, got, err, want)
		}
	}
}

func TestPhonesThatAreRefused(t *testing.T) {
	for s, want := range map[string]string{
		"0051 987 654 321":                    "may be a Brazilian number or one of another country",
		"+51 98765-4321":                      "may be a Brazilian number",
		"+(51) 98765-4321":                    "may be a Brazilian number",
		"+11 98765-4321":                      "may be a Brazilian number",
		"+11987654321":                        "if it is Brazilian, write +55",
		"351 912 345 678":                     "others begin with + and the country's code",
		"1 202 456 1111":                      "numbers of other countries begin with +",
		"44 20 7946 0958":                     "others begin with + and the country's code",
		"+44 (0)20 7946 0958":                 "is no number of the country whose code it begins with",
		"+39 (0)6 698 83712 123":              "is no number of the country",
		"+999 123 456 789":                    "is no number of the country",
		"+55 98765-4321":                      "has 9 digits: the area code is missing",
		"+55 99123-4567":                      "has 9 digits: the area code is missing",
		"0055 99123-4567":                     "has 9 digits: the area code is missing",
		"3123-4567":                           "has 8 digits: the area code is missing",
		"(11) 8765-4321":                      "a mobile number has a 9 more",
		"(11) 7812-3456":                      "a mobile number has a 9 more",
		"(11) 81234-5678":                     "nine digits, which begin with 9",
		"(20) 91234-5678":                     "does not begin with a Brazilian area code",
		"0800 123 4567":                       "is a service number",
		"+55 0800 123 4567":                   "is a service number",
		"1234":                                "has 4 digits",
		"0":                                   "no digits but zeros",
		"1191234567.0":                        "is a decimal number",
		"1191234567,0":                        "is a decimal number",
		"5511912345678.0":                     "is a decimal number",
		"1,2E+10":                             "in scientific notation",
		"1.2E+10":                             "in scientific notation",
		"5,51191E+12":                         "in scientific notation",
		"=5511912345678":                      "is a formula",
		"11 91234-5678 / 11 91234-5679":       "character 15 is U+002F (solidus)",
		"11 91234-5678, 11 91234-5679":        "character 14 is U+002C (comma)",
		"11 91234-5678 ramal 12":              "character 15 is U+0072",
		"Tel: 11 91234-5678":                  "character 1 is U+0054",
		"0800 FLOWERS":                        "character 6 is U+0046",
		"11 9123\u202e4-5678":                 "character 8 is U+202E (right-to-left override)",
		"\uff11\uff11912345678":               "character 1 is U+FF11 (fullwidth digit one)",
		"+55 11 91234-5678 +55 11 91234-5679": "has a + in the middle",
		"11 91234-5678 11 91234-5679":         "has 22 digits",
		"++5511912345678":                     "has a + in the middle",
		"#N/D":                                "character 1 is U+0023",
		strings.Repeat("1 ", 40):              "is too long",
		"+":                                   "is no number of the country",
		"":                                    "no digits",
		"(11) 91234-567":                      "",
		"x":                                   "character 1 is",
		"xx":                                  "no digits",
	} {
		if got, err := parsePhone(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %q, %v; want %s", s, got, err, want)
		}
	}
}

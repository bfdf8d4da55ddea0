package providers

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/chancela/chancela/providers/lang"
)

// ParseTaxID reads a CPF or CNPJ as people write it and returns it without punctuation.
// The result has the characters of s and no others: nothing is completed or corrected,
// which could make it another person's. The error says what is wrong and, where zeros at
// the front were lost, the number that was probably meant.
func ParseTaxID(s string) (string, error) {
	s = strings.TrimPrefix(Trim(WithoutHollow(s)), "'") // the sign by which spreadsheets mark text
	if err := Spoiled(s); err != nil {
		return "", err
	}
	clean := make([]byte, 0, 32)
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
			clean = append(clean, byte(r))
		case r >= 'a' && r <= 'z':
			clean = append(clean, byte(r-'a'+'A'))
		case !strings.ContainsRune("./", r) && !Dash(r) && !Blank(r), len(clean) == 0:
			return "", lang.Errorf("character %d is %s: write the digits, with or without dots and hyphen", utf8.RuneCountInString(s[:i])+1, Character(r))
		}
	}
	id := string(clean)
	if err := checkTaxID(id); err != nil {
		return "", err
	}
	return id, nil
}

// checkTaxID says what is wrong with letters and digits that should be a CPF or CNPJ.
func checkTaxID(id string) error {
	digits := strings.Trim(id, "0123456789") == ""
	switch {
	case len(id) == 14 && strings.HasPrefix(id, "CPF") && strings.Trim(id[3:], "0123456789") == "":
		return lang.Errorf("has the word CPF in front, with which it could be read as a CNPJ: write the digits alone") // both can fit
	case ValidTaxID(id):
		return nil
	case id != "" && strings.Trim(id, id[:1]) == "":
		return lang.Errorf("repeats one digit")
	case len(id) == 11 && !digits:
		return lang.Errorf("has letters in place of digits, perhaps O for 0")
	case !digits && len(id) != 14:
		return lang.Errorf("has %d letters and digits, but a CPF has 11 digits and a CNPJ 14 letters and digits", len(id))
	}
	if full := withZeros(id); len(full) > 0 && digits {
		return lang.Errorf("has %d digits, a spreadsheet has probably taken zeros away at the front of %v", len(id), lang.Or(full))
	}
	if len(id) == 11 || len(id) == 14 {
		return lang.Errorf("has %d characters as it should, but its check digits do not fit, compare it with the original", len(id))
	}
	return lang.Errorf("has %d digits, but a CPF has 11 and a CNPJ 14", len(id))
}

// withZeros are the CPF and the CNPJ that end in id, up to three zeros before it.
func withZeros(id string) (full []string) {
	for _, n := range []int{11, 14} {
		if lost := n - len(id); lost >= 1 && lost <= 3 && ValidTaxID(strings.Repeat("0", lost)+id) {
			full = append(full, strings.Repeat("0", lost)+id)
		}
	}
	return full
}

var scientific = regexp.MustCompile(`^[0-9]{1,3}([.,][0-9]+)?[eE][+-]?[0-9]{1,3}$`)

// decimal tells a number with a point or comma before its last zeros, or with one more zero
// than an identifier's punctuation has.
func decimal(s string) bool {
	if strings.HasSuffix(s, ".0") || strings.HasSuffix(s, ",0") {
		return true
	}
	whole := strings.TrimRight(s, "0")
	n := len(whole) - 1
	return n > 0 && (whole[n] == '.' || whole[n] == ',') && strings.Trim(whole[:n], "0123456789") == ""
}

// Spoiled refuses an identifier that a spreadsheet has turned into a number: its digits
// may be gone, and what remains may be somebody else's.
func Spoiled(s string) error {
	switch {
	case decimal(s):
		return lang.Errorf("is a decimal number, made by a spreadsheet or program: give the column the format Text and enter the value again")
	case strings.ContainsAny(s, "eE") && scientific.MatchString(s):
		return lang.Errorf("is a number in scientific notation, made by a spreadsheet, and its last digits are lost: give the column the format Text and enter the value again")
	case strings.HasPrefix(s, "="):
		return lang.Errorf("is a formula: save the file with values")
	}
	return nil
}

// Dash tells whether r is a hyphen, dash or minus of any kind.
func Dash(r rune) bool {
	return strings.ContainsRune("-\u00AD\u2010\u2011\u2012\u2013\u2014\u2212\uFE63", r)
}

// CleanTaxID takes the punctuation out of a CPF or CNPJ that a provider has written and
// raises its letters: the CNPJ has been alphanumeric since July 2026. What a user wrote is
// for [ParseTaxID].
func CleanTaxID(s string) string {
	return strings.ToUpper(punctuation.Replace(s))
}

var punctuation = strings.NewReplacer(".", "", "-", "", "/", "", " ", "")

// ValidTaxID tells whether s, clean, is a CPF (11 digits) or a CNPJ (12 letters or
// digits and 2 digits) with the right check digits.
func ValidTaxID(s string) bool {
	switch len(s) {
	case 11:
		return checkDigits(s, 9, 11, false)
	case 14:
		return checkDigits(s, 12, 9, true)
	}
	return false
}

// checkDigits verifies the two check digits after the first n characters. Weights
// rise from 2, right to left, and begin again after maxWeight. A character counts as its
// ASCII code less 48, which is a digit's own value.
func checkDigits(s string, n, maxWeight int, letters bool) bool {
	same := true
	for i := range len(s) {
		digit := s[i] >= '0' && s[i] <= '9'
		if !digit && (!letters || i >= n || s[i] < 'A' || s[i] > 'Z') {
			return false
		}
		same = same && s[i] == s[0]
	}
	if same {
		return false
	}
	for k := n; k < n+2; k++ {
		sum, weight := 0, 2
		for i := k - 1; i >= 0; i-- {
			sum += int(s[i]-'0') * weight
			if weight++; weight > maxWeight {
				weight = 2
			}
		}
		want := 11 - sum%11
		if want >= 10 {
			want = 0
		}
		if int(s[k]-'0') != want {
			return false
		}
	}
	return true
}

// FormatTaxID punctuates a clean CPF (000.000.000-00) or CNPJ (00.000.000/0000-00).
func FormatTaxID(s string) string {
	switch len(s) {
	case 11:
		return s[:3] + "." + s[3:6] + "." + s[6:9] + "-" + s[9:]
	case 14:
		return s[:2] + "." + s[2:5] + "." + s[5:8] + "/" + s[8:12] + "-" + s[12:]
	}
	return s
}

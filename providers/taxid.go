package providers

import "strings"

// CleanTaxID takes the punctuation out of a CPF or CNPJ and raises its letters: the
// CNPJ has been alphanumeric since July 2026.
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

// checkDigits verifies the two check digits behind the first n characters. Weights
// rise from 2, right to left, and begin again behind maxWeight. A character counts as its
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

package providers

import (
	"strings"
	"testing"
)

func TestCleanExplanation(t *testing.T) {
	for s, want := range map[string]string{
		"CPF não confere":                                "CPF não confere",
		"one\r\n\ttwo\x1b[31m three\x00":                 "one two [31m three",
		"\u202Ekcab\u2066 and\u200B forth\u200F":         "kcab and forth",
		"see https://x.test/sign/abc?token=s3cret#a now": "see https://x.test/sign/abc now",
		"bad \xff byte":                                  "bad \uFFFD byte",
		"":                                               "",
		" \u3000 \u00A0\u2800 ":                          "",
		strings.Repeat("é", 900):                         strings.Repeat("é", 499) + "…",
	} {
		if got := CleanExplanation(s); got != want {
			t.Errorf("%+q is %+q, want %+q", s, got, want)
		}
	}
}

package providers

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// longestExplanation is how many characters of a service's explanation are kept.
const longestExplanation = 500

// queries are addresses with a query: whoever has a signing link can sign.
var queries = regexp.MustCompile(`(https?://[^\s?#"'<>]+)[?#][^\s"'<>]*`)

// CleanExplanation makes a service's own words fit to be kept and shown: on one line, without
// control characters and without characters that hide or reorder text, without the
// queries of addresses, and cut.
func CleanExplanation(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || Blank(r):
			return ' '
		case Invisible(r) || turns(r) || unicode.In(r, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, s)
	s = queries.ReplaceAllString(strings.Join(strings.Fields(s), " "), "$1")
	if r := []rune(s); len(r) > longestExplanation {
		s = strings.TrimSpace(string(r[:longestExplanation-1])) + "…"
	}
	return s
}

// ExplanationOf is what the service itself has said about a failure, empty when it has
// said nothing. It may name people: it is for those who may read the envelope.
func ExplanationOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Explanation.Reveal()
	}
	return ""
}

package campaign

import (
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

// TestPatternStopsEarly: a value of a stranger's, put in a thousand times, is not written out.
func TestPatternStopsEarly(t *testing.T) {
	p, err := ParsePattern(strings.Repeat("{meta.x}", 1000))
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]int{"x": 1000, strings.Repeat("x", 30_000): 30_000, strings.Repeat("x", 10_000): 20_000} {
		text, missing := p.Fill(providers.Envelope{Meta: map[string]string{"x": value}})
		if len(text) != want || missing != "" {
			t.Errorf("%d bytes, want %d; missing %q", len(text), want, missing)
		}
	}
}

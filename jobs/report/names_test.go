package report

import (
	"strings"
	"testing"
)

// TestNamesFitInBytes: a file system counts bytes, of which one letter may have four.
func TestNamesFitInBytes(t *testing.T) {
	for _, letter := range []string{"漢", "é", "𝔸"} {
		got := safeName(strings.Repeat(letter, 120))
		if len(got) > 200 || len(got) < 190 || strings.Trim(got, letter) != "" {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
}

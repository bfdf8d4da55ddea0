package sandbox

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The cross-reference table leads to every object, and the stream is as long as it says.
func TestPDF(t *testing.T) {
	for _, line := range []string{"", "Ana (Prova) \\ ção ✓", strings.Repeat("x", 1000)} {
		doc := pdf([]string{"Title", line})
		if !bytes.Equal(doc, pdf([]string{"Title", line})) {
			t.Error("the same text gives other bytes")
		}
		start := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(doc)
		if start == nil {
			t.Fatalf("no startxref: %q", doc)
		}
		at, err := strconv.Atoi(string(start[1]))
		if err != nil || !bytes.HasPrefix(doc[at:], []byte("xref\n0 6\n")) {
			t.Fatalf("startxref leads to %q", doc[at:at+10])
		}
		for i, entry := range regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllSubmatch(doc[at:], -1) {
			offset, err := strconv.Atoi(string(entry[1]))
			if err != nil || !bytes.HasPrefix(doc[offset:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
				t.Errorf("object %d is not at %d", i+1, offset)
			}
		}
		stream := regexp.MustCompile(`(?s)<< /Length (\d+) >>\nstream\n(.*)\nendstream`).FindSubmatch(doc)
		if stream == nil || string(stream[1]) != strconv.Itoa(len(stream[2])) {
			t.Errorf("stream of %s bytes: %q", stream[1], stream[2])
		}
	}
}

func TestPortrait(t *testing.T) {
	img, err := jpeg.Decode(bytes.NewReader(portrait("a")))
	if err != nil || img.Bounds().Dx() != 48 {
		t.Errorf("%v", err)
	}
	if !bytes.Equal(portrait("a"), portrait("a")) || bytes.Equal(portrait("a"), portrait("b")) {
		t.Error("portraits do not follow their subject")
	}
}

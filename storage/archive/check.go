package archive

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"
)

// ErrContent: content is not of the type that it should be, or was cut.
var ErrContent = errors.New("not the expected content")

// Check judges content before it becomes visible.
type Check func(Content) error

// Content is what a check sees of content that was read to its end. Head and Tail are
// its first and last [Edge] bytes; of shorter content both are the whole.
type Content struct {
	Head, Tail []byte
	Size       int64 // bytes
}

// Edge is how much of each end a check sees: readers of PDF look for the header and the
// end marker in the first and last 1024 bytes, and the end of a ZIP without a comment
// stands in its last 22.
const Edge = 1024

// CheckPDF wants a header in the first and an end marker in the last 1024 bytes.
func CheckPDF(c Content) error {
	return ends("PDF", c, bytes.Contains(c.Head, []byte("%PDF-")), bytes.Contains(c.Tail, []byte("%%EOF")))
}

// CheckJPEG wants the start and the end of image. The end may be followed by padding.
func CheckJPEG(c Content) error {
	return ends("JPEG", c, bytes.HasPrefix(c.Head, []byte("\xff\xd8\xff")), bytes.Contains(c.Tail, []byte("\xff\xd9")))
}

// CheckPNG wants the signature and the closing chunk.
func CheckPNG(c Content) error {
	return ends("PNG", c, bytes.HasPrefix(c.Head, []byte("\x89PNG\r\n\x1a\n")), bytes.Contains(c.Tail, []byte("IEND\xaeB`\x82")))
}

// CheckZIP wants a first entry, or none, and the end of the central directory within the
// last 1024 bytes: a ZIP with a longer comment is refused. Nothing is unpacked.
func CheckZIP(c Content) error {
	end := []byte("PK\x05\x06")
	first := bytes.HasPrefix(c.Head, []byte("PK\x03\x04")) || bytes.HasPrefix(c.Head, end)
	at := bytes.LastIndex(c.Tail, end)
	return ends("ZIP", c, first, at >= 0 && len(c.Tail)-at >= 22)
}

func ends(name string, c Content, head, tail bool) error {
	switch {
	case c.Size == 0:
		return fmt.Errorf("%w: empty instead of a %s", ErrContent, name)
	case !head:
		return fmt.Errorf("%w: %d bytes do not begin like a %s", ErrContent, c.Size, name)
	case !tail:
		return fmt.Errorf("%w: %s of %d bytes has no end, it was cut", ErrContent, name, c.Size)
	}
	return nil
}

// CheckFor is the check for a content type (parameters are ignored); nil for a type of
// which nothing is known.
func CheckFor(contentType string) Check {
	switch mediaType(contentType) {
	case "application/pdf":
		return CheckPDF
	case "image/jpeg":
		return CheckJPEG
	case "image/png":
		return CheckPNG
	case "application/zip":
		return CheckZIP
	}
	return nil
}

// mediaType is a content type without parameters.
func mediaType(contentType string) string {
	if t, _, err := mime.ParseMediaType(contentType); err == nil {
		return t
	}
	return strings.ToLower(strings.TrimSpace(contentType))
}

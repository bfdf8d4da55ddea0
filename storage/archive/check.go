package archive

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"
)

// ErrContent: content is not of the type that it should be.
var ErrContent = errors.New("not the expected content")

// Check judges content before it becomes visible.
type Check func(Content) error

// Content is what a check sees of content that was read to its end: its first [Edge]
// bytes, of shorter content all of it. The end is not judged: a body that was cut is an
// error of its reader (a length, a chunk, a JSON string without its end), and services
// append to PDFs and photos.
type Content struct {
	Head   []byte
	Size   int64  // bytes
	SHA256 string // lower-case hex
}

// Edge is how much a check sees: readers of PDF look for the header in the first 1024
// bytes.
const Edge = 1024

// CheckPDF wants a header in the first 1024 bytes.
func CheckPDF(c Content) error { return begins("PDF", c, bytes.Contains(c.Head, []byte("%PDF-"))) }

// CheckJPEG wants the start of an image.
func CheckJPEG(c Content) error {
	return begins("JPEG", c, bytes.HasPrefix(c.Head, []byte("\xff\xd8\xff")))
}

// CheckPNG wants the signature.
func CheckPNG(c Content) error {
	return begins("PNG", c, bytes.HasPrefix(c.Head, []byte("\x89PNG\r\n\x1a\n")))
}

// CheckZIP wants a first entry, or the end of an empty directory. Nothing is unpacked.
func CheckZIP(c Content) error {
	return begins("ZIP", c, bytes.HasPrefix(c.Head, []byte("PK\x03\x04")) || bytes.HasPrefix(c.Head, []byte("PK\x05\x06")))
}

func begins(name string, c Content, head bool) error {
	switch {
	case c.Size == 0:
		return fmt.Errorf("%w: empty instead of a %s", ErrContent, name)
	case !head:
		return fmt.Errorf("%w: %d bytes do not begin like a %s", ErrContent, c.Size, name)
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

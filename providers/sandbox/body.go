package sandbox

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
)

// upload is a file that was sent to a simulator: its content is not kept.
type upload struct {
	name, mimeType string
	sha256         string
	size           int64
	head           []byte // the first bytes
}

// measure reads a file to its end.
type measure struct {
	sum  hash.Hash
	size int64
	head []byte
}

func newMeasure() *measure { return &measure{sum: sha256.New()} }

func (m *measure) Write(b []byte) (int, error) {
	if n := 512 - len(m.head); n > 0 {
		m.head = append(m.head, b[:min(n, len(b))]...)
	}
	m.size += int64(len(b))
	return m.sum.Write(b)
}

func (m *measure) upload() upload {
	return upload{sha256: hex.EncodeToString(m.sum.Sum(nil)), size: m.size, head: m.head}
}

var errNotMultipart = errors.New("the body is not multipart/form-data")

// readMultipart streams a multipart body: the file part, and the values of the others.
func readMultipart(r *http.Request, fileField string) (up upload, found bool, values map[string]string, err error) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType != "multipart/form-data" {
		return upload{}, false, nil, errNotMultipart
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return upload{}, false, nil, errNotMultipart
	}
	values = make(map[string]string)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return up, found, values, nil
		}
		if err != nil {
			return up, found, values, err
		}
		if part.FormName() == fileField && part.FileName() != "" {
			m := newMeasure()
			if _, err := io.Copy(m, part); err != nil {
				return up, found, values, err
			}
			up, found = m.upload(), true
			up.name = part.FileName()
			up.mimeType, _, _ = mime.ParseMediaType(part.Header.Get("Content-Type"))
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, 64<<10))
		if err != nil {
			return up, found, values, err
		}
		values[part.FormName()] = string(value)
	}
}

// readWithFile reads a JSON body that carries a file as base64 in the string field of
// the given name, without holding the file: in the body that is returned the field's
// value is empty. present tells whether the field was there as a string; fileErr is
// what is wrong with its base64.
func readWithFile(r io.Reader, field string) (body []byte, up upload, present bool, fileErr, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var out bytes.Buffer
	var lastString string // the latest string outside the file
	after := false        // a colon followed lastString: what comes is its value
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return out.Bytes(), up, present, fileErr, nil
		}
		if err != nil {
			return nil, up, present, fileErr, err
		}
		if out.Len() > maxJSON {
			return nil, up, present, fileErr, errors.New("the body is too large")
		}
		switch {
		case c == '"' && after && lastString == field:
			value := &jsonString{in: in}
			m := newMeasure()
			_, fileErr = io.Copy(m, base64.NewDecoder(base64.StdEncoding, value))
			if _, err := io.Copy(io.Discard, value); err != nil { // what the decoder left
				return nil, up, present, fileErr, err
			}
			up, present = m.upload(), true
			out.WriteString(`""`)
			after = false
		case c == '"':
			start := out.Len()
			out.WriteByte('"')
			value := &jsonString{in: in, raw: true}
			if _, err := io.Copy(&out, io.LimitReader(value, maxJSON)); err != nil {
				return nil, up, present, fileErr, err
			}
			lastString = string(out.Bytes()[start+1:])
			out.WriteByte('"')
			after = false
		default:
			if c == ':' {
				after = true
			} else if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
				after = false
			}
			out.WriteByte(c)
		}
	}
}

// jsonString reads the inside of a JSON string up to its closing quote. Unless raw is
// set, the escape of a slash is undone: the only one that base64 can hold.
type jsonString struct {
	in      *bufio.Reader
	raw     bool
	pending []byte // the second byte of an escape
	done    bool
}

func (s *jsonString) Read(p []byte) (int, error) {
	if len(s.pending) > 0 {
		n := copy(p, s.pending)
		s.pending = s.pending[n:]
		return n, nil
	}
	if s.done {
		return 0, io.EOF
	}
	if _, err := s.in.Peek(1); err != nil {
		return 0, fmt.Errorf("a string without an end: %w", io.ErrUnexpectedEOF)
	}
	chunk, _ := s.in.Peek(min(s.in.Buffered(), len(p)))
	for _, special := range []byte{'"', '\\'} {
		if i := bytes.IndexByte(chunk, special); i >= 0 {
			chunk = chunk[:i]
		}
	}
	if len(chunk) > 0 {
		n := copy(p, chunk)
		_, err := s.in.Discard(n)
		return n, err
	}
	c, err := s.in.ReadByte()
	if err != nil || c == '"' {
		s.done = true
		return 0, io.EOF
	}
	next, err := s.in.ReadByte() // c is a backslash
	if err != nil {
		return 0, fmt.Errorf("a string without an end: %w", io.ErrUnexpectedEOF)
	}
	if s.raw || next != '/' {
		s.pending = []byte{c, next}
	} else {
		s.pending = []byte{next}
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

func isPDF(head []byte) bool  { return bytes.HasPrefix(head, []byte("%PDF-")) }
func isJPEG(head []byte) bool { return bytes.HasPrefix(head, []byte("\xff\xd8\xff")) }
func isPNG(head []byte) bool  { return bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")) }
func isGIF(head []byte) bool  { return bytes.HasPrefix(head, []byte("GIF8")) }
func isDOC(head []byte) bool  { return bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")) }
func isZIP(head []byte) bool  { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

const (
	typePDF  = "application/pdf"
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeGIF  = "image/gif"
	typeDOC  = "application/msword"
	typeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	typeODT  = "application/vnd.oasis.opendocument.text"
	typeZIP  = "application/zip"
)

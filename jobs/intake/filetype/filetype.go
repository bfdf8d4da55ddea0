// Package filetype finds out what a file is that somebody is to sign, from its content,
// and refuses what no signing service could open: other files than their name says,
// files that were cut off, and files protected by a password.
//
// Content is looked at as it passes, never held: a file of any size takes the same memory.
// It is no validation: what is refused is wrong for certain.
package filetype

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
)

// Types that services take.
const (
	PDF  = "application/pdf"
	PNG  = "image/png"
	JPEG = "image/jpeg"
	GIF  = "image/gif"
	DOC  = "application/msword"
	DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	ODT  = "application/vnd.oasis.opendocument.text"
)

// kind is one type of file.
type kind struct {
	mime   string
	ending string // that the name must have, for containers that others use too
	begins func(head []byte) bool
	marks  []mark
	judge  func(r *Reader) error // after the last byte; nil: nothing to judge
}

// mark is something in the content that tells about it.
type mark struct {
	text string
	is   func(before, after []byte) bool // nil: it is one wherever it stands
}

var kinds = []kind{
	{mime: PDF, begins: func(head []byte) bool { return bytes.Contains(head, []byte("%PDF-")) }, marks: pdfMarks, judge: judgePDF},
	{mime: PNG, begins: prefix("\x89PNG\r\n\x1a\n")},
	{mime: JPEG, begins: prefix("\xFF\xD8\xFF")},
	{mime: GIF, begins: func(head []byte) bool { return prefix("GIF87a")(head) || prefix("GIF89a")(head) }},
	{mime: DOCX, ending: ".docx", begins: prefix("PK\x03\x04"), marks: []mark{{text: wordPart}, {text: zipEnd}}, judge: judgeDOCX},
	{mime: ODT, ending: ".odt", begins: func(head []byte) bool {
		return prefix("PK\x03\x04")(head) && bytes.Contains(head, []byte("mimetype"+ODT))
	}, marks: []mark{{text: zipEnd}}, judge: judgeZIP},
	{mime: DOC, ending: ".doc", begins: prefix(ole), marks: []mark{{text: wide("WordDocument")}, {text: wide("EncryptedPackage")}}, judge: judgeDOC},
	{mime: DOCX, ending: ".docx", begins: prefix(ole), marks: []mark{{text: wide("EncryptedPackage")}}, judge: judgeDOC},
}

const (
	ole      = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	wordPart = "word/document" // the name of the main part begins so
	zipEnd   = "PK\x05\x06"
)

func prefix(s string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(s)) }
}

// wide is s in UTF-16, as the directory of a DOC file has it.
func wide(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(s[i:i+1] + "\x00")
	}
	return b.String()
}

// What is wrong with a file.
var (
	ErrUnknown   = lang.Errorf("is not a PDF, DOC, DOCX, ODT, PNG, JPEG or GIF file, whatever its name says")
	ErrEmpty     = lang.Errorf("the file is empty")
	ErrCut       = lang.Errorf("is cut off: its end is missing. Copy or export it again")
	ErrProtected = lang.Errorf("is protected by a password, so that no signing service can open it: save it without protection")
	ErrNoPages   = lang.Errorf("is a PDF without pages")
	ErrNoWord    = lang.Errorf("holds no Word document, whatever its name says")
)

const (
	headSize = 1024 // readers of PDF look for its header there
	tailSize = 4096
	around   = 64 // bytes beside a mark that are looked at

	piece = 32 << 10 // bytes that are looked at in one go, whatever the size of a write
)

// Reader judges content that is written to it.
type Reader struct {
	name  string
	kind  *kind
	found map[string]bool
	size  int64
	head  []byte
	tail  []byte // the last bytes
	rest  []byte // the last bytes in which marks were looked for
}

// New is a Reader of a file with this name.
func New(name string) *Reader { return &Reader{name: name, found: make(map[string]bool)} }

// Write takes the next piece of content. It returns no error.
func (r *Reader) Write(p []byte) (int, error) {
	r.size += int64(len(p))
	fresh := p
	if r.kind == nil && len(r.head) < headSize {
		take := min(headSize-len(r.head), len(p))
		r.head = append(r.head, p[:take]...)
		if len(r.head) < headSize {
			return len(p), nil
		}
		r.decide()
		fresh = p[take:]
	}
	for part := range slices.Chunk(fresh, piece) {
		r.look(part, false)
	}
	return len(p), nil
}

// decide finds the type by the first bytes.
func (r *Reader) decide() {
	ending := strings.ToLower(path.Ext(r.name))
	for i := range kinds {
		if k := &kinds[i]; (k.ending == "" || k.ending == ending) && k.begins(r.head) {
			r.kind = k
			break
		}
	}
	r.look(r.head, false)
}

// look searches for marks, and for those at the seam to the bytes before. Its buffers are
// used again.
func (r *Reader) look(p []byte, last bool) {
	if r.kind == nil {
		return
	}
	r.rest = append(r.rest, p...)
	for _, m := range r.kind.marks {
		if !r.found[m.text] {
			r.found[m.text] = m.in(r.rest, last)
		}
	}
	r.rest = keepLast(r.rest, 3*around)
	r.tail = keepLast(append(r.tail, p...), tailSize)
}

// keepLast moves the last n bytes to the front.
func keepLast(b []byte, n int) []byte {
	return b[:copy(b, b[max(0, len(b)-n):])]
}

func (m mark) in(data []byte, last bool) bool {
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte(m.text))
		if i < 0 {
			return false
		}
		i += from
		from = i + len(m.text)
		if m.is == nil {
			return true
		}
		after := data[from:min(len(data), from+around)]
		if (last || len(after) == around) && m.is(data[max(0, i-around):i], after) {
			return true
		}
	}
}

// Type is the MIME type of the whole content, or why it is not taken.
func (r *Reader) Type() (string, error) {
	switch {
	case r.size == 0:
		return "", ErrEmpty
	case r.kind == nil && len(r.head) < headSize:
		r.decide()
	}
	if r.kind == nil {
		return "", ErrUnknown
	}
	r.look(nil, true)
	if r.kind.judge != nil {
		if err := r.kind.judge(r); err != nil {
			return "", err
		}
	}
	return r.kind.mime, nil
}

func judgeDOCX(r *Reader) error {
	switch {
	case !r.found[zipEnd]:
		return ErrCut
	case !r.found[wordPart]:
		return ErrNoWord
	}
	return nil
}

func judgeZIP(r *Reader) error {
	if !r.found[zipEnd] {
		return ErrCut
	}
	return nil
}

func judgeDOC(r *Reader) error {
	switch {
	case r.found[wide("EncryptedPackage")]:
		return ErrProtected
	case !r.found[wide("WordDocument")]:
		return ErrNoWord
	}
	return nil
}

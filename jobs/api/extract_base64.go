package api

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of JSON, kept while it is read: nothing is decoded that the rules would refuse
// for its size. A campaign's list of envelopes has its own.
const (
	maxDepth   = 16
	maxName    = 1 << 10 // bytes of a field's name
	maxMembers = 100     // of an object, and items of a list: as many as an envelope may have
)

// bodyLimits says how much a body may hold.
type bodyLimits struct {
	bytes int64 // besides the files
	items int   // of a campaign's envelopes
}

// extractor copies JSON and takes the files out of it: the string "content" of an object
// that stands in "documents", or is an "id_front" or "id_back", is decoded from base64 on
// its way to the store, and the name that the store returns stands in its place. A JSON
// decoder would take the whole string for one token and hold it in memory.
//
// What is wrong with the JSON itself is copied too: the decoder that comes next finds it.
type extractor struct {
	bodyLimits
	in    *bufio.Reader
	out   *bufio.Writer
	store func(content io.Reader) (name string, err error)
	open  []level
	left  int64
}

type level struct {
	array bool
	name  string // the field that the object or the array around it stands in
	key   string // the field whose value comes
	value bool   // after the colon
	index int    // in the array, or of the member
}

func extractBase64(out io.Writer, in io.Reader, limits bodyLimits, store func(io.Reader) (string, error)) error {
	l := &extractor{bodyLimits: limits, in: bufio.NewReaderSize(in, 32<<10), out: bufio.NewWriterSize(out, 32<<10), store: store, left: limits.bytes}
	if head, _ := l.in.Peek(len(byteOrderMark)); string(head) == byteOrderMark {
		l.in.Discard(len(byteOrderMark))
	}
	for {
		c, err := l.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return l.out.Flush()
		}
		if err != nil {
			return err
		}
		if c == '"' {
			err = l.text()
		} else if err = l.write(c); err == nil {
			err = l.structure(c)
		}
		if err != nil {
			return err
		}
	}
}

// byteOrderMark is what some editors put in front of UTF-8.
const byteOrderMark = "\uFEFF"

func (l *extractor) write(c byte) error {
	if l.left--; l.left < 0 {
		return tooMuchOf("the JSON, besides its files,", l.bytes)
	}
	return l.out.WriteByte(c)
}

func (l *extractor) structure(c byte) error {
	top := l.top()
	switch c {
	case '{', '[':
		if len(l.open) == maxDepth {
			return problem(http.StatusBadRequest, "the JSON is nested too deeply")
		}
		name := top.key
		if top.array {
			name = top.name
		}
		l.open = append(l.open, level{array: c == '[', name: name})
	case '}', ']':
		if len(l.open) > 0 {
			l.open = l.open[:len(l.open)-1]
		}
	case ':':
		top.value = true
	case ',':
		top.value = false
		top.index++
		return l.count(top)
	}
	return nil
}

// count refuses lists and objects with more in them than any envelope may have.
func (l *extractor) count(top *level) error {
	if top.array && len(l.open) == 2 && top.name == "envelopes" {
		if top.index >= l.items {
			return tooMany(l.items)
		}
		return nil
	}
	if top.index < maxMembers {
		return nil
	}
	m := Mistake{Message: fmt.Sprintf("holds more than %d values", maxMembers)}
	m.at(l.pointer(len(l.open) - 1))
	return refused(m, "the body does not fit; nothing was enqueued")
}

func tooMany(items int) *Problem {
	return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d envelopes in one request: send the campaign in several, under the same name", items))
}

// top is the innermost open object or array.
func (l *extractor) top() *level {
	if len(l.open) == 0 {
		return &level{}
	}
	return &l.open[len(l.open)-1]
}

// text deals with a string after its opening quote.
func (l *extractor) text() error {
	top := l.top()
	if !top.array && !top.value {
		return l.field(top)
	}
	if !top.array && top.key == "content" && slices.Contains([]string{"documents", "id_front", "id_back"}, top.name) {
		return l.file()
	}
	if err := l.write('"'); err != nil {
		return err
	}
	for escaped := false; ; {
		c, err := l.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil // the decoder complains
		}
		if err != nil {
			return err
		}
		if err := l.write(c); err != nil {
			return err
		}
		if c == '"' && !escaped {
			return nil
		}
		escaped = c == '\\' && !escaped
	}
}

// field copies the name of an object's field.
func (l *extractor) field(top *level) error {
	raw := []byte{'"'}
	for escaped := false; ; {
		c, err := l.in.ReadByte()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil {
			raw = append(raw, c)
		}
		if len(raw) > maxName {
			return problem(http.StatusBadRequest, "the JSON holds a field whose name is too long")
		}
		if err != nil || c == '"' && !escaped {
			break
		}
		escaped = c == '\\' && !escaped
	}
	// A name that is no good JSON is no name of ours; the decoder complains.
	key, _ := jsontext.AppendUnquote(nil, raw)
	top.key = string(key)
	for _, c := range raw {
		if err := l.write(c); err != nil {
			return err
		}
	}
	return nil
}

// file stores a content and writes its name.
func (l *extractor) file() error {
	text := &jsonText{in: l.in}
	content := &base64Content{text: text}
	name, err := l.store(content)
	if errors.Is(err, errBase64) {
		m := Mistake{Message: "is not base64"}
		m.at(l.pointer(len(l.open)))
		return refused(m, "a document's content cannot be decoded; nothing was enqueued")
	}
	if err != nil {
		return err
	}
	_, err = l.out.WriteString(strconv.Quote(name))
	return err
}

// pointer is where the extractor stands, so many levels deep.
func (l *extractor) pointer(depth int) jsontext.Pointer {
	p := jsontext.Pointer("")
	for _, x := range l.open[:depth] {
		if x.array {
			p = p.AppendToken(strconv.Itoa(x.index))
		} else {
			p = p.AppendToken(x.key)
		}
	}
	return p
}

var errBase64 = errors.New("not base64")

// base64Content decodes a content. Both alphabets of RFC 4648 are taken, with padding and
// without, and what JavaScript makes of a file: data:TYPE;base64, in front.
type base64Content struct {
	text    *jsonText
	decoder io.Reader
}

func (c *base64Content) Read(p []byte) (int, error) {
	if c.decoder == nil {
		if err := c.text.skipDataURL(); err != nil {
			return 0, err
		}
		c.decoder = base64.NewDecoder(base64.RawStdEncoding.Strict(), c.text)
	}
	n, err := c.decoder.Read(p)
	if _, corrupt := errors.AsType[base64.CorruptInputError](err); corrupt || errors.Is(err, io.ErrUnexpectedEOF) && c.text.ended {
		err = errBase64
	}
	return n, err
}

// jsonText is the inside of a JSON string without its escapes (some encoders write + as
// \u002B and / as \/), in the standard alphabet and without padding.
type jsonText struct {
	in    *bufio.Reader
	ended bool
	chars int
	pad   int
	url   bool // - or _ was there
	std   bool // + or / was there
	err   error
}

// maxType bounds the data: in front of a content.
const maxType = 128

// skipDataURL passes over data:TYPE;base64, where a content begins so.
func (t *jsonText) skipDataURL() error {
	head, _ := t.in.Peek(maxType)
	rest, ok := strings.CutPrefix(strings.ReplaceAll(string(head), `\/`, "/"), "data:")
	if !ok {
		return nil
	}
	kind, _, ok := strings.Cut(rest, ",")
	if !ok || !strings.HasSuffix(kind, ";base64") || strings.ContainsAny(kind, `"\`) {
		return errBase64
	}
	_, err := t.in.ReadSlice(',')
	return err
}

func (t *jsonText) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && t.err == nil {
		c, err := t.char()
		if err == nil {
			c, err = t.standard(c)
		}
		switch {
		case errors.Is(err, io.EOF) && t.pad > 0 && (t.chars+t.pad)%4 != 0:
			t.err = errBase64
		case err != nil:
			t.err = err
		case c != 0:
			p[n] = c
			n++
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, t.err
}

// standard is a character in the standard alphabet, 0 for one that says nothing.
func (t *jsonText) standard(c byte) (byte, error) {
	switch c {
	case '\n', '\r':
		return 0, nil
	case '=':
		if t.pad++; t.pad > 2 {
			return 0, errBase64
		}
		return 0, nil
	case '-':
		c, t.url = '+', true
	case '_':
		c, t.url = '/', true
	case '+', '/':
		t.std = true
	}
	if t.pad > 0 || t.url && t.std { // a second piece, or two alphabets
		return 0, errBase64
	}
	t.chars++
	return c, nil
}

// char is the string's next character, io.EOF after its last.
func (t *jsonText) char() (byte, error) {
	c, err := t.in.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, errCutString()
	}
	if err != nil {
		return 0, err
	}
	if c == '"' {
		t.ended = true
		return 0, io.EOF
	}
	if c != '\\' {
		return c, nil
	}
	if c, err = t.in.ReadByte(); err != nil {
		return 0, errCutString()
	}
	switch c {
	case '/':
		return c, nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 'u':
		hex := make([]byte, 4)
		if _, err := io.ReadFull(t.in, hex); err != nil {
			return 0, errCutString()
		}
		if v, err := strconv.ParseUint(string(hex), 16, 16); err == nil && v < 0x80 {
			return byte(v), nil
		}
	}
	return 0, errBase64
}

func errCutString() error {
	return problem(http.StatusBadRequest, "the body is not valid JSON: it ends in a string")
}

package api

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	maxDepth = 64      // levels of JSON
	maxName  = 4 << 10 // bytes of a field's name
)

// lifter copies JSON and lifts the files out of it: the string "content" of an object
// that stands in "documents", or is an "id_front" or "id_back", is decoded from base64 on
// its way to the store, and the name that the store gives it stands in its place.
// encoding/json would take the whole string for one token and hold it in memory, several
// times. What is wrong with the JSON itself is copied too: the decoder behind finds it.
type lifter struct {
	in    *bufio.Reader
	out   *bufio.Writer
	store func(content io.Reader) (name string, err error)
	open  []level
}

type level struct {
	array bool
	name  string // the field that the object or the array around it stands in
	key   string // the field whose value comes
	value bool   // behind the colon
	index int    // in the array
}

func lift(out io.Writer, in io.Reader, store func(io.Reader) (string, error)) error {
	l := &lifter{in: bufio.NewReaderSize(in, 32<<10), out: bufio.NewWriterSize(out, 32<<10), store: store}
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
		} else if err = l.out.WriteByte(c); err == nil {
			err = l.structure(c)
		}
		if err != nil {
			return err
		}
	}
}

func (l *lifter) structure(c byte) error {
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
	}
	return nil
}

// top is the innermost open object or array.
func (l *lifter) top() *level {
	if len(l.open) == 0 {
		return &level{}
	}
	return &l.open[len(l.open)-1]
}

// text deals with a string behind its opening quote.
func (l *lifter) text() error {
	top := l.top()
	if !top.array && !top.value {
		return l.field(top)
	}
	// Names are compared as encoding/json does.
	holds := func(name string) bool { return strings.EqualFold(top.name, name) }
	if !top.array && strings.EqualFold(top.key, "content") && slices.ContainsFunc([]string{"documents", "id_front", "id_back"}, holds) {
		return l.file()
	}
	if err := l.out.WriteByte('"'); err != nil {
		return err
	}
	for escaped := false; ; {
		c, err := l.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil // the decoder behind complains
		}
		if err != nil {
			return err
		}
		if err := l.out.WriteByte(c); err != nil {
			return err
		}
		if c == '"' && !escaped {
			return nil
		}
		escaped = c == '\\' && !escaped
	}
}

// field copies the name of an object's field.
func (l *lifter) field(top *level) error {
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
	top.key = ""
	if err := json.Unmarshal(raw, &top.key); err != nil {
		return problem(http.StatusBadRequest, "the body is not valid JSON")
	}
	_, err := l.out.Write(raw)
	return err
}

// file stores a content and writes its name.
func (l *lifter) file() error {
	text := &jsonText{in: l.in}
	content := &base64Content{decoder: base64.NewDecoder(base64.StdEncoding, text), text: text}
	name, err := l.store(content)
	if content.bad || errors.Is(err, errBase64) {
		var m mistakes
		m.add(Mistake{Field: l.path(), Message: "is not base64"})
		return m.problem(http.StatusUnprocessableEntity, "a document's content cannot be decoded; nothing was enqueued")
	}
	if err != nil {
		return err
	}
	_, err = l.out.WriteString(strconv.Quote(name))
	return err
}

// path is where the lifter stands: envelopes[3].documents[0].content.
func (l *lifter) path() string {
	var b strings.Builder
	for _, x := range l.open {
		switch {
		case x.array:
			fmt.Fprintf(&b, "[%d]", x.index)
		case b.Len() > 0:
			b.WriteString("." + x.key)
		default:
			b.WriteString(x.key)
		}
	}
	return b.String()
}

var errBase64 = errors.New("not base64")

// base64Content gives its errors one name.
type base64Content struct {
	decoder io.Reader
	text    *jsonText
	bad     bool
}

func (c *base64Content) Read(p []byte) (int, error) {
	n, err := c.decoder.Read(p)
	if _, corrupt := errors.AsType[base64.CorruptInputError](err); corrupt || errors.Is(err, io.ErrUnexpectedEOF) && c.text.ended {
		c.bad, err = true, errBase64
	}
	return n, err
}

// jsonText is the inside of a JSON string without its escapes: some encoders write + as
// \u002B and / as \/.
type jsonText struct {
	in     *bufio.Reader
	ended  bool
	padded bool
	err    error
}

func (t *jsonText) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && t.err == nil {
		c, err := t.char()
		if err != nil {
			t.err = err
			break
		}
		// The decoder takes a second piece behind the padding for more of the same.
		if t.padded && c != '=' && c != '\n' && c != '\r' {
			t.err = errBase64
			break
		}
		t.padded = t.padded || c == '='
		p[n] = c
		n++
	}
	if n > 0 {
		return n, nil
	}
	return 0, t.err
}

// char is the string's next character, io.EOF behind its last.
func (t *jsonText) char() (byte, error) {
	c, err := t.in.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, problem(http.StatusBadRequest, "the body is not valid JSON: it ends in a string")
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
		return 0, problem(http.StatusBadRequest, "the body is not valid JSON: it ends in a string")
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
			return 0, problem(http.StatusBadRequest, "the body is not valid JSON: it ends in a string")
		}
		if v, err := strconv.ParseUint(string(hex), 16, 16); err == nil && v < 0x80 {
			return byte(v), nil
		}
	}
	return 0, errBase64
}

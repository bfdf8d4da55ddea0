package xlsx

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// element is a tag, or text between tags.
type element struct {
	start, end bool
	name       string // without the prefix of its namespace
	attrs      []xml.Attr
	text       []byte
}

func (e element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e element) is(name string) bool {
	v := e.attr(name)
	return v == "1" || strings.EqualFold(v, "true")
}

// decoder reads XML tag by tag and holds no more of it than one.
type decoder struct {
	xml     *xml.Decoder
	bounded *bounded
	depth   int
	tags    *int64 // that may still be read, of all that is read together
}

func newDecoder(in io.Reader, tags *int64) *decoder {
	b := &bounded{in: in}
	return &decoder{xml: xml.NewDecoder(bufio.NewReaderSize(b, 64<<10)), bounded: b, tags: tags}
}

// next returns the next tag or text; at the end io.EOF, but only where all tags are closed: a file
// that was cut off is an error.
func (d *decoder) next() (element, error) {
	for {
		d.bounded.left = maxText
		token, err := d.xml.RawToken()
		if errors.Is(err, io.EOF) && d.depth > 0 {
			return element{}, io.ErrUnexpectedEOF
		} else if err != nil {
			return element{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			d.depth++
			if *d.tags--; *d.tags < 0 || len(t.Attr) > maxAttrs {
				return element{}, refuse("the workbook has too many tags for its size: save it again with Excel, or send it in several files")
			}
			return element{start: true, name: t.Name.Local, attrs: t.Attr}, nil
		case xml.EndElement:
			d.depth--
			return element{end: true, name: t.Name.Local}, nil
		case xml.CharData:
			return element{text: t}, nil
		}
	}
}

// text reads what stands in the element that was just opened, without what is in the elements
// named in leaveOut.
func (d *decoder) text(leaveOut string) (string, error) {
	var s []byte
	out := 0
	for depth := 1; ; {
		e, err := d.next()
		if err != nil {
			return "", err
		}
		switch {
		case e.start:
			depth++
			if out == 0 && e.name == leaveOut {
				out = depth
			}
		case e.end:
			if out == depth {
				out = 0
			}
			if depth--; depth == 0 {
				return unescape(string(s)), nil
			}
		case out == 0:
			if s = append(s, e.text...); len(s) > maxText {
				return "", refuse("a cell has more than %d MB of text", maxText>>20)
			}
		}
	}
}

// bounded ends a stream of which one token is too long.
type bounded struct {
	in   io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, refuse("the workbook has a text or a tag of more than %d MB", maxText>>20)
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// unescape reads _x000D_, by which workbooks write what XML cannot hold, and makes every line end
// an LF.
func unescape(s string) string {
	if !strings.Contains(s, "_x") && !strings.Contains(s, "\r") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if code, ok := escaped(s[i:]); ok {
			b.WriteRune(code)
			i += 6
			continue
		}
		b.WriteByte(s[i])
	}
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

func escaped(s string) (rune, bool) {
	if len(s) < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_' {
		return 0, false
	}
	var code rune
	for _, c := range strings.ToLower(s[2:6]) {
		switch {
		case '0' <= c && c <= '9':
			code = code<<4 | (c - '0')
		case 'a' <= c && c <= 'f':
			code = code<<4 | (c - 'a' + 10)
		default:
			return 0, false
		}
	}
	return code, true
}

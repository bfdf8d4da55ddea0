package campaign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

var bom = []byte("\xEF\xBB\xBF")

// format is how a file is written: found out, never asked for.
type format struct {
	bom     bool
	windows bool // Windows-1252; else UTF-8
	comma   byte
}

// decode gives the file as UTF-8 without a byte order mark.
func (f format) decode(in io.Reader) (io.Reader, error) {
	if f.bom {
		if _, err := io.CopyN(io.Discard, in, int64(len(bom))); err != nil {
			return nil, err
		}
	}
	if f.windows {
		return transform.NewReader(in, charmap.Windows1252.NewDecoder()), nil
	}
	return in, nil
}

// encode is the inverse of decode. What Windows-1252 cannot hold, which can only be in
// words of ours, is replaced.
func (f format) encode(out io.Writer) (io.Writer, error) {
	if f.bom {
		if _, err := out.Write(bom); err != nil {
			return nil, err
		}
	}
	if f.windows {
		return transform.NewWriter(out, encoding.ReplaceUnsupported(charmap.Windows1252.NewEncoder())), nil
	}
	return out, nil
}

// undefined are the five bytes that mean nothing in Windows-1252.
var undefined = []byte("\x81\x8D\x8F\x90\x9D")

// detect reads the whole file once. A file that is valid UTF-8 is UTF-8, any other is
// Windows-1252; one that is nearly all UTF-8 is damaged, and taking it for Windows-1252
// would garble every name in it.
func detect(in io.ReadSeeker) (format, error) {
	var f format
	var sequences, invalid, badLine, undefinedLine int
	line, first, begun := 1, []byte(nil), false
	buf, kept := make([]byte, 64<<10), 0
	for {
		n, err := io.ReadFull(in, buf[kept:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return f, err
		}
		last := err != nil
		data := buf[:kept+n]
		if !begun {
			begun = true
			if err := notText(data); err != nil {
				return f, err
			}
			if f.bom = bytes.HasPrefix(data, bom); f.bom {
				data = data[len(bom):]
			}
			first = bytes.Clone(data)
		}
		for len(data) > 0 {
			if data[0] < utf8.RuneSelf {
				if data[0] == '\n' {
					line++
				}
				data = data[1:]
				continue
			}
			if !last && !utf8.FullRune(data) {
				break
			}
			r, size := utf8.DecodeRune(data)
			if undefinedLine == 0 && slices.ContainsFunc(data[:size], func(b byte) bool { return bytes.IndexByte(undefined, b) >= 0 }) {
				undefinedLine = line
			}
			if r == utf8.RuneError && size == 1 {
				if invalid++; invalid == 1 {
					badLine = line
				}
			} else {
				sequences++
			}
			data = data[size:]
		}
		kept = copy(buf, data)
		if last {
			break
		}
	}
	if invalid > 0 && (f.bom || sequences > invalid) {
		return f, fmt.Errorf("line %d holds bytes that are not UTF-8 in a file that is UTF-8 otherwise: save the file again as CSV UTF-8", badLine)
	}
	if invalid > 0 && undefinedLine > 0 {
		return f, fmt.Errorf("line %d holds bytes that are neither UTF-8 nor Windows-1252: save the file again as CSV UTF-8", undefinedLine)
	}
	f.windows = invalid > 0
	f.comma = delimiter(first)
	_, err := in.Seek(0, io.SeekStart)
	return f, err
}

// notText refuses files that are something else than the CSV that they are called.
func notText(head []byte) error {
	switch {
	case len(head) == 0:
		return errors.New("the file is empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0")):
		return errors.New("the file is a spreadsheet, not CSV: save it as CSV UTF-8")
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return errors.New("the file is UTF-16: save it as CSV UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return errors.New("the file is not text: save it as CSV UTF-8")
	}
	return nil
}

// delimiter is the one of comma, semicolon and tab that stands most often in the header
// line, outside quotes.
func delimiter(head []byte) byte {
	head = bytes.TrimLeft(head, "\r\n")
	counts := map[byte]int{}
	quoted := false
	for _, b := range head {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if b == '\n' {
			break
		}
		counts[b]++
	}
	best := byte(',')
	for _, b := range []byte(";\t") {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return best
}

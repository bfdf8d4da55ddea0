package campaign

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chancela/chancela/providers/lang"
)

// survey is what one reading of a whole file tells.
type survey struct {
	offset int64  // of the next byte
	head   []byte // the first bytes
	quoted bool   // within quotes, as far as counting them tells
	last   byte

	sequences int   // characters of several bytes that are UTF-8
	invalid   int   // bytes that are not
	firstBad  int64 // where
	counts    [256]int

	lf, cr, crlf, separators int   // outside quotes; crlf everywhere
	allCR                    int   // everywhere
	zero                     int64 // the first byte 0, -1 for none
	end                      int64 // of the text, without what fills the file up
	filling                  bool  // since the last byte of text
	afterZero                bool  // text stands after a 0
}

// detect reads the whole file to find out how it is written. A file that is valid UTF-8
// is UTF-8, any other is Windows-1252, unless it is nearly all UTF-8, or holds what
// Windows-1252 would show as garbage: taking it would garble every name in it. An error
// is a [Problem], or one of reading.
func detect(name string, in io.ReadSeeker) (format, error) {
	head := make([]byte, 4096)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return format{}, err
	}
	if message := notText(head[:n]); !message.IsZero() {
		return format{}, Problem{File: name, Message: message}
	}
	f := marked(head[:n])
	s, err := look(in, f)
	if err != nil {
		return f, err
	}
	f.end, f.crlf, f.ends = s.end, s.crlf > 0, s.lineEnds()
	refuse := func(offset int64, message lang.Text) error {
		line, column, err := f.place(in, offset)
		if err != nil {
			return err
		}
		return Problem{File: name, Line: line, Column: column, Message: message}
	}
	switch {
	case s.afterZero:
		return f, refuse(s.zero, lang.Of("the file is not text (a byte 0): save it as CSV UTF-8"))
	case s.invalid > 0 && (f.skip > 0 || s.sequences > s.invalid):
		return f, refuse(s.firstBad, lang.Of("a byte that is not UTF-8 in a file that is UTF-8 otherwise, as when a part was pasted from an older file: save the file again as CSV UTF-8"))
	}
	if f.windows = s.invalid > 0; f.windows {
		text, err := f.bytes(in)
		if err != nil {
			return f, err
		}
		offset, message, err := garbledWindows(io.LimitReader(text, f.end), s.counts)
		if err != nil {
			return f, err
		}
		if !message.IsZero() {
			return f, refuse(offset, message)
		}
	}
	f.comma, f.sep, err = delimiter(s.head)
	if err != nil {
		return f, Problem{File: name, Line: 1, Column: 1, Message: lang.Of("%v", err)}
	}
	return f, nil
}

// notText tells what a file is that is not the text it is called.
func notText(head []byte) lang.Text {
	switch {
	case len(head) == 0:
		return lang.Of("the file is empty")
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0")):
		return lang.Of("the file is an old Excel workbook (.xls), or one with a password: save it as .xlsx without a password")
	case bytes.HasPrefix(head, []byte("\xFF\xFE\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xFE\xFF")):
		return lang.Of("the file is UTF-32: save it as CSV UTF-8")
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return lang.Of("the file is a PDF, not CSV")
	}
	return lang.Text{}
}

// look reads the file through.
func look(in io.ReadSeeker, f format) (*survey, error) {
	s := &survey{zero: -1}
	text, err := f.bytes(in)
	if err != nil {
		return nil, err
	}
	buf, kept := make([]byte, 64<<10), 0
	for {
		n, err := io.ReadFull(text, buf[kept:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		last := err != nil
		data := buf[:kept+n]
		if s.head == nil {
			s.head = bytes.Clone(data)
		}
		kept = copy(buf, s.read(data, last))
		if last {
			return s, nil
		}
	}
}

// read looks at a piece and returns the bytes at its end that are no whole character yet.
func (s *survey) read(data []byte, last bool) []byte {
	for len(data) > 0 {
		size := 1
		if b := data[0]; b < utf8.RuneSelf {
			s.ascii(b)
			s.last = b
		} else {
			if !last && !utf8.FullRune(data) {
				return data
			}
			var r rune
			r, size = utf8.DecodeRune(data)
			s.beyond(r, data[:size])
		}
		s.offset += int64(size)
		s.filled(data[0])
		data = data[size:]
	}
	return nil
}

// ctrlZ ends a text on DOS.
const ctrlZ = 0x1A

// filled finds the end of the text: zeros and Ctrl-Z fill files up, with blanks between
// them.
func (s *survey) filled(b byte) {
	switch {
	case b == 0 || b == ctrlZ:
		s.filling = true
		if b == 0 && s.zero < 0 {
			s.zero = s.offset - 1
		}
	case b > ' ' || !s.filling:
		s.filling = false
		s.afterZero = s.afterZero || s.zero >= 0
		s.end = s.offset
	}
}

func (s *survey) ascii(b byte) {
	switch b {
	case '"':
		s.quoted = !s.quoted
	case '\r':
		s.allCR++
		if !s.quoted {
			s.cr++
		}
	case '\n':
		if s.last == '\r' {
			s.crlf++
		}
		if !s.quoted {
			s.lf++
		}
	}
}

func (s *survey) beyond(r rune, raw []byte) {
	s.last = raw[0]
	for _, b := range raw {
		s.counts[b]++
	}
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		if s.invalid++; s.invalid == 1 {
			s.firstBad = s.offset
		}
	case !s.quoted && (r == '\u0085' || r == '\u2028' || r == '\u2029'):
		s.separators++
		fallthrough
	default:
		s.sequences++
	}
}

// lineEnds decides by what stands outside quotes: a CR or a separator of Unicode ends
// lines only where no LF does.
func (s *survey) lineEnds() lineEnds {
	switch {
	case s.lf > 0 && s.allCR == s.crlf:
		return plainEnds
	case s.lf > 0:
		return strayCR
	case s.cr > 0:
		return onlyCR
	case s.separators > 0 && s.invalid == 0:
		return unicodeEnds
	}
	return plainEnds
}

// delimiter finds what separates the values: what a line sep= names, else the one of
// comma, semicolon and tab that stands most often in the first line that says something,
// outside quotes.
func delimiter(head []byte) (comma byte, sep bool, err error) {
	line, rest := sayingLine(head)
	if comma, sep, err = sepLine(line); err != nil {
		return comma, sep, err
	}
	if sep {
		header, _ := sayingLine(rest)
		if other, n := commonest(header); n > 1 && outside(header, comma) == 0 {
			return comma, sep, lang.Errorf("sep= names the %v, but %v stand between the columns: write the one that the file has", called[comma], calledMany[other])
		}
		return comma, sep, nil
	}
	comma, columns := commonest(line)
	row, _ := sayingLine(rest)
	other, values := commonest(row)
	if has := outside(row, comma); other != comma && values > 1 && 2*values >= columns && 2*has < columns {
		return comma, false, lang.Errorf("%v stand between the columns of the first line, and %v between the values below it: write one of the two in the whole file", calledMany[comma], calledMany[other])
	}
	return comma, false, nil
}

var (
	called     = map[byte]lang.Text{',': lang.Of("comma"), ';': lang.Of("semicolon"), '\t': lang.Of("tab")}
	calledMany = map[byte]lang.Text{',': lang.Of("commas"), ';': lang.Of("semicolons"), '\t': lang.Of("tabs")}
)

// commonest is the delimiter that stands most often in a line, and how often.
func commonest(line string) (delimiter byte, n int) {
	delimiter, n = ',', outside(line, ',')
	for _, b := range []byte(";\t") {
		if m := outside(line, b); m > n {
			delimiter, n = b, m
		}
	}
	return delimiter, n
}

// outside counts a byte outside quotes.
func outside(line string, of byte) int {
	n, quoted := 0, false
	for _, b := range []byte(line) {
		switch {
		case b == '"':
			quoted = !quoted
		case b == of && !quoted:
			n++
		}
	}
	return n
}

// sayingLine is the first line with a letter or digit, and what comes after it. Line breaks
// within quotes belong to it.
func sayingLine(head []byte) (line string, rest []byte) {
	begin, quoted, says := 0, false, false
	for i, r := range string(head) {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune("\n\r\u0085\u2028\u2029", r):
			if says {
				return string(head[begin:i]), head[i:]
			}
			begin = i + 1
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			says = true
		}
	}
	return string(head[begin:]), nil
}

// sepLine reads the line by which Excel is told the delimiter: sep=; also in quotes, and
// filled up with delimiters.
func sepLine(line string) (comma byte, sep bool, err error) {
	line = strings.TrimPrefix(strings.TrimLeft(line, " \uFEFF"), `"`)
	if len(line) < 5 || !strings.EqualFold(line[:4], "sep=") {
		return 0, false, nil
	}
	comma = line[4]
	switch rest := strings.Trim(line[5:], string(comma)+"\" \t"); {
	case rest != "":
		return 0, false, nil // values
	case comma != ',' && comma != ';' && comma != '\t':
		return 0, false, lang.Errorf("sep= must name a comma, a semicolon or a tab")
	}
	return comma, true, nil
}

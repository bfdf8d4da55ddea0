package campaign

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// format is how a file is written: found out, never asked for.
type format struct {
	skip    int64             // bytes of byte order marks in front
	wide    encoding.Encoding // UTF-16; nil: one of the two below
	windows bool              // Windows-1252; else UTF-8
	end     int64             // where the text ends, in bytes as [format.bytes] gives them
	ends    lineEnds
	crlf    bool // some line ends with CR LF
	comma   byte
	sep     bool // the first line is sep=, which names the delimiter
}

// bytes gives the file without its marks: as it is, or as UTF-8 when it is UTF-16.
func (f format) bytes(in io.ReadSeeker) (io.Reader, error) {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, in, f.skip); err != nil {
		return nil, err
	}
	if f.wide != nil {
		return transform.NewReader(in, f.wide.NewDecoder()), nil
	}
	return in, nil
}

// decode gives the file's text as UTF-8, without byte order marks, without what fills the
// file up after its text, and with line ends that the scanner knows.
func (f format) decode(in io.ReadSeeker) (io.Reader, error) {
	text, err := f.bytes(in)
	if err != nil {
		return nil, err
	}
	text = io.LimitReader(text, f.end)
	if f.windows {
		text = transform.NewReader(text, charmap.Windows1252.NewDecoder())
	}
	if f.ends != plainEnds {
		text = newLineReader(text, f.ends)
	}
	return text, nil
}

// place finds the line and column of a byte of the file, as an editor shows them.
func (f format) place(in io.ReadSeeker, offset int64) (line, column int, err error) {
	f.end = offset
	text, err := f.decode(in)
	if err != nil {
		return 0, 0, err
	}
	line, column = 1, 1
	buf := make([]byte, 64<<10)
	for {
		n, err := text.Read(buf)
		data := buf[:n]
		if i := bytes.LastIndexByte(data, '\n'); i >= 0 {
			line += bytes.Count(data, []byte("\n"))
			column, data = 1, data[i+1:]
		}
		for _, b := range data {
			if utf8.RuneStart(b) {
				column++
			}
		}
		if err == io.EOF {
			return line, column, nil
		} else if err != nil {
			return 0, 0, err
		}
	}
}

// marked finds the encoding that a file's first bytes tell, and the marks to be skipped.
// UTF-16 is told by a mark, or by the zeros between the letters that begin a header.
func marked(head []byte) format {
	var f format
	mark := "\xEF\xBB\xBF"
	little := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	switch zeros := zeros(head); {
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), zeros == ".0.0":
		f.wide, mark = little, "\xFF\xFE"
	case bytes.HasPrefix(head, []byte("\xFE\xFF")), zeros == "0.0.":
		f.wide, mark = big, "\xFE\xFF"
	}
	for bytes.HasPrefix(head[f.skip:], []byte(mark)) { // programs that add one to one that is there
		f.skip += int64(len(mark))
	}
	return f
}

// zeros shows which of the first four bytes are 0.
func zeros(head []byte) string {
	var s strings.Builder
	for _, b := range head[:min(4, len(head))] {
		if b == 0 {
			s.WriteByte('0')
		} else {
			s.WriteByte('.')
		}
	}
	return s.String()
}

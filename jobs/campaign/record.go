package campaign

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// maxRecord is the longest row, in bytes of UTF-8. It bounds the memory that a file with
// a forgotten quote can take.
const maxRecord = 1 << 20

// maxCells is how many values of a row are kept. It is more than all columns that there
// can be; spreadsheets write many empty ones.
const maxCells = 4096

// cell is one value of a row and where it begins: in the file, and in the spreadsheet that
// the file is when it is opened in one.
type cell struct {
	text         string
	line, column int // from 1; the column in characters
	row, index   int // from 1; an index of 0 is the whole row

	// Of a workbook's cell:
	date  string // the day that it stands for, YYYY-MM-DD
	wrong error  // why it has no value
}

// record is one row, or a line that is none.
type record struct {
	line  int // where it begins
	row   int // in a spreadsheet: a value with line breaks is one cell there
	cells []cell
	end   cell // where it ends

	sheet  bool // of a workbook, whose rows have no lines and characters
	hidden bool // in a sheet that does not show it

	// For a line that cannot be read:
	broken error  // what is wrong, nil for a good row
	at     cell   // where
	raw    string // the line as it is, without its ending
}

// whole is the row itself as a place.
func (r record) whole() cell {
	if r.sheet {
		return cell{line: r.line, row: r.row}
	}
	return cell{line: r.line, column: 1, row: r.row}
}

// blank tells a row without anything that can be seen: spreadsheets export them by the
// hundred.
func (r record) blank() bool {
	for _, c := range r.cells {
		if providers.Trim(c.text) != "" || c.wrong != nil {
			return false
		}
	}
	return r.broken == nil
}

// scanner splits a stream of UTF-8 into rows, as RFC 4180 says and encoding/csv does it.
// Unlike encoding/csv it loses no more than one line to a mistake: after a quote that
// is never closed it goes on with the next line, where encoding/csv would swallow the
// rest of the file.
type scanner struct {
	in    *bufio.Reader
	comma byte
	line  int  // the next line's number
	row   int  // the last row's number
	width int  // cells of the row before: the next one has as many
	crlf  bool // some line ended with CR LF
}

func newScanner(in io.Reader, comma byte) *scanner {
	return &scanner{in: bufio.NewReaderSize(in, maxRecord), comma: comma, line: 1}
}

// next gives the next row, passing over empty lines; at the end io.EOF.
func (s *scanner) next() (record, error) {
	for {
		rec, err := s.record()
		if err != nil || len(rec.cells) > 0 || rec.broken != nil {
			return rec, err
		}
	}
}

func (s *scanner) record() (record, error) {
	for want := 4096; ; want = min(2*want, maxRecord) {
		data, err := s.in.Peek(want)
		if err != nil && !errors.Is(err, io.EOF) {
			return record{}, err
		}
		if len(data) == 0 {
			return record{}, io.EOF
		}
		p := parser{data: data, comma: s.comma, line: s.line, row: s.row + 1, width: s.width, last: err != nil || len(data) == maxRecord}
		rec, ok := p.record()
		if !ok {
			continue
		}
		s.crlf = s.crlf || bytes.HasSuffix(data[:p.pos], []byte("\r\n"))
		s.line, s.row, s.width = p.line, rec.row, len(rec.cells)
		if _, err := s.in.Discard(p.pos); err != nil {
			return record{}, err
		}
		if p.cut {
			return rec, s.skipLine()
		}
		return rec, nil
	}
}

// skipLine drops the rest of a line that is longer than maxRecord.
func (s *scanner) skipLine() error {
	for {
		switch _, err := s.in.ReadSlice('\n'); {
		case err == nil:
			s.line++
			return nil
		case errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// parser reads one row from the beginning of data.
type parser struct {
	data  []byte
	comma byte
	last  bool // there is nothing after data, or no more of it will be looked at

	pos     int
	line    int // of pos
	row     int
	width   int  // cells that the row may have
	counted int  // columns have been counted up to here
	column  int  // of data[counted]
	cut     bool // data ends within a line that is too long
	recLine int
}

// record gives false when data ends before the row does.
func (p *parser) record() (record, bool) {
	p.recLine, p.column = p.line, 1
	if n, more := p.lineEnd(0); more {
		return record{}, false
	} else if n > 0 { // an empty line
		p.endLine(n)
		return record{line: p.recLine, row: p.row}, true
	}
	if end := bytes.IndexByte(p.data, '\n'); end >= 0 && bytes.IndexByte(p.data[:end], '"') < 0 {
		if rec, ok := p.plain(end); ok {
			return rec, true
		}
	}
	cells := make([]cell, 0, max(1, min(p.width, 64)))
	for n := 1; ; n++ {
		at := cell{line: p.line, column: p.columnAt(p.pos), row: p.row, index: n}
		var ok bool
		var wrong error
		if p.pos < len(p.data) && p.data[p.pos] == '"' {
			at.text, wrong, ok = p.quoted()
		} else {
			at.text, wrong, ok = p.bare()
		}
		if !ok {
			return record{}, false
		}
		if wrong != nil {
			return p.broken(wrong, at)
		}
		switch {
		case len(cells) < maxCells:
			cells = append(cells, at)
		case providers.Trim(at.text) != "":
			return p.broken(lang.Errorf("the row has more than %d values", maxCells), at)
		}
		if p.pos < len(p.data) && p.data[p.pos] == p.comma {
			p.pos++
			continue
		}
		end := cell{line: p.line, column: p.columnAt(p.pos), row: p.row}
		length, _ := p.lineEnd(p.pos)
		p.endLine(length)
		return record{line: p.recLine, row: p.row, cells: cells, end: end}, true
	}
}

// plain reads a row without quotes, as most are, that ends before the LF at end. It gives
// false for one with more values than are kept.
func (p *parser) plain(end int) (record, bool) {
	text := string(bytes.TrimSuffix(p.data[:end], []byte("\r")))
	n := strings.Count(text, string(p.comma)) + 1
	if n > maxCells {
		return record{}, false
	}
	cells, column := make([]cell, n), 1
	for i, rest := 0, text; i < n; i++ {
		value, after, _ := strings.Cut(rest, string(p.comma))
		cells[i] = cell{text: value, line: p.line, column: column, row: p.row, index: i + 1}
		column += utf8.RuneCountInString(value) + 1
		rest = after
	}
	rec := record{line: p.recLine, row: p.row, cells: cells, end: cell{line: p.line, column: column - 1, row: p.row}}
	p.pos = end
	p.endLine(1)
	return rec, true
}

// What breaks a row of text.
var (
	errLong  = lang.Errorf("the line is longer than 1 MiB")
	errQuote = lang.Errorf("a quote (\") inside a cell: put the cell in quotes and double the quote")
	errOpen  = lang.Errorf("the quote that begins this cell is never closed")
	errAfter = lang.Errorf("text behind the closing quote (\"): double the quotes that belong to the text")
)

// bare reads a cell without quotes.
func (p *parser) bare() (text string, wrong error, ok bool) {
	rest := p.data[p.pos:]
	end := bytes.IndexAny(rest, string([]byte{p.comma, '\n', '"'}))
	switch {
	case end < 0 && !p.last:
		return "", nil, false
	case end < 0:
		end = len(rest)
		if len(p.data) == maxRecord {
			return "", errLong, true
		}
	case rest[end] == '"':
		return "", errQuote, true
	}
	if end > 0 && rest[end-1] == '\r' && (end == len(rest) || rest[end] == '\n') {
		end--
	}
	p.pos += end
	return string(rest[:end]), nil, true
}

// quoted reads a cell in quotes: "" is a quote, line breaks belong to the text.
func (p *parser) quoted() (text string, wrong error, ok bool) {
	var buf []byte
	i := p.pos + 1
	for {
		n := bytes.IndexByte(p.data[i:], '"')
		if n < 0 {
			if !p.last {
				return "", nil, false
			}
			return "", errOpen, true
		}
		buf = append(buf, p.data[i:i+n]...)
		i += n + 1
		if i == len(p.data) && !p.last {
			return "", nil, false
		}
		if i < len(p.data) && p.data[i] == '"' {
			buf = append(buf, '"')
			i++
			continue
		}
		n, more := p.lineEnd(i)
		if more {
			return "", nil, false
		}
		if i < len(p.data) && p.data[i] != p.comma && n == 0 {
			return "", errAfter, true
		}
		break
	}
	whole := p.data[p.pos:i]
	if breaks := bytes.Count(whole, []byte("\n")); breaks > 0 {
		p.line += breaks
		p.counted, p.column = p.pos+bytes.LastIndexByte(whole, '\n')+1, 1
	}
	p.pos = i
	return string(bytes.ReplaceAll(buf, []byte("\r\n"), []byte("\n"))), nil, true
}

// broken gives the first line of what could not be read, and leaves the rest.
func (p *parser) broken(wrong error, at cell) (record, bool) {
	end := bytes.IndexByte(p.data, '\n')
	if end < 0 && !p.last {
		return record{}, false
	}
	rec := record{line: p.recLine, row: p.row, broken: wrong, at: at}
	p.line = p.recLine
	if end < 0 {
		p.pos, p.cut = len(p.data), len(p.data) == maxRecord
		rec.raw = string(p.data)
	} else {
		rec.raw = string(bytes.TrimSuffix(p.data[:end], []byte("\r")))
		p.pos = end
		p.endLine(1)
	}
	return rec, true
}

// lineEnd is the length of the line ending at i, 0 for none; more tells that data ends
// before it can be told. A CR at the very end counts as one, as in encoding/csv.
func (p *parser) lineEnd(i int) (n int, more bool) {
	switch rest := p.data[i:]; {
	case len(rest) == 0:
		return 0, !p.last
	case rest[0] == '\n':
		return 1, false
	case rest[0] != '\r':
		return 0, false
	case len(rest) == 1:
		if p.last {
			return 1, false
		}
		return 0, true
	case rest[1] == '\n':
		return 2, false
	}
	return 0, false
}

func (p *parser) endLine(n int) {
	p.pos += n
	if n > 0 {
		p.line++
	}
}

// columnAt counts characters of the line up to i.
func (p *parser) columnAt(i int) int {
	p.column += utf8.RuneCount(p.data[p.counted:i])
	p.counted = i
	return p.column
}

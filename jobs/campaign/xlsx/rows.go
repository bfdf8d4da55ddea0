package xlsx

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Row is one row of a sheet. Cells that are empty and stand at its end are not there.
type Row struct {
	Number int // as the sheet counts it, from 1
	Hidden bool
	Cells  []Cell
}

// Why a cell has no value.
var (
	errNoValue = lang.Errorf("is a formula whose value was not saved: open the file in Excel or LibreOffice and save it there")
	errRounded = lang.Errorf("is a number of more than 15 digits, of which the spreadsheet has kept 15 only: format the cell as text, and write it again")
	errNoDate  = lang.Errorf("is formatted as a date, but its number is none: write the date again")
)

func errShown(text string) error {
	return lang.Errorf("the sheet shows the error %.20s here: mend the formula, or write the value", text)
}

func errNoBool(text string) error {
	return lang.Errorf("holds %.20q, where the workbook has either TRUE or FALSE: write the value again", text)
}

// Cell is one value.
type Cell struct {
	Text  string // as the sheet shows it
	Date  string // the day that it stands for, YYYY-MM-DD; empty when it is no date
	Wrong error  // why there is no value; then Text is empty or what is shown instead of one
}

// Rows reads a sheet.
type Rows struct {
	book *Book
	part string
	in   io.ReadCloser
	d    *decoder
	last int   // row
	gaps int64 // empty cells before others
	said int64 // bytes of shared texts

	hidden []Range // columns
	merged []Range
}

// Rows begins to read a sheet. The caller closes it.
func (b *Book) Rows(s Sheet) (*Rows, error) {
	in, err := b.open(s.part, b.most)
	if err != nil {
		return nil, err
	}
	b.styles.left = b.most / bytesPerFormat
	return &Rows{book: b, part: s.part, in: in, d: newDecoder(in, new(b.tags))}, nil
}

// Hidden are the columns that the sheet does not show, as ranges of its first row. They are known when
// that row is read.
func (r *Rows) Hidden() []Range { return r.hidden }

// Merged is [Book.Merged], known when all rows are read.
func (r *Rows) Merged() []Range { return r.merged }

// Close ends the reading.
func (r *Rows) Close() error { return r.in.Close() }

// Next returns the next row, which may be without cells; at the end io.EOF.
func (r *Rows) Next() (Row, error) {
	for {
		e, err := r.d.next()
		switch {
		case errors.Is(err, io.EOF):
			return Row{}, err
		case err != nil:
			return Row{}, broken(r.part, err)
		case !e.start || e.name != "row":
			r.beside(e)
			continue
		}
		row, err := r.row(e)
		if err != nil {
			return Row{}, broken(r.part, err)
		}
		return row, nil
	}
}

// maxRanges are kept of those that a sheet names.
const maxRanges = 1000

// beside keeps what stands before and after the rows.
func (r *Rows) beside(e element) {
	switch {
	case !e.start:
	case e.name == "col" && e.is("hidden") && len(r.hidden) < maxRanges:
		first, err1 := strconv.Atoi(e.attr("min"))
		last, err2 := strconv.Atoi(e.attr("max"))
		if err1 == nil && err2 == nil && first >= 1 && last >= first && first <= maxColumn {
			r.hidden = append(r.hidden, Range{1, first - 1, 1, min(last, maxColumn) - 1})
		}
	case e.name == "mergeCell" && len(r.merged) < maxRanges:
		if merged, ok := parseRange(e.attr("ref")); ok {
			r.merged = append(r.merged, merged)
		}
	}
}

func (r *Rows) row(e element) (Row, error) {
	row := Row{Number: r.last + 1, Hidden: e.is("hidden")}
	if s := e.attr("r"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n <= r.last || n > maxRow {
			return row, refuse("row %s of the sheet stands after row %d: save the workbook again with Excel", s, r.last)
		}
		row.Number = n
	}
	if r.last = row.Number; r.last > maxRow {
		return row, refuse("the sheet has more than %d rows", maxRow)
	}
	column := 0
	for {
		e, err := r.d.next()
		if err != nil {
			return row, err
		}
		switch {
		case e.end && e.name == "row":
			return row, nil
		case !e.start || e.name != "c":
			continue
		}
		if ref := e.attr("r"); ref != "" {
			at, ok := columnOf(ref)
			if !ok || at < column {
				return row, refuse("the sheet has a cell at %.20q where none can be: save the workbook again with Excel", ref)
			}
			column = at
		}
		if column >= maxColumn {
			return row, refuse("row %d has more than %d columns", row.Number, maxColumn)
		}
		c, err := r.value(e)
		if err != nil {
			return row, err
		}
		if len(c.Text) > maxCell && len(utf16.Encode([]rune(c.Text))) > maxCell {
			return row, refuse("the cell %s has more than %d characters, which is all that a spreadsheet's cell holds: shorten it", Ref(column, row.Number), maxCell)
		}
		if c != (Cell{}) {
			gap := column - len(row.Cells)
			if r.gaps += int64(gap); r.gaps > r.book.most/bytesPerGap {
				return row, refuse("the sheet has too many empty cells before others, up to %s: remove what stands far to the right of the table", Ref(column, row.Number))
			}
			row.Cells = append(row.Cells, make([]Cell, gap)...)
			row.Cells = append(row.Cells, c)
		}
		column++
	}
}

// value reads one cell, whose tag is open.
func (r *Rows) value(e element) (Cell, error) {
	kind, style := e.attr("t"), e.attr("s")
	var text string
	var formula, saved bool
	for {
		e, err := r.d.next()
		if err != nil {
			return Cell{}, err
		}
		if e.end && e.name == "c" {
			break
		}
		if !e.start {
			continue
		}
		var s string
		if s, err = r.d.text("rPh"); err != nil {
			return Cell{}, err
		}
		switch e.name {
		case "f":
			formula = true
		case "v", "is":
			text, saved = s, saved || s != "" || kind == "str"
		}
	}
	switch {
	case formula && !saved:
		return Cell{Wrong: errNoValue}, nil
	case kind == "e":
		return Cell{Text: text, Wrong: errShown(text)}, nil
	case providers.Trim(text) == "": // many blanks far to the right would cost as much as values
		return Cell{}, nil
	}
	if kind == "s" {
		return r.shared(text)
	}
	return r.book.shown(kind, style, text)
}

// shared is a text that cells share, by its number.
func (r *Rows) shared(number string) (Cell, error) {
	i, err := strconv.Atoi(number)
	text, ok := r.book.texts.at(i)
	if err != nil || !ok {
		return Cell{}, refuse("a cell refers to a text that the workbook has not: save it again with Excel")
	}
	if r.said += int64(len(text)); r.said > r.book.most {
		return Cell{}, refuse("the sheet has more than the %d MB of text that are taken: send it in several files", r.book.most>>20)
	}
	return said(string(text)), nil
}

// said is a text that is not blank.
func said(s string) Cell {
	if providers.Trim(s) == "" {
		return Cell{}
	}
	return Cell{Text: s}
}

// shown is a value as the sheet shows it.
func (b *Book) shown(kind, style, text string) (Cell, error) {
	switch kind {
	case "str", "inlineStr":
		return Cell{Text: text}, nil
	case "b":
		switch strings.ToLower(text) {
		case "1", "true":
			return Cell{Text: "TRUE"}, nil
		case "0", "false":
			return Cell{Text: "FALSE"}, nil
		}
		return Cell{Text: text, Wrong: errNoBool(text)}, nil
	case "d":
		day, _, _ := strings.Cut(text, "T")
		return Cell{Text: day, Date: day}, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Cell{}, refuse("a cell holds %.20q as a number: save the workbook again with Excel", text)
	}
	s, _ := strconv.Atoi(style) // none: the first
	return b.styles.show(v, s, b.is1904)
}

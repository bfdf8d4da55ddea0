package campaign

import (
	"errors"
	"io"
	"slices"

	"github.com/chancela/chancela/jobs/campaign/xlsx"
	"github.com/chancela/chancela/providers/lang"
)

// workbook reads the rows of a sheet as records.
type workbook struct {
	name   string
	book   *xlsx.Book
	sheet  xlsx.Sheet
	rows   interface{ Next() (xlsx.Row, error) }
	opened *xlsx.Rows // nil: unfolded
	hidden []xlsx.Range

	unfolded *Unfolded
	in       io.ReadSeeker // the unfolded rows
}

// openWorkbook returns nil for a file that is no zip file, and so is text.
func openWorkbook(name string, in io.ReadSeeker, options Options) (*workbook, error) {
	if u := options.Unfolded; u != nil {
		return &workbook{name: name, sheet: u.sheet, hidden: u.hidden, unfolded: u, in: in}, nil
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(in, head); err != nil || string(head) != "PK\x03\x04" {
		_, err = in.Seek(0, io.SeekStart)
		return nil, err
	}
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	w := &workbook{name: name}
	if w.book, err = xlsx.Open(seeking{in}, size, options.Unzipped); err == nil {
		w.sheet, err = w.book.Sheet(options.Sheet)
	}
	return w, w.problem(err)
}

// problem is an error of the workbook's content as one of the file.
func (w *workbook) problem(err error) error {
	if wrong, ok := errors.AsType[*xlsx.Error](err); ok {
		return Problem{File: w.name, Message: wrong.Text}
	}
	return err
}

// rewind begins anew at the first row.
func (w *workbook) rewind() error {
	w.close()
	if w.unfolded != nil {
		_, err := w.in.Seek(0, io.SeekStart)
		w.rows = xlsx.NewKept(w.in)
		return err
	}
	var err error
	w.opened, err = w.book.Rows(w.sheet)
	w.rows = w.opened
	return w.problem(err)
}

func (w *workbook) close() {
	if w.opened != nil {
		w.opened.Close()
	}
}

func (w *workbook) next() (record, error) {
	row, err := w.rows.Next()
	if errors.Is(err, io.EOF) && w.unfolded != nil && w.unfolded.broken != nil {
		err = w.unfolded.broken
	}
	if err != nil {
		return record{}, w.problem(err)
	}
	if w.opened != nil {
		w.hidden = w.opened.Hidden()
	}
	n := len(row.Cells)
	rec := record{line: row.Number, row: row.Number, sheet: true, hidden: row.Hidden, end: cell{line: row.Number, row: row.Number}}
	if n > maxCells {
		rec.broken, rec.at = lang.Errorf("the row has more than %d values", maxCells), cell{line: row.Number, row: row.Number, index: maxCells + 1}
		return rec, nil
	}
	rec.cells = make([]cell, n)
	for i, c := range row.Cells {
		rec.cells[i] = cell{text: c.Text, line: row.Number, row: row.Number, index: i + 1, date: c.Date, wrong: c.Wrong}
	}
	return rec, nil
}

// merged reports the cells that are merged below the header: their rows would lack the value, for
// only the first cell has it.
func (w *workbook) merged(header int, p *problems) error {
	ranges, err := w.ranges()
	if err != nil {
		return w.problem(err)
	}
	for _, r := range ranges {
		if r.LastRow >= header {
			p.add(cell{line: r.FirstRow, row: r.FirstRow, index: r.FirstColumn + 1}, "", lang.Of("the cells %v are merged, and only the first has the value: unmerge them, and write it in each row", r))
		}
	}
	return nil
}

// hides tells whether the sheet does not show a column.
func (w *workbook) hides(column int) bool {
	return slices.ContainsFunc(w.hidden, func(r xlsx.Range) bool { return r.FirstColumn <= column && column <= r.LastColumn })
}

func (w *workbook) ranges() ([]xlsx.Range, error) {
	if w.unfolded != nil {
		return w.unfolded.merged, nil
	}
	return w.book.Merged(w.sheet)
}

// seeking reads at any place of a file that can only seek.
type seeking struct{ in io.ReadSeeker }

func (s seeking) ReadAt(p []byte, off int64) (int, error) {
	if _, err := s.in.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.in, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

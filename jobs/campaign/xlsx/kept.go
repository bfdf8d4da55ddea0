package xlsx

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Writer keeps rows so that they can be read again for little: what costs in a workbook is its XML.
type Writer struct {
	out   io.Writer
	buf   []byte
	wrong map[string]uint64 // what is wrong with cells, by its place in the order in which it came
}

// NewWriter writes rows to a file that [NewKept] reads.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out, wrong: map[string]uint64{"": 0}} }

// Write keeps a row.
func (w *Writer) Write(row Row) error {
	hidden := uint64(0)
	if row.Hidden {
		hidden = 1
	}
	w.buf = w.buf[:0]
	w.number(uint64(row.Number))
	w.number(hidden)
	w.number(uint64(len(row.Cells)))
	for _, c := range row.Cells {
		w.text(c.Text)
		w.text(c.Date)
		wrong := ""
		if c.Wrong != nil {
			wrong = c.Wrong.Error()
		}
		n, known := w.wrong[wrong]
		if !known {
			n = uint64(len(w.wrong))
			w.wrong[wrong] = n
		}
		if w.number(n); !known {
			w.text(wrong)
		}
	}
	_, err := w.out.Write(w.buf)
	return err
}

func (w *Writer) number(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }

func (w *Writer) text(s string) {
	w.number(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

// Kept reads rows that a [Writer] has kept.
type Kept struct {
	in    *bufio.Reader
	wrong []error
	err   error
}

// NewKept begins at the first row.
func NewKept(in io.Reader) *Kept {
	return &Kept{in: bufio.NewReaderSize(in, 64<<10), wrong: []error{nil}}
}

// Next returns the next row; at the end io.EOF.
func (k *Kept) Next() (Row, error) {
	if _, err := k.in.Peek(1); err != nil {
		return Row{}, err
	}
	row := Row{Number: int(k.number()), Hidden: k.number() == 1}
	row.Cells = make([]Cell, min(k.number(), maxColumn))
	for i := range row.Cells {
		c := &row.Cells[i]
		c.Text, c.Date = k.text(), k.text()
		n := k.number()
		if n == uint64(len(k.wrong)) && k.err == nil {
			k.wrong = append(k.wrong, wrongOf(c.Text, k.text()))
		}
		if n < uint64(len(k.wrong)) {
			c.Wrong = k.wrong[n]
		}
	}
	if errors.Is(k.err, io.EOF) {
		k.err = io.ErrUnexpectedEOF
	}
	return row, k.err
}

// wrongOf is what is wrong with a cell by what it says in English, so that it can be said in another
// language.
func wrongOf(cell, english string) error {
	for _, err := range []error{errNoValue, errRounded, errNoDate, errShown(cell), errNoBool(cell)} {
		if err.Error() == english {
			return err
		}
	}
	return errors.New(english)
}

func (k *Kept) number() uint64 {
	n, err := binary.ReadUvarint(k.in)
	k.failed(err)
	return n
}

func (k *Kept) text() string {
	n := k.number()
	if n == 0 || n > maxText || k.err != nil {
		return ""
	}
	b := make([]byte, n)
	_, err := io.ReadFull(k.in, b)
	k.failed(err)
	return string(b)
}

func (k *Kept) failed(err error) {
	if k.err == nil {
		k.err = err
	}
}

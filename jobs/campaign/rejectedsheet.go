package campaign

import (
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// rejectedSheet is a workbook of rejected rows. Its cells are text, which no spreadsheet runs as a
// formula, and days are written so that they are read as the same days.
type rejectedSheet struct {
	book *excelize.File
	out  *excelize.StreamWriter
	rows int
}

// newRejectedSheet makes a workbook whose sheet is called as the one that the rows are from, so that
// --sheet names both. A name that no new workbook may have is left.
func newRejectedSheet(name string) (*rejectedSheet, error) {
	const first = "Sheet1"
	s := &rejectedSheet{book: excelize.NewFile()}
	if s.book.SetSheetName(first, name) != nil {
		name = first
	}
	var err error
	s.out, err = s.book.NewStreamWriter(name)
	return s, err
}

// noValue stands for a cell that has none. It is written as a formula that says so: as text, or as
// an empty cell, it would be taken the next time. Text with a NUL is refused anyway.
const noValue = "\x00"

func (s *rejectedSheet) line(values []string) error {
	s.rows++
	row := make([]any, len(values))
	for i, v := range values {
		switch v {
		case "":
		case noValue:
			row[i] = excelize.Cell{Formula: "NA()"}
		default:
			row[i] = v
		}
	}
	return s.out.SetRow(fmt.Sprintf("A%d", s.rows), row)
}

func (s *rejectedSheet) writeTo(w io.Writer) error {
	defer s.book.Close()
	if err := s.out.Flush(); err != nil {
		return err
	}
	return s.book.Write(w)
}

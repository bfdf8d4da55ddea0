package campaign

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// checkedColumn is what [WriteChecked] adds as the last column; a file with it is read without it.
// What is wrong with the header stands in the header's own cell after it: "check.problems: ...".
const checkedColumn = "check.problems"

// isChecked tells whether a heading is that of the problems.
func isChecked(heading string) bool {
	name := providers.Trim(heading)
	return len(name) >= len(checkedColumn) && strings.EqualFold(name[:len(checkedColumn)], checkedColumn) &&
		(len(name) == len(checkedColumn) || name[len(checkedColumn)] == ':')
}

// checkedHeading is the heading of the problems, with those of the header.
func (r *Reader) checkedHeading() string {
	if len(r.problems) == 0 {
		return checkedColumn
	}
	return checkedColumn + ": " + r.reasons(r.problems)
}

// maxMarked is how large a sheet may be, unzipped, that is marked: all of it is in memory then.
const maxMarked = 256 << 20

// WriteChecked writes a campaign file again as it is, with the problems of each row in a last
// column: a workbook with its formats, the wrong cells coloured and commented; a text with its
// encoding and delimiter. Mended, the new file is read as the old one.
func WriteChecked(ctx context.Context, name string, options Options, to io.Writer) error {
	r, err := Open(name, options)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.book != nil {
		return r.markSheet(ctx, to)
	}
	return r.markText(ctx, to)
}

// reasons are a row's problems as one text.
func (r *Reader) reasons(problems []Problem) string {
	list := make([]lang.Text, len(problems))
	for i, p := range problems {
		list[i] = p.Message
		if p.Name != "" {
			list[i] = lang.Of("%s: %v", p.Name, p.Message)
		}
	}
	return r.options.Language.Say(lang.Join(list, "; "))
}

// markText writes the rows with their values as they were.
func (r *Reader) markText(ctx context.Context, to io.Writer) error {
	var encoder *encoding.Encoder
	switch {
	case r.format.wide != nil:
		encoder = r.format.wide.NewEncoder()
	case r.format.windows:
		encoder = encoding.ReplaceUnsupported(charmap.Windows1252.NewEncoder())
	default:
		encoder = encoding.Nop.NewEncoder()
	}
	encoded := transform.NewWriter(to, encoder)
	out := bufio.NewWriter(encoded)
	comma, end := string(rune(r.format.comma)), "\n"
	if r.format.crlf {
		end = "\r\n"
	}
	write := func(values []string, reason string) {
		for _, v := range values {
			if strings.ContainsAny(v, "\"\r\n"+comma) {
				v = quoted(v)
			}
			out.WriteString(v + comma)
		}
		if reason != "" && reason != checkedColumn {
			reason = quoted(reason) // else its semicolons would be taken for the file's delimiter
		}
		out.WriteString(reason + end)
	}
	if r.format.skip > 0 {
		out.WriteString("\ufeff")
	}
	if r.format.sep {
		out.WriteString("sep=" + comma + end)
	}
	was := r.checkedAt()
	without := func(values []string) []string {
		if was >= 0 && was < len(values) {
			return slices.Delete(slices.Clone(values), was, was+1)
		}
		return values
	}
	write(without(r.names), r.checkedHeading())
	for row, err := range r.Rows(ctx) {
		if err != nil {
			return err
		}
		reason := r.reasons(row.Problems)
		if raw := row.Raw(); raw != nil {
			write(without(raw), reason)
		} else {
			out.WriteString(row.rec.raw + comma + quoted(reason) + end)
		}
	}
	return errors.Join(out.Flush(), encoded.Close())
}

func quoted(v string) string { return `"` + strings.ReplaceAll(v, `"`, `""`) + `"` }

func (r *Reader) checkedAt() int {
	return slices.IndexFunc(r.names, isChecked)
}

// marking colours a workbook's cells.
type marking struct {
	*excelize.File
	language lang.Language
	sheet    string
	styles   map[int]int // a cell's style with the colour added
}

// markSheet opens the whole workbook, so that all that it holds is kept.
func (r *Reader) markSheet(ctx context.Context, to io.Writer) error {
	if r.names == nil {
		return lang.Errorf("the workbook has no header that could be marked")
	}
	f, err := excelize.OpenReader(io.NewSectionReader(r.file, 0, math.MaxInt64), excelize.Options{UnzipSizeLimit: 2 * maxMarked, UnzipXMLSizeLimit: maxMarked})
	if err != nil {
		return lang.Errorf("the workbook is too large to be marked, or cannot be opened: %w", err)
	}
	defer f.Close()
	m := marking{File: f, language: r.options.Language, sheet: r.book.sheet.Name, styles: map[int]int{}}
	column := r.checkedAt() + 1
	if column == 0 {
		column = len(r.names) + 1
	}
	last, err := excelize.ColumnNumberToName(column)
	if err != nil {
		return err
	}
	err = errors.Join(f.SetCellStr(m.sheet, fmt.Sprintf("%s%d", last, r.top), r.checkedHeading()), f.SetColWidth(m.sheet, last, last, 60))
	for _, p := range r.problems {
		err = errors.Join(err, m.mark(p))
	}
	for row, reading := range r.Rows(ctx) {
		if err = errors.Join(err, reading); err != nil {
			return err
		}
		cell := fmt.Sprintf("%s%d", last, row.Number)
		if text := r.reasons(row.Problems); text != "" || r.checkedAt() >= 0 {
			err = f.SetCellStr(m.sheet, cell, text)
		}
		for _, p := range row.Problems {
			err = errors.Join(err, m.mark(p))
		}
	}
	if err != nil {
		return err
	}
	return f.Write(to)
}

// mark colours a wrong cell and says in a comment why, unless there is one already.
func (m *marking) mark(p Problem) error {
	if p.Cell == "" {
		return nil
	}
	id, err := m.GetCellStyle(m.sheet, p.Cell)
	if err != nil {
		return err
	}
	marked, ok := m.styles[id]
	if !ok {
		style, err := m.GetStyle(id)
		if err != nil {
			return err
		}
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F8C9C4"}}
		if marked, err = m.NewStyle(style); err != nil {
			return err
		}
		m.styles[id] = marked
		m.styles[marked] = marked
	}
	if err := m.SetCellStyle(m.sheet, p.Cell, p.Cell, marked); err != nil {
		return err
	}
	_ = m.AddComment(m.sheet, excelize.Comment{Author: "chancela", Cell: p.Cell, Text: m.language.Say(p.Message), Width: 260, Height: 80})
	return nil
}

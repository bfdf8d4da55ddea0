package campaign

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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

// maxMarked is how large a workbook may be, unzipped, that is marked. All of it is in memory then, at
// 22 bytes for each of its own, as measured: 360 MB for 16 MB (30,000 rows of 8 cells), 700 MB for 32.
const maxMarked = 32 << 20

// maxComments is how many cells of a workbook are commented: many slow a spreadsheet down, and
// the last column has all reasons anyway.
const maxComments = 200

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
	styles   map[int]int // a cell's style with the colour added; nil: cells cannot be coloured
	comments int
}

// markSheet opens the whole workbook, so that all that it holds is kept.
func (r *Reader) markSheet(ctx context.Context, to io.Writer) error {
	if r.names == nil {
		return lang.Errorf("the workbook has no header that could be marked")
	}
	file, err := r.file.Stat()
	if err != nil {
		return err
	}
	if size := max(r.book.book.Unzipped(), uint64(file.Size())); size > maxMarked {
		return lang.Errorf("the workbook is too large to be marked: it has %d MB unzipped, and at most %d MB are marked. Save it as CSV, or in several files", (size+1<<20-1)>>20, maxMarked>>20)
	}
	f, err := excelize.OpenReader(io.NewSectionReader(r.file, 0, file.Size()), excelize.Options{UnzipSizeLimit: maxMarked, UnzipXMLSizeLimit: maxMarked})
	if err != nil {
		return lang.Errorf("the workbook cannot be opened to be marked: %w", err)
	}
	defer f.Close()
	m := marking{File: f, language: r.options.Language, sheet: r.book.sheet.Name}
	if r.book.book.StylesPart() == "xl/styles.xml" {
		m.styles = map[int]int{}
	}
	completeStyles(f)
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
	if m.styles != nil {
		if err := m.colour(p.Cell); err != nil {
			return err
		}
	}
	if m.comments++; m.comments <= maxComments {
		_ = m.AddComment(m.sheet, excelize.Comment{Author: "chancela", Cell: p.Cell, Text: m.language.Say(p.Message), Width: 260, Height: 80})
	}
	return nil
}

// colour adds the colour to a cell's style. A style that the workbook does not have is the plain one.
func (m *marking) colour(cell string) error {
	id, err := m.GetCellStyle(m.sheet, cell)
	if err != nil {
		return err
	}
	marked, ok := m.styles[id]
	if !ok {
		style, err := m.GetStyle(id)
		if err != nil {
			style = &excelize.Style{}
		}
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F8C9C4"}}
		if marked, err = m.NewStyle(style); err != nil {
			return err
		}
		m.styles[id] = marked
		m.styles[marked] = marked
	}
	return m.SetCellStyle(m.sheet, cell, cell, marked)
}

// completeStyles adds the plain styles that some programs leave out, and that excelize builds upon.
func completeStyles(f *excelize.File) {
	plain := excelize.NewFile()
	defer plain.Close()
	s := f.Styles
	if s.Fonts == nil || len(s.Fonts.Font) == 0 {
		s.Fonts = plain.Styles.Fonts
	}
	if s.Fills == nil || len(s.Fills.Fill) == 0 {
		s.Fills = plain.Styles.Fills
	}
	if s.Borders == nil || len(s.Borders.Border) == 0 {
		s.Borders = plain.Styles.Borders
	}
	if s.CellStyleXfs == nil {
		s.CellStyleXfs = plain.Styles.CellStyleXfs
	}
	if s.CellXfs == nil || len(s.CellXfs.Xf) == 0 {
		s.CellXfs = plain.Styles.CellXfs
	}
}

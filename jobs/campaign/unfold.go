package campaign

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/chancela/chancela/jobs/campaign/xlsx"
)

// Unfolded is a workbook's sheet whose rows stand in a file of their own, as the sheet shows
// them. Rows that come from strangers are read several times, and each reading of a workbook
// would cost what somebody has made it cost.
type Unfolded struct {
	sheet          xlsx.Sheet
	hidden, merged []xlsx.Range
	broken         error // why the sheet ends here; nil: all of it was read
	sheets         []string
}

// Sheets are the workbook's sheets that are shown, and the one that is read.
func (u *Unfolded) Sheets() []string { return u.sheets }

// Unfold reads a workbook's sheet once and writes its rows to a file, which [NewReader] reads with
// [Options.Unfolded]. each is told how many values of a row say something; its error ends the
// reading. Unfold returns nil for a file that is no workbook. A workbook that cannot be opened is a [Problem];
// one that is broken further down has the rows above.
func Unfold(ctx context.Context, name string, in io.ReadSeeker, options Options, to io.Writer, each func(values int) error) (*Unfolded, error) {
	w, err := openWorkbook(name, Stopping(ctx, in), options)
	if err == nil && w != nil {
		defer w.close()
		err = w.rewind()
	}
	if w == nil || err != nil {
		return nil, cmp.Or(ctx.Err(), err)
	}
	u := &Unfolded{sheet: w.sheet}
	for _, s := range w.book.Sheets() {
		if !s.Hidden || s.Name == w.sheet.Name {
			u.sheets = append(u.sheets, s.Name)
		}
	}
	out := bufio.NewWriterSize(to, 64<<10)
	kept := xlsx.NewWriter(out)
	for {
		row, err := w.rows.Next()
		u.hidden, u.merged = w.opened.Hidden(), w.opened.Merged()
		if _, wrong := errors.AsType[*xlsx.Error](err); wrong && ctx.Err() == nil {
			u.broken = err
			return u, out.Flush()
		}
		switch {
		case errors.Is(err, io.EOF):
			return u, out.Flush()
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, err
		}
		if err := errors.Join(each(values(row)), kept.Write(row)); err != nil {
			return nil, err
		}
	}
}

func values(row xlsx.Row) int {
	n := 0
	for _, c := range row.Cells {
		if c.Text != "" {
			n++
		}
	}
	return n
}

// Stopping is a file that cannot be read any more when the context ends.
func Stopping(ctx context.Context, in io.ReadSeeker) io.ReadSeeker { return stopping{ctx, in} }

type stopping struct {
	ctx context.Context
	io.ReadSeeker
}

func (s stopping) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.ReadSeeker.Read(p)
}

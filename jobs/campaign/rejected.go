package campaign

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/formula"
	"github.com/chancela/chancela/providers/lang"
)

// Rejected keeps the rows that were left out in FILE.rejected.csv beside FILE.csv, or in
// FILE.rejected.xlsx beside FILE.xlsx: the
// values as they were, with a first column rejected.reason. Mended, that file can be run
// as it is: the reader ignores that column, and its rows join the same campaign. It is
// UTF-8 with a byte order mark, so that every spreadsheet shows its letters.
//
// A value that a spreadsheet would run as a formula has an apostrophe in front, which the
// reader drops again from a file with that column.
//
// What somebody has changed by hand is never replaced. A companion, .FILE.sha256 in the
// form of sha256sum, remembers what was written: a file with another sum is left alone, and
// the rows are still in the campaign file. The rows of a rejected file that are still
// wrong stay where they are: there is one such file for a campaign file.
type Rejected struct {
	reader *Reader
	path   string
	spool  *os.File // what the file is to be, until it is whole
	buf    *bufio.Writer
	sheet  *rejectedSheet // of a workbook; nil: text
	sum    hash.Hash
	rows   int
}

// Left is what became of rows that were left out.
type Left struct {
	File string // the campaign file
	Rows int
	Path string // where they are

	// Kept tells that the file at Path was not written, because it holds somebody's own
	// work: the rows are in File. For a rejected file, both are the same.
	Kept bool

	// Campaign is that of --campaign, which running the file at Path needs, too; empty: the file's own.
	Campaign string

	// Known is how many of the rows have an id that the campaign has by now: who ran the mended
	// rejected file has nothing more to do.
	Known int
}

// String says how many rows are in which file.
func (l Left) String() string { return l.Said().String() }

// Said is [Left.String] for people.
func (l Left) Said() lang.Text {
	switch rows := l.rows(); {
	case l.Known == 0:
		return rows
	case l.Known < l.Rows:
		return lang.Of("%v; of %d the campaign has the id by now", rows, l.Known)
	case l.Rows == 1:
		return lang.Of("1 row of %s not taken, but the campaign has its id by now, as when it was mended in %s and run: nothing is left to do for it", l.File, l.Path)
	}
	return lang.Of("%d rows of %s not taken, but the campaign has their ids by now, as when they were mended in %s and run: nothing is left to do for them", l.Rows, l.File, l.Path)
}

func (l Left) rows() lang.Text {
	switch {
	case l.Path == l.File:
		return lang.N(l.Rows, "%d row of %s not taken, and still there: mend it, and run that file again", "%d rows of %s not taken, and still there: mend them, and run that file again", l.File)
	case l.Kept:
		return lang.N(l.Rows, "%d row of %s not taken, and not written to %s, which somebody has changed: mend that file and run it, or rename it, then run %[2]s again",
			"%d rows of %s not taken, and not written to %s, which somebody has changed: mend that file and run it, or rename it, then run %[2]s again", l.File, l.Path)
	}
	rows := lang.N(l.Rows, "%d row of %s not taken: it is in %s with the reasons, mend it there and run that file",
		"%d rows of %s not taken: they are in %s with the reasons, mend them there and run that file", l.File, l.Path)
	if l.Campaign != "" {
		return lang.Of("%v with --campaign %s", rows, l.Campaign)
	}
	return rows
}

const (
	rejectedEnding      = ".rejected.csv"
	rejectedSheetEnding = ".rejected.xlsx"
)

// RejectedPath is where the rejected rows of a campaign file are kept: a rejected file's
// own rows stay in it.
func RejectedPath(file string) string {
	stem := strings.TrimSuffix(file, filepath.Ext(file))
	if strings.HasSuffix(stem, ".rejected") {
		return file
	}
	if ext := strings.ToLower(filepath.Ext(file)); ext == ".xlsx" || ext == ".xlsm" {
		return stem + rejectedSheetEnding
	}
	return stem + rejectedEnding
}

// NewRejected keeps rows of a file that [Open] opened.
func NewRejected(r *Reader) *Rejected { return &Rejected{reader: r, path: RejectedPath(r.name)} }

// Write keeps a row with the problems it has.
func (w *Rejected) Write(row Row) error {
	w.rows++
	if w.path == w.reader.name {
		return nil
	}
	if w.spool == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	reason := w.reader.reasons(row.Problems)
	if w.sheet != nil {
		return w.sheetRow(row, reason)
	}
	if raw := row.Raw(); raw != nil {
		return w.line(append([]string{reason}, w.without(raw)...))
	}
	// A line that could not be split: as it is, it has to be mended by hand.
	_, err := w.buf.WriteString(w.cell(reason) + string(rune(w.reader.format.comma)) + formula.Defuse(row.rec.raw) + "\r\n")
	return err
}

// sheetRow keeps a row of a workbook. A row that cannot be split is in the workbook alone.
func (w *Rejected) sheetRow(row Row, reason string) error {
	raw := row.Raw()
	for i, c := range row.rec.cells[:len(raw)] {
		switch {
		case c.wrong != nil:
			raw[i] = noValue
		case c.date != "" && i < len(row.header.columns) && isDay(row.header.columns[i]):
			raw[i] = c.date
		}
	}
	return w.line(append([]string{reason}, w.without(raw)...))
}

// without leaves out the reason of an earlier rejection.
func (w *Rejected) without(values []string) []string {
	if i := w.reader.header.reason; i >= 0 && i < len(values) {
		return slices.Delete(slices.Clone(values), i, i+1)
	}
	return values
}

func (w *Rejected) begin() error {
	file, err := os.CreateTemp("", "chancela-rejected-*")
	if err != nil {
		return err
	}
	os.Remove(file.Name()) // gone with the process, whatever ends it; where that cannot be, Close removes it
	w.spool, w.sum = file, sha256.New()
	w.buf = bufio.NewWriterSize(io.MultiWriter(file, w.sum), 64<<10)
	if w.reader.book != nil {
		w.sheet, err = newRejectedSheet(w.reader.book.sheet.Name)
	} else {
		_, err = w.buf.WriteString("\uFEFF")
	}
	if err != nil {
		return err
	}
	return w.line(append([]string{reasonColumn}, w.without(w.reader.names)...))
}

func (w *Rejected) line(values []string) error {
	if w.sheet != nil {
		return w.sheet.line(values)
	}
	for i, v := range values {
		if i > 0 {
			if err := w.buf.WriteByte(w.reader.format.comma); err != nil {
				return err
			}
		}
		if _, err := w.buf.WriteString(w.cell(v)); err != nil {
			return err
		}
	}
	_, err := w.buf.WriteString("\r\n")
	return err
}

// cell is a value as it stands in the file. encoding/csv would change line breaks.
func (w *Rejected) cell(v string) string {
	v = formula.Defuse(v)
	if !strings.ContainsAny(v, "\"\r\n"+string(rune(w.reader.format.comma))) {
		return v
	}
	return `"` + strings.ReplaceAll(strings.ReplaceAll(v, `"`, `""`), "\n", "\r\n") + `"`
}

// Close writes the file, unless it is there already or is somebody's own work, and tells
// where the rows are. It must be called.
func (w *Rejected) Close(ctx context.Context) (Left, error) {
	left := Left{File: w.reader.name, Rows: w.rows, Path: w.path}
	if w.spool == nil {
		left.Kept = w.rows > 0
		return left, nil
	}
	defer os.Remove(w.spool.Name())
	defer w.spool.Close()
	if w.sheet != nil {
		if err := w.sheet.writeTo(w.buf); err != nil {
			return left, err
		}
	}
	if err := w.buf.Flush(); err != nil {
		return left, err
	}
	sum := hex.EncodeToString(w.sum.Sum(nil))
	have, err := sumOf(w.path)
	if err != nil || have == sum {
		return left, err
	}
	if have != "" {
		if left.Kept, err = w.changed(ctx, have); err != nil || left.Kept {
			return left, err
		}
	}
	// The companion knows both before the new one takes the old one's place: killed
	// between the two, neither looks like somebody's work.
	if err := replace(companion(w.path), strings.NewReader(sums(w.path, sum, have))); err != nil {
		return left, err
	}
	if _, err := w.spool.Seek(0, io.SeekStart); err != nil {
		return left, err
	}
	return left, replace(w.path, w.spool)
}

// changed tells whether what is there may not be replaced: somebody has changed it, or
// has taken rows out of the campaign file because they are in it.
func (w *Rejected) changed(ctx context.Context, sum string) (bool, error) {
	known, err := os.ReadFile(companion(w.path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if !strings.Contains("\n"+string(known), "\n"+sum+" ") {
		return true, nil
	}
	only := map[string]bool{}
	if err := eachID(ctx, w.path, func(id string) { only[id] = true }); err != nil {
		return false, err
	}
	err = eachID(ctx, w.reader.name, func(id string) { delete(only, id) })
	return len(only) > 0, err
}

// eachID reads the ids of a file's rows: what stands for a row without one is the whole
// row.
func eachID(ctx context.Context, file string, see func(id string)) error {
	r, err := Open(file, Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	column := slices.IndexFunc(r.header.columns, func(c column) bool { return c.name == "id" })
	for {
		rec, err := r.rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if r.rejected {
			restoreAll(rec.cells)
		}
		id := ""
		if column >= 0 && column < len(rec.cells) {
			id = strings.TrimSpace(rec.cells[column].text)
		}
		switch {
		case id != "":
			see(id)
		case rec.broken == nil && !rec.blank():
			var all []string
			for i, c := range rec.cells {
				switch {
				case i == r.header.reason:
				case c.wrong != nil: // written as [noValue]
					all = append(all, "")
				default:
					all = append(all, c.text)
				}
			}
			if row := strings.Join(all, "\x00"); strings.Trim(row, "\x00") != "" {
				see(row)
			}
		}
	}
}

// sumOf is the SHA-256 of a file, empty when there is none.
func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// companion is the file that remembers what was written to a rejected file.
func companion(path string) string {
	return filepath.Join(filepath.Dir(path), "."+strings.TrimSuffix(filepath.Base(path), rejectedEnding)+".sha256")
}

// sums is a companion's content.
func sums(path string, of ...string) string {
	var b strings.Builder
	for _, sum := range of {
		if sum != "" {
			fmt.Fprintf(&b, "%s  %s\n", sum, filepath.Base(path))
		}
	}
	return b.String()
}

// replace puts a file in place whole or not at all, and removes what an earlier process
// that was killed has left half written.
func replace(path string, content io.Reader) error {
	dir, name := filepath.Dir(path), sha256.Sum256([]byte(filepath.Base(path)))
	temporary := fmt.Sprintf(".chancela-%x-*", name[:4])
	stale, err := fs.Glob(os.DirFS(dir), temporary)
	if err != nil {
		return err
	}
	for _, s := range stale {
		if err := os.Remove(filepath.Join(dir, s)); err != nil {
			return err
		}
	}
	file, err := os.CreateTemp(dir, temporary) // 0600: it holds people's data
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails once it is renamed
	_, err = io.Copy(file, content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// restoreAll takes back what keeps cells from being run.
func restoreAll(cells []cell) {
	for i := range cells {
		cells[i].text = formula.Restore(cells[i].text)
	}
}

package campaign

import (
	"bufio"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Rejected keeps the rows that were left out in FILE.rejected.csv beside FILE.csv: the
// values as they were, in the same encoding and with the same delimiter, and a last
// column rejected.reason. Corrected, that file can be run as it is: the reader ignores
// that column, and its rows join the same campaign.
//
// The file appears when it is complete, and only when there is a row in it.
type Rejected struct {
	reader *Reader
	path   string
	file   *os.File
	buf    *bufio.Writer
	csv    *csv.Writer
}

// NewRejected keeps rows of a file that [Open] opened.
func NewRejected(r *Reader) *Rejected {
	return &Rejected{reader: r, path: strings.TrimSuffix(r.name, filepath.Ext(r.name)) + ".rejected.csv"}
}

// Write keeps a row with the problems it has.
func (w *Rejected) Write(row Row) error {
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	reasons := make([]string, len(row.Problems))
	for i, p := range row.Problems {
		reasons[i] = p.Message
		if p.Name != "" {
			reasons[i] = p.Name + ": " + p.Message
		}
	}
	reason := strings.Join(reasons, "; ")
	if row.Raw != nil {
		return w.csv.Write(append(w.without(row.Raw), reason))
	}
	// A line that could not be split: verbatim, it has to be repaired by hand.
	w.csv.Flush()
	if _, err := w.buf.WriteString(row.raw + string(rune(w.reader.format.comma))); err != nil {
		return err
	}
	return w.csv.Write([]string{reason})
}

// without leaves out the reason of an earlier rejection.
func (w *Rejected) without(values []string) []string {
	if i := w.reader.header.reason; i >= 0 && i < len(values) {
		return slices.Delete(slices.Clone(values), i, i+1)
	}
	return slices.Clone(values)
}

func (w *Rejected) begin() error {
	file, err := os.CreateTemp(filepath.Dir(w.path), ".rejected-*.csv") // 0600: it holds people's data
	if err != nil {
		return err
	}
	w.file = file
	out, err := w.reader.format.encode(file)
	if err != nil {
		return err
	}
	w.buf = bufio.NewWriterSize(out, 64<<10)
	w.csv = csv.NewWriter(w.buf)
	w.csv.Comma = rune(w.reader.format.comma)
	w.csv.UseCRLF = w.reader.rows.crlf
	return w.csv.Write(append(w.without(w.reader.names), reasonColumn))
}

// Close completes the file and gives its path, empty when no row was written. It must be
// called; after an error of Write it removes what there is.
func (w *Rejected) Close() (path string, err error) {
	if w.file == nil {
		return "", nil
	}
	defer os.Remove(w.file.Name()) // fails once it is renamed
	w.csv.Flush()
	err = w.csv.Error()
	if err == nil {
		err = w.buf.Flush()
	}
	if closing := w.file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", err
	}
	return w.path, os.Rename(w.file.Name(), w.path)
}

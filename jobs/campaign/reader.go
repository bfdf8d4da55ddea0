// Package campaign reads campaigns from CSV files, checks them, and writes reports.
//
// A file is read twice from its beginning: once to find out how it is encoded, then row
// by row. Nothing grows with the file but the set of ids ([Seen]): a million rows keep
// 38 MB.
//
// Positions are lines and characters: line 1 is the header, column 1 the first character
// of a line. A value's position is where it begins in the file as an editor shows it; a
// value that stands behind one with line breaks is counted from the line it is on.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
)

// Options say how files are read. The zero value reads one file by itself.
type Options struct {
	Campaign string // default: [Name] of the file
	Provider string // of rows that name none

	// Document finds what a document or image cell names. Its error becomes the row's
	// problem. Default of [Open]: a [Folder] around the file. May not be nil for [NewReader].
	Document func(ctx context.Context, source string) (providers.Document, error)

	// Check is the row's provider's own judgement. Nil: only the rules of
	// [jobs.Normalize] apply. An error that is not [providers.Problems] is the row's problem, too.
	Check func(providers.Envelope) error

	// Calls is what [Check] counts an envelope's requests with. Nil: [GeneralCalls].
	Calls func(providers.Envelope) int

	// Seen finds ids that stand twice over several files. Nil: over this file.
	Seen *Seen
}

// Problem is one mistake in a file.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1; 0: the file as a whole
	Column  int    `json:"column"` // in characters, from 1
	Name    string `json:"name"`   // the column's name; empty: the whole line
	Message string `json:"message"`
}

// String is FILE:LINE:COLUMN: NAME: MESSAGE, which editors understand.
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", s, p.Line, p.Column)
	}
	if p.Name != "" {
		s += ": " + p.Name
	}
	return s + ": " + p.Message
}

// Row is one row of a campaign. It may be enqueued when it has no problems.
type Row struct {
	Line     int // where it begins
	Envelope providers.Envelope
	Problems []Problem
	Raw      []string // the values as they stand there; nil for a line that cannot be split
	raw      string   // that line
}

// Reader reads one campaign file.
type Reader struct {
	name     string
	options  Options
	format   format
	rows     *scanner
	header   header
	names    []string // the header as it stands there
	problems []Problem
	file     *os.File
}

// Open opens a campaign file. The caller closes it.
func Open(name string, options Options) (*Reader, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if options.Document == nil {
		options.Document = NewFolder(filepath.Dir(name), nil).Document
	}
	r, err := NewReader(name, file, options)
	if err != nil {
		file.Close()
		return nil, err
	}
	r.file = file
	return r, nil
}

// NewReader reads a campaign from in, beginning where in stands at its start. The name
// stands in problems. An error means that the file is no CSV at all, or cannot be read;
// what is wrong with its header is in [Reader.Problems].
func NewReader(name string, in io.ReadSeeker, options Options) (*Reader, error) {
	if options.Campaign == "" {
		options.Campaign = Name(name)
	} else if !jobs.ValidCampaign(options.Campaign) {
		return nil, errors.New("a campaign's name begins with a letter or digit and has 1 to 100 letters, digits, dots, underscores or hyphens")
	}
	if options.Seen == nil {
		options.Seen = NewSeen()
	}
	options.Seen.file(name)
	r := &Reader{name: name, options: options}
	var err error
	if r.format, err = detect(in); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text, err := r.format.decode(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.rows = newScanner(text, r.format.comma)
	first, err := r.rows.next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: the file is empty", name)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if first.broken != "" {
		r.problems = append(r.problems, Problem{name, first.at.line, first.at.column, "", first.broken})
		return r, nil
	}
	for _, c := range first.cells {
		r.names = append(r.names, c.text)
	}
	r.header = parseHeader(first, options.Provider, func(c cell, column, message string) {
		r.problems = append(r.problems, Problem{name, c.line, c.column, column, message})
	})
	inOrder(r.problems)
	return r, nil
}

// Name is a file's name as a campaign's: without its ending (".rejected.csv" is one, so
// that corrected rows join their campaign) and with a hyphen for what may not stand in a name.
func Name(file string) string {
	name := norm.NFC.String(filepath.Base(file))
	name = strings.TrimSuffix(name, filepath.Ext(name))
	name = strings.TrimSuffix(name, ".rejected")
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, name)
	name = strings.TrimLeft(name, "._-")
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100])
	}
	for len(name) > archive.MaxSegment {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	if !jobs.ValidCampaign(name) {
		return "campaign"
	}
	return name
}

// Campaign is the campaign's name.
func (r *Reader) Campaign() string { return r.options.Campaign }

// Problems are what is wrong with the header. A file that has any is not to be enqueued,
// but its rows can be checked.
func (r *Reader) Problems() []Problem { return r.problems }

// Close closes the file that [Open] opened.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Rows gives every row, the bad ones too, once. Rows without any value are passed over.
// It ends early, with the error, only when the file cannot be read any more or the
// context ends.
func (r *Reader) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if r.header.columns == nil {
			return // a file without a header
		}
		for {
			if err := ctx.Err(); err != nil {
				yield(Row{}, err)
				return
			}
			rec, err := r.rows.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Row{}, fmt.Errorf("%s: %w", r.name, err))
				return
			}
			if rec.blank() {
				continue
			}
			row := r.row(ctx, rec)
			if err := ctx.Err(); err != nil { // a document was not read through
				yield(Row{}, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

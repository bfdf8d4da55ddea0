// Package campaign reads campaigns from spreadsheets (text with delimiters, or workbooks), checks
// them, and writes reports.
//
// A file is read from its beginning to find out how it is encoded, then row by row. Nothing grows with the file but the set of ids ([Seen]): a million rows keep
// 38 MB.
//
// A position is told in two ways. As an editor shows it, in lines and characters: column 1
// is the first character of a line. And as a spreadsheet shows it, where a value with line
// breaks is one cell and a line sep= is none: C14.
package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Options say how files are read. The zero value reads one file by itself.
type Options struct {
	Campaign string // default: [Name] of the file
	Provider string // of rows that name none

	// Document finds what a document or image cell names. Its error becomes the row's
	// problem. Default of [Open]: a [Folder] around the file. May not be nil for [NewReader].
	Document func(ctx context.Context, source string) (providers.Document, error)

	// Judge knows the providers' own rules. Nil: only those apply that all share.
	Judge *intake.Judge

	// Calls is what [Check] counts an envelope's requests with. Nil: [GeneralCalls].
	Calls func(providers.Envelope) int

	// Language is that of what is written into files for people. The zero value is English.
	Language lang.Language

	// Columns are headings that mean one of our columns, beside those that people usually use.
	Columns Columns

	// Told is where Columns, Subject, ID and Sheet are said.
	Told Told

	// Patterns are what rows get that have no subject or id.
	Patterns

	// Read is told how a file was understood. Nil: nobody.
	Read func(Reading)

	// Sheet is the sheet of a workbook that is read. Empty: the first one that is shown.
	Sheet string

	// Unzipped is how many bytes a workbook's sheet may have. 0: [xlsx.MaxSize].
	Unzipped int64

	// Unfolded says that the file holds the rows of a workbook that [Unfold] has read. Nil: it is
	// the file that people made.
	Unfolded *Unfolded

	// Repeated is told what [Check] finds by [Row.Repeats]. Nil: it does not look.
	Repeated func(Problem)

	// Doubted is told what [Check] finds by [Row.Doubts]. Nil: it does not look.
	Doubted func(Problem)

	// Seen finds ids that stand twice over several files. Nil: over this file.
	Seen *Seen
}

// maxProblems are reported of one row, or of the header; how many more there are is said.
const maxProblems = 20

// problems collects what is wrong with one row, or with the header.
type problems struct {
	file string
	list []Problem
	more int

	unclear []string // headings of which nobody knows what they mean
}

func (p *problems) add(at cell, name string, message lang.Text) {
	p.note(at, name, message, func(*Problem) {})
}

// note adds a problem of a kind.
func (p *problems) note(at cell, name string, message lang.Text, kind func(*Problem)) {
	if p.full() {
		p.more++
		return
	}
	p.list = append(p.list, problemAt(p.file, at, name, message))
	kind(&p.list[len(p.list)-1])
}

func (p *problems) full() bool { return len(p.list) >= maxProblems }

// sorted gives the problems as they stand in the file.
func (p *problems) sorted() []Problem {
	slices.SortStableFunc(p.list, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	if p.more > 0 {
		last := p.list[len(p.list)-1]
		last.Cell, last.Name, last.Message = "", "", lang.Of("and %d more problems here", p.more)
		p.list = append(p.list, last)
	}
	return p.list
}

// Row is one row of a campaign. It may be enqueued when it has no problems.
type Row struct {
	Line     int // where it begins
	Number   int // in a spreadsheet
	Envelope providers.Envelope
	Problems []Problem
	checked  intake.Checked
	rec      record
	file     string
	header   *header
	seen     *Seen
}

// Checked is the row's envelope as the judge of [Options] has found it right. A row with problems has none.
func (r Row) Checked() intake.Checked {
	if len(r.Problems) > 0 {
		return intake.Checked{}
	}
	return r.checked
}

// Raw are the values as they stand there; nil for a line that cannot be split.
func (r Row) Raw() []string {
	if r.rec.broken != nil {
		return nil
	}
	values := make([]string, len(r.rec.cells))
	for i, c := range r.rec.cells {
		values[i] = c.text
	}
	return values
}

// Size is how many bytes its values have.
func (r Row) Size() int {
	n := len(r.rec.raw)
	for _, c := range r.rec.cells {
		n += len(c.text)
	}
	return n
}

// source has a file's rows from its beginning to its end, which is io.EOF.
type source interface{ next() (record, error) }

// Reader reads one campaign file.
type Reader struct {
	name     string
	options  Options
	format   format
	book     *workbook // nil: text
	rows     source
	header   header
	names    []string // the header as it stands there
	top      int      // its row
	problems []Problem
	rejected bool // a file that [Rejected] wrote
	file     *os.File

	ownSigners bool              // the header names a signer's column as we do
	role       string            // by which the header names its only person; empty: by none
	told       map[string]string // column by heading, of those that Options.Columns has
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

// NewReader reads a campaign from in. The name stands in problems. An error means that
// the file is no CSV at all, and is a [Problem], or that it cannot be read; what is wrong
// with its header is in [Reader.Problems].
func NewReader(name string, in io.ReadSeeker, options Options) (*Reader, error) {
	if options.Campaign == "" {
		options.Campaign = Name(name)
	} else if !intake.ValidCampaign(options.Campaign) {
		return nil, lang.Errorf("a campaign's name begins with a letter or digit and has 1 to 100 letters, digits, dots, underscores or hyphens")
	}
	if options.Seen == nil {
		options.Seen = NewSeen()
	}
	options.Seen.file(name)
	r := &Reader{name: name, options: options}
	if err := r.open(in); err != nil {
		if _, ok := errors.AsType[Problem](err); !ok {
			err = lang.Errorf("%s: %w", name, err)
		}
		return nil, err
	}
	if len(r.problems) > 0 { // none of its rows is taken, and so none takes an id from another file
		r.options.Seen = NewSeen()
		r.options.Seen.file(name)
	}
	return r, nil
}

// open finds out how the file is written, and reads its header.
func (r *Reader) open(in io.ReadSeeker) error {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := r.recognize(in); err != nil {
		return err
	}
	first, err := r.start(in)
	if errors.Is(err, io.EOF) {
		return Problem{File: r.name, Message: lang.Of("the file is empty")}
	} else if err != nil {
		return err
	}
	p := problems{file: r.name}
	defer func() { p.guessed(); r.problems = p.sorted() }()
	if first.broken != nil {
		p.add(first.at, "", lang.Of("%v", first.broken))
		return nil
	}
	if slices.ContainsFunc(first.cells, func(c cell) bool { return strings.EqualFold(strings.TrimSpace(c.text), reasonColumn) }) {
		if r.rejected = r.book == nil; r.rejected {
			restoreAll(first.cells)
		}
	}
	r.told = r.options.Columns.among(first.cells, func(at cell, message lang.Text) { p.add(at, "", message) })
	r.ownNamed(first.cells)
	if first, err = r.decided(in, first); err != nil {
		return err
	}
	if r.header, err = r.parseHeader(first, &p); err != nil {
		below := r.elsewhere()
		p.add(first.whole(), "", lang.Of("%v%v", err, below))
		if below.String() == "" && r.options.Read != nil {
			r.options.Read(r.foreign(first))
		}
		return nil
	}
	r.top = first.row
	for _, c := range first.cells {
		r.names = append(r.names, c.text)
	}
	if r.book != nil {
		if err := r.book.merged(first.line, &p); err != nil {
			return err
		}
	}
	if p.guessed(); r.options.Read != nil {
		r.options.Read(r.reading(first, &p))
	}
	if len(r.header.nameless) > 0 {
		if err := r.nameless(&p); err != nil {
			return err
		}
		_, err = r.start(in)
	}
	return err
}

// recognize tells a workbook from text, and how the text is written.
func (r *Reader) recognize(in io.ReadSeeker) (err error) {
	if r.book, err = openWorkbook(r.name, in, r.options); err != nil {
		return err
	}
	if r.book != nil {
		r.format.comma = ','
		return nil
	}
	r.format, err = detect(r.name, in)
	return err
}

// start reads the first row that says something, which is the header.
func (r *Reader) start(in io.ReadSeeker) (record, error) {
	if r.book != nil {
		if err := r.book.rewind(); err != nil {
			return record{}, err
		}
		r.rows = r.book
		return r.said()
	}
	text, err := r.format.decode(in)
	if err != nil {
		return record{}, err
	}
	rows := newScanner(text, r.format.comma)
	rows.crlf = r.format.crlf
	r.rows = rows
	rec, err := r.said()
	if err == nil && r.format.sep {
		rows.row = 0 // a spreadsheet does not show that line
		rec, err = r.said()
	}
	return rec, err
}

// said gives the next row that says something.
func (r *Reader) said() (record, error) {
	for {
		if rec, err := r.rows.next(); err != nil || !rec.blank() {
			return rec, err
		}
	}
}

// elsewhere finds a header that stands below a title.
func (r *Reader) elsewhere() lang.Text {
	for range 20 {
		rec, err := r.said()
		if err != nil {
			break
		}
		if r.known(rec) > 2 {
			return lang.Of("; %v does: remove what stands above it", lineAndRow(rec.line, rec.row))
		}
	}
	return lang.Plain("")
}

// nameless reads the file for values in columns that have no name: spreadsheets export
// columns that were emptied, and nothing is lost with those.
func (r *Reader) nameless(p *problems) error {
	open := slices.Clone(r.header.nameless)
	for len(open) > 0 {
		rec, err := r.rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if !rec.says(open) {
			continue
		}
		open = slices.DeleteFunc(open, func(n nameless) bool {
			missing := ""
			if n.signer > 0 {
				missing = fmt.Sprintf("signer%d.email", n.signer)
			}
			switch {
			case r.header.missing[missing]: // said already
				return true
			case n.index >= len(rec.cells) || providers.Trim(rec.cells[n.index].text) == "":
				return false
			case n.signer > 0:
				r.header.missing[missing] = true
				n.at.index = 0
				p.add(n.at, missing, lang.Of("this column is missing, and %v has a signer%d", lineAndRow(rec.line, rec.row), n.signer))
				return true
			}
			p.add(n.at, "", lang.Of("column %s has no name, but %v has a value there: name the column (meta.NAME takes any value), or empty it",
				letters(n.index+1), lineAndRow(rec.line, rec.row)))
			return true
		})
	}
	return nil
}

// says tells whether a record has a value in one of these columns.
func (rec record) says(columns []nameless) bool {
	for i := range columns {
		if at := columns[i].index; at < len(rec.cells) && rec.cells[at].text != "" {
			return true
		}
	}
	return false
}

// Pass goes over a file's rows without judging them and tells how many values of each
// say something. It ends with each's first error; a file that is no CSV is a [Problem].
func Pass(ctx context.Context, name string, options Options, each func(values int) error) error {
	r, err := Open(name, options)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		rec, err := r.rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		n := 0
		for _, c := range rec.cells {
			if c.text != "" {
				n++
			}
		}
		if err := each(n); err != nil {
			return err
		}
	}
}

// Name is a file's name as a campaign's: without its ending (".rejected.csv" and
// ".checked.csv" are such, so that corrected rows join their campaign) and with a hyphen
// for what may not stand in a name.
func Name(file string) string {
	name := norm.NFC.String(path.Base(strings.ReplaceAll(file, `\`, "/")))
	name = strings.TrimSuffix(name, path.Ext(name))
	for strings.HasSuffix(name, ".rejected") || strings.HasSuffix(name, ".checked") {
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".rejected"), ".checked")
	}
	name = strings.TrimLeft(hyphenated(name), "._-")
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100])
	}
	for len(name) > archive.MaxSegment {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	if !intake.ValidCampaign(name) {
		return "campaign"
	}
	return name
}

// hyphenated puts one hyphen where characters stand that no name may have, and none at
// the ends: "june (2)" is june-2. A name that is fine is left as it is.
func hyphenated(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool {
		fine := (unicode.IsLetter(r) || unicode.IsDigit(r)) && !providers.Invisible(r) || strings.ContainsRune("._-", r)
		return !fine
	})
	if len(parts) == 1 && parts[0] == name {
		return name
	}
	for i := range parts {
		parts[i] = strings.Trim(parts[i], "-")
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "-")
}

// Campaign is the campaign's name.
func (r *Reader) Campaign() string { return r.options.Campaign }

// Problems are what is wrong with the header. A file that has any is not to be enqueued,
// but its rows can be checked.
func (r *Reader) Problems() []Problem { return r.problems }

// Close closes the file that [Open] opened.
func (r *Reader) Close() error {
	if r.book != nil {
		r.book.close()
	}
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Rows gives every row, the bad ones too, once. Rows without any value are passed over.
// It ends early, with the error, only when the file cannot be read any more (a [Problem] where its
// content is broken) or the context ends.
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
			if _, ok := errors.AsType[Problem](err); err != nil && !ok {
				err = lang.Errorf("%s: %w", r.name, err)
			}
			if err != nil {
				yield(Row{}, err)
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

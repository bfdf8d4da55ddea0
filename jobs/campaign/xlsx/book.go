// Package xlsx reads the rows of an Excel workbook one after the other.
//
// It gives each cell as the workbook shows it: numbers in their format, dates with the day
// that they stand for, formulas by the value that was saved with them. A cell of which that
// cannot be known says what is wrong with it instead. Excelize, which writes our workbooks, streams
// rows only as bare text: a date, a number and a formula without a value look the same there.
//
// A workbook is a zip file and may come from anybody, so every size is bounded before it is
// read: the directory, the parts by what it says of them and again while they are read, a single
// text, the texts that are shared between cells, and the rows and columns. What costs more than its
// bytes is bounded by how large a sheet may be: empty cells before one that stands far to the
// right, texts that many cells share, numbers that are shown in a format, and tags.
package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
)

// Error is what is wrong with a workbook as a whole.
type Error struct{ lang.Text }

func (e *Error) Error() string { return e.String() }

func refuse(format string, args ...any) error { return &Error{lang.Of(format, args...)} }

// Bounds, as choices: a million rows with twelve values each are some 700 MB.
const (
	MaxSize = 2 << 30 // of a sheet, unzipped; the default of [Open]

	maxPart    = 1 << 20   // the workbook's part, and what parts refer to
	maxStyles  = 16 << 20  // the styles' part
	maxStrings = 512 << 20 // the part with the shared texts
	maxText    = 1 << 20   // one text or tag of XML
	maxCell    = 32_767    // characters of a cell, Excel's own
	maxAttrs   = 64        // of a tag; a row has ten
	maxRow     = 1 << 20   // Excel's own
	maxColumn  = 1 << 14   // Excel's own
	maxFiles   = 10_000
	maxFolder  = 2 << 20 // of the zip file's directory
	maxNamed   = 10      // sheets that a message names

	// Excel has 255 characters in a number format, and some 250 formats in a workbook.
	maxFormat  = 4 * 255
	maxFormats = 4096
)

// A sheet may have one empty cell before others for so many bytes that it may have, one byte
// of a format that is applied to a number, and one tag with its end: ordinary ones have 15 bytes and more.
const (
	bytesPerGap    = 16
	bytesPerFormat = 32
	bytesPerTag    = 8
)

// Sheet is a sheet's name and whether it is shown.
type Sheet struct {
	Name   string
	Hidden bool
	part   string
}

// Book is an open workbook.
type Book struct {
	files  map[string]*zip.File
	most   int64 // of a sheet's part
	sheets []Sheet
	styles *styles
	texts  texts
	parts  map[string]string // kind of part: its name
	is1904 bool
	tags   int64 // that may still be read
}

// Open reads what a workbook holds but not its rows. A sheet, and the texts that cells share, may
// have at most so many bytes, 0: [MaxSize]. An [Error] means that it is no workbook, or one that is not taken.
func Open(in io.ReaderAt, size, most int64) (*Book, error) {
	if most == 0 {
		most = MaxSize
	}
	b := &Book{files: map[string]*zip.File{}, most: most, parts: map[string]string{}, tags: most / bytesPerTag}
	if err := b.unzip(in, size); err != nil {
		return nil, err
	}
	var err error
	if err = b.workbook(); err != nil {
		return nil, err
	}
	if b.texts, err = b.sharedTexts(); err != nil {
		return nil, err
	}
	if b.styles, err = b.readStyles(); err != nil {
		return nil, err
	}
	return b, nil
}

// unzip reads the zip file's directory. Two parts of one name are refused: programs differ in which
// of them they show.
func (b *Book) unzip(in io.ReaderAt, size int64) error {
	folder := &directory{in: in, left: maxFolder}
	z, err := zip.NewReader(folder, size)
	if folder.left < 0 || err == nil && len(z.File) > maxFiles {
		return refuse("the file holds more than %d files: it is no Excel workbook", maxFiles)
	}
	if err != nil {
		return refuse("the file begins as an Excel workbook, but cannot be opened (%v): was it copied or downloaded whole?", err)
	}
	folder.read = true
	for _, f := range z.File {
		name := strings.ToLower(strings.TrimPrefix(f.Name, "/"))
		if b.files[name] != nil {
			return refuse("the file holds two parts %q: save it again with Excel", path.Base(name))
		}
		b.files[name] = f
	}
	return nil
}

// directory ends the reading of a zip file's directory that is too long: the file itself does not
// say how many entries it has.
type directory struct {
	in   io.ReaderAt
	left int64
	read bool
}

func (d *directory) ReadAt(p []byte, off int64) (int, error) {
	if !d.read {
		if d.left -= int64(len(p)); d.left < 0 {
			return 0, errors.New("the directory is too long")
		}
	}
	return d.in.ReadAt(p, off)
}

// Unzipped is how many bytes the workbook has, unzipped.
func (b *Book) Unzipped() (n uint64) {
	for _, f := range b.files {
		n += min(f.UncompressedSize64, 1<<40)
	}
	return n
}

// StylesPart is the part with the cells' styles; empty when the workbook has none.
func (b *Book) StylesPart() string {
	part := b.parts["styles"]
	if b.files[strings.ToLower(part)] == nil {
		return ""
	}
	return part
}

// Sheets are the workbook's sheets in their order.
func (b *Book) Sheets() []Sheet { return b.sheets }

// Sheet finds a sheet by its name, or the first one that is shown.
func (b *Book) Sheet(name string) (Sheet, error) {
	i := slices.IndexFunc(b.sheets, func(s Sheet) bool { return name == "" && !s.Hidden || name != "" && strings.EqualFold(s.Name, name) })
	if i >= 0 {
		return b.sheets[i], nil
	}
	if name == "" {
		return Sheet{}, refuse("the workbook has no sheet that is shown")
	}
	var names []string
	for i, s := range b.sheets {
		if i == maxNamed {
			names = append(names, fmt.Sprintf("and %d more", len(b.sheets)-maxNamed))
			break
		}
		names = append(names, fmt.Sprintf("%.40s", s.Name))
	}
	return Sheet{}, refuse("the workbook has no sheet %q: it has %s", name, strings.Join(names, ", "))
}

// open opens a part that may have at most so many bytes.
func (b *Book) open(name string, most int64) (io.ReadCloser, error) {
	f, ok := b.files[strings.ToLower(name)]
	if !ok {
		return nil, refuse("the workbook has no part %s: save it again with Excel", path.Base(name))
	}
	if f.UncompressedSize64 > uint64(most) {
		return nil, refuse("the workbook's part %s has %d MB, more than the %d MB that are taken: remove empty formatted rows, or send it in several files", path.Base(name), f.UncompressedSize64>>20, most>>20)
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuse("the workbook's part %s cannot be read: %v", path.Base(name), err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, most), r}, nil
}

// workbook finds the sheets.
func (b *Book) workbook() error {
	top, err := b.relations("_rels/.rels")
	if err != nil {
		return b.other()
	}
	main := ""
	for _, r := range top {
		if strings.HasSuffix(r.kind, "/officeDocument") {
			main = r.target
		}
	}
	switch base := path.Base(main); {
	case strings.HasSuffix(base, ".bin"):
		return refuse("the file is a binary Excel workbook (.xlsb): save it as .xlsx")
	case !strings.Contains(main, "workbook") && !strings.HasPrefix(main, "xl/"):
		return b.other()
	}
	parts, err := b.relations(path.Join(path.Dir(main), "_rels", path.Base(main)+".rels"))
	if err != nil {
		return err
	}
	byID := map[string]string{}
	for _, r := range parts {
		byID[r.id] = r.target
		b.parts[path.Base(r.kind)] = r.target
	}
	return b.each(main, maxPart, func(e element) error {
		switch e.name {
		case "workbookPr":
			b.is1904 = e.is("date1904")
		case "sheet":
			part := byID[e.attr("id")]
			if strings.Contains(part, "worksheet") {
				b.sheets = append(b.sheets, Sheet{Name: e.attr("name"), Hidden: e.attr("state") != "" && e.attr("state") != "visible", part: part})
			}
		}
		return nil
	})
}

// other tells what a zip file is that is no workbook.
func (b *Book) other() error {
	switch {
	case b.files["word/document.xml"] != nil:
		return refuse("the file is a Word document, not a spreadsheet")
	case b.files["content.xml"] != nil && b.files["mimetype"] != nil:
		return refuse("the file is an OpenDocument file (.ods): save it as .xlsx or as CSV UTF-8")
	case b.files["index/document.iwa"] != nil:
		return refuse("the file is a Numbers file: export it as .xlsx or as CSV UTF-8")
	}
	return refuse("the file is a zip file, but no Excel workbook")
}

// relation is what a part refers to.
type relation struct{ id, kind, target string }

func (b *Book) relations(name string) ([]relation, error) {
	dir := path.Dir(path.Dir(name))
	var list []relation
	err := b.each(name, maxPart, func(e element) error {
		if e.name != "Relationship" || e.attr("TargetMode") == "External" {
			return nil
		}
		target := e.attr("Target")
		if strings.HasPrefix(target, "/") {
			target = target[1:]
		} else {
			target = path.Join(dir, target)
		}
		list = append(list, relation{e.attr("Id"), e.attr("Type"), target})
		return nil
	})
	return list, err
}

// each goes over the elements of a part.
func (b *Book) each(name string, most int64, do func(element) error) error {
	in, err := b.open(name, most)
	if err != nil {
		return err
	}
	defer in.Close()
	d := newDecoder(in, &b.tags)
	for {
		e, err := d.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(name, err)
		}
		if e.start {
			if err := do(e); err != nil {
				return err
			}
		}
	}
}

func broken(name string, err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return refuse("the workbook's part %s is broken (%v): save it again with Excel", path.Base(name), err)
}

// Merged are the ranges of merged cells of a sheet, such as A4:A6.
func (b *Book) Merged(s Sheet) ([]Range, error) {
	in, err := b.open(s.part, b.most)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	rest, err := after(in, []byte("sheetData>"))
	if errors.Is(err, io.EOF) {
		return nil, nil // an empty sheet, or one that was cut off, which its rows tell
	} else if err != nil {
		return nil, broken(s.part, err)
	}
	var r Rows
	d := newDecoder(rest, new(b.tags))
	for {
		e, err := d.next()
		if err != nil {
			return r.merged, nil // what follows the rows says no more
		}
		r.beside(e)
	}
}

// after skips to what follows the last mark in a stream of which only its end is of interest.
// The mark stands twice, as <sheetData> and </sheetData>; text writes > as &gt;.
func after(in io.Reader, mark []byte) (io.Reader, error) {
	buf := make([]byte, 0, 128<<10)
	for {
		n, err := io.ReadFull(in, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for {
			i := bytes.Index(buf, mark)
			if i < 0 {
				break
			}
			if j := bytes.LastIndexByte(buf[:i], '<'); j >= 0 && j+1 < len(buf) && buf[j+1] == '/' {
				return io.MultiReader(bytes.NewReader(buf[i+len(mark):]), in), nil
			}
			buf = buf[i+len(mark):]
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, io.EOF
		} else if err != nil {
			return nil, err
		}
		keep := buf[max(0, len(buf)-64):]
		buf = append(make([]byte, 0, 128<<10), keep...)
	}
}

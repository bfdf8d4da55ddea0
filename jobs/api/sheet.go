package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
)

// sheet is a spreadsheet that was uploaded, as its rows are read.
type sheet struct {
	path     string
	name     string             // of a workbook's sheet that was asked for
	unfolded *campaign.Unfolded // nil: text
}

// sheet refuses a file with more in it than one request may bring, before any row is judged. A
// workbook is opened here and not again: its rows are read from a file that costs no more than their
// values.
func (s *Server) sheet(ctx context.Context, files *uploadDir, main, name string) (sheet, error) {
	if ready, ok := files.sheets[main]; ok && ready.name == name {
		return ready, nil
	}
	ready := sheet{path: filepath.Join(files.dir, main), name: name}
	in, err := os.Open(ready.path)
	if err != nil {
		return ready, err
	}
	defer in.Close()
	rows := filepath.Join(files.dir, main+".rows")
	out, err := os.OpenFile(rows, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // of another sheet of it, perhaps
	if err != nil {
		return ready, fmt.Errorf("keeping the upload: %w", err)
	}
	defer out.Close()
	ready.unfolded, err = campaign.Unfold(ctx, "the file", in, campaign.Options{Unzipped: maxUnzipped, Sheet: name}, roomy{out, files}, s.fits(maxBookValues))
	switch {
	case err != nil:
		os.Remove(rows)
		return ready, unreadable(err)
	case ready.unfolded != nil:
		ready.path = rows
	default:
		os.Remove(rows)
		err = campaign.Pass(ctx, ready.path, campaign.Options{}, s.fits(maxValues))
		if _, ok := errors.AsType[campaign.Problem](err); err != nil && !ok { // what is wrong with the text is found again when its rows are judged
			return ready, err
		}
	}
	files.sheets[main] = ready
	return ready, nil
}

// fits counts rows and their values, and refuses too many.
func (s *Server) fits(most int) func(n int) error {
	rows, values := 0, 0
	return func(n int) error {
		rows, values = rows+1, values+n
		switch {
		case rows > s.limits.Envelopes:
			return tooMany(s.limits.Envelopes)
		case values > most:
			return told(http.StatusRequestEntityTooLarge, lang.Of("more than %d values in one request: send the campaign in several, under the same name", most))
		}
		return nil
	}
}

// unreadable is an error of a file's content as one of the request.
func unreadable(err error) error {
	if p, ok := errors.AsType[campaign.Problem](err); ok {
		refusal := told(http.StatusUnprocessableEntity, lang.Of("the part file is no spreadsheet that can be read: %v", p.Message))
		refusal.Detail = "the part file is no spreadsheet that can be read: " + strings.TrimPrefix(p.Error(), "the file: ")
		return refusal
	}
	return err
}

// sheetItems reads the rows of a spreadsheet that was uploaded.
func (s *Server) sheetItems(ctx context.Context, sheet sheet, options campaign.Options) items {
	options.Judge, options.Unfolded = s.client.Judge(), sheet.unfolded
	return func(yield func(item, error) bool) {
		file, err := os.Open(sheet.path)
		if err != nil {
			yield(item{}, err)
			return
		}
		defer file.Close()
		missing := unmatched(&options)
		reader, err := campaign.NewReader("the file", campaign.Stopping(ctx, file), options)
		if text := missing(); !text.IsZero() {
			yield(item{}, wrong(mapField, text, fieldsWrong))
			return
		}
		if p, ok := errors.AsType[campaign.Problem](err); ok && p.Line > 0 {
			yield(item{mistakes: csvMistakes("", []campaign.Problem{p})}, nil)
			return
		} else if err != nil {
			yield(item{}, unreadable(err))
			return
		}
		if header := reader.Problems(); len(header) > 0 {
			if !yield(item{mistakes: csvMistakes("", header)}, nil) {
				return
			}
		}
		for row, err := range reader.Rows(ctx) {
			if p, ok := errors.AsType[campaign.Problem](err); ok { // a workbook that is broken further down
				err = told(http.StatusUnprocessableEntity, lang.Of("the part file cannot be read to its end: %v", p.Message))
			}
			if err != nil {
				yield(item{}, err)
				return
			}
			it := item{row: row, header: reader.Header(), envelope: row.Envelope, checked: row.Checked(), bytes: row.Size(), at: csvMistake(row.Envelope.ID, row.Problem("id", lang.Text{})),
				mistakes: csvMistakes(row.Envelope.ID, row.Problems)}
			if !yield(it, nil) {
				return
			}
		}
	}
}

// unmatched says, once a reader has these options, which heading was told of that the sheet has
// not: what was said of it would be left out without a word.
func unmatched(o *campaign.Options) func() lang.Text {
	var headings []string
	read := o.Read
	o.Read = func(r campaign.Reading) {
		for _, n := range r.All {
			headings = append(headings, n.Heading)
		}
		if read != nil {
			read(r)
		}
	}
	return func() lang.Text {
		if len(headings) == 0 { // why is said elsewhere
			return lang.Text{}
		}
		return o.Columns.Unmatched(headings)
	}
}

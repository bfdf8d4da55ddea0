package api

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers/lang"
)

// Sending is what is said beside a campaign, as its sender wrote it: the options of the command
// line, under the same names.
type Sending struct {
	Campaign, SkipInvalid, First string

	hours.Settings
	Reminders hours.Reminders

	// Of envelopes that have none.
	Provider, Subject, ID string

	// Of a sheet: which one, what its headings mean, and the folder of its documents.
	Sheet, Documents string
	Map              []string
}

// fields are those that stand there once, by name.
func (s *Sending) fields() map[string]*string {
	return map[string]*string{"campaign": &s.Campaign, "skip_invalid": &s.SkipInvalid, "first": &s.First, "provider": &s.Provider, "subject": &s.Subject, "id": &s.ID,
		"sheet": &s.Sheet, "documents": &s.Documents, "start_at": &s.StartAt, "window": &s.Window, "limit": &s.Limit, "holidays": &s.Holidays,
		"remind_after": &s.Reminders.After, "remind_every": &s.Reminders.Every, "remind_at_most": &s.Reminders.AtMost}
}

const mapField = "map" // stands there once for each heading

// sheetFields are those that a spreadsheet has, and a campaign in JSON has not.
var sheetFields = []string{"sheet", "documents", mapField}

// begin is how the sending of a campaign begins.
type begin struct {
	first     int // of each provider go first; 0: all
	hours     hours.Settings
	reminders hours.Reminders
}

const maxFirst = 1_000_000

// begin judges what is asked, and tells all that is wrong at once; zone is that of the hours.
func (s *Sending) begin(zone string) (b begin, err error) {
	var found mistakes
	if s.First != "" {
		if b.first, err = strconv.Atoi(s.First); err != nil || b.first < 1 || b.first > maxFirst {
			found.add(mistaken("first", lang.Of("must be a number of envelopes, from 1 to %d", maxFirst)))
		}
	}
	note := func(err error) {
		problems, _ := errors.AsType[hours.Problems](err)
		for _, p := range problems {
			found.add(mistaken(strings.ReplaceAll(p.Setting, "-", "_"), p.Text))
		}
	}
	if b.reminders = s.Reminders; !b.reminders.Empty() {
		_, err := b.reminders.Parse()
		note(err)
	}
	if b.hours = s.Settings; !b.hours.Empty() {
		b.hours.Zone = zone
		note(b.hours.Check(time.Now()))
	}
	if found.count > 0 {
		return b, found.problem(http.StatusUnprocessableEntity, fieldsWrong)
	}
	return b, nil
}

// wrong is what is wrong with one of the fields.
func wrong(field string, text lang.Text, detail string) *Problem {
	return refused(mistaken(field, text), detail)
}

func mistaken(field string, text lang.Text) Mistake {
	return Mistake{Field: field, Message: text.String(), text: &text}
}

var noPatterns campaign.Patterns

const fieldsWrong = "what was sent beside the campaign is wrong; nothing was enqueued"

// patterns are those of envelopes without a subject or an id.
func (s *Sending) patterns() (p campaign.Patterns, err error) {
	for _, made := range []struct {
		field, text string
		parse       func(string) (campaign.Pattern, error)
		into        *campaign.Pattern
	}{{"subject", s.Subject, campaign.ParsePattern, &p.Subject}, {"id", s.ID, campaign.ParseID, &p.ID}} {
		if *made.into, err = made.parse(made.text); err != nil {
			return p, wrong(made.field, lang.Of("%v", err), fieldsWrong)
		}
	}
	return p, nil
}

// headless are the patterns where there is no sheet, and so no heading that one may name.
func (s *Sending) headless() (campaign.Patterns, error) {
	p, err := s.patterns()
	if err != nil {
		return p, err
	}
	if err := p.Subject.Headless(); err != nil {
		return p, wrong("subject", lang.Of("%v", err), fieldsWrong)
	}
	if err := p.ID.Headless(); err != nil {
		return p, wrong("id", lang.Of("%v", err), fieldsWrong)
	}
	return p, nil
}

// provider is that of envelopes that name none.
func (s *Sending) provider() string { return strings.ToLower(strings.TrimSpace(s.Provider)) }

// options are how a sheet is read.
func (s *Sending) options(files *uploadDir) (o campaign.Options, err error) {
	o = campaign.Options{Provider: s.provider(), Sheet: strings.TrimSpace(s.Sheet), Document: files.document, Told: campaign.ByFields}
	if files.person {
		o.Told = campaign.ByPage
	}
	if o.Patterns, err = s.patterns(); err != nil {
		return o, err
	}
	if o.Columns, err = campaign.ParseColumns(s.Map); err != nil {
		return o, wrong(mapField, lang.Of("%v", err), fieldsWrong)
	}
	if s.Documents != "" {
		folder, ok := cleanName(s.Documents)
		if !ok || !filepath.IsLocal(folder) || strings.Contains(folder, ":") {
			return o, wrong("documents", lang.Of("must be a folder that the parts' file names begin with, such as contracts"), fieldsWrong)
		}
		o.Document = files.documentsBelow(folder)
	}
	return o, nil
}

// set takes a field that was sent; false for one of another name. One that stands there twice is
// refused, for nobody knows which is meant.
func (s *Sending) set(seen map[string]bool, name, value string) (known bool, err error) {
	if name == mapField {
		if !seen[name] {
			s.Map = nil // those of the address
		}
		seen[name] = true
		if strings.TrimSpace(value) != "" {
			s.Map = append(s.Map, value)
		}
		return true, nil
	}
	field, known := s.fields()[name]
	if !known {
		return false, nil
	}
	if seen[name] {
		return true, problem(http.StatusBadRequest, fmt.Sprintf("the field %s stands there twice", name))
	}
	seen[name], *field = true, value
	return true, nil
}

// beside reads one of the members beside the envelopes of a campaign in JSON, and notes what is wrong with it.
func (s *Sending) beside(d *jsontext.Decoder, name string, found *mistakes) error {
	field, known := s.fields()[name]
	must, fits := "must be a string", d.PeekKind() == '"'
	switch name {
	case "first":
		must, fits = "must be a whole number", d.PeekKind() == '0'
	case "skip_invalid":
		must, fits = "must be true or false", d.PeekKind() == 't' || d.PeekKind() == 'f'
	}
	switch {
	case !known || slices.Contains(sheetFields, name):
		return misfit(d, unknownField, found)
	case !fits:
		return misfit(d, must, found)
	}
	t, err := d.ReadToken()
	if err == nil && t.String() != "" {
		*field = t.String()
	}
	return err
}

package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// Bounds of drafts. Choices.
const (
	draftFor    = time.Hour // since it was last changed
	maxDrafts   = 16        // kept at once; the oldest goes first
	draftFaulty = 200       // rows with mistakes that are shown
)

// Draft is a campaign that a person has uploaded, and that was checked. Nothing of it is
// enqueued before it is confirmed. It is kept by the process that has taken it.
type Draft struct {
	ID        string
	Sending          // what the person says beside it
	File      string // the sheet's file name
	Documents []string

	Read   campaign.Reading // how the sheet was understood
	Sheets []string         // of a workbook
	Hours  *report.Hours    // when invitations will leave; nil: at once

	Rows, Good int
	People     int                      // whom the good rows invite
	Personal   int                      // good rows whose ids are CPFs or CNPJs
	Loads      map[string]campaign.Load // of the good rows, by provider
	Mistakes   int
	Whole      []DraftPoint  // what is wrong with the file as a whole, or with its header
	Beside     []DraftPoint  // what is wrong with what was said beside it
	Refused    string        // why the file as a whole cannot be read, or why nothing can be taken
	Header     []string      // of the file
	Faulty     []FaultyRow   // the first of them
	FaultyRows int           // all of them
	Reasons    []DraftReason // the most frequent first
	Elsewhere  []Elsewhere
	Taken      *CampaignAccepted // what became of it; nil: it is not confirmed

	language lang.Language // of who reads what is wrong

	busy    *sync.Mutex // one request at a time works on its files
	owner   string
	main    string
	files   *uploadDir
	changed time.Time
	found   findings
	begin   begin
}

// PersonalIDs tells whether most of the ids are CPFs or CNPJs: a number may look like one by chance.
func (x *Draft) PersonalIDs() bool { return 2*x.Personal > x.Good }

// drafts are those of a server.
type drafts struct {
	mu  sync.Mutex
	all map[string]*Draft
}

// find is a draft of a client; nil when there is none.
func (d *drafts) find(id, owner string) *Draft {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	if x := d.all[id]; x != nil && x.owner == owner {
		return x
	}
	return nil
}

// expire removes what nobody has touched for long, and the oldest when there are too many.
func (d *drafts) expire() {
	for len(d.all) > 0 {
		oldest := slices.MinFunc(slices.Collect(maps.Values(d.all)), func(a, b *Draft) int { return a.changed.Compare(b.changed) })
		if len(d.all) <= maxDrafts && time.Since(oldest.changed) < draftFor {
			return
		}
		os.RemoveAll(oldest.files.dir)
		delete(d.all, oldest.ID)
	}
}

func (d *drafts) keep(x *Draft) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[string]*Draft{}
	}
	x.changed = time.Now()
	d.all[x.ID] = x
	d.expire()
}

func noDraft() *Problem {
	return problem(http.StatusNotFound, "this upload is not here any more: uploads are kept for an hour, by the server that has taken them; upload it again")
}

// Draft is an upload of the client that sends a request.
func (s *Server) Draft(ctx context.Context, id string) (*Draft, error) {
	if x := s.drafts.find(id, clientOf(ctx).name); x != nil {
		return x, nil
	}
	return nil, noDraft()
}

// UploadDraft takes a form with a sheet (the part file) and its documents, and checks
// them. With the id of a draft, what is sent replaces what the draft has, and the rest
// stays.
func (s *Server) UploadDraft(w http.ResponseWriter, r *http.Request, id string, in lang.Language) (*Draft, error) {
	return s.draft(r.Context(), id, r.ContentLength, in, func(files *uploadDir, x *Draft) error {
		r.Body = http.MaxBytesReader(w, r.Body, s.limits.Campaign)
		reader, err := r.MultipartReader()
		if err != nil {
			return told(http.StatusBadRequest, lang.Of("the body is not multipart/form-data with a boundary"))
		}
		seen := map[string]bool{}
		for range maxParts {
			part, err := reader.NextRawPart()
			if err == io.EOF { // wrapped, it would be an end before the last boundary
				return nil
			}
			if err != nil {
				return broken(err)
			}
			if err := x.take(part, seen); err != nil {
				return err
			}
		}
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d files", maxParts))
	})
}

// MakeDraft checks a sheet and documents that are here already: a sample.
func (s *Server) MakeDraft(ctx context.Context, name, sheet string, documents map[string]string, in lang.Language) (*Draft, error) {
	return s.draft(ctx, "", 0, in, func(files *uploadDir, x *Draft) (err error) {
		x.Campaign, x.File = name, name+".csv"
		if x.main, err = files.keep(strings.NewReader(sheet), x.File); err != nil {
			return err
		}
		for file, content := range documents {
			if files.parts[file], err = files.keep(strings.NewReader(content), file); err != nil {
				return err
			}
		}
		return nil
	})
}

// draft makes a draft, or changes one, and checks it. A place for an upload is taken for as
// long as that lasts.
func (s *Server) draft(ctx context.Context, id string, size int64, in lang.Language, fill func(*uploadDir, *Draft) error) (*Draft, error) {
	owner := clientOf(ctx)
	room, err := s.uploads.begin(ctx, size, s.limits.Campaign)
	if err != nil {
		return nil, err
	}
	defer func() { <-s.uploads.slots }()
	x := &Draft{ID: rand.Text(), owner: owner.name, files: room, busy: &sync.Mutex{}}
	if id != "" {
		os.RemoveAll(room.dir)
		before := s.drafts.find(id, owner.name)
		if before == nil {
			return nil, noDraft()
		}
		x = &Draft{ID: before.ID, Sending: before.Sending, File: before.File, owner: before.owner, main: before.main, files: before.files, busy: before.busy}
	}
	x.language = in
	x.busy.Lock()
	defer x.busy.Unlock()
	x.files.reading(owner, s.client.Sources(), func(ctx context.Context, err error) {
		s.log.WarnContext(ctx, "a source cannot be read", "request", requestID(ctx), "error", err)
	})
	x.files.person = true
	if err := fill(x.files, x); err != nil {
		if id == "" {
			os.RemoveAll(room.dir)
		}
		return nil, err
	}
	if err := s.checkDraft(ctx, x); err != nil {
		if id == "" {
			os.RemoveAll(room.dir)
		}
		return nil, err
	}
	s.drafts.keep(x)
	return x, nil
}

// take keeps a part of a form. A browser sends an empty one for a file that was not chosen.
func (x *Draft) take(part *multipart.Part, seen map[string]bool) error {
	name, file := disposition(part)
	if len(file) > maxPartName {
		return told(http.StatusBadRequest, lang.Of("a file's name is too long"))
	}
	switch {
	case file == "" && name != "file" && name != "documents": // which are files here
		value, err := fieldValue(part, name)
		if err == nil {
			_, err = x.set(seen, name, strings.TrimSpace(value))
		}
		return err
	case file == "":
		_, err := io.Copy(io.Discard, &limited{in: part, left: maxField, too: told(http.StatusBadRequest, lang.Of("a file has no name"))})
		return err
	case name == "file":
		own, err := x.files.keep(&limited{in: part, left: maxSheet, too: tooMuchOf("the sheet", maxSheet)}, file)
		if err != nil {
			return broken(err)
		}
		x.main, x.File = own, filepath.Base(strings.ReplaceAll(file, `\`, "/"))
	default:
		clean, ok := cleanName(file)
		if !ok || !utf8.ValidString(clean) {
			return told(http.StatusBadRequest, lang.Of("a file has no usable name"))
		}
		own, err := x.files.keep(part, clean)
		if err != nil {
			return broken(err)
		}
		x.files.parts[clean] = own
	}
	return nil
}

// checkDraft is the first pass over a draft: the one of the API, with the rows that have
// mistakes kept for a person to see.
func (s *Server) checkDraft(ctx context.Context, x *Draft) error {
	x.Documents = slices.Sorted(maps.Keys(x.files.parts))
	x.files.meant, x.files.confused = map[string]string{}, ""
	if x.main == "" {
		x.Refused = x.language.Say(lang.Of("there is no sheet yet"))
		return nil
	}
	if strings.TrimSpace(x.Campaign) == "" {
		x.Campaign = campaignNamed(x.File)
	}
	name, err := named(ctx, x.Campaign)
	if err != nil {
		return x.refuse(err)
	}
	x.Campaign, x.Loads = name, map[string]campaign.Load{}
	sheet, options, err := s.draftSheet(ctx, x)
	if err != nil {
		return x.refuse(err)
	}
	if sheet.unfolded != nil {
		x.Sheets = sheet.unfolded.Sheets()
	}
	options.Read = func(r campaign.Reading) { x.Read = r }
	all := s.sheetItems(ctx, sheet, options)
	reasons := draftReasons{}
	watched := func(yield func(item, error) bool) {
		for it, err := range all {
			if err == nil {
				x.see(it, reasons, s.calls)
			}
			if !yield(it, err) {
				return
			}
		}
	}
	x.found, x.Good, err = s.check(ctx, watched, true)
	x.Mistakes = x.found.mistakes.count
	if err == nil {
		x.conflicts(reasons)
	}
	x.Reasons = reasons.sorted()
	if err != nil {
		return x.refuse(err)
	}
	switch {
	case x.files.confused != "":
		x.Refused = x.language.Say(lang.Of("several documents in different folders end in the file name %s: send them with their folders", x.files.confused))
	case x.Rows == 0 && x.Mistakes == 0:
		x.Refused = x.language.Say(lang.Of("the sheet has no rows"))
	}
	if x.begin, err = x.Sending.begin(s.zone); err != nil {
		return x.refuse(err)
	}
	x.Hours = report.HoursOf(ledger.Campaign{Hours: ledger.Hours{Settings: x.begin.hours.Marshal()}}, time.Now())
	x.Elsewhere, err = s.elsewhere(ctx, name, x.found.asking)
	return err
}

// draftSheet is a draft's sheet, and how it is read.
func (s *Server) draftSheet(ctx context.Context, x *Draft) (sheet, campaign.Options, error) {
	options, err := x.options(x.files)
	if err != nil {
		return sheet{}, options, err
	}
	options.Campaign = x.Campaign
	ready, err := s.sheet(ctx, x.files, x.main, options.Sheet)
	return ready, options, err
}

// calls estimates an envelope's requests.
func (s *Server) calls(it item) int {
	for _, p := range s.providers {
		if estimator, ok := p.(providers.RequestEstimator); ok && p.Info().Name == it.envelope.Provider {
			return estimator.Requests(it.envelope)
		}
	}
	return campaign.GeneralCalls(it.envelope)
}

// TakeDraft enqueues a draft that a person has confirmed: the rows without mistakes, where
// the others may be left out. Confirmed again it says what became of it.
func (s *Server) TakeDraft(ctx context.Context, id string, skip bool) (*CampaignAccepted, error) {
	x, err := s.Draft(ctx, id)
	if err != nil {
		return nil, err
	}
	x.busy.Lock()
	defer x.busy.Unlock()
	if x, err = s.Draft(ctx, id); err != nil { // as the request before has left it
		return nil, err
	}
	switch {
	case x.Taken != nil:
		return x.Taken, nil
	case x.Refused != "":
		return nil, problem(http.StatusUnprocessableEntity, x.Refused)
	case x.Mistakes > 0 && !skip:
		return nil, x.found.problem()
	case x.Good == 0:
		return nil, problem(http.StatusUnprocessableEntity, x.language.Sprintf("no row can be taken"))
	}
	sheet, options, err := s.draftSheet(ctx, x)
	if err != nil {
		return nil, err
	}
	accepted, err := s.takeCampaign(ctx, x.Campaign, x.begin, s.sheetItems(ctx, sheet, options), x.found, skip)
	if err != nil {
		return nil, err
	}
	taken := *x
	taken.Taken = accepted
	s.drafts.keep(&taken)
	return accepted, nil
}

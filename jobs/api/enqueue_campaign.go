package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// item is one envelope of a body with all that is wrong with it.
type item struct {
	envelope jobs.Envelope
	checked  intake.Checked // it, where nothing is wrong with it
	at       Mistake        // where it stands
	bytes    int            // that stand there
	mistakes []Mistake
	row      campaign.Row // of a CSV file
	header   []string     // of that file
}

// items gives a body's envelopes from its beginning, any number of times. An error
// ends them.
type items func(yield func(item, error) bool)

// enqueueCampaign takes a campaign in two passes over the body, which is spooled: the
// first finds every mistake, and envelopes that are there already with other content;
// only when there is none (or they may be skipped) does the second enqueue.
func (s *Server) enqueueCampaign(ctx context.Context, up Sending) (*CampaignAccepted, error) {
	x := exchangeOf(ctx)
	kind, err := mediaType(x.r, "multipart/form-data", "application/json")
	if err != nil {
		return nil, err
	}
	files, err := s.receive(ctx, s.limits.Campaign)
	if err != nil {
		return nil, err
	}
	defer files.close()
	read := s.fromCSV
	if kind == "application/json" {
		read = s.fromJSON
	}
	name, all, err := read(ctx, x.r, files, &up)
	if err != nil {
		return nil, err
	}
	b, err := up.begin(s.zone)
	if err != nil {
		return nil, err
	}
	skip := false
	switch up.SkipInvalid {
	case "true":
		skip = true
	case "", "false":
	default:
		return nil, problem(http.StatusBadRequest, "skip_invalid must be true or false")
	}
	found, good, err := s.check(ctx, all, !skip)
	if err != nil {
		return nil, err
	}
	found.understood, found.unused = files.understood, files.unused()
	if files.confused != "" {
		m := Mistake{Field: "document", Message: "several documents in different folders end in the file name " + files.confused + ", which one part of this request has"}
		return nil, refused(m, "a document could be another one: send the parts with their folders, filename=folder/name; nothing was enqueued")
	}
	switch {
	case found.mistakes.count > 0 && !skip:
		return nil, found.problem()
	case good == 0 && found.mistakes.count > 0:
		return nil, found.mistakes.problem(http.StatusUnprocessableEntity, "no envelope is valid; nothing was enqueued")
	case good == 0:
		return nil, told(http.StatusUnprocessableEntity, lang.Of("the campaign has no envelopes"))
	}
	return s.takeCampaign(ctx, name, b, all, found, skip)
}

// takeCampaign is the second pass: it enqueues what was found good.
func (s *Server) takeCampaign(ctx context.Context, name string, b begin, all items, found findings, skip bool) (*CampaignAccepted, error) {
	elsewhere, err := s.elsewhere(ctx, name, found.asking) // before they are this campaign's, too
	if err != nil {
		return nil, err
	}
	if err := s.client.CheckFirst(ctx, name, b.first); err != nil {
		return nil, err
	}
	warnings, err := s.warnings(ctx, name, b, &found, elsewhere)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.client.SetHours(ctx, name, b.hours), s.client.SetReminders(ctx, name, b.reminders)); err != nil {
		return nil, err
	}
	rejected := 0
	sum, err := s.client.EnqueueAllChecked(ctx, name, b.first, func(yield func(intake.Checked, error) bool) {
		for it, err := range all {
			if err == nil && len(it.mistakes) > 0 {
				rejected++
				if !skip {
					err = told(http.StatusConflict, lang.Of("a document changed while it was read: try again"))
				} else {
					continue
				}
			}
			if !yield(it.checked, err) || err != nil {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	places, err := placesOf(all, sum.Conflicts)
	if err != nil {
		return nil, err
	}
	for _, c := range sum.Conflicts {
		rejected++
		found.mistakes.add(conflict(places[c.Key], c))
	}
	if len(sum.Conflicts) > 0 && !skip { // taken by somebody between the passes
		return nil, found.mistakes.problem(http.StatusConflict, "some envelopes have ids that were taken meanwhile; the others were enqueued")
	}
	c, err := s.client.Ledger().Campaign(ctx, name)
	if err != nil {
		return nil, err
	}
	return &CampaignAccepted{CampaignStatus: StatusOf(c), New: sum.New, Known: sum.Known, Rejected: rejected, Errors: found.mistakes.list,
		Elsewhere: elsewhere, Warnings: warnings, Repeated: append([]Mistake{}, found.repeated.list...)}, nil
}

// placesOf reads a body again to find where its envelopes stand that were not taken.
func placesOf(all items, conflicts []*jobs.ConflictError) (map[jobs.Key]Mistake, error) {
	places := map[jobs.Key]Mistake{}
	if len(conflicts) == 0 {
		return places, nil
	}
	sought := map[jobs.Key]bool{}
	for _, c := range conflicts {
		sought[c.Key] = true
	}
	for it, err := range all {
		if err != nil {
			return nil, err
		}
		if key := it.envelope.Key(); sought[key] && len(it.mistakes) == 0 {
			places[key] = it.place()
		}
		if len(places) == len(sought) {
			break
		}
	}
	return places, nil
}

// receive makes room for what a request brings, at most so many bytes.
func (s *Server) receive(ctx context.Context, most int64) (*uploadDir, error) {
	x := exchangeOf(ctx)
	files, err := s.uploads.begin(ctx, x.r.ContentLength, most)
	if err != nil {
		return nil, err
	}
	files.reading(clientOf(ctx), s.client.Sources(), func(ctx context.Context, err error) {
		s.log.WarnContext(ctx, "a source cannot be read", "request", requestID(ctx), "error", err)
	})
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, most)
	return files, nil
}

// findings are what is wrong with a body, and whom its good envelopes invite.
type findings struct {
	mistakes  mistakes
	conflicts int // of them
	asking    jobs.Asking
	repeated  mistakes                  // no mistakes, for they may be meant
	first     map[ledger.Invitation]int // by invitation: the first envelope of a JSON body

	remarks    intake.Remarks
	doubted    []Warning // addresses that are probably misspelt: the first
	doubts     int       // all of them
	understood string    // how a sheet's headings were, where their words do not say it
	unused     []string  // documents of the request that nothing names
}

func (f *findings) problem() *Problem {
	if f.conflicts == f.mistakes.count {
		return f.mistakes.problem(http.StatusConflict, "envelopes with other content have these ids already; nothing was enqueued")
	}
	return f.mistakes.problem(http.StatusUnprocessableEntity, "the campaign is not valid; nothing was enqueued")
}

// Bounds of a campaign without its documents: bytes, and values of a spreadsheet that say
// something. Choices, so that no request takes long.
const (
	maxSheet      = 16 << 20
	maxUnzipped   = 16 << 20 // of a workbook's sheet, and of the texts that its cells share
	maxValues     = 1_000_000
	maxBookValues = 500_000 // of a workbook: as many as its bytes let Excel write, and they cost more
)

// What is looked up in the ledger at once: so many envelopes, or about so many bytes of
// them.
const (
	checkBatch = 200
	checkBytes = 2 << 20

	signerBytes = 512 // that one signer takes in memory, about
)

// check is the first pass. It counts the envelopes that may be enqueued.
func (s *Server) check(ctx context.Context, all items, conflicts bool) (found findings, good int, err error) {
	batch := lookup{places: map[jobs.Key]Mistake{}}
	n := 0
	for it, err := range all {
		if err != nil {
			return found, 0, err
		}
		if n++; n > s.limits.Envelopes {
			return found, 0, tooMany(s.limits.Envelopes)
		}
		for _, m := range it.mistakes {
			found.mistakes.add(m)
		}
		if found.mistakes.full() {
			return found, 0, found.mistakes.problem(http.StatusUnprocessableEntity, "too much is wrong with the campaign; nothing was enqueued, and the rest was not looked at")
		}
		if len(it.mistakes) > 0 {
			continue
		}
		good++
		found.remark(it, s.client.Judge())
		if invitation, ok := intake.InvitationOf(it.envelope); ok {
			found.asking.Add(invitation, it.envelope.ID)
			found.invited(it, invitation)
		}
		if !conflicts {
			continue
		}
		if batch.add(it); batch.full() {
			if err := s.conflicts(ctx, &batch, &found); err != nil {
				return found, 0, err
			}
		}
	}
	return found, good, s.conflicts(ctx, &batch, &found)
}

// lookup is a batch of envelopes whose keys may be taken.
type lookup struct {
	envelopes []jobs.Envelope
	places    map[jobs.Key]Mistake
	bytes     int
}

func (l *lookup) add(it item) {
	l.envelopes = append(l.envelopes, it.envelope)
	l.places[it.envelope.Key()] = it.place()
	l.bytes += it.bytes + signerBytes*len(it.envelope.Signers)
}

func (l *lookup) full() bool { return len(l.envelopes) >= checkBatch || l.bytes >= checkBytes }

// conflicts tells which of a batch are there already with other content.
func (s *Server) conflicts(ctx context.Context, batch *lookup, found *findings) error {
	if len(batch.envelopes) == 0 {
		return nil
	}
	taken, err := s.client.Conflicts(ctx, batch.envelopes)
	if err != nil {
		return err
	}
	for _, c := range taken {
		found.mistakes.add(conflict(batch.places[c.Key], c))
		found.conflicts++
	}
	*batch = lookup{envelopes: batch.envelopes[:0], places: map[jobs.Key]Mistake{}}
	return nil
}

// conflict tells what of an envelope is not the same.
func conflict(at Mistake, c *jobs.ConflictError) Mistake {
	at.ID, at.Field, at.Message = c.Key.ID, "id", jobs.ErrConflict.Error()
	if len(c.Fields) > 0 {
		at.Message += ": other " + strings.Join(c.Fields, ", ")
	}
	return at
}

// named checks the name of a campaign that is to be enqueued.
func named(ctx context.Context, name string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	if !intake.ValidCampaign(name) {
		var m mistakes
		must := lang.Of("must begin with a letter or digit and have 1 to 100 letters, digits, dots, underscores or hyphens, in at most 255 bytes")
		m.add(Mistake{Field: "campaign", Message: must.String(), text: &must})
		return "", m.problem(http.StatusUnprocessableEntity, "the campaign has no valid name; nothing was enqueued")
	}
	return campaignFor(ctx, name)
}

// fromCSV reads a multipart body.
func (s *Server) fromCSV(ctx context.Context, r *http.Request, files *uploadDir, up *Sending) (string, items, error) {
	f, err := files.multipart(r, "file", maxSheet, up)
	if err != nil {
		return "", nil, err
	}
	name := up.Campaign
	if name == "" && f.name != "" {
		name = campaignNamed(f.name)
	}
	if name, err = named(ctx, name); err != nil {
		return "", nil, err
	}
	options, err := up.options(files)
	if err != nil {
		return "", nil, err
	}
	options.Campaign = name
	options.Read = func(r campaign.Reading) { files.understood = strings.TrimPrefix(r.String(), r.File+": ") }
	sheet, err := s.sheet(ctx, files, f.main, options.Sheet)
	if err != nil {
		return "", nil, err
	}
	return name, s.sheetItems(ctx, sheet, options), nil
}

func csvMistakes(id string, problems []campaign.Problem) []Mistake {
	var list []Mistake
	for _, p := range problems {
		list = append(list, csvMistake(id, p))
	}
	return list
}

func csvMistake(id string, p campaign.Problem) Mistake {
	return Mistake{Line: p.Line, Column: p.Column, Cell: p.Cell, row: p.Row, ID: validID(id), Field: p.Name, Message: p.Message.String(), text: &p.Message}
}

func validID(id string) string {
	if !intake.ValidID(id) {
		return ""
	}
	return id
}

// fromJSON reads a JSON body. Its name may stand after its envelopes, so it is looked
// for first.
func (s *Server) fromJSON(ctx context.Context, r *http.Request, files *uploadDir, up *Sending) (string, items, error) {
	file, err := files.extractBase64(r.Body, bodyLimits{maxSheet, s.limits.Envelopes})
	if err != nil {
		return "", nil, broken(err)
	}
	defer file.Close()
	var wrong mistakes
	if err := walk(file, func(d *jsontext.Decoder, name string) error { return up.beside(d, name, &wrong) }, nil); err != nil {
		return "", nil, err
	}
	if wrong.count > 0 {
		return "", nil, wrong.problem(http.StatusUnprocessableEntity, campaignForm)
	}
	name, err := named(ctx, up.Campaign)
	if err != nil {
		return "", nil, err
	}
	patterns, err := up.headless()
	if err != nil {
		return "", nil, err
	}
	return name, func(yield func(item, error) bool) {
		again, err := os.Open(file.Name())
		if err != nil {
			yield(item{}, err)
			return
		}
		defer again.Close()
		seed, seen := maphash.MakeSeed(), map[uint64]int{}
		err = walk(again, func(d *jsontext.Decoder, _ string) error { return d.SkipValue() }, func(i int, raw jsontext.Value) error {
			it, err := s.element(ctx, name, i, raw, files, up.provider(), patterns)
			if err != nil {
				return err
			}
			if id := it.envelope.ID; id != "" {
				hash := maphash.String(seed, id)
				if first, twice := seen[hash]; twice {
					it.add("id", fmt.Sprintf("envelope %d has the same id", first))
				} else {
					seen[hash] = i
				}
			}
			if !yield(it, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(item{}, err)
		}
	}, nil
}

// element reads one envelope of a campaign.
func (s *Server) element(ctx context.Context, name string, i int, raw jsontext.Value, files *uploadDir, provider string, patterns campaign.Patterns) (item, error) {
	it := item{at: Mistake{Index: &i}, bytes: len(raw)}
	var in EnvelopeInput
	if err := json.Unmarshal(raw, &in, json.RejectUnknownMembers(true)); err != nil {
		m, ok := jsonMistake(err)
		if !ok {
			return it, jsonProblem(err)
		}
		if it.mistakes = it.misfits(raw, &in); len(it.mistakes) == 0 {
			it.mistakes = it.placed(m)
		}
		return it, nil
	}
	in.Provider = cmp.Or(in.Provider, provider)
	it.at.ID = validID(in.ID)
	e, checked, problems, err := s.envelope(ctx, name, in, files, patterns)
	if err != nil {
		return it, err
	}
	it.envelope, it.checked = e, checked
	for _, p := range problems {
		it.add(p.Field, p.Message.String())
	}
	return it, nil
}

// misfits are all that does not fit in an envelope, each with its place in the whole body.
func (it *item) misfits(raw jsontext.Value, in *EnvelopeInput) []Mistake {
	found, err := misfitting(bytes.NewReader(raw), in)
	if err != nil { // it was good JSON
		return nil
	}
	return it.placed(found.list...)
}

func (it *item) placed(found ...Mistake) []Mistake {
	for i := range found {
		found[i].Index, found[i].Pointer = it.at.Index, it.pointer("")+strings.TrimPrefix(found[i].Pointer, "#")
	}
	return found
}

// place is where an envelope stands, for what is wrong with its id.
func (it *item) place() Mistake {
	m := it.at
	if m.Index != nil {
		m.Pointer = it.pointer("/id")
	}
	return m
}

func (it *item) add(field, message string) {
	m := it.at
	m.Field, m.Message, m.Pointer = field, message, it.pointer(pointerTo(field, message))
	it.mistakes = append(it.mistakes, m)
}

// pointer is a place in an envelope as one in the whole body.
func (it *item) pointer(p jsontext.Pointer) string {
	return fragment(jsontext.Pointer("/envelopes").AppendToken(strconv.Itoa(*it.at.Index)) + p)
}

var errStop = errors.New("no more is wanted")

const campaignForm = `the body must have the form {"campaign":NAME,"envelopes":[...]}`

// walk reads {"campaign":NAME,"envelopes":[...]}: beside takes the value of each member that stands beside the
// envelopes, and each an envelope. Without each they are passed over.
func walk(in io.Reader, beside func(d *jsontext.Decoder, name string) error, each func(i int, raw jsontext.Value) error) error {
	bounded := boundedItem(in)
	d := jsontext.NewDecoder(bounded)
	if err := opened(d, '{'); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		bounded.left = maxItem
		t, err := d.ReadToken()
		if err != nil {
			return jsonProblem(err)
		}
		if name := t.String(); name != "envelopes" {
			if err := beside(d, name); err != nil {
				return jsonProblem(err)
			}
			continue
		}
		if err := opened(d, '['); err != nil {
			return err
		}
		for i := 0; d.PeekKind() != ']'; i++ {
			bounded.left = maxItem
			if err := element(d, i, each); err != nil {
				return err
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return jsonProblem(err)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return jsonProblem(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return problem(http.StatusBadRequest, "something follows the JSON")
	}
	return nil
}

// opened reads the beginning of an object or a list.
func opened(d *jsontext.Decoder, kind jsontext.Kind) error {
	t, err := d.ReadToken()
	if err != nil {
		return jsonProblem(err)
	}
	if t.Kind() != kind {
		return problem(http.StatusBadRequest, campaignForm)
	}
	return nil
}

func element(d *jsontext.Decoder, i int, each func(int, jsontext.Value) error) error {
	if each == nil {
		if err := d.SkipValue(); err != nil {
			return jsonProblem(err)
		}
		return nil
	}
	raw, err := d.ReadValue()
	if err != nil {
		return jsonProblem(err)
	}
	return each(i, raw)
}

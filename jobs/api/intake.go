package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers"
)

// upload is what is asked beside the body of a campaign.
type upload struct {
	campaign, provider, skip string
}

// item is one envelope of a body with all that is wrong with it.
type item struct {
	envelope jobs.Envelope
	at       Mistake // where it stands
	mistakes []Mistake
}

// items gives a body's envelopes from its beginning, any number of times. An error
// ends them.
type items func(yield func(item, error) bool)

// enqueueCampaign takes a campaign in two passes over the body, which is spooled: the
// first finds every mistake, and envelopes that are there already with other content;
// only when there is none (or they may be skipped) does the second enqueue.
func (s *Server) enqueueCampaign(ctx context.Context, up upload) (*CampaignAccepted, error) {
	x := exchangeOf(ctx)
	kind, err := mediaType(x.r, "multipart/form-data", "application/json")
	if err != nil {
		return nil, err
	}
	files, err := newSpool(s.client.Sources())
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
	skip := false
	switch up.skip {
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
	rejected := 0
	switch {
	case found.mistakes.count > 0 && !skip:
		return nil, found.problem()
	case good == 0 && found.mistakes.count > 0:
		return nil, found.mistakes.problem(http.StatusUnprocessableEntity, "no envelope is valid; nothing was enqueued")
	case good == 0:
		return nil, problem(http.StatusUnprocessableEntity, "the campaign has no envelopes")
	}
	sum, err := s.client.EnqueueAll(ctx, name, func(yield func(jobs.Envelope, error) bool) {
		for it, err := range all {
			if err == nil && len(it.mistakes) > 0 {
				rejected++
				if !skip {
					err = problem(http.StatusConflict, "a document changed while it was read: try again")
				} else {
					continue
				}
			}
			if !yield(it.envelope, err) || err != nil {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, c := range sum.Conflicts {
		rejected++
		found.mistakes.add(conflict(c))
	}
	if len(sum.Conflicts) > 0 && !skip { // taken by somebody between the passes
		return nil, found.mistakes.problem(http.StatusConflict, "some envelopes have ids that were taken meanwhile; the others were enqueued")
	}
	c, err := s.client.Ledger().Campaign(ctx, name)
	if err != nil {
		return nil, err
	}
	return &CampaignAccepted{CampaignStatus: StatusOf(c), New: sum.New, Known: sum.Known, Rejected: rejected, Errors: found.mistakes.list}, nil
}

// conflict names the envelope of an error of EnqueueAll, which begins with its key.
func conflict(err error) Mistake {
	key, _, _ := strings.Cut(err.Error(), ":")
	m := Mistake{Field: "id", Message: jobs.ErrConflict.Error()}
	if k, err := providers.ParseKey(key); err == nil {
		m.ID = k.ID
	}
	return m
}

// findings are what is wrong with a body.
type findings struct {
	mistakes  mistakes
	conflicts int // of them
}

func (f *findings) problem() *Problem {
	if f.conflicts == f.mistakes.count {
		return f.mistakes.problem(http.StatusConflict, "envelopes with other content have these ids already; nothing was enqueued")
	}
	return f.mistakes.problem(http.StatusUnprocessableEntity, "the campaign is not valid; nothing was enqueued")
}

const checkBatch = 200 // digests that are looked up at once

// check is the first pass. It counts the envelopes that may be enqueued.
func (s *Server) check(ctx context.Context, all items, conflicts bool) (found findings, good int, err error) {
	var keys, digests []string
	var places []Mistake
	flush := func() error {
		have, err := s.client.Ledger().Digests(ctx, keys)
		if err != nil {
			return err
		}
		for i, d := range have {
			if d != "" && d != digests[i] {
				m := places[i]
				m.Field, m.Message = "id", jobs.ErrConflict.Error()
				found.mistakes.add(m)
				found.conflicts++
			}
		}
		keys, digests, places = keys[:0], digests[:0], places[:0]
		return nil
	}
	for it, err := range all {
		if err != nil {
			return found, 0, err
		}
		for _, m := range it.mistakes {
			found.mistakes.add(m)
		}
		if len(it.mistakes) > 0 {
			continue
		}
		good++
		if !conflicts {
			continue
		}
		digest, err := jobs.Digest(it.envelope)
		if err != nil {
			return found, 0, err
		}
		keys, digests, places = append(keys, it.envelope.Key().String()), append(digests, digest), append(places, it.at)
		if len(keys) == checkBatch {
			if err := flush(); err != nil {
				return found, 0, err
			}
		}
	}
	if len(keys) > 0 {
		err = flush()
	}
	return found, good, err
}

// named checks the name of a campaign that is to be enqueued.
func named(ctx context.Context, name string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	if !jobs.ValidCampaign(name) {
		var m mistakes
		m.add(Mistake{Field: "campaign", Message: "must begin with a letter or digit and have 1 to 100 letters, digits, dots, underscores or hyphens"})
		return "", m.problem(http.StatusUnprocessableEntity, "the campaign has no valid name; nothing was enqueued")
	}
	return campaignFor(ctx, name)
}

// fromCSV reads a multipart body.
func (s *Server) fromCSV(ctx context.Context, r *http.Request, files *spool, up *upload) (string, items, error) {
	f, err := files.multipart(r, "file", "campaign", "provider", "skip_invalid")
	if err != nil {
		return "", nil, err
	}
	for field, value := range map[string]*string{"campaign": &up.campaign, "provider": &up.provider, "skip_invalid": &up.skip} {
		if v, ok := f.fields[field]; ok {
			*value = v
		}
	}
	name := up.campaign
	if name == "" && f.name != "" {
		name = campaign.Name(f.name)
	}
	if name, err = named(ctx, name); err != nil {
		return "", nil, err
	}
	options := campaign.Options{Campaign: name, Provider: strings.ToLower(strings.TrimSpace(up.provider)), Document: files.document,
		Check: func(e jobs.Envelope) error { return s.client.Check(ctx, &e) }}
	return name, func(yield func(item, error) bool) {
		file, err := os.Open(filepath.Join(files.dir, f.main))
		if err != nil {
			yield(item{}, err)
			return
		}
		defer file.Close()
		reader, err := campaign.NewReader("the file", file, options)
		if err != nil {
			yield(item{}, problem(http.StatusUnprocessableEntity, "the part file is not a CSV file: "+strings.TrimPrefix(err.Error(), "the file: ")))
			return
		}
		if header := reader.Problems(); len(header) > 0 {
			if !yield(item{mistakes: csvMistakes("", header)}, nil) {
				return
			}
		}
		for row, err := range reader.Rows(ctx) {
			it := item{envelope: row.Envelope, at: Mistake{Line: row.Line, Column: 1, ID: validID(row.Envelope.ID)}, mistakes: csvMistakes(row.Envelope.ID, row.Problems)}
			if !yield(it, err) || err != nil {
				return
			}
		}
	}, nil
}

func csvMistakes(id string, problems []campaign.Problem) []Mistake {
	var list []Mistake
	for _, p := range problems {
		list = append(list, Mistake{Line: p.Line, Column: p.Column, ID: validID(id), Field: p.Name, Message: p.Message})
	}
	return list
}

func validID(id string) string {
	if !jobs.ValidID(id) {
		return ""
	}
	return id
}

// fromJSON reads a JSON body. Its name may stand behind its envelopes, so it is looked
// for first.
func (s *Server) fromJSON(ctx context.Context, r *http.Request, files *spool, up *upload) (string, items, error) {
	file, err := files.lift(r.Body)
	if err != nil {
		return "", nil, broken(err)
	}
	defer file.Close()
	name, err := walk(file, nil)
	if err != nil {
		return "", nil, err
	}
	if name == "" {
		name = up.campaign
	}
	if name, err = named(ctx, name); err != nil {
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
		_, err = walk(again, func(i int, in EnvelopeInput, wrong *Mistake) error {
			it := item{at: Mistake{Index: &i, ID: validID(in.ID)}}
			add := func(field, message string) {
				m := it.at
				m.Field, m.Message = field, message
				it.mistakes = append(it.mistakes, m)
			}
			if wrong != nil {
				add(wrong.Field, wrong.Message)
			} else {
				e, problems, err := s.envelope(ctx, name, in, files)
				if err != nil {
					return err
				}
				for _, p := range problems {
					add(p.Field, p.Message)
				}
				it.envelope = e
				hash := maphash.String(seed, e.ID)
				if first, twice := seen[hash]; twice && e.ID != "" {
					add("id", fmt.Sprintf("envelope %d has the same id", first))
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

var errStop = errors.New("no more is wanted")

// walk reads {"campaign":NAME,"envelopes":[...]} and gives each envelope, or what is
// wrong with its JSON. Without each it only finds the name.
func walk(in io.Reader, each func(i int, in EnvelopeInput, wrong *Mistake) error) (name string, err error) {
	bounded := &limited{in: in, left: maxItem}
	d := json.NewDecoder(bounded)
	d.DisallowUnknownFields()
	bad := func(err error) error {
		if p, ok := errors.AsType[*Problem](err); ok {
			return p
		}
		return problem(http.StatusBadRequest, `the body is not valid JSON of the form {"campaign":NAME,"envelopes":[...]}`)
	}
	want := func(delim json.Delim) error {
		t, err := d.Token()
		if err != nil {
			return bad(err)
		}
		if t != delim {
			return bad(nil)
		}
		return nil
	}
	if err := want('{'); err != nil {
		return "", err
	}
	for d.More() {
		bounded.left = maxItem
		t, err := d.Token()
		if err != nil {
			return "", bad(err)
		}
		switch t {
		case "campaign":
			if err := d.Decode(&name); err != nil {
				return "", bad(err)
			}
		case "envelopes":
			if err := want('['); err != nil {
				return "", err
			}
			for i := 0; d.More(); i++ {
				bounded.left = maxItem
				if err := element(d, i, each); err != nil {
					if errors.Is(err, errStop) {
						return "", err
					}
					if _, ok := errors.AsType[*json.SyntaxError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) {
						err = bad(err)
					}
					return "", err
				}
			}
			if err := want(']'); err != nil {
				return "", err
			}
		default:
			return "", problem(http.StatusUnprocessableEntity, "a campaign has the fields campaign and envelopes, and no other")
		}
	}
	if err := want('}'); err != nil {
		return "", err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", bad(err)
	}
	return name, nil
}

func element(d *json.Decoder, i int, each func(int, EnvelopeInput, *Mistake) error) error {
	if each == nil {
		return d.Decode(&json.RawMessage{})
	}
	var in EnvelopeInput
	err := d.Decode(&in)
	if err == nil {
		return each(i, in, nil)
	}
	wrong, fatal := jsonMistake(err)
	if fatal {
		return err
	}
	return each(i, in, &wrong)
}

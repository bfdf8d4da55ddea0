package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// Bounds of what one answer tells: the mistakes that it lists, the mistakes after which
// nothing more is looked at, and the characters of a text that repeats a name of the client's.
const (
	maxErrors  = 1000
	maxCounted = 10_000
	maxWords   = 300
)

// Problem is an error answer: RFC 9457, application/problem+json.
type Problem struct {
	Type   string    `json:"type" doc:"Always about:blank: the status says what kind of problem it is."`
	Title  string    `json:"title" doc:"The status in words."`
	Status int       `json:"status" doc:"The HTTP status."`
	Detail string    `json:"detail,omitempty" doc:"What is wrong, and what to do."`
	Count  int       `json:"count,omitempty" doc:"How many mistakes there are; errors lists the first 1000, and after 10000 nothing more is looked at."`
	Errors []Mistake `json:"errors,omitempty" nullable:"false" doc:"Every mistake of the input."`

	header http.Header
	text   *lang.Text // the detail, for pages in another language; nil: there is none
}

// Mistake is one thing that is wrong with what was sent.
type Mistake struct {
	Line    int    `json:"line,omitempty" doc:"Line of the CSV file, from 1."`
	Column  int    `json:"column,omitempty" doc:"Character in that line, from 1."`
	Cell    string `json:"cell,omitempty" doc:"That value's cell in a spreadsheet: C14. Empty: the whole row."`
	Pointer string `json:"pointer,omitempty" doc:"Place in a JSON body, as a JSON Pointer (RFC 6901) in a URI fragment: #/signers/0/email."`
	Index   *int   `json:"index,omitempty" doc:"Place in a JSON campaign's envelopes, from 0."`
	ID      string `json:"id,omitempty" doc:"The envelope's id, where it is known."`
	Field   string `json:"field" doc:"The CSV's column name: subject, signer1.email, document. Empty: the whole."`
	Message string `json:"message"`

	row  int        // in a spreadsheet
	text *lang.Text // the message, for pages in another language; nil: there is none
}

// said is what is wrong, for people.
func (m Mistake) said() lang.Text {
	if m.text == nil {
		return lang.Plain(m.Message)
	}
	return *m.text
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus and ContentType make the framework answer with it as it is.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders are headers of the answer, such as Retry-After.
func (p *Problem) GetHeaders() http.Header { return p.header }

func problem(status int, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// told is a problem that a person may read, too.
func told(status int, text lang.Text) *Problem {
	p := problem(status, text.String())
	p.text = &text
	return p
}

// Said is what is wrong, for people.
func (p *Problem) Said() lang.Text {
	if p.text == nil {
		return lang.Plain(p.Detail)
	}
	return *p.text
}

func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// mistakes collects what is wrong with an upload, in bounded memory.
type mistakes struct {
	list  []Mistake
	count int
}

func (m *mistakes) add(x Mistake) {
	if m.count++; len(m.list) < maxErrors {
		x.Field, x.Message = short(x.Field), short(x.Message)
		m.list = append(m.list, x)
	}
}

// full tells that there are more than anybody reads.
func (m *mistakes) full() bool { return m.count >= maxCounted }

// short cuts a text that is longer than any of ours.
func short(s string) string {
	if len(s) <= maxWords {
		return s
	}
	return strings.ToValidUTF8(s[:maxWords], "") + "…"
}

// one is an answer about a single mistake.
func one(status int, x Mistake, detail string) *Problem {
	var m mistakes
	m.add(x)
	return m.problem(status, detail)
}

func refused(x Mistake, detail string) *Problem {
	return one(http.StatusUnprocessableEntity, x, detail)
}

func (m *mistakes) problem(status int, detail string) *Problem {
	p := problem(status, detail)
	p.Count, p.Errors = m.count, m.list
	return p
}

// invalid is the answer to one envelope that breaks the rules.
func invalid(problems providers.Problems) *Problem {
	var m mistakes
	for _, p := range problems {
		m.add(Mistake{Field: p.Field, Message: p.Message.String(), Pointer: fragment(pointerTo(p.Field, p.Message.String()))})
	}
	return m.problem(http.StatusUnprocessableEntity, "the envelope is not valid; nothing was enqueued")
}

// taken is the answer to one envelope whose id another one has.
func taken(err error) *Problem {
	c, ok := errors.AsType[*jobs.ConflictError](err)
	if !ok {
		return told(http.StatusConflict, lang.Of("%v: choose another id", jobs.ErrConflict))
	}
	m := conflict(Mistake{Pointer: fragment("/id")}, c)
	p := told(http.StatusConflict, lang.Of("%v: choose another id", m.Message))
	p.Count, p.Errors = 1, []Mistake{m}
	return p
}

// statusGone is in logs and metrics for a client that has left before its answer: nobody reads it.
const statusGone = 499

// Explain turns an error into the answer that a program would get.
func (s *Server) Explain(ctx context.Context, err error) *Problem { return s.explain(ctx, err) }

// explain turns an error into an answer. What is not meant for the client is logged,
// and the client gets no more than the status.
func (s *Server) explain(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if p, ok := errors.AsType[providers.Problems](err); ok {
		return invalid(p)
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooMuch(tooLarge.Limit)
	}
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return told(http.StatusNotFound, lang.Of("there is no such campaign or envelope"))
	case errors.Is(err, archive.ErrNotFound):
		return told(http.StatusNotFound, lang.Of("there is no such file in the archive"))
	case errors.Is(err, jobs.ErrConflict):
		return taken(err)
	case errors.Is(err, jobs.ErrBegun):
		return problem(http.StatusConflict, "first: "+jobs.ErrBegun.Error()+": leave it out, or pause the campaign")
	case errors.Is(err, jobs.ErrUnknownID):
		return told(http.StatusUnprocessableEntity, lang.Of("%v", err))
	case errors.Is(err, jobs.ErrNotNow):
		return told(http.StatusConflict, lang.Of("%v", err))
	case errors.Is(err, ledger.ErrLost):
		return told(http.StatusConflict, lang.Of("the envelope is changing: try again")).with("Retry-After", "1")
	case errors.Is(ctx.Err(), context.Canceled):
		return told(statusGone, lang.Of("the request was given up"))
	case ctx.Err() != nil:
		return told(http.StatusServiceUnavailable, lang.Of("the request was given up"))
	case errors.Is(err, archive.ErrUnavailable):
		s.log.WarnContext(ctx, "the archive is away", "request", requestID(ctx), "error", err)
		if errors.Is(err, archive.ErrFull) || diskFull(err) {
			return told(http.StatusInsufficientStorage, lang.Of("the archive is full: try again later")).with("Retry-After", "60")
		}
		return told(http.StatusServiceUnavailable, lang.Of("the archive cannot be used now: try again")).with("Retry-After", "30")
	case diskFull(err):
		return noRoom()
	case s.redisAway(ctx, err):
		s.log.WarnContext(ctx, "redis is away", "request", requestID(ctx), "error", err)
		return told(http.StatusServiceUnavailable, lang.Of("Redis does not answer, or does not take what is written: try again")).with("Retry-After", "5")
	}
	s.log.ErrorContext(ctx, "request failed", "request", requestID(ctx), "error", err)
	return told(http.StatusInternalServerError, lang.Of("an error on our side; the log has it under this request's id"))
}

// redisAway tells whether an error is Redis' and will pass: it is not reached, or refuses
// what is written (no memory, no replica, read-only, its disk is full). Where the
// error does not tell, Redis is asked how it is.
func (s *Server) redisAway(ctx context.Context, err error) bool {
	if ledger.IsAway(err) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	return s.client.Ledger().Writable(ctx) != nil
}

func tooMuchOf(what string, limit int64) *Problem {
	return problem(http.StatusRequestEntityTooLarge, what+" may have at most "+bytesText(limit))
}

func tooMuch(limit int64) *Problem {
	if limit > 0 {
		return told(http.StatusRequestEntityTooLarge, lang.Of("the request is larger than is allowed here: %s", bytesText(limit)))
	}
	return told(http.StatusRequestEntityTooLarge, lang.Of("the request is larger than is allowed"))
}

// write answers with a problem outside of the framework.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", p.ContentType(""))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}

package providertest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

var statuses = []int{
	300, 301, 302, 303, 304, 307, 308,
	400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 418, 421, 422, 423, 425, 426, 428, 429, 431, 451, 499,
	500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 524, 599,
}

// telling are those that stand for the others, where an operation was tried with all
// of them in another call.
var telling = []int{302, 400, 401, 403, 404, 408, 409, 410, 422, 429, 500, 503}

// gossip is an error answer that tells everything: in every field that anybody reads,
// and in forms that look like a code.
const gossip = `{"error":"Ana Prova da Silva","code":"52998224725","message":"ana.prova@exemplo.test","statusCode":400,
"details":{"signers":"+5511987654321","code":"Ana Prova da Silva"},"errors":[{"code":"529.982.247-25","detail":"ana.prova@exemplo.test"}],
"title":"Ana Prova da Silva","description":"` + Confidential + `","result":{"name":"Ana Prova da Silva"}}`

// usualKind is what a status means where no reference says otherwise.
func usualKind(op string, status int, inviting, given bool) providers.ErrorKind {
	unsure := providers.Transient
	if inviting {
		unsure = providers.Ambiguous
	}
	switch {
	case status == http.StatusTooManyRequests:
		return providers.RateLimited
	case status == http.StatusTooEarly:
		return providers.Transient
	case status == http.StatusRequestTimeout || status < 400 || status >= 500:
		return unsure
	case given:
		return providers.NotFound
	case status == http.StatusForbidden && strings.Contains(op, "{"): // of one resource
		return providers.Invalid
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		return providers.Denied
	case status == http.StatusNotFound || status == http.StatusGone:
		return providers.NotFound
	}
	return providers.Invalid
}

// testKinds answers every request of every call with every status.
func testKinds(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	met := make(map[string]bool)
	eachRequest(t, w, func(t *testing.T, tr *trial, n int) {
		again := met[tr.ops[n]]
		met[tr.ops[n]] = true
		for _, status := range statuses {
			if (Raced || again && !tr.call.reads) && !slices.Contains(telling, status) {
				continue
			}
			op := tr.ops[n]
			given := strings.HasSuffix(op, "given address")
			want := usualKind(op, status, tr.inviting(n), given)
			if s.Kind != nil {
				if kind, known := s.Kind(tr.call.name, op, status); known {
					want = kind
				}
			}
			if status == http.StatusProxyAuthRequired && !given { // a proxy's own, whatever the provider says: somebody has to see to it
				want = providers.Denied
			}
			do := tr.next()
			header := map[string]string{"X-Trace": "52998224725"}
			if !given { // storage may redirect: the room address
				header["Location"] = "http://10.0.0.1/ana.prova@exemplo.test"
			}
			w.wire.at(n, say(status, header, gossip))
			err := do(t.Context())
			what := func() string { return tr.call.name + ", " + op + ", status " + itoa(status) }
			e, ok := errors.AsType[*providers.Error](err)
			switch {
			case want == "" && err == nil:
			case want == "":
				t.Errorf("%s: %v, want none", what(), err)
			case !ok:
				t.Errorf("%s: %v, want a *providers.Error of kind %s", what(), err, want)
			case e.Kind != want:
				t.Errorf("%s: kind %s, want %s: %v", what(), e.Kind, want, err)
			case e.Provider != s.Name || e.Op == "":
				t.Errorf("%s: the error names provider %q and operation %q", what(), e.Provider, e.Op)
			case e.Kind == providers.RateLimited && time.Until(e.Until) <= 0:
				t.Errorf("%s: without a time to come back", what())
			}
		}
	})
	if n := w.wire.seen(); n < 100 {
		t.Errorf("%d requests only", n)
	}
	w.clean()
}

// testRefusals plays the documented error bodies to the inviting call and to a look, and
// then invites: a refusal is free to be repeated.
func testRefusals(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	look := w.invited(s.Envelope())
	for _, r := range s.Refusals {
		mark := len(w.books())
		rec := w.prepared(s.Envelope())
		check := func(what string, err error, kind providers.ErrorKind) {
			t.Helper()
			e, ok := errors.AsType[*providers.Error](err)
			if !ok || e.Kind != kind || r.Code != "" && e.Code != r.Code {
				t.Errorf("%s answered %d %s: %v, want kind %s, code %q", what, r.Status, r.Body, err, kind, r.Code)
			}
		}
		job := w.job(rec)
		w.wire.with(say(r.Status, nil, r.Body))
		err := w.provider.Invite(t.Context(), job)
		check("Invite", err, r.Kind)
		if r.Look != "" {
			_, err := w.provider.Status(t.Context(), look.ref())
			check("Status", err, r.Look)
		}
		w.wire.with(nil)
		if r.Kind == providers.Ambiguous {
			continue
		}
		rec.intent = false
		job = w.job(rec)
		if err := w.provider.Prepare(t.Context(), job); err != nil {
			t.Errorf("Prepare after the refusal %s: %v", r.Body, err)
			continue
		}
		w.invite(rec)
		if n := w.invitations(mark); n != 1 || w.entry(rec).Invitations != 1 {
			t.Errorf("after the refusal %s: %d invitations", r.Body, n)
		}
	}
	w.clean()
}

// pauses is a pacer that notes what it is told.
type pauses struct {
	pace.Unlimited
	mu    sync.Mutex
	until []time.Time
}

func (p *pauses) Pause(_ context.Context, until time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = append(p.until, until)
	return nil
}

func (p *pauses) last() (time.Time, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.until) == 0 {
		return time.Time{}, 0
	}
	return p.until[len(p.until)-1], len(p.until)
}

// testRetryAfter wants both forms of the header understood, and everybody paused.
func testRetryAfter(t *testing.T, s *Suite, tp *tap) {
	pacer := &pauses{}
	w := newWorld(t, s, tp, setup{rest: func(r *rest.Settings) { r.Pacer = pacer }})
	look := w.invited(s.Envelope())
	send := w.prepared(s.Envelope())
	for name, call := range map[string]func() error{
		"Status": func() error {
			_, err := w.provider.Status(t.Context(), look.ref())
			return err
		},
		"Invite": func() error { return w.provider.Invite(t.Context(), w.job(send)) },
	} {
		for _, form := range []struct {
			status int
			header func() string
			wait   time.Duration
		}{
			{429, func() string { return "37" }, 37 * time.Second},
			{429, func() string { return time.Now().Add(41 * time.Second).UTC().Format(http.TimeFormat) }, 41 * time.Second},
			{503, func() string { return "43" }, 43 * time.Second},
			{503, func() string { return time.Now().Add(47 * time.Second).UTC().Format(http.TimeFormat) }, 47 * time.Second},
			{429, func() string { return "99999999999999999999" }, 24 * time.Hour},
		} {
			_, before := pacer.last()
			w.wire.with(say(form.status, map[string]string{"Retry-After": form.header()}, "{}"))
			err := call()
			e, ok := errors.AsType[*providers.Error](err)
			if !ok {
				t.Fatalf("%s: %v", name, err)
			}
			near := func(at time.Time) bool { return (time.Until(at) - form.wait).Abs() < 3*time.Second }
			if !near(e.Until) {
				t.Errorf("%s, %d, Retry-After %s: until %s from now, want %s", name, form.status, form.header(), time.Until(e.Until), form.wait)
			}
			if at, n := pacer.last(); n != before+1 || !near(at) {
				t.Errorf("%s, %d, Retry-After %s: %d pauses, the last for %s", name, form.status, form.header(), n-before, time.Until(at))
			}
		}
	}
	w.wire.with(nil)
	if n := w.entry(look).Invitations; n != 1 {
		t.Errorf("%d invitations", n)
	}
	w.clean()
}

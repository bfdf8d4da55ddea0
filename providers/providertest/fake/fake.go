// Package fake is a service for the tests of one provider's own ways, as far as the
// simulators are too honest for them: each test gives its routes their answers.
package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// Server is a service for the tests of one provider's own ways: it answers by route and
// keeps what it was asked. A request without the credentials, and one to a route that the
// test did not give, fails the test.
type Server struct {
	*httptest.Server
	Base   string                      // the path that every route is below
	Routes map[string]http.HandlerFunc // "POST /files", with the query where it matters
	Header map[string]string           // what every request must carry
	Open   []string                    // paths that begin so must come without Authorization: stores, token services

	// Refuse answers a request itself and returns true; nil: none.
	Refuse func(w http.ResponseWriter, r *http.Request) bool

	t     *testing.T
	mu    sync.Mutex
	calls []recordedCall
}

type recordedCall struct{ route, path, body string }

// NewServer starts a server.
func NewServer(t *testing.T, base string, header map[string]string, routes map[string]http.HandlerFunc) *Server {
	s := &Server{t: t, Base: base, Header: header, Routes: routes}
	if routes == nil {
		s.Routes = make(map[string]http.HandlerFunc)
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// Answer lets a route answer with a status and a body.
func (s *Server) Answer(route string, status int, body string) {
	s.Routes[route] = Answers(status, body)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	uri, below := strings.CutPrefix(r.URL.RequestURI(), s.Base)
	path, _, _ := strings.Cut(uri, "?")
	call := recordedCall{r.Method + " " + uri, r.Method + " " + path, string(body)}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	h := s.Routes[call.route]
	if h == nil {
		h = s.Routes[call.path]
	}
	s.mu.Unlock()
	if !s.allowed(r, call, below) {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	if s.Refuse != nil && !s.isOpen(r) && s.Refuse(w, r) {
		return
	}
	if h == nil {
		s.t.Errorf("unexpected request: %s %s", call.route, body)
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h(w, r)
}

func (s *Server) isOpen(r *http.Request) bool {
	for _, prefix := range s.Open {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return true
		}
	}
	return false
}

func (s *Server) allowed(r *http.Request, call recordedCall, below bool) bool {
	if s.isOpen(r) {
		if r.Header.Get("Authorization") != "" {
			s.t.Errorf("%s was asked with our credentials", call.path)
			return false
		}
		return true
	}
	fine := below
	if !below {
		s.t.Errorf("%s is not below %s", r.URL.Path, s.Base)
	}
	for name, value := range s.Header {
		if got := r.Header.Get(name); got != value {
			s.t.Errorf("%s came with %s %q", call.path, name, got)
			fine = false
		}
	}
	if mime := r.Header.Get("Content-Type"); len(call.body) > 0 && mime != "application/json" && !strings.HasPrefix(mime, "multipart/form-data;") {
		s.t.Errorf("%s came with Content-Type %q", call.path, mime)
	}
	return fine
}

// Called are the requests, in their order, with their queries.
func (s *Server) Called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var routes []string
	for _, c := range s.calls {
		routes = append(routes, c.route)
	}
	return routes
}

// Bodies are those that a route was sent.
func (s *Server) Bodies(route string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bodies []string
	for _, c := range s.calls {
		if c.route == route || c.path == route {
			bodies = append(bodies, c.body)
		}
	}
	return bodies
}

// Count is how often a route was asked.
func (s *Server) Count(route string) int { return len(s.Bodies(route)) }

// Decode reads a JSON body strictly.
func (s *Server) Decode(r *http.Request, into any) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		s.t.Errorf("%s: %v", r.URL.Path, err)
	}
}

// Answers is a handler that always gives the same answer.
func Answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Accepted is when the envelopes of [NewJob] were enqueued.
var Accepted = time.Date(2026, 6, 1, 15, 0, 0, 0, time.UTC)

// NewJob is an envelope's job whose steps stay in its Ref, as the ledger would keep them.
// Its documents are found by name; with nil files each is a small PDF.
func NewJob(e providers.Envelope, files map[string]string) *providers.Job {
	return &providers.Job{
		Envelope: e, Accepted: Accepted, Now: func() time.Time { return Accepted }, Ref: providers.Ref{Key: e.Key(), Steps: map[string]string{}},
		OpenDocument: func(_ context.Context, d providers.Document) (io.ReadCloser, error) {
			content, ok := files[d.Name]
			if files == nil {
				content, ok = SmallPDF, true
			}
			if !ok {
				return nil, fmt.Errorf("no %s", d.Name)
			}
			return io.NopCloser(strings.NewReader(content)), nil
		},
		Record: func(context.Context, string, string) error { return nil },
		Commit: func(context.Context) error { return nil },
	}
}

// SmallPDF is the content of the documents of [NewJob].
const SmallPDF = "%PDF-1.7\nlease\n%%EOF"

// SameJSON compares by meaning.
func SameJSON(t *testing.T, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// WantKind wants a failure of a kind and with a code.
func WantKind(t *testing.T, err error, kind providers.ErrorKind, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", kind)
	}
	if got := providers.KindOf(err); got != kind || providers.CodeOf(err) != code {
		t.Fatalf("%v: kind %s, code %q; want %s, %q", err, got, providers.CodeOf(err), kind, code)
	}
}

// Always is a [providers.Once] for the first round of all.
func Always(ctx context.Context, _ string, call func(context.Context) error) error { return call(ctx) }

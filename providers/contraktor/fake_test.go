package contraktor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

const pdf = "%PDF-1.7\nlease\n%%EOF"

// server answers by route and keeps what it was asked. It refuses requests without the
// token, and every route that the test did not give.
type server struct {
	*httptest.Server
	t      *testing.T
	routes map[string]http.HandlerFunc

	mu    sync.Mutex
	calls []recorded
}

type recorded struct {
	route string // "POST /files", with the query
	body  string
}

func newServer(t *testing.T, routes map[string]http.HandlerFunc) *server {
	s := &server{t: t, routes: routes}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	route := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api")
	s.mu.Lock()
	s.calls = append(s.calls, recorded{route, string(body)})
	s.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/store/") {
		if r.Header.Get("Authorization") != "" {
			s.t.Errorf("%s was asked with our token", route)
		}
	} else if r.Header.Get("Authorization") != "Bearer tok_test" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"Unauthorized"}`)
		return
	}
	if h, ok := s.routes[route]; ok {
		h(w, r)
		return
	}
	s.t.Errorf("unexpected request: %s %s", route, body)
	w.WriteHeader(http.StatusNotFound)
}

func (s *server) routesCalled() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var routes []string
	for _, c := range s.calls {
		routes = append(routes, c.route)
	}
	return routes
}

// bodies are the JSON bodies that a route was sent.
func (s *server) bodies(route string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bodies []string
	for _, c := range s.calls {
		if c.route == route {
			bodies = append(bodies, c.body)
		}
	}
	return bodies
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func (s *server) provider() *Provider {
	p, err := New(rest.Settings{BaseURL: s.URL + "/api", APIKey: "tok_test"})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func newJob(env providers.Envelope, commit func()) *providers.Job {
	return &providers.Job{
		Envelope: env,
		Ref:      providers.Ref{Key: env.Key(), Steps: map[string]string{}},
		OpenDocument: func(context.Context, providers.Document) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(pdf)), nil
		},
		Record: func(context.Context, string, string) error { return nil },
		Commit: func(context.Context) error { commit(); return nil },
	}
}

func lease() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "0001", Provider: Name, Subject: "Lease 14",
		Documents: []providers.Document{{Name: "lease.pdf", Type: "application/pdf", Size: int64(len(pdf))}},
		Signers: []providers.Signer{
			{Name: "Ana Prova", Email: "ana@example.com", Document: "11144477735", Phone: "+5511900000000", Birthdate: "1990-01-31"},
			{Name: "Bia Teste", Email: "bia@example.com", Document: "52998224725", Phone: "+5531988887777", Channel: "whatsapp", Role: "Testemunha"},
		},
		Meta:    map[string]string{"order": "A-14"},
		Options: map[string]map[string]string{Name: {"workflow_id": "71"}},
	}
}

func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if !bytes.Equal(x, y) {
		t.Errorf("got  %s\nwant %s", x, y)
	}
}

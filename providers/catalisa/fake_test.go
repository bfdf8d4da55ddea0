package catalisa

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

const (
	pdf       = "%PDF-1.7\nlease\n%%EOF"
	requestID = "7b1f6a52-3c1e-4d8e-9a77-0d2f5c9e1a10"
	fileID    = "5f0a0f6e-9a55-4f0f-8b6c-2f1f3b6f7d21"
	requests  = "/api/v1/esignature/requests"
	oneRoute  = requests + "/" + requestID
)

// server is e-signature, IAM, File Storage and the stores behind them; it answers by
// route and keeps what it was asked.
type server struct {
	*httptest.Server
	t      *testing.T
	routes map[string]http.HandlerFunc
	tokens map[string]bool // that are taken

	mu    sync.Mutex
	calls []call
}

type call struct{ route, body string }

func newServer(t *testing.T, routes map[string]http.HandlerFunc) *server {
	s := &server{t: t, routes: routes, tokens: map[string]bool{"tok_1": true}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	route := r.Method + " " + r.URL.RequestURI()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call{route, string(body)})
	authorization := r.Header.Get("Authorization")
	if strings.HasPrefix(r.URL.Path, "/store/") || r.URL.Path == "/oauth/token" {
		if authorization != "" {
			s.t.Errorf("%s was asked with our token", route)
		}
	} else {
		if len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
			s.t.Errorf("%s came with Content-Type %q", route, r.Header.Get("Content-Type"))
		}
		if value, ok := strings.CutPrefix(authorization, "Bearer "); !ok || !s.tokens[value] {
			answers(401, `{"code":"UNAUTHORIZED","message":"Token de ana@example.test","statusCode":401}`)(w, r)
			return
		}
	}
	if h, ok := s.routes[route]; ok {
		h(w, r)
		return
	}
	s.t.Errorf("unexpected request: %s %s", route, body)
	w.WriteHeader(http.StatusNotFound)
}

func (s *server) called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var routes []string
	for _, c := range s.calls {
		routes = append(routes, c.route)
	}
	return routes
}

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

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// provider uses a given token.
func (s *server) provider() *Provider {
	p, err := New(rest.Settings{BaseURL: s.URL, APIKey: "tok_1", Own: map[string]providers.Secret{setFilesURL: providers.Secret(s.URL)}})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// withCredentials uses client credentials.
func (s *server) withCredentials() *Provider {
	p, err := New(rest.Settings{BaseURL: s.URL, Own: map[string]providers.Secret{setClientID: "org_1", setClientSecret: "sec_1", setIAMURL: providers.Secret(s.URL)}})
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
		Campaign: "june", ID: "07", Provider: Name, Subject: "Lease 2025-07", Message: "Please sign by Friday.",
		Documents: []providers.Document{{Name: "lease.pdf", Type: "application/pdf", Size: int64(len(pdf))}},
		Signers: []providers.Signer{
			{Name: "Livia Matos", Email: "livia@example.test", Order: 1, Stamp: &providers.Stamp{Page: 3, X: 90, Y: 640, Width: 180, Height: 48}},
			{Name: "Caio Duarte", Email: "caio@example.test", Order: 2},
		},
		Options: map[string]map[string]string{Name: {}},
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

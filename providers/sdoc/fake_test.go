package sdoc

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
	token     = "tok_test"
	secretKey = "9F0A-the-platforms-key"
	pdf       = "%PDF-1.7\nagreement\n%%EOF"
	solID     = "SOL000000000000000000000000118"
)

// server answers by route, always with the raw token, and keeps what it was asked.
type server struct {
	*httptest.Server
	t      *testing.T
	routes map[string]http.HandlerFunc

	mu    sync.Mutex
	calls []call
}

type call struct{ route, body string }

func newServer(t *testing.T, routes map[string]http.HandlerFunc) *server {
	s := &server{t: t, routes: routes}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	route := r.Method + " " + r.URL.RequestURI()
	s.mu.Lock()
	s.calls = append(s.calls, call{route, string(body)})
	s.mu.Unlock()
	if got := r.Header.Get("Authorization"); got != token {
		s.t.Errorf("%s came with Authorization %q", route, got)
	}
	if len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
		s.t.Errorf("%s came with Content-Type %q", route, r.Header.Get("Content-Type"))
	}
	if h, ok := s.routes[route]; ok {
		r.Body = io.NopCloser(bytes.NewReader(body))
		h(w, r)
		return
	}
	s.t.Errorf("unexpected request: %s %s", route, body)
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

// says answers with status 200, as the service does.
func says(body string) http.HandlerFunc { return answers(200, body) }

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuses(code string) http.HandlerFunc {
	return says(`{"error":true,"message":"Helena Prado não pode","code":"` + code + `"}`)
}

func (s *server) provider() *Provider {
	p, err := New(rest.Settings{BaseURL: s.URL, APIKey: token, WebhookSecret: secretKey, WebhookURL: "https://hooks.example.test/webhooks/sdoc"})
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

func agreement() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "118", Provider: Name, Subject: "Supply agreement 118", Message: "Renewal, two pages",
		Documents: []providers.Document{{Name: "agreement-118.pdf", Type: "application/pdf", Size: int64(len(pdf))}},
		Signers: []providers.Signer{
			{Name: "Helena Prado Nunes", Email: "helena@example.test", Document: "39053344705"},
			{Name: "Otavio Reis Lacerda", Email: "otavio@example.test", Document: "12ABC34501DE35",
				Stamp: &providers.Stamp{Page: 2, X: 72, Y: 90, Width: 160, Height: 54}},
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

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/redistest"
)

// pdf is a document that nobody can tell from a real one by its ends.
func pdf(text string) string { return "%PDF-1.7\n<</Type/Page>>\n" + text + "\n%%EOF\n" }

// logBook keeps what is logged.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// stack is a server on a free port and a client of it.
type stack struct {
	t       testing.TB
	url     string
	client  *jobs.Client
	server  *Server
	archive archive.Archive
	db      redis.UniversalClient
	mini    *miniredis.Miniredis // nil on a real Redis
	log     *logBook
	slog    *slog.Logger
	key     string // sent with every request; empty: none

	described *described // what answers are judged by
}

// newStack serves on an in-memory Redis; change may alter the configuration.
func newStack(t testing.TB, change func(*Config)) *stack {
	t.Helper()
	m := miniredis.RunT(t)
	db := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { db.Close() })
	s := newStackServing(t, listen(t), db, change)
	s.mini = m
	return s
}

// listen takes a free port of this machine.
func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newStackServing(t testing.TB, l net.Listener, db redis.UniversalClient, change func(*Config)) *stack {
	t.Helper()
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, archive: store, db: db, log: &logBook{}}
	s.slog = slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	provider, err := certyneo.New(rest.Settings{BaseURL: "http://127.0.0.1:1/api/v1", APIKey: "provider-key", WebhookSecret: "hook-secret", Pacer: pace.Unlimited{}})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Providers: []providers.Provider{provider}, Log: s.slog, Limits: Limits{Rate: 10_000, Burst: 10_000}}
	c.Client = jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: store, Providers: c.Providers, Log: s.slog})
	if change != nil {
		change(&c)
	}
	s.client = c.Client
	if s.server, err = New(c); err != nil {
		t.Fatal(err)
	}
	if s.described, err = newDescribed(s.server); err != nil {
		t.Fatal(err)
	}
	s.serve(l)
	return s
}

func (s *stack) serve(l net.Listener) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.server.Run(ctx, l) }()
	s.url = "http://" + l.Addr().String()
	s.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	})
}

// reply is an answer that was read to its end.
type reply struct {
	*http.Response
	body []byte
}

func (s *stack) do(method, path, contentType string, body io.Reader) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return s.send(req)
}

func (s *stack) send(req *http.Request) reply {
	s.t.Helper()
	if s.key != "" && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+s.key)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.judge(res, b)
	return reply{res, b}
}

// judge holds an answer, and a request that was taken, against the document.
func (s *stack) judge(res *http.Response, got []byte) {
	s.t.Helper()
	var sent []byte
	if body := res.Request.GetBody; body != nil && res.Request.ContentLength < 1<<20 {
		in, err := body()
		if err == nil {
			sent, err = io.ReadAll(in)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	for _, wrong := range s.described.answer(res, sent, got) {
		s.t.Errorf("%s %s: %d %.300s: not as described: %s", res.Request.Method, res.Request.URL.Path, res.StatusCode, got, wrong)
	}
}

func (s *stack) get(path string) reply {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", nil)
}

func (s *stack) postJSON(path string, v any) reply {
	s.t.Helper()
	if text, ok := v.(string); ok {
		return s.do(http.MethodPost, path, "application/json", strings.NewReader(text))
	}
	b, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(http.MethodPost, path, "application/json", bytes.NewReader(b))
}

// file is a part of a form. Without a file name it is a field.
type file struct{ field, name, content string }

func formBody(t testing.TB, parts ...file) (contentType string, body io.Reader) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := fmt.Sprintf("form-data; name=%q", p.field)
		if p.name != "" {
			disposition += fmt.Sprintf("; filename=%q", p.name)
		}
		h.Set("Content-Disposition", disposition)
		part, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, p.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), &b
}

func (s *stack) postForm(path string, parts ...file) reply {
	s.t.Helper()
	contentType, body := formBody(s.t, parts...)
	return s.do(http.MethodPost, path, contentType, body)
}

// want checks the status and decodes the answer.
func (r reply) want(t testing.TB, status int, v any) reply {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s: %d %s, want %d", r.Request.Method, r.Request.URL.Path, r.StatusCode, r.body, status)
	}
	if v != nil {
		if err := json.Unmarshal(r.body, v); err != nil {
			t.Fatalf("%s: %v", r.body, err)
		}
	}
	return r
}

// problem checks that the answer is a problem document of the status.
func (r reply) problem(t testing.TB, status int) Problem {
	t.Helper()
	var p Problem
	r.want(t, status, &p)
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: %d as %s", r.Request.Method, r.Request.URL.Path, status, got)
	}
	if p.Status != status || p.Title == "" || p.Type != "about:blank" {
		t.Errorf("%s %s: %s", r.Request.Method, r.Request.URL.Path, r.body)
	}
	if r.Header.Get("X-Request-Id") == "" {
		t.Error("a problem without a request id")
	}
	return p
}

// total is how many envelopes a campaign has; 0 when there is none.
func (s *stack) total(campaign string) int64 {
	s.t.Helper()
	c, err := s.client.Ledger().Campaign(s.t.Context(), campaign)
	if err != nil {
		return 0
	}
	return c.Total
}

const csvHead = "id,provider,subject,document,signer1.name,signer1.email,signer1.document\n"

func csvRow(id, document string) string {
	return fmt.Sprintf("%s,certyneo,Contract %s,%s,Ana Souza,ana.%s@example.com,52998224725\n", id, id, document, id)
}

// envelopeJSON is a valid envelope with its document inline.
func envelopeJSON(id, content string) map[string]any {
	return map[string]any{
		"id": id, "provider": "certyneo", "subject": "Contract " + id,
		"documents": []any{map[string]any{"name": "contract.pdf", "content": []byte(content)}},
		"signers":   []any{map[string]any{"name": "Ana Souza", "email": "ana@example.com", "document": "529.982.247-25"}},
		"meta":      map[string]string{"order": "42"},
	}
}

// startRedis runs a real server.
func startRedis(t *testing.T) redis.UniversalClient {
	t.Helper()
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Start(t, "--maxmemory-policy", "noeviction")})
	t.Cleanup(func() { db.Close() })
	return db
}

// require finds a program; without it a test is skipped, or fails where
// CHANCELA_TEST_REQUIRE has the word.
func require(t *testing.T, word string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), word) {
		t.Fatalf("%s is required and not installed", names[0])
	}
	t.Skipf("%s is not installed", names[0])
	return ""
}

// eventually waits for something that happens elsewhere.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to pass that %s", what)
		}
	}
}

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

func readerOf(b []byte) io.Reader { return bytes.NewReader(b) }

// request is a JSON request to change before it is sent.
func (s *stack) request(method, path, body string) *http.Request {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

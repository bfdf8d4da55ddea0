package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// serve starts a server and a client for it.
func serve(t *testing.T, cfg Config, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg.Provider, cfg.Base = "test", server.URL+"/api"
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// commit is a Before that succeeds.
func commit(context.Context) error { return nil }

func providerError(t *testing.T, err error) *providers.Error {
	t.Helper()
	e, ok := errors.AsType[*providers.Error](err)
	if !ok {
		t.Fatalf("got %v, want a *providers.Error", err)
	}
	return e
}

// turns is a Pacer that remembers.
type turns struct {
	err    error
	taken  []pace.Class
	paused time.Time
}

func (p *turns) Turn(_ context.Context, c pace.Class) (*pace.Turn, error) {
	p.taken = append(p.taken, c)
	return nil, p.err
}
func (p *turns) Pause(ctx context.Context, until time.Time) error {
	p.paused = until
	return ctx.Err()
}

func TestRequest(t *testing.T) {
	var order []string
	pacer := &turns{}
	var seen Observation
	c := serve(t, Config{
		Pacer: pacer,
		Authorize: func(_ context.Context, r *http.Request) error {
			order = append(order, fmt.Sprint("authorize ", len(pacer.taken)))
			r.Header.Set("Authorization", "Bearer secret")
			return nil
		},
		Observe: func(o Observation) { seen = o },
	}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		order = append(order, fmt.Sprintf("%s %s %s %s %s %d %v", r.Method, r.URL, r.Header.Get("Content-Type"),
			r.Header.Get("Authorization"), body, r.ContentLength, r.TransferEncoding))
		if !strings.HasPrefix(r.UserAgent(), "chancela/") {
			t.Errorf("user agent %q", r.UserAgent())
		}
		io.WriteString(w, `{"id":"x"}`)
	})
	var out struct{ ID string }
	request := Request{
		Class: pace.Look, Method: "POST", Path: "/things/a%2Fb", Route: "/things/{id}", Query: url.Values{"q": {"b c"}},
		Body: JSONBody(map[string]string{"a": "<é>"}),
		Before: func(context.Context) error {
			order = append(order, fmt.Sprint("before ", len(pacer.taken)))
			return nil
		},
	}
	if err := c.JSON(t.Context(), request, &out); err != nil || out.ID != "x" {
		t.Fatal(out, err)
	}
	if err := c.JSON(t.Context(), Request{Class: pace.Look, Method: "GET", Path: "/things"}, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"authorize 0", "before 1", "POST /api/things/a%2Fb?q=b+c application/json Bearer secret {\"a\":\"<é>\"} 12 []",
		"authorize 1", "GET /api/things  Bearer secret  0 []",
	}
	if fmt.Sprint(order) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", order, want)
	}
	if seen.Provider != "test" || seen.Op != "GET /things" || seen.Class != pace.Look || seen.Status != 200 {
		t.Errorf("observed %+v", seen)
	}
}

func TestPathsStayBelowBase(t *testing.T) {
	c := serve(t, Config{}, func(http.ResponseWriter, *http.Request) { t.Error("was asked") })
	for _, path := range []string{"x", "/../x", "/a/../../x", "/a/.", "/a?b=c", "/a#b", "//\x7f"} {
		_, err := c.Do(t.Context(), Request{Method: "GET", Path: path})
		if e := providerError(t, err); e.Kind != providers.Invalid {
			t.Errorf("%q: %v", path, e)
		}
	}
}

func TestKinds(t *testing.T) {
	const (
		transient, limited, ambiguous = providers.Transient, providers.RateLimited, providers.Ambiguous
		invalid, denied, gone         = providers.Invalid, providers.Denied, providers.NotFound
	)
	for _, tc := range []struct {
		status                    int
		ordinary, inviting, given providers.ErrorKind
	}{
		{300, transient, ambiguous, transient},
		{301, transient, ambiguous, transient},
		{302, transient, ambiguous, transient},
		{304, transient, ambiguous, transient},
		{307, transient, ambiguous, transient},
		{400, invalid, invalid, gone},
		{401, denied, denied, gone},
		{402, invalid, invalid, gone},
		{403, denied, denied, gone},
		{404, gone, gone, gone},
		{405, invalid, invalid, gone},
		{406, invalid, invalid, gone},
		{408, transient, ambiguous, transient},
		{409, invalid, invalid, gone},
		{410, gone, gone, gone},
		{413, invalid, invalid, gone},
		{415, invalid, invalid, gone},
		{422, invalid, invalid, gone},
		{425, transient, transient, transient},
		{429, limited, limited, limited},
		{451, invalid, invalid, gone},
		{500, transient, ambiguous, transient},
		{502, transient, ambiguous, transient},
		{503, transient, ambiguous, transient},
		{504, transient, ambiguous, transient},
		{599, transient, ambiguous, transient},
		{600, transient, ambiguous, transient},
	} {
		var sent atomic.Int32
		c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			sent.Add(1)
			w.WriteHeader(tc.status)
			io.WriteString(w, "Maria Silva")
		})
		check := func(err error, want providers.ErrorKind) {
			t.Helper()
			e := providerError(t, err)
			if e.Kind != want || e.Status != tc.status || sent.Swap(0) != 1 {
				t.Errorf("%d: %v, want %s", tc.status, e, want)
			}
			if strings.Contains(err.Error(), "Silva") {
				t.Errorf("%d: the error quotes the answer", tc.status)
			}
		}
		_, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x"})
		check(err, tc.ordinary)
		_, err = c.Do(t.Context(), Request{Method: "POST", Path: "/x", Before: commit})
		check(err, tc.inviting)
		_, err = c.Fetch(t.Context(), c.cfg.Base+"/file?signature=s")
		check(err, tc.given)
		if e := providerError(t, err); (e.Code == providers.CodeAddressExpired) != (tc.given == gone) || strings.Contains(err.Error(), "signature") {
			t.Errorf("%d: %v", tc.status, e)
		}
	}
}

func TestExplain(t *testing.T) {
	c := serve(t, Config{Explain: func(status int, _ http.Header, body []byte) (string, providers.ErrorKind) {
		return fmt.Sprintf("E%d_%d", status, len(body)), providers.Unsupported
	}}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(map[string]int{"/api/a": 402, "/api/b": 500}[r.URL.Path])
		io.Copy(w, repeated("", strings.Repeat("x", 1000), 1000, ""))
	})
	for _, tc := range []struct {
		request Request
		code    string
		kind    providers.ErrorKind
	}{
		{Request{Method: "GET", Path: "/a"}, "E402_65536", providers.Unsupported},
		{Request{Method: "GET", Path: "/b"}, "E500_65536", providers.Unsupported},
		{Request{Method: "POST", Path: "/a", Before: commit}, "E402_65536", providers.Unsupported},
		{Request{Method: "POST", Path: "/b", Before: commit}, "E500_65536", providers.Ambiguous}, // not for a code to deny
	} {
		_, err := c.Do(t.Context(), tc.request)
		if e := providerError(t, err); e.Code != tc.code || e.Kind != tc.kind {
			t.Errorf("%+v: %v", tc.request, e)
		}
	}
}

func TestRetryAfterPauses(t *testing.T) {
	now := time.Now()
	for _, tc := range []struct {
		status   int
		header   string
		until    time.Duration // of the error; 0: none
		paused   bool
		inviting bool
	}{
		{429, "7", 7 * time.Second, true, false},
		{429, "7", 7 * time.Second, true, true},
		{429, "", retryAfterMissing, false, false},
		{429, "soon", retryAfterMissing, false, false},
		{429, now.Add(90 * time.Second).UTC().Format(http.TimeFormat), 90 * time.Second, true, false},
		{503, "7", 7 * time.Second, true, false},
		{503, "7", 7 * time.Second, true, true},
		{503, "", 0, false, false},
		{500, "7", 7 * time.Second, false, false},
		{404, "7", 0, false, false},
	} {
		pacer := &turns{}
		c := serve(t, Config{Pacer: pacer}, func(w http.ResponseWriter, r *http.Request) {
			if tc.header != "" {
				w.Header().Set("Retry-After", tc.header)
			}
			w.WriteHeader(tc.status)
		})
		request := Request{Method: "POST", Path: "/x"}
		if tc.inviting {
			request.Before = commit
		}
		_, err := c.Do(t.Context(), request)
		e := providerError(t, err)
		near := func(got time.Time) bool { return got.Sub(now.Add(tc.until)).Abs() < 3*time.Second }
		if e.Until.IsZero() != (tc.until == 0) || tc.until > 0 && !near(e.Until) {
			t.Errorf("%+v: until %s, now %s", tc, e.Until, now)
		}
		// A 429 pauses everybody, whether it says for how long or not.
		paused := tc.paused || tc.status == 429
		if pacer.paused.IsZero() == paused || paused && !near(pacer.paused) {
			t.Errorf("%+v: paused until %s", tc, pacer.paused)
		}
	}
}

func TestPauseOutlivesTheRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	pauser := pausing{make(chan error, 1)}
	c := serve(t, Config{Pacer: pauser, Explain: nil}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(429)
		cancel()
	})
	// Whether the answer or the cancellation is seen first is open; a pause that is made
	// is made with a live context.
	_, err := c.Do(ctx, Request{Method: "GET", Path: "/x"})
	if err == nil {
		t.Fatal("no error")
	}
	select {
	case err := <-pauser.got:
		if err != nil {
			t.Errorf("the pause's context: %v", err)
		}
	default:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("no pause, and %v", err)
		}
	}
}

type pausing struct{ got chan error }

func (pausing) Turn(context.Context, pace.Class) (*pace.Turn, error) { return nil, nil }
func (p pausing) Pause(ctx context.Context, until time.Time) error   { p.got <- ctx.Err(); return nil }

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"0": 0, "1": time.Second, " 30 ": 30 * time.Second, "86400": retryAfterMost, "86401": retryAfterMost,
		"99999999999999999999999999": retryAfterMost, "Wed, 04 Mar 2026 05:07:07 GMT": time.Minute,
		"Wednesday, 04-Mar-26 05:07:07 GMT": time.Minute, "Wed Mar  4 05:07:07 2026": time.Minute,
		"Wed, 04 Mar 2020 05:07:07 GMT": 0, "Wed, 04 Mar 2099 05:07:07 GMT": retryAfterMost,
	} {
		if got, ok := RetryAfter(http.Header{"Retry-After": {in}}, now); !ok || got.Sub(now) != want {
			t.Errorf("%q: %s, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "-1", "1.5", "soon", "1 s", "٣"} {
		if got, ok := RetryAfter(http.Header{"Retry-After": {in}}, now); ok {
			t.Errorf("%q: %s", in, got)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "-3", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "9223372036854775807"} {
		f.Add(s)
	}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	f.Fuzz(func(t *testing.T, in string) {
		got, ok := RetryAfter(http.Header{"Retry-After": {in}}, now)
		if ok && (got.Before(now) || got.After(now.Add(retryAfterMost))) || !ok && !got.IsZero() {
			t.Errorf("%q: %s", in, got)
		}
	})
}

func TestTurnRefused(t *testing.T) {
	until := time.Now().Add(time.Hour)
	for _, tc := range []struct {
		err  error
		kind providers.ErrorKind
	}{
		{&pace.LaterError{Until: until}, providers.RateLimited},
		{errors.New("redis is away"), providers.Transient},
	} {
		c := serve(t, Config{Pacer: &turns{err: tc.err}}, func(http.ResponseWriter, *http.Request) { t.Error("was asked") })
		_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Before: func(context.Context) error {
			t.Error("Before ran without a turn")
			return nil
		}})
		e := providerError(t, err)
		if e.Kind != tc.kind || !errors.Is(err, tc.err) || tc.kind == providers.RateLimited && !e.Until.Equal(until) {
			t.Errorf("%v: %v", tc.err, err)
		}
	}
}

func TestContextEnds(t *testing.T) {
	for _, inviting := range []bool{false, true} {
		request := Request{Method: "POST", Path: "/x"}
		left := providers.Transient
		if inviting {
			request.Before, left = commit, providers.Ambiguous
		}
		ctx, cancel := context.WithCancel(t.Context())
		c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		_, err := c.Do(ctx, request)
		if e := providerError(t, err); e.Kind != left || !errors.Is(err, context.Canceled) {
			t.Errorf("during: %v", err)
		}
		_, err = c.Do(ctx, request)
		if e := providerError(t, err); e.Kind != providers.Interrupted || !errors.Is(err, context.Canceled) {
			t.Errorf("before: %v", err)
		}
		// While waiting for the turn.
		ctx, cancel = context.WithCancel(t.Context())
		c.cfg.Pacer = waiting{cancel}
		_, err = c.Do(ctx, request)
		if e := providerError(t, err); e.Kind != providers.Interrupted || !errors.Is(err, context.Canceled) {
			t.Errorf("waiting: %v", err)
		}
	}
}

// waiting is a Pacer whose turn never comes: the context ends meanwhile.
type waiting struct{ cancel func() }

func (p waiting) Turn(ctx context.Context, _ pace.Class) (*pace.Turn, error) {
	p.cancel()
	<-ctx.Done()
	return nil, ctx.Err()
}
func (waiting) Pause(context.Context, time.Time) error { return nil }

func TestBadAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		raw, code string
	}{
		"not JSON":      {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nMaria Silva", CodeBadAnswer},
		"wrong type":    {"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"id\":\"Silva\"}", CodeBadAnswer},
		"huge number":   {"HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n{\"id\":99999999999999999999999999999}", CodeBadAnswer},
		"empty":         {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", CodeBadAnswer},
		"cut":           {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"id\":", ""},
		"cut in chunks": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n", ""},
		"not HTTP":      {"Maria Silva\r\n\r\n", ""},
		"bad header":    {"HTTP/1.1 200 OK\r\nMaria Silva\r\n\r\n", ""},
		"large header":  {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("Silva", 100_000) + "\r\n\r\n", ""},
		"nothing":       {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := serveRaw(t, tc.raw)
			for _, inviting := range []bool{false, true} {
				request, kind := Request{Method: "POST", Path: "/x"}, providers.Transient
				if inviting {
					request.Before, kind = commit, providers.Ambiguous
				}
				var out struct{ ID int }
				err := c.JSON(t.Context(), request, &out)
				if e := providerError(t, err); e.Kind != kind || e.Code != tc.code {
					t.Errorf("%v, want %s %s", err, kind, tc.code)
				}
				if strings.Contains(err.Error(), "Silva") || strings.Contains(err.Error(), "9999") {
					t.Errorf("the error quotes the answer: %v", err)
				}
			}
		})
	}
}

// serveRaw answers every request with the same bytes and hangs up.
func serveRaw(t *testing.T, raw string) *Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 64<<10)
			conn.Read(b)
			io.WriteString(conn, raw)
			conn.(*net.TCPConn).CloseWrite()
			conn.Read(b)
			conn.Close()
		}
	}()
	c, err := New(Config{Provider: "test", Base: "http://" + listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGigabyteOfJSON(t *testing.T) {
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, repeated(`{"a":"`, strings.Repeat("x", 1<<20), 1<<10, `"}`))
	})
	var out any
	var err error
	if n := allocates(func() { err = c.JSON(t.Context(), Request{Method: "GET", Path: "/x"}, &out) }); n > 40<<20 {
		t.Errorf("allocated %d bytes", n)
	}
	if e := providerError(t, err); e.Code != CodeTooLarge {
		t.Error(e)
	}
	if err := c.JSON(t.Context(), Request{Method: "GET", Path: "/x"}, nil); err != nil {
		t.Errorf("an answer that nobody wants: %v", err)
	}
}

// A kept-alive connection that turns out to be dead does not make net/http send a
// request again.
func TestNothingIsSentTwice(t *testing.T) {
	for _, request := range []Request{
		{Method: "GET", Path: "/x"},
		{Method: "POST", Path: "/x", Body: JSONBody(1)},
		{Method: "POST", Path: "/x", Body: JSONBody(1), Before: commit},
		{Method: "GET", Path: "/x", Before: commit},
		{Method: "PATCH", Path: "/x", Header: http.Header{"Idempotency-Key": {"k"}}, Before: commit},
	} {
		var sent atomic.Int32
		c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			if sent.Add(1) == 2 {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				conn.Close() // after the effect, without an answer
			}
		})
		if err := c.JSON(t.Context(), request, nil); err != nil {
			t.Fatal(err)
		}
		err := c.JSON(t.Context(), request, nil)
		if err == nil || sent.Load() != 2 {
			t.Errorf("%s: sent %d times for two calls, %v", request.Method, sent.Load(), err)
		}
	}
}

func TestNew(t *testing.T) {
	for _, base := range []string{"", "ftp://x", "https://", "https://u:p@x/", "https://x/?a=b", "https://x/#f", "://", "api.example"} {
		if _, err := New(Config{Provider: "test", Base: base}); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}

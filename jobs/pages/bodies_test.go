package pages

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/storage/ledger"
)

// bodied are the routes that take a body, with what it should be: those of the API by its own
// description, and all that a page's form goes to.
func (s *site) bodied(program caller) map[string]string {
	s.t.Helper()
	_, text := program.ask(s.t, http.MethodGet, "/openapi.json")
	var described struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]json.RawMessage `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(text), &described); err != nil {
		s.t.Fatal(err)
	}
	all := map[string]string{}
	for _, pattern := range s.server().Routes() {
		method, path, _ := strings.Cut(pattern, " ")
		if method == "" || path == "" || method == http.MethodGet {
			continue
		}
		takes := slices.Collect(maps.Keys(described.Paths[path][strings.ToLower(method)].RequestBody.Content))
		switch {
		case len(takes) > 0:
			all[pattern] = takes[0]
		case strings.HasPrefix(path, "/webhooks/"):
			all[pattern] = "application/json"
		case !strings.HasPrefix(path, "/v1/"):
			all[pattern] = "application/x-www-form-urlencoded"
		}
	}
	if len(all) < 20 {
		s.t.Errorf("%d routes take a body: the walk sees nothing", len(all))
	}
	return all
}

// walked is a site with one envelope that waits, and one who may do everything, as a program and
// with a browser.
func walked(t *testing.T) (s *site, program, browser caller, form string) {
	t.Helper()
	s = newSite(t, api.Key{Name: "all", Secret: "key-of-all"})
	s.enqueue("june", jobs.Envelope{ID: "1", Subject: "Lease", Signers: person1("Ana", "ana@example.com")}, ledger.Queued)
	callers := s.callers("key-of-all")
	return s, callers[0], callers[1], callers[1].browser.token("/campaigns/june")
}

// TestGarbageIsRefused: whatever a body is made of, each route answers that it is wrong, and
// nothing has changed.
func TestGarbageIsRefused(t *testing.T) {
	s, program, browser, form := walked(t)
	noise := make([]byte, 1<<20)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(noise)
	nested := strings.Repeat(`{"a":[`, 170_000)
	garbage := []struct{ what, contentType, body string }{
		{"noise", "", string(noise)},
		{"noise of no type", "application/octet-stream", string(noise[:1000])},
		{"nested JSON", "", nested},
		{"nested JSON", "application/json", nested},
		{"a number", "application/json", `7`},
		{"null", "application/json", `null`},
		{"a list", "application/json", `[[],{}]`},
		{"wrong types", "application/json", `{"id":{},"signers":7,"reason":[1],"envelopes":"x","ids":{"a":1},"first":"x"}`},
		{"not UTF-8", "application/json", "{\"reason\":\"\xff\xfe\"}"},
		{"a form without an end", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nid\n"},
		{"a form without parts", "multipart/form-data; boundary=b", string(noise[:1000])},
		{"a form without a boundary", "multipart/form-data", "--b--"},
		{"a form of a million fields", "application/x-www-form-urlencoded", strings.Repeat("a&", 1<<19)},
		{"a form with wrong escapes", "application/x-www-form-urlencoded", "form=%zz&%"},
	}
	counted := func() string { return unheard.ReplaceAllString(s.state(), "") }
	before := counted()
	for pattern, takes := range s.bodied(program) {
		method, path := addressOf(pattern)
		who := program
		if !strings.HasPrefix(path, "/v1/") {
			who = browser
		}
		if path == "/send" || path == "/send/x" { // the token of a form with files
			path += "?form=" + form
		}
		for _, g := range garbage {
			contentType := g.contentType
			if contentType == "" {
				contentType = takes
			}
			if status, text := who.send(t, method, path, contentType, g.body); status < 400 || status >= 500 {
				t.Errorf("%s answers %d to %s as %s: %.300s", pattern, status, g.what, contentType, text)
			}
			if after := counted(); after != before {
				t.Errorf("%s to %s has changed something:\n%s\nwas\n%s", g.what, pattern, after, before)
				before = after
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, "panic") {
		t.Errorf("something panicked: %s", log)
	}
}

// TestStalledBodiesEnd: a body that does not come is given up by each route with 408, and nothing has
// changed.
func TestStalledBodiesEnd(t *testing.T) {
	s, program, browser, form := walked(t)
	hasty := s.serve(func(l net.Listener) net.Listener { return hastyListener{l} })
	at, err := url.Parse(hasty)
	if err != nil {
		t.Fatal(err)
	}
	before := unheard.ReplaceAllString(s.state(), "")
	t.Run("routes", func(t *testing.T) {
		for pattern, takes := range s.bodied(program) {
			t.Run(pattern, func(t *testing.T) {
				t.Parallel()
				method, path := addressOf(pattern)
				body := `{`
				switch {
				case strings.HasPrefix(takes, "multipart/"):
					takes, body = "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nid\n"
				case takes == "application/x-www-form-urlencoded":
					body = "form=" + form
				}
				req, err := http.NewRequestWithContext(t.Context(), method, hasty+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", takes)
				if strings.HasPrefix(path, "/v1/") {
					req.Header.Set("Authorization", "Bearer "+program.key)
				} else {
					req.Header.Set("Accept", "text/html")
					for _, c := range browser.browser.http.Jar.Cookies(at) { // of any port
						req.AddCookie(c)
					}
				}
				if status := stall(t, at.Host, req, body); status != http.StatusRequestTimeout {
					t.Errorf("%d", status)
				}
			})
		}
	})
	if after := unheard.ReplaceAllString(s.state(), ""); after != before {
		t.Errorf("something has changed:\n%s\nwas\n%s", after, before)
	}
}

// stall sends a request with the beginning of its body, and returns the answer's status.
func stall(t *testing.T, host string, req *http.Request, body string) int {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute)) // of a server that never answers
	var head bytes.Buffer
	head.WriteString(req.Method + " " + req.URL.RequestURI() + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 1000\r\n")
	if err := req.Header.Write(&head); err != nil {
		t.Fatal(err)
	}
	head.WriteString("\r\n" + body)
	if _, err := conn.Write(head.Bytes()); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// hastyListener is of connections that give up a stalled body at once.
type hastyListener struct{ net.Listener }

func (l hastyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &hastyConn{Conn: c}, err
}

// hastyConn lets a request's head come in its time, however busy the machine is. Whatever deadline
// is set from then on has passed.
type hastyConn struct {
	net.Conn
	head []byte
	body atomic.Bool
}

func (c *hastyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.body.Load() {
		c.head = append(c.head, p[:n]...)
		c.body.Store(bytes.Contains(c.head, []byte("\r\n\r\n")))
	}
	return n, err
}

func (c *hastyConn) SetReadDeadline(end time.Time) error {
	if c.body.Load() && !end.IsZero() {
		end = time.Now()
	}
	return c.Conn.SetReadDeadline(end)
}

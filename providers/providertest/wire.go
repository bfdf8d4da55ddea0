package providertest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// wire stands between a provider and its simulator. It notes every request, and lets a
// test meddle with any of them. Download addresses lead to a second server, so that
// what is sent to storage can be told from what is sent to the API.
type wire struct {
	simulator http.Handler
	origin    string // the simulator's own address, which its answers name
	api       *httptest.Server
	store     *httptest.Server
	received  atomic.Int64 // bytes that have come in from the provider
	secrets   []string     // members of answers that are credentials
	identity  string       // a request that does not count

	mu        sync.Mutex
	requests  []exchange
	harvested []string // credentials that answers have held
	meddle    meddler
	count     int // requests since meddle was set
}

// exchange is a request as it came in.
type exchange struct {
	call   string // method and path, with the query
	store  bool
	header http.Header
}

// meddler may answer a request in the simulator's place, and then says true. n counts
// from 0 since it was set. pass lets the request have its effect and gives the answer.
type meddler func(n int, w http.ResponseWriter, r *http.Request, pass func() *answer) bool

// answer is what the simulator has answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func newWire(t *testing.T, simulator http.Handler, origin string, secrets []string) *wire {
	w := &wire{simulator: simulator, origin: origin, secrets: secrets}
	serve := func(store bool) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.serve(rw, r, store) }))
		s.Listener = counted{s.Listener, &w.received}
		s.Start()
		t.Cleanup(func() {
			s.CloseClientConnections()
			s.Close()
		})
		return s
	}
	w.api, w.store = serve(false), serve(true)
	return w
}

func (w *wire) serve(rw http.ResponseWriter, r *http.Request, store bool) {
	w.mu.Lock()
	if x := r.Method + " " + r.URL.RequestURI(); x != w.identity {
		w.requests = append(w.requests, exchange{x, store, r.Header.Clone()})
	}
	meddle, n := w.meddle, w.count
	w.count++
	w.mu.Unlock()
	pass := func() *answer { return w.pass(r) }
	if meddle == nil || !meddle(n, rw, r, pass) {
		pass().write(rw)
	}
}

// pass hands the request to the simulator.
func (w *wire) pass(r *http.Request) *answer {
	rec := httptest.NewRecorder()
	w.simulator.ServeHTTP(rec, r)
	a := &answer{rec.Code, rec.Header().Clone(), rec.Body.Bytes()}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		a.body = bytes.ReplaceAll(a.body, []byte(w.origin), []byte(w.store.URL))
		a.header.Del("Content-Length")
		var v any
		if json.Unmarshal(a.body, &v) == nil {
			w.harvest(v)
		}
	}
	return a
}

// mostHarvested is how many credentials of one world are looked for at the end.
const mostHarvested = 200

// harvest collects the credentials of an answer.
func (w *wire) harvest(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if text, ok := member.(string); ok && len(text) > 4 && slices.Contains(w.secrets, name) {
				w.mu.Lock()
				if len(w.harvested) < mostHarvested && !slices.Contains(w.harvested, text) {
					w.harvested = append(w.harvested, text)
				}
				w.mu.Unlock()
			}
			w.harvest(member)
		}
	case []any:
		for _, element := range v {
			w.harvest(element)
		}
	}
}

func (a *answer) write(rw http.ResponseWriter) {
	maps.Copy(rw.Header(), a.header)
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body)
}

// with meddles from the next request on; nil ends it.
func (w *wire) with(m meddler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.meddle, w.count = m, 0
}

// at meddles with the n-th request from now on only, counted from 0.
func (w *wire) at(n int, m meddler) {
	w.with(func(i int, rw http.ResponseWriter, r *http.Request, pass func() *answer) bool {
		return i == n && m(i, rw, r, pass)
	})
}

// seen is how many requests have come in.
func (w *wire) seen() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.requests)
}

// since are the requests after the first n.
func (w *wire) since(n int) []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests[n:])
}

func (w *wire) credentials() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.harvested)
}

// counted counts the bytes that its connections read.
type counted struct {
	net.Listener
	n *atomic.Int64
}

func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{c, l.n}, nil
}

type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Meddlers.

// say answers without an effect.
func say(status int, header map[string]string, body string) meddler {
	return func(_ int, rw http.ResponseWriter, _ *http.Request, _ func() *answer) bool {
		rw.Header().Set("Content-Type", "application/json")
		for name, value := range header {
			rw.Header().Set(name, value)
		}
		rw.WriteHeader(status)
		if status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified {
			_, _ = rw.Write([]byte(body))
		}
		return true
	}
}

// but lets the request have its effect first.
func but(m meddler) meddler {
	return func(n int, rw http.ResponseWriter, r *http.Request, pass func() *answer) bool {
		_ = pass()
		return m(n, rw, r, pass)
	}
}

// drop closes the connection.
func drop(int, http.ResponseWriter, *http.Request, func() *answer) bool {
	panic(http.ErrAbortHandler)
}

// cut lets the request have its effect and breaks off in the middle of the answer.
func cut(_ int, rw http.ResponseWriter, _ *http.Request, pass func() *answer) bool {
	a := pass()
	maps.Copy(rw.Header(), a.header)
	rw.Header().Set("Content-Length", itoa(max(len(a.body), 2)))
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(rw).Flush()
	panic(http.ErrAbortHandler)
}

package providertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// hostileBodies are answers with status 200 without anything that was asked for. The
// endless ones go on until the other side has had enough, or for a gigabyte.
var hostileBodies = map[string]func(io.Writer){
	"empty":          text(""),
	"null":           text("null"),
	"empty object":   text("{}"),
	"another object": text(`{"name":"Ana Prova da Silva","weather":{"kind":"rain"}}`),
	"array":          text("[]"),
	"text":           text(`"Ana Prova da Silva"`),
	"number":         text("42"),
	"page":           text("<!doctype html><title>Manutencao</title>Ana Prova da Silva"),
	"cut":            text(`{"data":{"id":"x","status":"completed"`),
	"two values":     text(`{"id":"a"}{"id":"b"}`),
	"wrong types":    text(`{"id":{"a":1},"data":"x","result":[1],"error":"no","status":{},"identifier":[],"signers":7,"proofs":{}}`),
	"wrong within":   text(`{"data":{"id":[],"status":9,"attributes":[],"subjects":"x","current_document":"y"},"error":false,"result":{"identifier":{},"participants":1}}`),
	"null within":    text(`{"id":null,"data":null,"error":null,"result":null,"status":null,"uploadUrl":null}`),
	"no Unicode":     text("{\"id\":\"\xff\xfe\x00\"}"),
	"byte order":     text("\xef\xbb\xbf{\"id\":\"x\"}"),
	"negative":       text(`{"id":-1,"data":{"id":-1},"result":{"identifier":""},"error":false}`),
	"deep arrays":    func(w io.Writer) { repeat(w, "[", 1_000_000) },
	"deep objects":   func(w io.Writer) { repeat(w, `{"data":`, 1_000_000) },
	"long number": func(w io.Writer) {
		_, _ = io.WriteString(w, `{"id":1`)
		repeat(w, "0", gigabyte)
	},
	"long text": func(w io.Writer) {
		_, _ = io.WriteString(w, `{"data":{"id":"`)
		repeat(w, "a", gigabyte)
	},
	"long name": func(w io.Writer) {
		_, _ = io.WriteString(w, `{"`)
		repeat(w, "a", gigabyte)
	},
	"long list of a list": func(w io.Writer) {
		_, _ = io.WriteString(w, `{"data":[`)
		repeat(w, `{"x":"`+strings.Repeat("a", 64<<10)+`"},`, gigabyte>>16)
	},
	"blanks": func(w io.Writer) { repeat(w, " ", gigabyte) },
}

const gigabyte = 1 << 30

func text(s string) func(io.Writer) {
	return func(w io.Writer) { _, _ = io.WriteString(w, s) }
}

func repeat(w io.Writer, s string, n int) {
	chunk := []byte(strings.Repeat(s, max(1, min(n, 64<<10/len(s)))))
	for sent := 0; sent < n*len(s); sent += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// Bounds for one hostile answer: of its bytes that are taken, and of the heap.
const (
	mostTaken = 160 << 20
	mostHeap  = 128 << 20
)

// testHostile gives every hostile body in answer to every request. It must come to an
// error that may be tried again, soon and in little memory; on the inviting call to an
// ambiguous one.
func testHostile(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	names := slices.Sorted(maps.Keys(hostileBodies))
	met := make(map[string]bool) // operations that have had the large ones
	eachRequest(t, w, func(t *testing.T, tr *trial, n int) {
		for _, name := range names {
			what := fmt.Sprintf("%s, %s, %s", tr.call.name, tr.ops[n], name)
			download := strings.HasPrefix(tr.call.name, "Open")
			large := strings.HasPrefix(name, "long") || strings.HasPrefix(name, "deep") || name == "blanks"
			if large && (download || met[tr.ops[n]] || Raced && name != "long text") {
				continue // a large file is for the room stream
			}
			do := tr.next()
			var taken atomic.Int64
			w.wire.at(n, func(_ int, rw http.ResponseWriter, _ *http.Request, pass func() *answer) bool {
				_ = pass()
				rw.Header().Set("Content-Type", "application/json")
				hostileBodies[name](counting{rw, &taken})
				return true
			})
			begun := time.Now()
			err := do(t.Context())
			if took := time.Since(begun); took > prompt {
				t.Errorf("%s: takes %s", what, took)
			}
			w.wire.with(nil)
			if got := taken.Load(); got > mostTaken {
				t.Errorf("%s: %d bytes are taken", what, got)
			}
			checkHostile(t, what, err, tr.inviting(n), s.Tolerates(tr.call.name, tr.ops[n], name))
		}
		met[tr.ops[n]] = true
		var m runtime.MemStats
		if runtime.ReadMemStats(&m); m.HeapSys-m.HeapReleased > mostHeap*4 {
			t.Errorf("%s, %s: the heap has grown to %d bytes", tr.call.name, tr.ops[n], m.HeapSys)
		}
	})
}

func checkHostile(t *testing.T, what string, err error, inviting, tolerated bool) {
	t.Helper()
	if err == nil {
		if !tolerated {
			t.Errorf("%s: no error", what)
		}
		return
	}
	e, ok := errors.AsType[*providers.Error](err)
	switch {
	case !ok:
		t.Errorf("%s: %v is no *providers.Error", what, err)
	case inviting && e.Kind != providers.Ambiguous:
		t.Errorf("%s: kind %s, want ambiguous: %v", what, e.Kind, err)
	case !inviting && e.Kind != providers.Transient:
		t.Errorf("%s: kind %s, want transient: %v", what, e.Kind, err)
	}
}

type counting struct {
	io.Writer
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// testMutants takes the true answer to every request, and gives it with one of its
// values after the other turned into something else. Whatever is made of it, nothing
// panics, errors are of a kind that fits, and the inviting call is never refused.
func testMutants(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	tried := 0
	met := make(map[string]bool)
	eachRequest(t, w, func(t *testing.T, tr *trial, n int) {
		step := 1
		if Raced || !tr.call.reads && met[tr.ops[n]] {
			step = 7 // the answer was gone through in another call, or is without the detector
		}
		met[tr.ops[n]] = true
		for i := 0; ; i += step {
			do := tr.next()
			var path string
			mutated := false
			w.wire.at(n, func(_ int, rw http.ResponseWriter, _ *http.Request, pass func() *answer) bool {
				a := pass()
				a.body, path, mutated = mutate(a.body, i)
				a.write(rw)
				return true
			})
			err := do(t.Context())
			w.wire.with(nil)
			if !mutated {
				break
			}
			tried++
			what := fmt.Sprintf("%s, %s, %s", tr.call.name, tr.ops[n], path)
			e, ok := errors.AsType[*providers.Error](err)
			switch {
			case errors.Is(err, errWrongOutcome):
				// A draft that says it was sent, and the other way round, is believed.
			case err == nil, ok && e.Kind == providers.Transient && !tr.inviting(n), ok && e.Kind == providers.Ambiguous && tr.inviting(n):
			case ok && !tr.inviting(n) && (e.Kind == providers.NotFound || e.Kind == providers.Invalid):
				// An address or a state that leads nowhere.
			default:
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	if tried < 10 {
		t.Errorf("%d mutants only", tried)
	}
}

// mutate changes the i-th value of a JSON text, in one of a few ways.
func mutate(body []byte, i int) (changed []byte, path string, done bool) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return body, "", false
	}
	into := []any{nil, "", 7.5, map[string]any{"x": 1}, []any{nil, 1}, true}
	k := 0
	var walk func(v any, at string) any
	walk = func(v any, at string) any {
		if k == i && !done {
			done, path = true, at
			return into[i%len(into)]
		}
		k++
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				v[name] = walk(v[name], at+"."+name)
			}
		case []any:
			for j := range v {
				v[j] = walk(v[j], fmt.Sprintf("%s[%d]", at, j))
			}
		}
		return v
	}
	v = walk(v, "")
	changed, err := json.Marshal(v)
	return changed, path, done && err == nil
}

// testRedirects wants that no redirect of the API is followed, and nothing reaches the
// host that it names.
func testRedirects(t *testing.T, s *Suite, tp *tap) {
	var reached atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	w := newWorld(t, s, tp, setup{})
	eachRequest(t, w, func(t *testing.T, tr *trial, n int) {
		if strings.HasSuffix(tr.ops[n], "given address") {
			return // storage may redirect: the room address
		}
		for _, status := range []int{301, 302, 303, 307, 308} {
			do := tr.next()
			w.wire.at(n, say(status, map[string]string{"Location": other.URL + "/?key=1"}, ""))
			if err := do(t.Context()); err == nil {
				t.Errorf("%s, %s: a redirect is taken for success", tr.call.name, tr.ops[n])
			}
		}
	})
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests were led elsewhere", n)
	}
}

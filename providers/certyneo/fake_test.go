package certyneo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

const key = "sk_test_0123"

// fake is a Certyneo that refuses every request that is not in the reference.
type fake struct {
	t      *testing.T
	routes map[string]http.HandlerFunc // "POST /documents"
	calls  []string
}

func newFake(t *testing.T) (*fake, *Provider) {
	f := &fake{t: t, routes: make(map[string]http.HandlerFunc)}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	p, err := New(rest.Settings{BaseURL: server.URL + "/api/v1/", APIKey: key, WebhookSecret: "whsec"})
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), "/api/v1")
	call := r.Method + " " + path
	f.calls = append(f.calls, call)
	switch {
	case !below:
		f.t.Errorf("%s is not below the base", r.URL)
	case r.Header.Get("Authorization") != "Bearer "+key:
		f.t.Errorf("%s: Authorization %q", call, r.Header.Get("Authorization"))
	case r.Header.Get("X-Certyneo-Source") != "chancela":
		f.t.Errorf("%s: X-Certyneo-Source %q", call, r.Header.Get("X-Certyneo-Source"))
	case f.routes[call] == nil:
		f.t.Errorf("unexpected %s", call)
	default:
		f.routes[call](w, r)
		return
	}
	w.WriteHeader(http.StatusTeapot)
}

// answer lets a route answer with a status and a body.
func (f *fake) answer(call string, status int, body string) {
	f.routes[call] = func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// decode reads a JSON body strictly.
func (f *fake) decode(r *http.Request, into any) {
	if t := r.Header.Get("Content-Type"); t != "application/json" {
		f.t.Errorf("%s: Content-Type %q", r.URL.Path, t)
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		f.t.Errorf("%s: %v", r.URL.Path, err)
	}
}

func (f *fake) count(call string) int {
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}

var accepted = time.Date(2026, 6, 1, 15, 0, 0, 0, time.UTC)

// newJob keeps its steps in the Ref, as the ledger would.
func newJob(e providers.Envelope, files map[string][]byte) *providers.Job {
	return &providers.Job{
		Envelope: e, Accepted: accepted, Ref: providers.Ref{Key: e.Key()},
		OpenDocument: func(_ context.Context, d providers.Document) (io.ReadCloser, error) {
			content, ok := files[d.Name]
			if !ok {
				return nil, fmt.Errorf("no %s", d.Name)
			}
			return io.NopCloser(bytes.NewReader(content)), nil
		},
		Record: func(context.Context, string, string) error { return nil },
		Commit: func(context.Context) error { return nil },
	}
}

// envelope1 is a good envelope with one document and one signer.
func envelope1() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "1", Provider: Name, Subject: "Bail lot 14",
		Documents: []providers.Document{{Name: "bail.pdf", Size: 8, Type: "application/pdf"}},
		Signers:   []providers.Signer{{Name: "Nadia Ferrand", Email: "nadia@exemple.test"}},
	}
}

var file1 = map[string][]byte{"bail.pdf": []byte("%PDF-1.7")}

func wantKind(t *testing.T, err error, kind providers.ErrorKind, wantCode string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", kind)
	}
	if got := providers.KindOf(err); got != kind || providers.CodeOf(err) != wantCode {
		t.Fatalf("%v: kind %s, code %q; want %s, %q", err, got, providers.CodeOf(err), kind, wantCode)
	}
}

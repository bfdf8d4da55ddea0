package qisign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

const key = "key-1"

// fake is a QI Sign that refuses every request that is not in the reference. Routes
// below /given are download addresses: they must come without the key.
type fake struct {
	t      *testing.T
	url    string
	routes map[string]http.HandlerFunc // "POST /sign/envelope"
	calls  []string
}

func newFake(t *testing.T) (*fake, *Provider) {
	f := &fake{t: t, routes: make(map[string]http.HandlerFunc)}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	p, err := New(rest.Settings{BaseURL: server.URL + "/", APIKey: key, WebhookSecret: "sig", WebhookURL: hookURL})
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Method + " " + r.URL.EscapedPath()
	f.calls = append(f.calls, call)
	want := key
	if bytes.HasPrefix([]byte(r.URL.Path), []byte("/given")) {
		want = ""
	}
	switch {
	case r.Header.Get("Authorization") != want:
		f.t.Errorf("%s: Authorization %q", call, r.Header.Get("Authorization"))
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
func newJob(e providers.Envelope) *providers.Job {
	files := map[string]string{"contrato.pdf": "%PDF-1.7", "anexo.pdf": "%PDF-1.4\n", "frente.jpg": "\xff\xd8\xff1", "verso.jpg": "\xff\xd8\xff2"}
	return &providers.Job{
		Envelope: e, Accepted: accepted, Ref: providers.Ref{Key: e.Key()},
		OpenDocument: func(_ context.Context, d providers.Document) (io.ReadCloser, error) {
			content, ok := files[d.Name]
			if !ok {
				return nil, fmt.Errorf("no %s", d.Name)
			}
			return io.NopCloser(bytes.NewReader([]byte(content))), nil
		},
		Record: func(context.Context, string, string) error { return nil },
		Commit: func(context.Context) error { return nil },
	}
}

// id1 is the id of envelope1, for ever: a change of it would send envelopes twice.
const id1 = "09af5c19-abf8-5f71-8113-c442171f0d1f"

// envelope1 is a good envelope with one document and one signer.
func envelope1() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "1", Provider: Name, Subject: "Contrato 14",
		Documents: []providers.Document{{Name: "contrato.pdf", Size: 8, Type: typePDF}},
		Signers: []providers.Signer{{
			Name: "Rita Nogueira", Email: "rita@exemplo.test", Phone: "+5521987650001",
			Document: "52998224725", Birthdate: "1988-04-02",
		}},
	}
}

// ref1 is envelope1 as the ledger knows it once it was sent.
func ref1() providers.Ref {
	return providers.Ref{Key: envelope1().Key(), ID: id1, Steps: map[string]string{stepEnvelope: id1, stepDocument + "1": "d-1"}}
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e.Code
	}
	return ""
}

func wantKind(t *testing.T, err error, kind providers.ErrorKind, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", kind)
	}
	if got := providers.KindOf(err); got != kind || codeOf(err) != code {
		t.Fatalf("%v: kind %s, code %q; want %s, %q", err, got, codeOf(err), kind, code)
	}
}

package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// The services by name.
const (
	Contraktor = "contraktor"
	Certyneo   = "certyneo"
	SDoc       = "sdoc"
	Catalisa   = "catalisa"
	QISign     = "qisign"
)

var five = []Simulator{{Contraktor, NewContraktor}, {Certyneo, NewCertyneo}, {SDoc, NewSDoc}, {Catalisa, NewCatalisa}, {QISign, NewQISign}}

// start runs a sandbox whose signers are quick.
func start(t *testing.T, o Options) *Sandbox {
	t.Helper()
	o.Simulators = five
	if o.SignAfter == 0 {
		o.SignAfter = 20 * time.Millisecond
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// caller is a client as the references' examples have it.
type caller struct {
	t      *testing.T
	base   string
	header http.Header
	client *http.Client
}

func newCaller(t *testing.T, base, authorization string) *caller {
	return &caller{t, base, http.Header{"Authorization": {authorization}}, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

func (c *caller) raw(method, path, contentType string, body io.Reader) (*http.Response, error) {
	c.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = c.base + path
	}
	req, err := http.NewRequest(method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for k, v := range c.header {
		req.Header[k] = v
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return c.client.Do(req)
}

// call sends JSON (a nil body: none) and expects a status.
func (c *caller) call(method, path string, body any, want int) answer {
	c.t.Helper()
	var in io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case string:
		in, contentType = strings.NewReader(b), "application/json"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		in, contentType = bytes.NewReader(text), "application/json"
	}
	res, err := c.raw(method, path, contentType, in)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read(method+" "+path, res, want)
}

func (c *caller) read(what string, res *http.Response, want int) answer {
	c.t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(what, err)
	}
	if res.StatusCode != want {
		c.t.Fatalf("%s: %d, want %d: %s", what, res.StatusCode, want, b)
	}
	a := answer{t: c.t, body: b, header: res.Header}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(b, &a.value); err != nil {
			c.t.Fatal(what, err)
		}
	}
	return a
}

// upload sends a multipart file.
func (c *caller) upload(path, field, name, contentType string, content []byte, want int) answer {
	c.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, field, name)}, "Content-Type": {contentType},
	})
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := c.raw("POST", path, w.FormDataContentType(), &b)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read("POST "+path, res, want)
}

// get fetches an address without credentials.
func (c *caller) get(address string, want int) answer {
	c.t.Helper()
	res, err := http.Get(address)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read("GET "+address, res, want)
}

type answer struct {
	t      *testing.T
	body   []byte
	header http.Header
	value  any
}

// at is the value at a path such as "data.0.id".
func (a answer) at(path string) any {
	a.t.Helper()
	v := a.value
	for _, step := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				a.t.Fatalf("%s: no %s in %s", path, step, a.body)
			}
			v = x[i]
		default:
			a.t.Fatalf("%s: no %s in %s", path, step, a.body)
		}
	}
	return v
}

func (a answer) text(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("%s is %v, not text", path, a.at(path))
	}
	return s
}

func (a answer) sum() string {
	sum := sha256.Sum256(a.body)
	return hex.EncodeToString(sum[:])
}

// eventually waits for the sandbox's own events.
func eventually(t *testing.T, what string, fine func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !fine(); {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// entry is the one envelope in a provider's books.
func entry(t *testing.T, s *Sandbox, provider string) Entry {
	t.Helper()
	var found []Entry
	for _, e := range s.Books() {
		if e.Provider == provider {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d envelopes at %s, want 1", len(found), provider)
	}
	return found[0]
}

// served checks a file against the books.
func served(t *testing.T, e Entry, kind providers.Kind, id string, a answer) {
	t.Helper()
	for _, f := range e.Artifacts {
		if f.Kind == kind && f.ID == id {
			if f.SHA256 != a.sum() || f.Size != len(a.body) {
				t.Errorf("%s %s: served other content than the books have", kind, id)
			}
			return
		}
	}
	t.Errorf("the books have no %s %q: %v", kind, id, e.Artifacts)
}

// clean fails when requests that keep to the reference were found wrong.
func clean(t *testing.T, s *Sandbox) {
	t.Helper()
	for _, v := range s.Violations() {
		t.Error(v)
	}
}

// broken wants the next violation to name a rule.
func broken(t *testing.T, s *Sandbox, rule string) {
	t.Helper()
	all := s.Violations()
	if len(all) == 0 || !strings.Contains(all[len(all)-1].Rule, rule) {
		t.Errorf("no violation of %q: %v", rule, all)
	}
}

var samplePDF = pdf([]string{"A sample."})

func TestControl(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := certyneoCaller(t, s)
	control := newCaller(t, s.URL(Control), "")
	id := c.draft("ana@example.test", "bia@example.test")
	control.call("POST", "/certyneo/"+id+"/sign", nil, 409)
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	control.call("POST", "/certyneo/"+id+"/view?signer=bia@example.test", nil, 204)
	control.call("POST", "/certyneo/"+id+"/sign?signer=bia@example.test", nil, 204)
	control.call("POST", "/certyneo/"+id+"/dance", nil, 409)
	control.call("POST", "/certyneo/nobody/sign", nil, 404)
	if got := c.call("GET", "/envelopes/"+id, nil, 200).text("status"); got != "PARTIALLY_SIGNED" {
		t.Errorf("status %s", got)
	}
	control.call("POST", "/certyneo/"+id+"/decline", nil, 204)
	books := control.call("GET", "/books", nil, 200)
	if books.text("0.state") != "DECLINED" || books.text("0.signers.1.state") != "signed" {
		t.Errorf("books: %s", books.body)
	}
	if html := control.call("GET", "/", nil, 200); !bytes.Contains(html.body, []byte(id)) {
		t.Error("the page does not show the envelope")
	}
	if env := control.call("GET", "/env", nil, 200); env.text("CHANCELA_CERTYNEO_BASE_URL") != s.URL(Certyneo)+"/api/v1" {
		t.Errorf("env: %s", env.body)
	}
}

func when(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// standing is a clock that only Advance moves.
func standing() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// The same seed gives the same keys and ids, another seed others.
func TestSeed(t *testing.T) {
	a, b, other := start(t, Options{Seed: 7}), start(t, Options{Seed: 7}), start(t, Options{Seed: 8})
	key := "CHANCELA_CERTYNEO_API_KEY"
	if a.Env()[key] != b.Env()[key] || a.Env()[key] == other.Env()[key] {
		t.Error("keys do not follow the seed")
	}
	if x, y := certyneoCaller(t, a).draft("ana@example.test"), certyneoCaller(t, b).draft("ana@example.test"); x != y {
		t.Error("ids do not follow the seed")
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{Faults: Faults{Slow: -1}}, {WebhookFaults: WebhookFaults{Lose: 2}}, {Listen: map[string]string{"docusign": ""}}, {Webhooks: map[string]string{"x": ""}},
		{Listen: map[string]string{SDoc: "256.0.0.1:1"}},
	} {
		o.Simulators = five
		if s, err := Start(context.Background(), o); err == nil {
			s.Close()
			t.Errorf("%+v was accepted", o)
		}
	}
	if s, err := Start(context.Background(), Options{}); err == nil {
		s.Close()
		t.Error("a sandbox of no service was started")
	}
}

package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// start runs a sandbox whose signers are quick.
// The services by name.
const (
	Contraktor = "contraktor"
	Certyneo   = "certyneo"
	SDoc       = "sdoc"
	Catalisa   = "catalisa"
	QISign     = "qisign"
)

var five = []Simulator{{Contraktor, NewContraktor}, {Certyneo, NewCertyneo}, {SDoc, NewSDoc}, {Catalisa, NewCatalisa}, {QISign, NewQISign}}

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

func TestFaults(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test")
	path, route := "/envelopes/"+id+"/send", "POST /envelopes/{id}/send"
	send := func() (int, error) {
		res, err := c.raw("POST", path, "", nil)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		if res.StatusCode == http.StatusTooManyRequests && res.Header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		return res.StatusCode, nil
	}
	for _, f := range []struct {
		fault   Fault
		status  int // 0: no answer
		invited int
	}{
		{TooMany, 429, 0}, {ErrorBefore, 500, 0}, {DropBefore, 0, 0}, {DropAfter, 0, 1},
	} {
		s.Once(Certyneo, route, f.fault)
		status, err := send()
		if status != f.status || (err == nil) != (f.status != 0) {
			t.Errorf("%s: status %d, error %v", f.fault, status, err)
		}
		if got := entry(t, s, Certyneo).Invitations; got != f.invited {
			t.Errorf("%s: %d invitations, want %d", f.fault, got, f.invited)
		}
	}
	clean(t, s)
	if status, _ := send(); status != http.StatusConflict {
		t.Errorf("second send: %d", status)
	}
	broken(t, s, "sent already")

	s.Once(Certyneo, "POST /envelopes", ErrorAfter)
	c.call("POST", "/envelopes", map[string]any{"subject": "Again", "templateId": "tpl_lease", "recipients": []any{map[string]any{"email": "b@example.test"}}}, 500)
	if n := len(s.Books()); n != 2 {
		t.Errorf("%d envelopes after a 500 behind the effect, want 2", n)
	}
}

func TestCutBody(t *testing.T) {
	s := start(t, Options{})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	eventually(t, "completed", func() bool { return entry(t, s, Certyneo).State == "COMPLETED" })
	s.Once(Certyneo, "GET /envelopes/{id}/signed-document", CutBody)
	res, err := c.raw("GET", "/envelopes/"+id+"/signed-document", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || int64(len(b)) >= res.ContentLength {
		t.Errorf("%d of %d bytes, error %v", len(b), res.ContentLength, err)
	}
	served(t, entry(t, s, Certyneo), providers.SignedDocument, "", c.call("GET", "/envelopes/"+id+"/signed-document", nil, 200))
}

// A request that breaks off is nobody's mistake: its sender has died.
func TestRequestsThatBreakOff(t *testing.T) {
	s := start(t, Options{})
	base, err := url.Parse(s.Env()["CHANCELA_SDOC_BASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/file", "/solicitation"} {
		conn, err := net.Dial("tcp", base.Host)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"fi",
			base.Path, path, base.Host, s.Env()["CHANCELA_SDOC_API_KEY"])
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if answer, _ := io.ReadAll(conn); len(answer) > 0 {
			t.Errorf("%s: answered %.40q", path, answer)
		}
		conn.Close()
	}
	clean(t, s)
}

func TestRatesOfFaults(t *testing.T) {
	s := start(t, Options{Faults: Faults{ErrorBefore: 1}})
	c := certyneoCaller(t, s)
	c.call("GET", "/account/me", nil, 500)
	if err := s.SetFaults(Faults{ErrorBefore: 2}); err == nil {
		t.Error("a rate of 2 was accepted")
	}
	control := newCaller(t, s.URL(Control), "")
	control.call("PUT", "/faults", `{"error_before":0,"slow":1,"slow_for":"1ms"}`, 200)
	c.call("GET", "/account/me", nil, 200)
	if f := s.CurrentFaults(); f.Slow != 1 || f.SlowFor != time.Millisecond {
		t.Errorf("faults are %+v", f)
	}
	control.call("PUT", "/faults", `{"nonsense":1}`, 400)
}

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

// A pause holds the signers back; the clock can be put forward.
func TestPauseAndAdvance(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour, Clock: standing})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	s.Pause(true)
	s.Advance(3 * time.Hour)
	if e := entry(t, s, Certyneo); e.State != "SENT" {
		t.Errorf("%s during a pause", e.State)
	}
	s.Pause(false)
	if e := entry(t, s, Certyneo); e.State != "PARTIALLY_SIGNED" {
		t.Errorf("%s after a pause", e.State)
	}
	s.Advance(time.Hour)
	if e := entry(t, s, Certyneo); e.State != "COMPLETED" {
		t.Errorf("%s an hour later", e.State)
	}
}

// A step of the clock ends when everything due has been done, at its own time and in
// order, with what it has brought about.
func TestAdvanceDoesEverythingDue(t *testing.T) {
	r := newReceiver(t)
	r.fail = 3
	s := start(t, Options{SignAfter: time.Hour, Clock: standing, Webhooks: map[string]string{Certyneo: r.URL}})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test", "bia@example.test", "caio@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	const step = 8 * time.Hour
	s.Advance(step)
	got := c.call("GET", "/envelopes/"+id, nil, 200)
	if got.text("status") != "COMPLETED" || len(r.with("envelope.completed")) != 1 {
		t.Fatalf("after the step: %s, %d callbacks of it", got.text("status"), len(r.with("envelope.completed")))
	}
	var last time.Time
	for i := range 3 {
		at := when(t, got.text(fmt.Sprintf("recipients.%d.signedAt", i)))
		if after := at.Sub(standing()); after < time.Hour/2 || after > 3*time.Hour/2 {
			t.Errorf("signer %d took %s", i+1, after)
		}
		if at.After(last) {
			last = at
		}
	}
	if sealed := when(t, got.text("completedAt")).Sub(last); sealed.Round(time.Minute) != 6*time.Minute {
		t.Errorf("completed %s after the last signature", sealed)
	}
	if d := s.Deliveries(Certyneo); d.Delivered != d.Sent || d.Sent < 5 {
		t.Errorf("%+v", d)
	}
	if s.now() != standing().Add(step) {
		t.Errorf("the clock stands at %s", s.now())
	}
}

// A machine that was busy for long lets nothing overtake what was due before it.
func TestLateAgendaKeepsTheOrder(t *testing.T) {
	var late atomic.Int64
	s := start(t, Options{SignAfter: time.Hour, Clock: func() time.Time { return standing().Add(time.Duration(late.Load())) }})
	c := certyneoCaller(t, s)
	id := c.draft("ana@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	late.Store(int64(10 * time.Hour)) // the envelope expires after nine
	s.agenda.catchUp()
	if e := entry(t, s, Certyneo); e.State != "COMPLETED" {
		t.Errorf("it is %s", e.State)
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

// Every provider answers faults in its own way and has its effect or not.
func TestFaultsEverywhere(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour, Rates: map[string]providers.Rate{QISign: {Requests: 60, Per: time.Minute, Burst: 6}}})
	for provider, x := range map[string]struct {
		c     *caller
		route string
		body  func() any
	}{
		Catalisa: {catalisaCaller(t, s), "POST " + catalisaRequests, func() any { return catalisaBody("k", "a@example.test") }},
		SDoc:     {sdocCaller(t, s), "POST /solicitation", func() any { return sdocBody(sdocCaller(t, s), "", map[string]int{"a@example.test": 1}) }},
		Contraktor: {contraktorCaller(t, s), "POST /proofs", func() any {
			return contraktorProofBody(contraktorContractOf(contraktorCaller(t, s), "k", "a@example.test"))
		}},
	} {
		_, path, _ := strings.Cut(x.route, " ")
		invited := 0
		for fault, effect := range map[Fault]int{ErrorBefore: 0, DropBefore: 0, ErrorAfter: 1, DropAfter: 1, TooMany: 0} {
			text, err := json.Marshal(x.body())
			if err != nil {
				t.Fatal(err)
			}
			s.Once(provider, x.route, fault)
			res, err := x.c.raw("POST", path, "application/json", bytes.NewReader(text))
			if err == nil {
				res.Body.Close()
			}
			if dropped := fault == DropBefore || fault == DropAfter; dropped != (err != nil) {
				t.Errorf("%s %s: %v", provider, fault, err)
			}
			if err == nil && provider != SDoc && fault != TooMany && res.StatusCode != 500 {
				t.Errorf("%s %s: %d", provider, fault, res.StatusCode)
			}
			invited += effect
			n := 0
			for _, e := range s.Books() {
				if e.Provider == provider {
					n += e.Invitations
				}
			}
			if n != invited {
				t.Errorf("%s %s: %d invitations, want %d", provider, fault, n, invited)
			}
		}
	}
	clean(t, s)
	q := qisignCaller(t, s)
	for range 6 {
		q.call("GET", "/sign/envelope/x", nil, 404)
	}
	if got := q.call("GET", "/sign/envelope/x", nil, 429).header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q", got)
	}
}

// An upload is streamed, whatever its form.
func TestUploadsAreNotKept(t *testing.T) {
	const size = 40 << 20
	for name, body := range map[string]io.Reader{
		"base64": io.MultiReader(strings.NewReader(`{"document_type":"pdf", "document_b64" : "`), io.LimitReader(letters{}, size), strings.NewReader(`","name":"x"}`)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rest, up, present, fileErr, err := readWithFile(body, "document_b64")
		runtime.ReadMemStats(&after)
		if err != nil || fileErr != nil || !present || up.size != size/4*3 {
			t.Fatalf("%s: %+v %v %v", name, up.size, fileErr, err)
		}
		if string(rest) != `{"document_type":"pdf", "document_b64" : "","name":"x"}` {
			t.Errorf("%s: the rest is %s", name, rest)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > size/10 {
			t.Errorf("%s: %d bytes were allocated for %d", name, grown, size)
		}
	}
}

// letters is endless base64.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// What is read around the file must be what encoding/json reads.
func FuzzReadWithFile(f *testing.F) {
	for _, seed := range []string{`{"a":"QUJD","b":[1,"x\"y"]}`, `{"a" : "QU\/D"}`, `{"b":"a","a":"","c":{"a":"QQ=="}}`, `{"a":"*"}`, `["a","b"]`, `{"a\u0061":"x"}`, `{`, `{"a":"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest, up, present, fileErr, err := readWithFile(strings.NewReader(text), "a")
		var whole map[string]any
		if json.Unmarshal([]byte(text), &whole) != nil {
			return
		}
		if err != nil {
			t.Fatalf("valid JSON, but: %v", err)
		}
		var outside map[string]any
		if err := json.Unmarshal(rest, &outside); err != nil {
			t.Fatalf("the rest %q of %q is no JSON: %v", rest, text, err)
		}
		content, isText := whole["a"].(string)
		if isText && !present {
			t.Fatalf("the file in %q was not seen", text)
		}
		if want, err := base64.StdEncoding.DecodeString(content); isText && !strings.Contains(text, "\\") && strings.Count(text, `"a"`) == 1 && fileErr == nil && (err != nil || up.size != int64(len(want))) {
			t.Fatalf("%q: %d bytes, want %d", text, up.size, len(want))
		}
		for name, value := range whole {
			if s, ok := value.(string); ok && name != "a" && outside[name] != s {
				t.Fatalf("%q became %q", s, outside[name])
			}
		}
	})
}

package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

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

package pages

import (
	"bufio"
	"cmp"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/storage/ledger"
)

// public are the routes that answer whoever asks.
var public = map[string]bool{
	"GET /assets/": true, "GET /healthz": true, "GET /readyz": true, "GET /metrics": true, "GET /openapi.json": true,
	"GET /sign-in": true, "POST /sign-in": true, "POST /webhooks/{provider}": true,
}

// TestEveryRouteKnowsWhoMay walks all routes that are registered, so that a new one which forgets to ask
// for a key, or says too much, is found without anybody thinking of it.
func TestEveryRouteKnowsWhoMay(t *testing.T) {
	const link, subject, signer = "https://sign.example.test/s/tok_walk", "Aluguel-Sigiloso", "Zulmira"
	s := newSite(t, api.Key{Name: "all", Secret: "key-of-all"}, api.Key{Name: "desk", Secret: "key-of-desk", Links: true},
		api.Key{Name: "eyes", Secret: "key-of-eyes", ReadOnly: true}, api.Key{Name: "hr", Prefix: "hr-", Secret: "key-of-hr"})
	r := s.enqueue("june", jobs.Envelope{ID: "1", Subject: subject, Signers: person1(signer, "zulmira@example.com")}, ledger.Queued)
	c, _, _, err := s.client.Ledger().Claim(t.Context(), r.Key(), r.Generation, time.Minute, ledger.Preparation{Provider: "certyneo"})
	if err == nil {
		err = c.ConfirmSent(t.Context(), ledger.Invited{EnvelopeID: "e1", NextLook: time.Hour})
	}
	if err == nil {
		err = s.client.Ledger().KeepLinks(t.Context(), r.Key(), []ledger.Link{{Signer: signer, Address: link}})
	}
	if err != nil {
		t.Fatal(err)
	}
	callers := s.callers("", "wrong", "key-of-eyes", "key-of-hr", "key-of-all")
	before, seen := unheard.ReplaceAllString(s.state(), ""), 0
	for _, pattern := range s.server().Routes() {
		method, path := addressOf(pattern)
		for _, who := range callers {
			if who.key == "key-of-all" && method != http.MethodGet {
				continue // it may, and does
			}
			status, text := who.ask(t, method, path)
			may := status < 300
			switch {
			case strings.Contains(text, link):
				t.Errorf("%s shows a signing link to %s", pattern, who)
			case who.key == "key-of-eyes" || who.key == "key-of-all":
				if strings.Contains(text, subject) || strings.Contains(text, signer) {
					seen++
				}
				if may && method != http.MethodGet && !public[pattern] && path != "/sign-out" {
					t.Errorf("%s answers %d to %s, who may only look", pattern, status, who)
				}
			case strings.Contains(text, subject) || strings.Contains(text, signer):
				t.Errorf("%s shows %s what is another's", pattern, who)
			case may && !public[pattern] && who.key != "key-of-hr", may && strings.Contains(pattern, "{campaign}"):
				t.Errorf("%s answers %d to %s: %.200s", pattern, status, who, text)
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d answers show the envelope to who may look: the walk sees nothing", seen)
	}
	if after := unheard.ReplaceAllString(s.state(), ""); after != before {
		t.Errorf("somebody who may not has changed something:\n%s\nwas\n%s", after, before)
	}
	if log := s.log.String(); strings.Contains(log, link) || strings.Contains(log, signer) || strings.Contains(log, "key-of-") {
		t.Error("the log holds a link, a name or a key")
	}
}

// unheard is what anybody changes: that a callback was forged is counted, and that Redis takes writes
// is known for a while.
var unheard = regexp.MustCompile(`(?m)^{chancela}:(callbacks:.*|writable=.*)\n`)

// addressOf is a route's pattern with examples in place of what varies.
func addressOf(pattern string) (method, path string) {
	method, path, both := strings.Cut(pattern, " ")
	if !both {
		method, path = http.MethodGet, pattern
	}
	return method, wildcard.ReplaceAllStringFunc(path, func(name string) string { return cmp.Or(example[name], "x") })
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

var example = map[string]string{
	"{campaign}": "june", "{id}": "1", "{provider}": "certyneo", "{format}": "csv", "{name}": "manifest.json", "{$}": "",
}

// caller asks with a key as a program does, or as a browser.
type caller struct {
	key     string
	browser *visitor // nil: a program
	url     string
}

func (c caller) String() string {
	who := "a program"
	if c.browser != nil {
		who = "a browser"
	}
	return who + " with the key " + cmp.Or(c.key, "(none)")
}

func (s *site) callers(keys ...string) (all []caller) {
	for _, key := range keys {
		v := s.visitor()
		v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if key != "" && key != "wrong" {
			v.post("/sign-in", "/sign-in", map[string][]string{"key": {key}, "next": {"/"}}).want(s.t, http.StatusSeeOther)
		}
		all = append(all, caller{key, nil, s.url}, caller{key, v, s.url})
	}
	return all
}

// ask sends a request without a body, and reads the answer; of one that goes on, its first event.
func (c caller) ask(t *testing.T, method, path string) (status int, text string) {
	t.Helper()
	return c.send(t, method, path, "", "")
}

func (c caller) send(t *testing.T, method, path, contentType, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	do := http.DefaultTransport.RoundTrip
	if c.browser != nil {
		req.Header.Set("Accept", "text/html")
		do = c.browser.http.Do
	} else if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	res, err := do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() && lines.Text() != "" {
			text += lines.Text() + "\n"
		}
		return res.StatusCode, text
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(b)
}

package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseKeys(t *testing.T) {
	keys, err := ParseKeys("ci:s3cret, hr@hr-:k:with:colons\nops:x,\n")
	if err != nil || len(keys) != 3 {
		t.Fatalf("%v %v", keys, err)
	}
	if k := keys[1]; k.Name != "hr" || k.Prefix != "hr-" || k.Secret.Reveal() != "k:with:colons" {
		t.Errorf("%+v", k)
	}
	for _, bad := range []string{"nokey", "name:", ":s3cret", "a b:s3cret", "a@:s3cret", "a@/x:s3cret"} {
		_, err := ParseKeys(bad)
		if err == nil {
			t.Errorf("%q is accepted", bad)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v shows the key", err)
		}
	}
	if keys, err := ParseKeys(""); err != nil || keys != nil {
		t.Errorf("%v %v", keys, err)
	}
}

func keyed(t *testing.T, change func(*Config)) *stack {
	return newStack(t, func(c *Config) {
		c.Keys = []Key{{Name: "all", Secret: "key-of-all"}, {Name: "hr", Prefix: "hr-", Secret: "key-of-hr"}}
		if change != nil {
			change(c)
		}
	})
}

func TestKeysAreNeeded(t *testing.T) {
	s := keyed(t, nil)
	for _, path := range []string{"/v1/campaigns", "/v1/campaigns/june", "/v1/nothing", "/v1"} {
		p := s.get(path)
		p.problem(t, http.StatusUnauthorized)
		if !strings.HasPrefix(p.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: challenge %q", path, p.Header.Get("WWW-Authenticate"))
		}
	}
	for _, wrong := range []string{"Bearer ", "Bearer nonsense", "Basic a2V5LW9mLWFsbDo=", "key-of-all"} {
		req, _ := http.NewRequest(http.MethodGet, s.url+"/v1/campaigns", nil)
		req.Header.Set("Authorization", wrong)
		s.send(req).problem(t, http.StatusUnauthorized)
	}
	for _, open := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json"} {
		s.get(open).want(t, http.StatusOK, nil)
	}
	r := s.get("/monitor/")
	r.problem(t, http.StatusUnauthorized)
	if !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Basic") {
		t.Errorf("challenge %q", r.Header.Get("WWW-Authenticate"))
	}
	for user, status := range map[string]int{"anybody:key-of-all": 200, ":key-of-all": 200, "x:wrong": 401, "x:key-of-hr": 403} {
		req, _ := http.NewRequest(http.MethodGet, s.url+"/monitor/", nil)
		name, password, _ := strings.Cut(user, ":")
		req.SetBasicAuth(name, password)
		s.send(req).want(t, status, nil)
	}
	s.key = "key-of-all"
	s.get("/v1/campaigns").want(t, http.StatusOK, nil)
	if log := s.log.String(); strings.Contains(log, "key-of-") || !strings.Contains(log, `"key":"all"`) {
		t.Errorf("%s", log)
	}
}

func TestKeyLimitedToAPrefix(t *testing.T) {
	s := keyed(t, nil)
	s.key = "key-of-all"
	for _, campaign := range []string{"june", "hr-june"} {
		s.postJSON("/v1/campaigns/"+campaign+"/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	}
	s.key = "key-of-hr"
	var list struct{ Campaigns []CampaignStatus }
	s.get("/v1/campaigns").want(t, http.StatusOK, &list)
	if len(list.Campaigns) != 1 || list.Campaigns[0].Campaign != "hr-june" {
		t.Errorf("%+v", list)
	}
	s.get("/v1/campaigns/hr-june/envelopes/1").want(t, http.StatusOK, nil)
	for _, path := range []string{"/v1/campaigns/june", "/v1/campaigns/june/envelopes", "/v1/campaigns/june/envelopes/1", "/v1/campaigns/june/envelopes/1/artifacts/manifest.json", "/v1/campaigns/nothing"} {
		s.get(path).problem(t, http.StatusForbidden)
	}
	for _, path := range []string{"/v1/campaigns/june/cancel", "/v1/campaigns/june/envelopes/1/cancel", "/v1/campaigns/june/pause"} {
		s.postJSON(path, "").problem(t, http.StatusForbidden)
	}
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("2", pdf("a"))).problem(t, http.StatusForbidden)
	s.postJSON("/v1/campaigns", map[string]any{"campaign": "june", "envelopes": []any{envelopeJSON("2", pdf("a"))}}).problem(t, http.StatusForbidden)
	s.postForm("/v1/campaigns", file{"file", "june.csv", csvHead + csvRow("2", "a.pdf")}, file{"d", "a.pdf", pdf("a")}).problem(t, http.StatusForbidden)
	if n := s.total("june"); n != 1 {
		t.Errorf("june has %d envelopes", n)
	}
}

func TestRateOfAKey(t *testing.T) {
	s := keyed(t, func(c *Config) { c.Limits.Rate, c.Limits.Burst = 0.1, 2 })
	s.key = "key-of-all"
	s.get("/v1/campaigns").want(t, http.StatusOK, nil)
	s.get("/v1/campaigns").want(t, http.StatusOK, nil)
	r := s.get("/v1/campaigns")
	r.problem(t, http.StatusTooManyRequests)
	if after, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || after < 1 || after > 10 {
		t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
	}
	s.key = "key-of-hr" // another key has its own
	s.get("/v1/campaigns").want(t, http.StatusOK, nil)
}

func TestWithoutKeysOnlyThisMachine(t *testing.T) {
	s := newStack(t, nil)
	s.get("/v1/campaigns").want(t, http.StatusOK, nil)
	for host, status := range map[string]int{"localhost:8080": 200, "[::1]:8080": 200, "127.0.0.1": 200, "api.localhost": 200, "evil.example": 421, "10.0.0.1:8080": 421, "127.0.0.1.evil.example": 421} {
		req, _ := http.NewRequest(http.MethodGet, s.url+"/v1/campaigns", nil)
		req.Host = host
		s.send(req).want(t, status, nil)
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.Run(t.Context(), l); !errors.Is(err, ErrOpen) {
		t.Errorf("serving everybody without keys: %v", err)
	}
	if _, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err == nil {
		t.Error("the listener is still open")
	}
}

func TestPagesOfOthersCannotSend(t *testing.T) {
	s := newStack(t, nil)
	req, _ := http.NewRequest(http.MethodPost, s.url+"/v1/campaigns/june/pause", nil)
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	s.send(req).problem(t, http.StatusForbidden)
}

func TestEveryErrorIsAProblem(t *testing.T) {
	s := newStack(t, nil)
	s.get("/nothing").problem(t, http.StatusNotFound)
	s.get("/v1/campaigns/june").problem(t, http.StatusNotFound)
	s.get("/v1/campaigns/a%2Fb").problem(t, http.StatusNotFound)
	s.get("/v1/campaigns/%00").problem(t, http.StatusNotFound)
	s.get("/v1/campaigns/june/envelopes/a@b.com").problem(t, http.StatusNotFound)
	for _, c := range []struct{ method, path, allow string }{
		{"DELETE", "/v1/campaigns", "GET"}, {"PUT", "/v1/campaigns/june/envelopes/1", "GET"}, {"POST", "/healthz", "GET"}, {"GET", "/webhooks/certyneo", "POST"}, {"POST", "/monitor/", "GET"},
	} {
		r := s.do(c.method, c.path, "", nil)
		r.problem(t, http.StatusMethodNotAllowed)
		if !strings.Contains(r.Header.Get("Allow"), c.allow) {
			t.Errorf("%s %s allows %q", c.method, c.path, r.Header.Get("Allow"))
		}
	}
	for _, verb := range []string{"retry", "cancel", "remind", "pause", "resume"} {
		s.postJSON("/v1/campaigns/june/"+verb, "").problem(t, http.StatusNotFound)
	}
	for _, verb := range []string{"retry", "cancel", "remind", "resolve"} {
		s.postJSON("/v1/campaigns/june/envelopes/1/"+verb, `{"not_sent":true}`).problem(t, http.StatusNotFound)
	}
	s.mini.SetError("the redis of redis-host:6379 is gone")
	r := s.get("/v1/campaigns")
	if p := r.problem(t, http.StatusServiceUnavailable); strings.Contains(p.Detail, "redis-host") || r.Header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
}

func TestRequestIDs(t *testing.T) {
	s := newStack(t, nil)
	for sent, kept := range map[string]bool{"abc-123": true, "": false, "a b": false, strings.Repeat("x", 200): false} {
		req, _ := http.NewRequest(http.MethodGet, s.url+"/healthz", nil)
		req.Header.Set("X-Request-Id", sent)
		got := s.send(req).Header.Get("X-Request-Id")
		if got == "" || kept != (got == sent) {
			t.Errorf("%q became %q", sent, got)
		}
	}
}

func TestDrain(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.server.Run(ctx, l) }()

	// A request whose body is under way when the server is told to stop ends well.
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := marshal(t, envelopeJSON("1", pdf("a")))
	head := "POST /v1/campaigns/june/envelopes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	conn.Write([]byte(head + body[:20]))
	eventually(t, "the request has begun", func() bool { return len(underWay(t)) > 0 })
	stop()
	eventually(t, "the server drains", func() bool { return s.server.draining.Load() })
	conn.Write([]byte(body[20:]))
	answer := make([]byte, 12)
	if _, err := conn.Read(answer); err != nil || string(answer) != "HTTP/1.1 202" {
		t.Errorf("%q %v", answer, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.get("/readyz").want(t, http.StatusServiceUnavailable, nil)
}

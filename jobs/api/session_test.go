package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestParseRoles(t *testing.T) {
	keys, err := ParseKeys("ops@:k1:read,hr@hr-:k2:read,crm:k3,odd:k4:reader")
	if err != nil || len(keys) != 4 {
		t.Fatalf("%v %v", keys, err)
	}
	for i, want := range []Key{{Name: "ops", Secret: "k1", ReadOnly: true}, {Name: "hr", Prefix: "hr-", Secret: "k2", ReadOnly: true}, {Name: "crm", Secret: "k3"}, {Name: "odd", Secret: "k4:reader"}} {
		if k := keys[i]; k.Name != want.Name || k.Prefix != want.Prefix || k.ReadOnly != want.ReadOnly || k.Secret != want.Secret {
			t.Errorf("%d: %+v", i, k)
		}
	}
	if _, err := ParseKeys("ops::read"); err == nil {
		t.Error("an empty key is accepted")
	}
}

// TestReadRole: a key that may look changes nothing over the API.
func TestReadRole(t *testing.T) {
	s := newStack(t, func(c *Config) { c.Keys = []Key{{Name: "ops", Secret: "look", ReadOnly: true}} })
	s.key = "look"
	s.get("/v1/campaigns").want(t, http.StatusOK, nil)
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).problem(t, http.StatusForbidden)
	s.postJSON("/v1/campaigns/june/pause", "").problem(t, http.StatusForbidden)
}

// signIn gives a request with the cookie of a session.
func signIn(t *testing.T, s *Server, key string) *http.Request {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "https://chancela.example/sign-in", nil)
	ok, err := s.SignIn(w, r, key)
	if err != nil || !ok {
		t.Fatalf("signing in: %v %v", ok, err)
	}
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.MaxAge != int(sessionFor.Seconds()) || strings.Contains(c.Value, key) {
		t.Errorf("the cookie is %v", c)
	}
	r = httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(c)
	return r
}

func holder(t *testing.T, s *Server, r *http.Request) string {
	t.Helper()
	k, err := s.session(r)
	if err != nil {
		t.Fatal(err)
	}
	if k == nil {
		return ""
	}
	return k.name
}

func TestSession(t *testing.T) {
	s := keyed(t, nil)
	r := signIn(t, s.server, "key-of-hr")
	if name := holder(t, s.server, r); name != "hr" {
		t.Fatalf("the session is of %q", name)
	}
	for _, key := range s.mini.Keys() {
		if strings.Contains(key, r.Cookies()[0].Value) {
			t.Error("Redis has the session's token")
		}
	}
	if ok, err := s.server.SignIn(httptest.NewRecorder(), r, "wrong"); ok || err != nil {
		t.Errorf("a wrong key signs in: %v", err)
	}
	if err := s.server.SignOut(httptest.NewRecorder(), r); err != nil {
		t.Fatal(err)
	}
	if name := holder(t, s.server, r); name != "" {
		t.Errorf("after signing out the session is of %q", name)
	}
}

func TestSessionEnds(t *testing.T) {
	s := keyed(t, nil)
	r := signIn(t, s.server, "key-of-all")
	s.mini.FastForward(sessionFor)
	if name := holder(t, s.server, r); name != "" {
		t.Errorf("a session of yesterday is of %q", name)
	}
	// A key that is removed, or replaced, ends its sessions.
	r = signIn(t, s.server, "key-of-all")
	s.server.guard = newGuard([]Key{{Name: "all", Secret: "another"}}, s.server.limits)
	if name := holder(t, s.server, r); name != "" {
		t.Errorf("the session of a removed key is of %q", name)
	}
}

// TestMonitorTakesASession: who has signed in on the pages need not do so again, and a key
// with a prefix stays out.
func TestMonitorTakesASession(t *testing.T) {
	s := keyed(t, nil)
	for key, want := range map[string]int{"key-of-all": http.StatusOK, "key-of-hr": http.StatusForbidden} {
		req := s.request(http.MethodGet, "/monitor/", "")
		req.AddCookie(signIn(t, s.server, key).Cookies()[0])
		if res := s.send(req); res.StatusCode != want {
			t.Errorf("%s: %d", key, res.StatusCode)
		}
	}
	if res := s.get("/monitor/"); res.StatusCode != http.StatusUnauthorized || res.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("without: %d", res.StatusCode)
	}
}

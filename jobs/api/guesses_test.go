package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func from(address string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = address
	return r
}

func TestGuessesOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g guesses
		spend := func(address string) (n int) {
			for g.take(from(address)) == 0 {
				n++
			}
			return n
		}
		if n := spend("192.0.2.1:1000"); n != guessesAtOnce {
			t.Errorf("%d guesses at once", n)
		}
		for address, want := range map[string]int{"192.0.2.1:2000": 0, "[::ffff:192.0.2.1]:1": 0, "192.0.2.2:1000": guessesAtOnce, "[2001:db8::1]:1": guessesAtOnce} {
			if n := spend(address); n != want {
				t.Errorf("%s: %d guesses, want %d", address, n, want)
			}
		}
		if n := spend("[2001:db8::2]:1"); n != 0 {
			t.Errorf("another address of the same network: %d guesses", n)
		}
		wait := g.take(from("192.0.2.1:1"))
		if wait <= 0 || wait > guessEvery {
			t.Errorf("the next guess in %s", wait)
		}
		time.Sleep(wait)
		if n := spend("192.0.2.1:1"); n != 1 {
			t.Errorf("after the wait: %d guesses", n)
		}
		time.Sleep(time.Hour)
		if n := spend("192.0.2.1:1"); n != guessesAtOnce {
			t.Errorf("after an hour: %d guesses", n)
		}
		for i := range 3 * maxGuessers {
			g.take(from(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)))
		}
		if n := len(g.young) + len(g.old); n > 2*maxGuessers {
			t.Errorf("%d addresses are remembered", n)
		}
	})
}

// Wrong keys are limited for their address; good ones get through from there, too.
func TestBadKeysAreLimited(t *testing.T) {
	s := keyed(t, nil)
	s.key = "wrong"
	for range guessesAtOnce {
		s.get("/v1/campaigns").problem(t, http.StatusUnauthorized)
	}
	if r := s.get("/v1/campaigns"); r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") == "" {
		t.Errorf("a guess too many: %d", r.StatusCode)
	}
	s.key = "key-of-all"
	s.get("/v1/campaigns").want(t, http.StatusOK, nil)
	s.key = ""
	s.get("/v1/campaigns").problem(t, http.StatusUnauthorized) // no guess
}

func TestSignInsAreLimited(t *testing.T) {
	s := keyed(t, nil)
	here, elsewhere := from("192.0.2.1:1"), from("192.0.2.2:1")
	try := func(r *http.Request, key string) (bool, error) {
		return s.server.SignIn(httptest.NewRecorder(), r, key)
	}
	for range 2 * guessesAtOnce { // signing in is no guess
		if ok, err := try(here, "key-of-all"); !ok || err != nil {
			t.Fatalf("a good key: %v, %v", ok, err)
		}
	}
	for range guessesAtOnce {
		if ok, err := try(here, "wrong"); ok || err != nil {
			t.Fatalf("a wrong key: %v, %v", ok, err)
		}
	}
	for _, key := range []string{"wrong", "key-of-all"} {
		if ok, err := try(here, key); ok || err == nil || s.server.Explain(t.Context(), err).Status != http.StatusTooManyRequests {
			t.Errorf("%s after too many guesses: %v, %v", key, ok, err)
		}
	}
	if ok, err := try(elsewhere, "key-of-all"); !ok || err != nil {
		t.Errorf("from another address: %v, %v", ok, err)
	}
}

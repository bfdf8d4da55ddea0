package catalisa

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
	"github.com/chancela/chancela/providers/rest"
)

const oneRequest = `{"data":{"id":"` + requestID + `","attributes":{"status":"SENT"}}}`

// issues gives tok_1, tok_2... to the one client that it knows.
func issues(s *server, life int) http.HandlerFunc {
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		n++
		answers(200, fmt.Sprintf(`{"access_token":"tok_%d","token_type":"Bearer","expires_in":%d}`, n, life))(w, r)
		s.tokens = map[string]bool{fmt.Sprintf("tok_%d", n): true} // the last one only
	}
}

func TestOneTokenForAll(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{"GET " + oneRoute: answers(200, oneRequest)})
	s.Routes["POST /oauth/token"] = issues(s, 3600)
	p := withCredentials(t, s)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := p.Status(t.Context(), providers.Ref{ID: requestID}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	asked := s.Bodies("POST /oauth/token")
	if len(asked) != 1 {
		t.Fatalf("%d tokens were fetched", len(asked))
	}
	fake.SameJSON(t, asked[0], `{"grant_type":"client_credentials","client_id":"org_1","client_secret":"sec_1"}`)
	if left := time.Until(p.client.tokens.current.renewAt); left < 47*time.Minute || left > 48*time.Minute {
		t.Errorf("renewed in %s, want four fifths of the hour", left)
	}
	p.client.tokens.current.renewAt = time.Now()
	if _, err := p.Status(t.Context(), providers.Ref{ID: requestID}); err != nil || len(s.Bodies("POST /oauth/token")) != 2 {
		t.Errorf("not renewed early: %v", err)
	}
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{"GET " + oneRoute: answers(200, oneRequest), "POST " + requests: answers(201, made)})
	s.Routes["POST /oauth/token"] = issues(s, 3600)
	p := withCredentials(t, s)
	look := func() error {
		_, err := p.Status(t.Context(), providers.Ref{ID: requestID})
		return err
	}
	revoke := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tokens = nil
	}
	if err := look(); err != nil {
		t.Fatal(err)
	}
	revoke()
	if err := look(); err != nil || len(s.Bodies("POST /oauth/token")) != 2 {
		t.Errorf("a revoked token was not replaced: %v", err)
	}
	// The inviting call is not repeated without the engine's knowledge.
	revoke()
	commits := 0
	job := newJob(lease(), func() { commits++ })
	if err := p.Invite(t.Context(), job); err == nil || providers.KindOf(err) != providers.Transient || commits != 1 {
		t.Errorf("%v after %d commits", err, commits)
	}
	if err := p.Invite(t.Context(), job); err != nil || commits != 2 || len(s.Bodies("POST "+requests)) != 2 {
		t.Errorf("%v after %d commits", err, commits)
	}
	// A fresh token that is refused means that we are not welcome.
	s.Routes["POST /oauth/token"] = answers(200, `{"access_token":"tok_bad","expires_in":3600}`)
	revoke()
	if err := look(); err == nil || providers.KindOf(err) != providers.Denied {
		t.Errorf("got %v", err)
	}
}

func TestCredentialsRefused(t *testing.T) {
	for status, want := range map[int]providers.ErrorKind{
		400: providers.Denied, 401: providers.Denied, 403: providers.Denied, 404: providers.Denied, 500: providers.Transient, 429: providers.RateLimited,
	} {
		s := newServer(t, map[string]http.HandlerFunc{"POST /oauth/token": answers(status, `{"error":"invalid_client sec_1"}`)})
		committed := false
		err := withCredentials(t, s).Invite(t.Context(), newJob(lease(), func() { committed = true }))
		if err == nil || providers.KindOf(err) != want || committed || strings.Contains(err.Error(), "sec_1") {
			t.Errorf("%d: %v, committed %v", status, err, committed)
		}
	}
	s := newServer(t, map[string]http.HandlerFunc{"POST /oauth/token": answers(200, `{}`)})
	if err := withCredentials(t, s).Invite(t.Context(), newJob(lease(), func() {})); err == nil || providers.KindOf(err) != providers.Transient {
		t.Errorf("an answer without a token: %v", err)
	}
}

func TestGivenTokenRefused(t *testing.T) {
	s := newServer(t, nil)
	s.tokens = nil
	_, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: requestID})
	if e, ok := errors.AsType[*providers.Error](err); !ok || e.Kind != providers.Denied || e.Code != "UNAUTHORIZED" || len(s.Called()) != 1 {
		t.Errorf("%v after %q", err, s.Called())
	}
}

func TestNew(t *testing.T) {
	if _, err := New(rest.Settings{}); err != nil {
		t.Errorf("staging needs no address: %v", err)
	}
	for want, build := range map[string]func() error{
		"CHANCELA_CATALISA_CLIENT_SECRET": func() error {
			_, err := New(rest.Settings{Own: map[string]providers.Secret{setClientID: "org_1"}})
			return err
		},
		"CHANCELA_CATALISA_WEBHOOK_SECRET": func() error {
			_, err := New(rest.Settings{WebhookSecret: "not PEM"})
			return err
		},
	} {
		if err := build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one that names %s", err, want)
		}
	}
}

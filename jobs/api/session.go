package api

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	sessionCookie = "chancela"
	// sessionFor is how long somebody who has signed in stays signed in. A choice: a working day.
	sessionFor = 12 * time.Hour
)

// sessionKey is where Redis has a session. Its token is not in it, so who reads Redis
// cannot use it.
func sessionKey(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "{chancela}:session:" + hex.EncodeToString(sum[:])
}

// proof binds a session to its API key: a key that is removed ends its sessions.
func (k *hashedKey) proof(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write(k.hash[:])
	return hex.EncodeToString(mac.Sum(nil))
}

// SignIn begins a session for somebody who knows an API key, and sets its cookie; false
// when nobody has this key. Whoever guesses too often from one address waits, whatever the
// key: sessions that were begun there, and requests with a key, go on.
func (s *Server) SignIn(w http.ResponseWriter, r *http.Request, secret string) (bool, error) {
	if wait := s.signIns.take(r); wait > 0 {
		return false, tooManyGuesses(wait)
	}
	key := s.guard.known(strings.TrimSpace(secret))
	if key == nil {
		s.strangers.warn(r.Context(), "sign-in", "a sign-in with a key that is not known", "request", requestID(r.Context()))
		return false, nil
	}
	s.signIns.giveBack(r)
	token := rand.Text()
	if err := s.client.Ledger().Redis().Set(r.Context(), sessionKey(token), key.proof(token), sessionFor).Err(); err != nil {
		return false, fmt.Errorf("keeping a session: %w", err)
	}
	s.log.InfoContext(r.Context(), "signed in", "key", key.name, "request", requestID(r.Context()))
	http.SetCookie(w, cookie(r, token, sessionFor))
	return true, nil
}

// SignOut ends the session of a request.
func (s *Server) SignOut(w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if err := s.client.Ledger().Redis().Del(r.Context(), sessionKey(c.Value)).Err(); err != nil {
			return fmt.Errorf("ending a session: %w", err)
		}
	}
	http.SetCookie(w, cookie(r, "", -time.Second))
	return nil
}

// cookie is out of reach of scripts and of other sites; behind TLS it stays there.
func cookie(r *http.Request, token string, age time.Duration) *http.Cookie {
	return &http.Cookie{Name: sessionCookie, Value: token, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")}
}

// session finds who sends a request by its cookie; nil when nobody has signed in, or the
// key is not one any more.
func (s *Server) session(r *http.Request) (*hashedKey, error) {
	if len(s.guard.keys) == 0 {
		return nobody, nil
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" {
		return nil, nil
	}
	proof, err := s.client.Ledger().Redis().Get(r.Context(), sessionKey(c.Value)).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a session: %w", err)
	}
	for i := range s.guard.keys {
		if k := &s.guard.keys[i]; hmac.Equal([]byte(proof), []byte(k.proof(c.Value))) {
			return k, nil
		}
	}
	return nil, nil
}

// Caller is who sends a request.
type Caller struct {
	Name     string // of the key; "local" on a server without keys
	Prefix   string // only campaigns whose names begin with it
	ReadOnly bool   // may look, and nothing else
	Links    bool   // may see signing links
	Open     bool   // the server has no keys: nobody has to sign in
}

// May tells whether a campaign is one of the caller's.
func (c Caller) May(campaign string) bool { return strings.HasPrefix(campaign, c.Prefix) }

// CallerOf is who sends the request of a context; false when nobody has signed in.
func CallerOf(ctx context.Context) (Caller, bool) {
	k, ok := ctx.Value(clientKey{}).(*hashedKey)
	if !ok {
		return Caller{}, false
	}
	return Caller{Name: k.name, Prefix: k.prefix, ReadOnly: k.readOnly, Links: k.links, Open: k == nobody}, true
}

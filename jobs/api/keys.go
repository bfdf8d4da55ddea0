package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/time/rate"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/source"
)

// Key lets a client in. Its name stands in the log.
type Key struct {
	Name     string
	Prefix   string // only campaigns whose names begin with it; empty: all
	ReadOnly bool   // it may look, and nothing else
	Links    bool   // it may see signing links, too
	Secret   providers.Secret
	Sources  []source.Place // below which are the objects that it may name as documents
}

// What ends a pair: a key that may only look, and one that may see signing links, too.
const (
	readRole  = ":read"
	linksRole = ":links"
)

// ParseKeys reads CHANCELA_API_KEYS: pairs NAME:KEY, separated by commas or line
// breaks. NAME@PREFIX:KEY is good for campaigns whose names begin with PREFIX only, and
// not for asynqmon, which shows all. A key whose pair ends in :read may look, and nothing
// else, not at signing links either: those are for a key whose pair ends in :links, which may do all the rest, too. Only with :read the prefix may be empty, which is all campaigns: ops@:KEY:read. A name may stand there twice, so that a key can be
// replaced without a gap; it has one rate then. No error repeats a key.
func ParseKeys(s string) ([]Key, error) {
	var keys []Key
	n := 0
	for pair := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		pair = strings.TrimSpace(pair)
		if pair == "" {
			continue
		}
		n++
		name, secret, ok := strings.Cut(pair, ":")
		if !ok || secret == "" {
			return nil, lang.Errorf("API key %d is not of the form NAME:KEY or NAME@PREFIX:KEY", n)
		}
		name, prefix, limited := strings.Cut(name, "@")
		if !intake.ValidID(name) {
			return nil, lang.Errorf("the name of API key %d must have 1 to 100 letters, digits, dots, underscores or hyphens", n)
		}
		prefix = norm.NFC.String(prefix)
		secret, readOnly := strings.CutSuffix(secret, readRole)
		secret, links := strings.CutSuffix(secret, linksRole)
		if links && readOnly {
			return nil, lang.Errorf("API key %s ends in :links and :read: want one of them", name)
		}
		if secret == "" {
			return nil, lang.Errorf("API key %s is empty", name)
		}
		if limited && (prefix != "" || !readOnly) && !intake.ValidCampaign(prefix) {
			return nil, lang.Errorf("the prefix of API key %s is not the beginning of a campaign's name", name)
		}
		keys = append(keys, Key{Name: name, Prefix: prefix, ReadOnly: readOnly, Links: links, Secret: providers.Secret(secret)})
	}
	return keys, nil
}

// ParseSources reads CHANCELA_HTTP_SOURCES into the keys: pairs NAME=s3://BUCKET/PREFIX,
// separated by commas or line breaks; a name may stand there several times. Without a
// pair, a key may name no object at all: the server would read it with its own rights,
// and send it to people of the client's choice.
func ParseSources(s string, keys []Key) error {
	for pair := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		name, address, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return lang.Errorf("want pairs of the form NAME=s3://BUCKET/PREFIX, separated by commas")
		}
		class, err := source.ParsePlace(address)
		if err != nil {
			return err
		}
		found := false
		for i := range keys {
			if keys[i].Name == name {
				found = true
				keys[i].Sources = append(keys[i].Sources, class)
			}
		}
		if !found {
			return lang.Errorf("there is no API key of the name %q", name)
		}
	}
	return nil
}

// guard lets clients in and counts their requests.
type guard struct {
	keys   []hashedKey
	limits Limits

	mu    sync.Mutex
	rates map[string]*rate.Limiter // by the key's name
}

type hashedKey struct {
	name, prefix string
	readOnly     bool
	links        bool
	sources      []source.Place
	hash         [sha256.Size]byte
}

// nobody is the client of a server without keys: somebody on this machine.
var nobody = &hashedKey{name: "local", links: true}

func newGuard(keys []Key, limits Limits) *guard {
	g := &guard{limits: limits, rates: map[string]*rate.Limiter{}}
	for _, k := range keys {
		g.keys = append(g.keys, hashedKey{k.Name, k.Prefix, k.ReadOnly, k.Links, k.Sources, sha256.Sum256([]byte(k.Secret.Reveal()))})
	}
	return g
}

// client finds who sends a request: by Bearer, or for pages in a browser by HTTP basic
// with any user and the key as the password. All keys are compared, hashed: the time
// tells nothing about any.
func (g *guard) client(r *http.Request, basic bool) *hashedKey {
	if len(g.keys) == 0 {
		return nobody
	}
	secret, ok := "", false
	if scheme, rest, found := strings.Cut(r.Header.Get("Authorization"), " "); found && strings.EqualFold(scheme, "Bearer") {
		secret, ok = strings.TrimSpace(rest), true
	} else if basic {
		_, secret, ok = r.BasicAuth()
	}
	if !ok {
		return nil
	}
	return g.known(secret)
}

// known is the key with this secret; nil when there is none.
func (g *guard) known(secret string) *hashedKey {
	hash := sha256.Sum256([]byte(secret))
	var found *hashedKey
	for i := range g.keys {
		if subtle.ConstantTimeCompare(hash[:], g.keys[i].hash[:]) == 1 {
			found = &g.keys[i]
		}
	}
	return found
}

// wait is zero, or how long a client must wait for its next request.
func (g *guard) wait(name string) time.Duration {
	g.mu.Lock()
	limiter, ok := g.rates[name]
	if !ok {
		limiter = rate.NewLimiter(rate.Limit(g.limits.Rate), g.limits.Burst)
		g.rates[name] = limiter
	}
	g.mu.Unlock()
	turn := limiter.Reserve()
	if wait := turn.Delay(); wait > 0 {
		turn.Cancel()
		return wait
	}
	return 0
}

// admit gives the client of a request, or the answer that refuses it.
func (s *Server) admit(r *http.Request, class routeClass) (*hashedKey, *Problem) {
	page := class == monitorRoute
	client := s.guard.client(r, page)
	if client == nil && page && r.Header.Get("Authorization") == "" { // from a page of ours
		var err error
		if client, err = s.session(r); err != nil {
			return nil, s.explain(r.Context(), err)
		}
	}
	if client == nil {
		challenge := `Bearer realm="chancela"`
		if page {
			challenge = `Basic realm="chancela: any user, an API key as the password", charset="UTF-8"`
		}
		detail := "an API key is needed: Authorization: Bearer KEY"
		if r.Header.Get("Authorization") != "" {
			if wait := s.badKeys.take(r); wait > 0 { // a good key gets through all the same
				return nil, tooManyGuesses(wait)
			}
			detail, challenge = "this API key is not known here", challenge+`, error="invalid_token"`
		}
		return nil, problem(http.StatusUnauthorized, detail).with("WWW-Authenticate", challenge)
	}
	if page && client.prefix != "" {
		return client, told(http.StatusForbidden, lang.Of("this key is limited to campaigns of a prefix, and asynqmon shows all"))
	}
	if page {
		return client, nil // a page asks for many files at once
	}
	if wait := s.guard.wait(client.name); wait > 0 {
		return client, told(http.StatusTooManyRequests, lang.Of("too many requests with this key")).
			with("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if client.readOnly && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return client, told(http.StatusForbidden, lang.Of("this key may look, and change nothing"))
	}
	if badIdempotencyKey(r.Header) {
		return client, problem(http.StatusBadRequest, "Idempotency-Key must stand once and have 1 to 255 printable ASCII characters")
	}
	return client, nil
}

func tooManyGuesses(wait time.Duration) *Problem {
	return told(http.StatusTooManyRequests, lang.Of("too many keys that are not known here have come from this address: try again in a minute")).
		with("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

const maxIdempotencyKey = 255 // characters

// badIdempotencyKey tells that a request's Idempotency-Key is none. A good one changes
// nothing: campaign and id do its work.
func badIdempotencyKey(h http.Header) bool {
	all, sent := h["Idempotency-Key"]
	return sent && (len(all) != 1 || all[0] == "" || len(all[0]) > maxIdempotencyKey ||
		strings.ContainsFunc(all[0], func(r rune) bool { return r < ' ' || r > '~' }))
}

type clientKey struct{}

// clientOf is who sent the request.
func clientOf(ctx context.Context) *hashedKey {
	if c, ok := ctx.Value(clientKey{}).(*hashedKey); ok {
		return c
	}
	return nobody
}

// campaignFor checks that a request's campaign may exist and that its key is good for
// it, and gives the name in the form that the ledger has.
func campaignFor(ctx context.Context, name string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	if !strings.HasPrefix(name, clientOf(ctx).prefix) {
		return "", problem(http.StatusForbidden, "this key is limited to campaigns of another prefix")
	}
	if !intake.ValidCampaign(name) {
		return "", told(http.StatusNotFound, lang.Of("there is no campaign of this name"))
	}
	return name, nil
}

// keyFor is campaignFor for an envelope.
func keyFor(ctx context.Context, campaign, id string) (jobs.Key, error) {
	campaign, err := campaignFor(ctx, campaign)
	if err != nil {
		return jobs.Key{}, err
	}
	if !intake.ValidID(id) {
		return jobs.Key{}, told(http.StatusNotFound, lang.Of("there is no envelope of this id"))
	}
	return jobs.Key{Campaign: campaign, ID: id}, nil
}

// ErrOpen refuses to serve without keys what others can reach.
var ErrOpen = errors.New("without API keys only a loopback address is served: set some, or listen on 127.0.0.1")

// loopback tells whether only this machine reaches a listener.
func loopback(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// loopbackHost tells whether a Host header names this machine: a page whose name was
// made to point here by its owner sends that name.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

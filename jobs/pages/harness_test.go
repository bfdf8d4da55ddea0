package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

func goFiles() fs.FS { return os.DirFS(".") }

// logBook keeps what is logged.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// site is a server with pages.
type site struct {
	t      *testing.T
	url    string
	client *jobs.Client
	pages  *Pages
	log    *logBook
	says   string // of what fails

	keys      []api.Key
	providers []providers.Provider
}

// server is one more for the same Redis and archive. Nothing is served yet.
func (s *site) server() *api.Server {
	s.t.Helper()
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server, err := api.New(api.Config{Client: s.client, Providers: s.providers, Keys: s.keys, Log: log})
	if err != nil {
		s.t.Fatal(err)
	}
	if s.pages, err = New(Config{Client: s.client, API: server, Providers: s.providers, Log: log}); err != nil {
		s.t.Fatal(err)
	}
	server.Show(s.pages)
	return server
}

// newSite serves pages for some keys on an in-memory Redis.
func newSite(t *testing.T, keys ...api.Key) *site {
	t.Helper()
	provider, err := certyneo.New(rest.Settings{BaseURL: "http://127.0.0.1:1/api/v1", APIKey: "provider-key", WebhookSecret: "hook-secret", Pacer: pace.Unlimited{}})
	if err != nil {
		t.Fatal(err)
	}
	return newSiteOf(t, []providers.Provider{provider}, keys...)
}

// newSiteOf is the same with other providers.
func newSiteOf(t *testing.T, all []providers.Provider, keys ...api.Key) *site {
	t.Helper()
	db := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { db.Close() })
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, log: &logBook{}, says: `<b onmouseover=alert(1)>no</b>`, keys: keys, providers: all}
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.client = jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: store, Providers: s.providers, Log: log})
	s.url = s.serve(func(l net.Listener) net.Listener { return l })
	return s
}

// serve serves the site at an address, for the length of the test.
func (s *site) serve(by func(net.Listener) net.Listener) (url string) {
	s.t.Helper()
	server := s.server()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, by(l)) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

// enqueue puts an envelope into a campaign, and takes it to a state.
func (s *site) enqueue(campaign string, e jobs.Envelope, state ledger.State) *ledger.Record {
	s.t.Helper()
	e.Campaign, e.Provider = campaign, "certyneo"
	b, err := json.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	l := s.client.Ledger()
	if _, err := l.Create(s.t.Context(), []ledger.Entry{{Campaign: campaign, ID: e.ID, Provider: e.Provider, Digest: e.ID, State: ledger.Queued, Content: ledger.Content{Envelope: b}}}); err != nil {
		s.t.Fatal(err)
	}
	key := campaign + "/" + e.ID
	claim := func(preparation ledger.Preparation) *ledger.Claim {
		r, err := l.Get(s.t.Context(), key)
		if err != nil {
			s.t.Fatal(err)
		}
		c, hold, _, err := l.Claim(s.t.Context(), key, r.Generation, time.Minute, preparation)
		if err != nil || hold != ledger.Granted {
			s.t.Fatalf("claim: %v %v", hold, err)
		}
		return c
	}
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	switch state {
	case ledger.Failed:
		must(claim(ledger.Preparation{}).Fail(s.t.Context(), 1, ledger.Reason{Code: "bad_phone", Message: s.says}))
	case ledger.InDoubt:
		c := claim(ledger.Preparation{Provider: "certyneo"})
		_, err := c.Intend(s.t.Context())
		must(err)
		c.Record.IntentAt = time.Now() // the claim reads no answer of its own
		must(c.Doubt(s.t.Context(), ledger.Reason{Code: "in_doubt", Message: "nobody knows"}))
	}
	r, err := l.Get(s.t.Context(), key)
	must(err)
	return r
}

// visitor is somebody with a browser.
type visitor struct {
	*site
	http *http.Client
	lang string
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &visitor{s, &http.Client{Jar: jar}, "en"}
}

// reply is a page that was read to its end.
type reply struct {
	*http.Response
	text string
}

func (v *visitor) do(method, path, contentType, body string) reply {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Language", v.lang)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		v.t.Fatal(err)
	}
	return reply{res, b.String()}
}

func (v *visitor) get(path string) reply { v.t.Helper(); return v.do(http.MethodGet, path, "", "") }

var formToken = regexp.MustCompile(`name="form" value="([0-9a-f]+)"`)

// token is what forms on a page carry.
func (v *visitor) token(path string) string {
	v.t.Helper()
	m := formToken.FindStringSubmatch(v.get(path).text)
	if m == nil {
		v.t.Fatalf("%s has no form", path)
	}
	return m[1]
}

// post fills in the form of a page and sends it to an address.
func (v *visitor) post(page, to string, values url.Values) reply {
	v.t.Helper()
	if values == nil {
		values = url.Values{}
	}
	values.Set("form", v.token(page))
	return v.do(http.MethodPost, to, "application/x-www-form-urlencoded", values.Encode())
}

func (v *visitor) signIn(key string) {
	v.t.Helper()
	if res := v.post("/sign-in", "/sign-in", url.Values{"key": {key}, "next": {"/"}}); res.StatusCode != http.StatusOK {
		v.t.Fatalf("signing in: %d", res.StatusCode)
	}
}

func (r reply) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("%s answers %d, want %d: %.600s", r.Request.URL.Path, r.StatusCode, status, r.text)
	}
	for _, text := range texts {
		if !strings.Contains(r.text, text) {
			t.Errorf("%s does not say %q: %.3000s", r.Request.URL.Path, text, r.text)
		}
	}
}

func person1(name, email string) []jobs.Signer { return []jobs.Signer{{Name: name, Email: email}} }

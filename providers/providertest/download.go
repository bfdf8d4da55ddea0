package providertest

import (
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// testDownloads breaks off every download, makes it longer than it says, and lets its
// address run out.
func testDownloads(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	rec := w.completed(s.Envelope())
	list, err := w.provider.Artifacts(t.Context(), rec.ref())
	if err != nil {
		t.Fatal(err)
	}
	open := func(a providers.Artifact) ([]byte, error) {
		body, err := w.provider.Open(t.Context(), rec.ref(), a)
		if err != nil {
			return nil, err
		}
		defer body.Close()
		return io.ReadAll(body)
	}
	for _, a := range list {
		whole := w.read(rec, a)
		// Nobody may take a part for the whole.
		for _, part := range []float64{0, 0.1, 0.5, 0.9, 1} {
			w.wire.with(broken(part))
			content, err := open(a)
			e, ok := errors.AsType[*providers.Error](err)
			switch {
			case err == nil:
				t.Errorf("%s, cut at %.1f: %d of %d bytes without an error", a.Kind, part, len(content), len(whole))
			case !ok || e.Kind != providers.Transient:
				t.Errorf("%s, cut at %.1f: %v, want transient", a.Kind, part, err)
			}
		}
		w.wire.with(func(_ int, rw http.ResponseWriter, _ *http.Request, pass func() *answer) bool {
			a := pass()
			if _, _, inJSON := a.base64Field(); !inJSON {
				return false
			}
			a.body = []byte(strings.Replace(string(a.body), "JVBERi", "JV**Ri", 1))
			a.write(rw)
			return true
		})
		if content, err := open(a); err == nil && string(content) != string(whole) {
			t.Errorf("%s: malformed base64 is taken for a file", a.Kind)
		}
		w.wire.with(nil)
	}
	w.clean()

	t.Run("expired", func(t *testing.T) {
		w := newWorld(t, s, tp, setup{})
		rec := w.completed(s.Envelope())
		list, err := w.provider.Artifacts(t.Context(), rec.ref())
		if err != nil {
			t.Fatal(err)
		}
		w.sandbox.Advance(25 * time.Hour) // longer than any address lives
		for _, a := range list {
			body, err := w.provider.Open(t.Context(), rec.ref(), a)
			if err == nil {
				body.Close()
			}
			e, ok := errors.AsType[*providers.Error](err)
			if a.URL != "" && (!ok || e.Kind != providers.NotFound || e.Code != providers.CodeAddressExpired) {
				t.Errorf("%s by an address that has run out: %v", a.Kind, err)
			} else if a.URL == "" && err != nil {
				t.Errorf("%s, which has no address: %v", a.Kind, err)
			}
		}
		w.files0(rec) // listed again, they are there
	})
}

// broken cuts an answer that carries a file after the given part of it.
func broken(part float64) meddler {
	return func(_ int, rw http.ResponseWriter, _ *http.Request, pass func() *answer) bool {
		a := pass()
		maps.Copy(rw.Header(), a.header)
		rw.Header().Set("Content-Length", itoa(len(a.body)+1))
		_, _ = rw.Write(a.body[:int(part*float64(len(a.body)))])
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
}

// testAddresses is about the addresses that a provider gives: where they may lead, and
// what goes along.
func testAddresses(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	rec := w.completed(s.Envelope())
	w.files0(rec)
	given := 0
	for _, x := range w.wire.since(0) {
		if !x.store {
			continue
		}
		given++
		for name, values := range x.header {
			for _, secret := range append(w.wire.credentials(), w.settings.APIKey.Reveal()) {
				if secret != "" && strings.Contains(strings.Join(values, " "), secret) || name == "Authorization" || name == "Cookie" {
					t.Errorf("%s takes the header %s along", strings.SplitN(x.call, "?", 2)[0], name)
					break
				}
			}
		}
	}
	list, err := w.provider.Artifacts(t.Context(), rec.ref())
	if err != nil {
		t.Fatal(err)
	}
	if given == 0 || !slices.ContainsFunc(list, func(a providers.Artifact) bool { return a.URL != "" }) {
		return // everything comes from the API itself, or by addresses that Open asks for
	}

	// What a public API names must be public too.
	var reached atomic.Int64
	private := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	private.Config.ConnState = func(net.Conn, http.ConnState) { reached.Add(1) }
	private.TLS = &tls.Config{}
	private.StartTLS()
	defer private.Close()
	public := w.settings
	public.BaseURL = "https://api.exemplo.test"
	p, _ := w.client(public)
	port := private.URL[strings.LastIndexByte(private.URL, ':'):]
	for _, address := range []string{
		private.URL + "/x", "https://localhost" + port + "/x", "https://[::1]" + port + "/x", "https://0.0.0.0" + port + "/x", "https://[::ffff:127.0.0.1]" + port + "/x",
		"https://10.0.0.1/x", "https://172.16.0.1/x", "https://192.168.1.1/x", "https://169.254.169.254/latest/meta-data/", "https://[fd00::1]/x", "https://[fe80::1]/x", "https://100.64.0.1/x",
		"http://203.0.114.1/x", "http://exemplo.test/x", "file:///etc/passwd", "ftp://exemplo.test/x", "https://ana:senha@exemplo.test/x", "//exemplo.test/x", "/x", "x", "https://", "\x00",
	} {
		begun := time.Now()
		body, err := p.Open(t.Context(), providers.Ref{ID: "1"}, providers.Artifact{Kind: w.inner.Info().Artifacts[len(w.inner.Info().Artifacts)-1], URL: address})
		if err == nil {
			body.Close()
		}
		e, ok := errors.AsType[*providers.Error](err)
		if !ok || e.Kind != providers.Invalid || e.Code != rest.CodeAddressRefused || time.Since(begun) > prompt {
			t.Errorf("%q: %v after %s, want it refused", address, err, time.Since(begun))
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d connections to a private address", n)
	}
}

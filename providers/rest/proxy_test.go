package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// connectProxy is a company's proxy: it leads every name to one server, whatever its port.
type connectProxy struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	status int // of its answers, when it refuses
}

func newConnectProxy(t *testing.T, to *httptest.Server) *connectProxy {
	p := &connectProxy{status: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Host)
		p.mu.Unlock()
		if r.Method != http.MethodConnect || p.status != http.StatusOK {
			w.WriteHeader(p.status)
			return
		}
		there, err := net.Dial("tcp", to.Listener.Addr().String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(there, buffered); there.Close() }()
		io.Copy(here, there)
	}))
	t.Cleanup(p.Close)
	return p
}

// behind puts a client into a network that lets nobody out but through the proxy.
func behind(t *testing.T, c *Client, p *connectProxy, roots *tls.Config) {
	t.Helper()
	address, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	way := c.given.Transport.(guarded)
	for _, transport := range []*http.Transport{c.ordinary, c.inviting, way.proxied, way.direct} {
		dial := transport.DialContext
		transport.TLSClientConfig = roots
		transport.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
			if to != address.Host {
				t.Errorf("%s is dialled past the proxy", to)
				return nil, errors.New("no way out")
			}
			return dial(ctx, network, to)
		}
		if transport != way.direct {
			transport.Proxy = http.ProxyURL(address)
		}
	}
}

// Calls, inviting calls, downloads and uploads leave through the proxy.
func TestEverythingLeavesThroughTheProxy(t *testing.T) {
	var stored string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			b, _ := io.ReadAll(r.Body)
			stored = string(b)
		}
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	c, err := New(Config{Provider: "test", Base: "https://api.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	p := newConnectProxy(t, server)
	behind(t, c, p, server.Client().Transport.(*http.Transport).TLSClientConfig)
	for _, before := range []func(context.Context) error{nil, func(context.Context) error { return nil }} {
		answer, err := c.Do(t.Context(), Request{Class: pace.Send, Method: "POST", Path: "/x", Body: JSONBody(1), Before: before})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	answer, err := c.Fetch(t.Context(), "https://files.example.com/a?signature=s")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	body := Raw("application/pdf", 4, func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("%PDF")), nil })
	if err := c.Upload(t.Context(), "https://store.example.com/a?signature=s", body, nil); err != nil || stored != "%PDF" {
		t.Errorf("upload: %v, %q", err, stored)
	}
	slices.Sort(p.asked)
	if got := slices.Compact(p.asked); !slices.Equal(got, []string{"api.example.com:443", "files.example.com:443", "store.example.com:443"}) {
		t.Errorf("the proxy was asked for %v", got)
	}
}

// What can be seen to be private is refused before the proxy is asked, which may be in that
// network itself.
func TestTheProxyIsNotAskedForPrivateAddresses(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("was reached") }))
	defer server.Close()
	c := strict(t)
	p := newConnectProxy(t, server)
	behind(t, c, p, server.Client().Transport.(*http.Transport).TLSClientConfig)
	for _, host := range []string{"10.0.0.1", "169.254.169.254", "127.0.0.1", "[::1]", "[::7f00:1]", "[::ffff:0:7f00:1]", "168.63.129.16", "127.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001", "10.0.0.1.",
		"localhost", "x.localhost", "intranet", "db.internal", "printer.local", "nas.lan", "metadata.google.internal."} {
		_, err := c.Fetch(t.Context(), "https://"+host+"/x")
		if e := providerError(t, err); e.Kind != providers.Invalid || e.Code != CodeAddressRefused {
			t.Errorf("%s: %v", host, err)
		}
	}
	if len(p.asked) > 0 {
		t.Errorf("the proxy was asked for %v", p.asked)
	}
}

// A proxy that wants other credentials, or forbids an address, will do so again.
func TestWhatTheProxyRefuses(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	for status, want := range map[int]providers.ErrorKind{407: providers.Denied, 403: providers.Denied, 502: providers.Transient, 503: providers.Transient} {
		c := strict(t)
		p := newConnectProxy(t, server)
		p.status = status
		behind(t, c, p, nil)
		for _, before := range []func(context.Context) error{nil, func(context.Context) error { t.Error("the intent was written"); return nil }} {
			_, err := c.Do(t.Context(), Request{Class: pace.Send, Method: "POST", Path: "/x", Before: before})
			if e := providerError(t, err); e.Kind != want || e.Code != CodeProxyRefused || !strings.Contains(err.Error(), "HTTPS_PROXY") {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
}

// What no header can hold is no trouble of the network: a key stops the provider, the rest
// is the envelope's.
func TestBadHeadersArePermanent(t *testing.T) {
	c, err := New(Config{Provider: "test", Base: "http://127.0.0.1:1", Authorize: func(_ context.Context, r *http.Request) error {
		if r.Header.Get("X-Key") == "" {
			r.Header.Set("Authorization", "Bearer s3cret\r")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), Request{Method: "GET", Path: "/x"})
	if e := providerError(t, err); e.Kind != providers.Denied || e.Code != CodeBadHeader || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
	_, err = c.Do(t.Context(), Request{Method: "GET", Path: "/x", Header: http.Header{"X-Key": {"a\nb"}}})
	if e := providerError(t, err); e.Kind != providers.Invalid || e.Code != CodeBadHeader {
		t.Error(err)
	}
	err = c.Upload(t.Context(), "http://127.0.0.1:1/x", Raw("", 1, func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }), http.Header{"X": {"\x00"}})
	if e := providerError(t, err); e.Kind != providers.Invalid || e.Code != CodeBadHeader {
		t.Error(err)
	}
}

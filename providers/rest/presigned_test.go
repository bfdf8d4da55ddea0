package rest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func TestIsPublic(t *testing.T) {
	for _, ip := range []string{
		"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255",
		"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
		"2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "fec0::1", "100::1",
		"::7f00:1", "::127.0.0.1", "::8.8.8.8", "::ffff:0:7f00:1", "::ffff:0:808:808", "::ffff:7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:808:808::1", "3fff::1", "3fff:fff::1",
		"5f00::1", "5f00:ffff::1", "168.63.129.16", "192.0.0.170", "198.19.255.255", "febf::1", "feff::1", "203.0.113.1", "198.51.100.1",
	} {
		if isPublic(netip.MustParseAddr(ip)) {
			t.Errorf("%s is taken for public", ip)
		}
	}
	for _, ip := range []string{"8.8.8.8", "100.63.0.1", "100.128.0.1", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "2804:14d::1", "168.63.129.17", "198.20.0.1", "3fff:1000::1"} {
		if !isPublic(netip.MustParseAddr(ip)) {
			t.Errorf("%s is not taken for public", ip)
		}
	}
}

// strict is a client of a real provider.
func strict(t *testing.T) *Client {
	t.Helper()
	c, err := New(Config{Provider: "test", Base: "https://api.example"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGivenAddressesThatAreRefused(t *testing.T) {
	secret := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("was asked") }))
	defer secret.Close()
	port := secret.URL[strings.LastIndexByte(secret.URL, ':'):]
	for _, address := range []string{
		"", "x", "://", "https://", "file:///etc/passwd", "ftp://8.8.8.8/", "http://8.8.8.8/x", "https://user:password@8.8.8.8/",
		secret.URL, "https://localhost" + port, "https://[::1]" + port, "https://[::ffff:127.0.0.1]" + port, "https://0.0.0.0" + port,
		"https://2130706433" + port, "https://169.254.169.254/latest", "https://10.0.0.1/", "https://[fd00::1]/",
	} {
		_, err := strict(t).Fetch(t.Context(), address)
		e := providerError(t, err)
		numeric := strings.Contains(address, "2130706433") // a name, where the resolver does not take it for a number
		if (e.Kind != providers.Invalid || e.Code != CodeAddressRefused) && !(numeric && e.Kind == providers.Transient) {
			t.Errorf("%s: %v", address, err)
		}
		if err := strict(t).Upload(t.Context(), address, JSONBody(1), nil); err == nil {
			t.Errorf("upload to %s", address)
		}
		if strings.Contains(err.Error(), "password") {
			t.Error(err)
		}
	}
}

// away lets a strict client reach a test server under any name, and the rule for
// everything else stand.
func away(c *Client, server *httptest.Server) {
	transport := c.given.Transport.(guarded).direct
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	guarded := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "example.com:443" {
			return net.Dial("tcp", server.Listener.Addr().String())
		}
		return guarded(ctx, network, address)
	}
}

func TestRedirectsOfGivenAddresses(t *testing.T) {
	var last *http.Request
	var hops int
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = r
		hops++
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		if r.URL.Path == "/loop" {
			http.Redirect(w, r, "/loop", http.StatusFound)
			return
		}
		io.WriteString(w, "%PDF")
	}))
	defer server.Close()
	c := strict(t)
	away(c, server)

	answer, err := c.Fetch(t.Context(), "https://example.com/a?to=/b&signature=s")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if string(b) != "%PDF" || err != nil || last.Referer() != "" || last.Header.Get("Authorization") != "" || last.Header.Get("Cookie") != "" {
		t.Errorf("%q, %v, %v", b, err, last.Header)
	}
	for _, to := range []string{"http://example.com/b", "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "file:///etc/passwd", "https://169.254.169.254/"} {
		_, err := c.Fetch(t.Context(), "https://example.com/a?to="+to)
		if e := providerError(t, err); e.Kind != providers.Invalid || e.Code != CodeAddressRefused {
			t.Errorf("%s: %v", to, err)
		}
	}
	hops = 0
	_, err = c.Fetch(t.Context(), "https://example.com/loop")
	if e := providerError(t, err); e.Kind != providers.Transient || hops != maxRedirects+1 {
		t.Errorf("%d requests, %v", hops, err)
	}
}

func TestGivenAddressOfASimulator(t *testing.T) {
	var stored string
	c := serve(t, Config{Pacer: &turns{err: io.EOF}, Authorize: func(_ context.Context, r *http.Request) error {
		t.Error("credentials for a given address")
		return nil
	}}, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/store", http.StatusTemporaryRedirect)
		case r.Method == "PUT":
			b, _ := io.ReadAll(r.Body)
			stored = string(b) + r.Header.Get("X-Kept") + r.Header.Get("Content-Type")
		default:
			io.WriteString(w, stored)
		}
	})
	base := strings.TrimSuffix(c.cfg.Base, "/api")
	body := Raw("application/pdf", 4, func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("%PDF")), nil })
	for _, path := range []string{"/store", "/moved"} {
		stored = ""
		if err := c.Upload(t.Context(), base+path, body, http.Header{"X-Kept": {"+"}}); err != nil {
			t.Fatal(err)
		}
		answer, err := c.Fetch(t.Context(), base+"/store")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(answer.Body); string(b) != "%PDF+application/pdf" || err != nil {
			t.Errorf("%s: %q, %v", path, b, err)
		}
		answer.Body.Close()
	}
}

func TestSimulatorsAreLocal(t *testing.T) {
	for base, want := range map[string]bool{
		"http://127.0.0.1:1": true, "https://localhost:1": true, "https://x.localhost": true, "https://127.0.0.1": true, "https://[::1]:8": true,
		"http://api.example": false, "http://sandbox:9101": false, "http://10.0.0.1": false, "https://api.example": false, "https://10.0.0.1": false, "https://localhost.example": false,
	} {
		c, err := New(Config{Provider: "test", Base: base})
		if err != nil || c.Simulated() != want {
			t.Errorf("%s: %v", base, err)
		}
	}
	if c, err := New(Config{Provider: "test", Base: "http://sandbox:9101", Simulated: true}); err != nil || !c.Simulated() {
		t.Errorf("one that is said to be: %v", err)
	}
}

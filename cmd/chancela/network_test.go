package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/archive/archivetest"
)

// company is a network with one way out: a proxy that knows some names, and leads each to a
// server with a certificate of the company's own.
type company struct {
	proxy *httptest.Server
	front *httptest.Server // speaks TLS for all of them

	mu    sync.Mutex
	asked map[string]bool            // hosts, by CONNECT
	hosts map[string]http.Handler    // by name
	plain map[string]string          // addresses without TLS, and the ones that the network knows
	paths map[string]map[string]bool // that were asked for, by name
}

func newCompany(t *testing.T) *company {
	c := &company{asked: map[string]bool{}, hosts: map[string]http.Handler{}, plain: map[string]string{}, paths: map[string]map[string]bool{}}
	c.front = httptest.NewUnstartedServer(http.HandlerFunc(c.serve))
	c.front.Config.ErrorLog = log.New(io.Discard, "", 0)
	c.front.StartTLS()
	t.Cleanup(c.front.Close)
	c.proxy = httptest.NewServer(http.HandlerFunc(c.connect))
	t.Cleanup(c.proxy.Close)
	return c
}

// connect leads to the front, and refuses every name that nobody has.
func (c *company) connect(w http.ResponseWriter, r *http.Request) {
	name, port, _ := net.SplitHostPort(r.Host)
	c.mu.Lock()
	known := r.Method == http.MethodConnect && c.hosts[name] != nil && port == "443"
	c.asked[name] = true
	c.mu.Unlock()
	if !known {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	there, err := net.Dial("tcp", c.front.Listener.Addr().String())
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(there, buffered); there.Close() }()
	io.Copy(here, there)
}

func (c *company) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	h := c.hosts[r.Host]
	if c.paths[r.Host] == nil {
		c.paths[r.Host] = map[string]bool{}
	}
	c.paths[r.Host][r.Method+" "+r.URL.Path] = true
	c.mu.Unlock()
	h.ServeHTTP(w, r)
}

// publish makes a server without TLS known by a name. Addresses in its answers are those
// that the network knows.
func (c *company) publish(t *testing.T, address, name string) {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c.plain[u.Scheme+"://"+u.Host] = "https://" + name
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: u.Scheme, Host: u.Host})
	p.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method == http.MethodHead || !strings.Contains(r.Header.Get("Content-Type"), "json") {
			return nil
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		for from, to := range c.plain {
			b = bytes.ReplaceAll(b, []byte(from), []byte(to))
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
		r.Header.Del("Content-Length")
		return nil
	}
	c.hosts[name] = p
}

// known is an address as the network knows it.
func (c *company) known(address string) string {
	for from, to := range c.plain {
		if after, ok := strings.CutPrefix(address, from); ok {
			return to + after
		}
	}
	return address
}

func (c *company) saw(name, call string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paths[name][call]
}

// Whole envelopes are signed and archived in a network that lets nobody out but through a
// proxy, with certificates of its own: providers, the files at their addresses, S3,
// notifications and traces go that way. The names lead nowhere on this machine.
func TestEverythingLeavesByOneWay(t *testing.T) {
	bucket := archivetest.Gateway(t)
	c := newCompany(t)
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), SignAfter: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	received := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	c.hosts["hooks.example.com"], c.hosts["otel.example.com"] = received, received
	c.publish(t, os.Getenv("AWS_ENDPOINT_URL_S3"), "s3.example.com")

	roots := filepath.Join(t.TempDir(), "company.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": bucket, "CHANCELA_HTTP_ADDR": "127.0.0.1:0",
		"CHANCELA_NOTIFY_URL": "https://hooks.example.com/changes", "CHANCELA_NOTIFY_SECRET": "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
		"CHANCELA_CA_FILE": roots, "HTTPS_PROXY": c.proxy.URL, "HTTP_PROXY": c.proxy.URL, "NO_PROXY": "",
		"AWS_ENDPOINT_URL_S3": "https://s3.example.com", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com",
	}
	theirs := sb.Env()
	for i, name := range slices.Sorted(maps.Keys(theirs)) {
		provider := strings.HasPrefix(name, "CHANCELA_CERTYNEO_") || strings.HasPrefix(name, "CHANCELA_CATALISA_")
		if provider && strings.HasSuffix(name, "_URL") && !strings.HasSuffix(name, "_WEBHOOK_URL") && c.known(theirs[name]) == theirs[name] {
			c.publish(t, theirs[name], "service"+string(rune('a'+i))+".example.com")
		}
		if provider {
			env[name] = c.known(theirs[name])
		}
	}
	env["CHANCELA_CERTYNEO_POLL_EVERY"], env["CHANCELA_CATALISA_POLL_EVERY"] = "1s", "1s"

	up := start(t, env, "up")
	file := someOf(t, "june.csv", "cer-001", "cat-001")
	if p := start(t, env, "enqueue", file); p.cmd.Wait() != nil {
		t.Fatal(p.stderr.String())
	}
	eventually(t, 3*time.Minute, "both envelopes are archived", func() bool {
		s, _ := counts(t, env, "june")
		return s["archived"] == 2
	})
	eventually(t, 3*time.Minute, "notifications are delivered", func() bool { return c.saw("hooks.example.com", "POST /changes") })
	if err := up.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := up.cmd.Wait(); err != nil { // traces leave with the process
		t.Errorf("up: %v", err)
	}
	if !c.saw("otel.example.com", "POST /v1/traces") {
		t.Error("no traces were sent")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.hosts {
		if !c.asked[name] {
			t.Errorf("the proxy was not asked for %s", name)
		}
	}
	for name := range c.asked {
		if c.hosts[name] == nil {
			t.Errorf("the proxy was asked for %s", name)
		}
	}
}

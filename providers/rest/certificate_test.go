package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// A certificate that is not trusted is nobody's network failing for a moment: it stops the
// provider before anything has left, and the error says what to do.
func TestCertificatesThatAreNotTrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("was reached") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for name, c := range map[string]struct {
		host   string
		client *tls.Config
		says   string
	}{
		"unknown authority": {"example.com", &tls.Config{RootCAs: x509.NewCertPool()}, "SSL_CERT_FILE"},
		"another name":      {"other.example", &tls.Config{RootCAs: roots}, "for another name"},
		"too old":           {"example.com", &tls.Config{RootCAs: roots, Time: func() time.Time { return server.Certificate().NotAfter.Add(time.Hour) }}, "clock"},
		"too new":           {"example.com", &tls.Config{RootCAs: roots, Time: func() time.Time { return server.Certificate().NotBefore.Add(-time.Hour) }}, "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := New(Config{Provider: "test", Base: "https://" + c.host})
			if err != nil {
				t.Fatal(err)
			}
			for _, transport := range []*http.Transport{client.ordinary, client.inviting, client.given.Transport.(guarded).direct} {
				transport.TLSClientConfig = c.client
				transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
				}
			}
			calls := map[string]func() error{
				"a call": func() error {
					_, err := client.Do(t.Context(), Request{Class: pace.Look, Method: "GET", Path: "/x"})
					return err
				},
				"an invitation": func() error {
					_, err := client.Do(t.Context(), Request{Class: pace.Send, Method: "POST", Path: "/x", Body: JSONBody(1),
						Before: func(context.Context) error { t.Error("the intent was written"); return nil }})
					return err
				},
				"a download": func() error { _, err := client.Fetch(t.Context(), "https://"+c.host+"/file"); return err },
			}
			for what, call := range calls {
				e := providerError(t, call())
				if e.Kind != providers.Denied || e.Code != CodeCertificate || !strings.Contains(e.Error(), c.says) {
					t.Errorf("%s: %v", what, e)
				}
			}
		})
	}
}

package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

func newDialer(control func(network, address string, c syscall.RawConn) error) *net.Dialer {
	return &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second, Control: control}
}

// newTransport speaks HTTP/1.1 only: over HTTP/2 one broken connection fails every
// request under way, and a request may be sent again by itself.
func newTransport(roots *x509.CertPool) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: refusedByProxy,
		DialContext:            newDialer(nil).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots},
		TLSHandshakeTimeout:    15 * time.Second,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        idleConnTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		Protocols:              protocols,
	}
}

// proxyError is a proxy's refusal to make the connection.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy refuses the connection, HTTP %d: see HTTPS_PROXY", e.status)
}

// permanent tells whether the same request will be refused again: it wants other
// credentials, or forbids the address.
func (e *proxyError) permanent() bool {
	return e.status == http.StatusProxyAuthRequired || e.status == http.StatusForbidden || e.status == http.StatusUnauthorized
}

func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{answer.StatusCode}
}

package rest

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

const (
	maxRedirects    = 5 // a choice
	maxHeaderBytes  = 64 << 10
	idleConnTimeout = 30 * time.Second
)

var (
	errRefusedAddress = errors.New("the address is not one that may be followed: https and public")
	errRedirects      = errors.New("the address leads through too many redirects")
)

// Fetch reads an address that the provider gave, without our credentials and without a
// turn: it is not the API. An address that has run out is [providers.NotFound] with
// [providers.CodeAddressExpired]; one that is not https or not public is
// [providers.Invalid] with [CodeAddressRefused], unless Base itself is a simulator's.
func (c *Client) Fetch(ctx context.Context, address string) (*Response, error) {
	return c.follow(ctx, http.MethodGet, address, nil, nil)
}

// Upload writes a body to a presigned address, under the rules of [Client.Fetch].
func (c *Client) Upload(ctx context.Context, address string, body Body, header http.Header) error {
	answer, err := c.follow(ctx, http.MethodPut, address, body, header)
	if err != nil {
		return err
	}
	return drain(answer.Body)
}

func (c *Client) follow(ctx context.Context, method, address string, body Body, header http.Header) (*Response, error) {
	call := &call{client: c, ctx: ctx, op: method + " given address", class: pace.Fetch, given: true}
	if method == http.MethodPut {
		call.class = pace.Send
	}
	if err := ctx.Err(); err != nil {
		return nil, call.fail(providers.Interrupted, err)
	}
	u, err := url.Parse(address)
	if err != nil || checkAddress(u, c.local) != nil {
		e := call.fail(providers.Invalid, errRefusedAddress)
		e.Code = CodeAddressRefused
		return nil, e
	}
	request := (&http.Request{
		Method: method, URL: u, Host: u.Host, Header: make(http.Header),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if header != nil {
		request.Header = header.Clone()
	}
	request.Header.Set("User-Agent", userAgent)
	if err := call.checkHeaders(request.Header); err != nil {
		return nil, err
	}
	if body != nil {
		if err := call.attach(ctx, request, body); err != nil {
			return nil, err
		}
		// A store may redirect an upload (307, 308), which sends the body again.
		request.GetBody = func() (io.ReadCloser, error) { return body.Open(ctx) }
	}
	return call.send(ctx, request, following{c.given})
}

// following is the client's way through redirects as a RoundTripper.
type following struct{ client *http.Client }

func (f following) RoundTrip(r *http.Request) (*http.Response, error) { return f.client.Do(r) }

func newGivenClient(local bool, roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport: newGuarded(local, roots),
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errRedirects
			}
			previous := via[len(via)-1]
			if next.Method != previous.Method || checkAddress(next.URL, local) != nil ||
				previous.URL.Scheme == "https" && next.URL.Scheme != "https" {
				return errRefusedAddress
			}
			next.Header.Del("Referer") // it would carry the presigned query elsewhere
			return nil
		},
	}
}

// checkAddress is the part of the rule that needs no look-up.
func checkAddress(u *url.URL, local bool) error {
	if u.Hostname() == "" || u.User != nil || u.Scheme != "https" && !(local && u.Scheme == "http") {
		return errRefusedAddress
	}
	return nil
}

// IsLoopback tells whether a host is this machine: no service is there, but a simulator
// may be.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() ||
		strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost")
}

package rest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

const (
	defaultTimeout = 60 * time.Second
	explainLimit   = 64 << 10 // bytes of an error answer that Explain sees
	pauseTimeout   = 5 * time.Second
)

// Client calls one provider. It is safe for use by many goroutines.
type Client struct {
	cfg      Config
	local    bool            // Base is a simulator's
	ordinary *http.Transport // requests to Base
	inviting *http.Transport // the pattern that every inviting request gets a copy of
	given    *http.Client    // addresses that the provider gave
}

// Response is a 2xx answer. The caller closes Body; a read from it that gets no byte
// for [idleTimeout] fails. Its read errors are [*providers.Error].
type Response struct {
	Status int
	Header http.Header
	Body   io.ReadCloser
}

// New checks the configuration and makes a client.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.Base)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") ||
		base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, fmt.Errorf("%s: the base address must be of the form https://host/path, without query or credentials", cfg.Provider)
	}
	cfg.Base = strings.TrimSuffix(cfg.Base, "/")
	if cfg.Pacer == nil {
		cfg.Pacer = pace.Unlimited{}
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	c := &Client{cfg: cfg, local: cfg.Simulated || IsLoopback(base.Hostname())}
	c.ordinary = newTransport(cfg.Roots)
	c.inviting = newTransport(cfg.Roots)
	c.inviting.DisableKeepAlives = true
	c.given = newGivenClient(c.local, cfg.Roots)
	return c, nil
}

// Simulated tells whether Base is a simulator's: said so, or a loopback address.
func (c *Client) Simulated() bool { return c.local }

// Do makes one request to Base: credentials, turn, Before, send, in this order. The
// error is a [*providers.Error], or what Before returned. A status other than 2xx is
// an error; redirects are not followed.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	r.Class = pace.ClassOf(ctx, r.Class)
	call := &call{client: c, ctx: ctx, op: r.Op(), inviting: r.Before != nil, class: r.Class}
	if err := ctx.Err(); err != nil {
		return nil, call.fail(providers.Interrupted, err)
	}
	request, err := c.request(ctx, call, r)
	if err != nil {
		return nil, err
	}
	defer closeUnsent(request, &call.handedOver)

	if c.cfg.Authorize != nil {
		if err := c.cfg.Authorize(ctx, request); err != nil {
			return nil, call.refused(ctx, err)
		}
	}
	if err := call.checkHeaders(request.Header); err != nil {
		return nil, err
	}
	begun := time.Now()
	if call.turn, err = c.cfg.Pacer.Turn(ctx, r.Class); err != nil {
		return nil, call.refused(ctx, err)
	}
	defer call.turn.Done()
	call.waited = time.Since(begun)
	if r.Before != nil {
		return call.invite(ctx, request, cmp.Or(r.Within, SendWithin), r.Before)
	}
	return call.send(ctx, request, c.ordinary)
}

// request builds the HTTP request. Its body is opened before the turn is taken, so that
// a document that cannot be read costs no turn and a slow store does not delay it.
func (c *Client) request(ctx context.Context, call *call, r Request) (*http.Request, error) {
	address, err := url.Parse(c.cfg.Base + r.Path)
	if err != nil || !strings.HasPrefix(r.Path, "/") || address.RawQuery != "" || address.Fragment != "" || hasDots(r.Path) {
		return nil, call.fail(providers.Invalid, errors.New("the request's path is not in clean form"))
	}
	address.RawQuery = r.Query.Encode()
	request := (&http.Request{
		Method: r.Method, URL: address, Host: address.Host, Header: make(http.Header),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if r.Header != nil {
		request.Header = r.Header.Clone()
	}
	request.Header.Set("User-Agent", userAgent)
	if r.Body == nil {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			// net/http sends a GET without a body again, on its own, when a kept-alive
			// connection breaks: a request that took no turn. One with an empty body of
			// its own it sends once.
			request.Body = io.NopCloser(bytes.NewReader(nil))
		}
		return request, nil
	}
	return request, call.attach(ctx, request, r.Body)
}

// attach opens the body. A request to the API has no GetBody: it is not sent twice.
func (call *call) attach(ctx context.Context, request *http.Request, body Body) error {
	content, err := body.Open(ctx)
	if err != nil {
		return call.refused(ctx, fmt.Errorf("open the request's body: %w", err))
	}
	request.Body, request.ContentLength = content, body.Size()
	if request.ContentLength == 0 {
		content.Close()
		request.Body = nil
	}
	if t := body.ContentType(); t != "" {
		request.Header.Set("Content-Type", t)
	}
	return nil
}

// closeUnsent closes the body of a request that was never handed to the transport,
// which would have closed it.
func closeUnsent(request *http.Request, handedOver *bool) {
	if !*handedOver && request.Body != nil {
		request.Body.Close()
	}
}

// call is one request on its way.
type call struct {
	client     *Client
	ctx        context.Context // the caller's, for as long as the call
	op         string
	class      pace.Class
	turn       *pace.Turn
	inviting   bool
	given      bool // to an address that the provider gave
	handedOver bool
	waited     time.Duration
	took       time.Duration
}

// send makes an ordinary request.
func (call *call) send(ctx context.Context, request *http.Request, transport http.RoundTripper) (*Response, error) {
	ctx, w := newStallTimer(ctx, call.client.cfg.Timeout)
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }, WroteHeaders: call.turn.Left}
	request = request.WithContext(httptrace.WithClientTrace(ctx, trace))
	request.Body = w.moving(request.Body)
	if again := request.GetBody; again != nil {
		request.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			return w.moving(body), err
		}
	}

	answer, err := call.roundTrip(transport, request)
	if err != nil {
		defer w.stop()
		return nil, call.noAnswer(w, err, connected.Load())
	}
	return call.answer(answer, w)
}

// invite makes the inviting request, on a connection of its own.
func (call *call) invite(ctx context.Context, request *http.Request, within time.Duration, before func(context.Context) error) (*Response, error) {
	parent := ctx
	ctx, w := newStallTimer(ctx, call.client.cfg.Timeout)
	g := &gate{within: within}
	transport := call.client.inviting.Clone()
	transport.DialContext = g.dial(transport.DialContext)
	// GotConn runs in this goroutine, when the connection stands and before anything of
	// the request is written to it.
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		g.open(parent, before)
		w.moved()
	}, WroteHeaders: call.turn.Left}
	request = request.WithContext(httptrace.WithClientTrace(ctx, trace))
	request.Body = w.moving(request.Body)

	answer, err := call.roundTrip(transport, request)
	if err != nil {
		defer w.stop()
		left, refusal := g.close()
		if refusal != nil {
			return nil, refusal
		}
		return nil, call.noAnswer(w, err, left)
	}
	g.answered()
	return call.answer(answer, w)
}

func (call *call) roundTrip(t http.RoundTripper, request *http.Request) (*http.Response, error) {
	call.handedOver = true
	begun := time.Now()
	answer, err := t.RoundTrip(request)
	call.took = time.Since(begun)
	return answer, err
}

// answer sorts an answer whose header is there.
func (call *call) answer(answer *http.Response, w *stallTimer) (*Response, error) {
	w.answer()
	body := &stream{body: answer.Body, timer: w, call: call}
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		call.observe(answer.StatusCode, nil)
		return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
	}
	defer body.Close()
	err := call.statusError(answer, body)
	call.observe(answer.StatusCode, err)
	return nil, err
}

func (call *call) observe(status int, err error) {
	if observe := call.client.cfg.Observe; observe != nil {
		observe(Observation{Provider: call.client.cfg.Provider, Op: call.op, Class: call.class,
			Status: status, Waited: call.waited, Took: call.took, Err: err})
	}
}

// hasDots finds segments that would lead to another route.
func hasDots(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

var userAgent = func() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return "chancela/" + strings.TrimPrefix(info.Main.Version, "v")
	}
	return "chancela/devel"
}()

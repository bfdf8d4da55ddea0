package rest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Codes of failures that have no provider's code.
const (
	CodeRedirected     = "redirected" // the API answered with a redirect: its base address is wrong or moved
	CodeBadAnswer      = "bad_answer" // a 2xx whose body is not what is documented
	CodeTooLarge       = "answer_too_large"
	CodeProxyRefused   = "proxy_refused"   // the proxy does not let us out
	CodeCertificate    = "certificate"     // the server's certificate is not to be trusted
	CodeBadHeader      = "bad_header"      // what no header can hold
	CodeAddressRefused = "address_refused" // a given address that is not https or not public
)

const (
	// retryAfterMissing is the wait after a 429 without a usable Retry-After. A choice:
	// no reference gives one.
	retryAfterMissing = 5 * time.Second
	// retryAfterMost bounds what a provider may ask for. A choice.
	retryAfterMost = 24 * time.Hour
)

func (call *call) fail(kind providers.ErrorKind, cause error) *providers.Error {
	return &providers.Error{Kind: kind, Provider: call.client.cfg.Provider, Op: call.op, Err: cause}
}

// refused is a failure before the request was handed over: of the credentials, the
// turn or the body's opening.
func (call *call) refused(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e
	}
	if later, ok := errors.AsType[*pace.LaterError](err); ok {
		e := call.fail(providers.RateLimited, err)
		e.Until = later.Until
		return e
	}
	if ctx.Err() != nil {
		return call.fail(providers.Interrupted, ctx.Err())
	}
	return call.fail(providers.Transient, err)
}

// noAnswer is a request without an answer. left tells whether a byte of it may have
// left.
func (call *call) noAnswer(w *stallTimer, err error, left bool) error {
	failure := call.unanswered(w, err, left)
	call.observe(0, failure)
	return failure
}

func (call *call) unanswered(w *stallTimer, err error, left bool) error {
	ended := w.ended()
	switch {
	case errors.Is(err, errRefusedAddress):
		e := call.fail(providers.Invalid, errRefusedAddress)
		e.Code = CodeAddressRefused
		return e
	case isProxyError(err):
		return call.byProxy(err)
	case left && call.inviting:
		return call.fail(providers.Ambiguous, call.cause(ended, err))
	case distrust(err) != "":
		return call.untrusted(distrust(err))
	case !left && w.parent.Err() != nil:
		return call.fail(providers.Interrupted, w.parent.Err())
	}
	return call.fail(providers.Transient, call.cause(ended, err))
}

func isProxyError(err error) bool {
	_, ok := errors.AsType[*proxyError](err)
	return ok
}

// byProxy is a refusal by the proxy: nothing of the request has left. One that will be
// refused again stops the provider, as a refused key does.
func (call *call) byProxy(err error) error {
	refusal, _ := errors.AsType[*proxyError](err)
	kind := providers.Transient
	if refusal.permanent() {
		kind = providers.Denied
	}
	e := call.fail(kind, refusal)
	e.Code = CodeProxyRefused
	return e
}

// checkHeaders refuses what net/http would not send: a key with a line end in it stops
// the provider; anything else is the envelope's.
func (call *call) checkHeaders(h http.Header) error {
	for name, values := range h {
		for _, value := range values {
			if httpguts.ValidHeaderFieldName(name) && httpguts.ValidHeaderFieldValue(value) {
				continue
			}
			kind, what := providers.Invalid, "a header of the request has characters that no header can hold"
			if name == "Authorization" {
				kind, what = providers.Denied, "the key has characters that no header can hold, such as a line end"
			}
			e := call.fail(kind, errors.New(what))
			e.Code = CodeBadHeader
			return e
		}
	}
	return nil
}

// broken is an answer whose body could not be read to its end.
func (call *call) broken(w *stallTimer, err error) error {
	return call.fail(call.unsure(), call.cause(w.ended(), err))
}

// unsure is the kind of a failure after the request has left.
func (call *call) unsure() providers.ErrorKind {
	if call.inviting {
		return providers.Ambiguous
	}
	return providers.Transient
}

// cause says why in words that cannot hold what was sent or received: net/http quotes
// malformed answers and addresses in its errors.
func (call *call) cause(ended, err error) error {
	if ended != nil {
		return ended
	}
	for _, known := range []error{errLate, errShut, errLength, errRedirects, errRefusedAddress, os.ErrDeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return e
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the connection was closed in the middle")
	}
	return errors.New("the exchange was broken off")
}

// statusError sorts an answer other than 2xx.
func (call *call) statusError(answer *http.Response, body io.Reader) error {
	e := call.fail(call.kindOf(answer.StatusCode), nil)
	e.Status = answer.StatusCode
	now := time.Now()
	until, told := RetryAfter(answer.Header, now)
	switch status := answer.StatusCode; {
	case status == http.StatusTooManyRequests:
		if !told {
			until, told = now.Add(retryAfterMissing), true
		}
		e.Until = until
	case status >= 500 && told:
		e.Until = until
	case status >= 300 && status < 400:
		e.Code = CodeRedirected
	}
	if call.given {
		if e.Kind == providers.NotFound {
			e.Code = providers.CodeAddressExpired
		}
		return e
	}
	if told && (e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable) {
		call.pauseAll(until)
	}
	// A body that breaks off explains as far as it goes.
	head, _ := io.ReadAll(io.LimitReader(body, explainLimit))
	e.Explanation = explanation(head, call.client.cfg.Key, bearer(answer.Request))
	call.debug(answer, head)
	if call.client.cfg.Explain != nil {
		code, kind := call.client.cfg.Explain(answer.StatusCode, answer.Header, head)
		if code != "" {
			e.Code = code
		}
		// That an inviting call may have had its effect is not for a code to deny.
		if kind != "" && e.Kind != providers.Ambiguous {
			e.Kind = kind
		}
	}
	return e
}

// bearer is the token that a request went out with.
func bearer(r *http.Request) providers.Secret {
	if r == nil {
		return ""
	}
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return providers.Secret(token)
}

// BadAnswer is a 2xx answer to a request that does not hold what is documented. It says
// nothing of what it holds. After an inviting request it proves nothing.
func (c *Client) BadAnswer(r Request, why string) error {
	e := &providers.Error{Kind: providers.Transient, Provider: c.cfg.Provider, Op: r.Op(), Code: CodeBadAnswer, Err: errors.New(why)}
	if r.Before != nil {
		e.Kind = providers.Ambiguous
	}
	return e
}

// NotReady is an answer to a request that says that the files are not there yet.
func (c *Client) NotReady(r Request) error {
	return &providers.Error{Kind: providers.Transient, Provider: c.cfg.Provider, Op: r.Op(), Code: providers.CodeNotReady}
}

// kindOf is what a status means. 402 and others that a provider documents with a
// meaning of its own are for Explain.
func (call *call) kindOf(status int) providers.ErrorKind {
	switch {
	case status == http.StatusTooManyRequests:
		return providers.RateLimited
	case status == http.StatusTooEarly: // refused before it was handled
		return providers.Transient
	case status == http.StatusRequestTimeout, status < 400, status >= 500:
		return call.unsure()
	case call.given:
		// Stores answer 400, 401, 403, 404 or 410 for an address that has run out;
		// whatever it is, another address is the only remedy.
		return providers.NotFound
	case status == http.StatusForbidden && strings.Contains(call.op, "{"):
		// Refused for this resource, or for this call: others go on. Where it is for all, the
		// campaign halts after a few.
		return providers.Invalid
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return providers.Denied
	case status == http.StatusNotFound, status == http.StatusGone:
		return providers.NotFound
	}
	return providers.Invalid
}

// pauseAll holds every process back. It outlives the request, which has ended.
func (call *call) pauseAll(until time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(call.ctx), pauseTimeout)
	defer cancel()
	// When it fails the others find out by themselves; the caller's error holds the time.
	_ = call.client.cfg.Pacer.Pause(ctx, until)
}

// RetryAfter reads the header in both of its forms, seconds and date, as a time from
// now to a day later. It reports false when there is none that can be read.
func RetryAfter(header http.Header, now time.Time) (time.Time, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	most := now.Add(retryAfterMost)
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(retryAfterMost/time.Second) {
			return most, true
		}
		return now.Add(time.Duration(seconds) * time.Second), true
	}
	at, err := http.ParseTime(value)
	switch {
	case err != nil:
		return time.Time{}, false
	case at.Before(now):
		return now, true
	case at.After(most):
		return most, true
	}
	return at, true
}

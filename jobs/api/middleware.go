package api

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers/lang"
)

var tracer = otel.Tracer("github.com/chancela/chancela/jobs/api")

// routeClass is a part of the address space with its own way to let clients in.
type routeClass int

const (
	openRoute    routeClass = iota // health, metrics, the API's description
	apiRoute                       // Bearer
	monitorRoute                   // HTTP basic, for browsers
	webhookRoute                   // verified by the provider's own way
	pageRoute                      // a session, for people
)

func classOf(path string) routeClass {
	switch {
	case path == "/v1" || strings.HasPrefix(path, "/v1/"):
		return apiRoute
	case path == "/monitor" || strings.HasPrefix(path, "/monitor/"):
		return monitorRoute
	case strings.HasPrefix(path, "/webhooks/"):
		return webhookRoute
	case path == "/" || slices.ContainsFunc(pagePaths, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") }):
		return pageRoute
	}
	return openRoute
}

// pagePaths begin the addresses of pages, beside the first one at /.
var pagePaths = []string{"/campaigns", "/providers", "/send", "/sign-in", "/sign-out", "/live"}

type requestKey struct{}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// around is what happens to every request: an id, a span, a log line, metrics, and the
// checks that come before any handler.
func (s *Server) around(mux *http.ServeMux) http.Handler {
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		id := r.Header.Get("X-Request-Id")
		if !intake.ValidID(id) {
			id = rand.Text()
		}
		rw.Header().Set("X-Request-Id", id)
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		class := classOf(r.URL.Path)
		body := newTimedBody(rw, r, class, begun)
		w := newAnswer(rw, body)

		ctx := context.WithValue(r.Context(), requestKey{}, id)
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()

		client, refusal := s.letIn(r.WithContext(ctx), class, foreign)
		if client != nil {
			ctx = context.WithValue(ctx, clientKey{}, client)
		}
		r = r.WithContext(ctx)
		if body != nil {
			r.Body = body
		}
		defer func() {
			if v := recover(); v != nil {
				s.panicked(ctx, w, v)
				if v == http.ErrAbortHandler {
					defer panic(v) // logged first: the answer is broken off
				}
			}
			w.extend()
			if w.status == 0 {
				w.body.leave(w.Header())
			}
			s.record(r, w, client, class, time.Since(begun), span)
		}()
		switch {
		case refusal != nil:
			s.turnAway(w, r, class, refusal)
		case !s.unrouted(mux, w, r):
			mux.ServeHTTP(w, r)
		}
	})
}

// letIn says who sent a request, or why it goes no further.
func (s *Server) letIn(r *http.Request, class routeClass, foreign *http.CrossOriginProtection) (*hashedKey, *Problem) {
	if refusal := s.refuse(r, class, foreign); refusal != nil {
		return nil, refusal
	}
	switch class {
	case apiRoute, monitorRoute:
		return s.admit(r, class)
	case pageRoute:
		client, err := s.session(r)
		if err != nil {
			return client, s.explain(r.Context(), err)
		}
		return client, nil
	}
	return nil, nil
}

// turnAway answers a request that goes no further: people get a page.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, class routeClass, refusal *Problem) {
	if class == pageRoute && s.pages != nil {
		s.pages.Refuse(w, r, refusal)
		return
	}
	if refusal.Status == http.StatusUnauthorized {
		s.strangers.warn(r.Context(), "key", "a request without a key that is known", "request", requestID(r.Context()))
	}
	refusal.write(w)
}

// panicked logs a handler's panic and answers with 500 where nothing was answered yet.
func (s *Server) panicked(ctx context.Context, w *answer, v any) {
	if v == http.ErrAbortHandler {
		return
	}
	s.log.ErrorContext(ctx, "panic", "request", requestID(ctx), "stack", string(debug.Stack()))
	if w.status == 0 {
		told(http.StatusInternalServerError, lang.Of("an error on our side; the log has it under this request's id")).write(w)
	}
}

// refuse stops what a browser was tricked into: a page of a stranger whose name points
// to this machine, or one that sends a form here.
func (s *Server) refuse(r *http.Request, class routeClass, foreign *http.CrossOriginProtection) *Problem {
	if class == webhookRoute {
		return nil
	}
	if len(s.guard.keys) == 0 && !loopbackHost(r.Host) {
		return told(http.StatusMisdirectedRequest, lang.Of("without API keys only requests to localhost are served"))
	}
	if foreign.Check(r) != nil {
		return told(http.StatusForbidden, lang.Of("a browser sent this from another site's page"))
	}
	return nil
}

// unrouted answers requests that no route takes, in the form of all other errors.
func (s *Server) unrouted(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) bool {
	h, pattern := mux.Handler(r)
	if pattern != "" {
		return false
	}
	seen := &statusRecorder{header: http.Header{}}
	h.ServeHTTP(seen, r)
	if s.pages != nil && strings.Contains(r.Header.Get("Accept"), "text/html") && classOf(r.URL.Path) != apiRoute && seen.status >= 400 {
		s.pages.Refuse(w, r, told(seen.status, lang.Of("there is nothing at this address")))
		return true
	}
	switch seen.status {
	case http.StatusMethodNotAllowed:
		allow := seen.header.Get("Allow")
		problem(seen.status, "this address takes "+allow).with("Allow", allow).write(w)
	case http.StatusNotFound:
		problem(seen.status, "there is nothing at this address: see /openapi.json").write(w)
	default:
		return false
	}
	return true
}

// statusRecorder takes an answer's status and header and drops the rest.
type statusRecorder struct {
	header http.Header
	status int
}

func (p *statusRecorder) Header() http.Header { return p.header }
func (p *statusRecorder) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return len(b), nil
}
func (p *statusRecorder) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}

// record writes the request's log line, metrics and span. The route is the pattern: a
// path may hold anything.
func (s *Server) record(r *http.Request, w *answer, client *hashedKey, class routeClass, took time.Duration, span trace.Span) {
	route := r.Pattern
	if _, path, ok := strings.Cut(route, " "); ok {
		route = path
	}
	if route == "" {
		route = "none"
	}
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	span.SetName(r.Method + " " + route)
	span.SetAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	if status >= 500 {
		span.SetStatus(codes.Error, "")
	}
	s.metrics.Served(route, method(r.Method), status, took)
	attrs := []any{"request", requestID(r.Context()), "method", method(r.Method), "route", route, "status", status, "bytes", w.bytes, "ms", took.Milliseconds()}
	if client != nil {
		attrs = append(attrs, "key", client.name)
	}
	if c := r.PathValue("campaign"); intake.ValidCampaign(c) {
		attrs = append(attrs, "campaign", c)
	}
	if id := r.PathValue("id"); intake.ValidID(id) {
		attrs = append(attrs, "id", id)
	}
	level := slog.LevelInfo
	if class == openRoute || class == monitorRoute || class == webhookRoute || r.Method == http.MethodGet {
		level = slog.LevelDebug // by machines, every few seconds or for every envelope, or only looked at
	}
	if stranger := class == webhookRoute || client == nil; stranger && status >= 400 && status < 500 {
		level = slog.LevelDebug // anybody can cause them, in any number; metrics count them
	}
	if status == statusGone {
		level = slog.LevelDebug // it is the client's affair
	}
	if status >= 500 && status != http.StatusServiceUnavailable {
		level = slog.LevelError
	}
	s.log.Log(r.Context(), level, "http", attrs...)
}

// answer knows what was answered, and ends a client that takes nothing.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
	body    *timedBody // of the request; nil when it has none
	status  int
	bytes   int64
	waited  time.Duration // for the client to take them
}

func newAnswer(w http.ResponseWriter, body *timedBody) *answer {
	return &answer{ResponseWriter: w, control: http.NewResponseController(w), body: body}
}

// extend lets the time to write begin anew, as long as the client takes what it was sent fast
// enough on the whole: one that trickles would hold what its answer needs. A writer without
// deadlines has none.
func (a *answer) extend() {
	all := stalled + time.Duration(a.bytes/slowest)*time.Second
	a.control.SetWriteDeadline(time.Now().Add(min(stalled, all-a.waited)))
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
		a.body.leave(a.Header())
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	a.extend()
	begun := time.Now()
	n, err := a.ResponseWriter.Write(p)
	a.waited += time.Since(begun)
	a.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// method keeps made-up methods out of logs and metrics.
func method(s string) string {
	switch s {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return s
	}
	return "other"
}

func bytesText(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

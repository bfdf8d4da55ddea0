package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Service is what the simulators share: routing with authentication first, faults,
// answers, violations, ids and records. One mutex guards everything a simulator knows;
// request bodies are read before it is taken.
type Service struct {
	name   string
	prefix string // of the API's paths, part of the base address
	sb     *Sandbox
	mux    *http.ServeMux
	public map[string]bool // patterns that take no key

	// authenticate runs before anything else; nil lets the request through.
	authenticate func(*http.Request) *reply
	// failure is an error answer in the provider's shape.
	failure func(status int, code, text string) *reply
	env     func() map[string]string

	mu         sync.Mutex
	event      time.Time // of what happens by itself; zero: nothing does
	bucket     *bucket   // nil: no limit
	serial     uint64
	envelopes  map[string]envelope
	records    []*record // in the order of their creation
	violations []Violation
	calls      map[string]int
	resources  map[string]resource // by path
}

func newService(sb *Sandbox, name, prefix string) *Service {
	s := &Service{
		name: name, prefix: prefix, sb: sb, mux: http.NewServeMux(),
		public: make(map[string]bool), envelopes: make(map[string]envelope),
		calls: make(map[string]int), resources: make(map[string]resource),
	}
	if rate, given := sb.o.Rates[name]; given {
		s.bucket = newBucket(rate, sb.now())
	}
	return s
}

// variable is the name of one of chancela's environment variables for this service.
func (s *Service) variable(suffix string) string {
	return "CHANCELA_" + strings.ToUpper(s.name) + "_" + suffix
}

// url is the address of a path of the simulator's own server.
func (s *Service) url(path string) string { return s.sb.urls[s.name] + path }

// reply is an answer: JSON, a file or nothing.
type reply struct {
	status   int
	header   map[string]string
	json     any
	file     []byte
	fileType string
	// download marks answers that the cut_body fault may cut: files, and JSON that
	// carries a file.
	download bool
}

func ok(body any) *reply      { return &reply{status: http.StatusOK, json: body} }
func created(body any) *reply { return &reply{status: http.StatusCreated, json: body} }
func noContent() *reply       { return &reply{status: http.StatusNoContent} }
func file(contentType string, content []byte) *reply {
	return &reply{status: http.StatusOK, file: content, fileType: contentType, download: true}
}

// handle registers a route: "POST /envelopes/{id}/send", below the prefix.
func (s *Service) handle(route string, h func(*http.Request) *reply) {
	s.route(route, s.prefix, h)
}

// open registers a route outside the API that takes no key: presigned addresses,
// identity services.
func (s *Service) open(route string, h func(*http.Request) *reply) {
	s.public[route] = true
	s.route(route, "", h)
}

func (s *Service) route(route, prefix string, h func(*http.Request) *reply) {
	method, path, _ := strings.Cut(route, " ")
	s.mux.HandleFunc(method+" "+prefix+path, func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, route, h)
	})
}

// ServeHTTP answers unknown routes and methods in the provider's own way, after
// authentication.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	probe := httptest.NewRecorder()
	handler.ServeHTTP(probe, r)
	status := probe.Code
	if status != http.StatusMethodNotAllowed {
		status = http.StatusNotFound
	}
	if no := s.authenticate(r); no != nil {
		s.write(w, r, no, false)
		return
	}
	s.violate(r.Method+" "+r.URL.Path, "", "no such route or method", s.name+": endpoint list")
	s.write(w, r, s.failure(status, "", http.StatusText(status)), false)
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request, route string, h func(*http.Request) *reply) {
	d := s.sb.faults.draw(s.name, route)
	strikes := func(f Fault) bool {
		if d.has(f) {
			s.sb.faults.count(f)
		}
		return d.has(f)
	}
	if strikes(Slow) && !sleep(r.Context(), d.slow) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case strikes(DropBefore):
		panic(http.ErrAbortHandler)
	case strikes(TooMany):
		s.write(w, r, s.tooMany(1), false)
		return
	case strikes(ErrorBefore):
		s.write(w, r, s.failure(http.StatusInternalServerError, "", "internal error"), false)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), routeKey{}, visit{route, d.has(DeadLink)}))
	r.Body = whole{r.Body}
	s.mu.Lock()
	s.calls[route]++
	s.mu.Unlock()

	var answer *reply
	if !s.public[route] {
		answer = s.authenticate(r)
		if answer == nil {
			answer = s.limit(route)
		}
		if answer == nil {
			answer = s.objects(r, route)
		}
	}
	if answer == nil {
		answer = h(r)
	}
	switch {
	case strikes(DropAfter):
		panic(http.ErrAbortHandler)
	case strikes(ErrorAfter):
		answer = s.failure(http.StatusInternalServerError, "", "internal error")
	}
	s.write(w, r, answer, answer.download && strikes(CutBody))
}

// whole is a request's body. A request that breaks off on its way, because its sender has
// died, contradicts no reference: it is dropped.
type whole struct{ io.ReadCloser }

func (b whole) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// visit is what a handler may know about its own request.
type visit struct {
	route    string
	deadLink bool
}

type routeKey struct{}

func visitOf(r *http.Request) visit {
	v, _ := r.Context().Value(routeKey{}).(visit)
	if v.route == "" {
		v.route = r.Method + " " + r.URL.Path
	}
	return v
}

// tooMany is the answer to one request too many.
func (s *Service) tooMany(seconds int) *reply {
	no := s.failure(http.StatusTooManyRequests, "", "too many requests")
	no.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	return no
}

// limit keeps the account to the rate of the options, where there is one.
func (s *Service) limit(route string) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bucket == nil {
		return nil
	}
	fine, wait := s.bucket.take(s.sb.now())
	if fine {
		return nil
	}
	s.violateLocked(route, "", "rate limit exceeded", "the sandbox's own rate")
	return s.tooMany(wait)
}

// drained bounds what is read of a body that nobody wanted, so that whoever sends it
// gets to see the answer.
const drained = 64 << 20

func (s *Service) write(w http.ResponseWriter, r *http.Request, a *reply, cut bool) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, drained))
	body, contentType := a.file, a.fileType
	if a.json != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(a.json); err != nil {
			panic(fmt.Sprintf("sandbox: %s: an answer that is not JSON: %v", s.name, err))
		}
		body, contentType = b.Bytes(), "application/json; charset=utf-8"
	}
	s.date(w.Header())
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if cut {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxJSON bounds a JSON body without the files that it carries.
const maxJSON = 4 << 20

// decode reads a JSON object into v. A field that the reference does not know, capitals
// included, is a violation, but no reason to refuse.
func (s *Service) decode(r *http.Request, body []byte, v any, reference string) error {
	if err := json.Unmarshal(body, v); err != nil {
		return err
	}
	var raw any
	if err := json.Unmarshal(body, &raw); err != nil {
		return err
	}
	for _, name := range strangers(reflect.TypeOf(v), raw, "") {
		s.violate(visitOf(r).route, r.PathValue("id"), "unknown field "+name, reference)
	}
	return nil
}

// strangers are the names in a JSON value that a type has no field for.
func strangers(t reflect.Type, value any, path string) (names []string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch x := value.(type) {
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return nil
		}
		fields := make(map[string]reflect.Type)
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			fields[name] = t.Field(i).Type
		}
		for _, name := range slices.Sorted(maps.Keys(x)) {
			if field, ok := fields[name]; ok {
				names = append(names, strangers(field, x[name], path+name+".")...)
			} else {
				names = append(names, path+name)
			}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for _, item := range x {
				names = append(names, strangers(t.Elem(), item, path)...)
			}
		}
	}
	return names
}

// merge gives the old values with what a change brings; fields that it leaves empty stay.
func merge[T any](old, change T) T {
	from := reflect.ValueOf(change)
	to := reflect.ValueOf(&old).Elem()
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return old
}

// readBody reads a JSON body without files.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxJSON+1))
	if err == nil && len(body) > maxJSON {
		err = fmt.Errorf("the body is too large")
	}
	return body, err
}

func isJSON(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/json"
}

// verdict collects what is wrong with a request.
type verdict []string

func (v *verdict) must(fine bool, format string, args ...any) {
	if !fine {
		*v = append(*v, fmt.Sprintf(format, args...))
	}
}

func (v verdict) String() string { return strings.Join(v, "; ") }

// violate keeps a request that contradicts the reference. The caller does not hold
// the lock.
func (s *Service) violate(route, id, rule, reference string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violateLocked(route, id, rule, reference)
}

func (s *Service) violateLocked(route, id, rule, reference string) {
	v := Violation{Provider: s.name, Route: route, ID: id, Rule: rule, Reference: reference, At: s.sb.now().UTC()}
	s.violations = append(s.violations, v)
	if e, ok := s.envelopes[id]; ok {
		e.rec().violations++
	}
}

// newHex gives n new hexadecimal digits, at most 64.
func (s *Service) newHex(n int) string {
	s.serial++
	return s.secret(fmt.Sprint("id", s.serial))[:n]
}

func (s *Service) newUUID() string {
	h := s.newHex(32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// secret is 64 hexadecimal digits that depend on the seed and the name alone.
func (s *Service) secret(name string) string {
	return digest(fmt.Sprintf("%d %s %s", s.sb.o.Seed, s.name, name))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

package s3_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/s3"
)

// store is an S3 server in memory with the habits of other people's: policies, missing
// headers, forgetfulness. It knows conditions, and no checksums.
type store struct {
	mu       sync.Mutex
	objects  map[string]kept
	requests []string // operations, in order

	// refuse answers instead of the store: a status and a code, or 0.
	refuse  func(op string, r *http.Request) (int, string)
	forgets func(content string) (string, bool) // what is kept of an upload
	ignores bool                                // If-None-Match
}

type kept struct {
	content string
	header  http.Header
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := map[string]string{http.MethodPut: "put", http.MethodHead: "head", http.MethodGet: "get"}[r.Method]
	if r.URL.Query().Has("list-type") {
		op = "list"
	}
	s.requests = append(s.requests, op)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	object, there := s.objects[r.URL.Path]
	if s.refuse != nil {
		if status, code := s.refuse(op, r); status != 0 {
			s.fail(w, r, status, code)
			return
		}
	}
	switch op {
	case "list":
		prefix := strings.TrimSuffix(r.URL.Path, "/") + "/" + r.URL.Query().Get("prefix")
		fmt.Fprint(w, "<ListBucketResult>")
		for _, name := range slices.Sorted(maps.Keys(s.objects)) {
			if strings.HasPrefix(name, prefix) {
				fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size></Contents>", strings.TrimPrefix(name, "/bucket/"), len(s.objects[name].content))
			}
		}
		fmt.Fprint(w, "</ListBucketResult>")
	case "put":
		if r.Header.Get("If-None-Match") == "*" && there && !s.ignores {
			s.fail(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		w.Header().Set("ETag", tag(string(body)))
		content, keeps := string(body), true
		if s.forgets != nil {
			content, keeps = s.forgets(content)
		}
		if keeps {
			s.objects[r.URL.Path] = kept{content, r.Header.Clone()}
		}
	default:
		if !there {
			s.fail(w, r, http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", tag(object.content))
		w.Header().Set("Content-Length", fmt.Sprint(len(object.content)))
		if op == "get" {
			fmt.Fprint(w, object.content)
		}
	}
}

func (s *store) fail(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", code)
	}
}

func tag(content string) string {
	sum := md5.Sum([]byte(content))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (s *store) open(t *testing.T, settings s3.Settings) archive.Archive {
	t.Helper()
	s.objects = map[string]kept{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_REGION": "",
	} {
		t.Setenv(name, value)
	}
	a, err := storage.OpenWith(t.Context(), "s3://bucket/p", settings)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// works is what an archive must do at any store that Ready takes.
func works(t *testing.T, a archive.Archive) {
	t.Helper()
	if err := a.Ready(t.Context()); err != nil {
		t.Fatalf("Ready: %v", err)
	}
	for range 2 {
		if err := putString(t, a, "first"); err != nil {
			t.Fatalf("Put: %v", err)
		}
	}
	if err := putString(t, a, "other"); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("Put of other content: %v, want ErrConflict", err)
	}
	if o, err := archive.Measure(t.Context(), a, "a.pdf"); err != nil || o.Size != 5 {
		t.Errorf("Open: %+v, %v", o, err)
	}
	if _, err := a.Stat(t.Context(), "none"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Stat of nothing: %v, want ErrNotFound", err)
	}
}

func denies(ops ...string) func(string, *http.Request) (int, string) {
	return func(op string, _ *http.Request) (int, string) {
		if slices.Contains(ops, op) {
			return http.StatusForbidden, "AccessDenied"
		}
		return 0, ""
	}
}

// Every right that is missing is named at once, from the operation that was refused.
func TestMissingRightsAreNamed(t *testing.T) {
	const list, put, get = "s3:ListBucket on arn:aws:s3:::bucket", "s3:PutObject on arn:aws:s3:::bucket/p/*", "s3:GetObject on arn:aws:s3:::bucket/p/*"
	for ops, want := range map[string][]string{"list": {list}, "put": {put}, "get head": {get}, "list put": {list, put}} {
		s := &store{refuse: denies(strings.Fields(ops)...)}
		a := s.open(t, s3.Settings{})
		for range 2 {
			err := a.Ready(t.Context())
			if err == nil {
				t.Fatalf("%s denied: ready", ops)
			}
			for _, right := range []string{list, put, get} {
				if strings.Contains(err.Error(), right) != slices.Contains(want, right) {
					t.Errorf("%s denied: %v, want exactly %q", ops, err, want)
				}
			}
			if strings.Contains(err.Error(), "very-secret") {
				t.Errorf("a secret in %v", err)
			}
		}
		s.refuse = nil
		if err := a.Ready(t.Context()); err != nil {
			t.Errorf("%s granted afterwards: %v", ops, err)
		}
	}
}

// A policy may bind the right to list to the archive's prefix: the bucket itself cannot
// be looked at, and what is not there is "forbidden".
func TestListingBoundToThePrefix(t *testing.T) {
	s := new(store)
	s.refuse = func(op string, r *http.Request) (int, string) {
		_, there := s.objects[r.URL.Path]
		if op == "list" && !strings.HasPrefix(r.URL.Query().Get("prefix"), "p/") || (op == "head" || op == "get") && !there {
			return http.StatusForbidden, "AccessDenied"
		}
		return 0, ""
	}
	a := s.open(t, s3.Settings{})
	works(t, a)
	s.refuse = denies("head", "get")
	if _, err := a.Stat(t.Context(), "a.pdf"); err == nil || errors.Is(err, archive.ErrNotFound) || !strings.Contains(err.Error(), "s3:GetObject") {
		t.Errorf("an object that may not be read: %v, want the right that is missing", err)
	}
	if _, err := a.Stat(t.Context(), "a.pd"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("the beginning of another key: %v, want ErrNotFound", err)
	}
}

func TestStoreWithoutChecksums(t *testing.T) {
	refuse := func(op string, r *http.Request) (int, string) {
		for name := range r.Header {
			if strings.HasPrefix(strings.ToLower(name), "x-amz-checksum") || strings.HasPrefix(strings.ToLower(name), "x-amz-sdk-checksum") || name == "X-Amz-Trailer" {
				return http.StatusBadRequest, "InvalidArgument"
			}
		}
		return 0, ""
	}
	s := &store{refuse: refuse}
	err := s.open(t, s3.Settings{}).Ready(t.Context())
	if err == nil || !strings.Contains(err.Error(), "AWS_REQUEST_CHECKSUM_CALCULATION=when_required") || !strings.Contains(err.Error(), "AWS_RESPONSE_CHECKSUM_VALIDATION=when_required") {
		t.Errorf("Ready: %v, want the SDK's switches", err)
	}
	t.Setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
	t.Setenv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
	s = &store{refuse: refuse}
	a := s.open(t, s3.Settings{})
	works(t, a)
	if w := a.Warnings(); len(w) != 1 || !strings.Contains(w[0].String(), "x-amz-checksum") {
		t.Errorf("warnings %q", w)
	}
}

func TestStoreWithoutConditions(t *testing.T) {
	for name, s := range map[string]*store{
		"refused": {refuse: func(_ string, r *http.Request) (int, string) {
			if r.Header.Get("If-None-Match") != "" {
				return http.StatusNotImplemented, "NotImplemented"
			}
			return 0, ""
		}},
		"ignored": {ignores: true},
	} {
		a := s.open(t, s3.Settings{})
		works(t, a)
		if w := a.Warnings(); len(w) != 1 || !strings.Contains(w[0].String(), "If-None-Match") {
			t.Errorf("%s: warnings %q", name, w)
		}
		if a.Exclusive() {
			t.Errorf("%s: two writers are said to be kept apart", name)
		}
	}
	s := new(store)
	a := s.open(t, s3.Settings{})
	if a.Exclusive() {
		t.Error("honoured: known before Ready")
	}
	works(t, a)
	if !a.Exclusive() {
		t.Error("honoured: two writers are not kept apart")
	}
	if w := a.Warnings(); len(w) != 0 {
		t.Errorf("honoured: warnings %q", w)
	}
	s.requests = nil
	if _, err := a.Put(t.Context(), "b.pdf", strings.NewReader("x"), "", nil); err != nil || !slices.Equal(s.requests, []string{"put", "head"}) {
		t.Errorf("Put: %v with %q, want one upload and one look", err, s.requests)
	}
}

func TestStoreThatWantsEncryption(t *testing.T) {
	wants := func(sse string) func(string, *http.Request) (int, string) {
		return func(op string, r *http.Request) (int, string) {
			if op == "put" && r.Header.Get("X-Amz-Server-Side-Encryption") != sse {
				return http.StatusForbidden, "AccessDenied"
			}
			return 0, ""
		}
	}
	for _, settings := range []s3.Settings{{SSE: "AES256"}, {SSE: "aws:kms", KMSKeyID: "alias/contracts"}} {
		s := &store{refuse: wants(settings.SSE)}
		if err := s.open(t, s3.Settings{}).Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "CHANCELA_S3_SSE="+settings.SSE) {
			t.Errorf("Ready: %v, want CHANCELA_S3_SSE=%s", err, settings.SSE)
		}
		s = &store{refuse: wants(settings.SSE)}
		works(t, s.open(t, settings))
		if key := s.objects["/bucket/p/a.pdf"].header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"); key != settings.KMSKeyID {
			t.Errorf("the key is %q, want %q", key, settings.KMSKeyID)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, bad := range []s3.Settings{{SSE: "AES"}, {SSE: "AES256", KMSKeyID: "k"}, {KMSKeyID: "k"}, {PathStyle: "true"}} {
		if _, err := storage.OpenWith(t.Context(), "s3://bucket", bad); err == nil || !strings.Contains(err.Error(), "CHANCELA_S3_") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", "https://oss.example.com")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	for style, want := range map[string]string{"": "https://oss.example.com/bucket/", "yes": "https://oss.example.com/bucket/", "no": "https://bucket.oss.example.com/"} {
		a, err := storage.OpenWith(t.Context(), "s3://bucket", s3.Settings{PathStyle: style})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.Presign(t.Context(), "a.pdf", 60e9); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("path style %q: %s, %v", style, got, err)
		}
	}
}

// A store's word is not taken for it.
func TestStoreThatForgets(t *testing.T) {
	for name, forgets := range map[string]func(string) (string, bool){
		"keeps nothing": func(string) (string, bool) { return "", false },
		"cuts":          func(s string) (string, bool) { return s[:len(s)-1], true },
		"changes":       func(s string) (string, bool) { return strings.ToUpper(s), true },
	} {
		s := &store{forgets: forgets}
		if err := s.open(t, s3.Settings{}).Ready(t.Context()); !errors.Is(err, archive.ErrNotKept) {
			t.Errorf("%s: Ready: %v, want ErrNotKept", name, err)
		}
		s = new(store)
		a := s.open(t, s3.Settings{})
		if err := a.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.forgets = forgets // from now on
		err := putString(t, a, "content")
		if !errors.Is(err, archive.ErrNotKept) || errors.Is(err, archive.ErrNotFound) {
			t.Errorf("%s: Put: %v, want ErrNotKept", name, err)
		}
	}
}

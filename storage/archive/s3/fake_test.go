package s3_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
)

// fake is a server with the faults that the real one has not: it knows neither
// If-None-Match nor checksums, and PUT answers as the test says.
type fake struct {
	mu      sync.Mutex
	objects map[string]string
	puts    int
	put     func(n int, store func()) (status int, code string) // n from 1; status 0: no answer
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.Method {
	case http.MethodHead, http.MethodGet:
		content, ok := f.objects[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, content)
	case http.MethodPut:
		if r.Header.Get("If-None-Match") != "*" || r.Header.Get("X-Amz-Checksum-Sha256") == "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		f.puts++
		status, code := f.put(f.puts, func() { f.objects[r.URL.Path] = string(body) })
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
		if code != "" {
			_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>m</Message></Error>")
		}
	}
}

func openFake(t *testing.T, put func(n int, store func()) (int, string)) (archive.Archive, *fake) {
	f := &fake{objects: map[string]string{}, put: put}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	archivetest.NoAccount(t)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
	t.Setenv("TMPDIR", t.TempDir())
	return open(t, "s3://bucket/p"), f
}

func putString(t *testing.T, a archive.Archive, content string) error {
	t.Helper()
	_, err := a.Put(t.Context(), "a.pdf", strings.NewReader(content), "application/pdf", nil)
	return err
}

func TestServerWithoutConditions(t *testing.T) {
	a, f := openFake(t, func(_ int, store func()) (int, string) { store(); return http.StatusOK, "" })
	for range 2 {
		if err := putString(t, a, "first"); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"other", "longer"} {
		if err := putString(t, a, other); !errors.Is(err, archive.ErrConflict) {
			t.Errorf("Put %q: %v, want ErrConflict", other, err)
		}
	}
	if f.puts != 1 || f.objects["/bucket/p/a.pdf"] != "first" {
		t.Errorf("%d uploads, the server holds %q", f.puts, f.objects)
	}
}

func TestLostAnswer(t *testing.T) {
	a, f := openFake(t, func(n int, store func()) (int, string) {
		if n == 1 {
			store()
			return 0, ""
		}
		return http.StatusPreconditionFailed, "PreconditionFailed"
	})
	if err := putString(t, a, "content"); err != nil {
		t.Fatal(err)
	}
	if f.puts != 2 || f.objects["/bucket/p/a.pdf"] != "content" {
		t.Errorf("%d uploads, the server holds %q", f.puts, f.objects)
	}
}

func TestConflictOfConditionalRequests(t *testing.T) {
	a, f := openFake(t, func(n int, store func()) (int, string) {
		if n == 1 {
			return http.StatusConflict, "ConditionalRequestConflict"
		}
		store()
		return http.StatusOK, ""
	})
	if err := putString(t, a, "content"); err != nil || f.puts != 2 {
		t.Errorf("Put: %v after %d uploads, want success after 2", err, f.puts)
	}

	a, f = openFake(t, func(int, func()) (int, string) { return http.StatusConflict, "ConditionalRequestConflict" })
	if err := putString(t, a, "content"); err == nil || f.puts != 5 {
		t.Errorf("Put: %v after %d uploads, want an error after 5", err, f.puts)
	}
}

// What a server leaves that was killed between an object's attributes and its content.
func TestHalfAnObjectIsNamed(t *testing.T) {
	a, f := openFake(t, func(int, func()) (int, string) { return http.StatusPreconditionFailed, "PreconditionFailed" })
	err := putString(t, a, "content")
	if err == nil || !strings.Contains(err.Error(), "taken, and that nothing is there") || f.puts != 5 {
		t.Errorf("Put: %v after %d uploads, want what is wrong there after 5", err, f.puts)
	}
}

// A server may show another's key before its content: its write is waited for.
func TestWriteOfAnotherIsWaitedFor(t *testing.T) {
	for content, want := range map[string]error{"content": nil, "another's": archive.ErrConflict} {
		a, f := openFake(t, nil)
		f.put = func(n int, _ func()) (int, string) {
			if n == 3 {
				f.objects["/bucket/p/a.pdf"] = content
			}
			return http.StatusPreconditionFailed, "PreconditionFailed"
		}
		if err := putString(t, a, "content"); !errors.Is(err, want) || f.puts != 3 {
			t.Errorf("%s: Put: %v after %d uploads, want %v after 3", content, err, f.puts, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		want   string
	}{
		"AccessDenied":   {http.StatusForbidden, "need s3:PutObject on arn:aws:s3:::bucket/p/*"},
		"NoSuchBucket":   {http.StatusNotFound, "bucket bucket does not exist"},
		"NotImplemented": {http.StatusNotImplemented, "lacks something"},
	} {
		a, _ := openFake(t, func(int, func()) (int, string) { return c.status, code })
		err := putString(t, a, "content")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%s: %v, want %q", code, err, c.want)
		}
		if errors.Is(err, archive.ErrNotFound) || errors.Is(err, archive.ErrConflict) {
			t.Errorf("%s is taken for something else: %v", code, err)
		}
	}
}

// Trouble of the server, the bucket or the account is told from what is wrong with one
// object, because envelopes wait for the former and fail by the latter.
func TestTroubleIsTheServersOrTheObjects(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	var all sync.WaitGroup
	for _, c := range []struct {
		status     int
		code       string
		away, full bool
	}{
		{0, "", true, false},
		{http.StatusServiceUnavailable, "SlowDown", true, false},
		{http.StatusInternalServerError, "InternalError", true, false},
		{http.StatusBadGateway, "", true, false},
		{http.StatusTooManyRequests, "TooManyRequests", true, false},
		{http.StatusForbidden, "AccessDenied", true, false},
		{http.StatusForbidden, "InvalidAccessKeyId", true, false},
		{http.StatusForbidden, "RequestTimeTooSkewed", true, false},
		{http.StatusForbidden, "QuotaExceeded", true, true},
		{http.StatusBadRequest, "ExpiredToken", true, false},
		{http.StatusBadRequest, "XMinioAdminBucketQuotaExceeded", true, true},
		{http.StatusNotFound, "NoSuchBucket", true, false},
		{http.StatusInsufficientStorage, "XMinioStorageFull", true, true},
		{http.StatusBadRequest, "InvalidDigest", false, false},
		{http.StatusBadRequest, "EntityTooLarge", false, false},
		{http.StatusConflict, "ExistingObjectIsDirectory", false, false},
		{http.StatusNotImplemented, "NotImplemented", false, false},
	} {
		a, _ := openFake(t, func(int, func()) (int, string) { return c.status, c.code })
		all.Go(func() { // some of them are tried again
			err := putString(t, a, "content")
			if err == nil || errors.Is(err, archive.ErrUnavailable) != c.away || errors.Is(err, archive.ErrFull) != c.full {
				t.Errorf("%d %s: %v, want away %v, full %v", c.status, c.code, err, c.away, c.full)
			}
		})
	}
	all.Wait()

	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
	a := open(t, "s3://bucket/p")
	if err := putString(t, a, "content"); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Stat(ctx, "a.pdf"); err == nil || errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("given up by us: %v", err)
	}
}

func TestNothingStaysBehind(t *testing.T) {
	a, _ := openFake(t, func(int, func()) (int, string) { return http.StatusForbidden, "AccessDenied" })
	if err := putString(t, a, "content"); err == nil {
		t.Fatal("want an error")
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files: %v, %v", left, err)
	}
}

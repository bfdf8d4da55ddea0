package s3

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
)

// TestConditionIsNotKnownForEver: a server that has honoured the condition before refuses it now. Nothing is written
// without a look then, and a free key is written to.
func TestConditionIsNotKnownForEver(t *testing.T) {
	objects := map[string]string{"/bucket/a.pdf": "another's"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, ok := objects[r.URL.Path]
		switch {
		case r.Method == http.MethodPut && r.Header.Get("If-None-Match") != "":
			w.WriteHeader(http.StatusNotImplemented)
		case r.Method == http.MethodPut:
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			objects[r.URL.Path] = string(body)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = io.WriteString(w, there) // who does not want it gets none
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	for key, want := range map[string]error{"a.pdf": archive.ErrConflict, "b.pdf": nil} {
		a, err := Open(t.Context(), "bucket", "", Settings{})
		if err != nil {
			t.Fatal(err)
		}
		a.condition.Store(honoured)
		if _, err := a.Put(t.Context(), key, strings.NewReader("content"), "", nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", key, err, want)
		}
	}
	if objects["/bucket/a.pdf"] != "another's" || objects["/bucket/b.pdf"] != "content" {
		t.Errorf("the server holds %q", objects)
	}
}

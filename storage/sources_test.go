package storage_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive/archivetest"
	"github.com/chancela/chancela/storage/source"
)

func TestSourcesReadRealObjects(t *testing.T) {
	bucket := archivetest.Gateway(t)
	store, err := storage.Open(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"docs/São João 50%.pdf", "2026/june/0001/face.jpg"} {
		if _, err := store.Put(t.Context(), key, strings.NewReader("content of "+key), "", nil); err != nil {
			t.Fatal(err)
		}
	}
	sources := new(storage.Sources)
	content, err := sources.Open(t.Context(), bucket+"/docs/São João 50%.pdf")
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if got, err := io.ReadAll(content); err != nil || string(got) != "content of docs/São João 50%.pdf" {
		t.Errorf("%q, %v", got, err)
	}
	guarded := source.Outside(bucket+"/2026", sources.Open)
	if _, err := guarded(t.Context(), bucket+"/2026/june/0001/face.jpg"); !errors.Is(err, source.ErrOwn) {
		t.Errorf("a face in the archive: %v", err)
	}
}

// Who may only name sources does not learn from the answer what there is.
func TestSourcesTellNothing(t *testing.T) {
	var status atomic.Int64
	code := ""
	serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>about bucket hidden</Message></Error>", code)
	})
	sources := new(storage.Sources)
	for answer, s := range map[string]int{
		"NoSuchKey": 404, "NoSuchBucket": 404, "AccessDenied": 403, "AllAccessDisabled": 403, "PermanentRedirect": 301,
		"InvalidBucketName": 400, "InvalidObjectState": 403, "MethodNotAllowed": 405,
	} {
		code = answer
		status.Store(int64(s))
		content, err := sources.Open(t.Context(), "s3://hidden/a.pdf")
		if content != nil || err != source.ErrUnreadable {
			t.Errorf("%s: %v, want ErrUnreadable alone", answer, err)
		}
	}
}

// 4,000 names that somebody made up cost requests, and nothing that stays.
func TestManyBuckets(t *testing.T) {
	var asked atomic.Int64
	serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<Error><Code>NoSuchBucket</Code></Error>")
	})
	sources := new(storage.Sources)
	try := func(n int) {
		for i := range n {
			if _, err := sources.Open(t.Context(), fmt.Sprintf("s3://made-up-%d-%d/a.pdf", n, i)); err != source.ErrUnreadable {
				t.Fatal(err)
			}
		}
	}
	try(100)
	before := heap()
	try(4000)
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("4000 buckets keep %d kB", grown>>10)
	}
	if asked.Load() != 4100 {
		t.Errorf("%d requests, want one for each source", asked.Load())
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// serve points the AWS SDK at a server.
func serve(t *testing.T, answer http.HandlerFunc) {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_REGION": "",
	} {
		t.Setenv(name, value)
	}
}

package s3_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
)

func TestNotReady(t *testing.T) {
	bucket := archivetest.Gateway(t)
	for _, c := range []struct{ name, address, env, value, want string }{
		{"NoBucket", "s3://nothing/p", "", "", "bucket nothing does not exist"},
		{"WrongSecret", bucket, "AWS_SECRET_ACCESS_KEY", "another-secret", "refuses the credentials"},
		{"NoCredentials", bucket, "AWS_ACCESS_KEY_ID", "", "no AWS credentials"},
		{"NoServer", bucket, "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1", "does not answer (ListObjectsV2 at 127.0.0.1:1: connect: connection refused): see that it runs"},
		{"NoTemporaryFolder", bucket, "TMPDIR", "/nothing/here", "no room for temporary files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv(c.env, c.value)
			}
			err := open(t, c.address).Ready(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Ready: %v, want %q", err, c.want)
			}
			if text := err.Error(); len(text) > 400 || strings.Contains(text, "StatusCode: 0") || strings.Contains(text, "list-type") {
				t.Errorf("more than a person needs: %v", err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}

func TestBucketIsMissing(t *testing.T) {
	archivetest.Gateway(t)
	a := open(t, "s3://nothing")
	_, err := a.Put(t.Context(), "a", strings.NewReader("x"), "", nil)
	if err == nil || errors.Is(err, archive.ErrNotFound) || !strings.Contains(err.Error(), "bucket nothing does not exist") {
		t.Errorf("Put: %v", err)
	}
	for _, err := range a.List(t.Context(), "") {
		if err == nil || errors.Is(err, archive.ErrNotFound) {
			t.Errorf("List: %v", err)
		}
	}
}

// The prefix counts, and one archive does not see the other.
func TestPrefix(t *testing.T) {
	bucket := archivetest.Gateway(t)
	june, whole := open(t, bucket+"/a/june"), open(t, bucket)
	if _, err := june.Put(t.Context(), "x.pdf", strings.NewReader("x"), "", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := whole.Stat(t.Context(), "a/june/x.pdf"); err != nil {
		t.Error(err)
	}
	if _, err := open(t, bucket+"/a/jun").Stat(t.Context(), "x.pdf"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("another prefix: %v", err)
	}
	long := strings.Repeat("abcdefg/", archive.MaxKey/8-1) + "abcdefg"
	if _, err := june.Stat(t.Context(), long); err == nil || errors.Is(err, archive.ErrNotFound) {
		t.Errorf("a key too long with its prefix: %v", err)
	}
	if got := june.String(); got != bucket+"/a/june" {
		t.Errorf("String = %s", got)
	}
}

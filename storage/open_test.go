package storage_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive/archivetest"
)

func TestOpen(t *testing.T) {
	archivetest.NoAccount(t)
	t.Setenv("AWS_REGION", "sa-east-1")
	folder := filepath.Join(t.TempDir(), "new", "archive")
	for address, want := range map[string]string{
		folder: folder, "s3://bucket": "s3://bucket", "s3://bucket/": "s3://bucket", "s3://bucket/a/b/": "s3://bucket/a/b",
	} {
		a, err := storage.Open(t.Context(), address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
		} else if a.String() != want {
			t.Errorf("%s opens %s, want %s", address, a, want)
		}
	}
	for _, address := range []string{
		"", "s3://", "s3:///prefix", "s3://bucket/a/../b", "s3://bucket/a//b", "s3://AKIA:hunter2@bucket/p", "s3://bucket?region=x",
		"gs://bucket", "https://bucket.example/hunter2",
	} {
		if a, err := storage.Open(t.Context(), address); err == nil {
			t.Errorf("%q opens %s", address, a)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret in %v", err)
		}
	}
}

func TestOpenWithoutRegion(t *testing.T) {
	archivetest.NoAccount(t)
	if _, err := storage.Open(t.Context(), "s3://bucket"); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("Open: %v, want an error that names AWS_REGION", err)
	}
}

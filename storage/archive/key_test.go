package archive_test

import (
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
)

func TestCheckKey(t *testing.T) {
	for _, key := range archivetest.BadKeys {
		if archive.CheckKey(key) == nil {
			t.Errorf("%q is accepted", key)
		}
	}
	for _, key := range []string{
		"a", "a/b.pdf", "...", "..a/.b", ".tmpx/a", "a/.tmp/b", "ção/日本",
		strings.Repeat("a", archive.MaxSegment), strings.Repeat("abc/", archive.MaxKey/4-1) + "abcd",
	} {
		if err := archive.CheckKey(key); err != nil {
			t.Error(err)
		}
	}
}

func FuzzCheckKey(f *testing.F) {
	for _, key := range archivetest.BadKeys {
		f.Add(key)
	}
	f.Add("june/0001/signed_document-2.pdf")
	f.Fuzz(func(t *testing.T, key string) {
		if archive.CheckKey(key) != nil {
			return
		}
		if path.Clean(key) != key || path.IsAbs(key) || !filepath.IsLocal(key) || strings.HasPrefix(path.Join("/base", key), "/base/.tmp/") {
			t.Errorf("%q is accepted", key)
		}
	})
}

func TestKeys(t *testing.T) {
	sum := "ab" + strings.Repeat("0", 62)
	if got, want := archive.DocumentKey(sum), "_documents/ab/"+sum; got != want {
		t.Errorf("DocumentKey = %s, want %s", got, want)
	}
	if got, want := archive.EnvelopeKey("june", "0001", "manifest.json"), "june/0001/manifest.json"; got != want {
		t.Errorf("EnvelopeKey = %s, want %s", got, want)
	}
	for _, bad := range []string{"", ".", "..", "../x"} {
		if archive.CheckKey(archive.EnvelopeKey("june", bad, "manifest.json")) == nil || archive.CheckKey(archive.DocumentKey(bad)) == nil {
			t.Errorf("%q leads somewhere", bad)
		}
	}
}

func TestContentTypeAndEnding(t *testing.T) {
	for key, want := range map[string]string{
		"a.pdf": "application/pdf", "a.JPG": "image/jpeg", "a.jpeg": "image/jpeg", "a.json": "application/json",
		"a.zip": "application/zip", "a.csv": "text/csv", "pdf": "application/octet-stream", "a.exe": "application/octet-stream",
	} {
		if got := archive.ContentType(key); got != want {
			t.Errorf("ContentType(%s) = %s, want %s", key, got, want)
		}
	}
	for contentType, want := range map[string]string{
		"application/pdf": ".pdf", "image/jpeg": ".jpg", "text/csv; charset=utf-8": ".csv", "Application/ZIP": ".zip", "": ".bin", "video/mp4": ".bin",
	} {
		if got := archive.Ending(contentType); got != want {
			t.Errorf("Ending(%s) = %s, want %s", contentType, got, want)
		}
	}
}

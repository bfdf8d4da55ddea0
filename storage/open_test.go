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

// What is written for a shell, or in another form, does not become a folder.
func TestCheckRefusesWhatIsNoFolder(t *testing.T) {
	for address, says := range map[string]string{
		`"/srv/x"`: "quotation", `'/srv/x'`: "quotation", `/srv/x"`: "quotation", "~/x": "~", "~": "~", "~ana/x": "~",
		"$HOME/x": "variable", "${A}": "variable", "/srv/${A}/x": "variable", "$(pwd)/x": "variable", `%USERPROFILE%/x`: "variable", "s3://${BUCKET}/x": "variable",
		"/srv/x\r": "U+000D", "/srv/x\n": "U+000D", "s3://b/x\r": "U+000D", "/srv/x\u200b": "U+200B", "\ufeff/srv/x": "U+FEFF", " /srv/x": "blank", "/srv/x ": "blank",
		"s3:/b": "s3://b ", "s3//b/x": "s3://b/x", "s3/b": "s3://b", "s3:b": "s3://b", "S3://b/x": "s3", "s3:///b": "bucket",
		"b.s3.amazonaws.com/x": "host name", "s3.sa-east-1.amazonaws.com/b/x": "host name", "b.s3-us-west-2.amazonaws.com": "host name",
		`C:\x`: "Windows", "C:/x": "Windows", `\\server\x`: "Windows", "gs:b": "./gs:b", "localhost:9000/b": "./localhost:9000/b", "arn:aws:s3:::b": "s3://",
		"file:///srv/x": "scheme",
		"s3://b b/x":    "lower-case", "s3://Bucket_Upper": "lower-case", "s3:///x": "no bucket", "s3://bu": "3 to 63", "s3://-bucket/x": "no bucket has", "s3://buc..ket": "no bucket has",
	} {
		err := storage.Check(address)
		if says == "U+000D" && strings.HasSuffix(address, "\n") {
			says = "U+000A"
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error with %q", address, err, says)
		}
	}
	for _, address := range []string{"./archive", "archive", "/srv/São Paulo/x", "../x", "./s3/b", "/srv/s3:b", "/mnt/50%/x", "/srv/a b", "s3x", "/srv/a~b", "./a:b"} {
		if err := storage.Check(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestOpenWithoutRegion(t *testing.T) {
	archivetest.NoAccount(t)
	if _, err := storage.Open(t.Context(), "s3://bucket"); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("Open: %v, want an error that names AWS_REGION", err)
	}
}

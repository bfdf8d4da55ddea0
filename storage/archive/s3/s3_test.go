package s3_test

import (
	"strings"
	"testing"

	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
)

func TestMain(m *testing.M) { archivetest.Main(m) }

func TestConformance(t *testing.T) {
	bucket := archivetest.Gateway(t)
	archivetest.Run(t, func(t *testing.T) archive.Archive {
		return open(t, bucket+"/"+strings.ReplaceAll(t.Name(), "/", "-"))
	})
}

func open(t *testing.T, address string) archive.Archive {
	t.Helper()
	a, err := storage.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

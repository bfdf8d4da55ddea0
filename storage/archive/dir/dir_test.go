package dir_test

import (
	"testing"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
	"github.com/chancela/chancela/storage/archive/dir"
)

func TestMain(m *testing.M) { archivetest.Main(m) }

func TestConformance(t *testing.T) {
	archivetest.Run(t, func(t *testing.T) archive.Archive { return open(t, t.TempDir()) })
}

func open(t *testing.T, folder string) *dir.Archive {
	t.Helper()
	a, err := dir.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

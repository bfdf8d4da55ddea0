package dir

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
)

// watched tells what stands in the reserved folder while content is read.
type watched struct {
	io.Reader
	folder string
	names  int
}

func (w *watched) Read(p []byte) (int, error) {
	entries, err := os.ReadDir(w.folder)
	if err != nil {
		return 0, err
	}
	w.names = len(entries)
	return w.Reader.Read(p)
}

// TestFilesAreWrittenWithoutAName: where the system gives a file its name later, nothing is left
// of one whose writer dies; elsewhere it is written under another name first.
func TestFilesAreWrittenWithoutAName(t *testing.T) {
	a, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in, err := a.openReserved()
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string) int {
		t.Helper()
		w := &watched{Reader: strings.NewReader("content"), folder: filepath.Join(a.path, archive.Reserved)}
		if _, err := a.Put(t.Context(), key, w, "", nil); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(a.path, key)); err != nil || string(b) != "content" {
			t.Fatal(string(b), err)
		}
		return w.names
	}
	if names := put("june/1/a"); names != 0 && !in.named.Load() {
		t.Errorf("%d names while it is written", names)
	}
	in.named.Store(true)
	if names := put("june/1/b"); names != 1 {
		t.Errorf("%d names while it is written under one", names)
	}
	if err := a.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Join(a.path, archive.Reserved)); err != nil || len(entries) > 0 {
		t.Error(entries, err)
	}
}

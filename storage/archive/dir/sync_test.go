package dir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// TestFolderSyncsAreShared: writers that come while a folder is being synced share the next sync,
// which begins after the last of them.
func TestFolderSyncsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f folders
		var syncs []chan error
		do := func(string) error {
			end := make(chan error)
			syncs = append(syncs, end)
			return <-end
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		failed := 0
		write := func() {
			wg.Go(func() {
				if f.sync("june", do) != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			})
			synctest.Wait()
		}
		write()
		write()
		write()
		if len(syncs) != 1 {
			t.Fatalf("%d syncs at once", len(syncs))
		}
		syncs[0] <- nil
		synctest.Wait()
		write() // comes after the second has begun
		if len(syncs) != 2 {
			t.Fatalf("%d syncs after the first", len(syncs))
		}
		syncs[1] <- errors.New("no disk")
		synctest.Wait()
		if len(syncs) != 3 || failed != 2 {
			t.Fatalf("%d syncs, %d writers were told", len(syncs), failed)
		}
		syncs[2] <- nil
		wg.Wait()
		if failed != 2 || len(f.next)+len(f.running) != 0 {
			t.Errorf("%d failed, %d and %d left", failed, len(f.next), len(f.running))
		}
	})
}

// TestAFolderIsSyncedOnceAboveItsFiles: what stands above a file's own folder is synced when it
// is new, or was taken away, and not with every file.
func TestAFolderIsSyncedOnceAboveItsFiles(t *testing.T) {
	a, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string) {
		t.Helper()
		if _, err := a.Put(t.Context(), key, strings.NewReader(key), "", nil); err != nil {
			t.Fatal(err)
		}
	}
	durable := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if !a.folders.isDurable(name) {
				t.Errorf("%s is not known to be on disk: %v", name, a.folders.durable)
			}
		}
		if len(a.folders.durable) != len(names) {
			t.Errorf("%v", a.folders.durable)
		}
	}
	put("june/1/a.pdf")
	put("june/1/b.pdf")
	durable("june", "june/1")
	put("june/2/a.pdf")
	durable("june", "june/1", "june/2")
	if err := os.RemoveAll(filepath.Join(a.path, "june", "1")); err != nil {
		t.Fatal(err)
	}
	put("june/1/a.pdf") // made again, and all above it synced
	durable("june", "june/1")
	if err := os.RemoveAll(filepath.Join(a.path, "june")); err != nil {
		t.Fatal(err)
	}
	put("june/3/a.pdf")
	durable("june", "june/3")
}

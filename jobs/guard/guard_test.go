package guard_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
)

// TestAPanicIsAnError: of a goroutine, too, and without what it panicked with.
func TestAPanicIsAnError(t *testing.T) {
	var g errgroup.Group
	g.Go(guard.Panics(func() error { panic("of Ana <ana@example.com>") }))
	err := g.Wait()
	if p, ok := errors.AsType[*guard.PanicError](err); !ok || !strings.Contains(p.At, "guard_test.TestAPanicIsAnError") || strings.Contains(err.Error(), "Ana ") {
		t.Errorf("%v", err)
	}
	var none map[string]int
	if err := guard.Panics(func() error { none["x"] = 1; return nil })(); err == nil || !strings.Contains(err.Error(), "guard_test.") {
		t.Errorf("one of the runtime: %v", err)
	}
	other := errors.New("other")
	if err := guard.Panics(func() error { return other })(); err != other {
		t.Errorf("%v, want the function's own error", err)
	}
}

// TestGoroutinesAreGuarded: what rooms of jobs start for a request, a sheet or a round goes through
// this package. The others serve for as long as the process does, and recover for each thing.
func TestGoroutinesAreGuarded(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "faulttest") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(source), `"golang.org/x/sync/errgroup"`) {
			return err
		}
		lines := strings.Split(string(source), "\n")
		for n, line := range lines {
			_, call, is := strings.Cut(line, ".Go(")
			if !is {
				continue
			}
			seen++
			if !strings.HasPrefix(call, "guard.Panics(") && !strings.Contains(lines[n+1], "guard.Panics(") {
				t.Errorf("%s:%d: a panic in this goroutine ends the process: %s", path, n+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatal(err)
	}
}

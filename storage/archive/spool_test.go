package archive_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancela/chancela/storage/archive"
)

// TestSpoolTakesNoCutBody: only the reader's own end is one, whatever came before an error.
func TestSpoolTakesNoCutBody(t *testing.T) {
	for _, size := range []int{0, 1, 32<<10 - 1, 32 << 10, 32<<10 + 1, 100 << 10} {
		text := strings.Repeat("x", size)
		for _, end := range []error{nil, io.ErrUnexpectedEOF, fmt.Errorf("body: %w", io.EOF)} {
			file, err := os.Create(filepath.Join(t.TempDir(), "spool"))
			if err != nil {
				t.Fatal(err)
			}
			content := io.Reader(strings.NewReader(text))
			if end != nil {
				content = io.MultiReader(iotest.DataErrReader(content), iotest.ErrReader(end))
			}
			checked := archive.Content{}
			got, sum, err := archive.Spool(t.Context(), file, content, func(c archive.Content) error { checked = c; return nil })
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			if end != nil {
				if !errors.Is(err, end) {
					t.Errorf("%d bytes, then %v: %v", size, end, err)
				}
				continue
			}
			want, _ := archive.Sum(t.Context(), strings.NewReader(text))
			there, readErr := os.ReadFile(file.Name())
			if err != nil || readErr != nil || got != int64(size) || sum != want || string(there) != text || checked.Size != got || len(checked.Head) != min(size, archive.Edge) {
				t.Errorf("%d bytes: %d %s, head of %d, %v %v", size, got, sum, len(checked.Head), err, readErr)
			}
		}
	}
}

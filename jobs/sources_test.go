package jobs

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/source"
)

type archiveAt struct {
	archive.Archive
	address string
}

func (a archiveAt) String() string { return a.address }

// Whatever a program gives to open sources with, its archive is none.
func TestClientTakesNothingFromItsArchive(t *testing.T) {
	c := NewClient(ClientConfig{Archive: archiveAt{address: "s3://contracts/2026"},
		Sources: func(context.Context, string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("%PDF-1.7 <</Type/Page>> %%EOF")), nil
		}})
	for name, want := range map[string]error{"s3://contracts/2026/june/1/face.jpg": source.ErrOwn, "s3://contracts/docs/a.pdf": nil} {
		if err := intake.Measure(t.Context(), &Document{Source: name}, c.Sources()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

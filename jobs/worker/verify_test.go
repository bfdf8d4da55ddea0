package worker

import (
	"context"
	"iter"
	"path"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/archive"
)

// TestVerifyWhileArchiving: what is archived while the archive is listed is verified, too, and nothing is called missing.
func TestVerifyWhileArchiving(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	w.judge(k, 0, "first")
	want, err := report.Verify(t.Context(), w.archive, w.client.Ledger(), "", func(key string, err error) { t.Error(key, err) })
	if err != nil {
		t.Fatal(err)
	}
	for name, early := range map[string]func(key string) bool{
		"before any of its files": func(key string) bool { return !strings.HasPrefix(key, k.String()+"/") },
		"before its manifest":     func(key string) bool { return path.Base(key) != report.ManifestName },
	} {
		got, err := report.Verify(t.Context(), listedEarly{w.archive, early}, w.client.Ledger(), "", func(key string, err error) { t.Errorf("%s: %s: %v", name, key, err) })
		if err != nil || got.Envelopes != want.Envelopes || got.Files != want.Files || got.Bytes != want.Bytes || len(got.Unvouched) > 0 {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, want)
		}
		w.damage(k, "signed_document.pdf")
		problems := 0
		_, err = report.Verify(t.Context(), listedEarly{w.archive, early}, w.client.Ledger(), "", func(string, error) { problems++ })
		if err != nil || problems != 1 {
			t.Errorf("%s: %d problems of a changed file, %v", name, problems, err)
		}
		w.damage(k, "signed_document.pdf") // as it was
	}
}

// listedEarly is an archive whose list was made when it had these keys alone.
type listedEarly struct {
	archive.Archive
	early func(key string) bool
}

func (a listedEarly) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		for o, err := range a.Archive.List(ctx, prefix) {
			if (err != nil || a.early(o.Key)) && !yield(o, err) {
				return
			}
		}
	}
}

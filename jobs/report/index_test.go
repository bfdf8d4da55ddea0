package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
)

func readIndex(t *testing.T, store archive.Archive) string {
	t.Helper()
	in, _, err := store.Open(t.Context(), "june/index.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestIndexListsWhatManifestsVouchFor: in the order of the archive, with nothing that a spreadsheet runs, and
// again when more was archived; verify calls it nobody's.
func TestIndexListsWhatManifestsVouchFor(t *testing.T) {
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const many = 2*manifestsAtOnce + 1
	for n := range many {
		filed(t, store, fmt.Sprintf("%03d", n), "Ana")
	}
	filed(t, store, "-1", "Ana") // a formula, as an id
	if _, err := store.Put(t.Context(), "june/torn/manifest.json", strings.NewReader("{"), "", nil); err != nil {
		t.Fatal(err)
	}
	var broken []string
	write := func() error {
		return WriteIndex(t.Context(), store, "june", func(key string, _ error) { broken = append(broken, key) })
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(broken) != "[june/torn/manifest.json]" {
		t.Errorf("left out: %v", broken)
	}
	text := readIndex(t, store)
	head, rest, _ := strings.Cut(text, "\n")
	if head != "\ufeffid,kind,file,size,sha256,key,archived_at" {
		t.Errorf("head %q", head)
	}
	if want := "'-1,signed_document,'-1/signed_document.pdf,17,"; !strings.HasPrefix(rest, want) {
		t.Errorf("begins with %.80q, want %q", rest, want)
	}
	rows, err := ReadIndex(strings.NewReader(rest))
	if err != nil || len(rows) != 2*(many+1) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	last := rows[len(rows)-1]
	o, err := archive.Measure(t.Context(), store, "june/032/dossier.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"032", "dossier", "032/dossier.pdf", fmt.Sprint(o.Size), o.SHA256, "june/032/dossier.pdf", ""}; fmt.Sprint(last) != fmt.Sprint(want) {
		t.Errorf("last row %q, want %q", last, want)
	}

	filed(t, store, "033", "Ana")
	if err := write(); err != nil {
		t.Fatal(err)
	}
	if again := readIndex(t, store); strings.Count(again, "\n") != strings.Count(text, "\n")+2 {
		t.Errorf("%d lines after one envelope more, %d before", strings.Count(again, "\n"), strings.Count(text, "\n"))
	}
	v, err := Verify(t.Context(), store, nil, "", func(key string, err error) {
		if key != "june/torn/manifest.json" {
			t.Errorf("%s: %v", key, err)
		}
	})
	if err != nil || len(v.Unvouched) > 0 || v.Files != 2*(many+2) {
		t.Errorf("%+v %v", v, err)
	}
}

// away is an archive in which one manifest cannot be read at the moment.
type away struct{ archive.Archive }

func (a away) Open(ctx context.Context, key string) (io.ReadCloser, archive.Object, error) {
	if key == "june/2/manifest.json" {
		return nil, archive.Object{}, archive.ErrUnavailable
	}
	return a.Archive.Open(ctx, key)
}

// TestIndexIsWholeOrNotMade: what cannot be read now is not left out of it.
func TestIndexIsWholeOrNotMade(t *testing.T) {
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	never := func(key string, err error) { t.Errorf("%s is left out: %v", key, err) }
	filed(t, store, "1", "Ana")
	if err := WriteIndex(t.Context(), store, "june", never); err != nil {
		t.Fatal(err)
	}
	before := readIndex(t, store)
	filed(t, store, "2", "Ana")
	if err := WriteIndex(t.Context(), away{store}, "june", never); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("%v, want that it is away", err)
	}
	if after := readIndex(t, store); after != before {
		t.Errorf("the list is another now: %q", after)
	}
}

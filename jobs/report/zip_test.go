package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive/dir"
)

// TestZipSaysWhatIsMissing: a file that is not what its manifest says is named, and not in the zip.
func TestZipSaysWhatIsMissing(t *testing.T) {
	folder := t.TempDir()
	store, err := dir.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	filed(t, store, "1", "Ana")
	filed(t, store, "2", "Bia")
	if err := os.WriteFile(folder+"/june/2/signed_document.pdf", []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	what := Downloading{Campaign: "june", Kinds: []providers.Kind{providers.SignedDocument}}
	if err := WriteZip(t.Context(), &b, store, what); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	texts := map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Modified.Year() < 2026 {
			t.Errorf("%s is of %v", f.Name, f.Modified)
		}
		names, texts[f.Name] = append(names, f.Name), string(text)
	}
	if want := []string{"1/signed_document.pdf", "missing.txt", "index.csv"}; !slices.Equal(names, want) {
		t.Errorf("it holds %v, want %v", names, want)
	}
	if texts["1/signed_document.pdf"] != "1signed_document" || !strings.HasPrefix(texts["missing.txt"], "june/2/signed_document.pdf: has 7 bytes") || !strings.Contains(texts["index.csv"], "1,signed_document,1/signed_document.pdf,16,") {
		t.Errorf("%q", texts)
	}
}

// TestZipEndsWithItsReader: when nobody reads any more, no further file is fetched.
func TestZipEndsWithItsReader(t *testing.T) {
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "2", "3"} {
		filed(t, store, id, "Ana")
	}
	gone := errors.New("gone")
	if err := WriteZip(t.Context(), refusing{gone}, store, Downloading{Campaign: "june"}); !errors.Is(err, gone) {
		t.Errorf("it ends with %v", err)
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

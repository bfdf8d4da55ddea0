package report

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
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
	wrong := ""
	what := Downloading{Campaign: "june", Kinds: []providers.Kind{providers.SignedDocument}}
	if err := WriteZip(t.Context(), &b, store, what, func(key string, err error) { wrong += key }); err != nil {
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
	if wrong != "june/2/signed_document.pdf" {
		t.Errorf("the log hears of %q", wrong)
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
	if err := WriteZip(t.Context(), refusing{gone}, store, Downloading{Campaign: "june"}, func(string, error) {}); !errors.Is(err, gone) {
		t.Errorf("it ends with %v", err)
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

// TestWhyNamesNothingOfTheServer: what a person reads of a file that could not be taken is a plain
// sentence.
func TestWhyNamesNothingOfTheServer(t *testing.T) {
	_, outside := DecodeManifest("june/1/manifest.json", []byte(`{"version":1,"artifacts":[{"path":"../x"}]}`))
	for _, err := range []error{
		&fs.PathError{Op: "open", Path: "/tmp/chancela-download-1", Err: syscall.ENOSPC}, outside, errors.New("https://bucket.s3.amazonaws.com/x: api error, RequestID: 1"),
		fmt.Errorf("/srv/archive/june/1/a.pdf: %w", archive.ErrNotFound), fmt.Errorf("open /srv/archive: %w", archive.ErrUnavailable),
	} {
		if err == nil {
			t.Fatal("a manifest names what is outside its folder, and is read")
		}
		if got := why(err); strings.ContainsAny(got, "/{") || strings.Contains(got, "RequestID") || got == "" {
			t.Errorf("%v: %q", err, got)
		}
	}
}

// TestHostileNames: whatever envelopes say, no name in a zip file leaves its folder, opens a device,
// is another's, or makes a spreadsheet run something.
func TestHostileNames(t *testing.T) {
	values := []string{"../x", "..\\x", "/etc/passwd", "C:\\x", "COM1", "com1", "nul.txt", "", ".", "..", " . ", "a\x00b\r\nc", "\u202egpj.exe", "\u200f\u200eRTL", "Ana", "ANA", "a\u0301", "\u00e1",
		strings.Repeat("x", 300), strings.Repeat("é", 300), strings.Repeat("x", 300) + "/y", "=cmd|'/c calc'!A1", "+1", "-1", "@SUM(1)", "a;=1", "\t=1", "signed_document.pdf", "index.csv", "missing.txt", "con .pdf", "x:stream", "file.", "file "}
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range values {
		id := fmt.Sprint("-", i)
		m := Manifest{Version: 1, Report: Report{Campaign: "june", ID: id, State: "archived", Subject: value, Meta: map[string]string{"own": value}, Signers: []Signer{{Name: value, Email: value}}}}
		key := archive.EnvelopeKey("june", id, "signed_document.pdf")
		o, err := store.Put(t.Context(), key, strings.NewReader(id), "application/pdf", nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Artifacts = []ArchivedArtifact{{Artifact: Artifact{Kind: providers.SignedDocument, Key: key, SHA256: o.SHA256, Size: o.Size}, Path: key}}
		if err := m.Write(t.Context(), store); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"", "{subject}", "{subject}/{kind}", "{signer1.name}/{meta.own}", "{meta.own}.pdf", "../{id}", "CON/{kind}", "{signer1.email} {kind}", "{kind}", "/{subject}//{subject}"} {
		name, err := ParseName(pattern)
		if err != nil {
			t.Fatalf("%s: %v", pattern, err)
		}
		var b bytes.Buffer
		if err := WriteZip(t.Context(), &b, store, Downloading{Campaign: "june", Name: name}, func(key string, err error) { t.Errorf("%s: %v", key, err) }); err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if len(z.File) != len(values)+1 {
			t.Errorf("%s: %d files", pattern, len(z.File))
		}
		isFile := map[string]bool{}
		for _, f := range z.File {
			if isFile[strings.ToLower(f.Name)] {
				t.Errorf("%s: %s is there twice", pattern, f.Name)
			}
			isFile[strings.ToLower(f.Name)] = true
		}
		for _, f := range z.File {
			if !fs.ValidPath(f.Name) || !filepath.IsLocal(f.Name) {
				t.Errorf("%s: %q leaves the folder", pattern, f.Name)
			}
			for part, at := f.Name, f.Name; part != ""; {
				part, at, _ = strings.Cut(at, "/")
				if len(part) > 255 || isDevice(part) || strings.ContainsAny(part, `<>:"|?*\`) || strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.TrimRight(part, ". ") != part {
					t.Errorf("%s: %q is no name everywhere", pattern, f.Name)
				}
			}
			for folder := path.Dir(f.Name); folder != "."; folder = path.Dir(folder) {
				if isFile[strings.ToLower(folder)] {
					t.Errorf("%s: %s is a file and a folder", pattern, folder)
				}
			}
		}
		index, err := fs.ReadFile(z, "index.csv")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(index)).ReadAll()
		if err != nil || len(rows) != len(values)+1 {
			t.Fatalf("%s: %d rows, %v", pattern, len(rows), err)
		}
		for _, cell := range slices.Concat(rows...) {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") || strings.Contains(cell, ";=") {
				t.Errorf("%s: a spreadsheet runs %q", pattern, cell)
			}
		}
	}
}

// TestTheListIsReadAsItWasWritten: another download finds the names of an earlier one.
func TestTheListIsReadAsItWasWritten(t *testing.T) {
	var list, none Index
	list.Add(Downloaded{ID: "-1", Kind: providers.Dossier, Name: "=a, +b.pdf", SHA256: "x", Size: 1})
	rows, err := ReadIndex(strings.NewReader(strings.TrimPrefix(list.String(), none.String())))
	if err != nil || !reflect.DeepEqual(rows, list.Rows) {
		t.Errorf("%q, %v", rows, err)
	}
}

// TestManyOfOneName: as many files of one name as a campaign has are numbered in no time.
func TestManyOfOneName(t *testing.T) {
	names := newTaken()
	var last string
	for range 50_000 {
		last = names.free("Contrato/dossier.pdf")
	}
	if last != "Contrato/dossier (50000).pdf" {
		t.Errorf("the last is %s", last)
	}
}

package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	pdf  = "%PDF-1.7\nlease <</Type/Page>> %%EOF"
	docx = "PK\x03\x04 word/document.xml PK\x05\x06"
)

// library is a folder with files of all kinds, and the folder above it.
func library(t *testing.T) string {
	t.Helper()
	above := t.TempDir()
	dir := filepath.Join(above, "campaigns")
	for name, content := range map[string]string{
		"docs/a.pdf": pdf, "docs/b.png": "\x89PNG\r\n\x1a\n...", "docs/c.jpeg": "\xFF\xD8\xFF\xE0", "docs/d.docx": docx,
		"docs/e.doc": "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00", "docs/zip.zip": docx, "docs/empty.pdf": "", "docs/text.pdf": "lease", "../outside.pdf": pdf,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"docs/inside.pdf": "a.pdf", "docs/outside.pdf": "../../outside.pdf"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "docs/pipe.pdf"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFolderFindsDocuments(t *testing.T) {
	folder := NewFolder(library(t), nil)
	sum := sha256.Sum256([]byte(pdf))
	for source, want := range map[string]struct{ name, contentType string }{
		"docs/a.pdf":           {"a.pdf", "application/pdf"},
		"./docs/../docs/a.pdf": {"a.pdf", "application/pdf"},
		`docs\a.pdf`:           {"a.pdf", "application/pdf"},
		"docs/inside.pdf":      {"inside.pdf", "application/pdf"},
		"docs/b.png":           {"b.png", "image/png"},
		"docs/c.jpeg":          {"c.jpeg", "image/jpeg"},
		"docs/d.docx":          {"d.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"docs/e.doc":           {"e.doc", "application/msword"},
	} {
		d, err := folder.Document(t.Context(), source)
		if err != nil || d.Name != want.name || d.Type != want.contentType || d.Source != source {
			t.Errorf("%s: %v %+v", source, err, d)
			continue
		}
		if want.contentType != "application/pdf" {
			continue
		}
		if d.Size != int64(len(pdf)) || d.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: %d bytes, %s", source, d.Size, d.SHA256)
		}
		for range 2 {
			content, err := d.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(content)
			content.Close()
			if err != nil || string(got) != pdf {
				t.Errorf("%s: %v %q", source, err, got)
			}
		}
	}
}

func TestFolderRefuses(t *testing.T) {
	dir := library(t)
	folder := NewFolder(dir, nil)
	for source, want := range map[string]string{
		"docs/none.pdf":                    `there is no file "docs/none.pdf" below the campaign file's folder`,
		"docs/empty.pdf":                   "the file is empty",
		"docs/text.pdf":                    "is not a PDF",
		"docs/zip.zip":                     "is not a PDF",
		"docs":                             "is a folder",
		"docs/pipe.pdf":                    "is not a regular file",
		"../outside.pdf":                   "must be a path below",
		"docs/../../outside.pdf":           "must be a path below",
		`..\outside.pdf`:                   "must be a path below",
		`C:\outside.pdf`:                   "must be a path below",
		filepath.Join(dir, "docs/a.pdf"):   "must be a path below",
		"docs/outside.pdf":                 "is a link that leads out",
		"s3://bucket":                      "must have the form s3://bucket/key",
		"s3://bucket/folder/":              "must have the form s3://bucket/key",
		"https://example.com/a.pdf":        "must be a path relative to the campaign file",
		"docs/\x00.pdf":                    "the file cannot be read",
		strings.Repeat("a", 5000) + ".pdf": "the file cannot be read",
	} {
		_, err := folder.Document(t.Context(), source)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "outside") || strings.Contains(err.Error(), dir) {
			t.Errorf("%.40q: %v, want %q", source, err, want)
		}
	}
}

func TestFolderReadsSharedDocumentsOnce(t *testing.T) {
	opened := 0
	folder := NewFolder(t.TempDir(), func(_ context.Context, source string) (io.ReadCloser, error) {
		opened++
		switch source {
		case "s3://bucket/docs/a.pdf":
			return io.NopCloser(strings.NewReader(pdf)), nil
		case "s3://bucket/broken.pdf":
			return io.NopCloser(io.MultiReader(strings.NewReader(pdf+strings.Repeat("x", 512)), brokenReader{})), nil
		}
		return nil, errors.New("NoSuchKey")
	})
	for range 1000 {
		d, err := folder.Document(t.Context(), "s3://bucket/docs/a.pdf")
		if err != nil || d.Name != "a.pdf" || d.Size != int64(len(pdf)) || d.Open == nil {
			t.Fatalf("%v %+v", err, d)
		}
		if _, err := folder.Document(t.Context(), "s3://bucket/none.pdf"); err == nil || err.Error() != "NoSuchKey" {
			t.Fatal(err)
		}
	}
	if opened != 2 {
		t.Errorf("opened %d times, want once each", opened)
	}
	if _, err := folder.Document(t.Context(), "s3://bucket/broken.pdf"); err == nil {
		t.Error("a source that breaks off was accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fresh := NewFolder(library(t), nil)
	if _, err := fresh.Document(ctx, "docs/a.pdf"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := fresh.Document(t.Context(), "docs/a.pdf"); err != nil {
		t.Error("an interrupted look was remembered:", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// Without a way to S3 the address is taken as it is.
func TestFolderWithoutS3(t *testing.T) {
	d, err := NewFolder(t.TempDir(), nil).Document(t.Context(), "s3://bucket/docs/a.pdf")
	if err != nil || d.Name != "a.pdf" || d.Source != "s3://bucket/docs/a.pdf" || d.Open != nil {
		t.Errorf("%v %+v", err, d)
	}
}

// A row that names a file of the archive is refused, by whatever path.
func TestFolderTakesNothingFromTheArchive(t *testing.T) {
	dir := t.TempDir()
	face := filepath.Join(dir, "archive", "june", "0001", "face.pdf")
	for _, file := range []string{face, filepath.Join(dir, "archive2", "a.pdf"), filepath.Join(dir, "docs", "a.pdf")} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(pdf), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"store": "archive", "deep": "archive/june/0001", "docs/face.pdf": "../archive/june/0001/face.pdf"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	folder := NewFolder(dir, nil)
	folder.Except(filepath.Join(dir, "archive"))
	for _, name := range []string{
		"archive/june/0001/face.pdf", "./archive//june/0001/face.pdf", "docs/../archive/june/0001/face.pdf", `archive\june\0001\face.pdf`,
		"store/june/0001/face.pdf", "deep/face.pdf", "docs/face.pdf",
	} {
		if _, err := folder.Document(t.Context(), name); !errors.Is(err, errArchive) {
			t.Errorf("%s: %v, want %v", name, err, errArchive)
		}
	}
	for _, name := range []string{"archive2/a.pdf", "docs/a.pdf"} {
		if _, err := folder.Document(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	within := NewFolder(filepath.Join(dir, "archive", "june"), nil) // the CSV file stands in the archive
	within.Except(filepath.Join(dir, "archive"))
	if _, err := within.Document(t.Context(), "0001/face.pdf"); !errors.Is(err, errArchive) {
		t.Errorf("below the archive: %v, want %v", err, errArchive)
	}
	none := NewFolder(dir, nil)
	none.Except(filepath.Join(dir, "nothing"))
	if _, err := none.Document(t.Context(), "docs/a.pdf"); err != nil {
		t.Errorf("an archive that does not exist: %v", err)
	}
}

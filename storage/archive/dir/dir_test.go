package dir_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
	"github.com/chancela/chancela/storage/archive/dir"
)

func TestMain(m *testing.M) { archivetest.Main(m) }

func TestConformance(t *testing.T) {
	archivetest.Run(t, func(t *testing.T) archive.Archive { return open(t, t.TempDir()) })
}

func open(t *testing.T, folder string) *dir.Archive {
	t.Helper()
	a, err := dir.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func put(t *testing.T, a *dir.Archive, key, content string) error {
	t.Helper()
	_, err := a.Put(t.Context(), key, strings.NewReader(content), "", nil)
	return err
}

func TestOnlyTheOwnerReads(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "archive")
	if err := put(t, open(t, folder), "june/1/face.jpg", "x"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"": 0o700, "june": 0o700, "june/1": 0o700, "june/1/face.jpg": 0o600, archive.Reserved: 0o700,
	} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

// Links that somebody planted lead nowhere.
func TestLinksThatLeave(t *testing.T) {
	folder, outside := t.TempDir(), t.TempDir()
	a := open(t, folder)
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"folder": outside, "file": secret, "dangling": filepath.Join(outside, "new")} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"folder/secret", "folder/new", "file", "dangling"} {
		if err := put(t, a, key, "secret"); err == nil {
			t.Errorf("Put %s succeeded", key)
		}
		if body, _, err := a.Open(t.Context(), key); err == nil {
			body.Close()
			t.Errorf("Open %s succeeded", key)
		}
	}
	left, err := os.ReadDir(outside)
	if err != nil || len(left) != 1 {
		t.Errorf("outside: %v, %v", left, err)
	}
	for o, err := range a.List(t.Context(), "") {
		t.Errorf("List: %+v, %v", o, err)
	}
}

func TestReservedFolderThatLeaves(t *testing.T) {
	folder, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(folder, archive.Reserved)); err != nil {
		t.Fatal(err)
	}
	if a, err := dir.Open(folder); err == nil {
		t.Errorf("opened %s with temporary files outside", a)
	}
}

func TestNamedPipeIsNoObject(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := open(t, folder)
	if _, _, err := a.Open(t.Context(), "pipe"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Open: %v, want ErrNotFound", err)
	}
	if err := put(t, a, "pipe", "x"); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("Put: %v, want ErrConflict", err)
	}
}

func TestNothingStaysBehind(t *testing.T) {
	folder := t.TempDir()
	a := open(t, folder)
	if err := put(t, a, "a/b", "x"); err != nil {
		t.Fatal(err)
	}
	if err := put(t, a, "a/b", "y"); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("Put: %v, want ErrConflict", err)
	}
	if _, err := a.Put(t.Context(), "a/c", strings.NewReader("x"), "", archive.CheckPDF); !errors.Is(err, archive.ErrContent) {
		t.Errorf("Put: %v, want ErrContent", err)
	}
	if _, err := a.Put(t.Context(), "a/d", iotest.ErrReader(io.ErrUnexpectedEOF), "", nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Put: %v, want the reader's error", err)
	}
	if err := a.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	wantTemporary(t, folder, nil)
}

func TestOldTemporaryFilesGo(t *testing.T) {
	folder := t.TempDir()
	open(t, folder)
	now := time.Now()
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": 23 * time.Hour} {
		path := filepath.Join(folder, archive.Reserved, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, folder)
	wantTemporary(t, folder, []string{"young"})
}

// Somebody who tidies up while the archive is open does no harm.
func TestReservedFolderRemoved(t *testing.T) {
	folder := t.TempDir()
	a := open(t, folder)
	if err := os.Remove(filepath.Join(folder, archive.Reserved)); err != nil {
		t.Fatal(err)
	}
	if err := put(t, a, "a", "x"); err != nil {
		t.Error(err)
	}
}

func TestNotReady(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "archive")
	a := open(t, folder)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := a.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("Ready: %v, want an error that names %s", err, folder)
	}
}

func TestString(t *testing.T) {
	t.Chdir(t.TempDir())
	if got := open(t, "archive").String(); !filepath.IsAbs(got) || filepath.Base(got) != "archive" {
		t.Errorf("String = %s", got)
	}
}

func wantTemporary(t *testing.T, folder string, want []string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(folder, archive.Reserved))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range left {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("temporary files %q, want %q", got, want)
	}
}

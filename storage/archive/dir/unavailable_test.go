package dir_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
	"github.com/chancela/chancela/storage/archive/dir"
)

// wantUnavailable fails unless an error says that a folder cannot be used, and why.
func wantUnavailable(t *testing.T, err error, folder, why string) {
	t.Helper()
	if !errors.Is(err, archive.ErrUnavailable) || errors.Is(err, archive.ErrNotFound) || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), why) {
		t.Errorf("%v, want ErrUnavailable with %s and %q", err, folder, why)
	}
}

// keys are all that a list shows.
func keys(t *testing.T, a *dir.Archive) string {
	t.Helper()
	var all []string
	for o, err := range a.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(o.Key, " ", o.Size))
	}
	return strings.Join(all, ", ")
}

func TestFullDisk(t *testing.T) {
	archivetest.OnDisk(t, func(t *testing.T, d archivetest.Disk) {
		folder := filepath.Join(d.Folder, "archive")
		a := open(t, folder)
		if err := put(t, a, "june/1/small", "x"); err != nil {
			t.Fatal(err)
		}
		large := strings.Repeat("0123456789abcdef", 1<<16)
		err := put(t, a, "june/1/large", large)
		wantUnavailable(t, err, folder, "full")
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v has lost its cause", err)
		}
		if _, err := a.Stat(t.Context(), "june/1/large"); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("half a file is visible: %v", err)
		}
		wantTemporary(t, folder, nil)
		d.Remount(t, "size=4m")
		if err := put(t, a, "june/1/large", large); err != nil {
			t.Errorf("with room again: %v", err)
		}
		if got := keys(t, a); got != "june/1/large 1048576, june/1/small 1" {
			t.Error(got)
		}

		d.Remount(t, "nr_inodes=12") // names can be used up, too
		for i := 0; i < 20 && err != nil; i++ {
			if err = put(t, a, fmt.Sprintf("july/%d/small", i), "x"); err != nil {
				break
			}
			err = errors.New("not full yet")
		}
		wantUnavailable(t, err, folder, "full")
		wantTemporary(t, folder, nil)
	})
}

func TestReadOnlyFolder(t *testing.T) {
	archivetest.OnDisk(t, func(t *testing.T, d archivetest.Disk) {
		folder := filepath.Join(d.Folder, "archive")
		a := open(t, folder)
		if err := put(t, a, "june/1/face.jpg", "x"); err != nil {
			t.Fatal(err)
		}
		d.Remount(t, "ro")
		wantUnavailable(t, put(t, a, "june/1/dossier.pdf", "y"), folder, "cannot be written to")
		wantUnavailable(t, a.Ready(t.Context()), folder, "cannot be written to")
		reader, err := dir.OpenToRead(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got := keys(t, reader); got != "june/1/face.jpg 1" {
			t.Error(got)
		}
		d.Remount(t, "rw")
		if err := put(t, a, "june/1/dossier.pdf", "y"); err != nil {
			t.Errorf("writable again: %v", err)
		}
	})
}

// What a removed folder held is not "not found", and what replaced it is not written to.
func TestFolderVanishes(t *testing.T) {
	for how, vanish := range map[string]func(folder string) error{
		"removed":  os.RemoveAll,
		"moved":    func(folder string) error { return os.Rename(folder, folder+".old") },
		"replaced": func(folder string) error { return errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)) },
		"a file":   func(folder string) error { return errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600)) },
	} {
		t.Run(how, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "archive")
			a := open(t, folder)
			if err := put(t, a, "june/1/face.jpg", "x"); err != nil {
				t.Fatal(err)
			}
			if err := vanish(folder); err != nil {
				t.Fatal(err)
			}
			wantUnavailable(t, put(t, a, "june/1/dossier.pdf", "y"), folder, "removed")
			wantUnavailable(t, a.Ready(t.Context()), folder, "removed")
			if how == "moved" {
				return // what is read is still the same
			}
			_, err := a.Stat(t.Context(), "june/1/face.jpg")
			wantUnavailable(t, err, folder, "removed")
			_, _, err = a.Open(t.Context(), "june/1/face.jpg")
			wantUnavailable(t, err, folder, "removed")
			err = nil
			for _, err = range a.List(t.Context(), "june/") {
			}
			wantUnavailable(t, err, folder, "removed")
		})
	}
}

func TestOpenToReadChangesNothing(t *testing.T) {
	folder := t.TempDir()
	if _, err := dir.OpenToRead(filepath.Join(folder, "mistyped")); err == nil || !strings.Contains(err.Error(), filepath.Join(folder, "mistyped")) {
		t.Errorf("%v, want an error that names the folder", err)
	}
	if _, err := dir.OpenToRead(folder); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("it has made %v, %v", left, err)
	}
}

// Package dir is an archive in a local folder.
//
// A key is a path below the folder. Files are for their owner only (0600, folders 0700),
// appear by link(2), which never replaces anything, after their bytes were synced, and
// their names are synced before Put returns; until then they have none, where the system
// has such files. Everything goes through an [os.Root], or a call that stays below a folder
// as it does: no key and no symbolic link leads out of the folder. Symbolic links are not listed.
package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Archive is a folder. It may be shared by processes that share its file system.
type Archive struct {
	root     *os.Root
	file     *os.File    // the same folder
	opened   fs.FileInfo // of it
	path     string      // absolute
	reserved atomic.Pointer[reserved]
	folders  folders
}

var _ archive.Archive = (*Archive)(nil)

// stale is the age from which a file in the reserved folder is no longer being written.
const stale = 24 * time.Hour

// Open makes the folder if it is missing, and removes what writers that died a day ago
// or earlier left behind.
func Open(folder string) (*Archive, error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return nil, lang.Errorf("archive folder: %w", err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, lang.Errorf("archive folder %s cannot be made: %w", abs, err)
	}
	a, err := OpenToRead(abs)
	if err != nil {
		return nil, err
	}
	if err := a.sweep(time.Now().Add(-stale)); err != nil {
		a.file.Close()
		a.root.Close()
		return nil, a.explain(err)
	}
	return a, nil
}

// OpenToRead is Open for who only reads: the folder must be there, and nothing in it is
// made or removed.
func OpenToRead(folder string) (*Archive, error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return nil, lang.Errorf("archive folder: %w", err)
	}
	root, err := os.OpenRoot(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, lang.Errorf("there is no archive folder %s: %w", abs, err)
	case err != nil:
		return nil, lang.Errorf("archive folder %s cannot be opened: %w", abs, err)
	}
	file, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(lang.Errorf("archive folder %s cannot be opened: %w", abs, err), root.Close())
	}
	opened, err := file.Stat()
	if err != nil {
		return nil, errors.Join(lang.Errorf("archive folder %s cannot be opened: %w", abs, err), file.Close(), root.Close())
	}
	return &Archive{root: root, file: file, opened: opened, path: abs}, nil
}

func (a *Archive) sweep(before time.Time) error {
	if err := a.root.MkdirAll(archive.Reserved, 0o700); err != nil {
		return err
	}
	left, err := fs.ReadDir(a.root.FS(), archive.Reserved)
	if err != nil {
		return err
	}
	for _, entry := range left {
		// Another process may be sweeping too: what is gone is gone.
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || info.ModTime().After(before) {
			continue
		}
		if err := a.root.Remove(path.Join(archive.Reserved, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Put implements [archive.Archive]. A key that is a folder, or is below an object, is
// archive.ErrConflict. The content type is not kept.
func (a *Archive) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	if err := archive.CheckKey(key); err != nil {
		return archive.Object{}, err
	}
	size, sum, err := a.put(ctx, key, content, check)
	if err != nil {
		return archive.Object{}, lang.Errorf("archive %s: %w", key, a.explain(err))
	}
	if contentType == "" {
		contentType = archive.ContentType(key)
	}
	return archive.Object{Key: key, Size: size, SHA256: sum, ContentType: contentType}, nil
}

func (a *Archive) put(ctx context.Context, key string, content io.Reader, check archive.Check) (size int64, sum string, err error) {
	if err := a.present(); err != nil {
		return 0, "", err
	}
	t, err := a.temporary(false)
	if err != nil {
		return 0, "", err
	}
	defer t.remove()
	defer t.Close()

	if size, sum, err = t.write(ctx, content, check); err != nil {
		return 0, "", err
	}
	folder, err := a.link(t, key)
	if folder != nil {
		defer folder.Close()
	}
	if errors.Is(err, fs.ErrExist) {
		err = a.compare(ctx, key, size, sum)
	}
	if err != nil {
		return 0, "", inTheWay(err)
	}
	return size, sum, a.syncFolders(key, folder)
}

// Replace implements [archive.Archive]: readers see the old content or the new one, whole.
func (a *Archive) Replace(ctx context.Context, key string, content io.Reader, contentType string) (archive.Object, error) {
	if err := archive.CheckKey(key); err != nil {
		return archive.Object{}, err
	}
	size, sum, err := a.replace(ctx, key, content)
	if err != nil {
		return archive.Object{}, lang.Errorf("archive %s: %w", key, a.explain(err))
	}
	if contentType == "" {
		contentType = archive.ContentType(key)
	}
	return archive.Object{Key: key, Size: size, SHA256: sum, ContentType: contentType}, nil
}

func (a *Archive) replace(ctx context.Context, key string, content io.Reader) (size int64, sum string, err error) {
	if err := a.present(); err != nil {
		return 0, "", err
	}
	t, err := a.temporary(true)
	if err != nil {
		return 0, "", err
	}
	defer t.remove()
	defer t.Close()
	if size, sum, err = t.write(ctx, content, nil); err != nil {
		return 0, "", err
	}
	if a.compare(ctx, key, size, sum) == nil {
		return size, sum, nil
	}
	if err := a.makeFolder(path.Dir(key)); err != nil && !errors.Is(err, fs.ErrExist) {
		return 0, "", inTheWay(err)
	}
	folder, err := a.openFolder(path.Dir(key))
	if err != nil {
		return 0, "", inTheWay(err)
	}
	defer folder.Close()
	if err := a.root.Rename(path.Join(archive.Reserved, t.name), key); err != nil {
		return 0, "", inTheWay(err)
	}
	return size, sum, a.syncFolders(key, folder)
}

// compare is nil when the key holds this content already.
func (a *Archive) compare(ctx context.Context, key string, size int64, sum string) error {
	file, there, err := a.open(key)
	if errors.Is(err, archive.ErrNotFound) {
		return archive.ErrConflict // not a file
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if there != size {
		return archive.ErrConflict
	}
	kept, err := archive.Sum(ctx, file)
	if err != nil {
		return err
	}
	if kept != sum {
		return archive.ErrConflict
	}
	return nil
}

// inTheWay: an object stands where the key needs a folder.
func inTheWay(err error) error {
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) {
		return lang.Errorf("%w: an object is in the way (%w)", archive.ErrConflict, err)
	}
	return err
}

// Open implements [archive.Archive]. The reader is an [os.File].
func (a *Archive) Open(ctx context.Context, key string) (io.ReadCloser, archive.Object, error) {
	if err := a.before(ctx, key); err != nil {
		return nil, archive.Object{}, err
	}
	file, size, err := a.open(key)
	if err != nil {
		return nil, archive.Object{}, lang.Errorf("archive %s: %w", key, err)
	}
	return file, object(key, size), nil
}

// Stat implements [archive.Archive].
func (a *Archive) Stat(ctx context.Context, key string) (archive.Object, error) {
	if err := a.before(ctx, key); err != nil {
		return archive.Object{}, err
	}
	size, err := a.stat(key)
	if err != nil {
		return archive.Object{}, lang.Errorf("archive %s: %w", key, err)
	}
	return object(key, size), nil
}

func (a *Archive) before(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return archive.CheckKey(key)
}

func (a *Archive) open(key string) (file *os.File, size int64, err error) {
	// Asked before opening, which would wait at a named pipe.
	if size, err = a.stat(key); err != nil {
		return nil, 0, err
	}
	if file, err = a.openFile(key, 0); err != nil {
		return nil, 0, a.notFound(err)
	}
	return file, size, nil
}

// stat is the size of a file.
func (a *Archive) stat(key string) (int64, error) {
	size, regular, err := a.statFile(key)
	if err != nil {
		return 0, a.notFound(err)
	}
	if !regular {
		return 0, archive.ErrNotFound
	}
	return size, nil
}

func (a *Archive) statInRoot(key string) (size int64, regular bool, err error) {
	info, err := a.root.Stat(key)
	if err != nil {
		return 0, false, err
	}
	return info.Size(), info.Mode().IsRegular(), nil
}

// notFound tells a key that holds nothing from a folder that has gone.
func (a *Archive) notFound(err error) error {
	if !missing(err) {
		return err
	}
	if err := a.present(); err != nil {
		return err
	}
	return archive.ErrNotFound
}

func object(key string, size int64) archive.Object {
	return archive.Object{Key: key, Size: size, ContentType: archive.ContentType(key)}
}

// Presign implements [archive.Archive]: a folder has no address.
func (a *Archive) Presign(ctx context.Context, key string, _ time.Duration) (string, error) {
	return "", a.before(ctx, key)
}

// Ready implements [archive.Archive] by writing and linking a file that nobody sees.
func (a *Archive) Ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.present(); err != nil {
		return err
	}
	t, err := a.temporary(false)
	if err != nil {
		return a.explain(err)
	}
	defer t.remove()
	defer t.Close()
	_, err = t.WriteString("chancela\n")
	if err := errors.Join(err, t.Sync()); err != nil {
		return a.explain(err)
	}
	ready := *t
	ready.name = rand.Text() + ".ready"
	if err := a.linkInto(t, t.in.file, ready.name); err != nil {
		return lang.Errorf("archive folder %s is on a file system without hard links: %w", a.path, err)
	}
	return ready.remove()
}

// Warnings implements [archive.Archive]: what a folder cannot do is an error of Ready.
func (a *Archive) Warnings() []lang.Text { return nil }

// Exclusive implements [archive.Archive]: link(2) never replaces anything.
func (a *Archive) Exclusive() bool { return true }

// Locate is the key: it is the path below the folder.
func (a *Archive) Locate(key string) string { return key }

// String is the folder's absolute path.
func (a *Archive) String() string { return a.path }

package dir

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// explain says what keeps the folder from being written to, and what to do.
func (a *Archive) explain(err error) error {
	var why lang.Text
	switch {
	case errors.Is(err, archive.ErrUnavailable):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		why = lang.Of("its disk is full: make room")
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		why = lang.Of("it cannot be written to: see to its owner, its mode and how its disk is mounted")
	case missing(err):
		return errors.Join(err, a.present())
	default:
		return err
	}
	return lang.Errorf("%w: folder %s: %v: %w", archive.ErrUnavailable, a.path, why, err)
}

// present is nil while the folder that was opened is the one that its path leads to. One
// that was removed or moved away, or over which something was mounted, would take files
// that nobody finds again, and call all others missing.
func (a *Archive) present() error {
	there, err := os.Stat(a.path)
	if err != nil && !missing(err) {
		return lang.Errorf("%w: folder %s: %w", archive.ErrUnavailable, a.path, err)
	}
	if err == nil && os.SameFile(there, a.opened) { // it is open, so that no other gets its number
		return nil
	}
	return lang.Errorf("%w: folder %s was removed, moved or mounted anew while it was in use: bring it back, and start again", archive.ErrUnavailable, a.path)
}

func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

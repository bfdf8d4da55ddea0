//go:build unix

package dir

import (
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

func (a *Archive) openFolder(name string) (*os.File, error) {
	return a.openFile(name, syscall.O_DIRECTORY)
}

// linkInto is [os.Root.Link] without the walk to either folder: both are open, and neither name
// has a slash.
func (a *Archive) linkInto(t *temporary, folder *os.File, key string) error {
	var err error
	if t.name == "" {
		err = linkUnnamed(t.File, folder, path.Base(key))
	} else {
		err = unix.Linkat(int(t.in.file.Fd()), t.name, int(folder.Fd()), path.Base(key), 0)
	}
	if err != nil {
		return &os.LinkError{Op: "linkat", Old: t.name, New: key, Err: err}
	}
	return nil
}

// identity tells a folder from another that had its name before.
func identity(folder *os.File) (uint64, error) {
	info, err := folder.Stat()
	if err != nil {
		return 0, err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Ino), nil
	}
	return 0, nil
}

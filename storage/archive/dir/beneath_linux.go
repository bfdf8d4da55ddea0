package dir

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// beneath opens what stands below the archive's folder in one call: the system keeps the walk
// inside, as [os.Root] does with a call for each folder. An [os.File] of it is never asked of the
// poller, which takes five calls more for each.
func (a *Archive) beneath(name string, flags int) (int, error) {
	defer runtime.KeepAlive(a.file)
	return unix.Openat2(int(a.file.Fd()), name, &unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Resolve: unix.RESOLVE_BENEATH})
}

// openFile opens a file or folder to read.
func (a *Archive) openFile(name string, flags int) (*os.File, error) {
	fd, err := a.beneath(name, unix.O_RDONLY|flags)
	switch {
	case err == nil:
		return os.NewFile(uintptr(fd), name), nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, &os.PathError{Op: "openat2", Path: name, Err: err}
	}
	return a.root.OpenFile(name, os.O_RDONLY|flags, 0) // an older system; or it says what is wrong
}

// statFile is [os.Root.Stat] of what is most likely a file.
func (a *Archive) statFile(name string) (size int64, regular bool, err error) {
	folder, err := a.beneath(path.Dir(name), unix.O_PATH|unix.O_DIRECTORY)
	if err == nil {
		var s unix.Stat_t
		err = unix.Fstatat(folder, path.Base(name), &s, unix.AT_SYMLINK_NOFOLLOW)
		_ = unix.Close(folder) // nothing was written to it
		if err == nil && s.Mode&unix.S_IFMT == unix.S_IFREG {
			return s.Size, true, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, &os.PathError{Op: "fstatat", Path: name, Err: err}
	}
	return a.statInRoot(name)
}

// unnamed makes a file without a name, which nobody has to remove. It is nil where the file
// system has none, or the system no way to give it a name later.
func (r *reserved) unnamed() (*os.File, error) {
	if r.named.Load() {
		return nil, nil
	}
	fd, err := unix.Openat(int(r.file.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EINVAL) {
		r.named.Store(true)
		return nil, nil
	}
	if err != nil {
		return nil, &os.PathError{Op: "openat", Path: r.file.Name(), Err: err}
	}
	file := os.NewFile(uintptr(fd), r.file.Name())
	if !r.linked.Load() {
		if _, err := os.Stat(descriptor(file)); err != nil { // no /proc
			r.named.Store(true)
			return nil, file.Close()
		}
		r.linked.Store(true)
	}
	return file, nil
}

func descriptor(file *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(file.Fd())) }

// linkUnnamed gives a file without a name one.
func linkUnnamed(file, folder *os.File, name string) error {
	return unix.Linkat(unix.AT_FDCWD, descriptor(file), int(folder.Fd()), name, unix.AT_SYMLINK_FOLLOW)
}

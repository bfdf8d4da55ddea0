//go:build linux || darwin

package api

import (
	"os"
	"syscall"
)

// freeDisk is how many bytes may still be written where dir is.
func freeDisk(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// takeLock locks a file until it is closed, or its process ends in any way.
func takeLock(name string, create bool) (*os.File, error) {
	mode := os.O_RDWR
	if create {
		mode |= os.O_CREATE | os.O_EXCL
	}
	file, err := os.OpenFile(name, mode, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

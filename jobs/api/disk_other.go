//go:build !linux && !darwin

package api

import (
	"errors"
	"os"
)

// freeDisk is not known here.
func freeDisk(string) (int64, error) { return 0, errors.ErrUnsupported }

// takeLock makes the file; without locks, nothing that another process has left is taken
// for left behind.
func takeLock(name string, create bool) (*os.File, error) {
	if !create {
		return nil, errors.ErrUnsupported
	}
	return os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}

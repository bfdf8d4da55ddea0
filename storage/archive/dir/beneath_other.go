//go:build !linux

package dir

import (
	"errors"
	"os"
)

func (a *Archive) openFile(name string, flags int) (*os.File, error) {
	return a.root.OpenFile(name, os.O_RDONLY|flags, 0)
}

func (a *Archive) statFile(name string) (size int64, regular bool, err error) {
	return a.statInRoot(name)
}

func (r *reserved) unnamed() (*os.File, error) { return nil, nil }

func linkUnnamed(*os.File, *os.File, string) error { return errors.ErrUnsupported }

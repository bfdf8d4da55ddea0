package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync/atomic"

	"github.com/chancela/chancela/storage/archive"
)

// reserved is the folder of files that are being written. It is kept open: making, linking and
// removing one takes no walk to it.
type reserved struct {
	root   *os.Root
	file   *os.File
	named  atomic.Bool // every file has to have a name
	linked atomic.Bool // one without can get one
}

// temporary is a new file in the reserved folder, which is on the archive's file system.
type temporary struct {
	*os.File
	in   *reserved
	name string // empty: it has none, and goes by itself
}

func (t *temporary) remove() error {
	if t.name == "" {
		return nil
	}
	return t.in.root.Remove(t.name)
}

// temporary makes a file, without a name where that goes and the caller wants none. One that somebody's
// tidying up has taken the folder from gets a new one.
func (a *Archive) temporary(named bool) (*temporary, error) {
	for again := false; ; again = true {
		in, err := a.openReserved()
		if err != nil {
			return nil, err
		}
		t, err := in.make(named)
		if err == nil {
			return t, nil
		}
		if again || !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		a.reserved.CompareAndSwap(in, nil) // whoever writes there still uses it; the collector closes it
	}
}

func (r *reserved) make(named bool) (*temporary, error) {
	if !named {
		if file, err := r.unnamed(); file != nil || err != nil {
			return &temporary{file, r, ""}, err
		}
	}
	name := rand.Text()
	file, err := r.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return &temporary{file, r, name}, err
}

func (a *Archive) openReserved() (*reserved, error) {
	if in := a.reserved.Load(); in != nil {
		return in, nil
	}
	if err := a.root.MkdirAll(archive.Reserved, 0o700); err != nil {
		return nil, err
	}
	root, err := a.root.OpenRoot(archive.Reserved)
	if err != nil {
		return nil, err
	}
	file, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	in := &reserved{root: root, file: file}
	a.reserved.Store(in)
	return in, nil
}

// write fills a new file and syncs it.
func (t *temporary) write(ctx context.Context, content io.Reader, check archive.Check) (size int64, sum string, err error) {
	size, sum, err = archive.Spool(ctx, t.File, content, check)
	if err != nil {
		return 0, "", err
	}
	if err := t.Sync(); err != nil {
		return 0, "", err
	}
	return size, sum, ctx.Err()
}

// link lets a written file appear under its key, and returns the folder that it is in.
func (a *Archive) link(t *temporary, key string) (folder *os.File, err error) {
	for again := false; ; again = true {
		folder, err = a.openFolder(path.Dir(key))
		if err == nil {
			if err = a.linkInto(t, folder, key); err == nil || errors.Is(err, fs.ErrExist) {
				return folder, err
			}
			folder.Close()
		}
		if again || !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err := a.makeFolder(path.Dir(key)); err != nil {
			return nil, err
		}
	}
}

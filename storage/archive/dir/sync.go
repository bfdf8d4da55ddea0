package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"sync"
	"syscall"
)

// maxDurable is how many folders are remembered to be on disk; then it begins anew.
const maxDurable = 4096

// folders syncs folders. Writers that want the same one synced share a sync that begins after
// the last of them has come; the first that comes makes it for all.
type folders struct {
	mu      sync.Mutex
	next    map[string]*folderSync // not begun
	running map[string]*folderSync
	durable map[string]bool // names that are on disk in the folder above
}

type folderSync struct {
	done chan struct{}
	err  error
}

// sync makes all names in a folder last that stand there when it is called.
func (f *folders) sync(name string, do func(name string) error) error {
	f.mu.Lock()
	if s := f.next[name]; s != nil {
		f.mu.Unlock()
		<-s.done
		return s.err
	}
	if f.next == nil {
		f.next, f.running, f.durable = map[string]*folderSync{}, map[string]*folderSync{}, map[string]bool{}
	}
	s := &folderSync{done: make(chan struct{})}
	f.next[name] = s
	before := f.running[name]
	f.mu.Unlock()
	if before != nil {
		<-before.done
	}
	f.mu.Lock()
	delete(f.next, name)
	f.running[name] = s
	f.mu.Unlock()
	s.err = do(name)
	close(s.done)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[name] == s {
		delete(f.running, name)
	}
	return s.err
}

func (f *folders) isDurable(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.durable[name]
}

func (f *folders) setDurable(names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.durable) >= maxDurable {
		clear(f.durable)
	}
	for _, name := range names {
		f.durable[name] = true
	}
}

// forget takes back what is known of folders: some were not there.
func (f *folders) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.durable)
}

// syncFolders makes the key's name last in its folder, and those of the folders above it: another
// writer may have made one and not synced it yet. A folder's own name is synced once in the life
// of the process, unless it has to be made again.
func (a *Archive) syncFolders(key string, folder *os.File) error {
	// Writers share a sync of the folder that they have open, not of one that had its name before.
	which, err := identity(folder)
	if err != nil {
		return err
	}
	name := path.Dir(key)
	if err := a.folders.sync(fmt.Sprintf("%s/%d", name, which), func(string) error { return syncFolder(folder) }); err != nil {
		return err
	}
	var synced []string
	for ; name != "." && !a.folders.isDurable(name); name = path.Dir(name) {
		synced = append(synced, name)
		if err := a.folders.sync(path.Dir(name), a.syncNamed); err != nil {
			return err
		}
	}
	a.folders.setDurable(synced)
	return nil
}

// makeFolder makes a folder and those above it.
func (a *Archive) makeFolder(name string) error {
	err := a.root.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrExist) { // by another writer, or it is none: the link tells
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		a.folders.forget()
		return a.root.MkdirAll(name, 0o700)
	}
	if a.folders.isDurable(name) {
		a.folders.forget() // it was, and has gone
	}
	return err
}

func (a *Archive) syncNamed(name string) error {
	folder, err := a.root.Open(name)
	if err != nil {
		return err
	}
	defer folder.Close()
	return syncFolder(folder)
}

func syncFolder(folder *os.File) error {
	if err := folder.Sync(); err != nil && !cannotSync(err) {
		return err
	}
	return nil
}

// cannotSync: the system or the file system does not sync folders.
func cannotSync(err error) bool {
	return runtime.GOOS == "windows" || errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)
}

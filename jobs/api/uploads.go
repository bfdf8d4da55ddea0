package api

import (
	"context"
	"errors"
	"fmt"
	"github.com/chancela/chancela/providers/lang"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Bounds of what uploads take. Choices.
const (
	maxUploads = 32              // under way at once
	waitUpload = 5 * time.Second // for one of them to end
	spareDisk  = 256 << 20       // bytes that an upload leaves free
	lookAgain  = 4 << 20         // bytes between two looks at the free space
	uploadsDir = "chancela-uploads-"
)

// uploads is where a server keeps what its requests bring, until they end: a folder of
// its own in the system's temporary one, made with the first upload. A lock in it tells
// other processes that its owner lives; what a killed one has left is removed at the
// next start.
type uploads struct {
	log   *slog.Logger
	slots chan struct{}
	wait  time.Duration // for a place
	free  func(dir string) (int64, error)

	mu   sync.Mutex
	dir  string
	lock *os.File
}

func newUploads(log *slog.Logger) *uploads {
	u := &uploads{log: log, slots: make(chan struct{}, maxUploads), wait: waitUpload, free: freeDisk}
	u.clean()
	return u
}

// clean removes the folders that nobody locks any more.
func (u *uploads) clean() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), uploadsDir+"*")) // the pattern is good
	for _, dir := range left {
		lock, err := takeLock(filepath.Join(dir, "lock"), false)
		if err != nil {
			continue // somebody's who lives, or another user's
		}
		if err := os.RemoveAll(dir); err != nil {
			u.log.Warn("a folder of uploads was left and cannot be removed", "error", err)
		}
		lock.Close()
	}
}

// open makes the server's folder. It gets its final name when it is locked, so that no
// other process takes it for a dead one's.
func (u *uploads) open() (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.dir != "" {
		return u.dir, nil
	}
	dir, err := os.MkdirTemp("", ".chancela-uploads-") // 0700
	if err != nil {
		return "", fmt.Errorf("a folder for uploads: %w", err)
	}
	lock, err := takeLock(filepath.Join(dir, "lock"), true)
	if err == nil {
		final := filepath.Join(filepath.Dir(dir), filepath.Base(dir)[1:])
		if err = os.Rename(dir, final); err == nil {
			u.dir, u.lock = final, lock
			return final, nil
		}
		lock.Close()
	}
	os.RemoveAll(dir)
	return "", fmt.Errorf("a folder for uploads: %w", err)
}

// close removes the server's folder. An upload that comes later has a new one.
func (u *uploads) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.dir != "" {
		os.RemoveAll(u.dir)
		u.lock.Close()
		u.dir, u.lock = "", nil
	}
}

// begin waits for a place for one more upload. size is what the client says of its body,
// -1 for nothing, most what it may have.
func (u *uploads) begin(ctx context.Context, size, most int64) (*uploadDir, error) {
	if size > most {
		return nil, tooMuch(most)
	}
	timer := time.NewTimer(u.wait)
	defer timer.Stop()
	select {
	case u.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, told(http.StatusServiceUnavailable, lang.Of("too many uploads are under way: try again")).with("Retry-After", "10")
	}
	s, err := u.newDir(size)
	if err != nil {
		<-u.slots
	}
	return s, err
}

func (u *uploads) newDir(size int64) (*uploadDir, error) {
	root, err := u.open()
	if err != nil {
		return nil, err
	}
	s := &uploadDir{uploads: u, parts: map[string]string{}, sheets: map[string]sheet{}, used: map[string]bool{}, meant: map[string]string{}}
	if s.dir, err = os.MkdirTemp(root, "upload-"); err != nil {
		return nil, fmt.Errorf("a folder for the upload: %w", err)
	}
	if err := u.room(max(size, 0)); err != nil {
		os.RemoveAll(s.dir)
		return nil, err
	}
	return s, nil
}

// room tells whether so many bytes more may be kept.
func (u *uploads) room(n int64) error {
	free, err := u.free(os.TempDir())
	if err == nil && free-n < spareDisk {
		return noRoom()
	}
	return nil // where nobody can tell, writing does
}

func noRoom() *Problem {
	return told(http.StatusInsufficientStorage, lang.Of("there is no room for this here now: try again later")).with("Retry-After", "60")
}

// diskFull tells whether an error is of a disk without room.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

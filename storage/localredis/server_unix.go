//go:build linux || darwin

package localredis

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
)

// settings are those of the server: nothing acknowledged is ever lost, nothing is thrown out,
// and nobody but the user can reach it. It is started in the folder, so that the socket's path
// is short.
var settings = []string{"--port", "0", "--unixsocket", socketFile, "--unixsocketperm", "700", "--dir", ".",
	"--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "no", "--save", "",
	"--maxmemory", "0", "--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", logFile, "--loglevel", "warning"}

const (
	tryEvery   = 20 * time.Millisecond
	silentFor  = 30 * time.Second // of a server that lives and takes no connection
	stopWithin = 20 * time.Second
)

var errTaken = errors.New("taken")

// take opens a file of the folder and locks it, or returns errTaken.
func take(folder, name string, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f, how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errTaken
		case err != nil:
			return lang.Errorf("%s cannot be locked: %w; name a folder on a disk of this machine", f.Name(), err)
		default:
			return nil
		}
	}
}

// joinUsers waits until nobody is about to stop the server.
func joinUsers(ctx context.Context, folder string) (*os.File, error) {
	for {
		f, err := take(folder, usersLock, syscall.LOCK_SH)
		if !errors.Is(err, errTaken) {
			return f, err
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(tryEvery):
		return nil
	}
}

// ensure returns when a server answers: one that lives, or a new one.
func (s *Server) ensure(ctx context.Context) error {
	var died error // of the server that was started here
	for silent := time.Now(); ; {
		lock, err := take(s.folder, serverLock, syscall.LOCK_EX)
		switch {
		case err == nil && died != nil:
			lock.Close()
			return died
		case err == nil:
			died, err = s.start(lock)
			lock.Close() // the server holds it now
			if err != nil {
				return err
			}
			silent = time.Now()
		case !errors.Is(err, errTaken):
			return err
		}
		err = s.ping(ctx)
		switch {
		case err == nil:
			return nil
		case redis.HasErrorPrefix(err, "LOADING"), redis.HasErrorPrefix(err, "BUSY"):
			silent = time.Now()
		case ctx.Err() == nil && time.Since(silent) > silentFor:
			return lang.Errorf("a server lives in %s and does not answer: end that redis-server, and start again: %w", s.folder, err)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// start starts the server. It returns the error to report in case that it ends before it has
// answered.
func (s *Server) start(lock *os.File) (died, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, lang.Errorf("there is no redis-server on the PATH: install it (apt-get install redis-server, brew install redis), or name a Redis in another way")
	}
	server := exec.Command(program, settings...)
	server.Dir = s.folder
	server.Env = []string{"LC_ALL=C"}                       // no keys of providers in its environment
	server.ExtraFiles = []*os.File{lock}                    // held as long as it lives
	server.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for chancela
	if err := server.Start(); err != nil {
		return nil, lang.Errorf("redis-server cannot be started: %w", err)
	}
	go func() { _ = server.Wait() }() // until it ends, or this process does
	return lang.Errorf("redis-server does not stay up: see the end of %s", filepath.Join(s.folder, logFile)), nil
}

// leave stops the server, unless somebody else uses it.
func (s *Server) leave() {
	defer s.forget()
	defer s.users.Close()
	if syscall.Flock(int(s.users.Fd()), syscall.LOCK_UN) != nil || flock(s.users, syscall.LOCK_EX) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if db, err := s.client(ctx); err == nil { // else none lives
		_ = db.Shutdown(ctx).Err()
		db.Close()
	}
	for {
		lock, err := take(s.folder, serverLock, syscall.LOCK_EX)
		if err == nil {
			lock.Close()
			return
		}
		if pause(ctx) != nil {
			return
		}
	}
}

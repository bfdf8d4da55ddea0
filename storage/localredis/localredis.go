// Package localredis runs the system's redis-server in a folder of the user's, for work on one
// machine. Every process that names the folder joins the one server of it. The server answers a
// write when it is on disk, and listens on a socket that only the user can reach.
//
// Two locks of the folder keep this true whatever is killed; the system drops the lock of a
// process that has ended. users.lock is shared by all processes that use the server; who leaves
// last holds it alone, and stops the server. server.lock is handed to the server itself, so that
// it is held exactly as long as the server lives: nobody starts a second one on the same data,
// and a server whose chancela was killed is found and joined by the next.
package localredis

import (
	"context"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
)

// Scheme begins an address: local:PATH.
const Scheme = "local:"

// The files of a folder, beside the server's own.
const (
	usersLock  = "users.lock"
	serverLock = "server.lock"
	socketFile = "redis.sock"
	logFile    = "redis.log"
)

// Path is the folder that an address names, as an absolute path.
func Path(address string) (string, error) {
	path, ok := strings.CutPrefix(address, Scheme)
	switch {
	case !ok || path == "":
		return "", lang.Errorf("want local:PATH, the folder where Redis keeps its data")
	case strings.HasPrefix(path, "//"):
		return "", lang.Errorf("want local:PATH without // in front, as in local:redis or local:/home/me/redis")
	case strings.HasPrefix(path, "~"):
		return "", lang.Errorf("a path that begins with ~ is the shell's: write the whole path, as in local:/home/me/redis")
	case strings.ContainsFunc(path, func(r rune) bool { return r < ' ' }):
		return "", lang.Errorf("the path of a folder has no control characters")
	}
	return filepath.Abs(path)
}

// Is tells whether an address names a folder for a Redis of this machine.
func Is(address string) bool { return strings.HasPrefix(address, Scheme) }

// Reach starts or joins the Redis of a local address, and returns where it is reached and how it is
// left. Any other address is returned as it is.
func Reach(ctx context.Context, address string) (reached string, leave func(), err error) {
	if !Is(address) {
		return address, func() {}, nil
	}
	folder, err := Path(address)
	if err != nil {
		return "", nil, lang.Errorf("local redis: %w", err)
	}
	s, err := Open(ctx, folder)
	if err != nil {
		return "", nil, err
	}
	return s.Address(), s.Close, nil
}

// Server is one process's use of the Redis of a folder.
type Server struct {
	folder, socket string
	forget         func() // the way to the socket
	users          *os.File
	stop           context.CancelFunc
	kept           chan struct{} // closed when nobody looks after the server any more
}

// Open starts the Redis of a folder, or joins it. The caller closes it.
func Open(ctx context.Context, folder string) (*Server, error) {
	if err := prepare(folder); err != nil {
		return nil, err
	}
	s := &Server{folder: folder, kept: make(chan struct{})}
	var err error
	if s.socket, s.forget, err = reachSocket(folder); err != nil {
		return nil, lang.Errorf("local redis: %w", err)
	}
	if s.users, err = joinUsers(ctx, folder); err != nil {
		s.forget()
		return nil, lang.Errorf("local redis: %w", err)
	}
	if err := s.ensure(ctx); err != nil {
		s.leave()
		return nil, lang.Errorf("local redis: %w", err)
	}
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.keep(keep)
	return s, nil
}

// Address is where the server is reached.
func (s *Server) Address() string {
	return (&url.URL{Scheme: "redis-socket", Path: s.socket}).String()
}

// Close leaves the server. It ends when nobody else uses it.
func (s *Server) Close() {
	s.stop()
	<-s.kept
	s.leave()
}

// keep starts the server again when it was killed: its data is on disk.
func (s *Server) keep(ctx context.Context) {
	defer close(s.kept)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		_ = s.ensure(ctx) // again in a second; who uses the server hears that it does not answer
	}
}

// prepare makes the folder, for this user alone. A folder with other things in it is left as
// it is: its rights would change under somebody else.
func prepare(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return lang.Errorf("local redis: %w", err)
	}
	info, err := os.Stat(folder)
	if err != nil {
		return lang.Errorf("local redis: %w", err)
	}
	inside, err := os.ReadDir(folder)
	if err != nil {
		return lang.Errorf("local redis: %w", err)
	}
	known := slices.ContainsFunc(inside, func(f fs.DirEntry) bool { return f.Name() == usersLock })
	if len(inside) > 0 && !known {
		return lang.Errorf("local redis: %s is not empty, and no local Redis was there before: name a folder that is for it alone", folder)
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(folder, 0o700); err != nil { //nolint:gosec // a folder is entered
			return lang.Errorf("local redis: %w", err)
		}
	}
	return nil
}

// longestSocket is what the path of a socket may have on every system, in bytes.
const longestSocket = 100

// reachSocket finds a path to the server's socket. Where that of the folder is too long for one,
// it goes through a link among the temporary files, which forget removes.
func reachSocket(folder string) (socket string, forget func(), err error) {
	if socket = filepath.Join(folder, socketFile); len(socket) <= longestSocket {
		return socket, func() {}, nil
	}
	short, err := os.MkdirTemp("", "chancela")
	if err != nil {
		return "", nil, err
	}
	forget = func() { os.RemoveAll(short) }
	link := filepath.Join(short, "redis")
	if socket = filepath.Join(link, socketFile); len(socket) > longestSocket {
		err = lang.Errorf("%s is too long for a socket: set TMPDIR to a shorter path", short)
	} else {
		err = os.Symlink(folder, link)
	}
	if err != nil {
		forget()
		return "", nil, err
	}
	return socket, forget, nil
}

// ping asks the server whether it takes commands. A server that reads its data says so.
func (s *Server) ping(ctx context.Context) error {
	db, err := s.client(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Ping(ctx).Err()
}

// client is one connection to the server. It is made here, for that nobody listens yet, or any more, is
// no trouble, and go-redis would write it to standard error.
func (s *Server) client(ctx context.Context) (*redis.Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
	if err != nil {
		return nil, err
	}
	made := false
	return redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true, Protocol: 2,
		PoolSize: 1, Dialer: func(context.Context, string, string) (net.Conn, error) {
			if made {
				return nil, net.ErrClosed
			}
			made = true
			return conn, nil
		}}), nil
}

//go:build linux || darwin

package localredis

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// complaints are what go-redis writes to standard error where nobody says otherwise.
type complaints struct {
	mu    sync.Mutex
	lines []string
}

func (c *complaints) Printf(_ context.Context, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

// TestNothingIsSaidOfTheWay: that nobody listens before the server has begun, or after it has ended, is no
// news for standard error.
func TestNothingIsSaidOfTheWay(t *testing.T) {
	var said complaints
	redis.SetLogger(&said)
	folder := filepath.Join(t.TempDir(), "redis")
	for range 2 {
		s := open(t, folder)
		set(t, s, "a", "b")
		s.Close()
	}
	said.mu.Lock()
	defer said.mu.Unlock()
	if len(said.lines) > 0 {
		t.Errorf("%q", said.lines)
	}
}

func open(t *testing.T, folder string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "redis") {
			t.Fatal("redis-server is required and not installed")
		}
		t.Skip("redis-server is not installed")
	}
	s, err := Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reach is a connection of its own.
func reach(t *testing.T, s *Server) *redis.Client {
	t.Helper()
	db, err := s.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// value reads a key by a connection of its own.
func value(t *testing.T, s *Server, key string) string {
	t.Helper()
	db := reach(t, s)
	defer db.Close()
	v, err := db.Get(t.Context(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func set(t *testing.T, s *Server, key, value string) {
	t.Helper()
	db := reach(t, s)
	defer db.Close()
	if err := db.Set(t.Context(), key, value, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func processOf(t *testing.T, s *Server) string {
	t.Helper()
	db := reach(t, s)
	defer db.Close()
	all, err := db.InfoMap(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	return all["Server"]["process_id"]
}

// The users of a folder share one server; it ends with the last of them, and forgets nothing.
// A path that is too long for a socket is as good as a short one.
func TestUsersShareAServer(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"short", strings.Repeat("long", 40)} {
		folder := filepath.Join(t.TempDir(), name)
		first := open(t, folder)
		set(t, first, "k", "v")
		second := open(t, folder)
		if a, b := processOf(t, first), processOf(t, second); a == "" || a != b {
			t.Errorf("%s: two servers, %s and %s", name, a, b)
		}
		first.Close()
		if value(t, second, "k") != "v" {
			t.Errorf("%s: another value", name)
		}
		db := reach(t, second)
		for setting, want := range map[string]string{"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "port": "0", "save": ""} {
			if got, err := db.ConfigGet(t.Context(), setting).Result(); err != nil || got[setting] != want {
				t.Errorf("%s is %q, want %q: %v", setting, got[setting], want, err)
			}
		}
		db.Close()
		second.Close()
		if err := second.ping(t.Context()); err == nil {
			t.Errorf("%s: the server has outlived its users", name)
		}
		third := open(t, folder)
		if value(t, third, "k") != "v" {
			t.Errorf("%s: the value is lost", name)
		}
		third.Close()
		if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// Users come and go at the same time: each finds a server, and what others have written.
func TestUsersComeAndGo(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "r")
	open(t, folder).Close() // or the test is skipped
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	const users, times = 4, 5
	var all sync.WaitGroup
	for range users {
		all.Go(func() {
			for range times {
				s, err := Open(t.Context(), folder)
				if err != nil {
					t.Error(err)
					return
				}
				db := reach(t, s)
				if err := db.Incr(t.Context(), "n").Err(); err != nil {
					t.Error(err)
				}
				db.Close()
				s.Close()
			}
		})
	}
	all.Wait()
	s := open(t, folder)
	defer s.Close()
	if got := value(t, s, "n"); got != strconv.Itoa(users*times) {
		t.Errorf("%s of %d", got, users*times)
	}
}

func anotherThan(ctx context.Context, s *Server, process string) bool {
	db, err := s.client(ctx)
	if err != nil {
		return false
	}
	defer db.Close()
	all, err := db.InfoMap(ctx, "server").Result()
	// Another one that has loaded what it knows: INFO is answered before that.
	return err == nil && all["Server"]["process_id"] != process && db.Ping(ctx).Err() == nil
}

// A server that was killed is started again, with all that it has acknowledged.
func TestAKilledServerComesBack(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "r"))
	defer s.Close()
	set(t, s, "k", "v")
	before := processOf(t, s)
	pid, err := strconv.Atoi(before)
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !anotherThan(t.Context(), s, before); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come back")
		}
	}
	if value(t, s, "k") != "v" {
		t.Error("what it has acknowledged is lost")
	}
}

func TestFolders(t *testing.T) {
	t.Setenv("PATH", "")
	full := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(full, "mine.txt"), nil, 0o600), os.Chmod(full, 0o750)); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{full: "is not empty", filepath.Join(full, "mine.txt"): "not a directory", filepath.Join(t.TempDir(), "r"): "apt-get install redis-server"} {
		if s, err := Open(t.Context(), folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", folder, s, err, want)
		}
	}
	if info, err := os.Stat(full); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the rights of somebody's folder were changed: %v, %v", info.Mode(), err)
	}
}

// A server that cannot read its data ends, and the log says why.
func TestAServerThatDoesNotStayUp(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "r")
	s := open(t, folder)
	set(t, s, "k", "v")
	s.Close()
	files, err := filepath.Glob(filepath.Join(folder, "appendonlydir", "*.manifest"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), folder); err == nil || !strings.Contains(err.Error(), logFile) {
		t.Errorf("got %v", err)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"local:/a/b c": "/a/b c", "local:/a/../b/": "/b", "local:": "", "local://host/x": "", "local:~/x": "", "redis://h": "", "local:a\nb": ""} {
		if got, err := Path(address); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", address, got, err, want)
		}
	}
	if got, err := Path("local:x"); err != nil || !filepath.IsAbs(got) {
		t.Errorf("%q, %v", got, err)
	}
}

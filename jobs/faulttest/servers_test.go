//go:build linux

package faulttest

import (
	"context"
	"errors"
	"go/build"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/archive/archivetest"
	"github.com/chancela/chancela/storage/redistest"
)

// need gives a program's path. A test that lacks one is skipped, or fails where it is
// required.
func need(t *testing.T, program, requirement string) string {
	t.Helper()
	for _, name := range []string{program, filepath.Join(os.Getenv("GOBIN"), program), filepath.Join(build.Default.GOPATH, "bin", program)} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), requirement) {
		t.Fatalf("%s is required and not installed", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// freePort gives an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// redisServer is a Redis whose answered writes are on the disk.
type redisServer struct {
	*slot
	dir    string
	socket string
	db     *redis.Client
}

func startRedis(t *testing.T, logs, dir string) *redisServer {
	t.Helper()
	bin := need(t, "redis-server", "redis")
	r := &redisServer{dir: dir, socket: filepath.Join(dir, "s")}
	r.slot = newSlot(t, logs, "redis", func(string) *exec.Cmd {
		return exec.Command(bin, "--port", "0", "--unixsocket", r.socket, "--dir", dir, "--save", "",
			"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	})
	r.db = redis.NewClient(&redis.Options{Network: "unix", Addr: r.socket, MaxRetries: -1})
	t.Cleanup(func() { r.db.Close() })
	r.answers(t)
	return r
}

func (r *redisServer) url() string { return "redis-socket://" + r.socket }

func (r *redisServer) answers(t *testing.T) {
	t.Helper()
	redistest.Answers(t, r.socket)
}

// tear leaves half a command at the end of the append-only file, as a machine does that
// loses power while Redis writes. Nobody has had an answer to it.
func (r *redisServer) tear() error {
	files, err := filepath.Glob(filepath.Join(r.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("redis has no append-only file"))
	}
	f, err := os.OpenFile(files[len(files)-1], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("*3\r\n$3\r\nSET\r\n$12\r\nhalf-wr")
	return errors.Join(err, f.Close())
}

// The S3 server's account.
const accessKey, secretKey = "fault-test", "fault-test-secret"

// s3Server is a real S3 server on a folder.
type s3Server struct {
	*slot
	endpoint string
}

func startS3(t *testing.T, logs string) *s3Server {
	t.Helper()
	bin := need(t, "versitygw", "s3")
	home, address := t.TempDir(), freePort(t)
	buckets, metadata := filepath.Join(home, "buckets"), filepath.Join(home, "metadata")
	for _, folder := range []string{filepath.Join(buckets, "archive"), metadata} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Attributes become visible with their file. In a folder of their own, which is for file
	// systems without them, they are written before it: a server that is killed between the two
	// says for ever that the key is taken (412) and that nothing is there (404).
	store := []string{"--quiet", "--port", address, "posix"}
	if syscall.Setxattr(buckets, "user.test", nil, 0) != nil {
		store = append(store, "--sidecar", metadata)
	}
	s := &s3Server{endpoint: "http://" + address}
	s.slot = newSlot(t, logs, "s3", func(string) *exec.Cmd {
		cmd := exec.Command(bin, append(store, buckets)...)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
		return cmd
	})
	archivetest.NoAccount(t)
	for name, value := range s.env() {
		t.Setenv(name, value)
	}
	s.answers(t)
	return s
}

func (s *s3Server) answers(t *testing.T) {
	t.Helper()
	until(t, "versitygw answers", patient, func(context.Context) bool { return archivetest.Answers(s.endpoint) == nil })
}

// env is what the AWS SDK reads.
func (s *s3Server) env() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_S3": s.endpoint, "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey,
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	}
}

// until asks again and again until a condition holds, and fails the test when it does not
// within the time.
func until(t *testing.T, what string, within time.Duration, holds func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for tick := 5 * time.Millisecond; !holds(ctx); tick = min(2*tick, 200*time.Millisecond) {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", within, what)
		case <-time.After(tick):
		}
	}
}

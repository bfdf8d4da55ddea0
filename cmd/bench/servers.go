package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// server is a process of this bench.
type server struct {
	cmd   *exec.Cmd
	stdin io.Closer // open for as long as this process lives
	said  said
	ended chan struct{}
}

// said is what a process has written.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func start(ctx context.Context, name string, env []string, args ...string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, name, args...), ended: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = stdin
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.ended)
		_ = s.cmd.Wait() // killed in the end
	}()
	return s, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// until waits for a server to answer.
func (s *server) until(ctx context.Context, answers func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		err := answers()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return fmt.Errorf("%s ended: %s", s.cmd.Path, strings.TrimSpace(s.said.String()))
		case <-deadline:
			return fmt.Errorf("%s does not answer: %w", s.cmd.Path, err)
		case <-tick.C:
		}
	}
}

// startRedis starts a Redis with an append-only file that is synced as told, on a socket
// below dir.
func startRedis(ctx context.Context, dir, fsync string) (db *redis.Client, stop func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	socket := filepath.Join(dir, "redis.sock")
	s, err := start(ctx, "redis-server", nil, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", fsync, "--maxmemory-policy", "noeviction")
	if err != nil {
		return nil, nil, fmt.Errorf("a Redis is needed: %w", err)
	}
	db = redis.NewClient(&redis.Options{Network: "unix", Addr: socket, PoolSize: 100})
	stop = func() {
		db.Close()
		s.stop()
	}
	if err := s.until(ctx, func() error { return db.Ping(ctx).Err() }); err != nil {
		stop()
		return nil, nil, err
	}
	return db, stop, nil
}

// errNoS3 says that this machine has no S3 server.
var errNoS3 = errors.New("versitygw was not found")

// startS3 starts an S3 server with a bucket "bench" and points the AWS SDK's variables
// to it.
func startS3(ctx context.Context, dir string) (stop func(), err error) {
	for range 3 { // the port may have been taken meanwhile
		if stop, err = tryS3(ctx, dir); err == nil || errors.Is(err, errNoS3) {
			break
		}
	}
	return stop, err
}

func tryS3(ctx context.Context, dir string) (stop func(), err error) {
	path, err := exec.LookPath("versitygw")
	if err != nil {
		out, _ := exec.CommandContext(ctx, "go", "env", "GOPATH").Output()
		if path, err = exec.LookPath(filepath.Join(strings.TrimSpace(string(out)), "bin", "versitygw")); err != nil {
			return nil, errNoS3
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "bench"), 0o700); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	s, err := start(ctx, path, []string{"ROOT_ACCESS_KEY_ID=bench", "ROOT_SECRET_ACCESS_KEY=bench-bench"},
		"--port", address, "--health", "/health", "--quiet", "posix", dir)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": "http://" + address, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench-bench"} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	err = s.until(ctx, func() error {
		resp, err := http.Get("http://" + address + "/health")
		if err != nil {
			return err
		}
		resp.Body.Close()
		if name := resp.Header.Get("Server"); name != "VERSITYGW" { // another program's
			return fmt.Errorf("the server at %s is %q", address, name)
		}
		return nil
	})
	if err != nil {
		s.stop()
		return nil, err
	}
	return s.stop, nil
}

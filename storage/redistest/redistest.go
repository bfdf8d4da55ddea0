// Package redistest starts Redis servers for tests.
package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Start runs a redis-server with the given settings for the length of a test and returns
// its socket: no port is taken by somebody else meanwhile. Without the program the test is
// skipped, or fails when CHANCELA_TEST_REQUIRE names redis.
func Start(t testing.TB, settings ...string) (socket string) {
	t.Helper()
	socket, err := start(t, settings)
	if err != nil {
		t.Fatal(err)
	}
	return socket
}

// StartOn is Start for a server that listens on ports, too: settings asks for each. When somebody
// else takes one before the server does, the server ends, and settings is asked again.
func StartOn(t testing.TB, settings func(port func() string) []string) {
	t.Helper()
	port := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return port
	}
	for try := 1; ; try++ {
		_, err := start(t, settings(port))
		if err == nil {
			return
		}
		if try == 5 {
			t.Fatal(err)
		}
	}
}

func start(t testing.TB, settings []string) (socket string, err error) {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "redis") {
			t.Fatal("redis-server is required and not installed")
		}
		t.Skip("redis-server is not installed")
	}
	dir := Folder(t)
	socket = filepath.Join(dir, "s")
	server := exec.Command(bin, append([]string{"--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--loglevel", "warning"}, settings...)...)
	var said bytes.Buffer // to be read when the server has ended
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(2 * time.Minute); !ping(socket); {
		select {
		case <-ended:
			return "", fmt.Errorf("redis-server has ended: %s", said.String())
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return "", errors.New("redis-server does not answer")
		}
	}
	return socket, nil
}

// Folder makes a folder for a server's files, whose path is short enough for a socket, unlike
// t.TempDir's. It is in memory where the machine has such a place: a server that syncs every
// write would otherwise wait for the disk most of the time.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "redis")
	if err != nil {
		dir, err = os.MkdirTemp("", "redis")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Answers waits until the server at a socket takes commands.
func Answers(t testing.TB, socket string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !ping(socket); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("redis-server does not answer")
		}
	}
}

func ping(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	answer := make([]byte, len("+PONG"))
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return false
	}
	_, err = io.ReadFull(conn, answer)
	return err == nil && string(answer) == "+PONG"
}

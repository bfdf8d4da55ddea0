// Package redistest starts Redis servers for tests.
package redistest

import (
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
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	Answers(t, socket)
	return socket
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

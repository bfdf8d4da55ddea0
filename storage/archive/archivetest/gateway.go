package archivetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/build"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Gateway starts versitygw, a real S3 server that honours If-None-Match and checksums, for the length of a test and points the
// AWS SDK's environment at it. It gives the address of an empty bucket, s3://archive.
// Without the binary, on the path or where "go install" puts it, the test is skipped, or
// fails when CHANCELA_TEST_REQUIRE names s3.
func Gateway(t testing.TB) string {
	t.Helper()
	binary, err := find("versitygw")
	if err != nil {
		if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "s3") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for try := 1; ; try++ {
		endpoint, err := start(t, binary)
		if err == nil {
			NoAccount(t)
			t.Setenv("AWS_ENDPOINT_URL_S3", endpoint)
			t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
			t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
			t.Setenv("AWS_REGION", "us-east-1")
			return "s3://archive"
		}
		if try == 3 { // the port may have been taken meanwhile
			t.Fatal(err)
		}
	}
}

// NoAccount takes away, for the length of a test, what the environment and the home folder
// of whoever runs it tell the AWS SDK.
func NoAccount(t testing.TB) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

const accessKey, secretKey = "chancela-test", "chancela-test-secret"

func find(name string) (string, error) {
	if found, err := exec.LookPath(name); err == nil {
		return found, nil
	}
	for _, folder := range []string{os.Getenv("GOBIN"), filepath.Join(build.Default.GOPATH, "bin")} {
		if found, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return found, nil
		}
	}
	return "", errors.New(name + " is not installed")
}

// start gives the address of a server that answers.
func start(t testing.TB, binary string) (string, error) {
	home := t.TempDir()
	buckets, metadata := filepath.Join(home, "buckets"), filepath.Join(home, "metadata")
	for _, folder := range []string{filepath.Join(buckets, "archive"), metadata} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", err
	}

	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "--quiet", "--port", address, "posix", "--sidecar", metadata, buckets)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
	var output lockedBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		cancel()
		return "", err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	stop := func() { cancel(); <-exited }

	endpoint := "http://" + address
	timeout := time.After(time.Minute)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if Answers(endpoint) == nil {
			t.Cleanup(stop)
			return endpoint, nil
		}
		select {
		case <-again.C:
		case <-exited:
			stop()
			return "", errors.New("versitygw ended: " + output.String())
		case <-timeout:
			stop()
			return "", errors.New("versitygw does not answer: " + output.String())
		}
	}
}

// Answers tells whether versitygw answers at an address. Another test's server may have got the
// port since it was found free, and answers, too.
func Answers(endpoint string) error {
	answer, err := http.Get(endpoint + "/")
	if err != nil {
		return err
	}
	answer.Body.Close()
	if server := answer.Header.Get("Server"); server != "VERSITYGW" {
		return fmt.Errorf("the server at %s is %q", endpoint, server)
	}
	return nil
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

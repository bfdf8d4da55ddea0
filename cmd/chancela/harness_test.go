package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/redistest"
)

var update = flag.Bool("update", false, "write golden files and the README's table")

// asMain lets the test binary be the program: whole processes are started with it.
const asMain = "CLI_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		os.Unsetenv(asMain)
		main()
		return
	}
	redis.SetLogger(silent{})
	forgetEnvironment()
	// What runs side by side waits for processes and for simulated people more than it computes.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// forgetEnvironment keeps the settings of whoever runs the tests from the processes that
// they start.
func forgetEnvironment() {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		foreign := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if foreign("CHANCELA_") && !foreign("CHANCELA_TEST_") || foreign("AWS_") || foreign("OTEL_") {
			os.Unsetenv(name)
		}
	}
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// result is what a command has come to.
type result struct {
	status         int
	stdout, stderr string
}

// invoke runs a command in this process.
func invoke(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	return invokeContext(t.Context(), env, args...)
}

func invokeContext(ctx context.Context, env map[string]string, args ...string) result {
	var stdout, stderr buffer
	status := run(ctx, &system{env: env, stdout: &stdout, stderr: &stderr}, args)
	return result{status, stdout.String(), stderr.String()}
}

// invokeUntil runs a command in this process and interrupts it when it has said something
// on standard error.
func invokeUntil(t *testing.T, env map[string]string, says string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var stdout buffer
	stderr := &listener{says: says, heard: cancel}
	status := run(ctx, &system{env: env, stdout: &stdout, stderr: stderr}, args)
	return result{status, stdout.String(), stderr.String()}
}

// listener is a buffer that tells when something is written into it.
type listener struct {
	buffer
	says  string
	heard func()
}

func (l *listener) Write(p []byte) (int, error) {
	n, err := l.buffer.Write(p)
	if strings.Contains(l.String(), l.says) {
		l.heard()
	}
	return n, err
}

// want fails unless a command ended with a status.
func (r result) want(t *testing.T, status int) result {
	t.Helper()
	if r.status != status {
		t.Fatalf("exit status %d, want %d\nstdout: %s\nstderr: %s", r.status, status, r.stdout, r.stderr)
	}
	return r
}

// goldens is an absolute path: tests change their folder.
var goldens, _ = filepath.Abs("testdata")

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(goldens, name+".golden")
	if *update {
		if err := os.MkdirAll(goldens, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (write it with -update):\n got: %s\nwant: %s", path, got, want)
	}
}

// samples is the repository's folder of campaigns.
const samples = "../../testdata"

// someOf makes a campaign of some envelopes of the sample campaign, with its documents.
func someOf(t *testing.T, name string, ids ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"documents", "ids"} {
		if err := os.CopyFS(filepath.Join(dir, sub), os.DirFS(filepath.Join(samples, sub))); err != nil {
			t.Fatal(err)
		}
	}
	in, err := os.Open(filepath.Join(samples, "campaign.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(out)
	for i, row := range rows {
		if i == 0 || slices.Contains(ids, row[0]) {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Flush()
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// redisServer starts a Redis and gives its address. Durable ones answer a write when it
// is on disk.
func redisServer(t testing.TB, durable bool) string {
	t.Helper()
	var settings []string
	if durable {
		settings = []string{"--appendonly", "yes", "--appendfsync", "always"}
	}
	return "redis-socket://" + redistest.Start(t, settings...)
}

// eventually waits for something to become true.
func eventually(t testing.TB, within time.Duration, what string, is func() bool) {
	t.Helper()
	end := time.Now().Add(within)
	for !is() {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// process is a chancela process of its own.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr buffer
}

// start runs a command in a process of its own, which ends with the test.
func start(t *testing.T, env map[string]string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), asMain+"=1")
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", strings.Join(args, " "), p.stderr.String())
		}
	})
	return p
}

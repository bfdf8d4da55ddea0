package deploy_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience ends a test whose event never comes; a busy machine takes a minute.
const patience = 7 * time.Minute

// stack is the compose file's services as processes of this machine: the same commands
// with the same environment, where names of services and paths of containers are replaced
// by what there is here.
type stack struct {
	t       *testing.T
	compose *compose
	base    map[string]string // what is replaced in every service
	redis   string            // address
	server  string            // address of serve
	folder  string            // holds the volumes
	metrics map[string]string // addresses by process
	running map[string]*process
}

type process struct {
	cmd   *exec.Cmd
	log   *logBuffer
	ended chan struct{} // closed when err is set
	err   error
}

// logBuffer is written by a process and read by the test.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// tail is the end of what was written.
func (l *logBuffer) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.b.Bytes()
	return string(b[max(0, len(b)-3000):])
}

func newStack(t *testing.T, c *compose) *stack {
	simulators := freePorts(t, 6)
	s3 := address(freePorts(t, 1))
	s := &stack{t: t, compose: c, metrics: map[string]string{}, running: map[string]*process{}, folder: t.TempDir(),
		redis: address(freePorts(t, 1)), server: address(freePorts(t, 1))}
	s.base = map[string]string{
		"redis:6379": s.redis, "s3:7070": s3, "127.0.0.1:7070": s3,
		"0.0.0.0:8080": s.server, "127.0.0.1:8080": s.server,
		"/run/secrets": abs(t, "secrets/sandbox"), "/testdata": abs(t, "../testdata"),
	}
	for i := range 6 {
		s.base[fmt.Sprintf("sandbox:%d", 9100+i)] = address(simulators + i)
	}
	s.base["9100"] = strconv.Itoa(simulators)
	return s
}

func abs(t *testing.T, path string) string {
	t.Helper()
	a, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// ports are handed out one after the other: below those that the system hands out, so that
// none is taken before its process listens, and each once.
var ports struct {
	sync.Mutex
	next int
}

// freePorts gives the first of n free ports in a row.
func freePorts(t *testing.T, n int) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.next == 0 {
		ports.next = 20000 + os.Getpid()%5000
	}
next:
	for ; ports.next < 32000; ports.next++ {
		for i := range n {
			l, err := net.Listen("tcp", address(ports.next+i))
			if err != nil {
				continue next
			}
			l.Close()
		}
		ports.next += n
		return ports.next - n
	}
	t.Fatal("no free ports")
	return 0
}

// translate replaces what a container has by what this machine has; the longest first.
// Replicas of a service, told apart by as, have the same port in containers of their own
// and other ones here.
func (s *stack) translate(name, as, text string) string {
	if s.metrics[as] == "" {
		s.metrics[as] = address(freePorts(s.t, 1))
	}
	pairs := map[string]string{"0.0.0.0:9090": s.metrics[as], "127.0.0.1:9090": s.metrics[as]}
	for from, to := range s.base {
		pairs[from] = to
	}
	for _, v := range s.compose.Services[name].Volumes { // named volumes: a folder each
		source, target, _ := strings.Cut(v, ":")
		if !strings.HasPrefix(source, ".") {
			pairs[target] = filepath.Join(s.folder, source)
		}
	}
	if name == "s3" {
		pairs["--port :7070"] = "--port " + s.base["s3:7070"]
		pairs["/app/versitygw"] = need(s.t, "s3", "versitygw")
	}
	var from []string
	for f := range pairs {
		from = append(from, f)
	}
	slices.SortFunc(from, func(a, b string) int { return len(b) - len(a) })
	var list []string
	for _, f := range from {
		list = append(list, f, pairs[f])
	}
	return strings.NewReplacer(list...).Replace(text)
}

// command is a service's, on this machine.
func (s *stack) command(name, as string) []string {
	svc := s.compose.Services[name]
	var argv []string
	for _, arg := range slices.Concat(svc.Entrypoint, svc.Command) {
		argv = append(argv, s.translate(name, as, arg))
	}
	switch {
	case svc.own():
		argv = slices.Insert(argv, 0, chancela(s.t))
		if i := slices.Index(argv, "--listen-host"); i > 0 {
			argv[i+1] = "127.0.0.1"
		}
	case name == "redis":
		argv[0] = need(s.t, "redis", argv[0])
		_, port, _ := net.SplitHostPort(s.redis)
		argv = append(argv, "--port", port, "--bind", "127.0.0.1")
	}
	return argv
}

func (s *stack) environment(name, as string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "TMPDIR=" + s.folder}
	for n, v := range s.compose.Services[name].variables(s.t) {
		env = append(env, n+"="+s.translate(name, as, v))
	}
	return env
}

// start starts a service under a name of its own: a service may run twice.
func (s *stack) start(service, as string) *process {
	s.t.Helper()
	for _, v := range s.compose.Services[service].Volumes {
		if source, _, _ := strings.Cut(v, ":"); !strings.HasPrefix(source, ".") {
			if err := os.MkdirAll(filepath.Join(s.folder, source), 0o700); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	argv := s.command(service, as)
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), log: new(logBuffer), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = s.environment(service, as), s.folder
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		s.t.Fatalf("%s: %v", as, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	s.running[as] = p
	s.t.Cleanup(func() {
		p.stop()
		if s.t.Failed() {
			s.t.Logf("the log of %s ends with:\n%s", as, p.log.tail())
		}
	})
	return p
}

// stop ends a process as Docker does, with less patience.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// healthy waits until a service's own health check passes.
func (s *stack) healthy(ctx context.Context, service, as string) {
	s.t.Helper()
	test := s.compose.Services[service].Healthcheck.Test
	s.until(ctx, as+" is healthy", func() error {
		switch last := s.translate(service, as, test[len(test)-1]); {
		case strings.Contains(last, "redis-cli ping"):
			db := redis.NewClient(&redis.Options{Addr: s.redis, MaxRetries: -1})
			defer db.Close()
			return db.Ping(ctx).Err()
		case strings.HasPrefix(last, "http://"):
			return get(ctx, last)
		}
		s.t.Fatalf("%s: a health check that this test does not know: %q", service, test)
		return nil
	})
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return nil
}

// until repeats a look until it finds no fault; a process that has ended with an error
// ends the test.
func (s *stack) until(ctx context.Context, what string, look func() error) {
	s.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := look()
		if err == nil {
			return
		}
		for as, p := range s.running {
			select {
			case <-p.ended:
				if p.err != nil {
					s.t.Fatalf("%s: %s has ended: %v", what, as, p.err)
				}
			default:
			}
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("waiting until %s: %v", what, err)
		case <-tick.C:
		}
	}
}

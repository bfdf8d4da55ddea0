//go:build linux

package faulttest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// slot is a place for a process that is started again whenever it ends, as an init system
// does it. Each process in it has its own name: work1.1, work1.2.
type slot struct {
	name    string
	command func(process string) *exec.Cmd
	log     *os.File
	again   time.Duration // pause before the next process

	hurting sync.Mutex // whoever kills or freezes it holds this, so that nobody else does

	mu      sync.Mutex
	cmd     *exec.Cmd // nil: between two processes
	process string
	began   time.Time
	number  int
	down    bool // not to be started again until up
	changed chan struct{}
	ended   chan struct{}
}

func newSlot(t *testing.T, logs, name string, command func(process string) *exec.Cmd) *slot {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(logs, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s := &slot{name: name, command: command, log: log, again: 200 * time.Millisecond, changed: make(chan struct{}), ended: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	go s.run(ctx)
	t.Cleanup(func() {
		cancel()
		s.signal(syscall.SIGKILL)
		<-s.ended
		log.Close()
	})
	return s
}

func (s *slot) run(ctx context.Context) {
	defer close(s.ended)
	for ctx.Err() == nil {
		s.mu.Lock()
		down, changed := s.down, s.changed
		s.mu.Unlock()
		if down {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		s.live(ctx)
		select {
		case <-time.After(s.again):
		case <-ctx.Done():
		}
	}
}

// live is one process from its start to its end.
func (s *slot) live(ctx context.Context) {
	s.mu.Lock()
	s.number++
	s.process = fmt.Sprintf("%s.%d", s.name, s.number)
	cmd := s.command(s.process)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	fmt.Fprintf(s.log, "--- %s %s\n", s.process, time.Now().Format(time.RFC3339Nano))
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(s.log, "--- cannot be started: %v\n", err)
		s.mu.Unlock()
		return
	}
	s.cmd, s.began = cmd, time.Now()
	s.announce()
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { s.signal(syscall.SIGKILL) })
	err := cmd.Wait()
	stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.log, "--- %s has ended: %v\n", s.process, err)
	s.cmd = nil
	s.announce()
}

// announce wakes those who wait for a change; the lock is held.
func (s *slot) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// signal gives the name of the process that it reached, if there was one.
func (s *slot) signal(sig syscall.Signal) (process string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return "", false
	}
	return s.process, s.cmd.Process.Signal(sig) == nil
}

// await waits until a condition on the slot holds.
func (s *slot) await(ctx context.Context, holds func() bool) bool {
	for {
		s.mu.Lock()
		ok, changed := holds(), s.changed
		s.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// alive tells whether a process has been running for some time, so that killing it means
// something.
func (s *slot) alive(since time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd != nil && time.Since(s.began) >= since
}

// kill ends the process; the slot starts the next one.
func (s *slot) kill(ctx context.Context) (process string, ok bool) {
	process, ok = s.signal(syscall.SIGKILL)
	if ok {
		s.await(ctx, func() bool { return s.cmd == nil || s.process != process })
	}
	return process, ok
}

// keepDown kills the process and keeps the next one from being started until up is called.
func (s *slot) keepDown(ctx context.Context) (up func()) {
	s.mu.Lock()
	s.down = true
	s.mu.Unlock()
	s.signal(syscall.SIGKILL)
	s.await(ctx, func() bool { return s.cmd == nil })
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.down = false
		s.announce()
	}
}

// freeze stops the process for a while.
func (s *slot) freeze(ctx context.Context, d time.Duration) (process string, ok bool) {
	if process, ok = s.signal(syscall.SIGSTOP); !ok {
		return process, false
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	s.signal(syscall.SIGCONT)
	return process, true
}

// replace ends the process in good order and waits until the next one runs.
func (s *slot) replace(ctx context.Context) (process string, ok bool) {
	if process, ok = s.signal(syscall.SIGTERM); !ok {
		return process, false
	}
	return process, s.await(ctx, func() bool { return s.cmd != nil && s.process != process })
}

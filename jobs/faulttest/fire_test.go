//go:build linux

package faulttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/ledger"
)

// signAfter is the mean time until a simulated signer acts.
const signAfter = 2 * time.Second

// system is chancela's binary with the environment of its processes.
type system struct {
	t   *testing.T
	bin string
	env map[string]string
	sim *simulators
}

// environ is a process's environment.
func (s *system) environ(process string) []string {
	env := maps.Clone(s.env)
	env["CHANCELA_SDOC_BASE_URL"] = fmt.Sprintf(s.sim.SDoc, process)
	var list []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CHANCELA_") && !strings.HasPrefix(v, "AWS_") {
			list = append(list, v)
		}
	}
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

// command is a process of chancela.
func (s *system) command(args ...string) func(process string) *exec.Cmd {
	return func(process string) *exec.Cmd {
		cmd := exec.Command(s.bin, args...)
		cmd.Env = s.environ(process)
		return cmd
	}
}

// ask runs a command to its end.
func (s *system) ask(ctx context.Context, args ...string) (stdout string, err error) {
	cmd := exec.CommandContext(ctx, s.bin, args...)
	cmd.Env = s.environ("command")
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("chancela %s: %w: %s%s", args[0], err, last(said.String(), 500), last(out.String(), 500))
	}
	return out.String(), nil
}

func last(s string, n int) string { return s[max(0, len(s)-n):] }

// settings make everything quick.
func settings() map[string]string {
	env := map[string]string{"CHANCELA_RETRY_BASE": "200ms", "CHANCELA_RETRY_MAX": "2s", "CHANCELA_ATTEMPTS": "200"}
	for _, name := range registry.Names() {
		p := "CHANCELA_" + strings.ToUpper(name) + "_"
		env[p+"RATE"], env[p+"BURST"] = "2000/1s", "200"
		env[p+"POLL_EVERY"], env[p+"SETTLE_AFTER"] = "1s", "2s"
	}
	return env
}

// TestUnderFire sends campaigns through a system of which every part is hurt, and proves
// that nobody was invited twice and nothing was lost.
func TestUnderFire(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute and a half")
	}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0xf1e))

	home, logs := t.TempDir(), *keep
	if logs == "" {
		logs = filepath.Join(home, "logs")
	}
	if err := os.MkdirAll(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	disk, err := os.MkdirTemp("", "fault") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(disk) })
	redis, s3 := startRedis(t, logs, disk), startS3(t, logs)
	sys := &system{t: t, bin: compile(t), env: settings()}

	address := freePort(t)
	hooks := map[string]string{}
	for _, name := range registry.Names() {
		url := "http://" + address + "/webhooks/" + name
		if name != "contraktor" { // it has none
			hooks[name] = url
		}
		sys.env["CHANCELA_"+strings.ToUpper(name)+"_WEBHOOK_URL"] = url
	}
	sys.sim = startSimulators(t, simulatorOptions{Seed: seed, SignAfter: signAfter, Webhooks: hooks})
	sys.sim.set(t, steadyFaults, slowFor)
	for name, value := range sys.sim.Env {
		if !strings.HasSuffix(name, "WEBHOOK_URL") {
			sys.env[name] = value
		}
	}
	maps.Copy(sys.env, s3.env())
	sys.env["CHANCELA_REDIS_URL"], sys.env["CHANCELA_ARCHIVE_URL"] = redis.url(), "s3://archive/fire"
	sys.env["CHANCELA_HTTP_ADDR"] = address

	files := max(3, int(*fire/(10*time.Second)))
	campaigns, private := generate(t, rng, home, *envelopes, files)
	a := &arena{t: t, rng: rng, redis: redis, s3: s3, sims: sys.sim}
	for n := range 2 {
		work := newSlot(t, logs, fmt.Sprint("work", n+1), sys.command("work"))
		a.work = append(a.work, work)
		a.ours = append(a.ours, work, newSlot(t, logs, fmt.Sprint("schedule", n+1), sys.command("schedule")))
	}
	a.ours = append(a.ours, newSlot(t, logs, "serve1", sys.command("serve")))

	burning, done := context.WithTimeout(t.Context(), *fire+5*time.Minute)
	defer done()
	fed := make(chan error, 1)
	go func() {
		err := feed(burning, sys, campaigns, *fire*8/10)
		if err != nil {
			done()
		}
		fed <- err
	}()
	a.burn(burning, plan(rng, *fire, *kills, *redisCrashes))
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	sys.sim.set(t, sandbox.Faults{}, slowFor) // the last ones are to end
	open := waitForTheEnd(t, redis, campaigns)

	j := &judge{t: t, sys: sys, arena: a, campaigns: campaigns, began: began, open: open}
	j.plan()
	j.again()
	j.read(home)
	j.envelopes()
	j.artifacts()
	j.verify()
	j.simulators()
	j.logs(logs, private)
	j.table()
}

// compile makes the binary, once for all tests. TestMain removes it.
func compile(t *testing.T) string {
	t.Helper()
	bin, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

var compiled = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(os.TempDir(), fmt.Sprintf("chancela-%d", os.Getpid()))
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, "github.com/chancela/chancela/cmd/chancela").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	atEnd = func() { os.Remove(bin) }
	return bin, nil
})

var atEnd = func() {}

// feed enqueues the campaigns one after the other. A command that fails because Redis or S3
// are away, or that is killed half-way, is given again, as its user would.
func feed(ctx context.Context, sys *system, campaigns []campaignFile, over time.Duration) error {
	for i, c := range campaigns {
		if i > 0 {
			select {
			case <-time.After(over / time.Duration(len(campaigns))):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for try := 0; ; try++ {
			within := time.Minute
			if try == 0 && i%2 == 1 {
				within = 150 * time.Millisecond
			}
			trying, cancel := context.WithTimeout(ctx, within)
			_, err := sys.ask(trying, "enqueue", c.path)
			cancel()
			if err == nil {
				break
			}
			exit, _ := errors.AsType[*exec.ExitError](err)
			if ctx.Err() != nil || exit == nil || exit.ExitCode() == 2 || exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGSEGV {
				return err
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
	return nil
}

// waitForTheEnd waits until every envelope is terminal, and stays so for some seconds: a
// late webhook can still settle one that is in doubt. It gives how many are not.
func waitForTheEnd(t *testing.T, r *redisServer, campaigns []campaignFile) (open int64) {
	t.Helper()
	book := ledger.New(r.db, ledger.NotDurable)
	limit := time.Now().Add(*patience)
	var since time.Time
	for time.Now().Before(limit) {
		open = 0
		for _, c := range campaigns {
			counts, err := book.Campaign(t.Context(), c.name)
			if err != nil {
				open++
				continue
			}
			open += counts.Open()
		}
		switch {
		case open > 0:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > 3*time.Second:
			return 0
		}
		time.Sleep(250 * time.Millisecond)
	}
	return open
}

//go:build linux

package faulttest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/registry"
)

// What becomes of Redis.
const (
	failedOver wound = "Redis failed over, with acknowledged writes lost"
	setBack    wound = "Redis set back to an earlier copy"
	emptied    wound = "Redis emptied"
)

var losses = []wound{failedOver, setBack, emptied}

// TestRedisLost loses Redis again and again while envelopes are being sent, starts everything
// again and enqueues the files again: nobody is invited twice, no envelope is lost, and in
// doubt is only what nobody could know.
func TestRedisLost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes most of a minute")
	}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0x105e))
	home, logs := t.TempDir(), *keep
	if logs == "" {
		logs = filepath.Join(home, "logs")
	}
	if err := os.MkdirAll(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	watched, s3 := startWatched(t, logs), startS3(t, logs)
	sys := &system{t: t, bin: compile(t), env: settings()}
	watched.ready()
	sys.sim = startSimulators(t, simulatorOptions{Seed: seed, SignAfter: signAfter})
	for name, value := range sys.sim.Env {
		if !strings.HasSuffix(name, "WEBHOOK_URL") {
			sys.env[name] = value
		}
	}
	maps.Copy(sys.env, s3.env())
	sys.env["CHANCELA_REDIS_URL"], sys.env["CHANCELA_ARCHIVE_URL"] = watched.url(), "s3://archive/lost"
	for _, name := range registry.Names() {
		p := "CHANCELA_" + strings.ToUpper(name) + "_"
		sys.env[p+"WEBHOOK_URL"] = "http://127.0.0.1:1/webhooks/" + name // nobody ever listens there: sDoc's key stands in it
		// An envelope takes six calls or so until it is sent: a round's are under way for some
		// seconds. QI Sign's files take as many again.
		rate := max(15, *inFlight*6/5/4)
		if name == "qisign" {
			rate *= 3
		}
		sys.env[p+"RATE"], sys.env[p+"BURST"] = fmt.Sprintf("%d/1s", rate), "1"
		sys.env[p+"SETTLE_AFTER"] = "1s"
	}
	campaigns, private := generate(t, rng, home, *rounds**inFlight, *rounds)
	l := &losing{arena: &arena{t: t, rng: rng, redis: &redisServer{db: watched.db}, s3: s3, sims: sys.sim}, sys: sys, watched: watched}
	for n := range 2 {
		work := newSlot(t, logs, fmt.Sprint("work", n+1), sys.command("work"))
		l.work = append(l.work, work)
		l.ours = append(l.ours, work)
	}
	l.ours = append(l.ours, newSlot(t, logs, "schedule1", sys.command("schedule")))

	t.Logf("started after %s", time.Since(began))
	for round := range campaigns {
		// What a killed process leaves behind waits for the quiet period: best while other rounds
		// are under way.
		gently := round == *rounds-1 || round > 0 && rng.IntN(2) == 0
		l.round(t.Context(), campaigns[:round+1], losses[round%len(losses)], gently)
	}
	t.Logf("rounds done after %s", time.Since(began))
	open := waitForTheEnd(t, l.redis, campaigns)
	t.Logf("ended after %s", time.Since(began))
	j := &judge{t: t, sys: sys, arena: l.arena, campaigns: campaigns, began: began, open: open}
	j.again()
	j.read(home)
	j.envelopes()
	j.artifacts()
	j.verify()
	j.simulators()
	j.logs(logs, private)
	j.table()
}

// losing is an arena in which Redis is lost.
type losing struct {
	*arena
	sys     *system
	watched *watched
}

// round sends the last campaign, and loses Redis in the middle of it.
func (l *losing) round(ctx context.Context, campaigns []campaignFile, how wound, gently bool) {
	l.t.Helper()
	c, began := campaigns[len(campaigns)-1], time.Now()
	l.enqueue(ctx, c)
	l.untilSent(c, 0.25)
	from := time.Now()
	switch how {
	case failedOver:
		l.watched.ready()
		l.watched.cutOff(ctx)
		l.sentWithin(c, 0.5, cutOffFor)
		l.watched.failOver(ctx, l.rng.IntN(2) == 0)
		l.restart(ctx, gently, func() {})
	case setBack:
		kept := l.watched.snapshot(ctx)
		l.untilSent(c, 0.5)
		l.restart(ctx, gently, func() { l.watched.setBack(ctx, kept) })
	case emptied:
		l.untilSent(c, 0.5)
		l.restart(ctx, gently, func() { l.watched.empty(ctx) })
	}
	l.note(how, "", from)
	l.enqueue(ctx, campaigns...)
	l.t.Logf("%s: begun after %s, over after %s, gently %t", how, from.Sub(began).Round(time.Millisecond), time.Since(began).Round(time.Millisecond), gently)
}

// restart ends all processes, gently or not, and starts them again after what is done
// meanwhile.
func (l *losing) restart(ctx context.Context, gently bool, meanwhile func()) {
	var ups []func()
	for _, s := range l.ours {
		from := time.Now()
		process := s.name
		if gently {
			process, _ = s.signal(syscall.SIGTERM)
			// What it holds is done to its end; meanwhile the others work on.
			s.await(ctx, func() bool { return s.cmd == nil || s.process != process })
			from = time.Now()
		}
		s.mu.Lock()
		process = s.process
		s.mu.Unlock()
		ups = append(ups, s.keepDown(ctx))
		l.note(kill, process, from)
	}
	meanwhile()
	for _, up := range ups {
		up()
	}
}

// enqueue gives the command again when it is told that Redis is elsewhere.
func (l *losing) enqueue(ctx context.Context, campaigns ...campaignFile) {
	l.t.Helper()
	args := []string{"enqueue"}
	for _, c := range campaigns {
		args = append(args, c.path)
	}
	until(l.t, "enqueued", 5*time.Minute, func(ctx context.Context) bool {
		_, err := l.sys.ask(ctx, args...)
		if err != nil {
			l.t.Log(err)
		}
		return err == nil
	})
}

// untilSent waits until the simulators have invited the people of a part of a campaign.
func (l *losing) untilSent(c campaignFile, part float64) {
	l.t.Helper()
	if !l.sentWithin(c, part, 5*time.Minute) {
		l.t.Fatalf("%s: not %.0f %% invited", c.name, 100*part)
	}
}

// sentWithin is untilSent that goes on after a time.
func (l *losing) sentWithin(c campaignFile, part float64, within time.Duration) bool {
	l.t.Helper()
	end := time.Now().Add(within)
	for float64(l.sims.invited(l.t, c.name)) < part*float64(len(c.rows)) {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

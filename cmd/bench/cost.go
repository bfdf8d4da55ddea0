package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// cost is what one run took.
type cost struct {
	perSecond float64       // envelopes
	cpu       time.Duration // of this process, an envelope
	redis     time.Duration // CPU of Redis, an envelope
	trips     float64       // packets of this process to Redis, an envelope
	inside    float64       // commands that Redis ran, an envelope, inside scripts, too
	memory    float64       // MiB, the most that this process held
}

// costOf measures one run of work on n envelopes. profile is a file for its CPU profile; empty: none.
func costOf(ctx context.Context, db *redis.Client, trips *trips, n int, profile string, work func() error) (cost, error) {
	runtime.GC()
	before, err := usageOf(ctx, db, trips)
	if err != nil {
		return cost{}, err
	}
	stop, err := profiled(profile)
	if err != nil {
		return cost{}, err
	}
	defer stop()
	most := watchMemory()
	begun := time.Now()
	err = work()
	took := time.Since(begun)
	stop()
	memory := most()
	if err != nil {
		return cost{}, err
	}
	after, err := usageOf(ctx, db, trips)
	if err != nil {
		return cost{}, err
	}
	each := float64(n)
	return cost{perSecond: each / took.Seconds(), cpu: (after.cpu - before.cpu) / time.Duration(n), redis: (after.redis - before.redis) / time.Duration(n),
		trips: float64(after.trips-before.trips) / each, inside: float64(after.commands-before.commands) / each, memory: memory}, nil
}

// costLines are lines of the table, about ours beside the floor.
func costLines(name, note string, ours, floor []cost) (all []result) {
	for _, x := range []struct {
		what, unit string
		of         func(cost) float64
	}{
		{"", "envelopes/s", func(c cost) float64 { return c.perSecond }},
		{", CPU", "µs/envelope", func(c cost) float64 { return micros(c.cpu) }},
		{", CPU of Redis", "µs/envelope", func(c cost) float64 { return micros(c.redis) }},
		{", commands in Redis", "an envelope", func(c cost) float64 { return c.inside }},
		{", memory", "MiB", func(c cost) float64 { return c.memory }},
	} {
		r := result{Scenario: name + x.what, Unit: x.unit, Ours: medianOf(ours, x.of), Floor: medianOf(floor, x.of), Note: note}
		if r.Floor > 0 {
			r.Ratio = r.Ours / r.Floor
		}
		all, note = append(all, r), ""
	}
	return all
}

func medianOf(costs []cost, of func(cost) float64) float64 {
	var values []float64
	for _, c := range costs {
		values = append(values, of(c))
	}
	return median(values)
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// profiled begins a CPU profile.
func profiled(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return sync.OnceFunc(func() { pprof.StopCPUProfile(); f.Close() }), nil
}

type usage struct {
	cpu, redis      time.Duration
	trips, commands int64
}

// selfCPU is what this process has used.
func selfCPU() (time.Duration, error) {
	var self syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &self)
	return time.Duration(self.Utime.Nano() + self.Stime.Nano()), err
}

func usageOf(ctx context.Context, db *redis.Client, trips *trips) (u usage, err error) {
	if u.cpu, err = selfCPU(); err != nil {
		return u, err
	}
	u.trips = trips.n.Load()
	info, err := db.InfoMap(ctx, "cpu", "commandstats").Result()
	if err != nil {
		return u, err
	}
	for _, field := range []string{"used_cpu_sys", "used_cpu_user"} {
		seconds, err := strconv.ParseFloat(info["CPU"][field], 64)
		if err != nil {
			return u, err
		}
		u.redis += time.Duration(seconds * float64(time.Second))
	}
	for _, stats := range info["Commandstats"] {
		calls, _, _ := strings.Cut(strings.TrimPrefix(stats, "calls="), ",")
		n, err := strconv.ParseInt(calls, 10, 64)
		if err != nil {
			return u, err
		}
		u.commands += n
	}
	return u, nil
}

// watchMemory gives, when it is called, the most memory that the process held since, in MiB.
func watchMemory() (most func() float64) {
	done, result := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		peak := 0.0
		for {
			peak = max(peak, resident())
			select {
			case <-done:
				result <- peak
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 { close(done); return <-result }
}

// resident is the memory of this process that is its own, in MiB, without the pages of the program's file, which the
// system shares and takes back at will; 0 where the system does not tell.
func resident() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 3 {
		return 0
	}
	all, _ := strconv.ParseFloat(fields[1], 64)
	shared, _ := strconv.ParseFloat(fields[2], 64)
	return (all - shared) * float64(os.Getpagesize()) / (1 << 20)
}

// trips counts what is sent to Redis and waited for: a pipeline is one.
type trips struct{ n atomic.Int64 }

func (t *trips) DialHook(next redis.DialHook) redis.DialHook { return next }
func (t *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { t.n.Add(1); return next(ctx, cmd) }
}
func (t *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { t.n.Add(1); return next(ctx, cmds) }
}

package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// measured is what one run gives, in the unit of its result.
type measured func(ctx context.Context) (float64, error)

// beside measures ours and the floor in turns, so that both have the same weather, and
// gives the medians.
func beside(ctx context.Context, rounds int, ours, floor measured) (o, f float64, err error) {
	var os, fs []float64
	for range rounds {
		for _, m := range []struct {
			run measured
			to  *[]float64
		}{{floor, &fs}, {ours, &os}} {
			v, err := m.run(ctx)
			if err != nil {
				return 0, 0, err
			}
			*m.to = append(*m.to, v)
		}
	}
	return median(os), median(fs), nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// compare is one line of the table.
func compare(ctx context.Context, rounds int, name, unit, note string, ours, floor measured) (result, error) {
	o, f, err := beside(ctx, rounds, ours, floor)
	r := result{Scenario: name, Unit: unit, Ours: o, Floor: f, Note: note}
	if f > 0 { // a heap may not have grown at all
		r.Ratio = o / f
	}
	return r, err
}

// perSecond times n pieces of work.
func perSecond(n int, work func() error) (float64, error) {
	begun := time.Now()
	if err := work(); err != nil {
		return 0, err
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}

// peak runs work and gives the most memory that the heap held meanwhile, in MiB above
// what it held before.
func peak(work func() error) (float64, error) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapInuse, m.HeapInuse
	done := make(chan error, 1)
	go func() { done <- work() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return float64(most-before) / (1 << 20), err
		case <-tick.C:
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}
}

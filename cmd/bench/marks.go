package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chancela/chancela/storage/archive/s3"
)

// drainMarked compares the drain with marks and without, in turns, on a folder and on S3.
func drainMarked(ctx context.Context, folder string, s sizes) ([]result, error) {
	base, stop, err := startQuick(ctx, fileSize)
	if err != nil {
		return nil, err
	}
	defer stop()
	db, stopRedis, err := startRedis(ctx, filepath.Join(folder, "redis"), "everysec")
	if err != nil {
		return nil, err
	}
	defer stopRedis()
	d := &drained{n: s.drain, base: base, folder: folder, db: db, trips: new(trips), profile: s.profile}
	all, err := marksOn(ctx, d, "folder", s.rounds)
	if err != nil {
		return nil, err
	}
	stopS3, err := startS3(ctx, filepath.Join(folder, "s3"))
	if errors.Is(err, errNoS3) {
		fmt.Fprintln(os.Stderr, "marks: the bucket is left out:", err)
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	defer stopS3()
	bucket, err := s3.Open(ctx, "bench", "", s3.Settings{})
	if err != nil {
		return nil, err
	}
	if err := bucket.Ready(ctx); err != nil {
		return nil, err
	}
	d.bucket = bucket
	more, err := marksOn(ctx, d, "bucket", s.rounds)
	return append(all, more...), err
}

func marksOn(ctx context.Context, d *drained, where string, rounds int) ([]result, error) {
	var rate, cpu [2][]float64 // without, with
	for round := range rounds {
		for marked := range 2 {
			way := drainers{name: "ours", fill: fillEngine, run: func(ctx context.Context, d *drained, round int) error { return drainWith(ctx, d, round, marked == 1) }}
			c, err := d.measure(ctx, way, 2*round+marked)
			if err != nil {
				return nil, err
			}
			rate[marked] = append(rate[marked], c.perSecond)
			cpu[marked] = append(cpu[marked], float64(c.cpu.Microseconds()))
		}
	}
	line := func(what, unit string, values [2][]float64) result {
		r := result{Scenario: "marks, " + where + what, Unit: unit, Ours: median(values[1]), Floor: median(values[0])}
		r.Ratio = r.Ours / r.Floor
		return r
	}
	return []result{line("", "envelopes/s", rate), line(", CPU", "µs/envelope", cpu)}, nil
}

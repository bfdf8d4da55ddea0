package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/ledger"
)

// depth compares the drain of an empty system with the same drain while many other envelopes wait to be
// sent, and while as many are with their signers; and tells what an envelope of each kind takes in Redis.
func depth(ctx context.Context, folder string, s sizes) ([]result, error) {
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
	d := &drained{n: s.drain, base: base, folder: folder, db: db, trips: new(trips)}
	// What Redis keeps for good of a first run, scripts and counts of its commands, is no envelope's: a megabyte.
	first := &drained{n: min(s.drain, 50), base: base, folder: folder, db: db, trips: d.trips}
	if _, err := first.measure(ctx, drainers{name: "first", run: engine, fill: fillEngine}, -1); err != nil {
		return nil, err
	}
	rates, bytes := map[string][]float64{}, map[string][]float64{}
	for round := range s.rounds {
		for i, behind := range []string{"nothing", "waiting", "pending"} {
			var empty int64
			way := drainers{name: behind, run: engine, fill: func(ctx context.Context, d *drained, round int) (err error) {
				if empty, err = usedMemory(ctx, db); err != nil {
					return err
				}
				if err := fillEngine(ctx, d, round); err != nil {
					return err
				}
				taken, err := takenBy(ctx, db, s.deep, func() error { return fillBehind(ctx, d, round, behind, s.deep) })
				bytes[behind] = append(bytes[behind], taken)
				return err
			}}
			c, err := d.measure(ctx, way, 3*round+i)
			if err != nil {
				return nil, err
			}
			rates[behind] = append(rates[behind], c.perSecond)
			if behind == "nothing" {
				full, err := usedMemory(ctx, db)
				if err != nil {
					return nil, err
				}
				bytes["archived"] = append(bytes["archived"], float64(full-empty)/float64(d.n))
			}
		}
		taken, err := bare(ctx, db, s.deep, round)
		if err != nil {
			return nil, err
		}
		bytes["floor"] = append(bytes["floor"], taken)
	}
	return depthResults(s.deep, rates, bytes), nil
}

func depthResults(deep int, rates, bytes map[string][]float64) (all []result) {
	floor := median(rates["nothing"])
	for _, behind := range []string{"waiting", "pending"} {
		r := result{Scenario: fmt.Sprintf("depth, %d %s", deep, behind), Unit: "envelopes/s", Ours: median(rates[behind]), Floor: floor}
		r.Ratio = r.Ours / r.Floor
		all = append(all, r)
	}
	for _, kind := range []string{"waiting", "pending", "archived"} {
		r := result{Scenario: "depth, bytes in Redis, " + kind, Unit: "bytes/envelope", Ours: median(bytes[kind]), Floor: median(bytes["floor"]), Note: "a task of asynq's alone"}
		r.Ratio = r.Ours / r.Floor
		all = append(all, r)
	}
	return all
}

// fillBehind adds a campaign of envelopes that wait behind those that are drained, or that are with their signers.
func fillBehind(ctx context.Context, d *drained, round int, behind string, n int) error {
	client, _, _, err := engineParts(d, round)
	if err != nil {
		return err
	}
	name := "behind-" + strconv.Itoa(round)
	switch behind {
	case "waiting":
		return enqueueAll(ctx, client, name, n, true)
	case "pending":
		return sentOnes(ctx, client.Ledger(), name, n, 24*time.Hour)
	}
	return nil
}

// sentOnes records envelopes that are with their signers and are looked at after a time.
func sentOnes(ctx context.Context, l *ledger.Ledger, campaign string, n int, after time.Duration) error {
	for from := 0; from < n; from += operationTrip {
		var entries []ledger.Entry
		for i := from; i < min(n, from+operationTrip); i++ {
			e := envelope(campaign, i, "certyneo")
			content, err := json.Marshal(e)
			if err != nil {
				return err
			}
			entries = append(entries, ledger.Entry{Campaign: campaign, ID: e.ID, Provider: e.Provider, Digest: digestOf(i), State: ledger.Sent, SweepAfter: after,
				Content: ledger.Content{Envelope: content, Simulated: true, EnvelopeID: pendingID(i), Tries: 1, SentAt: time.Now(), Steps: map[string]string{"document:0": pendingID(i), "envelope": pendingID(i)}}})
		}
		if _, err := l.Create(ctx, entries); err != nil {
			return err
		}
	}
	return nil
}

func digestOf(i int) string  { return fmt.Sprintf("v1:%064x", i) }
func pendingID(i int) string { return fmt.Sprintf("%08d-1111-4000-8000-000000000000", i) }

// bare is what a task of asynq's takes.
func bare(ctx context.Context, db *redis.Client, n, round int) (float64, error) {
	if err := db.FlushAll(ctx).Err(); err != nil {
		return 0, err
	}
	return takenBy(ctx, db, n, func() error { return bareTasks(ctx, db, n, round) })
}

// takenBy is how many bytes of Redis each of n things takes that work adds.
func takenBy(ctx context.Context, db *redis.Client, n int, work func() error) (float64, error) {
	before, err := usedMemory(ctx, db)
	if err != nil {
		return 0, err
	}
	if err := work(); err != nil {
		return 0, err
	}
	after, err := usedMemory(ctx, db)
	return float64(after-before) / float64(n), err
}

// usedMemory is what Redis has in use, without what connections and the append-only file hold for a moment.
func usedMemory(ctx context.Context, db *redis.Client) (used int64, err error) {
	info, err := db.InfoMap(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	for field, sign := range map[string]int64{"used_memory": 1, "mem_clients_normal": -1, "mem_aof_buffer": -1} {
		n, err := strconv.ParseInt(info["Memory"][field], 10, 64)
		if err != nil {
			return 0, err
		}
		used += sign * n
	}
	return used, nil
}

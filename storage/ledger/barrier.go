package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Barrier is how a write outlives a crash of Redis: the intent to invite must, or a
// customer gets two contracts.
type Barrier string

// The barriers, from the best. Inspect chooses by looking at the server.
const (
	// BarrierAlways: appendfsync always; Redis answers a write only when it is on disk.
	BarrierAlways Barrier = "appendfsync always"
	// BarrierWaitAOF: Redis 7.2+; the write is followed by WAITAOF on the same connection.
	BarrierWaitAOF Barrier = "WAITAOF"
	// BarrierReplicas: the write is followed by WAIT for one replica.
	BarrierReplicas Barrier = "WAIT"
	// BarrierNone: a crash of Redis may forget the last moments. Real providers are
	// refused, unless the operator accepts it.
	BarrierNone Barrier = "none"
)

// barrierWait bounds the wait for disk or replica; it is below the connection's own
// read time-out of 3 s.
const barrierWait = 2 * time.Second

type scripter = redis.Scripter

// durably runs one write and waits until it is as safe as the barrier makes it. WAIT
// and WAITAOF speak of the writes of their own connection, so both go over one.
func (l *Ledger) durably(ctx context.Context, write func(context.Context, scripter) error) error {
	if l.barrier == BarrierAlways || l.barrier == BarrierNone {
		return write(ctx, l.db)
	}
	single, ok := l.db.(*redis.Client)
	if !ok {
		return fmt.Errorf("%s needs a single Redis or a Sentinel; set appendfsync always on a cluster", l.barrier)
	}
	conn := single.Conn()
	defer conn.Close()
	if err := write(ctx, conn); err != nil {
		return err
	}
	var cmd *redis.Cmd
	if l.barrier == BarrierWaitAOF {
		cmd = conn.Do(ctx, "WAITAOF", 1, 0, barrierWait.Milliseconds())
	} else {
		cmd = conn.Do(ctx, "WAIT", 1, barrierWait.Milliseconds())
	}
	n, err := acknowledged(cmd)
	if err != nil {
		return fmt.Errorf("%s: %w", l.barrier, err)
	}
	if n < 1 {
		return fmt.Errorf("%s: not acknowledged within %s", l.barrier, barrierWait)
	}
	return nil
}

func acknowledged(cmd *redis.Cmd) (int64, error) {
	v, err := cmd.Result()
	if err != nil {
		return 0, err
	}
	if list, ok := v.([]any); ok && len(list) > 0 { // WAITAOF: local, replicas
		v = list[0]
	}
	n, _ := v.(int64)
	return n, nil
}

// Server is what Inspect found.
type Server struct {
	Version string
	Barrier Barrier
	// Warnings are what an operator should change; the program goes on.
	Warnings []string
}

// Inspect looks whether a Redis can carry the ledger: version 6.2 or newer, no eviction,
// and how durable its writes are. An error means that it cannot.
func Inspect(ctx context.Context, db redis.UniversalClient) (Server, error) {
	info, err := db.InfoMap(ctx, "server", "persistence", "replication").Result()
	if err != nil {
		return Server{}, fmt.Errorf("redis does not answer: %w", err)
	}
	field := func(name string) string {
		for _, section := range info {
			if v, ok := section[name]; ok {
				return v
			}
		}
		return ""
	}
	s := Server{Version: field("redis_version"), Barrier: BarrierNone}
	if !atLeast(s.Version, 6, 2) {
		return s, fmt.Errorf("redis %s is too old: 6.2 or newer is needed", s.Version)
	}
	config := func(name string) (string, bool) {
		m, err := db.ConfigGet(ctx, name).Result()
		if err != nil {
			return "", false
		}
		v, ok := m[name]
		return v, ok
	}
	if policy, ok := config("maxmemory-policy"); !ok {
		s.Warnings = append(s.Warnings, "redis does not show its configuration: make sure that maxmemory-policy is noeviction")
	} else if policy != "noeviction" {
		return s, fmt.Errorf("redis has maxmemory-policy %s and may drop envelopes when memory is short: set it to noeviction", policy)
	}
	aof := field("aof_enabled") == "1"
	fsync, _ := config("appendfsync")
	replicas, _ := strconv.Atoi(field("connected_slaves"))
	switch {
	case aof && fsync == "always":
		s.Barrier = BarrierAlways
	case aof && atLeast(s.Version, 7, 2):
		s.Barrier = BarrierWaitAOF
	case replicas > 0:
		s.Barrier = BarrierReplicas
	case aof:
		s.Warnings = append(s.Warnings, "redis writes its append-only file once a second: set appendfsync always, or use 7.2+, so that no invitation can be forgotten in a crash")
	default:
		s.Warnings = append(s.Warnings, "redis keeps no append-only file: set appendonly yes and appendfsync always, so that no invitation can be forgotten in a crash")
	}
	return s, nil
}

// ErrNotDurable refuses real providers on a Redis that may forget an intent.
var ErrNotDurable = errors.New("this Redis may forget an invitation in a crash, and it could then be sent twice")

func atLeast(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return x > major || x == major && y >= minor
}

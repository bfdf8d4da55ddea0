package ledger

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
)

// Durability is how a write outlives a crash of Redis: the intent to invite must, or a
// customer gets two contracts.
type Durability string

// The barriers, from the best. Inspect chooses by looking at the server.
const (
	// DurableByAOF: appendfsync always; Redis answers a write only when it is on disk.
	DurableByAOF Durability = "appendfsync always"
	// DurableByWaitAOF: Redis 7.2+; the write is followed by WAITAOF on the same connection.
	DurableByWaitAOF Durability = "WAITAOF"
	// DurableByReplicas: the write is followed by WAIT for one replica.
	DurableByReplicas Durability = "WAIT"
	// NotDurable: a crash of Redis may forget the last moments. Real providers are
	// refused, unless the operator accepts it.
	NotDurable Durability = "none"
)

// barrierWait bounds the wait for disk or replica; it is below the connection's own
// read time-out of 3 s.
const barrierWait = 2 * time.Second

type scripter = redis.Scripter

// durably runs one write and waits until it is as safe as the barrier makes it. WAIT
// and WAITAOF speak of the writes of their own connection, so both go over one.
func (l *Ledger) durably(ctx context.Context, write func(context.Context, scripter) error) error {
	if l.durability == DurableByAOF || l.durability == NotDurable {
		return write(ctx, l.scripts)
	}
	single, ok := l.db.(*redis.Client)
	if !ok {
		return lang.Errorf("%s needs a single Redis or a Sentinel; set appendfsync always on a cluster", l.durability)
	}
	conn := single.Conn()
	defer conn.Close()
	if err := write(ctx, conn); err != nil {
		return err
	}
	var cmd *redis.Cmd
	if l.durability == DurableByWaitAOF {
		cmd = conn.Do(ctx, "WAITAOF", 1, 0, barrierWait.Milliseconds())
	} else {
		cmd = conn.Do(ctx, "WAIT", 1, barrierWait.Milliseconds())
	}
	n, err := acknowledged(cmd)
	if err != nil {
		return lang.Errorf("%s: %w", l.durability, err)
	}
	if n < 1 {
		return lang.Errorf("%s: not acknowledged within %s", l.durability, barrierWait)
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

// ErrNotDurable refuses real providers on a Redis that may forget an intent.
var ErrNotDurable = lang.Errorf("this Redis may forget an invitation in a crash, and it could then be sent twice")

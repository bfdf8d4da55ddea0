package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// Depth is how many tasks wait in a provider's queue, and for how long the oldest.
type Depth struct {
	Provider string
	Class    pace.Class
	Tasks    int
	Oldest   time.Duration
	Archived int
}

// Depths reads all queues that exist, in three round trips. asynq's own inspector counts
// much more, some of it task by task: too much for what is asked every few seconds.
func (q *TaskQueue) Depths(ctx context.Context) ([]Depth, error) {
	names, err := q.db.SMembers(ctx, "asynq:queues").Result()
	if err != nil {
		return nil, fmt.Errorf("reading the queues: %w", err)
	}
	counts := make([]queueCounts, len(names))
	answers, err := q.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			counts[i].ask(ctx, p, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the queues: %w", err)
	}
	since := make([]*redis.StringCmd, len(names))
	_, err = q.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			if oldest := counts[i].oldest.Val(); len(oldest) == 1 {
				since[i] = p.HGet(ctx, queueKey(name, "t:"+oldest[0]), "pending_since")
			}
		}
		return nil
	})
	if err := ledger.PipelineError(answers, err); err != nil { // a task may be gone meanwhile
		return nil, fmt.Errorf("reading the queues: %w", err)
	}
	var out []Depth
	for i, name := range names {
		provider, class, ok := strings.Cut(name, "-")
		if !ok {
			continue
		}
		d := Depth{Provider: provider, Class: pace.Class(class), Tasks: counts[i].tasks(), Archived: int(counts[i].archived.Val())}
		if since[i] != nil {
			if ns, err := strconv.ParseInt(since[i].Val(), 10, 64); err == nil {
				d.Oldest = max(0, time.Since(time.Unix(0, ns)))
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// queueKey is one of asynq's keys of a queue.
func queueKey(queue, name string) string { return "asynq:{" + queue + "}:" + name }

type queueCounts struct {
	live     []*redis.IntCmd
	archived *redis.IntCmd
	oldest   *redis.StringSliceCmd
}

func (q *queueCounts) ask(ctx context.Context, p redis.Pipeliner, queue string) {
	q.live = []*redis.IntCmd{
		p.LLen(ctx, queueKey(queue, "pending")), p.LLen(ctx, queueKey(queue, "active")),
		p.ZCard(ctx, queueKey(queue, "scheduled")), p.ZCard(ctx, queueKey(queue, "retry")),
	}
	q.archived = p.ZCard(ctx, queueKey(queue, "archived"))
	q.oldest = p.LRange(ctx, queueKey(queue, "pending"), -1, -1)
}

func (q *queueCounts) tasks() int {
	n := int64(0)
	for _, c := range q.live {
		n += c.Val()
	}
	return int(n)
}

package queue

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/together"
)

const (
	// peekEvery is how often all queues of a process are looked at together, besides when a bell
	// has rung.
	peekEvery = 100 * time.Millisecond
	// bell is the channel on which whoever enqueues envelopes says so: they are taken up at once. One
	// that is not heard costs nothing but the time to the next look.
	bell = "{chancela}:tasks"
	// delayedEvery is how often their tasks of later times are.
	delayedEvery = 500 * time.Millisecond
	// askAfter is when a server asks its queues itself: nobody has looked at them meanwhile.
	askAfter = time.Second
)

// Waiting knows which queues of a process have tasks. asynq asks each queue of each server by a
// script of its own, again and again, whether it is empty or not (PITFALLS.md, 18); a connection of
// Waiting answers for an empty one itself, and lets a server with none but empty queues wait.
type Waiting struct {
	db      redis.UniversalClient
	servers map[string][]string // by queue: the queues of its server

	together bool     // one command can ask for the keys of all queues: it is no cluster
	lists    []string // those of waiting tasks

	mu      sync.Mutex
	pending map[string]bool
	delayed map[string]bool
	some    bool          // of the queues has a task
	peeked  time.Time     // zero: not yet, or the last look has failed
	news    chan struct{} // closed by the next look that finds a task, or fails
	ended   bool
}

// NewWaiting returns what knows the queues of some servers, while Run runs.
func NewWaiting(db redis.UniversalClient, servers ...[]string) *Waiting {
	w := &Waiting{db: db, servers: map[string][]string{}, pending: map[string]bool{}, delayed: map[string]bool{}, news: make(chan struct{})}
	for _, queues := range servers {
		for _, q := range queues {
			w.servers[q] = queues
			w.lists = append(w.lists, queueKey(q, "pending"))
		}
	}
	_, cluster := db.(*redis.ClusterClient)
	w.together = !cluster && len(w.lists) > 0
	return w
}

// Run looks at the queues until the context ends; then no server waits any more.
func (w *Waiting) Run(ctx context.Context) {
	defer w.end()
	heard := w.db.Subscribe(ctx, bell)
	defer heard.Close()
	rung := heard.Channel()
	tick := time.NewTicker(peekEvery)
	defer tick.Stop()
	var last time.Time
	for {
		delayed := time.Since(last) >= delayedEvery
		if delayed {
			last = time.Now()
		}
		if delayed || !w.stillEmpty(ctx) {
			w.peek(ctx, delayed)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-rung:
		}
	}
}

func (w *Waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	close(w.news)
}

// stillEmpty tells, by one command, that queues which were all empty still are.
func (w *Waiting) stillEmpty(ctx context.Context) bool {
	w.mu.Lock()
	known := w.together && !w.peeked.IsZero() && !w.some
	w.mu.Unlock()
	if !known {
		return false
	}
	begun := time.Now()
	if n, err := w.db.Exists(ctx, w.lists...).Result(); err != nil || n > 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peeked = begun
	return true
}

// peek looks at all queues in one round trip.
func (w *Waiting) peek(ctx context.Context, delayed bool) {
	waiting, later := map[string]*redis.IntCmd{}, map[string]*redis.IntCmd{}
	begun := time.Now()
	_, err := w.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for q := range w.servers {
			waiting[q] = p.Exists(ctx, queueKey(q, "pending"))
			if delayed {
				later[q] = p.Exists(ctx, queueKey(q, "scheduled"), queueKey(q, "retry"))
			}
		}
		return nil
	})
	w.seen(begun, err, waiting, later)
}

// seen keeps what a look has found.
func (w *Waiting) seen(begun time.Time, err error, waiting, later map[string]*redis.IntCmd) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.some = err != nil
	if w.peeked = begun; err != nil {
		w.peeked = time.Time{}
	} else {
		for q, n := range waiting {
			w.pending[q] = n.Val() > 0
			w.some = w.some || n.Val() > 0
		}
		for q, n := range later {
			w.delayed[q] = n.Val() > 0
		}
	}
	if w.some && !w.ended {
		close(w.news)
		w.news = make(chan struct{})
	}
}

// Client is the connection for the servers.
func (w *Waiting) Client() redis.UniversalClient { return waitingClient{together.New(w.db), w} }

type waitingClient struct {
	redis.UniversalClient
	waiting *Waiting
}

// EvalSha answers asynq's scripts that take a task, and that move tasks whose time has come,
// where there is none. It knows them by their keys; all others go to Redis.
func (c waitingClient) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	q, first := part(keys, 0)
	_, second := part(keys, 1)
	switch {
	case len(keys) == 4 && first == "pending" && second == "paused":
		has, peeked := c.waiting.take(ctx, q)
		if !has {
			cmd := redis.NewCmd(ctx)
			cmd.SetErr(redis.Nil)
			return cmd
		}
		cmd := c.UniversalClient.EvalSha(ctx, sha1, keys, args...)
		if err := cmd.Err(); err != nil && !redis.HasErrorPrefix(err, "NOSCRIPT") { // that one is sent again as a source
			c.waiting.empty(q, peeked)
		}
		return cmd
	case len(keys) == 2 && (first == "scheduled" || first == "retry") && second == "pending":
		if !c.waiting.forward(q) {
			cmd := redis.NewCmd(ctx)
			cmd.SetVal(int64(0))
			return cmd
		}
	}
	return c.UniversalClient.EvalSha(ctx, sha1, keys, args...)
}

// part takes one of asynq's keys apart: the queue, and what of it.
func part(keys []string, i int) (queue, what string) {
	if i >= len(keys) {
		return "", ""
	}
	queue, what, _ = strings.Cut(strings.TrimPrefix(keys[i], "asynq:{"), "}:")
	return queue, what
}

// take tells whether a queue may have a task, and which look at the queues says so. While none of its
// server's has, it waits; then it has none: the lease that asynq asks for began before the wait, and
// would be over with the task just taken. asynq asks again at once.
func (w *Waiting) take(ctx context.Context, queue string) (has bool, peeked time.Time) {
	for first, begun := true, time.Now(); ; first = false {
		w.mu.Lock()
		peeked = w.peeked
		known, ended, news := time.Since(peeked) < askAfter, w.ended, w.news
		has, any := w.pending[queue], false
		for _, q := range w.servers[queue] {
			any = any || w.pending[q]
		}
		w.mu.Unlock()
		switch {
		case ended:
			return false, peeked
		case known && any:
			return has && first, peeked
		case !known && !first: // Redis is away, or slow: it is asked, once in a while
			return time.Since(begun) < 2*askAfter, peeked
		}
		select {
		case <-ctx.Done():
			return false, peeked
		case <-time.After(askAfter): // whether anybody still looks
		case <-news:
		}
	}
}

// empty says that Redis had no task in a queue that had one at a look, or does not hand it out (out of memory, a
// replica): asynq would ask again at once. Whoever looked again meanwhile may have seen a new one.
func (w *Waiting) empty(queue string, peeked time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.peeked.Equal(peeked) {
		w.pending[queue] = false
	}
}

// forward tells whether a queue may have tasks of later times.
func (w *Waiting) forward(queue string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	later, asked := w.delayed[queue]
	return later || !asked || time.Since(w.peeked) >= askAfter
}

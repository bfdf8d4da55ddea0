package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/redistest"
)

// counted counts what a connection sends: looks at all queues, and scripts of asynq's that take
// or move tasks.
type counted struct{ looks, scripts atomic.Int64 }

func (c *counted) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counted) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "exists" {
			c.looks.Add(1)
		}
		if args := cmd.Args(); len(args) > 4 && strings.HasPrefix(cmd.Name(), "eval") {
			for _, key := range args[3:5] {
				if s, _ := key.(string); strings.HasSuffix(s, ":pending") {
					c.scripts.Add(1)
				}
			}
		}
		return next(ctx, cmd)
	}
}

func (c *counted) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "exists" {
			c.looks.Add(1)
		}
		return next(ctx, cmds)
	}
}

// TestIdleServersAskNothing: servers of asynq's whose queues are empty send no script, take up
// what is put on one of them, and stop.
func TestIdleServersAskNothing(t *testing.T) {
	socket := redistest.Start(t)
	db, other := redis.NewClient(&redis.Options{Network: "unix", Addr: socket}), redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	t.Cleanup(func() { db.Close(); other.Close() })
	n := new(counted)
	db.AddHook(n)
	servers := []map[string]int{{"p-send": 5, "p-begun": 20}, {"p-fetch": 1}}
	waiting := NewWaiting(db, []string{"p-send", "p-begun"}, []string{"p-fetch"})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); waiting.Run(ctx) }()

	done := make(chan string, 10)
	var running []*asynq.Server
	for _, queues := range servers {
		s := asynq.NewServerFromRedisClient(waiting.Client(), asynq.Config{Concurrency: 2, Queues: queues, TaskCheckInterval: time.Millisecond,
			DelayedTaskCheckInterval: 10 * time.Millisecond, LogLevel: asynq.FatalLevel})
		if err := s.Start(asynq.HandlerFunc(func(_ context.Context, t *asynq.Task) error { done <- t.Type(); return nil })); err != nil {
			t.Fatal(err)
		}
		running = append(running, s)
	}
	looks := func(more int64) {
		for until := n.looks.Load() + more; n.looks.Load() < until; time.Sleep(time.Millisecond) {
			if t.Context().Err() != nil {
				return
			}
		}
	}
	looks(3)
	before := n.scripts.Load()
	looks(15)
	if sent := n.scripts.Load() - before; sent > 0 {
		t.Errorf("%d scripts while idle", sent)
	}
	client := asynq.NewClientFromRedisClient(other)
	for _, put := range []struct {
		queue string
		delay time.Duration
	}{{"p-send", 0}, {"p-fetch", 0}, {"p-begun", time.Second}} {
		if _, err := client.Enqueue(asynq.NewTask(put.queue, nil), asynq.Queue(put.queue), asynq.ProcessIn(put.delay)); err != nil {
			t.Fatal(err)
		}
		if got := <-done; got != put.queue {
			t.Errorf("%s was taken up, not %s", got, put.queue)
		}
	}
	stop()
	<-ended
	for _, s := range running {
		s.Shutdown() // ends although no task comes
	}
}

// TestALeaseIsNoOlderThanItsTask: asynq says how long it will hold a task before it is known whether there is one.
// A server that has waited for it asks anew.
func TestALeaseIsNoOlderThanItsTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWaiting(nil, []string{"p-fetch"})
		look := func(tasks int64) {
			found := redis.NewIntCmd(t.Context())
			found.SetVal(tasks)
			w.seen(time.Now(), nil, map[string]*redis.IntCmd{"p-fetch": found}, nil)
		}
		look(0)
		var took []bool
		go func() {
			for range 2 {
				has, _ := w.take(t.Context(), "p-fetch")
				took = append(took, has)
			}
		}()
		for range 400 { // longer than a lease
			time.Sleep(peekEvery)
			look(0)
		}
		if len(took) > 0 {
			t.Fatalf("%v while there was none", took)
		}
		look(1)
		synctest.Wait()
		if !slices.Equal(took, []bool{false, true}) {
			t.Errorf("%v: the task is to be taken with a lease of now", took)
		}
	})
}

// TestNoOldLeaseWhenRedisComesBack: a look that fails ends the wait of a server. What it has waited before that is no
// part of a lease, either.
func TestNoOldLeaseWhenRedisComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWaiting(nil, []string{"p-fetch"})
		idle := map[string]*redis.IntCmd{"p-fetch": redis.NewIntCmd(t.Context())}
		w.seen(time.Now(), nil, idle, nil)
		type ask struct {
			has   bool
			lease time.Duration
		}
		var asks []ask
		go func() {
			for range 2 {
				begun := time.Now()
				has, _ := w.take(t.Context(), "p-fetch")
				asks = append(asks, ask{has, time.Since(begun)})
			}
		}()
		for range 400 { // longer than a lease
			time.Sleep(peekEvery)
			w.seen(time.Now(), nil, idle, nil)
		}
		for range 2 {
			w.seen(time.Now(), errors.New("connection refused"), nil, nil)
			synctest.Wait()
		}
		if want := []ask{{false, 400 * peekEvery}, {true, 0}}; !slices.Equal(asks, want) {
			t.Errorf("%v, want %v", asks, want)
		}
	})
}

// TestWhatRedisRefusesIsAskedOnceALook: a Redis that refuses the script (out of memory) is not asked again and again.
func TestWhatRedisRefusesIsAskedOnceALook(t *testing.T) {
	socket := redistest.Start(t)
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	t.Cleanup(func() { db.Close() })
	w := NewWaiting(db, []string{"p-send"})
	refuses := redis.NewScript(`return redis.error_reply('OOM command not allowed when used memory > maxmemory')`)
	keys := []string{queueKey("p-send", "pending"), queueKey("p-send", "paused"), queueKey("p-send", "active"), queueKey("p-send", "lease")}
	ask := func() error { return refuses.EvalSha(t.Context(), w.Client(), keys).Err() }
	look := func() {
		found := redis.NewIntCmd(t.Context())
		found.SetVal(1)
		w.seen(time.Now(), nil, map[string]*redis.IntCmd{"p-send": found}, nil)
	}
	look()
	if err := ask(); !redis.HasErrorPrefix(err, "NOSCRIPT") || !w.pending["p-send"] {
		t.Fatalf("%v: the script is sent again at once", err)
	}
	if err := refuses.Load(t.Context(), db).Err(); err != nil {
		t.Fatal(err)
	}
	if err := ask(); !redis.HasErrorPrefix(err, "OOM") || w.pending["p-send"] {
		t.Errorf("%v, and is asked again at once", err)
	}
	if look(); !w.pending["p-send"] {
		t.Error("is asked no more")
	}
}

// TestAnEmptyQueueIsWaitedFor: what a look has seen may be taken already. Its server waits then, instead of asking
// again and again; a look that came after that counts.
func TestAnEmptyQueueIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWaiting(nil, []string{"p-send"})
		look := func() {
			found := redis.NewIntCmd(t.Context())
			found.SetVal(1)
			w.seen(time.Now(), nil, map[string]*redis.IntCmd{"p-send": found}, nil)
		}
		look()
		_, before := w.take(t.Context(), "p-send")
		time.Sleep(time.Millisecond)
		look()
		w.empty("p-send", before)
		has, now := w.take(t.Context(), "p-send")
		if !has {
			t.Fatal("what came after the answer is not asked for")
		}
		w.empty("p-send", now)
		waited := false
		go func() { w.take(t.Context(), "p-send"); waited = true }()
		synctest.Wait()
		if waited {
			t.Error("an empty queue is asked again")
		}
		look()
		synctest.Wait()
		if !waited {
			t.Error("it waits although there is a task")
		}
	})
}

// TestTheBellRings: who enqueues envelopes says so; one whose user may not is heard later, and
// enqueues all the same.
func TestTheBellRings(t *testing.T) {
	socket := redistest.Start(t)
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	t.Cleanup(func() { db.Close() })
	if err := db.Do(t.Context(), "ACL", "SETUSER", "mute", "on", "nopass", "~*", "+@all", "resetchannels").Err(); err != nil {
		t.Fatal(err)
	}
	mute := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, Username: "mute", Password: "any"})
	t.Cleanup(func() { mute.Close() })
	heard := db.Subscribe(t.Context(), bell)
	t.Cleanup(func() { heard.Close() })
	if _, err := heard.Receive(t.Context()); err != nil { // subscribed
		t.Fatal(err)
	}
	for i, c := range []*redis.Client{db, mute} {
		for range 2 { // as a source, then by its hash: the same task again is success
			err := New(c).Envelopes(t.Context(), []Envelope{{Provider: "p", Class: "send", Key: fmt.Sprintf("june/%d", i), Generation: 1}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := db.LLen(t.Context(), queueKey("p-send", "pending")).Val(); n != 2 {
		t.Errorf("%d tasks", n)
	}
	if m, err := heard.ReceiveMessage(t.Context()); err != nil || m.Channel != bell {
		t.Errorf("%v %v", m, err)
	}
	db.Close()
	if err := New(db).Envelopes(t.Context(), []Envelope{{Provider: "p", Class: "send", Key: "june/3", Generation: 1}}); err == nil {
		t.Error("nothing was sent, and that is no error")
	}
}

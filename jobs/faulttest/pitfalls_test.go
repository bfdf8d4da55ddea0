//go:build linux

package faulttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// What asynq is known to do to the unwary, each with what chancela does about it.

// happens waits for an event.
func happens(t *testing.T, event <-chan struct{}) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(patient):
		t.Fatalf("it does not happen within %s", patient)
	}
}

// A worker that dies between its work and the acknowledgement leaves a task that runs
// again: the ledger says that there is nothing to do.
func TestFinishedTaskRunsAgain(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	payload, id := b.payload(k)
	b.work()
	b.sentOnce(k)
	before := b.record(k)
	b.put(payload, id)         // the same task
	b.put(payload, id+"-copy") // and under another id
	b.put(fmt.Appendf(nil, `{"key":%q,"gen":%d}`, k, before.Generation), "present")
	b.sentOnce(k)
	if after := b.record(k); after.Version != before.Version {
		t.Errorf("the record went from version %d to %d", before.Version, after.Version)
	}
}

// asynq gives a task whose time is up, or whose lease is lost, to another worker while
// the first goes on.
func TestTwoCopiesAtOnce(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	payload, id := b.payload(k)
	inside, release := make(chan struct{}), make(chan struct{})
	b.provider.onPrepare = func(context.Context, providers.Key) error {
		inside <- struct{}{}
		<-release
		return nil
	}
	b.work()
	b.work()
	happens(t, inside)
	b.put(payload, id+"-copy")
	// The other copy finds the envelope held, and waits for its turn.
	until(t, "the copy waits", patient, func(context.Context) bool {
		q, err := b.inspector.GetQueueInfo(queue.Name(counted, pace.Send))
		return err == nil && q.Retry == 1
	})
	if n := b.provider.prepared(k); n != 1 {
		t.Errorf("%d at once", n)
	}
	close(release)
	b.becomes(k, ledger.Sent)
	// The claim told the copy how long to wait: it need not be waited for.
	if _, err := b.inspector.RunAllRetryTasks(queue.Name(counted, pace.Send)); err != nil {
		t.Fatal(err)
	}
	b.sentOnce(k)
}

// A worker that was frozen for longer than its lease wakes up in the middle of its work,
// when another has taken the envelope over.
func TestFrozenWorkerCannotInvite(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	var first atomic.Bool
	inside, release := make(chan struct{}), make(chan struct{})
	b.provider.onPrepare = func(context.Context, providers.Key) error {
		if first.CompareAndSwap(false, true) {
			close(inside)
			<-release
		}
		return nil
	}
	b.work()
	happens(t, inside)
	b.later(k)
	b.schedule() // it finds a task that is active while nobody holds the envelope
	b.becomes(k, ledger.Sent)
	if n := b.provider.prepared(k); n != 2 {
		t.Fatalf("prepared %d times", n)
	}
	close(release)
	b.sentOnce(k)
}

// A worker was frozen when its inviting call was about to leave: until it cannot leave any
// more, an answer of the provider proves nothing, and nobody asks.
func TestFrozenInviteIsWaitedFor(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	inside, release := make(chan struct{}), make(chan struct{})
	b.provider.onInvite = func(context.Context, providers.Key) error {
		close(inside)
		<-release
		return nil
	}
	b.work()
	happens(t, inside)
	b.later(k)
	b.schedule()
	until(t, "another worker has looked at it", patient, func(context.Context) bool {
		return !b.record(k).NotBefore.IsZero() || b.provider.settled() > 0
	})
	r := b.record(k)
	if wait := r.NotBefore.Sub(r.IntentAt); b.provider.settled() > 0 || wait < rest.SendWithin {
		t.Errorf("asked %d times, next in %s", b.provider.settled(), wait)
	}
	close(release)
	b.becomes(k, ledger.Sent)
	if n := b.provider.invited(k); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

// Crashes eat asynq's retries: it must not come to the last one.
func TestCrashesEatNoRetry(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	queue, id := b.task(k)
	var runs atomic.Int64
	dying := asynq.NewServerFromRedisClient(b.connect(), asynq.Config{Queues: map[string]int{queue: 1}, TaskCheckInterval: time.Millisecond,
		DelayedTaskCheckInterval: 5 * time.Millisecond, LogLevel: asynq.FatalLevel,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 0 }})
	if err := dying.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { runs.Add(1); return asynq.ErrLeaseExpired })); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dying.Shutdown)
	until(t, "asynq's usual 25 retries are used up", patient, func(context.Context) bool { return runs.Load() > 30 })
	dying.Shutdown()
	if info, err := b.inspector.GetTaskInfo(queue, id); err != nil || info.State == asynq.TaskStateArchived {
		t.Errorf("%v %v", info, err)
	}
	b.work()
	b.sentOnce(k)
}

// A shutdown pushes back what is under way; whoever takes it next goes on.
func TestShutdownHandsBack(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	inside := make(chan struct{}, 2)
	var first atomic.Bool
	b.provider.onPrepare = func(ctx context.Context, _ providers.Key) error {
		inside <- struct{}{}
		if first.CompareAndSwap(false, true) {
			<-ctx.Done() // a wait for a turn
			return ctx.Err()
		}
		return nil
	}
	stop := b.work()
	happens(t, inside)
	began := time.Now()
	stop()
	if d := time.Since(began); d > time.Minute {
		t.Errorf("the worker took %s to stop", d)
	}
	b.work()
	happens(t, inside)
	b.sentOnce(k)
}

// The inviting call is not cut off by a shutdown, nor by somebody who cancels the task in
// asynqmon: its outcome would be unknown.
func TestInvitingCallEnds(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	queue, id := b.task(k)
	inside, release := make(chan struct{}), make(chan struct{})
	b.provider.onInvite = func(ctx context.Context, _ providers.Key) error {
		close(inside)
		<-release
		return ctx.Err()
	}
	stop := b.work()
	happens(t, inside)
	if err := b.inspector.CancelProcessing(id); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	until(t, "asynq has given the task up", patient, func(context.Context) bool {
		q, err := b.inspector.GetQueueInfo(queue)
		return err == nil && q.Active == 0
	})
	close(release)
	happens(t, stopped)
	b.becomes(k, ledger.Sent)
	b.work()
	b.sentOnce(k)
}

// An archived task keeps its id: what carries the envelope needs a new one.
func TestArchivedTaskBlocksItsID(t *testing.T) {
	b := newBench(t)
	archived, stranded := b.enqueue("archived"), b.enqueue("stranded")
	for _, k := range []providers.Key{archived, stranded} {
		queue, id := b.task(k)
		if err := b.inspector.ArchiveTask(queue, id); err != nil {
			t.Fatal(err)
		}
		if k == stranded { // by the archive's trimming: not listed, not runnable, its id taken
			if n := b.db.ZRem(t.Context(), asynqKey("archived"), id).Val(); n != 1 {
				t.Fatal("not archived")
			}
		}
		b.later(k)
	}
	b.work()
	b.schedule()
	b.sentOnce(archived)
	b.sentOnce(stranded)
}

// A failed envelope's task is in asynq's archive and blocks its id.
func TestRetryIsNotBlocked(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	var refuse atomic.Bool
	refuse.Store(true)
	b.provider.onPrepare = func(context.Context, providers.Key) error {
		if refuse.Load() {
			return &providers.Error{Kind: providers.Invalid, Provider: counted}
		}
		return nil
	}
	b.work()
	b.becomes(k, ledger.Failed)
	b.idle()
	refuse.Store(false)
	if res, err := b.client.RetryAll(t.Context(), k.Campaign); res.Done != 1 || err != nil {
		t.Fatal(res, err)
	}
	b.sentOnce(k)
}

// Enqueuing again what is on the queue meets its task's id, and is success.
func TestTaskIDConflictIsSuccess(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	if err := b.client.TaskQueue().Envelope(t.Context(), counted, pace.Send, k.String(), 1, 0); err != nil {
		t.Error(err)
	}
	b.enqueue("1")
	if q, err := b.inspector.GetQueueInfo(queue.Name(counted, pace.Send)); err != nil || q.Size != 1 {
		t.Errorf("%+v %v", q, err)
	}
	b.work()
	b.sentOnce(k)
}

// Any number of schedulers make one tick.
func TestManySchedulersTickOnce(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	stop := b.work()
	b.sentOnce(k)
	stop()
	var mu sync.Mutex
	ticks := map[string]int{}
	// Ended tasks free their ids at once: a second scheduler's task would run.
	counter := asynq.NewServerFromRedisClient(b.connect(), asynq.Config{Queues: map[string]int{queue.Name(counted, pace.Look): 1},
		TaskCheckInterval: time.Millisecond, LogLevel: asynq.FatalLevel})
	if err := counter.Start(asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		mu.Lock()
		defer mu.Unlock()
		ticks[id]++
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(counter.Shutdown)
	for range 4 {
		b.schedule()
		time.Sleep(130 * time.Millisecond) // their clocks are apart
	}
	until(t, "four ticks", patient, func(context.Context) bool {
		mu.Lock()
		defer mu.Unlock()
		return len(ticks) >= 4
	})
	mu.Lock()
	defer mu.Unlock()
	for id, n := range ticks {
		if n > 1 {
			t.Errorf("%s ran %d times", id, n)
		}
	}
}

// Eviction or a failover can lose a lease: asynq then calls the task active for ever.
func TestActiveForEver(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	_, id := b.task(k)
	_, err := b.db.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
		p.LRem(t.Context(), asynqKey("pending"), 0, id)
		p.LPush(t.Context(), asynqKey("active"), id)
		p.HSet(t.Context(), asynqKey("t:"+id), "state", "active")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.later(k)
	b.work()
	b.schedule()
	b.becomes(k, ledger.Sent)
	if n := b.provider.invited(k); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

// A payload that nobody understands is put aside; a message that asynq itself cannot
// decode stops its recovery of lost tasks. Neither stops the other envelopes.
func TestUndecodable(t *testing.T) {
	b := newBench(t)
	spoilt, lost, fine := b.enqueue("spoilt"), b.enqueue("lost"), b.enqueue("fine")
	b.put([]byte("what?"), "garbage")
	_, spoiltID := b.task(spoilt)
	_, lostID := b.task(lost)
	_, err := b.db.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
		p.HSet(t.Context(), asynqKey("t:"+spoiltID), "msg", "\xff\xffwhat?")
		for _, id := range []string{spoiltID, lostID} { // a worker has died with both
			p.LRem(t.Context(), asynqKey("pending"), 0, id)
			p.LPush(t.Context(), asynqKey("active"), id)
			p.HSet(t.Context(), asynqKey("t:"+id), "state", "active")
			p.ZAdd(t.Context(), asynqKey("lease"), redis.Z{Score: 1, Member: id})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.work()
	b.becomes(fine, ledger.Sent)
	b.later(spoilt)
	b.later(lost)
	b.schedule()
	for _, k := range []providers.Key{lost, spoilt} {
		b.becomes(k, ledger.Sent)
		if n := b.provider.invited(k); n != 1 {
			t.Errorf("%s was sent %d times", k, n)
		}
	}
	until(t, "the garbage is put aside", patient, func(context.Context) bool {
		info, err := b.inspector.GetTaskInfo(queue.Name(counted, pace.Send), "garbage")
		return err == nil && info.State == asynq.TaskStateArchived
	})
}

// dials counts how often a connection is tried.
type dials struct{ n atomic.Int64 }

func (d *dials) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d.n.Add(1)
		return next(ctx, network, address)
	}
}
func (d *dials) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (d *dials) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// While Redis is away nobody spins; what was under way is recorded when it is back, and
// the rest goes on.
func TestRedisAway(t *testing.T) {
	b := newBench(t)
	k, next := b.enqueue("1"), b.enqueue("2")
	inside, release := make(chan struct{}), make(chan struct{})
	b.provider.onInvite = func(_ context.Context, at providers.Key) error {
		if at == k {
			close(inside)
			<-release
		}
		return nil
	}
	db := b.connect()
	var tried dials
	db.AddHook(&tried)
	b.workOn(db)
	b.schedule()
	happens(t, inside)
	b.becomes(next, ledger.Sent)
	up := b.redis.keepDown(t.Context())
	close(release) // the invitation has left, and its outcome cannot be written
	before := tried.n.Load()
	time.Sleep(3 * time.Second) // it is away for that long
	if n := tried.n.Load() - before; n > 600 {
		t.Errorf("%d connections were tried in 3 s", n)
	}
	up()
	b.redis.answers(t)
	third := b.enqueue("3")
	b.becomes(k, ledger.Sent)
	b.becomes(third, ledger.Sent)
	for _, k := range []providers.Key{k, next, third} {
		if n := b.provider.invited(k); n != 1 {
			t.Errorf("%s was sent %d times", k, n)
		}
	}
}

// The queue is lost, all of it: the ledger has what it carried.
func TestQueueIsLost(t *testing.T) {
	b := newBench(t)
	var keys []providers.Key
	for n := range 20 {
		keys = append(keys, b.enqueue(fmt.Sprint(n)))
	}
	lost, err := b.db.Keys(t.Context(), "asynq:*").Result()
	if err != nil || len(lost) < len(keys) {
		t.Fatal(len(lost), err)
	}
	if err := b.db.Del(t.Context(), lost...).Err(); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		b.later(k)
	}
	b.work()
	b.schedule()
	for _, k := range keys {
		b.sentOnce(k)
	}
}

// Redis acknowledges before it replicates: an intent that no replica has is none, nobody
// is invited, and it does not stand in the way of the next attempt.
func TestIntentThatIsNotDurable(t *testing.T) {
	b := newBench(t)
	b.durability = ledger.DurableByReplicas // and there is none
	k := b.enqueue("1")
	stop := b.work()
	until(t, "an intent is written", patient, func(context.Context) bool { return !b.record(k).IntentAt.IsZero() })
	until(t, "it is withdrawn", patient, func(context.Context) bool { return b.record(k).IntentAt.IsZero() })
	stop()
	if r := b.record(k); b.provider.invited(k) != 0 || !r.IntentAt.IsZero() || r.State != ledger.Preparing {
		t.Errorf("%d invitations, %s, intent %s", b.provider.invited(k), r.State, r.IntentAt)
	}
	b.durability = ledger.DurableByAOF
	b.work()
	b.sentOnce(k)
}

// asynq's archive is cut at 10,000 and breaks its own scripts above some 8,000 old
// entries: it is kept small.
func TestArchiveIsPruned(t *testing.T) {
	b := newBench(t)
	queue := queue.Name(counted, pace.Send)
	const many = 1100
	for n := range many {
		b.put([]byte("{}"), fmt.Sprint("old", n))
	}
	if n, err := b.inspector.ArchiveAllPendingTasks(queue); err != nil || n != many {
		t.Fatal(n, err)
	}
	b.schedule() // it prunes when it starts, and every hour
	until(t, "the archive is small", patient, func(context.Context) bool {
		q, err := b.inspector.GetQueueInfo(queue)
		return err == nil && q.Archived <= 1000
	})
}

// What asynqmon shows names nobody.
func TestTasksNameNobody(t *testing.T) {
	b := newBench(t)
	k := b.enqueue("1")
	keys, err := b.db.Keys(t.Context(), "asynq:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, key := range keys {
		whole, err := b.db.Dump(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		seen = seen || strings.Contains(whole, k.String())
		for _, person := range []string{surname, mailDomain, cpf(1), "980000001", "Lease"} {
			if strings.Contains(whole, person) || strings.Contains(key, person) {
				t.Errorf("%s holds %q", key, person)
			}
		}
	}
	if !seen {
		t.Error(errors.New("the task was not looked at"))
	}
}

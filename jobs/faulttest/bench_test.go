//go:build linux

package faulttest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/scheduler"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/redistest"
)

// counting is a provider that counts, and does on its way what a test wants.
type counting struct {
	onPrepare func(context.Context, providers.Key) error
	onInvite  func(context.Context, providers.Key) error // the intent stands

	mu       sync.Mutex
	prepares map[string]int
	invites  map[string]int
	settles  int
}

const counted = "certyneo"

func (p *counting) Info() providers.Info {
	return providers.Info{Name: counted, SettleAll: true, PollEvery: time.Second, Rate: providers.Rate{Requests: 1000, Per: time.Second}}
}
func (p *counting) Check(providers.Envelope) error { return nil }

func (p *counting) Prepare(ctx context.Context, j *providers.Job) error {
	p.mu.Lock()
	p.prepares[j.Ref.Key.String()]++
	p.mu.Unlock()
	if p.onPrepare != nil {
		return p.onPrepare(ctx, j.Ref.Key)
	}
	return nil
}

func (p *counting) Invite(ctx context.Context, j *providers.Job) error {
	if err := j.Commit(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	p.invites[j.Ref.Key.String()]++
	p.mu.Unlock()
	j.Ref.ID = "there-" + j.Ref.Key.ID
	if p.onInvite != nil {
		return p.onInvite(ctx, j.Ref.Key)
	}
	return nil
}

func (p *counting) Settle(_ context.Context, j *providers.Job) (providers.Outcome, error) {
	p.mu.Lock()
	p.settles++
	p.mu.Unlock()
	if p.invited(j.Ref.Key) == 0 {
		return providers.NotInvited, nil
	}
	j.Ref.ID = "there-" + j.Ref.Key.ID
	return providers.Invited, nil
}

func (p *counting) Status(context.Context, providers.Ref) (providers.Status, error) {
	return providers.Status{State: providers.Pending}, nil
}

func (p *counting) Artifacts(context.Context, providers.Ref) ([]providers.Artifact, error) {
	return nil, errors.New("nobody signs here")
}

func (p *counting) Open(context.Context, providers.Ref, providers.Artifact) (io.ReadCloser, error) {
	return nil, errors.New("nobody signs here")
}

func (p *counting) invited(k providers.Key) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.invites[k.String()]
}

func (p *counting) settled() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settles
}

func (p *counting) prepared(k providers.Key) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.prepares[k.String()]
}

// patient is how long something is waited for that takes a second on an idle machine.
const patient = 4 * time.Minute

// bench is the engine in this process: real asynq on a real Redis, and a provider that
// counts.
type bench struct {
	t          *testing.T
	redis      *redisServer
	db         *redis.Client
	durability ledger.Durability
	provider   *counting
	client     *jobs.Client
	inspector  *asynq.Inspector
	queue      *asynq.Client
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	r := startRedis(t, t.TempDir(), redistest.Folder(t))
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, redis: r, db: r.db, durability: ledger.DurableByAOF, provider: &counting{prepares: map[string]int{}, invites: map[string]int{}},
		inspector: asynq.NewInspectorFromRedisClient(r.db), queue: asynq.NewClientFromRedisClient(r.db)}
	b.client = jobs.NewClient(jobs.ClientConfig{Redis: r.db, Durability: ledger.DurableByAOF, Archive: store, Providers: []providers.Provider{b.provider}, Log: silent})
	return b
}

var silent = slog.New(slog.DiscardHandler)

// connect gives a connection of its own, as another process has.
func (b *bench) connect() *redis.Client {
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: b.redis.socket})
	b.t.Cleanup(func() { db.Close() })
	return db
}

// work starts a worker; stop stops it in good order.
func (b *bench) work() (stop func()) {
	return b.workOn(b.connect())
}

func (b *bench) workOn(db *redis.Client) (stop func()) {
	w := worker.New(worker.Config{Redis: db, Durability: b.durability, Archive: b.client.Archive(),
		Providers: []worker.ProviderConfig{{Provider: b.provider, Concurrency: 4, PollEvery: time.Second, SettleAfter: time.Millisecond}},
		RetryBase: 10 * time.Millisecond, RetryMax: 100 * time.Millisecond, Attempts: 50, Shutdown: 40 * time.Second, Log: silent})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil {
			b.t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	b.t.Cleanup(stop)
	return stop
}

// schedule starts a scheduler, which sweeps at once.
func (b *bench) schedule() {
	s := scheduler.New(scheduler.Config{Redis: b.connect(), Providers: []string{counted}, LookEvery: time.Second, Log: silent})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Run(ctx); err != nil {
			b.t.Error(err)
		}
	}()
	b.t.Cleanup(func() { cancel(); <-done })
}

func (b *bench) enqueue(id string) providers.Key {
	b.t.Helper()
	a, err := b.client.Enqueue(b.t.Context(), jobs.Envelope{Campaign: "june", ID: id, Provider: counted, Subject: "Lease " + id,
		Documents: []jobs.Document{{Name: "lease.pdf", Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("%PDF-1.4 <</Type/Page>> lease %%EOF")), nil
		}}},
		Signers: []jobs.Signer{{Name: "Aurora " + surname, Email: "aurora@" + mailDomain, Document: cpf(1), Phone: "+5511980000001"}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return a.Key
}

func (b *bench) record(k providers.Key) *ledger.Record {
	b.t.Helper()
	r, err := b.client.Ledger().Get(b.t.Context(), k.String())
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// task is the queue and the id of an envelope's present task.
func (b *bench) task(k providers.Key) (name, id string) {
	b.t.Helper()
	name = queue.Name(counted, pace.Send)
	tasks, err := b.inspector.ListPendingTasks(name)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, task := range tasks {
		if strings.Contains(string(task.Payload), `"`+k.String()+`"`) {
			return name, task.ID
		}
	}
	b.t.Fatalf("no task of %s is pending", k)
	return "", ""
}

// payload is what an envelope's present task says.
func (b *bench) payload(k providers.Key) (payload []byte, id string) {
	b.t.Helper()
	queue, id := b.task(k)
	info, err := b.inspector.GetTaskInfo(queue, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return info.Payload, id
}

func (b *bench) put(payload []byte, id string) {
	b.t.Helper()
	_, err := b.queue.Enqueue(asynq.NewTask(queue.TypeEnvelope, payload), asynq.Queue(queue.Name(counted, pace.Send)), asynq.TaskID(id), asynq.MaxRetry(1000))
	if err != nil {
		b.t.Fatal(err)
	}
}

// becomes waits for an envelope's state.
func (b *bench) becomes(k providers.Key, s ledger.State) {
	b.t.Helper()
	until(b.t, k.String()+" is "+string(s), patient, func(context.Context) bool { return b.record(k).State == s })
}

// sentOnce waits until an envelope is sent, and everything that could send it has run.
func (b *bench) sentOnce(k providers.Key) {
	b.t.Helper()
	b.becomes(k, ledger.Sent)
	b.idle()
	if n := b.provider.invited(k); n != 1 {
		b.t.Errorf("%s was sent %d times", k, n)
	}
}

// idle waits until no task waits or runs.
func (b *bench) idle() {
	b.t.Helper()
	until(b.t, "the queue is empty", patient, func(context.Context) bool {
		q, err := b.inspector.GetQueueInfo(queue.Name(counted, pace.Send))
		return err == nil && q.Pending+q.Active+q.Scheduled+q.Retry == 0
	})
}

// later makes everything that the ledger has waiting due, and every claim lapse, as if
// minutes had gone by.
func (b *bench) later(k providers.Key) {
	b.t.Helper()
	_, err := b.db.TxPipelined(b.t.Context(), func(p redis.Pipeliner) error {
		p.ZAddXX(b.t.Context(), "{chancela}:work:"+counted, redis.Z{Score: 1, Member: k.String()})
		p.HSet(b.t.Context(), "{chancela}:e:"+k.String(), "u", 1) // its claim
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// asynqKey is one of asynq's own keys of the queue for sending.
func asynqKey(name string) string { return "asynq:{" + queue.Name(counted, pace.Send) + "}:" + name }

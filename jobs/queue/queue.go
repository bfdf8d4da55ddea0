// Package queue puts tasks on asynq's queues and tells how many wait there.
//
// asynq delivers at least once, sometimes twice at once, and forgets its failures: it is the
// transport, the ledger is the record. A task names an envelope and the generation of its task,
// nothing else. asynq's own retry count is not used: attempts are in the ledger. What asynq does
// to the unwary, and what is done about it, is in PITFALLS.md.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// Task types. What a task of TypeEnvelope has to do is what the ledger says.
const (
	TypeEnvelope = "envelope"
	TypeLook     = "look"
	TypeRenew    = "renew"
	TypeRemind   = "remind"
	TypeCheck    = "check"
)

// Name is the name of a provider's queue for a class of work.
func Name(provider string, class pace.Class) string { return provider + "-" + string(class) }

// Bulk is the way to a worker of an operation on many envelopes: not behind thousands of
// invitations, and not before an operation on few.
const Bulk pace.Class = "bulk"

// Begun is the way of an envelope that a worker has begun: what is retried goes on before
// what waits to be begun. asynq would put it behind the whole backlog.
const Begun pace.Class = "begun"

// Classes are all classes of work.
var Classes = []pace.Class{pace.Send, Begun, Bulk, pace.Look, pace.Fetch, pace.Steer}

// ClassOf is the way that an envelope's task takes to a worker.
func ClassOf(r *ledger.Record) pace.Class {
	switch {
	case r.State == ledger.Completed:
		return pace.Fetch
	case r.Lane != "":
		return pace.Class(r.Lane)
	case r.State == ledger.Queued:
		return pace.Send
	}
	return Begun
}

// Payload is all that a task says: asynqmon shows it to everybody who may look.
type Payload struct {
	Key        string `json:"key,omitempty"`
	Generation int64  `json:"gen,omitempty"`
	Token      string `json:"token,omitempty"`  // of a question
	Signer     int    `json:"signer,omitempty"` // of a reminder: the one, from 1; 0: all
	Due        int64  `json:"due,omitempty"`    // of a reminder by the campaign's rule: when it was, in milliseconds
}

// maxRetry keeps asynq from ever giving a task up by itself: attempts are counted in
// the ledger. A crash eats one of these (queue/PITFALLS.md, 2).
const maxRetry = 1 << 20

// taskTimeout bounds one run of a handler; the work itself ends sooner by the timeouts
// of its calls and of the wait for a turn.
const taskTimeout = 15 * time.Minute

// TaskQueue puts tasks on the queues.
type TaskQueue struct {
	db        redis.UniversalClient
	client    *asynq.Client
	inspector *asynq.Inspector
}

// New returns a task queue over a Redis connection that the caller closes.
func New(db redis.UniversalClient) *TaskQueue {
	return &TaskQueue{db, asynq.NewClientFromRedisClient(db), asynq.NewInspectorFromRedisClient(db)}
}

func taskID(key string, generation int64) string { return flat(fmt.Sprintf("%s/%d", key, generation)) }

// flat takes the slashes out of a task's id: asynqmon has it in addresses. No key holds
// a colon.
func flat(id string) string { return strings.ReplaceAll(id, "/", ":") }

// Envelope enqueues the task of an envelope's generation. One that is there already is
// success.
func (q *TaskQueue) Envelope(ctx context.Context, provider string, class pace.Class, key string, generation int64, delay time.Duration) error {
	return q.put(ctx, TypeEnvelope, Payload{Key: key, Generation: generation}, Name(provider, class), taskID(key, generation), asynq.ProcessIn(delay))
}

// Carry enqueues the task of an envelope as the ledger has it now.
func (q *TaskQueue) Carry(ctx context.Context, r *ledger.Record) error {
	return q.Envelope(ctx, r.Provider, ClassOf(r), r.Key(), r.Generation, 0)
}

// Look enqueues a round of looks at a provider's due envelopes. name tells rounds apart;
// when some wait already, because no worker takes them, another is not needed.
func (q *TaskQueue) Look(ctx context.Context, provider, name string) error {
	queue := Name(provider, pace.Look)
	waiting, err := q.inspector.ListPendingTasks(queue, asynq.PageSize(2))
	if err != nil && !errors.Is(err, asynq.ErrQueueNotFound) {
		return fmt.Errorf("reading queue %s: %w", queue, err)
	}
	if len(waiting) == 2 {
		return nil
	}
	return q.put(ctx, TypeLook, Payload{}, queue, "look:"+provider+":"+name)
}

// Renew enqueues a renewal of an envelope's download addresses.
func (q *TaskQueue) Renew(ctx context.Context, provider, key, name string) error {
	return q.put(ctx, TypeRenew, Payload{Key: key}, Name(provider, pace.Fetch), "renew/"+key+"/"+name)
}

// Remind enqueues a reminder of all signers. Who asks sees to it that nobody is reminded twice within a minute:
// the task's id tells those of different minutes apart.
func (q *TaskQueue) Remind(ctx context.Context, provider string, class pace.Class, key string, now time.Time) error {
	return q.put(ctx, TypeRemind, Payload{Key: key, Generation: now.Unix() / 60}, Name(provider, class), fmt.Sprintf("remind/%s/%d", key, now.Unix()/60))
}

// RemindSigner enqueues a reminder of one signer, by the number from 1, as Remind.
func (q *TaskQueue) RemindSigner(ctx context.Context, provider string, class pace.Class, key string, signer int, now time.Time) error {
	return q.put(ctx, TypeRemind, Payload{Key: key, Generation: now.Unix() / 60, Signer: signer}, Name(provider, class), fmt.Sprintf("remind/%s/%d/%d", key, now.Unix()/60, signer))
}

// Check has a worker look an id up at its provider: the question that the token names.
// After the time nobody waits for the answer.
func (q *TaskQueue) Check(ctx context.Context, provider, key, token string, within time.Duration) error {
	return q.put(ctx, TypeCheck, Payload{Key: key, Token: token}, Name(provider, pace.Steer), "check/"+token, asynq.Timeout(within))
}

// What a worker answers to a check of an id; anything else is why it could not look.
const (
	IDKnown   = "known"
	IDUnknown = "unknown"
	IDDraft   = "draft"
	IDOthers  = "others"
)

// Worked tells whether some worker takes what steers a provider's envelopes. It is taken
// for granted where Redis takes no writes: asynq tidies up while it reads.
func (q *TaskQueue) Worked(provider string) (bool, error) {
	servers, err := q.inspector.Servers()
	if ledger.Refusal(err) != "" {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the workers: %w", err)
	}
	return slices.ContainsFunc(servers, func(s *asynq.ServerInfo) bool {
		return s.Status == "active" && s.Queues[Name(provider, pace.Steer)] > 0
	}), nil
}

func (q *TaskQueue) put(ctx context.Context, kind string, p Payload, queue, id string, more ...asynq.Option) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("task %s: %w", id, err)
	}
	id = flat(id)
	options := append([]asynq.Option{asynq.Queue(queue), asynq.TaskID(id), asynq.MaxRetry(maxRetry), asynq.Timeout(taskTimeout)}, more...)
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(kind, b), options...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("task %s: %w", id, err)
	}
	return nil
}

// Carried tells whether a live task carries the generation of an envelope. A task that
// asynq has archived, or calls active although nobody holds the envelope, does not
// count: its id stays taken, so a new generation is needed.
func (q *TaskQueue) Carried(r *ledger.Record) (carried, taken bool, err error) {
	id := taskID(r.Key(), r.Generation)
	info, err := q.inspector.GetTaskInfo(Name(r.Provider, ClassOf(r)), id)
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
		return false, false, nil
	case err != nil:
		return false, false, fmt.Errorf("task %s: %w", id, err)
	}
	switch info.State {
	case asynq.TaskStatePending, asynq.TaskStateScheduled, asynq.TaskStateRetry:
		return true, true, nil
	}
	return false, true, nil
}

// archiveKeep is how many failed tasks stay visible in a queue. asynq itself trims at
// 10,000 and breaks its Lua stack above some 8,000 old ones (queue/PITFALLS.md, 7 and 9).
const archiveKeep = 1000

// Prune deletes a queue's failed tasks when there are too many: they are a view, the
// ledger is the record. asynq's own count of a queue would run MEMORY USAGE, which a Redis
// may forbid.
func (q *TaskQueue) Prune(ctx context.Context, provider string) (int, error) {
	total := 0
	for _, class := range Classes {
		queue := Name(provider, class)
		archived, err := q.db.ZCard(ctx, queueKey(queue, "archived")).Result()
		if err != nil {
			return total, fmt.Errorf("reading queue %s: %w", queue, err)
		}
		if archived <= archiveKeep {
			continue
		}
		n, err := q.inspector.DeleteAllArchivedTasks(queue)
		if err != nil {
			return total, fmt.Errorf("pruning queue %s: %w", queue, err)
		}
		total += n
	}
	return total, nil
}

// Decode reads what a task says.
func Decode(t *asynq.Task) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return p, fmt.Errorf("undecodable payload: %w", asynq.SkipRetry)
	}
	return p, nil
}

package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// Envelope says which envelope's generation a task is to carry, and on which way.
type Envelope struct {
	Provider   string
	Class      pace.Class
	Key        string
	Generation int64
}

// Envelopes enqueues the tasks of many envelopes in one round trip. One that is there already
// is success.
func (q *TaskQueue) Envelopes(ctx context.Context, all []Envelope) error {
	return q.many(ctx, len(all), func(q *TaskQueue, i int) error {
		e := all[i]
		return q.Envelope(ctx, e.Provider, e.Class, e.Key, e.Generation, 0)
	})
}

// Reminders is [TaskQueue.Remind] for many envelopes in one round trip.
func (q *TaskQueue) Reminders(ctx context.Context, all []Envelope, now time.Time) error {
	return q.many(ctx, len(all), func(q *TaskQueue, i int) error {
		e := all[i]
		return q.Remind(ctx, e.Provider, e.Class, e.Key, now)
	})
}

// DueReminders enqueues reminders by a campaign's rule in one round trip; one for a time that is
// there already is success.
func (q *TaskQueue) DueReminders(ctx context.Context, all []ledger.DueReminder) error {
	return q.many(ctx, len(all), func(q *TaskQueue, i int) error {
		d := all[i]
		due := d.Due.UnixMilli()
		return q.put(ctx, TypeRemind, Payload{Key: d.Key, Due: due}, Name(d.Provider, Bulk), fmt.Sprintf("remind/%s/due-%d", d.Key, due))
	})
}

// many puts n tasks on the queues in one round trip.
func (q *TaskQueue) many(ctx context.Context, n int, put func(q *TaskQueue, i int) error) error {
	if n == 0 {
		return nil
	}
	written := new(unsent)
	db := redis.NewClient(&redis.Options{Dialer: noDial, DisableIdentity: true, MaxRetries: -1})
	db.AddHook(written)
	defer db.Close()
	one := &TaskQueue{client: asynq.NewClientFromRedisClient(db)}
	for i := range n {
		if err := put(one, i); err != nil {
			return err
		}
	}
	sent, err := q.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, args := range written.together() {
			p.Do(ctx, args...)
		}
		p.Publish(ctx, bell, "")
		return nil
	})
	if err != nil && !slices.ContainsFunc(sent[:len(sent)-1], func(c redis.Cmder) bool { return c.Err() != nil }) {
		err = nil // the bell alone: this user may not ring it
	}
	if err == nil {
		return nil
	}
	if !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return fmt.Errorf("enqueueing %d tasks: %w", n, err)
	}
	if err := enqueueMany.Eval(ctx, q.db, []string{queueKey("", "pending")}, 0).Err(); err != nil { // without tasks: it is met
		return fmt.Errorf("enqueueing %d tasks: %w", n, err)
	}
	for i := range n { // this Redis had not met the scripts yet: one by one, asynq's is sent with them
		if err := put(q, i); err != nil {
			return err
		}
	}
	_ = q.db.Publish(ctx, bell, "").Err() // the bell alone: who does not hear it looks a little later
	return nil
}

// unsent takes the commands that asynq would send, so that they go together: how a task is
// written stays asynq's.
type unsent struct{ commands [][]any }

// enqueueMany does for many tasks of one queue what asynq's own script does for each.
//
// KEYS: the queue's list of waiting tasks, then the tasks. ARGV: the time, then the message and id of each.
var enqueueMany = redis.NewScript(`
local ids = {}
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then
    redis.call('HSET', KEYS[i], 'msg', ARGV[2 * i - 2], 'state', 'pending', 'pending_since', ARGV[1])
    ids[#ids + 1] = ARGV[2 * i - 1]
  end
end
if #ids > 0 then redis.call('LPUSH', KEYS[1], unpack(ids)) end
return #ids`)

// enqueueOne is the SHA-1 of the script by which asynq enqueues a task that may run at once.
const enqueueOne = "98d28b42650870a743450ffda9791e9e19c6991b"

// mostTogether bounds how long one script keeps Redis from everybody else.
const mostTogether = 200

// together are the commands with those of one queue made one. What is not asynq's script of
// today goes as it is.
func (u *unsent) together() (all [][]any) {
	type many struct{ keys, args []any }
	var queues []*many
	for _, c := range u.commands {
		if len(c) != 8 || c[0] != "evalsha" || c[1] != enqueueOne {
			all = append(all, c)
			continue
		}
		i := slices.IndexFunc(queues, func(m *many) bool { return m.keys[0] == c[4] && len(m.keys) <= mostTogether })
		if i < 0 {
			i, queues = len(queues), append(queues, &many{keys: []any{c[4]}, args: []any{c[7]}})
		}
		m := queues[i]
		m.keys, m.args = append(m.keys, c[3]), append(m.args, c[5], c[6])
	}
	for _, m := range queues {
		all = append(all, slices.Concat([]any{"evalsha", enqueueMany.Hash(), len(m.keys)}, m.keys, m.args))
	}
	return all
}

func (u *unsent) DialHook(next redis.DialHook) redis.DialHook { return next }

func (u *unsent) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		u.commands = append(u.commands, cmd.Args())
		switch cmd := cmd.(type) {
		case *redis.Cmd:
			cmd.SetVal(int64(1)) // of the script: it is new
		case *redis.IntCmd:
			cmd.SetVal(1)
		default:
			return fmt.Errorf("asynq sends %s, which was not foreseen", cmd.Name())
		}
		return nil
	}
}

func (u *unsent) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func noDial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("these commands are sent together")
}

// Count is a provider's tasks that will run, or do.
type Count struct {
	Tasks int64
	empty map[string]bool // the queues whose list of waiting tasks is empty
}

// leaseLate is how long after the end of its lease a task that asynq calls active may still be
// handed back by it.
const leaseLate = time.Minute

// leased is from when on a lease counts. What is active without one is so for ever.
func leased() int64 { return time.Now().Add(-leaseLate).Unix() }

// Count counts a provider's tasks.
func (q *TaskQueue) Count(ctx context.Context, provider string) (Count, error) {
	waiting, others := make([]*redis.IntCmd, len(Classes)), []*redis.IntCmd(nil)
	_, err := q.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, class := range Classes {
			name := Name(provider, class)
			waiting[i] = p.LLen(ctx, queueKey(name, "pending"))
			others = append(others, p.ZCard(ctx, queueKey(name, "scheduled")), p.ZCard(ctx, queueKey(name, "retry")),
				p.ZCount(ctx, queueKey(name, "lease"), strconv.FormatInt(leased(), 10), "+inf"))
		}
		return nil
	})
	if err != nil {
		return Count{}, fmt.Errorf("counting the tasks of %s: %w", provider, err)
	}
	c := Count{empty: map[string]bool{}}
	for i, class := range Classes {
		c.Tasks += waiting[i].Val()
		c.empty[Name(provider, class)] = waiting[i].Val() == 0
	}
	for _, n := range others {
		c.Tasks += n.Val()
	}
	return c, nil
}

// Missing finds which of some envelopes of one provider had no task that would run when they
// were counted: lost have none, and blocked one of their id that does nothing.
func (q *TaskQueue) Missing(ctx context.Context, counted Count, records []*ledger.Record) (lost, blocked []*ledger.Record, err error) {
	states, leases := make([]*redis.StringCmd, len(records)), make([]*redis.FloatCmd, len(records))
	answers, err := q.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, r := range records {
			name, id := Name(r.Provider, ClassOf(r)), taskID(r.Key(), r.Generation)
			states[i], leases[i] = p.HGet(ctx, queueKey(name, "t:"+id), "state"), p.ZScore(ctx, queueKey(name, "lease"), id)
		}
		return nil
	})
	if err := ledger.PipelineError(answers, err); err != nil {
		return nil, nil, fmt.Errorf("reading %d tasks: %w", len(records), err)
	}
	for i, r := range records {
		switch state := states[i].Val(); {
		case state == "":
			lost = append(lost, r)
		case state == "archived", state == "completed", state == "pending" && counted.empty[Name(r.Provider, ClassOf(r))],
			state == "active" && int64(leases[i].Val()) < leased():
			blocked = append(blocked, r)
		}
	}
	return lost, blocked, nil
}

// Package ledger is the record of every envelope, in Redis. asynq carries the work,
// the ledger knows the truth: losing the whole queue loses no envelope.
//
// # How a record changes
//
// One Lua script per kind of change, so that the state, the campaign's index, the
// counters, the index of what is due and the outbox of notifications change in one
// step or not at all. Every script but create is fenced: a worker writes under the
// token of its claim, others under the version that they have read. A claim lapses
// when it is not renewed, the next one has another token, and whoever was taken over
// cannot write any more.
//
// # What stands where
//
// Each envelope is in exactly one of: the index "work" (somebody has to do something,
// at the latest then), the index "look" (sent; to be looked at then), or none (ended,
// or parked by a paused campaign). The sweeper empties "work" of what no task carries,
// the poller empties "look". What is enqueued, or brought back by an operation, is in neither
// while its task follows: one entry for a whole batch tells the sweeper of a process that died
// in between.
//
// All keys share the hash tag {chancela}: on a Redis Cluster the ledger is in one slot.
package ledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/together"
)

const prefix = "{chancela}:"

// State is where an envelope stands. The words are those of reports and of the API.
type State string

// The states, and only these.
const (
	Queued    State = "queued"
	Preparing State = "preparing"
	Sent      State = "sent"
	Completed State = "completed"
	Archived  State = "archived"
	Declined  State = "declined"
	Expired   State = "expired"
	Canceled  State = "canceled"
	Failed    State = "failed"
	InDoubt   State = "in_doubt"
)

// States are all states in the order of an envelope's life.
var States = []State{Queued, Preparing, Sent, Completed, Archived, Declined, Expired, Canceled, Failed, InDoubt}

// Terminal tells whether an envelope in this state needs nobody any more.
func (s State) Terminal() bool {
	switch s {
	case Queued, Preparing, Sent, Completed:
		return false
	}
	return true
}

// over tells that nothing becomes of an envelope any more, whatever somebody decides: its content may be forgotten.
func (s State) over() bool { return s.Terminal() && s != Failed && s != InDoubt }

// Errors that callers decide on.
var (
	ErrNotFound = errors.New("not in the ledger")
	// ErrLost: somebody else has taken the envelope over, or changed it since it was read.
	ErrLost = errors.New("the envelope is in other hands")
)

//go:embed lua/*.lua
var sources embed.FS

// script is one of lua's, with what it takes from others.
func script(name string, others ...string) *redis.Script {
	read := func(file string) string {
		b, err := sources.ReadFile("lua/" + file + ".lua")
		if err != nil {
			panic(err) // embedded: cannot be missing
		}
		return string(b)
	}
	source := read("common")
	for _, other := range append(others, name) {
		source += read(other)
	}
	return redis.NewScript(source)
}

var (
	createScript                   = script("create")
	claimScript                    = script("claim", "sending")
	renewScript                    = script("renew")
	intentScript                   = script("intent", "sending")
	writeScript                    = script("write", "sending", "reminding")
	takeScript                     = script("take")
	dueScript                      = script("due")
	restScript                     = script("rest")
	dropScript                     = script("drop")
	carriedScript                  = script("carried")
	batchedScript, abandonedScript = script("batched"), script("abandoned")
	remindRuleScript               = script("remind_rule", "sending")
	remindTakeScript               = script("remind_take", "reminding")
	remindBeginScript              = script("remind_begin", "reminding")
	remindAskScript                = script("remind_ask", "reminding")
	hoursScript, planScript        = script("hours", "sending"), script("plan")
	listedScript                   = script("listed")

	troubleScript = script("trouble")
	wellScript    = script("well")
	probeScript   = script("probe")
)

// Ledger is the record in one Redis.
type Ledger struct {
	db         redis.UniversalClient
	scripts    *together.Scripts // of those that many goroutines run at once
	durability Durability
	hashKey    atomic.Pointer[[]byte] // of invitations
}

// New gives the ledger that is in a Redis; durability is how its writes are made durable,
// see [Inspect].
func New(db redis.UniversalClient, durability Durability) *Ledger {
	return &Ledger{db: db, scripts: together.New(db), durability: durability}
}

// Durability is how the ledger makes a write durable.
func (l *Ledger) Durability() Durability { return l.durability }

// Redis is the connection, for those who keep their own keys beside the ledger.
func (l *Ledger) Redis() redis.UniversalClient { return l.db }

// Ping tells whether Redis answers.
func (l *Ledger) Ping(ctx context.Context) error {
	if err := l.db.Ping(ctx).Err(); err != nil {
		return lang.Errorf("redis does not answer: %w", err)
	}
	return nil
}

// Writable tells whether Redis answers and takes what is written: it may be out of memory,
// a replica, without the replicas that it wants, or unable to save.
func (l *Ledger) Writable(ctx context.Context) error {
	if err := l.db.Set(ctx, prefix+"writable", 1, time.Minute).Err(); err != nil {
		return lang.Errorf("redis does not take what is written: %w", err)
	}
	return nil
}

func envelopeKey(key string) string { return prefix + "e:" + key }
func campaignKey(c string) string   { return prefix + "campaign:" + c }
func providerKey(p string) string   { return prefix + "provider:" + p }
func blobKey(key string) string     { return prefix + "b:" + key }

// Index is one of the two indexes of what is due.
type Index string

// The indexes, and the ways of not standing in a new one.
const (
	Work Index = "work"
	Look Index = "look"
	none Index = "none"
	keep Index = "keep"
	task Index = "task" // a task of asynq's is known to carry it

	batched Index = "batch" // a task follows at once
)

// letterOf is an index as a record has it.
func letterOf(x Index) string {
	if x == keep {
		return string(keep)
	}
	return string(x[:1])
}

func (x Index) key(provider string) string { return prefix + string(x) + ":" + provider }

func millis(d time.Duration) string { return strconv.FormatInt(max(0, d.Milliseconds()), 10) }

// Now is the server's clock: the one that all times of the ledger are of.
func (l *Ledger) Now(ctx context.Context) (time.Time, error) {
	t, err := l.db.Time(ctx).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("ledger: reading the clock: %w", err)
	}
	return t, nil
}

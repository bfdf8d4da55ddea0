package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Kind is what an operation does to every envelope of a campaign.
type Kind string

// The kinds. ForgetUnfinished is ForgetAll that ends failed and doubtful envelopes, too.
const (
	CancelAll        Kind = "cancel"
	RetryAll         Kind = "retry"
	RemindAll        Kind = "remind"
	ResumeAll        Kind = "resume"
	ForgetAll        Kind = "forget"
	ForgetUnfinished Kind = "forget_unfinished"
	RemindersAll     Kind = "reminders" // what is sent is placed by a rule of reminders, see [Ledger.SetReminders]
)

// Operation is something that is done to all envelopes that a campaign had when it was asked
// for. It outlives the process that has begun it: whoever holds it does the next page, and what
// is done is recorded in the same step.
type Operation struct {
	ID, Campaign string
	Kind         Kind
	By           string // the name of the API key that has asked for it; empty: the command line
	Total        int64  // envelopes that the campaign had
	Seen, Done   int64
	Refused      []NotDone // the most frequent first
	Begun, Ended time.Time // not ended: zero

	// Looked: somebody has looked whether the archive knows more of the campaign than the ledger.
	Looked bool

	last   int64 // number of the last envelope that it is for
	cursor string
}

// NotDone is for how many envelopes an operation was not done, and why.
type NotDone struct {
	Why       string // a state, or "unsupported PROVIDER"
	Envelopes int64
	IDs       []string // the first hundred
}

// ErrNoOperation: there is no such operation, or it ended more than a week ago.
var ErrNoOperation = errors.New("no such operation")

var (
	beginOperationScript = script("operation_begin", "resuming")
	takeOperationScript  = script("operation_take")
	keepOperationScript  = script("operation_keep")
	operateScript        = script("operate", "reminding")
)

const operationsKey = prefix + "operations"

func operationKey(id string) string { return prefix + "operation:" + id }

// BeginOperation records an operation for somebody to carry on: the caller with
// [Ledger.TakeOperation], or another process. From now on, nobody whom it is to cancel is
// invited; what it is to resume is paused and halted ([Halt]) no more. unable are the providers that cannot do it to a sent envelope.
func (l *Ledger) BeginOperation(ctx context.Context, campaign string, kind Kind, by string, unable []string) (Operation, error) {
	id := string(kind) + "-" + strings.ToLower(rand.Text()[:16])
	found, err := beginOperationScript.Run(ctx, l.db, []string{operationKey(id), operationsKey, campaignKey(campaign)}, id, string(kind), campaign, by, strings.Join(unable, " ")).Int()
	if err != nil {
		return Operation{}, fmt.Errorf("ledger: beginning to %s %s: %w", kind, campaign, err)
	}
	if found == 0 {
		return Operation{}, fmt.Errorf("campaign %s: %w", campaign, ErrNotFound)
	}
	return l.Operation(ctx, id)
}

// Operation tells how far an operation is; [ErrNoOperation] when there is none.
func (l *Ledger) Operation(ctx context.Context, id string) (Operation, error) {
	h, err := l.db.HGetAll(ctx, operationKey(id)).Result()
	if err != nil {
		return Operation{}, fmt.Errorf("ledger: reading operation %s: %w", id, err)
	}
	if len(h) == 0 {
		return Operation{}, fmt.Errorf("%s: %w", id, ErrNoOperation)
	}
	return operation(id, h), nil
}

func operation(id string, h map[string]string) Operation {
	o := Operation{ID: id, Campaign: h["campaign"], Kind: Kind(h["kind"]), By: h["by"], Total: atoi(h["last"]), Seen: atoi(h["seen"]), Done: atoi(h["done"]),
		Begun: milliTime(h["begun"]), Ended: milliTime(h["ended"]), Looked: h["looked"] == "1", last: atoi(h["last"]), cursor: h["cursor"]}
	for field, n := range h {
		if why, ok := strings.CutPrefix(field, "n "); ok {
			o.Refused = append(o.Refused, NotDone{why, atoi(n), strings.Fields(h["ids "+why])})
		}
	}
	slices.SortFunc(o.Refused, func(a, b NotDone) int {
		if a.Envelopes != b.Envelopes {
			return int(b.Envelopes - a.Envelopes)
		}
		return strings.Compare(a.Why, b.Why)
	})
	return o
}

// HeldOperation is the right to carry an operation on. It lapses when no page is done within the lease.
type HeldOperation struct {
	Operation
	token  string
	lease  time.Duration
	ledger *Ledger
}

// TakeOperation takes an operation that is not over and that nobody holds: the one with this
// id, or (empty) any. It returns nil when there is none.
func (l *Ledger) TakeOperation(ctx context.Context, id string, lease time.Duration) (*HeldOperation, error) {
	token := rand.Text()
	res, err := takeOperationScript.Run(ctx, l.db, []string{operationsKey}, token, millis(lease), id).Slice()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: taking an operation: %w", err)
	}
	flat, h := res[1].([]any), map[string]string{}
	for i := 0; i+1 < len(flat); i += 2 {
		h[text(flat[i])] = text(flat[i+1])
	}
	return &HeldOperation{operation(text(res[0]), h), token, lease, l}, nil
}

// Keep keeps the operation from others, while something before a page takes long, until it is
// stopped. held ends when another has it, with [ErrLost] as its cause.
func (o *HeldOperation) Keep(ctx context.Context) (held context.Context, stop func()) {
	return KeepUp(ctx, o.lease, o.until)
}

// SetLooked records that somebody has looked whether the archive knows more of the campaign, and
// has said so if it does ([Ledger.Younger]).
func (o *HeldOperation) SetLooked(ctx context.Context) error {
	err := o.ledger.db.HSet(ctx, operationKey(o.ID), "looked", "1").Err()
	o.Looked = err == nil
	return failed("operation "+o.ID, err)
}

// LetGo lets others take the operation, after those that wait already. [ErrLost] when another has it
// by now.
func (o *HeldOperation) LetGo(ctx context.Context) error {
	return failed("handing operation "+o.ID+" on", o.until(ctx, 0))
}

// until lets others take the operation after a time, as long as nobody else has it.
func (o *HeldOperation) until(ctx context.Context, after time.Duration) error {
	n, err := keepOperationScript.Run(ctx, o.ledger.db, []string{operationKey(o.ID), operationsKey}, o.token, millis(after), o.ID).Int()
	if err == nil && n == 0 {
		err = ErrLost
	}
	return err
}

// Lanes are the ways of an operation's tasks to workers: the first few go ahead.
type Lanes struct {
	Few         int
	Ahead, Rest string
}

// OperationPage is a page of an operation's envelopes.
type OperationPage struct {
	keys []string
	next string
}

// Page reads the next page of up to n envelopes.
func (o *HeldOperation) Page(ctx context.Context, n int) (OperationPage, error) {
	var states []State // all
	switch o.Kind {
	case ResumeAll:
		states = []State{Queued, Preparing}
	case RemindersAll:
		states = []State{Sent}
	}
	ids, next, err := o.ledger.ids(ctx, o.Campaign, states, o.cursor, n)
	if err != nil {
		return OperationPage{}, err
	}
	p := OperationPage{next: next}
	for _, id := range ids {
		if id.seq > o.last {
			p.next = ""
			break
		}
		p.keys = append(p.keys, o.Campaign+"/"+id.id)
	}
	return p, nil
}

// Tasks tells which envelopes of a page would need a task, and changes nothing. [ErrLost] when
// another holds the operation by now.
func (o *HeldOperation) Tasks(ctx context.Context, p OperationPage, w Lanes) ([]*Record, error) {
	records, _, err := o.operate(ctx, p, w, true)
	return records, err
}

// Do does a page and records it. It returns the envelopes that need a task, and what [Ledger.Batched]
// is to be told when they have one; the sweeper brings them a little later, too. [ErrLost] when another holds the operation by now. After the last
// page the operation has ended.
func (o *HeldOperation) Do(ctx context.Context, p OperationPage, w Lanes) ([]*Record, []Batch, error) {
	records, batches, err := o.operate(ctx, p, w, false)
	if err == nil {
		o.cursor = p.next
	}
	return records, batches, err
}

// Over tells whether the last page is done.
func (p OperationPage) Over() bool { return p.next == "" }

func (o *HeldOperation) operate(ctx context.Context, p OperationPage, w Lanes, onlyTell bool) ([]*Record, []Batch, error) {
	keys := make([]string, 0, 3+len(p.keys))
	keys = append(keys, operationKey(o.ID), operationsKey, campaignKey(o.Campaign))
	for _, k := range p.keys {
		keys = append(keys, envelopeKey(k))
	}
	res, err := operateScript.Run(ctx, o.ledger.db, keys, o.ID, o.token, millis(o.lease), o.cursor, p.next, millis(SweepAfter),
		strconv.Itoa(w.Few), w.Ahead, w.Rest, flag(onlyTell)).Slice()
	if err != nil {
		return nil, nil, fmt.Errorf("ledger: %s of %s: %w", o.Kind, o.Campaign, err)
	}
	if text(res[0]) != "ok" {
		return nil, nil, fmt.Errorf("operation %s: %w", o.ID, ErrLost)
	}
	flat := res[1].([]any)
	records := make([]*Record, 0, len(flat)/6)
	for f := range slices.Chunk(flat, 6) {
		r := &Record{Provider: text(f[1]), State: State(text(f[2])), Lane: text(f[3]), Generation: number(f[4]), Version: number(f[5])}
		r.Campaign, r.ID, _ = strings.Cut(text(f[0]), "/")
		records = append(records, r)
	}
	return records, batchesOf(res[2]), nil
}

package jobs

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// An operation on a whole campaign is recorded first and then done page by page, by whoever
// holds it: the command that has asked for it, the request, or any process that works,
// schedules or serves. When its holder dies, another goes on within operationLease.

const (
	operationPage  = 400
	operationLease = 10 * time.Second
	// operationTurn is how long one operation is carried on while others wait.
	operationTurn = 2 * time.Second
	// operationPoll is how often operations that nobody holds are looked for.
	operationPoll = time.Second
	// pageWithin bounds one page, which is finished although the process is to stop.
	pageWithin = 30 * time.Second
)

var operationLanes = ledger.Lanes{Few: fewEnvelopes, Ahead: string(pace.Steer), Rest: string(queue.Bulk)}

// Operation is an operation on a whole campaign, and how far it is.
type Operation struct {
	ledger.Operation
	Result Result // so far
}

// Begin records an operation on all envelopes that a campaign has now, in the name of whom it
// is for. It takes effect at once: nobody is invited whom it is to cancel. Somebody carries it
// on: the caller with [Client.Carry], or another process.
func (c *Client) Begin(ctx context.Context, campaign string, kind ledger.Kind, by string) (Operation, error) {
	if kind == ledger.ForgetAll || kind == ledger.ForgetUnfinished {
		if err := c.forgettable(ctx, campaign, kind); err != nil {
			return Operation{}, err
		}
	}
	o, err := c.ledger.BeginOperation(ctx, campaign, kind, by, c.unable(kind))
	return Operation{o, resultOf(o)}, err
}

// forgettable refuses to forget a campaign of which somebody has still to decide on an envelope.
func (c *Client) forgettable(ctx context.Context, campaign string, kind ledger.Kind) error {
	if err := c.ledger.Forgettable(ctx, campaign, kind == ledger.ForgetUnfinished); err != nil {
		return err
	}
	return c.unmarked(ctx, campaign)
}

// Operation tells how far an operation is.
func (c *Client) Operation(ctx context.Context, id string) (Operation, error) {
	o, err := c.ledger.Operation(ctx, id)
	return Operation{o, resultOf(o)}, err
}

// Carry carries an operation on until it has ended or the context has, and returns how far it
// is. When another process holds it, it waits for that one. progress is told after every page;
// it may be nil.
func (c *Client) Carry(ctx context.Context, id string, progress func(Operation)) (Operation, error) {
	for {
		held, err := c.ledger.TakeOperation(ctx, id, operationLease)
		if err == nil && held != nil {
			err = c.pages(ctx, held, 0, func() {
				if progress != nil {
					if o, err := c.Operation(ctx, id); err == nil {
						progress(o)
					}
				}
			})
		}
		if err != nil && ctx.Err() == nil {
			return Operation{}, err
		}
		o, err := c.Operation(context.WithoutCancel(ctx), id)
		if err != nil || !o.Ended.IsZero() {
			return o, err
		}
		if progress != nil {
			progress(o)
		}
		select {
		case <-ctx.Done():
			return o, ctx.Err()
		case <-time.After(operationPoll / 4):
		}
	}
}

// answerWithin is how long [Client.Start] carries an operation on itself.
const answerWithin = 500 * time.Millisecond

// Start is [Client.Begin] for those who cannot wait: it carries the operation on for a moment, in
// which one on a small campaign ends.
func (c *Client) Start(ctx context.Context, campaign string, kind ledger.Kind, by string) (Operation, error) {
	o, err := c.Begin(ctx, campaign, kind, by)
	if err != nil {
		return o, err
	}
	moment, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	begun := o
	// It is recorded, and others carry it on: what keeps this one from it is theirs to meet.
	if o, err = c.Carry(moment, o.ID, nil); o.ID == "" || err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return begun, nil
	}
	return o, nil
}

// CarryOperations carries on the operations that nobody holds, until the context ends.
func (c *Client) CarryOperations(ctx context.Context) error {
	tick := time.NewTicker(operationPoll)
	defer tick.Stop()
	for {
		held, err := c.ledger.TakeOperation(ctx, "", operationLease)
		if err == nil && held != nil {
			err = c.pages(ctx, held, operationTurn, func() {})
		}
		if err == nil && held != nil {
			continue
		}
		if err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "operations", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// pages does pages of an operation until it has ended, or the context or (unless it is 0) the
// turn has, and hands it on then.
func (c *Client) pages(ctx context.Context, o *ledger.HeldOperation, turn time.Duration, done func()) (err error) {
	begun := time.Now()
	if err := c.look(ctx, o); errors.Is(err, ledger.ErrLost) {
		return nil // another has taken it over
	} else if err != nil {
		return errors.Join(err, c.letGo(ctx, o))
	}
	follow := c.followers(ctx)
	defer func() { err = errors.Join(err, follow.wait()) }()
	for ctx.Err() == nil && (turn == 0 || time.Since(begun) < turn) {
		over, err := c.page(ctx, o, follow)
		if errors.Is(err, ledger.ErrLost) {
			return nil // another has taken it over
		}
		if err != nil {
			return errors.Join(err, c.letGo(ctx, o))
		}
		done()
		if over {
			c.log.InfoContext(ctx, "operation", "operation", o.ID, "campaign", o.Campaign, "kind", string(o.Kind))
			return nil
		}
	}
	return c.letGo(ctx, o)
}

func (c *Client) letGo(ctx context.Context, o *ledger.HeldOperation) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageWithin)
	defer cancel()
	if err := o.LetGo(ctx); !errors.Is(err, ledger.ErrLost) { // else another has taken it over
		return err
	}
	return nil
}

// page does one page, and puts the tasks that it needs on the queue: those of reminders first,
// as nothing else knows of them; all others are in the ledger, and the sweeper would bring them.
func (c *Client) page(ctx context.Context, o *ledger.HeldOperation, follow *followers) (over bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageWithin)
	defer cancel()
	p, err := o.Page(ctx, operationPage)
	if err != nil {
		return false, err
	}
	if o.Kind == ledger.RemindAll {
		records, err := o.Tasks(ctx, p, operationLanes)
		if err == nil {
			err = c.tasks.Reminders(ctx, tasksOf(records, func(r *ledger.Record) pace.Class { return pace.Class(r.Lane) }), o.Begun)
		}
		if err != nil {
			return false, err
		}
		_, _, err = o.Do(ctx, p, operationLanes)
		return p.Over(), err
	}
	records, batches, err := o.Do(ctx, p, operationLanes)
	if err == nil {
		err = follow.put(records, batches)
	}
	return p.Over(), err
}

// followers puts the tasks of one page on the queue while the next page is done: one waits for Redis while
// the other makes work for it.
type followers struct {
	client *Client
	ctx    context.Context
	before chan error // of the page before; nil: none is under way
}

func (c *Client) followers(ctx context.Context) *followers {
	return &followers{client: c, ctx: context.WithoutCancel(ctx)}
}

// put begins with a page's tasks when those of the page before are on the queue.
func (f *followers) put(records []*ledger.Record, batches []ledger.Batch) error {
	if err := f.wait(); err != nil || len(records) == 0 {
		return err
	}
	done := make(chan error, 1)
	f.before = done
	go func() {
		ctx, cancel := context.WithTimeout(f.ctx, pageWithin)
		defer cancel()
		done <- guard.Panics(func() error {
			if err := f.client.tasks.Envelopes(ctx, tasksOf(records, queue.ClassOf)); err != nil {
				return err
			}
			return f.client.ledger.Batched(ctx, batches...)
		})()
	}()
	return nil
}

// wait waits until the tasks of the last page are on the queue.
func (f *followers) wait() error {
	if f.before == nil {
		return nil
	}
	err := <-f.before
	f.before = nil
	return err
}

func tasksOf(records []*ledger.Record, class func(*ledger.Record) pace.Class) []queue.Envelope {
	tasks := make([]queue.Envelope, len(records))
	for i, r := range records {
		tasks[i] = queue.Envelope{Provider: r.Provider, Class: class(r), Key: r.Key(), Generation: r.Generation}
	}
	return tasks
}

// unable are the providers that cannot do to a sent envelope what an operation is for.
func (c *Client) unable(kind ledger.Kind) (names []string) {
	for _, p := range c.judge.Providers() {
		able := true
		switch kind {
		case ledger.CancelAll:
			_, able = p.(providers.Canceler)
		case ledger.RemindAll:
			_, able = p.(providers.Reminder)
		}
		if !able {
			names = append(names, p.Info().Name)
		}
	}
	return names
}

// RetryAll is [Client.Retry] for all envelopes that a campaign has now. Its error is only what kept it
// from going on: what is in another state is counted in the result.
func (c *Client) RetryAll(ctx context.Context, campaign string) (Result, error) {
	return c.all(ctx, campaign, ledger.RetryAll)
}

// CancelAll is [Client.Cancel] for all envelopes that a campaign has now, as RetryAll.
func (c *Client) CancelAll(ctx context.Context, campaign string) (Result, error) {
	return c.all(ctx, campaign, ledger.CancelAll)
}

// RemindAll is [Client.Remind] for all envelopes that a campaign has now, as RetryAll.
func (c *Client) RemindAll(ctx context.Context, campaign string) (Result, error) {
	return c.all(ctx, campaign, ledger.RemindAll)
}

// all does something to all envelopes that a campaign has.
func (c *Client) all(ctx context.Context, campaign string, kind ledger.Kind) (Result, error) {
	o, err := c.Begin(ctx, campaign, kind, "")
	if err == nil {
		o, err = c.Carry(ctx, o.ID, nil)
	}
	return o.Result, err
}

// resultOf says what an operation has come to, in the words of [Client.Retry] and its like.
func resultOf(o ledger.Operation) Result {
	r := Result{Done: int(o.Done)}
	if o.Kind == ledger.ResumeAll {
		return r // what needed no resuming was not refused
	}
	for _, x := range o.Refused {
		n := refusal(o.Kind, x.Why)
		r.Refused = append(r.Refused, Refusal{Reason: n.reason, Message: n.String(), Envelopes: int(x.Envelopes), IDs: x.IDs, err: n, said: n.Text})
	}
	return r
}

// refusal is why an operation was not done to an envelope: a state, or "unsupported PROVIDER".
func refusal(kind ledger.Kind, why string) *notNowError {
	reason, provider, _ := strings.Cut(why, " ")
	state := report.StateWord(ledger.State(why))
	switch kind {
	case ledger.RetryAll:
		return notNow(reason, "%s, and only failed envelopes are retried", state)
	case ledger.RemindAll:
		if provider != "" {
			return notNow(reason, "%s offers no reminders", provider)
		}
		if why == reminded {
			return justReminded()
		}
		if why == unconfirmed {
			return notNow(reason, "sent, but its provider has not confirmed under which id")
		}
		return notNow(reason, "%s, and only sent envelopes have pending signers", state)
	case ledger.ForgetAll, ledger.ForgetUnfinished:
		return notNow(reason, "%s, changed meanwhile: forget the campaign again when it has ended", state)
	}
	switch {
	case provider != "":
		return notNow(reason, "sent, and %s cannot withdraw envelopes", provider)
	case why == string(ledger.InDoubt):
		return notNow(reason, "in doubt: resolve it first")
	}
	return notNow(reason, "%s already", state)
}

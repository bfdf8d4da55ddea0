package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// Result is what became of an operation on several envelopes.
type Result struct {
	Done    int       `json:"done"`
	Refused []Refusal `json:"refused,omitempty"`
	// UnderWay is how many invitations may still leave after a pause.
	UnderWay int `json:"under_way,omitempty"`
}

// Refusal is one reason why something was not done, and for which envelopes.
type Refusal struct {
	Reason    string   `json:"reason"`  // a stable word: a state, unsupported, not_found
	Message   string   `json:"message"` // for people
	Envelopes int      `json:"envelopes"`
	IDs       []string `json:"ids"` // the first hundred

	err  error
	said lang.Text
}

// Said is the message in the words of who reads it.
func (x Refusal) Said() lang.Text {
	if x.said.IsZero() {
		return lang.Plain(x.Message)
	}
	return x.said
}

// maxIDs bounds the ids of a [Refusal]: a campaign may have a million.
const maxIDs = 100

// NotDone is for how many envelopes it was not done.
func (r Result) NotDone() (n int) {
	for _, x := range r.Refused {
		n += x.Envelopes
	}
	return n
}

// Err is nil when it was done for all; otherwise a [*RefusedError].
func (r Result) Err() error {
	if len(r.Refused) == 0 {
		return nil
	}
	e := &RefusedError{}
	var parts []string
	for _, x := range r.Refused {
		parts = append(parts, fmt.Sprintf("%s: %s", strings.Join(x.IDs, ", "), x.Message))
		e.causes = append(e.causes, x.err)
	}
	e.text = strings.Join(parts, "; ")
	return e
}

// RefusedError says for which envelopes an operation was not done; for all others it was. It is,
// among others, [ErrNotNow] or [ledger.ErrNotFound]. What kept an operation from going on is another
// error, and never has this kind.
type RefusedError struct {
	text   string
	causes []error
}

func (e *RefusedError) Error() string   { return e.text }
func (e *RefusedError) Unwrap() []error { return e.causes }

// refused adds an envelope that it was not done for.
func (r *Result) refused(id string, err error) {
	reason, said := "not_found", lang.Of("no such envelope")
	if n, ok := errors.AsType[*notNowError](err); ok {
		reason, said = n.reason, n.Text
	}
	message := said.String()
	i := slices.IndexFunc(r.Refused, func(x Refusal) bool { return x.Reason == reason && x.Message == message })
	if i < 0 {
		i = len(r.Refused)
		r.Refused = append(r.Refused, Refusal{Reason: reason, Message: message, err: err, said: said})
	}
	x := &r.Refused[i]
	x.Envelopes++
	if len(x.IDs) < maxIDs {
		x.IDs = append(x.IDs, id)
	}
}

// ErrNotNow: the envelope is in a state in which this cannot be done.
var ErrNotNow = errors.New("not possible in this state")

type notNowError struct {
	reason string
	lang.Text
}

func (e *notNowError) Error() string        { return e.String() }
func (e *notNowError) Is(target error) bool { return target == ErrNotNow }

func notNow(reason, format string, args ...any) *notNowError {
	return &notNowError{reason, lang.Of(format, args...)}
}

const (
	operatePage    = 200
	operateAtOnce  = 8
	operateRepeats = 20
)

// ErrNoIDs: no envelope was named. An empty list never means the whole campaign.
var ErrNoIDs = errors.New("no ids were given: RetryAll, CancelAll, RemindAll and WouldAll are for a whole campaign")

type operation func(ctx context.Context, r *ledger.Record, lane pace.Class) error

// each runs an operation for the named envelopes of a campaign. It goes on after a refusal. The error
// is what kept it from going on, or else a [*RefusedError].
func (c *Client) each(ctx context.Context, campaign string, ids []string, do operation) (Result, error) {
	var res Result
	if len(ids) == 0 {
		return res, ErrNoIDs
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if _, err := c.ledger.Campaign(ctx, campaign); err != nil {
		return res, err
	}
	for page := range slices.Chunk(ids, operatePage) {
		keys := make([]string, len(page))
		for i, id := range page {
			keys[i] = Key{Campaign: campaign, ID: id}.String()
		}
		records, err := c.ledger.GetMany(ctx, keys)
		if err == nil {
			err = c.together(ctx, &res, page, records, do)
		}
		if err != nil {
			return res, err
		}
	}
	return res, res.Err()
}

// together runs an operation for a page of envelopes, some at a time. A record is nil
// where there is none.
func (c *Client) together(ctx context.Context, res *Result, ids []string, records []*ledger.Record, do operation) error {
	outcomes := make([]error, len(records))
	var g errgroup.Group
	g.SetLimit(operateAtOnce)
	for i, r := range records {
		if r == nil {
			outcomes[i] = ledger.ErrNotFound
			continue
		}
		lane := laneOf(res.Done + i)
		g.Go(func() error {
			outcomes[i] = guard.Panics(func() error {
				return c.insist(ctx, r, func(r *ledger.Record) error { return do(ctx, r, lane) })
			})()
			return nil
		})
	}
	g.Wait() // the outcomes are judged in their order
	var broken error
	for i, err := range outcomes {
		switch {
		case err == nil:
			res.Done++
		case errors.Is(err, ErrNotNow), errors.Is(err, ledger.ErrNotFound):
			res.refused(ids[i], err)
		case broken == nil:
			broken = err
		}
	}
	return broken
}

// insist repeats an operation on a record that a worker changes meanwhile.
func (c *Client) insist(ctx context.Context, r *ledger.Record, do func(*ledger.Record) error) error {
	for range operateRepeats {
		err := do(r)
		if !errors.Is(err, ledger.ErrLost) {
			return err
		}
		fresh, err := c.ledger.Get(ctx, r.Key())
		if err != nil {
			return err
		}
		r = fresh
	}
	return fmt.Errorf("%s is changing all the time: %w", r.Key(), ledger.ErrLost)
}

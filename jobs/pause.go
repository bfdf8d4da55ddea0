package jobs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// pauseEvery is how often [Client.AwaitPause] looks whether invitations are still under way.
const pauseEvery = 250 * time.Millisecond

// Pause keeps a campaign from inviting anybody more. An invitation whose intent was written
// before may still leave, within [rest.Within]: UnderWay tells how many there are, and
// [Client.AwaitPause] waits for them.
func (c *Client) Pause(ctx context.Context, campaign string) (Result, error) {
	if err := c.ledger.Pause(ctx, campaign); err != nil {
		return Result{}, err
	}
	leaving, err := c.leaving(ctx, campaign)
	return Result{UnderWay: len(leaving)}, err
}

// AwaitPause waits until no invitation of a paused campaign can leave any more.
func (c *Client) AwaitPause(ctx context.Context, campaign string) error {
	keys, err := c.leaving(ctx, campaign)
	if err != nil {
		return err
	}
	tick := time.NewTicker(pauseEvery)
	defer tick.Stop()
	for len(keys) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		records, err := c.ledger.GetMany(ctx, keys)
		if err != nil {
			return err
		}
		now, err := c.ledger.Now(ctx)
		if err != nil {
			return err
		}
		keys = keys[:0]
		for _, r := range records {
			if r != nil && c.mayLeave(r, now) {
				keys = append(keys, r.Key())
			}
		}
	}
	return nil
}

// leaving are the keys of a campaign's envelopes whose invitation may still leave.
func (c *Client) leaving(ctx context.Context, campaign string) (keys []string, err error) {
	now, err := c.ledger.Now(ctx)
	if err != nil {
		return nil, err
	}
	for r, err := range c.ledger.All(ctx, campaign, ledger.Preparing) {
		if err != nil {
			return nil, err
		}
		if c.mayLeave(r, now) {
			keys = append(keys, r.Key())
		}
	}
	return keys, nil
}

// mayLeave tells whether an envelope's inviting call may still leave: its intent is young, and
// nobody has seen the call end.
func (c *Client) mayLeave(r *ledger.Record, now time.Time) bool {
	if r.State != ledger.Preparing || r.IntentAt.IsZero() || !r.SettleAt.IsZero() {
		return false
	}
	within := rest.SendWithin
	var e Envelope
	if p := c.judge.Provider(r.Provider); p != nil && json.Unmarshal(r.Envelope, &e) == nil {
		within = rest.Within(p.Info(), e)
	}
	return now.Before(r.IntentAt.Add(within))
}

// Resume ends a pause, and has the tasks of what was put away enqueued again.
func (c *Client) Resume(ctx context.Context, campaign string) error {
	_, err := c.all(ctx, campaign, ledger.ResumeAll)
	return err
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// ErrNotNow: the envelope is in a state in which this cannot be done.
var ErrNotNow = errors.New("not possible in this state")

// Pause keeps a campaign from inviting anybody more: when it has returned, no further
// invitation leaves.
func (c *Client) Pause(ctx context.Context, campaign string) error {
	return c.ledger.SetPaused(ctx, campaign, true)
}

// Resume ends a pause.
func (c *Client) Resume(ctx context.Context, campaign string) error {
	if err := c.ledger.SetPaused(ctx, campaign, false); err != nil {
		return err
	}
	for _, state := range []ledger.State{ledger.Queued, ledger.Preparing} {
		for r, err := range c.ledger.All(ctx, campaign, state) {
			if err != nil {
				return err
			}
			// Its task has gone, or finds nothing to do: the sweeper brings a new one.
			if err := c.ledger.Unpark(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// each runs an operation for the named envelopes of a campaign, or for all when none is
// named; those that it cannot be done for are skipped when they were not named. It
// returns how many it was done for.
func (c *Client) each(ctx context.Context, campaign string, ids []string, do func(*ledger.Record) error) (int, error) {
	n := 0
	if len(ids) > 0 {
		for _, id := range ids {
			r, err := c.ledger.Get(ctx, Key{Campaign: campaign, ID: id}.String())
			if err != nil {
				return n, err
			}
			if err := c.insist(ctx, r, do); err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	if _, err := c.ledger.Campaign(ctx, campaign); err != nil {
		return 0, err
	}
	for r, err := range c.ledger.All(ctx, campaign, "") {
		if err != nil {
			return n, err
		}
		switch err := c.insist(ctx, r, do); {
		case err == nil:
			n++
		case !errors.Is(err, ErrNotNow):
			return n, err
		}
	}
	return n, nil
}

// insist repeats an operation on a record that a worker changes meanwhile.
func (c *Client) insist(ctx context.Context, r *ledger.Record, do func(*ledger.Record) error) error {
	for range 20 {
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

// Retry puts failed envelopes back: to where they failed, with all attempts anew. It
// returns how many.
func (c *Client) Retry(ctx context.Context, campaign string, ids ...string) (int, error) {
	return c.each(ctx, campaign, ids, func(r *ledger.Record) error {
		if r.State != ledger.Failed {
			return fmt.Errorf("%s is %s, only failed envelopes are retried: %w", r.Key(), r.State, ErrNotNow)
		}
		ch := ledger.Change{To: ledger.Queued, Index: ledger.Work, Due: sweepAfter, Bump: true,
			Remove: []string{ledger.FieldAttempts, ledger.FieldErrorCode, ledger.FieldError, ledger.FieldNotBefore}}
		class := pace.Send
		if !r.CompletedAt.IsZero() {
			ch.To, class = ledger.Completed, pace.Fetch
		}
		if err := c.ledger.Write(ctx, r, ch); err != nil {
			return err
		}
		return c.courier.Envelope(ctx, r.Provider, class, r.Key(), r.Generation, 0)
	})
}

// Cancel stops envelopes that are not sent, and withdraws those that are where the
// provider can; a worker makes that call. It returns how many were stopped or are being
// withdrawn.
func (c *Client) Cancel(ctx context.Context, campaign string, ids ...string) (int, error) {
	return c.each(ctx, campaign, ids, func(r *ledger.Record) error {
		switch r.State {
		case ledger.Queued, ledger.Preparing:
		case ledger.InDoubt:
			return fmt.Errorf("%s is in doubt: resolve it first: %w", r.Key(), ErrNotNow)
		case ledger.Sent:
			if p, ok := c.providers[r.Provider]; ok {
				if _, ok := p.(providers.Canceler); !ok {
					return fmt.Errorf("%s is sent, and %s cannot withdraw envelopes: %w", r.Key(), r.Provider, ErrNotNow)
				}
			}
		default:
			return fmt.Errorf("%s is %s already: %w", r.Key(), r.State, ErrNotNow)
		}
		if r.CancelAsked {
			return nil
		}
		if r.State == ledger.Queued && len(r.Steps) == 0 {
			// Nothing is at the provider, and nobody holds it: a claim would change the version.
			if err := c.ledger.Write(ctx, r, ledger.Change{To: ledger.Canceled, Index: ledger.Nowhere, Bump: true}); err != nil {
				return err
			}
			c.log.InfoContext(ctx, "envelope", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "state", string(r.State))
			return nil
		}
		// A worker that holds the envelope sees the wish before it invites; otherwise the
		// new task carries it out.
		err := c.ledger.Write(ctx, r, ledger.Change{Set: map[string]string{ledger.FieldCancel: "1"}, Remove: []string{ledger.FieldNotBefore},
			Index: ledger.Work, Due: time.Second, Bump: true})
		if err != nil {
			return err
		}
		return c.courier.Envelope(ctx, r.Provider, pace.Send, r.Key(), r.Generation, 0)
	})
}

// Remind asks the provider to notify the pending signers of sent envelopes again; a
// worker makes the call. It returns how many are asked for.
func (c *Client) Remind(ctx context.Context, campaign string, ids ...string) (int, error) {
	return c.each(ctx, campaign, ids, func(r *ledger.Record) error {
		if r.State != ledger.Sent {
			return fmt.Errorf("%s is %s, only sent envelopes have pending signers: %w", r.Key(), r.State, ErrNotNow)
		}
		if p, ok := c.providers[r.Provider]; ok {
			if _, ok := p.(providers.Reminder); !ok {
				return fmt.Errorf("%s: %s offers no reminders: %w", r.Key(), r.Provider, ErrNotNow)
			}
		}
		now, err := c.ledger.Now(ctx)
		if err != nil {
			return err
		}
		return c.courier.Remind(ctx, r.Provider, r.Key(), now)
	})
}

// forgetIntent are the fields of an inviting call whose outcome is known now.
var forgetIntent = []string{ledger.FieldIntentAt, ledger.FieldInviter, ledger.FieldSettleAt, ledger.FieldErrorCode, ledger.FieldError,
	ledger.FieldAttempts, ledger.FieldNotBefore}

// Resolve settles an envelope that is in doubt: it was sent, as the provider's envelope
// id says, or (empty) it was not and goes back to the queue. A sent envelope that its
// provider does not know, resolved with a wrong id perhaps, can be resolved again.
func (c *Client) Resolve(ctx context.Context, key Key, envelopeID string) error {
	r, err := c.ledger.Get(ctx, key.String())
	if err != nil {
		return err
	}
	return c.insist(ctx, r, func(r *ledger.Record) error {
		if r.State != ledger.InDoubt && (r.State != ledger.Sent || r.ErrorCode != errNotThere) {
			return fmt.Errorf("%s is %s, not in doubt: %w", r.Key(), r.State, ErrNotNow)
		}
		if envelopeID == "" {
			err := c.ledger.Write(ctx, r, ledger.Change{To: ledger.Queued, Remove: forgetIntent, Index: ledger.Work, Due: sweepAfter, Bump: true})
			if err != nil {
				return err
			}
			return c.courier.Envelope(ctx, r.Provider, pace.Send, r.Key(), r.Generation, 0)
		}
		return c.sent(ctx, r, envelopeID)
	})
}

// sent records that an envelope's signers were invited, as it was learnt from elsewhere
// than the call's own answer.
func (c *Client) sent(ctx context.Context, r *ledger.Record, envelopeID string) error {
	ch := ledger.Change{To: ledger.Sent, Index: ledger.Look, Release: true, Bump: true, Remove: forgetIntent,
		Set: map[string]string{ledger.FieldEnvelopeID: envelopeID, ledger.FieldSentAt: ledger.FormatTime(r.IntentAt)}}
	_, finisher := c.providers[r.Provider].(providers.Finisher)
	if finisher {
		ch.Index, ch.Due = ledger.Work, sweepAfter
		ch.Set[ledger.FieldUnfinished] = "1"
	}
	if err := c.ledger.Write(ctx, r, ch); err != nil {
		return err
	}
	c.log.InfoContext(ctx, "envelope", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "state", string(r.State))
	if finisher {
		return c.courier.Envelope(ctx, r.Provider, pace.Send, r.Key(), r.Generation, 0)
	}
	return nil
}

// Event takes a verified callback: the envelope is looked at now. For an envelope whose
// invitation was never confirmed, a callback that carries our key is the confirmation.
// known is false when the callback speaks of no envelope of ours.
func (c *Client) Event(ctx context.Context, provider string, ev providers.Event) (known bool, err error) {
	key := ev.Key.String()
	if ev.Key == (Key{}) {
		if key, err = c.ledger.KeyOf(ctx, provider, ev.ID); err != nil || key == "" {
			return false, err
		}
	}
	r, err := c.ledger.Get(ctx, key)
	if errors.Is(err, ledger.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if r.Provider != provider || r.EnvelopeID != "" && ev.ID != "" && r.EnvelopeID != ev.ID {
		return false, nil
	}
	err = c.insist(ctx, r, func(r *ledger.Record) error {
		unconfirmed := r.State == ledger.InDoubt || r.State == ledger.Preparing && !r.IntentAt.IsZero()
		switch {
		case unconfirmed && ev.ID != "":
			return c.sent(ctx, r, ev.ID)
		case len(ev.Evidence) > 0 && r.State == ledger.Sent:
			return c.ledger.Write(ctx, r, ledger.Change{Set: map[string]string{ledger.FieldEvidence: string(ev.Evidence)}})
		}
		return nil
	})
	if err != nil {
		return true, err
	}
	// Remembered only now: what was written above is harmless when it is written again, and must not be lost.
	if ev.Delivery != "" {
		first, err := c.ledger.Once(ctx, "delivery:"+provider+":"+ev.Delivery, 24*time.Hour)
		if err != nil {
			return true, err
		}
		if !first {
			return true, ErrReplay
		}
	}
	waits, err := c.ledger.LookSoon(ctx, provider, key, 0)
	if err != nil || !waits {
		return true, err
	}
	now, err := c.ledger.Now(ctx)
	if err != nil {
		return true, err
	}
	return true, c.courier.Look(ctx, provider, fmt.Sprintf("now-%d", now.Unix()))
}

// ErrReplay: a callback that was delivered before; nothing was done.
var ErrReplay = errors.New("this callback was delivered before")

package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// fewEnvelopes is how many envelopes of one operation go ahead of everything else: what a
// person names by hand. The others of a campaign take their turns beside invitations.
const fewEnvelopes = 20

// laneOf is the way to a worker for the n-th envelope of an operation.
func laneOf(n int) pace.Class {
	if n < fewEnvelopes {
		return pace.Steer
	}
	return queue.Bulk
}

// Retry puts failed envelopes back: to where they failed, with all attempts anew. Without
// ids it does nothing, and is [ErrNoIDs].
func (c *Client) Retry(ctx context.Context, campaign string, ids ...string) (Result, error) {
	return c.each(ctx, campaign, ids, func(ctx context.Context, r *ledger.Record, lane pace.Class) error {
		if err := retryable(r); err != nil {
			return err
		}
		if err := c.ledger.Requeue(ctx, r, string(lane)); err != nil {
			return err
		}
		return c.tasks.Carry(ctx, r)
	})
}

// Cancel stops envelopes that are not sent, and withdraws those that are where the
// provider can; a worker makes that call. Done are those that were stopped or are being
// withdrawn. Without ids it does nothing, and is [ErrNoIDs].
func (c *Client) Cancel(ctx context.Context, campaign string, ids ...string) (Result, error) {
	return c.each(ctx, campaign, ids, func(ctx context.Context, r *ledger.Record, lane pace.Class) error {
		if err := c.cancelable(r); err != nil {
			return err
		}
		if r.CancelAsked {
			return nil
		}
		if r.State == ledger.Queued && len(r.Steps) == 0 && !c.mayBeMarked(ctx, r) {
			// Nothing is at the provider, and nobody holds it: a claim would change the version.
			if err := c.ledger.CancelQueued(ctx, r); err != nil {
				return err
			}
			c.log.DebugContext(ctx, "envelope", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "state", string(r.State))
			return nil
		}
		// A worker that holds the envelope sees the wish before it invites; otherwise the
		// new task carries it out.
		if err := c.ledger.AskCancel(ctx, r, string(lane)); err != nil {
			return err
		}
		return c.tasks.Carry(ctx, r)
	})
}

// Remind asks the provider to notify the pending signers of sent envelopes again; a
// worker makes the call. Nobody is reminded twice within a minute, in whatever way it is asked
// for: the second is refused. Without ids it does nothing, and is [ErrNoIDs].
func (c *Client) Remind(ctx context.Context, campaign string, ids ...string) (Result, error) {
	return c.each(ctx, campaign, ids, func(ctx context.Context, r *ledger.Record, lane pace.Class) error {
		if err := c.remindable(r); err != nil {
			return err
		}
		if err := c.askReminder(ctx, r, 0); err != nil {
			return err
		}
		now, err := c.ledger.Now(ctx)
		if err != nil {
			return err
		}
		return c.tasks.Remind(ctx, r.Provider, lane, r.Key(), now)
	})
}

// RemindSigner asks the provider to notify one signer of a sent envelope again, by the number
// from 1; a worker makes the call.
func (c *Client) RemindSigner(ctx context.Context, campaign, id string, signer int) (Result, error) {
	return c.each(ctx, campaign, []string{id}, func(ctx context.Context, r *ledger.Record, lane pace.Class) error {
		if err := c.signerRemindable(r, signer); err != nil {
			return err
		}
		if err := c.askReminder(ctx, r, signer); err != nil {
			return err
		}
		now, err := c.ledger.Now(ctx)
		if err != nil {
			return err
		}
		return c.tasks.RemindSigner(ctx, r.Provider, lane, r.Key(), signer, now)
	})
}

// askReminder holds back who was reminded within the last minute; signer 0 are all.
func (c *Client) askReminder(ctx context.Context, r *ledger.Record, signer int) error {
	held, err := c.ledger.AskReminders(ctx, []string{r.Key()}, signer, rand.Text())
	if err == nil && held[r.Key()] {
		err = justReminded()
	}
	return err
}

// reminded is the reason of who is not reminded again so soon.
const reminded = "reminded"

func justReminded() *notNowError {
	return notNow(reminded, "reminded less than a minute ago: wait a minute")
}

// heldReminders tells whose reminders would be held back, of records that may be nil.
func (c *Client) heldReminders(ctx context.Context, records []*ledger.Record, signer int) (map[string]bool, error) {
	var keys []string
	for _, r := range records {
		if r != nil && r.State == ledger.Sent {
			keys = append(keys, r.Key())
		}
	}
	return c.ledger.AskReminders(ctx, keys, signer, "")
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
	if r.Provider != provider || r.EnvelopeID != "" && ev.ID != "" && r.EnvelopeID != ev.ID && !r.Unchecked {
		return false, nil
	}
	err = c.insist(ctx, r, func(r *ledger.Record) error {
		unconfirmed := r.State == ledger.InDoubt || r.State == ledger.Preparing && !r.IntentAt.IsZero() || r.State == ledger.Sent && r.Unchecked || r.Unnamed()
		switch {
		case unconfirmed && ev.ID != "":
			return c.sent(ctx, r, ev.ID, "")
		case len(ev.Evidence) == 0:
			return nil
		case c.archive != nil && (r.State == ledger.Completed || r.State == ledger.Archived): // its manifest may be written
			if err := report.KeepEvidence(ctx, c.archive, Key{Campaign: r.Campaign, ID: r.ID}, ev.Evidence); err != nil {
				return err
			}
		}
		if len(r.Envelope) == 0 && r.State.Terminal() { // forgotten: nothing about people comes back
			return nil
		}
		return c.ledger.RecordEvidence(ctx, r, ev.Evidence) // for the report, too
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
	if err := c.ledger.Heard(ctx, provider); err != nil {
		return true, err
	}
	waits, err := c.ledger.LookSoon(ctx, provider, key, 0)
	if err != nil || !waits {
		return true, err
	}
	now, err := c.ledger.Now(ctx)
	if err != nil {
		return true, err
	}
	return true, c.tasks.Look(ctx, provider, fmt.Sprintf("now-%d", now.Unix()))
}

// ErrReplay: a callback that was delivered before; nothing was done.
var ErrReplay = errors.New("this callback was delivered before")

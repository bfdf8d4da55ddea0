package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// Would tells what [Client.Retry], Cancel or Remind would do now for the named envelopes, and changes
// nothing. Without ids it is [ErrNoIDs].
func (c *Client) Would(ctx context.Context, campaign string, kind ledger.Kind, ids ...string) (Result, error) {
	may, err := c.may(kind)
	if err != nil {
		return Result{}, err
	}
	return c.would(ctx, campaign, ids, may, signersOf(kind))
}

// nobodyReminded tells that no reminders are asked for.
const nobodyReminded = -1

// signersOf are those that an operation reminds: all, or nobody.
func signersOf(kind ledger.Kind) int {
	if kind == ledger.RemindAll {
		return 0
	}
	return nobodyReminded
}

// may judges whether an operation can be done to an envelope.
func (c *Client) may(kind ledger.Kind) (func(*ledger.Record) error, error) {
	may := map[ledger.Kind]func(*ledger.Record) error{ledger.RetryAll: retryable, ledger.CancelAll: c.cancelable, ledger.RemindAll: c.remindable, ledger.ResumeAll: resumable}[kind]
	if may == nil {
		return nil, fmt.Errorf("nobody can tell what %s would do", kind)
	}
	return may, nil
}

// WouldAll tells what [Client.RetryAll], CancelAll, RemindAll or Resume would do now, and changes nothing.
func (c *Client) WouldAll(ctx context.Context, campaign string, kind ledger.Kind) (Result, error) {
	may, err := c.may(kind)
	if err != nil {
		return Result{}, err
	}
	if _, err := c.ledger.Campaign(ctx, campaign); err != nil {
		return Result{}, err
	}
	var res Result
	for cursor := ""; ; {
		keys, next, err := c.ledger.Keys(ctx, campaign, nil, cursor, operationPage)
		if err != nil {
			return res, err
		}
		records, err := c.ledger.Heads(ctx, keys)
		if err != nil {
			return res, err
		}
		judge, err := c.orHeld(ctx, records, may, signersOf(kind))
		if err != nil {
			return res, err
		}
		for _, r := range records {
			if r != nil {
				res.would(r.ID, judge(r))
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if kind == ledger.ResumeAll {
		res.Refused = nil // what needs no resuming is not refused
	}
	slices.SortStableFunc(res.Refused, func(a, b Refusal) int { return b.Envelopes - a.Envelopes })
	return res, nil
}

// WouldRemindSigner is [Client.RemindSigner] that changes nothing.
func (c *Client) WouldRemindSigner(ctx context.Context, campaign, id string, signer int) (Result, error) {
	return c.would(ctx, campaign, []string{id}, func(r *ledger.Record) error { return c.signerRemindable(r, signer) }, signer)
}

// WouldResolve is [Client.Resolve] that changes nothing. It does not look the id up, but it is
// refused when another envelope has it.
func (c *Client) WouldResolve(ctx context.Context, key Key, envelopeID string) error {
	r, err := c.ledger.Get(ctx, key.String())
	if err != nil {
		return err
	}
	if err := resolvable(r, envelopeID); err != nil || envelopeID == "" {
		return err
	}
	return c.unowned(ctx, r, envelopeID)
}

// WouldPause tells how many envelopes a pause would keep from being sent, and how many invitations
// may still leave.
func (c *Client) WouldPause(ctx context.Context, campaign string) (Result, error) {
	all, err := c.ledger.Campaign(ctx, campaign)
	if err != nil {
		return Result{}, err
	}
	leaving, err := c.leaving(ctx, campaign)
	return Result{Done: int(all.States[ledger.Queued]+all.States[ledger.Preparing]) - len(leaving), UnderWay: len(leaving)}, err
}

// WouldForget tells of how many envelopes [ledger.ForgetAll] or [ledger.ForgetUnfinished] would remove
// what is about people, or refuses as they would.
func (c *Client) WouldForget(ctx context.Context, campaign string, kind ledger.Kind) (res Result, err error) {
	if err := c.forgettable(ctx, campaign, kind); err != nil {
		return res, err
	}
	all, err := c.ledger.Campaign(ctx, campaign)
	for _, n := range all.States {
		res.Done += int(n)
	}
	return res, err
}

// would asks for the named envelopes of a campaign. Its error is as that of [Client.each].
func (c *Client) would(ctx context.Context, campaign string, ids []string, may func(*ledger.Record) error, signer int) (res Result, err error) {
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
		if err != nil {
			return res, err
		}
		judge, err := c.orHeld(ctx, records, may, signer)
		if err != nil {
			return res, err
		}
		for i, r := range records {
			if r == nil {
				res.would(page[i], ledger.ErrNotFound)
			} else {
				res.would(page[i], judge(r))
			}
		}
	}
	return res, res.Err()
}

// orHeld is may, and refuses reminders of the signer that would be held back.
func (c *Client) orHeld(ctx context.Context, records []*ledger.Record, may func(*ledger.Record) error, signer int) (func(*ledger.Record) error, error) {
	if signer == nobodyReminded {
		return may, nil
	}
	held, err := c.heldReminders(ctx, records, signer)
	return func(r *ledger.Record) error {
		if err := may(r); err != nil || !held[r.Key()] {
			return err
		}
		return justReminded()
	}, err
}

// would counts an envelope that it would be done for, or not.
func (r *Result) would(id string, err error) {
	if err == nil {
		r.Done++
	} else {
		r.refused(id, err)
	}
}

func retryable(r *ledger.Record) error {
	if r.State != ledger.Failed {
		return notNow(string(r.State), "%s, and only failed envelopes are retried", report.StateWord(r.State))
	}
	return nil
}

func resumable(r *ledger.Record) error {
	if r.State != ledger.Queued && r.State != ledger.Preparing {
		return notNow(string(r.State), "%s already", report.StateWord(r.State))
	}
	return nil
}

func (c *Client) cancelable(r *ledger.Record) error {
	switch r.State {
	case ledger.Queued, ledger.Preparing:
		return nil
	case ledger.InDoubt:
		return notNow("in_doubt", "in doubt: resolve it first")
	case ledger.Sent:
		if p := c.judge.Provider(r.Provider); p != nil {
			if _, ok := p.(providers.Canceler); !ok {
				return notNow("unsupported", "sent, and %s cannot withdraw envelopes", r.Provider)
			}
		}
		return nil
	}
	return notNow(string(r.State), "%s already", report.StateWord(r.State))
}

func (c *Client) remindable(r *ledger.Record) error {
	if err := pending(r); err != nil {
		return err
	}
	if p := c.judge.Provider(r.Provider); p != nil {
		if _, ok := p.(providers.Reminder); !ok {
			return notNow("unsupported", "%s offers no reminders", r.Provider)
		}
	}
	return nil
}

// pending tells whether an envelope has signers who wait.
func pending(r *ledger.Record) error {
	if r.State != ledger.Sent {
		return notNow(string(r.State), "%s, and only sent envelopes have pending signers", report.StateWord(r.State))
	}
	if r.Unnamed() || r.Unchecked {
		return notNow(unconfirmed, "sent, but its provider has not confirmed under which id")
	}
	return nil
}

// unconfirmed is the reason of who is not reminded, as the id may be somebody else's.
const unconfirmed = "unconfirmed"

func (c *Client) signerRemindable(r *ledger.Record, signer int) error {
	if err := pending(r); err != nil {
		return err
	}
	if p := c.judge.Provider(r.Provider); p != nil {
		if _, ok := p.(providers.SignerReminder); !ok {
			return notNow("unsupported", "%s cannot remind one signer alone", r.Provider)
		}
	}
	var e Envelope
	if len(r.Envelope) > 0 {
		if err := json.Unmarshal(r.Envelope, &e); err != nil {
			return fmt.Errorf("the envelope in the ledger: %w", err)
		}
	}
	if signer < 1 || signer > len(e.Signers) {
		return notNow("no_signer", "the envelope has no signer%d", signer)
	}
	return nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

// checkWithin is how long a worker's answer to a look-up is waited for.
const checkWithin = 20 * time.Second

// ErrUnknownID: what an operator has given for a provider's envelope id is none, or is
// another envelope's.
var ErrUnknownID = errors.New("this is not the id of a sent envelope")

// Resolve settles an envelope that is in doubt: it was sent, as the provider's envelope
// id says, or (empty) it was not and goes back to the queue. The id is looked up by a
// worker before it is believed. When nobody can look (no worker, no answer) it is taken
// unchecked: the next look at the envelope confirms it or says that it is not there.
//
// It may be corrected: an envelope that was resolved unchecked, or that its provider does
// not know, can be resolved again. One that its provider has confirmed is never sent again.
func (c *Client) Resolve(ctx context.Context, key Key, envelopeID string) (unchecked bool, err error) {
	r, err := c.ledger.Get(ctx, key.String())
	if err != nil {
		return false, err
	}
	if err := resolvable(r, envelopeID); err != nil {
		return false, err
	}
	why := ""
	if envelopeID != "" {
		if why, err = c.lookUp(ctx, r, envelopeID); err != nil {
			return false, err
		}
	}
	err = c.insist(ctx, r, func(r *ledger.Record) error {
		if err := resolvable(r, envelopeID); err != nil {
			return err
		}
		if envelopeID != "" {
			return c.sent(ctx, r, envelopeID, why)
		}
		if err := c.ledger.ResolveNotSent(ctx, r, string(pace.Steer)); err != nil {
			return err
		}
		return c.tasks.Carry(ctx, r)
	})
	return why != "", err
}

// resolvable tells whether an envelope can be resolved, as sent or (no id) as not sent.
func resolvable(r *ledger.Record, envelopeID string) error {
	switch {
	case r.State == ledger.InDoubt, r.State == ledger.Sent && r.Unchecked, r.Unnamed():
		return nil
	case r.State == ledger.Sent && r.ErrorCode == ledger.CodeNotThere && envelopeID != "":
		return nil
	case r.State == ledger.Sent && r.ErrorCode == ledger.CodeNotThere:
		return notNow("confirmed", "%s was sent, as its provider has said before: it is never sent again", r.Key())
	}
	return notNow(string(r.State), "%s is %s, not in doubt", r.Key(), report.StateWord(r.State))
}

// lookUp asks whether an id is that of a sent envelope which is nobody else's. why says
// what has kept anybody from looking; it is empty when the provider has confirmed the id.
func (c *Client) lookUp(ctx context.Context, r *ledger.Record, envelopeID string) (why string, err error) {
	if err := c.unowned(ctx, r, envelopeID); err != nil {
		return "", err
	}
	worked, err := c.tasks.Worked(r.Provider)
	if err != nil {
		return "", err
	}
	if !worked {
		return "no worker of " + r.Provider + " is running", nil
	}
	token, err := c.ledger.Ask(ctx, envelopeID, checkWithin)
	if err != nil {
		return "", err
	}
	if err := c.tasks.Check(ctx, r.Provider, r.Key(), token, checkWithin); err != nil {
		return "", err
	}
	answer, answered, err := c.ledger.Await(ctx, token, checkWithin)
	if err != nil {
		return "", err
	}
	switch {
	case !answered:
		return "no worker has answered", nil
	case answer == queue.IDKnown:
		return "", nil
	case answer == queue.IDUnknown:
		return "", fmt.Errorf("%w: %s does not know it", ErrUnknownID, r.Provider)
	case answer == queue.IDDraft:
		return "", fmt.Errorf("%w: %s has it as a draft, and nobody was invited", ErrUnknownID, r.Provider)
	case answer == queue.IDOthers:
		return "", fmt.Errorf("%w: at %s it has other signers", ErrUnknownID, r.Provider)
	}
	return answer, nil
}

// unowned refuses an id that another envelope has.
func (c *Client) unowned(ctx context.Context, r *ledger.Record, envelopeID string) error {
	owner, err := c.ledger.KeyOf(ctx, r.Provider, envelopeID)
	if err == nil && owner != "" && owner != r.Key() {
		err = fmt.Errorf("%w: %s has it", ErrUnknownID, owner)
	}
	return err
}

// sent records that an envelope's signers were invited, as it was learnt from elsewhere
// than the call's own answer. why says what has kept anybody from looking the id up.
func (c *Client) sent(ctx context.Context, r *ledger.Record, envelopeID, why string) error {
	_, finisher := c.judge.Provider(r.Provider).(providers.Finisher)
	in := ledger.Invited{EnvelopeID: envelopeID, Unfinished: finisher, Lane: string(pace.Steer)}
	if why != "" {
		in.Unchecked = ledger.Reason{Code: ledger.CodeUnchecked, Message: "the id was not looked up (" + why + "): the next look confirms it"}
	}
	if err := c.ledger.ConfirmSent(ctx, r, in); err != nil {
		return err
	}
	c.log.DebugContext(ctx, "envelope", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "state", string(r.State))
	if finisher {
		return c.tasks.Carry(ctx, r)
	}
	return nil
}

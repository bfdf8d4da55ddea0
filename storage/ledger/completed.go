package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Ending is how a provider says that an envelope has ended.
type Ending struct {
	To          State // Completed, Declined, Expired or Canceled
	Signers     json.RawMessage
	Final       json.RawMessage // the provider's raw state
	Reason      string
	CompletedAt time.Time // zero: now
}

// End records that the provider calls a sent envelope ended. A completed one has still to
// be archived.
func (l *Ledger) End(ctx context.Context, r *Record, e Ending) error {
	known := slices.Contains([]State{Completed, Declined, Expired, Canceled}, e.To)
	if err := guard(r, "End", known, Sent); err != nil {
		return err
	}
	return l.write(ctx, r, r.fence(), e.change())
}

// Complete is End of one whose signers have all signed, and claims it in the same step: the
// caller archives it. If the caller dies, the claim lapses and the sweeper brings a task.
func (l *Ledger) Complete(ctx context.Context, r *Record, e Ending, lease time.Duration) (*Claim, error) {
	if err := guard(r, "Complete", e.To == Completed, Sent); err != nil {
		return nil, err
	}
	c := &Claim{Record: r, taken: time.Now(), key: r.Key(), token: rand.Text(), ledger: l}
	ch := e.change()
	ch.Due, ch.Loose = lease+time.Second, true
	ch.Set[fieldClaim], ch.Times[fieldClaimUntil], ch.Set[fieldFetching] = c.token, lease, "1"
	done, err := l.apply(ctx, r, r.fence(), ch)
	if err != nil {
		return nil, err
	}
	c.At = done.at
	if len(e.Signers) > 0 {
		r.Signers = e.Signers
	}
	r.Final, r.CompletedAt, r.Attempts, r.Unchecked, r.CancelAsked = e.Final, e.CompletedAt, 0, false, false
	r.ErrorCode, r.ErrorMessage, r.Explanation = "", e.Reason, ""
	if r.CompletedAt.IsZero() {
		r.CompletedAt = c.At
	}
	if e.Reason != "" {
		r.ErrorCode = string(e.To)
	}
	return c, nil
}

// change is what becomes of a sent envelope.
func (e Ending) change() change {
	ch := change{To: e.To, Index: none, NewGeneration: true, Set: with(signersField(e.Signers), map[string]string{fieldFinal: string(e.Final)}),
		Times: map[string]time.Duration{}, Remove: []string{fieldAttempts, fieldUnchecked, fieldCancel}}
	if e.Reason != "" {
		maps.Copy(ch.Set, Reason{Code: string(e.To), Message: e.Reason}.fields())
	} else {
		ch.Remove = append(ch.Remove, fieldErrorCode, fieldError, fieldExplanation)
	}
	if e.To == Completed {
		ch.Index, ch.Due = Work, SweepAfter
		if e.CompletedAt.IsZero() {
			ch.Times[fieldCompleted] = 0
		} else {
			ch.Set[fieldCompleted] = formatTime(e.CompletedAt)
		}
	}
	return ch
}

// RenewListed keeps new download addresses of the same files.
func (l *Ledger) RenewListed(ctx context.Context, r *Record, listed json.RawMessage) error {
	if err := guard(r, "RenewListed", true, Completed); err != nil {
		return err
	}
	return l.write(ctx, r, r.fence(), change{Set: map[string]string{fieldListed: string(listed)}})
}

// AddListed is RecordListed with the claim's next change.
func (c *Claim) AddListed(listed json.RawMessage) { c.add(fieldListed, string(listed)) }

// AddArtifacts keeps which files are in the archive, for the claim's next change.
func (c *Claim) AddArtifacts(artifacts json.RawMessage) { c.add(fieldArtifacts, string(artifacts)) }

// RecordListed keeps what the provider offers to download, with its addresses.
func (c *Claim) RecordListed(ctx context.Context, listed json.RawMessage) error {
	if err := guard(c.Record, "RecordListed", true, Completed); err != nil {
		return err
	}
	err := c.write(ctx, change{Set: map[string]string{fieldListed: string(listed)}})
	if err == nil {
		c.Record.Listed = listed // a later change of the claim may take it away
	}
	return err
}

// Archive ends an envelope whose manifest is written. What the manifest vouches for and nobody
// asks the ledger for leaves it.
func (c *Claim) Archive(ctx context.Context, at time.Time, artifacts json.RawMessage, simulated bool) error {
	if err := guard(c.Record, "Archive", true, Completed); err != nil {
		return err
	}
	set, instead := c.Record.brief(at)
	set[fieldArtifacts] = string(artifacts)
	ch := change{To: Archived, Index: none, Release: true, NewGeneration: true, Remains: true, Set: set,
		Remove: slices.Concat(instead, c.Record.stepFields(), []string{fieldListed, fieldFinal, fieldEvidence, fieldTrace, fieldErrorCode, fieldError, fieldExplanation,
			fieldNotBefore, fieldLane, fieldAttempts, fieldFetching})}
	if simulated {
		ch.Set[fieldSimulated] = "1"
	}
	return c.write(ctx, ch)
}

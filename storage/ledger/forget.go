package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// UnfinishedError refuses to forget a campaign: somebody has still to do something about
// some of its envelopes, and could not any more.
type UnfinishedError struct {
	Campaign string
	Open     int64 // on their way
	InDoubt  int64 // may have reached people
	Failed   int64 // can be retried
	Lost     int64 // sent, and their provider does not know them
}

func (e *UnfinishedError) Error() string {
	var parts []string
	for _, p := range []struct {
		n    int64
		what string
	}{{e.Open, "to go: cancel or finish them"}, {e.InDoubt, "in doubt: resolve them"}, {e.Failed, "failed: retry them"}, {e.Lost, "that the provider does not know: resolve them"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	text := fmt.Sprintf("campaign %s is not finished: %s", e.Campaign, strings.Join(parts, "; "))
	if e.Open == 0 {
		text += "; or forget them, too, with --also-unfinished: they end as canceled"
	}
	return text
}

// What says that an envelope was given up by forgetting its campaign.
const (
	CodeForgotten = "forgotten"
	forgotten     = "its campaign was forgotten while it was "
)

// The code of a sent envelope that its provider does not know.
const CodeNotThere = "not_there"

// CodeUnchecked is the error code of a sent envelope whose id an operator has given and nobody
// has been able to look up.
const CodeUnchecked = "unchecked"

// Forget removes a finished campaign's personal data. What stays is what keeps an
// envelope from being sent again: key, digest, state, and where its archive is. Envelopes
// that somebody has still to decide on (in doubt, failed, sent but not known to their
// provider) refuse it, unless alsoUnfinished ends them: as canceled, with a reason, never
// to be resolved or sent again. It returns how many envelopes were forgotten.
func (l *Ledger) Forget(ctx context.Context, campaign string, alsoUnfinished bool) (int, error) {
	if err := l.forgettable(ctx, campaign, alsoUnfinished); err != nil {
		return 0, err
	}
	n := 0
	for r, err := range l.All(ctx, campaign, "") {
		if err != nil {
			return n, err
		}
		err := l.forget(ctx, r, alsoUnfinished)
		if errors.Is(err, ErrLost) { // retried or resolved meanwhile
			return n, fmt.Errorf("%s was changed meanwhile: forget the campaign again when it has ended: %w", r.Key(), err)
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (l *Ledger) forgettable(ctx context.Context, campaign string, alsoUnfinished bool) error {
	c, err := l.Campaign(ctx, campaign)
	if err != nil {
		return err
	}
	e := &UnfinishedError{Campaign: campaign, Open: c.Open(), InDoubt: c.States[InDoubt], Failed: c.States[Failed]}
	for r, err := range l.All(ctx, campaign, Sent) {
		if err != nil {
			return err
		}
		if lost(r) {
			e.Lost++
			e.Open--
		}
	}
	if alsoUnfinished {
		e.InDoubt, e.Failed, e.Lost = 0, 0, 0
	}
	if e.Open+e.InDoubt+e.Failed+e.Lost > 0 {
		return e
	}
	return nil
}

func lost(r *Record) bool { return r.State == Sent && r.ErrorCode == CodeNotThere }

func (l *Ledger) forget(ctx context.Context, r *Record, alsoUnfinished bool) error {
	ch := change{Rewrite: true, Remove: append(r.stepFields(), fieldEnvelope, fieldSigners, fieldFinal, fieldListed, fieldEvidence)}
	switch {
	case alsoUnfinished && (r.State == InDoubt || r.State == Failed || lost(r)):
		ch.To, ch.Index, ch.Release, ch.NewGeneration = Canceled, none, true, true
		ch.Set = Reason{Code: CodeForgotten, Message: forgotten + string(r.State)}.fields()
		ch.Remove = slices.Concat(ch.Remove, intentFields, []string{fieldNotBefore, fieldUnfinished, fieldUnchecked, fieldCancel})
	case !r.State.Terminal() || r.State == InDoubt || r.State == Failed:
		return ErrLost // it was not so when the campaign was counted
	default:
		ch.Remove = append(ch.Remove, fieldExplanation)
	}
	return l.write(ctx, r, r.fence(), ch)
}

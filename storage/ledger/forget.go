package ledger

import (
	"context"

	"github.com/chancela/chancela/providers/lang"
)

// UnfinishedError refuses to forget a campaign: somebody has still to do something about
// some of its envelopes, and could not any more.
type UnfinishedError struct {
	Campaign string
	Open     int64 // on their way
	InDoubt  int64 // may have reached people
	Failed   int64 // can be retried
	Lost     int64 // sent, and their provider does not know them

	// Marked is one that has failed as far as this ledger knows, and that the archive has as sent.
	Marked string
}

func (e *UnfinishedError) Error() string { return e.Said().String() }

// Said is the refusal for people.
func (e *UnfinishedError) Said() lang.Text {
	if e.Marked != "" {
		return lang.Of("campaign %s is not finished: the archive says that failed envelopes were sent, such as %s: retry them, and what became of them is found out", e.Campaign, e.Marked)
	}
	var parts []lang.Text
	for _, p := range []struct {
		n    int64
		what lang.Text
	}{
		{e.Open, lang.Of("%d to go: cancel or finish them", e.Open)}, {e.InDoubt, lang.Of("%d in doubt: resolve them", e.InDoubt)},
		{e.Failed, lang.Of("%d failed: retry them", e.Failed)}, {e.Lost, lang.Of("%d that the provider does not know: resolve them", e.Lost)},
	} {
		if p.n > 0 {
			parts = append(parts, p.what)
		}
	}
	if e.Open == 0 {
		parts = append(parts, lang.Of("or forget them, too, with --also-unfinished: they end as canceled"))
	}
	return lang.Of("campaign %s is not finished: %v", e.Campaign, lang.Join(parts, "; "))
}

// What says that an envelope was given up by forgetting its campaign: the script of operations
// writes it.
const (
	CodeForgotten = "forgotten"
	forgotten     = "its campaign was forgotten while it was "
)

// The code of a sent envelope that its provider does not know.
const CodeNotThere = "not_there"

// CodeUnnamed is the error code of a sent envelope whose id nobody has told yet.
const CodeUnnamed = "unnamed"

// CodeUnchecked is the error code of a sent envelope whose id an operator has given and nobody
// has been able to look up.
const CodeUnchecked = "unchecked"

// Forgettable tells whether a campaign's personal data may be removed by [ForgetAll] or, where
// alsoUnfinished, by [ForgetUnfinished]. What stays is what keeps an envelope from being sent
// again: key, digest, state, and where its archive is. Envelopes that somebody has still to
// decide on (in doubt, failed, sent but not known to their provider) refuse it, unless
// alsoUnfinished ends them: as canceled, with a reason, never to be resolved or sent again.
func (l *Ledger) Forgettable(ctx context.Context, campaign string, alsoUnfinished bool) error {
	c, err := l.Campaign(ctx, campaign)
	if err != nil {
		return err
	}
	e := &UnfinishedError{Campaign: campaign, Open: c.Open(), InDoubt: c.States[InDoubt], Failed: c.States[Failed]}
	if e.Lost, err = l.countLost(ctx, campaign, c.States[Sent]); err != nil {
		return err
	}
	e.Open -= e.Lost
	if alsoUnfinished {
		e.InDoubt, e.Failed, e.Lost = 0, 0, 0
	}
	if e.Open+e.InDoubt+e.Failed+e.Lost > 0 {
		return e
	}
	return nil
}

// countLost counts which of a campaign's sent envelopes their provider does not know.
func (l *Ledger) countLost(ctx context.Context, campaign string, sent int64) (n int64, err error) {
	for cursor := ""; sent > 0; {
		keys, next, err := l.Keys(ctx, campaign, []State{Sent}, cursor, pageSize)
		if err != nil {
			return 0, err
		}
		records, err := l.Heads(ctx, keys)
		if err != nil {
			return 0, err
		}
		for _, r := range records {
			if r != nil && r.State == Sent && r.ErrorCode == CodeNotThere {
				n++
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return n, nil
}

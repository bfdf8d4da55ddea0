package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// An inviting call whose outcome nobody can tell is made once more where a single-use token
// guards it: it invites, or is refused as the token was used. It is an inviting call like any
// other: with its turn, a durable intent and a mark of its own, and not while the campaign is
// paused or the envelope to be cancelled. It is the last one's own mark that lets it be made:
// who finds a mark of another ledger there, which may have sent the envelope with another
// token, does not repeat.

// errOld is why a call is not made once more.
var errOld = errors.New("the token of the inviting call may have ended")

// repeatable tells whether the inviting call may be made once more: the token lives until it
// has arrived, and the account is known to refuse a second use.
func (t *envelopeTask) repeatable(ctx context.Context) (bool, error) {
	if t.rec.CancelAsked || t.rec.Bare || t.config.Account == "" || t.tokenEnds() || t.inTime() != nil {
		return false, nil
	}
	return t.ledger.Holds(ctx, t.rec.Provider, t.config.Account, string(providers.SecondUseRefused))
}

// tokenEnds tells whether the token may end before a call that is made now has arrived.
func (t *envelopeTask) tokenEnds() bool {
	since := t.ref().TokenSince()
	return since.IsZero() || t.claim.Now().Add(commitWithin+t.within()).Sub(since) >= t.config.Provider.Info().TokenLife
}

// repeat makes the inviting call once more.
func (t *envelopeTask) repeat(ctx context.Context, job *providers.Job) error {
	ctx, detachFromShutdown, cancel := untilStop(ctx, t.stopping)
	defer cancel()
	t.detachFromShutdown, t.repeating, job.Repeat = detachFromShutdown, true, true
	t.log.DebugContext(ctx, "an inviting call is made once more with its single-use token", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider)
	err := t.config.Provider.Invite(ctx, job)
	taken, isTaken := errors.AsType[*marks.TakenError](err)
	_, uncalled := errors.AsType[*uncalled](err)
	_, answered := errors.AsType[*providers.Error](err)
	switch {
	case err == nil:
		return t.sent(ctx, job, true)
	case errors.Is(err, providers.ErrAlreadyInvited):
		return t.sentAs(ctx, ledger.Invited{SentAt: t.rec.IntentAt, Unnamed: t.unnamed()}, true)
	case errors.Is(err, errPaused):
		return t.park(ctx)
	case errors.Is(err, errCanceled), errors.Is(err, errOld):
		return t.doubt(ctx)
	case errors.Is(err, errTaken):
		return later(time.Second, err)
	case isTaken:
		return t.adopt(ctx, taken)
	case t.committed && !uncalled && (!answered || providers.KindOf(err) == providers.Ambiguous):
		if werr := t.persist(ctx, func(ctx context.Context) error {
			return t.claim.AwaitSettling(ctx, reason(err), t.brought, t.config.SettleAfter)
		}); werr != nil {
			return later(t.config.SettleAfter, werr)
		}
		return later(t.config.SettleAfter, err)
	}
	// This call has invited nobody, and says nothing about the ones before: their intent stays.
	return t.recordFailure(ctx, err)
}

// void tells the marks that do not keep the inviting call from being made: of claims that have
// reached nobody, and for a repeated call of those that it repeats.
func (t *envelopeTask) void(claim string) bool {
	return t.reachedNobody(claim) || t.repeating && slices.Contains(strings.Fields(t.rec.Inviter), claim)
}

// intend writes the intent to invite.
func (t *envelopeTask) intend(ctx context.Context) (ledger.Intent, error) {
	if !t.repeating {
		return t.claim.Intend(ctx)
	}
	if t.tokenEnds() { // it has waited for its turn
		return "", errOld
	}
	intent, err := t.claim.IntendAgain(ctx)
	if err != nil {
		err = fmt.Errorf("nobody is invited without a durable intent: %w", err)
	}
	return intent, err
}

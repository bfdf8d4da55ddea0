package ledger

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// in gives an envelope in a state, with everything set that an envelope can have in any,
// and a claim on it where one can be had.
func in(t *testing.T, l *Ledger, id string, state State, more change) (*Record, *Claim) {
	t.Helper()
	r := create(t, l, id)
	set := map[string]string{fieldAttempts: "2", fieldErrorCode: "code", fieldError: "text", fieldExplanation: "words", fieldLane: "send"}
	if state == Sent { // so that a worker may claim it
		set[fieldUnfinished] = "1"
	}
	for f, v := range more.Set {
		set[f] = v
	}
	if err := writeRecord(t.Context(), l, r, change{To: state, Index: Work, Set: set}); err != nil {
		t.Fatal(err)
	}
	c, hold, _, err := l.Claim(t.Context(), r.Key(), 1, 20*time.Second, Preparation{})
	if err != nil {
		t.Fatal(err)
	}
	if hold != Granted { // as one has it that was granted before
		r = get(t, l, id)
		c = &Claim{Record: get(t, l, id), key: r.Key(), token: "none", ledger: l}
	} else {
		r = get(t, l, id)
	}
	return r, c
}

// step is a transition as the table test makes it, and what it comes to.
type step struct {
	name  string
	from  []State
	given map[string]string // fields that the guard asks for
	do    func(ctx context.Context, l *Ledger, r *Record, c *Claim) error

	to      State // empty: stays
	index   Index // empty: where it was, work
	due     time.Duration
	set     map[string]string
	removed []string
	fresh   bool // a new generation: tasks that exist are stale
	ends    bool // the claim

	token string // of the claim; TOKEN in set
}

var (
	intent    = map[string]string{fieldIntentAt: "1000", fieldInviter: "TOKEN"}
	unchecked = map[string]string{fieldUnchecked: "1", fieldEnvelopeID: "wrong", fieldSentAt: "5000"}
	why       = Reason{"why", "because", "CPF não confere"}
	whySet    = map[string]string{fieldErrorCode: "why", fieldError: "because", fieldExplanation: "CPF não confere"}
)

// steps are all methods of transitions.go, in its order. Claim has tests of its own.
var steps = []step{
	{name: "RecordStep", from: held, set: map[string]string{"+file": "7"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.RecordStep(ctx, "file", "7") }},
	{name: "MarkSent", from: []State{Preparing}, given: intent, to: Sent, index: Look, due: time.Minute, fresh: true, ends: true,
		set: map[string]string{fieldEnvelopeID: "env", "+a": "b"}, removed: []string{fieldIntentAt, fieldInviter, fieldAttempts, fieldErrorCode, fieldError, fieldExplanation},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.MarkSent(ctx, Invited{EnvelopeID: "env", Steps: map[string]string{"a": "b"}, NextLook: time.Minute})
		}},
	{name: "Claim.ConfirmSent", from: []State{Preparing}, given: intent, to: Sent, index: Work, due: SweepAfter, fresh: true, ends: true,
		set: map[string]string{fieldEnvelopeID: "env", fieldUnfinished: "1", fieldLane: "send"}, removed: []string{fieldIntentAt, fieldInviter, fieldErrorCode},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.ConfirmSent(ctx, Invited{EnvelopeID: "env", Unfinished: true})
		}},
	{name: "Ledger.ConfirmSent, an intent", from: []State{Preparing, InDoubt}, given: intent, to: Sent, index: Look, fresh: true, ends: true,
		set: map[string]string{fieldEnvelopeID: "env", fieldSentAt: "1000", fieldInviter: "TOKEN"}, removed: []string{fieldIntentAt, fieldErrorCode},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ConfirmSent(ctx, r, Invited{EnvelopeID: "env"})
		}},
	{name: "Ledger.ConfirmSent, another id", from: []State{Sent, InDoubt}, given: unchecked, to: Sent, index: Look, fresh: true, ends: true,
		set: map[string]string{fieldEnvelopeID: "env", fieldSentAt: "5000", fieldUnchecked: "1", fieldErrorCode: "why"}, removed: []string{fieldAttempts},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ConfirmSent(ctx, r, Invited{EnvelopeID: "env", Unchecked: why})
		}},
	{name: "AwaitSettling", from: []State{Preparing}, given: intent, index: Work, due: 16 * time.Second, ends: true,
		set: map[string]string{fieldErrorCode: "why", fieldError: "because", fieldExplanation: "CPF não confere", "+a": "b", fieldIntentAt: "1000"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.AwaitSettling(ctx, why, map[string]string{"a": "b"}, 15*time.Second)
		}},
	{name: "AwaitSettlingAlike", from: []State{Preparing}, given: intent, index: Work, due: 16 * time.Second, ends: true,
		set: map[string]string{fieldErrorCode: "why", fieldError: "because", fieldExplanation: "CPF não confere", "+a": "b", fieldIntentAt: "1000"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			_, err := c.AwaitSettlingAlike(ctx, why, map[string]string{"a": "b"}, 15*time.Second)
			return err
		}},
	{name: "WithdrawIntent", from: []State{Preparing}, given: intent, index: Work, due: SweepAfter, ends: true, removed: []string{fieldIntentAt, fieldInviter},
		set: map[string]string{"+a": "b", fieldUninvited: "TOKEN"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.WithdrawIntent(ctx, map[string]string{"a": "b"})
		}},
	{name: "AdoptIntent", from: []State{Queued, Preparing}, to: Preparing, given: map[string]string{"+a": "old", "+b": "obsolete", fieldSettleAt: "1"}, index: Work, due: 36 * time.Second, ends: true,
		set: map[string]string{"+a": "new", fieldInviter: "another", fieldIntentAt: "1795338000000", fieldNotBefore: "1795338035000"}, removed: []string{"+b", fieldSettleAt},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.AdoptIntent(ctx, "another", map[string]string{"a": "new"}, 35*time.Second)
		}},
	{name: "AdoptIntent, at once", from: []State{Queued, Preparing}, to: Preparing, given: map[string]string{"+b": "obsolete"}, index: Work, due: 21 * time.Second,
		set: map[string]string{"+a": "new", fieldInviter: "another", fieldIntentAt: "1795338000000"}, removed: []string{"+b", fieldNotBefore},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.AdoptIntent(ctx, "another", map[string]string{"a": "new"}, 0)
		}},
	{name: "MarkSent, unnamed", from: []State{Preparing}, given: intent, to: Sent, index: Look, due: time.Minute, fresh: true, ends: true,
		set: map[string]string{fieldErrorCode: "why", fieldSentAt: "7000", fieldInviter: "TOKEN"}, removed: []string{fieldIntentAt, fieldEnvelopeID, fieldAttempts, fieldUnfinished},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.MarkSent(ctx, Invited{Unnamed: why, SentAt: time.UnixMilli(7000), NextLook: time.Minute})
		}},
	{name: "ConfirmSent, unnamed", from: []State{InDoubt, Sent}, given: map[string]string{fieldErrorCode: CodeUnnamed, fieldInviter: "TOKEN", fieldSentAt: "7000"}, to: Sent, index: Work, due: SweepAfter, fresh: true, ends: true,
		set: map[string]string{fieldEnvelopeID: "env", fieldSentAt: "7000", fieldInviter: "TOKEN", fieldUnfinished: "1"}, removed: []string{fieldErrorCode, fieldError},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ConfirmSent(ctx, r, Invited{EnvelopeID: "env", Unfinished: true})
		}},
	{name: "ConfirmSent, unnamed and to be cancelled", from: []State{InDoubt, Sent}, given: map[string]string{fieldErrorCode: CodeUnnamed, fieldSentAt: "7000", fieldCancel: "1"}, to: Sent, index: Work, fresh: true, ends: true,
		set: map[string]string{fieldEnvelopeID: "env", fieldCancel: "1"},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ConfirmSent(ctx, r, Invited{EnvelopeID: "env", NextLook: time.Minute})
		}},
	{name: "AwaitID", from: []State{Sent}, given: map[string]string{fieldErrorCode: CodeUnnamed, fieldCancel: "1"}, index: Look, due: time.Minute, fresh: true, ends: true,
		set: map[string]string{fieldErrorCode: CodeUnnamed, fieldCancel: "1"},
		do:  func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.AwaitID(ctx, time.Minute) }},
	{name: "AwaitID, named", from: nil, given: map[string]string{fieldErrorCode: CodeUnnamed, fieldEnvelopeID: "env"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.AwaitID(ctx, time.Minute) }},
	{name: "ResolveNotSent, unnamed", from: []State{InDoubt, Sent}, given: map[string]string{fieldErrorCode: CodeUnnamed, fieldInviter: "TOKEN", fieldSentAt: "7000"}, to: Queued, index: Work, due: SweepAfter, fresh: true,
		set: map[string]string{fieldUninvited: "TOKEN"}, removed: []string{fieldInviter, fieldErrorCode, fieldSentAt},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ResolveNotSent(ctx, r, "steer")
		}},
	{name: "NotInvited", from: []State{Preparing}, given: intent, set: map[string]string{fieldUninvited: "TOKEN", fieldAttempts: "3", fieldErrorCode: "code"}, removed: []string{fieldIntentAt, fieldInviter},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.NotInvited(ctx) }},
	{name: "FailUninvited", from: []State{Preparing}, given: intent, to: Failed, index: none, fresh: true, ends: true,
		set: map[string]string{fieldUninvited: "TOKEN", fieldAttempts: "3", fieldErrorCode: "code"}, removed: []string{fieldIntentAt, fieldInviter},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.FailUninvited(ctx, why) }},
	{name: "Doubt", from: []State{Preparing}, given: intent, to: InDoubt, index: none, fresh: true, ends: true, set: map[string]string{fieldErrorCode: "why", fieldIntentAt: "1000"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Doubt(ctx, why) }},
	{name: "Fail", from: []State{Queued, Preparing, Completed}, to: Failed, index: none, fresh: true, ends: true,
		set: map[string]string{fieldAttempts: "5", fieldErrorCode: "why", fieldError: "because", fieldExplanation: "CPF não confere"},
		do:  func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Fail(ctx, 5, why) }},
	{name: "Fail, an intent", given: intent,
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Fail(ctx, 5, why) }},
	{name: "Defer", from: held, given: map[string]string{"+a": "b", fieldListed: "[]"}, index: Work, due: 11 * time.Second, ends: true,
		set: map[string]string{fieldAttempts: "5", fieldErrorCode: "why"}, removed: []string{"+a", fieldListed},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.Defer(ctx, Deferral{Wait: 10 * time.Second, Attempts: 5, Reason: why, ForgetSteps: true, ForgetListed: true})
		}},
	{name: "PutOff", from: held, index: Work, due: 11 * time.Second, ends: true, set: map[string]string{fieldAttempts: "2"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.PutOff(ctx, 10*time.Second) }},
	{name: "AwaitKey", from: held, index: Work, due: time.Minute, ends: true, set: whySet,
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.AwaitKey(ctx, why, time.Minute)
		}},
	{name: "Park", from: []State{Queued, Preparing}, index: none, ends: true,
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Park(ctx) }},
	{name: "Release", from: held, index: Work, due: SweepAfter + time.Second, ends: true,
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Release(ctx, time.Second) }},
	{name: "Finish", from: []State{Sent}, given: map[string]string{fieldUnfinished: "1", fieldUnchecked: "1"}, index: Look, due: time.Minute, fresh: true, ends: true,
		removed: []string{fieldUnfinished, fieldUnchecked, fieldAttempts, fieldErrorCode},
		do:      func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Finish(ctx, time.Minute) }},
	{name: "KeepSent", from: []State{Sent}, given: map[string]string{fieldUnfinished: "1", fieldCancel: "1"}, index: Look, due: time.Minute, fresh: true, ends: true,
		set: whySet, removed: []string{fieldUnfinished, fieldCancel},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.KeepSent(ctx, 1, why, time.Minute)
		}},
	{name: "NotThere", from: []State{Sent}, given: map[string]string{fieldCancel: "1", fieldEnvelopeID: "env"}, index: Look, due: time.Minute, fresh: true, ends: true,
		set: map[string]string{fieldErrorCode: CodeNotThere, fieldEnvelopeID: "env"}, removed: []string{fieldCancel, fieldAttempts},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.NotThere(ctx, "404", time.Minute)
		}},
	{name: "NotThere, unchecked", from: []State{Sent}, given: map[string]string{fieldUnfinished: "1", fieldUnchecked: "1", fieldEnvelopeID: "wrong", fieldSentAt: "5000"},
		to: InDoubt, index: none, fresh: true, ends: true, set: map[string]string{fieldErrorCode: CodeNotThere},
		removed: []string{fieldUnchecked, fieldEnvelopeID, fieldSentAt, fieldUnfinished},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.NotThere(ctx, "404", time.Minute)
		}},
	{name: "Cancel", from: []State{Queued, Preparing, Sent}, given: map[string]string{fieldCancel: "1"}, to: Canceled, index: none, fresh: true, ends: true,
		removed: []string{fieldCancel, fieldErrorCode, fieldError, fieldExplanation},
		do:      func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Cancel(ctx) }},
	{name: "Cancel, an intent", from: nil, given: intent,
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error { return c.Cancel(ctx) }},
	{name: "RecordListed", from: []State{Completed}, set: map[string]string{fieldListed: "[1]"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.RecordListed(ctx, []byte("[1]"))
		}},
	{name: "Release with what was added", from: held, index: Work, due: SweepAfter, ends: true,
		set: map[string]string{"+file": "7", fieldListed: "[1]", fieldArtifacts: "[2]"},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			c.AddStep("file", "7")
			c.AddListed([]byte("[1]"))
			c.AddArtifacts([]byte("[2]"))
			return c.Release(ctx, 0)
		}},
	{name: "Defer without what was added", from: held, ends: true, removed: []string{"+file", fieldListed},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			c.AddStep("file", "7")
			c.AddListed([]byte("[1]"))
			return c.Defer(ctx, Deferral{ForgetSteps: true, ForgetListed: true})
		}},
	{name: "Archive", from: []State{Completed}, given: map[string]string{fieldListed: "[1]"}, to: Archived, index: none, fresh: true, ends: true,
		set: map[string]string{fieldArchived: "9000", fieldArtifacts: "[2]", fieldSimulated: "1"}, removed: []string{fieldListed, fieldErrorCode, fieldError, fieldExplanation},
		do: func(ctx context.Context, _ *Ledger, _ *Record, c *Claim) error {
			return c.Archive(ctx, time.UnixMilli(9000), []byte("[2]"), true)
		}},
	{name: "RecordLook", from: []State{Sent}, given: unchecked, index: Look, due: time.Minute, set: map[string]string{fieldSigners: "[1]", fieldEnvelopeID: "wrong"},
		removed: []string{fieldUnchecked, fieldErrorCode, fieldError, fieldExplanation, fieldAttempts},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.RecordLook(ctx, r, []byte("[1]"), time.Minute)
		}},
	{name: "RecordDraft", from: []State{Sent}, given: unchecked, index: Look, due: time.Minute, set: map[string]string{fieldErrorCode: "why", fieldUnchecked: "1"}, removed: []string{fieldAttempts},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.RecordDraft(ctx, r, why, nil, time.Minute)
		}},
	{name: "RecordNotThere", from: []State{Sent}, set: map[string]string{fieldErrorCode: CodeNotThere, fieldError: "404", fieldExplanation: ""},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.RecordNotThere(ctx, r, "404")
		}},
	{name: "End, completed", from: []State{Sent}, given: unchecked, to: Completed, index: Work, due: SweepAfter, fresh: true,
		set: map[string]string{fieldCompleted: "9000", fieldFinal: "{}"}, removed: []string{fieldUnchecked, fieldErrorCode, fieldAttempts},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.End(ctx, r, Ending{To: Completed, Final: []byte("{}"), CompletedAt: time.UnixMilli(9000)})
		}},
	{name: "End, declined", from: []State{Sent}, to: Declined, index: none, fresh: true, set: map[string]string{fieldErrorCode: "declined", fieldError: "no", fieldExplanation: ""},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.End(ctx, r, Ending{To: Declined, Reason: "no"})
		}},
	{name: "End, archived", do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
		return l.End(ctx, r, Ending{To: Archived})
	}},
	{name: "Complete", from: []State{Sent}, given: unchecked, to: Completed, index: Work, due: 8*time.Second + time.Second, fresh: true,
		set: map[string]string{fieldCompleted: "9000", fieldFinal: "{}", fieldFetching: "1"}, removed: []string{fieldUnchecked, fieldErrorCode, fieldAttempts},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			_, err := l.Complete(ctx, r, Ending{To: Completed, Final: []byte("{}"), CompletedAt: time.UnixMilli(9000)}, 8*time.Second)
			return err
		}},
	{name: "RenewListed", from: []State{Completed}, set: map[string]string{fieldListed: "[1]"},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.RenewListed(ctx, r, []byte("[1]"))
		}},
	{name: "Requeue", from: []State{Failed}, to: Queued, index: Work, due: SweepAfter, fresh: true, set: map[string]string{fieldLane: "steer"}, removed: []string{fieldAttempts, fieldErrorCode},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error { return l.Requeue(ctx, r, "steer") }},
	{name: "Requeue, signed", from: []State{Failed}, given: map[string]string{fieldCompleted: "9000"}, to: Completed, index: Work, due: SweepAfter, fresh: true,
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error { return l.Requeue(ctx, r, "steer") }},
	{name: "ResolveNotSent", from: []State{InDoubt, Sent}, given: unchecked, to: Queued, index: Work, due: SweepAfter, fresh: true,
		removed: []string{fieldUnchecked, fieldEnvelopeID, fieldSentAt, fieldErrorCode},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ResolveNotSent(ctx, r, "steer")
		}},
	{name: "ResolveNotSent, marked", from: []State{InDoubt}, given: map[string]string{fieldIntentAt: "1000", fieldInviter: "TOKEN", fieldUninvited: "first"}, to: Queued, index: Work, due: SweepAfter, fresh: true,
		set: map[string]string{fieldUninvited: "first TOKEN"}, removed: []string{fieldInviter, fieldIntentAt},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ResolveNotSent(ctx, r, "steer")
		}},
	{name: "ResolveNotSent, confirmed", from: []State{InDoubt}, to: Queued, index: Work, due: SweepAfter, fresh: true,
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.ResolveNotSent(ctx, r, "steer")
		}},
	{name: "CancelQueued", from: []State{Queued}, to: Canceled, index: none, fresh: true,
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error { return l.CancelQueued(ctx, r) }},
	{name: "CancelQueued, something made", given: map[string]string{"+a": "b"},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error { return l.CancelQueued(ctx, r) }},
	{name: "AskCancel", from: []State{Queued, Preparing, Sent}, index: Work, due: time.Second, fresh: true, set: map[string]string{fieldCancel: "1", fieldLane: "steer"},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error { return l.AskCancel(ctx, r, "steer") }},
	{name: "RecordEvidence", from: States, set: map[string]string{fieldEvidence: "{}"},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			return l.RecordEvidence(ctx, r, []byte("{}"))
		}},
	{name: "Fill", from: States, given: map[string]string{fieldDigest: "=d"}, set: map[string]string{fieldDigest: "d"},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			_, err := l.Fill(ctx, r, []byte("{}"))
			return err
		}},
	{name: "Fill, what had failed for it", from: []State{Failed}, given: map[string]string{fieldDigest: "=d", fieldErrorCode: CodeNoContent}, to: Queued, index: Work, due: SweepAfter, fresh: true,
		removed: []string{fieldErrorCode},
		do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error {
			if r.State != Failed {
				return ErrTransition // the others are as above
			}
			_, err := l.Fill(ctx, r, []byte("{}"))
			return err
		}},
	{name: "NewTask", from: States, fresh: true, do: func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error { return l.NewTask(ctx, r) }},
	{name: "BeginAgain", from: held, given: map[string]string{"+a": "b", fieldEnvelopeID: "env", fieldSentAt: "5000"}, to: Queued, index: Work, due: time.Second, fresh: true, ends: true,
		removed: []string{"+a", fieldEnvelopeID, fieldSentAt, fieldErrorCode},
		do:      func(ctx context.Context, l *Ledger, r *Record, _ *Claim) error { return l.BeginAgain(ctx, r) }},
}

// fields are a record's in the hash and in the blob.
func fields(t *testing.T, l *Ledger, key string) map[string]string {
	t.Helper()
	all := l.db.HGetAll(t.Context(), envelopeKey(key)).Val()
	unbrief(all)
	r, err := l.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if r.Explanation != "" {
		all[fieldExplanation] = r.Explanation
	}
	for _, f := range []string{fieldEnvelope, fieldSigners, fieldFinal, fieldListed, fieldArtifacts, fieldEvidence} {
		if value := *r.section(f); len(value) > 0 {
			all[f] = string(value)
		}
	}
	return all
}

// TestTransitions makes every transition from every state: those that it is for, and those
// that refuse it and are left as they were.
func TestTransitions(t *testing.T) {
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			for _, from := range States {
				t.Run(string(from), func(t *testing.T) { s.try(t, from) })
			}
		})
	}
}

func (s step) try(t *testing.T, from State) {
	l, _ := open(t)
	r, c := in(t, l, "1", from, change{Set: s.given})
	all := func() map[string]string { return fields(t, l, "june/1") }
	if s.given[fieldInviter] != "" {
		l.db.HSet(t.Context(), envelopeKey("june/1"), fieldInviter, c.token)
		r.Inviter, c.Record.Inviter = c.token, c.token
	}
	s.token = c.token
	before := all()
	err := s.do(t.Context(), l, r, c)
	if !slices.Contains(s.from, from) {
		if !errors.Is(err, ErrTransition) {
			t.Errorf("taken: %v", err)
		}
		if after := all(); after[fieldVersion] != before[fieldVersion] || after[fieldState] != before[fieldState] {
			t.Errorf("refused, and changed: %v", after)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s.check(t, l, from, before, all())
}

func (s step) check(t *testing.T, l *Ledger, from State, before, after map[string]string) {
	t.Helper()
	to := s.to
	if to == "" {
		to = from
	}
	if after[fieldState] != letters[to] {
		t.Errorf("state %s, want %s", after[fieldState], letters[to])
	}
	for f, v := range s.set {
		v = strings.ReplaceAll(v, "TOKEN", s.token)
		if after[f] != v {
			t.Errorf("%s is %q, want %q", f, after[f], v)
		}
	}
	for _, f := range s.removed {
		if v, ok := after[f]; ok {
			t.Errorf("%s is still %q", f, v)
		}
	}
	if fresh := after[fieldGeneration] != before[fieldGeneration]; fresh != s.fresh {
		t.Errorf("a new generation: %v, want %v", fresh, s.fresh)
	}
	if ended := before[fieldClaim] != "" && after[fieldClaim] == ""; ended != (s.ends && before[fieldClaim] != "") {
		t.Errorf("the claim has ended: %v, want %v", ended, s.ends)
	}
	if s.index == "" {
		return
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, x := range []Index{Work, Look} {
		score, err := l.db.ZScore(t.Context(), x.key("certyneo"), "june/1").Result()
		stands := err == nil
		if stands != (x == s.index) {
			t.Errorf("in %s: %v, want it in %s", x, stands, s.index)
		}
		if due := time.UnixMilli(int64(score)).Sub(now); stands && due != s.due {
			t.Errorf("due in %s, want %s", due, s.due)
		}
	}
}

// TestWhatNeedsNoRenewalLeavesItsIndex: only a completed envelope with an address that ends is looked at for it.
func TestWhatNeedsNoRenewalLeavesItsIndex(t *testing.T) {
	l, _ := open(t)
	_, c := in(t, l, "1", Completed, change{})
	waiting := func(want int64, when string) {
		t.Helper()
		if n, err := l.db.ZCard(t.Context(), renewKey).Result(); err != nil || n != want {
			t.Errorf("%s: %d wait to be renewed, want %d: %v", when, n, want, err)
		}
	}
	ending := []byte(`[{"expires":"2030-01-01T00:00:00Z"}]`)
	for _, step := range []struct {
		when string
		do   func() error
		want int64
	}{
		{"an address that ends", func() error { return c.RecordListed(t.Context(), ending) }, 1},
		{"an address that does not", func() error { return c.RecordListed(t.Context(), []byte("[{}]")) }, 0},
		{"one that ends again", func() error { return c.RecordListed(t.Context(), ending) }, 1},
		{"archived", func() error { return c.Archive(t.Context(), time.Now(), []byte("[]"), false) }, 0},
	} {
		if err := step.do(); err != nil {
			t.Fatal(step.when, err)
		}
		waiting(step.want, step.when)
	}
}

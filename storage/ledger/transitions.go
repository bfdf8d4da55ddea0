package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Every change of a record after its creation is one of the methods of this file and of completed.go.
//
//	method              from                      to                    guard
//	Ledger.Claim         queued                   preparing             nobody else's claim, no wish to cancel
//	Claim.RecordStep     any that is claimed      same                  the claim
//	Claim.AddStep,       with the next of the claim's changes
//	AddListed, AddArtifacts
//	Claim.MarkSent       preparing, in_doubt      sent                  the claim that wrote the intent, however late
//	Claim.ConfirmSent    preparing                sent                  the claim
//	Ledger.ConfirmSent   preparing, in_doubt,     sent                  the version; an intent stands, or nobody has
//	                     sent                                           confirmed the id, or the provider does not know it
//	Claim.AwaitSettling, preparing, in_doubt      preparing             the claim that wrote the intent, however late
//	AwaitSettlingAlike,
//	WithdrawIntent
//	Claim.IntendAgain    preparing                preparing             the claim; the intent that it has read stands
//	Claim.NotInvited     preparing                preparing             the claim; an intent stands
//	Claim.AdoptIntent    queued, preparing        preparing             the claim
//	Claim.FailUninvited  preparing                failed                the claim; an intent stands
//	Claim.Doubt          preparing                in_doubt              the claim; an intent stands
//	Claim.Fail           queued, preparing,       failed                the claim; no intent stands
//	                     completed
//	Claim.FailAlike      queued, preparing        failed                the claim; no intent stands
//	Claim.Defer, PutOff, any that is claimed      same                  the claim
//	Park, AwaitKey,
//	Release
//	Claim.Finish,        sent                     sent                  the claim
//	KeepSent
//	Claim.AwaitID        sent                     sent                  the claim; it has no id
//	Claim.NotThere       sent                     sent, in_doubt        the claim; in doubt when the id is unchecked
//	Claim.Cancel         queued, preparing, sent  canceled              the claim; no intent stands
//	Claim.RecordListed   completed                completed             the claim
//	Claim.Archive        completed                archived              the claim
//	Ledger.RecordLook,   sent                     sent                  the version
//	RecordDraft,
//	RecordNotThere
//	Ledger.End           sent                     completed, declined,  the version
//	                                              expired, canceled
//	Ledger.Complete      sent                     completed             the version; the caller has a claim
//	Ledger.RenewListed   completed                completed             the version
//	Ledger.Requeue       failed                   queued, completed     the version; completed when its signers have signed
//	Ledger.ResolveNotSent in_doubt, sent          queued                the version; a sent one is unchecked
//	Ledger.CancelQueued  queued                   canceled              the version; nothing is at the provider
//	Ledger.AskCancel     queued, preparing, sent  same                  the version
//	Ledger.RecordEvidence any                     same                  the version
//	Ledger.Fill          any that is bare         same, queued          the version; queued when it had failed for its content
//	Ledger.NewTask       any                      same                  the version
//	Ledger.BeginAgain    any that has not ended   queued                the version; its simulator is gone
//	HeldOperation.Do     see operate.lua: Requeue, CancelQueued or AskCancel, the end of a pause, or forgetting, for all
//	                     envelopes of a campaign: the state in the same step
//
// The fence (claim, inviter or version) is checked by Redis in the same step as the
// change: [ErrLost]. From and the other guards are checked before, on the record that the
// fence protects: [ErrTransition].

// ErrTransition: the envelope's state does not allow this change. It is a mistake of the
// program, not of its user.
var ErrTransition = errors.New("this is no step from the envelope's state")

// SweepAfter is when the sweeper looks whether a task carries what has just become work.
const SweepAfter = 30 * time.Second

// Reason is why an envelope waits or has ended, as reports show it. Explanation is the
// provider's own words, which may name people.
type Reason struct{ Code, Message, Explanation string }

// Invited is what is known of an envelope whose signers were invited.
type Invited struct {
	EnvelopeID string
	Unnamed    Reason            // why nobody has told the id yet; zero: somebody has
	Steps      map[string]string // results that the inviting call has brought
	Unfinished bool              // calls after the invitation are due: work, before any look
	NextLook   time.Duration     // of one that is finished
	SentAt     time.Time         // zero: now
	Lane       string            // the way to a worker for what is unfinished; empty: stays
	Unchecked  Reason            // why nobody has looked the id up; zero: somebody has
}

// Deferral puts an envelope off after a failed attempt.
type Deferral struct {
	Wait         time.Duration
	Attempts     int
	Reason       Reason
	ForgetSteps  bool // what was made at the provider is gone: it is made again
	ForgetListed bool // the download addresses are dead: they are asked for again
}

// guard refuses a method from another state than those that it is for.
func guard(r *Record, method string, ok bool, from ...State) error {
	if ok && slices.Contains(from, r.State) {
		return nil
	}
	return fmt.Errorf("ledger: %s of %s, which is %s: %w", method, r.Key(), r.State, ErrTransition)
}

// held are the states in which a worker holds an envelope.
var held = []State{Queued, Preparing, Sent, Completed}

// intentFields are those of an inviting call whose outcome is not known.
var intentFields = []string{fieldIntentAt, fieldInviter, fieldSettleAt}

// troubleFields are those of failed attempts.
var troubleFields = []string{fieldAttempts, fieldErrorCode, fieldError, fieldExplanation, fieldNotBefore}

// RecordStep keeps the result of a call that is harmless when repeated.
func (c *Claim) RecordStep(ctx context.Context, step, result string) error {
	if err := guard(c.Record, "RecordStep", true, held...); err != nil {
		return err
	}
	if err := c.write(ctx, change{Set: map[string]string{stepPrefix + step: result}}); err != nil {
		return err
	}
	c.Record.Steps[step] = result
	return nil
}

// AddStep keeps the result of a call that is harmless when repeated, as is every call after it,
// until the claim's next change or renewal: if the worker dies before that, they are repeated.
func (c *Claim) AddStep(step, result string) {
	c.add(stepPrefix+step, result)
	c.Record.Steps[step] = result
}

// invited is the change to sent, whoever has learnt of it: in.Unchecked apart, nothing is
// left of the inviting call.
func (in Invited) change(sentAt string) change {
	ch := change{To: Sent, Index: Look, Due: in.NextLook, Release: true, NewGeneration: true,
		Set: stepFields(in.Steps), Times: map[string]time.Duration{},
		Remove: slices.Concat(intentFields, troubleFields, []string{fieldUnchecked})}
	if at := cmp.Or(formatTime(in.SentAt), sentAt); at != "" {
		ch.Set[fieldSentAt] = at
	} else {
		ch.Times[fieldSentAt] = 0
	}
	if in.Unnamed != (Reason{}) {
		// The inviters stay: one of them may still tell the id.
		maps.Copy(ch.Set, in.Unnamed.fields())
		ch.Remove = []string{fieldIntentAt, fieldSettleAt, fieldAttempts, fieldNotBefore}
		return ch
	}
	ch.Set[fieldEnvelopeID] = in.EnvelopeID
	if in.Unchecked != (Reason{}) {
		maps.Copy(ch.Set, with(in.Unchecked.fields(), map[string]string{fieldUnchecked: "1"}))
		ch.Remove = slices.Concat(intentFields, []string{fieldAttempts, fieldNotBefore})
	}
	if !in.Unfinished {
		ch.Remove = append(ch.Remove, fieldUnfinished)
	} else {
		ch.Index, ch.Due = Work, SweepAfter
		ch.Set[fieldUnfinished] = "1"
		if in.Lane != "" {
			ch.Set[fieldLane] = in.Lane
		}
	}
	return ch
}

// MarkSent records the answer of the inviting call that this claim has made. It is a fact
// that nobody else knows, and is taken also when the claim has lapsed since.
func (c *Claim) MarkSent(ctx context.Context, in Invited) error {
	if err := guard(c.Record, "MarkSent", true, Preparing); err != nil {
		return err
	}
	return c.outcome(ctx, in.change(""))
}

// ConfirmSent records that an inviting call was found to have had its effect.
func (c *Claim) ConfirmSent(ctx context.Context, in Invited) error {
	if err := guard(c.Record, "ConfirmSent", true, Preparing); err != nil {
		return err
	}
	return c.write(ctx, in.change(""))
}

// ConfirmSent records what an operator or a callback says: the signers were invited, under
// this id. One that is sent already has had a wrong id.
func (l *Ledger) ConfirmSent(ctx context.Context, r *Record, in Invited) error {
	known := r.State == InDoubt || r.State == Preparing && !r.IntentAt.IsZero() || r.State == Sent && (r.Unchecked || r.ErrorCode == CodeNotThere) || r.Unnamed()
	if err := guard(r, "ConfirmSent", known, Preparing, InDoubt, Sent); err != nil {
		return err
	}
	at := r.IntentAt
	if at.IsZero() {
		at = r.SentAt
	}
	ch := in.change(formatTime(at))
	// The inviter stays until the provider's word: its mark has no id beside it yet, and one
	// that was not sent after all is sent in spite of the mark.
	ch.Remove = slices.DeleteFunc(ch.Remove, func(f string) bool { return f == fieldInviter })
	if err := l.write(ctx, r, r.fence(), ch); err != nil {
		return err
	}
	if in.Unfinished && in.Lane != "" {
		r.Lane = in.Lane
	}
	return nil
}

// AwaitSettling records that the inviting call has ended without an answer: what became of
// it is asked after the quiet period.
func (c *Claim) AwaitSettling(ctx context.Context, why Reason, steps map[string]string, quiet time.Duration) error {
	if err := guard(c.Record, "AwaitSettling", true, Preparing); err != nil {
		return err
	}
	return c.outcome(ctx, settling(why, steps, quiet))
}

func settling(why Reason, steps map[string]string, quiet time.Duration) change {
	return change{Set: with(stepFields(steps), why.fields()), Index: Work, Due: quiet + time.Second,
		Times: map[string]time.Duration{fieldSettleAt: quiet, fieldNotBefore: quiet}}
}

// WithdrawIntent records that the inviting call was not made, or was refused: nobody was
// invited. The claim ends with it.
func (c *Claim) WithdrawIntent(ctx context.Context, steps map[string]string) error {
	if err := guard(c.Record, "WithdrawIntent", true, Preparing); err != nil {
		return err
	}
	return c.outcome(ctx, change{Set: with(stepFields(steps), c.Record.reachedNobody(c.token)), Remove: []string{fieldIntentAt, fieldInviter}, Index: Work, Due: SweepAfter})
}

// reachedNobody adds a claim to the uninvited ones.
func (r *Record) reachedNobody(inviter string) map[string]string {
	if inviter == "" {
		return nil
	}
	return map[string]string{fieldUninvited: strings.Join(append(slices.Clip(r.Uninvited), inviter), " ")}
}

// AdoptIntent records that an inviting call stands in the archive which this ledger does not
// know, of a claim of another ledger or of a lost time: what it has invited is found out
// after the quiet period, with the results of its steps. The claim ends with it; without a
// quiet period it goes on.
func (c *Claim) AdoptIntent(ctx context.Context, inviter string, steps map[string]string, quiet time.Duration) error {
	r := c.Record
	if err := guard(r, "AdoptIntent", true, Queued, Preparing); err != nil {
		return err
	}
	ch := change{To: Preparing, Set: with(stepFields(steps), map[string]string{fieldInviter: inviter}), Times: map[string]time.Duration{fieldIntentAt: 0}, Remove: []string{fieldSettleAt}}
	for _, f := range r.stepFields() {
		if _, stays := ch.Set[f]; !stays {
			ch.Remove = append(ch.Remove, f)
		}
	}
	if quiet > 0 {
		ch.Times[fieldNotBefore], ch.Release, ch.Index, ch.Due = quiet, true, Work, quiet+time.Second
	}
	if err := c.write(ctx, ch); err != nil {
		return err
	}
	r.Inviter, r.IntentAt, r.SettleAt, r.Steps = inviter, c.At, time.Time{}, maps.Clone(steps)
	return nil
}

// NotInvited records that an interrupted inviting call has invited nobody. It counts as an
// attempt; the claim goes on.
func (c *Claim) NotInvited(ctx context.Context) error {
	if err := guard(c.Record, "NotInvited", !c.Record.IntentAt.IsZero(), Preparing); err != nil {
		return err
	}
	r := c.Record
	ch := change{Set: with(attempts(r.Attempts+1), r.reachedNobody(r.Inviter)), Remove: append([]string{fieldNotBefore}, intentFields...)}
	if err := c.write(ctx, ch); err != nil {
		return err
	}
	r.Attempts++
	r.Uninvited = append(r.Uninvited, strings.Fields(r.Inviter)...)
	r.IntentAt, r.SettleAt, r.Inviter = time.Time{}, time.Time{}, ""
	return nil
}

// FailUninvited is NotInvited for the last attempt. The reason of the last call stays, and
// otherwise it is this one.
func (c *Claim) FailUninvited(ctx context.Context, otherwise Reason) error {
	r := c.Record
	if err := guard(r, "FailUninvited", !r.IntentAt.IsZero(), Preparing); err != nil {
		return err
	}
	ch := change{To: Failed, Index: none, Release: true, NewGeneration: true, Set: with(attempts(r.Attempts+1), r.reachedNobody(r.Inviter)), Remove: append([]string{fieldNotBefore}, intentFields...)}
	if r.ErrorCode == "" {
		maps.Copy(ch.Set, otherwise.fields())
	}
	return c.write(ctx, ch)
}

// Doubt leaves an envelope to people: nobody can tell whether its signers were invited.
func (c *Claim) Doubt(ctx context.Context, why Reason) error {
	if err := guard(c.Record, "Doubt", !c.Record.IntentAt.IsZero(), Preparing); err != nil {
		return err
	}
	return c.write(ctx, change{To: InDoubt, Index: none, Release: true, NewGeneration: true, Set: why.fields()})
}

// Fail gives an envelope up until it is retried.
func (c *Claim) Fail(ctx context.Context, tried int, why Reason) error {
	if err := guard(c.Record, "Fail", c.Record.IntentAt.IsZero(), Queued, Preparing, Completed); err != nil {
		return err
	}
	return c.write(ctx, failure(tried, why))
}

func failure(tried int, why Reason) change {
	return change{To: Failed, Index: none, Release: true, NewGeneration: true, Set: with(attempts(tried), why.fields())}
}

// Defer puts an envelope off after a failed attempt.
func (c *Claim) Defer(ctx context.Context, d Deferral) error {
	if err := guard(c.Record, "Defer", true, held...); err != nil {
		return err
	}
	var forget []string
	if d.ForgetSteps {
		forget = c.Record.stepFields()
	}
	if d.ForgetListed {
		forget = append(forget, fieldListed)
	}
	return c.write(ctx, change{Release: true, Index: Work, Due: d.Wait + time.Second, Remove: forget,
		Set: with(attempts(d.Attempts), d.Reason.fields()), Times: map[string]time.Duration{fieldNotBefore: d.Wait}})
}

// PutOff gives a claim back; nobody takes the envelope up before the time.
func (c *Claim) PutOff(ctx context.Context, wait time.Duration) error {
	if err := guard(c.Record, "PutOff", true, held...); err != nil {
		return err
	}
	return c.write(ctx, change{Release: true, Index: Work, Due: wait + time.Second, Times: map[string]time.Duration{fieldNotBefore: wait}})
}

// AwaitKey gives a claim back because the provider refuses the key.
func (c *Claim) AwaitKey(ctx context.Context, why Reason, pause time.Duration) error {
	if err := guard(c.Record, "AwaitKey", true, held...); err != nil {
		return err
	}
	return c.write(ctx, change{Release: true, Index: Work, Due: pause, Set: why.fields()})
}

// Park gives a claim back because the campaign is paused: [ResumeAll] puts it back.
func (c *Claim) Park(ctx context.Context) error {
	if err := guard(c.Record, "Park", true, Queued, Preparing); err != nil {
		return err
	}
	return c.write(ctx, change{Release: true, Index: none})
}

// Release gives a claim back without a change; its task comes again after the time.
func (c *Claim) Release(ctx context.Context, wait time.Duration) error {
	if err := guard(c.Record, "Release", true, held...); err != nil {
		return err
	}
	return c.write(ctx, change{Release: true, Index: Work, Due: wait + SweepAfter})
}

// Finish records that the calls after the invitation are made: now it is looked at.
func (c *Claim) Finish(ctx context.Context, nextLook time.Duration) error {
	if err := guard(c.Record, "Finish", true, Sent); err != nil {
		return err
	}
	return c.write(ctx, change{Index: Look, Due: nextLook, Release: true, NewGeneration: true, Remove: append([]string{fieldUnfinished, fieldUnchecked}, troubleFields...)})
}

// KeepSent gives up what was to follow an invitation: the signers can still sign, so the
// looks go on.
func (c *Claim) KeepSent(ctx context.Context, tried int, why Reason, nextLook time.Duration) error {
	if err := guard(c.Record, "KeepSent", true, Sent); err != nil {
		return err
	}
	return c.write(ctx, change{Index: Look, Due: nextLook, Release: true, NewGeneration: true, Set: with(attempts(tried), why.fields()),
		Remove: []string{fieldUnfinished, fieldCancel}})
}

// NotThere records that the provider does not know a sent envelope. One whose id nobody has
// confirmed is in doubt again; another stays sent, and its looks go on.
func (c *Claim) NotThere(ctx context.Context, message string, nextLook time.Duration) error {
	if err := guard(c.Record, "NotThere", true, Sent); err != nil {
		return err
	}
	ch := change{Index: Look, Due: nextLook, Release: true, NewGeneration: true, Set: Reason{Code: CodeNotThere, Message: message}.fields(),
		Remove: []string{fieldCancel, fieldNotBefore, fieldAttempts}}
	if c.Record.Unchecked {
		ch.To, ch.Index = InDoubt, none
		ch.Remove = append(ch.Remove, fieldUnchecked, fieldUnfinished, fieldEnvelopeID, fieldSentAt, fieldSigners)
	}
	return c.write(ctx, ch)
}

// AwaitID keeps the wish to withdraw a sent envelope until its id is known.
func (c *Claim) AwaitID(ctx context.Context, nextLook time.Duration) error {
	if err := guard(c.Record, "AwaitID", c.Record.Unnamed(), Sent); err != nil {
		return err
	}
	return c.write(ctx, change{Index: Look, Due: nextLook, Release: true, NewGeneration: true})
}

// Cancel ends an envelope that was withdrawn at the provider, or discarded before anybody
// was invited.
func (c *Claim) Cancel(ctx context.Context) error {
	if err := guard(c.Record, "Cancel", c.Record.IntentAt.IsZero(), Queued, Preparing, Sent); err != nil {
		return err
	}
	return c.write(ctx, change{To: Canceled, Index: none, Release: true, NewGeneration: true,
		Remove: []string{fieldCancel, fieldErrorCode, fieldError, fieldExplanation, fieldNotBefore, fieldUnfinished, fieldUnchecked}})
}

// signersField are the signers as a look has seen them; none: they stay.
func signersField(signers json.RawMessage) map[string]string {
	if len(signers) == 0 {
		return nil
	}
	return map[string]string{fieldSigners: string(signers)}
}

// RecordLook records that the provider knows a sent envelope, and how its signers stand.
func (l *Ledger) RecordLook(ctx context.Context, r *Record, signers json.RawMessage, nextLook time.Duration) error {
	if err := guard(r, "RecordLook", true, Sent); err != nil {
		return err
	}
	return l.write(ctx, r, r.fence(), change{Index: Look, Due: nextLook, Set: signersField(signers),
		Remove: []string{fieldInviter, fieldAttempts, fieldErrorCode, fieldError, fieldExplanation, fieldUnchecked}})
}

// RecordDraft records that an id which nobody has confirmed is that of a draft.
func (l *Ledger) RecordDraft(ctx context.Context, r *Record, why Reason, signers json.RawMessage, nextLook time.Duration) error {
	if err := guard(r, "RecordDraft", r.Unchecked, Sent); err != nil {
		return err
	}
	return l.write(ctx, r, r.fence(), change{Index: Look, Due: nextLook, Set: with(signersField(signers), why.fields()), Remove: []string{fieldAttempts}})
}

// RecordNotThere is NotThere of a look, which holds no claim: it stands in the report, and
// an operator may resolve it.
func (l *Ledger) RecordNotThere(ctx context.Context, r *Record, message string) error {
	if err := guard(r, "RecordNotThere", true, Sent); err != nil {
		return err
	}
	return l.write(ctx, r, r.fence(), change{Set: Reason{Code: CodeNotThere, Message: message}.fields()})
}

// Requeue puts a failed envelope back to where it failed, with all attempts anew.
func (l *Ledger) Requeue(ctx context.Context, r *Record, lane string) error {
	if err := guard(r, "Requeue", true, Failed); err != nil {
		return err
	}
	ch := change{To: Queued, Index: Work, Due: SweepAfter, NewGeneration: true, Set: map[string]string{fieldLane: lane}, Remove: troubleFields}
	if !r.CompletedAt.IsZero() {
		ch.To = Completed
	}
	return l.steer(ctx, r, lane, ch)
}

// ResolveNotSent puts an envelope back whose signers were not invited, as an operator says.
func (l *Ledger) ResolveNotSent(ctx context.Context, r *Record, lane string) error {
	if err := guard(r, "ResolveNotSent", r.State == InDoubt || r.Unchecked || r.Unnamed(), InDoubt, Sent); err != nil {
		return err
	}
	return l.steer(ctx, r, lane, change{To: Queued, Index: Work, Due: SweepAfter, NewGeneration: true, Set: with(map[string]string{fieldLane: lane}, r.reachedNobody(r.Inviter)),
		Remove: slices.Concat(intentFields, troubleFields, []string{fieldUnchecked, fieldEnvelopeID, fieldSentAt, fieldUnfinished, fieldCancel, fieldSigners})})
}

// CancelQueued ends an envelope of which nothing is at the provider.
func (l *Ledger) CancelQueued(ctx context.Context, r *Record) error {
	if err := guard(r, "CancelQueued", len(r.Steps) == 0, Queued); err != nil {
		return err
	}
	return l.write(ctx, r, r.fence(), change{To: Canceled, Index: none, NewGeneration: true})
}

// AskCancel keeps the wish to cancel: a worker that holds the envelope sees it before it
// invites, and otherwise a new task carries it out.
func (l *Ledger) AskCancel(ctx context.Context, r *Record, lane string) error {
	if err := guard(r, "AskCancel", true, Queued, Preparing, Sent); err != nil {
		return err
	}
	return l.steer(ctx, r, lane, change{Set: map[string]string{fieldCancel: "1", fieldLane: lane}, Remove: []string{fieldNotBefore},
		Index: Work, Due: time.Second, NewGeneration: true})
}

// steer writes what an operator has asked for; its task takes the lane.
func (l *Ledger) steer(ctx context.Context, r *Record, lane string, ch change) error {
	if err := l.write(ctx, r, r.fence(), ch); err != nil {
		return err
	}
	r.Lane = lane
	return nil
}

// RecordEvidence keeps what a callback has brought, for the manifest and the report.
func (l *Ledger) RecordEvidence(ctx context.Context, r *Record, evidence json.RawMessage) error {
	if err := guard(r, "RecordEvidence", true, States...); err != nil {
		return err
	}
	return l.write(ctx, r, r.fence(), change{Set: map[string]string{fieldEvidence: string(evidence)}})
}

// CodeNoContent is the code of an envelope that cannot go on without its content.
const CodeNoContent = "no_content"

// Fill gives a bare record its content. What could not go on without it does: work tells
// that it has a new task.
func (l *Ledger) Fill(ctx context.Context, r *Record, envelope json.RawMessage) (work bool, err error) {
	if err := guard(r, "Fill", r.Bare, States...); err != nil {
		return false, err
	}
	ch := change{Set: map[string]string{fieldDigest: pack(r.Digest), fieldEnvelope: string(envelope)}}
	if r.ErrorCode == CodeNoContent && (r.State == Failed || r.State == Sent) {
		ch.Index, ch.Due, ch.NewGeneration, ch.Remove, work = Work, SweepAfter, true, troubleFields, true
		if r.State == Failed {
			ch.To = Queued
		} else {
			ch.Set[fieldUnfinished] = "1"
		}
	}
	if err := l.write(ctx, r, r.fence(), ch); err != nil {
		return false, err
	}
	r.Bare = false
	return work, nil
}

// NewTask makes the tasks of an envelope stale: the caller enqueues another one.
func (l *Ledger) NewTask(ctx context.Context, r *Record) error {
	return l.write(ctx, r, r.fence(), change{NewGeneration: true})
}

// BeginAgain puts a simulated envelope back to its beginning: its simulator is gone.
func (l *Ledger) BeginAgain(ctx context.Context, r *Record) error {
	if err := guard(r, "BeginAgain", true, held...); err != nil {
		return err
	}
	forget := slices.Concat(r.stepFields(), intentFields, troubleFields, []string{fieldEnvelopeID, fieldUnfinished, fieldSentAt, fieldCompleted,
		fieldSigners, fieldFinal, fieldListed, fieldArtifacts, fieldEvidence, fieldFetching, fieldReminders, fieldRemindedAt, fieldRound})
	return l.write(ctx, r, r.fence(), change{To: Queued, Index: Work, Due: time.Second, Remove: forget, Release: true, NewGeneration: true})
}

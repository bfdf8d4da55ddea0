package providertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

// call is one method at one point of an envelope's life.
type call struct {
	name  string
	reads bool // changes nothing: one envelope serves many tries
	// ready brings an envelope to that point and gives the call.
	ready func(*world) func(context.Context) error
}

// calls are all that the provider has.
func (w *world) calls() []call {
	usual := w.suite.Envelope
	calls := []call{
		{name: "Prepare", ready: func(w *world) func(context.Context) error {
			rec := w.enqueue(usual())
			return func(ctx context.Context) error { return w.provider.Prepare(ctx, w.job(rec)) }
		}},
		{name: "Invite", ready: func(w *world) func(context.Context) error {
			rec := w.prepared(usual())
			return func(ctx context.Context) error { return w.provider.Invite(ctx, w.job(rec)) }
		}},
		{name: "Settle", reads: true, ready: func(w *world) func(context.Context) error {
			rec := w.prepared(usual())
			return func(ctx context.Context) error { return w.settle(ctx, rec, providers.NotInvited) }
		}},
		{name: "Settle known", reads: true, ready: func(w *world) func(context.Context) error {
			rec := w.invited(usual())
			return func(ctx context.Context) error { return w.settle(ctx, rec, providers.Invited) }
		}},
		{name: "Status", reads: true, ready: func(w *world) func(context.Context) error {
			rec := w.completed(usual())
			return func(ctx context.Context) error {
				_, err := w.provider.Status(ctx, rec.ref())
				return err
			}
		}},
		{name: "Status at first", reads: true, ready: func(w *world) func(context.Context) error {
			rec := w.invited(usual())
			return func(ctx context.Context) error { // of a new process, which holds no token
				p, _ := w.client(w.settings)
				_, err := p.Status(ctx, rec.ref())
				return err
			}
		}},
		{name: "Artifacts", reads: true, ready: func(w *world) func(context.Context) error {
			rec := w.completed(usual())
			return func(ctx context.Context) error {
				_, err := w.provider.Artifacts(ctx, rec.ref())
				return err
			}
		}},
	}
	for _, kind := range w.inner.Info().Artifacts {
		calls = append(calls, call{name: "Open " + string(kind), reads: true, ready: func(w *world) func(context.Context) error {
			rec := w.completed(usual())
			a := w.artifact(rec, kind)
			return func(ctx context.Context) error {
				body, err := w.provider.Open(ctx, rec.ref(), a)
				if err != nil {
					return err
				}
				defer body.Close()
				_, err = io.Copy(io.Discard, body)
				return err
			}
		}})
	}
	return append(calls, w.powers()...)
}

// powers are the calls of the optional interfaces.
func (w *world) powers() (calls []call) {
	usual := w.suite.Envelope
	one := func(name string, reads bool, bring func(*world) *record, do func(context.Context, *world, *record) error) {
		calls = append(calls, call{name: name, reads: reads, ready: func(w *world) func(context.Context) error {
			rec := bring(w)
			return func(ctx context.Context) error { return w.tap.note(do(ctx, w, rec)) }
		}})
	}
	invited := func(w *world) *record { return w.invited(usual()) }
	if _, ok := w.inner.(providers.Finisher); ok {
		one("Finish", false, func(w *world) *record {
			rec := w.prepared(usual())
			w.invite(rec)
			return rec
		}, func(ctx context.Context, w *world, rec *record) error {
			return w.inner.(providers.Finisher).Finish(ctx, w.job(rec))
		})
	}
	if _, ok := w.inner.(providers.Lister); ok {
		one("List", true, invited, func(ctx context.Context, w *world, _ *record) error {
			_, _, err := w.inner.(providers.Lister).List(ctx, 1)
			return err
		})
	}
	if _, ok := w.inner.(providers.Canceler); ok {
		one("Cancel", false, invited, func(ctx context.Context, w *world, rec *record) error {
			return w.inner.(providers.Canceler).Cancel(ctx, rec.ref())
		})
	}
	if _, ok := w.inner.(providers.Discarder); ok {
		one("Discard", false, func(w *world) *record { return w.prepared(usual()) }, func(ctx context.Context, w *world, rec *record) error {
			return w.inner.(providers.Discarder).Discard(ctx, rec.ref())
		})
	}
	if _, ok := w.inner.(providers.Reminder); ok {
		one("Remind", false, invited, func(ctx context.Context, w *world, rec *record) error {
			return w.inner.(providers.Reminder).Remind(ctx, rec.ref(), fake.Always)
		})
	}
	if _, ok := w.inner.(providers.Subscriber); ok {
		none := func(*world) *record { return nil }
		one("Subscribe", false, none, func(ctx context.Context, w *world, _ *record) error {
			_, secret, err := w.inner.(providers.Subscriber).Subscribe(ctx, "https://hooks.exemplo.test/x")
			w.tap.add(secret)
			return err
		})
		one("Subscriptions", true, none, func(ctx context.Context, w *world, _ *record) error {
			_, err := w.inner.(providers.Subscriber).Subscriptions(ctx)
			return err
		})
	}
	return calls
}

var errWrongOutcome = errors.New("Settle has found the wrong outcome")

// settle is Settle with the outcome that it must have, or none.
func (w *world) settle(ctx context.Context, rec *record, want providers.Outcome) error {
	job := w.job(rec)
	outcome, err := w.provider.Settle(ctx, job)
	switch {
	case err != nil:
		if outcome == providers.Invited || outcome == providers.NotInvited {
			return fmt.Errorf("%w: %s beside a failure", errWrongOutcome, outcome)
		}
		return err
	case outcome == want, outcome == providers.Unknown: // the room flow wants the first
		return nil
	}
	return fmt.Errorf("%w: %s, not %s", errWrongOutcome, outcome, want)
}

// artifact is the first of a kind.
func (w *world) artifact(rec *record, kind providers.Kind) providers.Artifact {
	w.t.Helper()
	list, err := w.provider.Artifacts(w.t.Context(), rec.ref())
	if err != nil {
		w.t.Fatalf("Artifacts: %v", err)
	}
	for _, a := range list {
		if a.Kind == kind {
			return again(w.t, a)
		}
	}
	w.t.Fatalf("no %s among %d artifacts", kind, len(list))
	return providers.Artifact{}
}

// trial makes a call of one kind again and again, with an envelope that is fit for it.
type trial struct {
	w    *world
	call call
	kept func(context.Context) error
	ops  []string // of its requests, in order, when nothing is wrong
}

func (w *world) trial(c call) *trial {
	w.t.Helper()
	tr := &trial{w: w, call: c}
	for range 2 { // the first may fetch a token, too
		do := tr.next()
		ops := w.watch()
		if err := do(w.t.Context()); err != nil {
			w.t.Fatalf("%s: %v", c.name, err)
		}
		tr.ops = ops()
	}
	return tr
}

// next is the call on an envelope that no fault has met yet.
func (tr *trial) next() func(context.Context) error {
	tr.w.wire.with(nil)
	if tr.kept == nil || !tr.call.reads {
		tr.kept = tr.call.ready(tr.w)
	}
	return tr.kept
}

// eachRequest runs a test for every call and every request of it.
func eachRequest(t *testing.T, w *world, test func(t *testing.T, tr *trial, n int)) {
	for _, c := range w.calls() {
		tr := w.trial(c)
		for n := range tr.ops {
			test(t, tr, n)
		}
	}
	w.wire.with(nil)
}

// inviting tells whether a request of the trial is the inviting one.
func (tr *trial) inviting(n int) bool { return tr.call.name == "Invite" && n == len(tr.ops)-1 }

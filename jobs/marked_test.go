package jobs

import (
	"errors"
	"testing"
	"time"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// uninvited brings an envelope to where a call of it is known to have invited nobody, and
// returns the claim of that call.
func (l *lost) uninvited(id string) (claim string) {
	l.t.Helper()
	ctx := l.t.Context()
	l.put("able", id, queued)
	c, hold, _, err := l.ledger.Claim(ctx, "june/"+id, l.record(id).Generation, time.Minute, ledger.Preparation{Provider: "able", Simulated: true})
	if err != nil || hold != ledger.Granted {
		l.t.Fatal(hold, err)
	}
	if intent, err := c.Intend(ctx); err != nil || intent != ledger.IntentOK {
		l.t.Fatal(intent, err)
	}
	l.must(c.WithdrawIntent(ctx, nil))
	return c.Token()
}

// failedUninvited is uninvited of an envelope that fails after that.
func (l *lost) failedUninvited(id string) (claim string) {
	l.t.Helper()
	claim = l.uninvited(id)
	c, hold, _, err := l.ledger.Claim(l.t.Context(), "june/"+id, l.record(id).Generation, time.Minute, ledger.Preparation{Provider: "able", Simulated: true})
	if err != nil || hold != ledger.Granted {
		l.t.Fatal(hold, err)
	}
	l.must(c.Fail(l.t.Context(), 1, ledger.Reason{Code: "refused", Message: "refused"}))
	return claim
}

// What the archive may have of an envelope that this ledger calls unsent.
var standings = map[string]struct {
	mark      func(l *lost, id, uninvited string)
	mayBeSent bool
}{
	"no mark":          {func(*lost, string, string) {}, false},
	"a mark":           {func(l *lost, id, _ string) { l.mark(marks.Mark{ID: id, Claim: "another"}) }, true},
	"a mark and an id": {func(l *lost, id, _ string) { l.mark(marks.Mark{ID: id, Claim: "another"}); l.sent(id) }, true},
	"a refused mark": {func(l *lost, id, _ string) {
		l.must(l.book.Refuse(l.t.Context(), l.mark(marks.Mark{ID: id, Claim: "another"}), "no"))
	}, false},
	"the mark of a call without effect": {func(l *lost, id, own string) { l.mark(marks.Mark{ID: id, Claim: own}) }, false},
	"that mark, and an id of later":     {func(l *lost, id, own string) { l.mark(marks.Mark{ID: id, Claim: own}); l.sent(id) }, true},
	"that mark, and another's after it": {func(l *lost, id, own string) {
		l.mark(marks.Mark{ID: id, Claim: own})
		l.mark(marks.Mark{ID: id, Claim: "another"})
	}, true},
	"another's mark, and then that mark": {func(l *lost, id, own string) {
		l.mark(marks.Mark{ID: id, Claim: "another"})
		l.mark(marks.Mark{ID: id, Claim: own})
	}, false},
}

// A queued envelope is cancelled at once where the archive says that nobody can have been
// invited; a worker looks where it says otherwise, or cannot be asked.
func TestMarksAreLookedForBeforeACancellation(t *testing.T) {
	for name, c := range standings {
		for reach, open := range map[string]func(l *lost) archive.Archive{
			"":                  func(l *lost) archive.Archive { return l.store },
			", without archive": func(*lost) archive.Archive { return nil },
			", archive away": func(l *lost) archive.Archive {
				return brokenAt{Archive: l.store, list: true, err: archive.ErrUnavailable}
			},
		} {
			t.Run(name+reach, func(t *testing.T) {
				l := newLost(t)
				c.mark(l, "1", l.toQueued("1"))
				l.open(open(l))
				if res, err := l.Cancel(t.Context(), "june", "1"); err != nil || res.Done != 1 {
					t.Fatalf("%+v %v", res, err)
				}
				r, worker := l.record("1"), c.mayBeSent || reach != ""
				if worker != (r.State == ledger.Queued && r.CancelAsked) || !worker != (r.State == ledger.Canceled) {
					t.Errorf("it is %s, and to be cancelled: %t", r.State, r.CancelAsked)
				}
			})
		}
	}
}

// toQueued is uninvited of an envelope that is queued again.
func (l *lost) toQueued(id string) (claim string) {
	l.t.Helper()
	claim = l.failedUninvited(id)
	if res, err := l.Retry(l.t.Context(), "june", id); err != nil || res.Done != 1 {
		l.t.Fatalf("%+v %v", res, err)
	}
	return claim
}

// A failed envelope is forgotten as one that nobody was invited to only where the archive says
// the same.
func TestMarksAreLookedForBeforeFailedOnesAreForgotten(t *testing.T) {
	for name, c := range standings {
		t.Run(name, func(t *testing.T) {
			l := newLost(t)
			l.put("able", "0", archived)
			c.mark(l, "1", l.failedUninvited("1"))
			l.put("able", "2", failed) // after it, and unmarked
			_, err := l.Begin(t.Context(), "june", ledger.ForgetUnfinished, "")
			u, refused := errors.AsType[*ledger.UnfinishedError](err)
			if err != nil && !refused || refused != c.mayBeSent || refused && (u.Marked != "1" || u.Campaign != "june") {
				t.Errorf("%v", err)
			}
		})
	}
	away := errors.New("it does not answer")
	for name, broken := range map[string]brokenAt{"the list": {list: true, err: away}, "a mark": {file: "/invited.json", err: away}} {
		t.Run(name+" is away", func(t *testing.T) {
			l := newLost(t)
			l.mark(marks.Mark{ID: "1", Claim: l.failedUninvited("1")})
			broken.Archive = l.store
			l.open(broken)
			if _, err := l.Begin(t.Context(), "june", ledger.ForgetUnfinished, ""); !errors.Is(err, away) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("nothing has failed", func(t *testing.T) {
		l := newLost(t)
		l.put("able", "1", archived)
		l.mark(marks.Mark{ID: "1", Claim: "c"})
		if _, err := l.Begin(t.Context(), "june", ledger.ForgetUnfinished, ""); err != nil || l.store.listed.Load() != 0 {
			t.Errorf("%d files listed: %v", l.store.listed.Load(), err)
		}
	})
	t.Run("what failed after it was sent", func(t *testing.T) {
		l := newLost(t)
		l.put("able", "1", completed)
		c, hold, _, err := l.ledger.Claim(t.Context(), "june/1", l.record("1").Generation, time.Minute, ledger.Preparation{Provider: "able", Simulated: true})
		if err != nil || hold != ledger.Granted {
			t.Fatal(hold, err)
		}
		l.must(c.Fail(t.Context(), 1, ledger.Reason{Code: "not_kept", Message: "not kept"}))
		l.mark(marks.Mark{ID: "1", Claim: "its own"})
		if _, err := l.Begin(t.Context(), "june", ledger.ForgetUnfinished, ""); err != nil {
			t.Error(err)
		}
	})
	t.Run("what is finished", func(t *testing.T) {
		l := newLost(t)
		l.put("able", "1", archived)
		l.put("able", "2", failed)
		l.mark(marks.Mark{ID: "1", Claim: "another"})
		if _, err := l.Begin(t.Context(), "june", ledger.ForgetAll, ""); err == nil || l.store.listed.Load() != 0 {
			t.Errorf("%d files listed: %v", l.store.listed.Load(), err)
		}
		if _, err := l.Begin(t.Context(), "june", ledger.ForgetUnfinished, ""); err != nil {
			t.Errorf("the mark of an archived one: %v", err)
		}
	})
}

// Who cancels a campaign looks once for marks that the ledger does not know, and has workers
// look at each envelope where there is one.
func TestMarksAreLookedForBeforeACampaignIsCancelled(t *testing.T) {
	queuedOnes := func(l *lost) { l.put("able", "2", queued); l.put("able", "3", queued) }
	for name, c := range map[string]struct {
		before  func(l *lost)
		worker  bool
		younger bool
	}{
		"no mark":                     {func(*lost) {}, false, false},
		"one of the queued is marked": {func(l *lost) { l.mark(marks.Mark{ID: "2", Claim: "another"}) }, true, true},
		"one that nobody knows":       {func(l *lost) { l.mark(marks.Mark{ID: "9", Claim: "another"}) }, true, true},
		"one that nobody knows, refused": {func(l *lost) {
			l.must(l.book.Refuse(l.t.Context(), l.mark(marks.Mark{ID: "9", Claim: "another"}), "no"))
		}, false, false},
		"one that is being prepared":   {func(l *lost) { l.put("able", "1", preparing); l.mark(marks.Mark{ID: "1", Claim: "another"}) }, true, true},
		"the mark of one that is sent": {func(l *lost) { l.put("able", "1", sent); l.mark(marks.Mark{ID: "1", Claim: "its own"}) }, false, false},
		"the mark of an inviting call": {func(l *lost) { l.put("able", "1", inviting); l.mark(marks.Mark{ID: "1", Claim: "its own"}) }, false, false},
		"known before":                 {func(l *lost) { l.file("june/9/dossier.pdf", "x"); l.must(l.ledger.Younger(l.t.Context(), "june")) }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLost(t)
			queuedOnes(l)
			c.before(l)
			o, err := l.Begin(t.Context(), "june", ledger.CancelAll, "")
			l.must(err)
			_, err = l.Carry(t.Context(), o.ID, nil)
			l.must(err)
			for _, id := range []string{"2", "3"} {
				if r := l.record(id); c.worker != (r.State == ledger.Queued && r.CancelAsked) || !c.worker != (r.State == ledger.Canceled) {
					t.Errorf("%s is %s, and to be cancelled: %t", id, r.State, r.CancelAsked)
				}
			}
			if n := l.store.listed.Load(); name == "known before" && n != 0 {
				t.Errorf("%d files listed", n)
			}
			if l.younger("june") != c.younger {
				t.Errorf("younger: %t", l.younger("june"))
			}
		})
	}
	t.Run("once", func(t *testing.T) {
		l := newLost(t)
		queuedOnes(l)
		l.file("june/9/dossier.pdf", "x")
		o, err := l.Begin(t.Context(), "june", ledger.CancelAll, "")
		l.must(err)
		for range 2 { // its holder dies, and another goes on
			held, err := l.ledger.TakeOperation(t.Context(), o.ID, operationLease)
			l.must(err)
			l.must(l.look(t.Context(), held))
			l.mini.FastForward(2 * operationLease)
			l.at = l.at.Add(2 * operationLease)
			l.mini.SetTime(l.at)
		}
		if n := l.store.listed.Load(); n != 1 {
			t.Errorf("%d files listed", n)
		}
	})
	t.Run("nothing is queued", func(t *testing.T) {
		l := newLost(t)
		l.put("able", "1", sent)
		l.mark(marks.Mark{ID: "9", Claim: "another"})
		o, err := l.Begin(t.Context(), "june", ledger.CancelAll, "")
		l.must(err)
		_, err = l.Carry(t.Context(), o.ID, nil)
		l.must(err)
		if n := l.store.listed.Load(); n != 0 {
			t.Errorf("%d files listed", n)
		}
	})
	t.Run("the archive is away", func(t *testing.T) {
		l := newLost(t)
		queuedOnes(l)
		l.open(brokenAt{Archive: l.store, list: true, err: archive.ErrUnavailable})
		o, err := l.Begin(t.Context(), "june", ledger.CancelAll, "")
		l.must(err)
		_, err = l.Carry(t.Context(), o.ID, nil)
		l.must(err)
		if r := l.record("2"); r.State != ledger.Queued || !r.CancelAsked || l.younger("june") {
			t.Errorf("it is %s, and to be cancelled: %t", r.State, r.CancelAsked)
		}
	})
	t.Run("another operation", func(t *testing.T) {
		l := newLost(t)
		queuedOnes(l)
		l.mark(marks.Mark{ID: "2", Claim: "another"})
		o, err := l.Begin(t.Context(), "june", ledger.RetryAll, "")
		l.must(err)
		_, err = l.Carry(t.Context(), o.ID, nil)
		l.must(err)
		if n := l.store.listed.Load(); n != 0 {
			t.Errorf("%d files listed", n)
		}
	})
}

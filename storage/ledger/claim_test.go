package ledger

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestClaimPrepares: the claim of a queued envelope makes it preparing in the same step, with
// its counts, and says whether its provider is simulated.
func TestClaimPrepares(t *testing.T) {
	l, clock := open(t)
	create(t, l, "1")
	for i, c := range []struct {
		p     Preparation
		began bool
		state State
	}{
		{Preparation{}, false, Queued},
		{Preparation{Provider: "sdoc", Simulated: true}, false, Queued}, // not its own
		{Preparation{Provider: "certyneo", Simulated: true}, true, Preparing},
		{Preparation{Provider: "certyneo"}, false, Preparing}, // began before
	} {
		claim, hold, _, err := l.Claim(t.Context(), "june/1", 1, 20*time.Second, c.p)
		if err != nil || hold != Granted {
			t.Fatalf("%d: %s %v", i, hold, err)
		}
		r := get(t, l, "1")
		if claim.Began != c.began || claim.Record.State != c.state || r.State != c.state || claim.Record.Version != r.Version || r.Tries != i+1 || claim.Record.Tries != r.Tries {
			t.Errorf("%d: began %v, %+v, in the ledger %+v", i, claim.Began, claim.Record, r)
		}
		if simulated := i >= 2; r.Simulated != simulated || claim.Record.Simulated != simulated {
			t.Errorf("%d: simulated %v, in the ledger %v", i, claim.Record.Simulated, r.Simulated)
		}
		clock.forward(time.Minute)
	}
	n, err := l.Campaign(t.Context(), "june")
	if err != nil || n.States[Preparing] != 1 || n.States[Queued] != 0 || !n.Simulated {
		t.Errorf("%+v %v", n, err)
	}
	if page, _, err := l.Page(t.Context(), "june", Preparing, "", 9); err != nil || len(page) != 1 {
		t.Errorf("of the state: %v %v", page, err)
	}
	if err := writeRecord(t.Context(), l, create(t, l, "2"), change{Set: map[string]string{fieldCancel: "1"}}); err != nil {
		t.Fatal(err)
	}
	if c, _, _, err := l.Claim(t.Context(), "june/2", 1, time.Second, Preparation{Provider: "certyneo"}); err != nil || c.Began || c.Record.State != Queued {
		t.Errorf("one that is to be cancelled was begun: %+v %v", c, err)
	}
}

// TestCarriedIsOnlyCounted: what asynq has a task of leaves the index, and comes back when it
// is taken up; one that has changed meanwhile stays.
func TestCarriedIsOnlyCounted(t *testing.T) {
	l, clock := open(t)
	r, changed := create(t, l, "1"), create(t, l, "2")
	stale := *changed
	if err := writeRecord(t.Context(), l, changed, change{NewGeneration: true}); err != nil {
		t.Fatal(err)
	}
	if err := l.Carried(t.Context(), []*Record{r, &stale}); err != nil {
		t.Fatal(err)
	}
	carried := func() int64 {
		n, err := l.CarriedCount(t.Context(), "certyneo")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	work := func() []string {
		keys, err := l.Take(t.Context(), Work, "certyneo", 9, 0)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	clock.forward(time.Hour)
	if n, due := carried(), work(); n != 1 || len(due) != 1 || due[0] != "june/2" {
		t.Errorf("%d carried, due %v", n, due)
	}
	c := claim(t, l, "1", 1)
	clock.forward(time.Hour)
	if n, due := carried(), work(); n != 0 || len(due) != 2 {
		t.Errorf("claimed: %d carried, due %v", n, due)
	}
	if err := l.Carried(t.Context(), []*Record{get(t, l, "1")}); err != nil || carried() != 0 {
		t.Errorf("one that is held is carried: %v", err)
	}
	write(t, c, change{To: Canceled, Index: none, Release: true})
	if n := carried(); n != 0 {
		t.Errorf("ended: %d carried", n)
	}
}

// TestStepsAreWrittenWithWhatComesNext: a step that was added is in the ledger with the claim's
// renewal or its intent, and once a change has written it, it is not written again.
func TestStepsAreWrittenWithWhatComesNext(t *testing.T) {
	l, _ := open(t)
	create(t, l, "1")
	c, _, _, err := l.Claim(t.Context(), "june/1", 1, time.Minute, Preparation{Provider: "certyneo"})
	if err != nil {
		t.Fatal(err)
	}
	steps := func() map[string]string { return get(t, l, "1").Steps }
	c.AddStep("file", "7")
	if len(steps()) != 0 || c.Record.Steps["file"] != "7" {
		t.Errorf("at once: %v", steps())
	}
	before := get(t, l, "1").Version
	if err := c.Renew(t.Context(), time.Minute); err != nil || steps()["file"] != "7" || get(t, l, "1").Version == before {
		t.Errorf("with the renewal: %v %v", steps(), err)
	}
	if err := writeRecord(t.Context(), l, get(t, l, "1"), change{Remove: []string{"+file"}}); err != nil {
		t.Fatal(err)
	}
	c.AddStep("envelope", "e1")
	if answer, err := c.Intend(t.Context()); err != nil || answer != IntentOK || len(steps()) != 1 || steps()["envelope"] != "e1" {
		t.Errorf("with the intent: %v %v %v", answer, steps(), err)
	}
	if err := c.MarkSent(t.Context(), Invited{EnvelopeID: "e1"}); err != nil {
		t.Fatal(err)
	}
	c.AddStep("late", "1")
	if err := c.Renew(t.Context(), time.Minute); !errors.Is(err, ErrLost) || steps()["late"] != "" {
		t.Errorf("after the claim: %v %v", steps(), err)
	}
}

// TestAClaimEndsWhereItsWritesAreGone sets a record back to what it was before a claim's last
// write, as a failover that loses it does: nothing that comes after that write is taken, or
// the next claim would find its results without what they rest on.
func TestAClaimEndsWhereItsWritesAreGone(t *testing.T) {
	for name, next := range map[string]func(context.Context, *Claim) error{
		"step":    func(ctx context.Context, c *Claim) error { return c.RecordStep(ctx, "share", "4001") },
		"renewal": func(ctx context.Context, c *Claim) error { return c.Renew(ctx, time.Minute) },
		"failure": func(ctx context.Context, c *Claim) error {
			_, err := c.FailAlike(ctx, 1, Reason{Code: "refused", Message: "no"})
			return err
		},
		"intent": func(ctx context.Context, c *Claim) error {
			answer, err := c.Intend(ctx)
			if err == nil && answer == IntentLost {
				err = ErrLost
			}
			return err
		},
	} {
		for _, written := range []string{"by a write", "by a renewal"} {
			t.Run(name+" after a step that was written "+written, func(t *testing.T) {
				l, _ := open(t)
				ctx := t.Context()
				r := create(t, l, "1")
				c, hold, _, err := l.Claim(ctx, r.Key(), 1, time.Minute, Preparation{Provider: r.Provider})
				if err != nil || hold != Granted {
					t.Fatal(hold, err)
				}
				before, err := l.db.HGetAll(ctx, envelopeKey(r.Key())).Result()
				if err != nil {
					t.Fatal(err)
				}
				if written == "by a write" {
					err = c.RecordStep(ctx, "contract", "90001")
				} else {
					c.AddStep("contract", "90001")
					err = c.Renew(ctx, time.Minute)
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(l.db.Del(ctx, envelopeKey(r.Key())).Err(), l.db.HSet(ctx, envelopeKey(r.Key()), before).Err()); err != nil {
					t.Fatal(err)
				}
				if err := next(ctx, c); !errors.Is(err, ErrLost) {
					t.Errorf("%v, want %v", err, ErrLost)
				}
				if got := get(t, l, "1"); len(got.Steps) != 0 {
					t.Errorf("the record has the steps %v", got.Steps)
				}
			})
		}
	}
}

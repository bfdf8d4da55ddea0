package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// sending is a campaign whose envelopes are sent with a limit of failures in a row.
type sending struct {
	*testing.T
	l      *Ledger
	streak int
}

func (s sending) create(first int, provider string, ids ...string) []Creation {
	s.Helper()
	var entries []Entry
	for _, id := range ids {
		entries = append(entries, Entry{Campaign: "june", ID: id, Provider: provider, Digest: id, State: Queued, SweepAfter: time.Minute, First: first})
	}
	out, err := s.l.Create(s.Context(), entries)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func (s sending) try(id string) (*Claim, ClaimResult) {
	s.Helper()
	r := get(s.T, s.l, id)
	c, hold, wait, err := s.l.Claim(s.Context(), r.Key(), r.Generation, time.Minute, Preparation{Provider: r.Provider, Streak: s.streak})
	if err != nil {
		s.Fatal(err)
	}
	if hold == NotDue && (wait <= 0 || wait > time.Second) {
		s.Errorf("%s is to ask again after %s", id, wait)
	}
	return c, hold
}

func (s sending) hold(id string, want ClaimResult) {
	s.Helper()
	if _, hold := s.try(id); hold != want {
		s.Errorf("the claim on %s is %s, want %s", id, hold, want)
	}
}

func (s sending) claim(id string) *Claim {
	s.Helper()
	c, hold := s.try(id)
	if hold != Granted {
		s.Fatalf("no claim on %s: %s", id, hold)
	}
	return c
}

func (s sending) refuse(c *Claim, code string) (halted bool) {
	s.Helper()
	halted, err := c.FailAlike(s.Context(), 1, Reason{Code: code})
	if err != nil {
		s.Fatal(err)
	}
	return halted
}

func (s sending) send(c *Claim) {
	s.Helper()
	if intent, err := c.Intend(s.Context()); err != nil || intent != IntentOK {
		s.Fatalf("intent: %s %v", intent, err)
	}
	if err := c.MarkSent(s.Context(), Invited{EnvelopeID: "at-provider-" + c.Record.ID}); err != nil {
		s.Fatal(err)
	}
}

func (s sending) archive(id string) {
	s.Helper()
	if err := s.l.End(s.Context(), get(s.T, s.l, id), Ending{To: Completed}); err != nil {
		s.Fatal(err)
	}
	if err := s.claim(id).Archive(s.Context(), time.Time{}, nil, true); err != nil {
		s.Fatal(err)
	}
}

func (s sending) halts(want ...Halt) {
	s.Helper()
	c, err := s.l.Campaign(s.Context(), "june")
	if err != nil {
		s.Fatal(err)
	}
	for i := range c.Halts {
		c.Halts[i].Since = time.Time{}
	}
	if !slices.Equal(c.Halts, want) {
		s.Errorf("halts %+v, want %+v", c.Halts, want)
	}
}

func TestFailuresInARowHaltOneProvider(t *testing.T) {
	l, _ := open(t)
	s := sending{t, l, 3}
	s.create(0, "certyneo", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	s.create(0, "sdoc", "other")
	s.send(s.claim("1"))
	s.refuse(s.claim("2"), "a")
	s.refuse(s.claim("3"), "a")
	s.send(s.claim("4")) // ends the streak
	s.refuse(s.claim("5"), "a")
	s.refuse(s.claim("6"), "b") // another reason
	if s.refuse(s.claim("7"), "b") {
		t.Error("two failures halt a campaign")
	}
	s.halts()
	late := s.claim("9")
	if !s.refuse(s.claim("8"), "b") {
		t.Error("the third failure does not halt the campaign")
	}
	s.halts(Halt{Provider: "certyneo", Failures: 3, Code: "b"})
	if intent, err := late.Intend(t.Context()); err != nil || intent != IntentPaused {
		t.Errorf("an intent after the halt: %s %v", intent, err)
	}
	if err := late.Park(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.hold("9", CampaignPaused)
	s.claim("other")

	if _, err := l.BeginOperation(t.Context(), "june", ResumeAll, "", nil); err != nil {
		t.Fatal(err)
	}
	s.halts()
	if _, tasks := operate(t, l, ResumeAll, 100); len(tasks) != 1 || tasks[0].ID != "9" {
		t.Errorf("tasks after the resume: %v", tasks)
	}
	s.claim("9")
}

// Each of them may end in doubt: the second one halts the campaign, whatever the limit.
func TestRefusalsWithoutProofHaltEarlier(t *testing.T) {
	for limit, want := range map[int]bool{5: true, 1: true, 0: false} {
		l, _ := open(t)
		s := sending{t, l, limit}
		s.create(0, "sdoc", "1", "2", "3")
		var halted bool
		for _, id := range []string{"1", "2"}[:max(1, min(limit, 2))] {
			c := s.claim(id)
			if intent, err := c.Intend(t.Context()); err != nil || intent != IntentOK {
				t.Fatal(intent, err)
			}
			if halted {
				t.Errorf("limit %d: the first one halts it", limit)
			}
			var err error
			if halted, err = c.AwaitSettlingAlike(t.Context(), Reason{Code: "ambiguous"}, nil, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if halted != want {
			t.Errorf("limit %d: halted %v", limit, halted)
		}
		if want {
			s.hold("3", CampaignPaused)
		} else {
			s.claim("3")
		}
	}
}

func TestWithoutALimitNothingHalts(t *testing.T) {
	l, _ := open(t)
	s := sending{t, l, 0}
	for i := range 20 {
		id := fmt.Sprint(i)
		s.create(0, "certyneo", id)
		s.refuse(s.claim(id), "a")
	}
	s.halts()
}

// Before anybody was invited no more are under way than may fail: a mistake costs so many,
// whatever the number of handlers.
func TestFewAreTriedBeforeTheFirstSuccess(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 3}
	s.create(0, "certyneo", "1", "2", "3", "4", "5", "6")
	first, second := s.claim("1"), s.claim("2")
	s.claim("3")
	s.hold("4", NotDue)
	s.refuse(first, "a")
	s.hold("4", NotDue) // one has failed, two are under way
	if err := second.Defer(t.Context(), Deferral{Wait: time.Hour}); err != nil {
		t.Fatal(err)
	}
	fourth := s.claim("4") // what waits for its next attempt takes no place
	s.hold("5", NotDue)
	clock.forward(2 * time.Minute) // the worker of 3 has died, that of 4 has not
	if err := fourth.Renew(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	s.claim("5")
	s.send(fourth)
	s.claim("6")
	s.claim("3")
}

func TestOfThoseWithoutAPlaceFewAskAtATime(t *testing.T) {
	l, _ := open(t)
	s := sending{t, l, 1}
	s.create(0, "certyneo", "0")
	s.claim("0")
	var last time.Duration
	for i := range 1000 {
		id := fmt.Sprint(i + 1)
		s.create(0, "certyneo", id)
		_, hold, wait, err := l.Claim(t.Context(), "june/"+id, 1, time.Minute, Preparation{Provider: "certyneo", Streak: 1})
		if err != nil || hold != NotDue || wait <= last {
			t.Fatalf("%s: %s %s after %s, %v", id, hold, wait, last, err)
		}
		last = wait
	}
	if last < 5*time.Second {
		t.Errorf("1000 envelopes ask again within %s", last)
	}
}

func TestTheFirstGoFirst(t *testing.T) {
	l, _ := open(t)
	s := sending{t, l, 5}
	for i, c := range append(s.create(2, "certyneo", "1", "2", "3"), s.create(0, "certyneo", "4")...) { // the second call is as the first
		if c.Waits != (i >= 2) {
			t.Errorf("envelope %d waits: %v", i+1, c.Waits)
		}
	}
	if s.create(2, "sdoc", "other")[0].Waits {
		t.Error("the first of another provider waits")
	}
	if due, err := l.Pending(t.Context(), Work, "certyneo"); err != nil || due != 2 { // nobody asks for what waits
		t.Errorf("%d due, %v", due, err)
	}
	s.hold("3", CampaignPaused)
	s.halts(Halt{Provider: "certyneo", First: 2})
	s.send(s.claim("1"))
	s.send(s.claim("2"))
	s.archive("1")
	s.hold("3", CampaignPaused)
	s.archive("2")
	s.halts()
	open, err := l.db.ZRange(t.Context(), operationsKey, 0, -1).Result()
	if err != nil || len(open) != 1 {
		t.Fatalf("operations %v, %v", open, err)
	}
	if o, tasks := carry(t, l, open[0], 100); o.Kind != ResumeAll || len(tasks) != 2 {
		t.Errorf("%s brings %v", o.Kind, tasks)
	}
	s.claim("3")
	if s.create(2, "certyneo", "5")[0].Waits {
		t.Error("an envelope waits although the first ones are archived")
	}
}

func TestAResumeLetsTheRestGo(t *testing.T) {
	l, _ := open(t)
	s := sending{t, l, 5}
	s.create(1, "certyneo", "1", "2")
	if _, err := l.BeginOperation(t.Context(), "june", ResumeAll, "", nil); err != nil {
		t.Fatal(err)
	}
	s.halts()
	s.claim("2")
	if s.create(1, "certyneo", "3")[0].Waits {
		t.Error("an envelope waits although the campaign was resumed")
	}
}

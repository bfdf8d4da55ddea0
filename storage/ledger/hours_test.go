package ledger

import (
	"testing"
	"time"
)

// plan sets june's hours, and plans nine of them.
func (s sending) plan(settings string, opens time.Time, limit int64) {
	s.Helper()
	if err := s.l.SetHours(s.Context(), "june", settings); err != nil {
		s.Fatal(err)
	}
	s.planFrom(Hours{Settings: settings}, opens, limit)
}

func (s sending) planFrom(read Hours, opens time.Time, limit int64) {
	s.Helper()
	err := s.l.PlanHours(s.Context(), "june", read, Interval{Opens: opens, Closes: opens.Add(9 * time.Hour), Day: opens.Format(time.DateOnly), Limit: limit})
	if err != nil {
		s.Fatal(err)
	}
}

func (s sending) hours() Hours {
	s.Helper()
	c, err := s.l.Campaign(s.Context(), "june")
	if err != nil {
		s.Fatal(err)
	}
	return c.Hours
}

func (s sending) due() []string {
	s.Helper()
	keys, err := s.l.Take(s.Context(), Work, "certyneo", 100, 10*time.Minute)
	if err != nil {
		s.Fatal(err)
	}
	return keys
}

func TestHoursKeepInvitationsBack(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	opens := clock.at.Add(time.Hour)
	if err := l.SetHours(t.Context(), "june", "office"); err != nil {
		t.Fatal(err)
	}
	s.create(0, "certyneo", "1", "2")
	s.hold("1", Unplanned)
	s.planFrom(s.hours(), opens, 0)
	s.hold("1", Shut)
	if due := s.due(); len(due) != 0 {
		t.Errorf("%v are due before the hours open", due)
	}
	clock.forward(time.Hour)
	if due := s.due(); len(due) == 0 || due[0] != "june/1" && due[len(due)-1] != "june/1" {
		t.Errorf("due when the hours open: %v", due)
	}
	s.send(s.claim("1"))

	clock.forward(9 * time.Hour)
	s.hold("2", Unplanned)
}

// Between the claim and the call the hours may end.
func TestNoIntentAfterHours(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.create(0, "certyneo", "1")
	s.plan("office", clock.at.Add(-9*time.Hour+time.Second), 0)
	c := s.claim("1")
	clock.forward(time.Second)
	if intent, err := c.Intend(t.Context()); err != nil || intent != IntentShut {
		t.Errorf("%s %v", intent, err)
	}
	if r := get(t, l, "1"); !r.IntentAt.IsZero() {
		t.Error("an intent stands")
	}
}

func TestHoursLimitCallsADay(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.create(0, "certyneo", "1", "2", "3", "4", "5")
	opens := clock.at
	s.plan("three a day", opens, 3)
	first, second, third := s.claim("1"), s.claim("2"), s.claim("3")
	s.plan("two a day", opens, 2)
	s.send(first)
	if intent, err := second.Intend(t.Context()); err != nil || intent != IntentOK {
		t.Fatal(intent, err)
	}
	if intent, err := third.Intend(t.Context()); err != nil || intent != IntentShut {
		t.Errorf("the third of a day: %s %v", intent, err)
	}
	s.hold("4", Shut)

	clock.forward(9 * time.Hour)
	s.hold("4", Unplanned)
	read := s.hours()
	s.planFrom(read, clock.at, 2) // the same day goes on
	s.hold("4", Shut)
	clock.forward(9 * time.Hour)
	s.planFrom(s.hours(), clock.at.Add(6*time.Hour), 2)
	clock.forward(6 * time.Hour)
	s.send(s.claim("3"))
	s.planFrom(read, clock.at, 99) // who has read before is too late
	if h := s.hours(); h.Limit != 2 || h.Used != 1 {
		t.Errorf("%+v", h)
	}
}

// A call that has reached nobody leaves its place in the day to another, and only once.
func TestACallThatReachedNobodyIsNoneOfTheDays(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.create(0, "certyneo", "0")
	early := s.claim("0") // called before there were hours: it was never counted
	if intent, err := early.Intend(t.Context()); err != nil || intent != IntentOK {
		t.Fatal(intent, err)
	}
	opens := clock.at
	s.plan("two a day", opens, 2)
	s.create(0, "certyneo", "1", "2", "3")
	used := func(want int64) {
		t.Helper()
		if h := s.hours(); h.Used != want {
			t.Errorf("%d calls of the day, want %d", h.Used, want)
		}
	}
	intend := func(c *Claim) {
		t.Helper()
		if intent, err := c.Intend(t.Context()); err != nil || intent != IntentOK {
			t.Fatal(intent, err)
		}
	}
	if err := early.WithdrawIntent(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	used(0)
	for range 3 { // refused again and again
		first := s.claim("1")
		intend(first)
		used(1)
		if err := first.WithdrawIntent(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		used(0)
	}
	s.send(s.claim("1"))
	used(1)
	s.send(s.claim("0"))
	used(2)
	clock.forward(9 * time.Hour)
	s.planFrom(s.hours(), clock.at.Add(15*time.Hour), 2)
	clock.forward(15 * time.Hour)
	late := s.claim("2")
	intend(late)
	clock.forward(9 * time.Hour)
	s.planFrom(s.hours(), clock.at.Add(15*time.Hour), 2)
	clock.forward(15 * time.Hour)
	s.send(s.claim("3"))
	used(1)
	if err := late.WithdrawIntent(t.Context(), nil); err != nil { // a call of another day
		t.Fatal(err)
	}
	used(1)
}

// What is prepared counts as what it will be: no draft waits for another day.
func TestNoMoreIsPreparedThanADayMayCall(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.create(0, "certyneo", "1", "2")
	s.create(0, "certyneo", "3", "4", "5")
	s.create(0, "sdoc", "another")
	s.plan("three a day", clock.at, 3)
	s.send(s.claim("1"))
	s.claim("2")
	third := s.claim("3")
	s.hold("4", Shut)
	s.hold("5", Shut)
	s.claim("another") // whatever keeps the first provider's from going on keeps back no other's
	s.refuse(third, "no such cost centre")
	clock.forward(10 * time.Minute)
	s.send(s.claim("4")) // in the place of the one that failed
	s.send(s.claim("2")) // whose owner has died: the place is its own
	s.hold("5", Shut)
	clock.forward(9 * time.Hour)
	s.planFrom(s.hours(), clock.at.Add(15*time.Hour), 3)
	clock.forward(15 * time.Hour)
	s.send(s.claim("5"))
}

// Who looks again at an interrupted call, cancels, or archives does not wait for hours.
func TestHoursKeepNothingElseBack(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.create(0, "certyneo", "1", "2", "3")
	c := s.claim("1")
	if intent, err := c.Intend(t.Context()); err != nil || intent != IntentOK {
		t.Fatal(intent, err)
	}
	s.plan("later", clock.at.Add(24*time.Hour), 0)
	clock.forward(2 * time.Minute)
	s.claim("1") // to settle it
	if err := l.AskCancel(t.Context(), get(t, l, "2"), "steer"); err != nil {
		t.Fatal(err)
	}
	s.claim("2")
	s.hold("3", Shut)
}

func TestHoursThatChangePutBackWhatWaits(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.plan("next week", clock.at.Add(7*24*time.Hour), 0)
	s.create(0, "certyneo", "1", "2")
	s.hold("1", Shut)
	s.hold("2", Shut)
	for _, settings := range []string{"", "next week"} { // nothing is to be changed
		if err := l.SetHours(t.Context(), "june", settings); err != nil {
			t.Fatal(err)
		}
		if o, err := l.TakeOperation(t.Context(), "", time.Minute); err != nil || o != nil {
			t.Fatal(o, err)
		}
	}
	if err := l.SetHours(t.Context(), "june", AlwaysOpen); err != nil {
		t.Fatal(err)
	}
	o, err := l.TakeOperation(t.Context(), "", time.Minute)
	if err != nil || o == nil {
		t.Fatal(o, err)
	}
	p, err := o.Page(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if tasks, _, err := o.Do(t.Context(), p, lanes); err != nil || len(tasks) != 2 {
		t.Errorf("%d tasks %v", len(tasks), err)
	}
	s.claim("1")
	if h := s.hours(); h != (Hours{}) {
		t.Errorf("%+v", h)
	}
}

// A campaign that was never begun has no hours of a try before.
func TestHoursOfNoCampaign(t *testing.T) {
	l, _ := open(t)
	s := sending{t, l, 0}
	if err := l.SetHours(t.Context(), "june", "office"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Campaign(t.Context(), "june"); err == nil {
		t.Error("a campaign without envelopes is there")
	}
	if err := l.SetHours(t.Context(), "june", ""); err != nil {
		t.Fatal(err)
	}
	s.create(0, "certyneo", "1")
	s.claim("1")
}

// What waits is put back each time the hours change, however often they have before.
func TestHoursThatChangeAgain(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.plan("next week", clock.at.Add(7*24*time.Hour), 0)
	s.create(0, "certyneo", "1", "2")
	for _, settings := range []string{"in two weeks", "in three weeks", AlwaysOpen} {
		s.hold("1", Shut)
		s.hold("2", Shut)
		if err := l.SetHours(t.Context(), "june", settings); err != nil {
			t.Fatal(err)
		}
		o, err := l.TakeOperation(t.Context(), "", time.Minute)
		if err != nil || o == nil {
			t.Fatal(o, err)
		}
		if _, tasks := carryHeld(t, l, o, 10); len(tasks) != 2 {
			t.Errorf("%s: %d tasks", settings, len(tasks))
		}
		if settings != AlwaysOpen {
			s.planFrom(s.hours(), clock.at.Add(14*24*time.Hour), 0)
		}
	}
	s.claim("1")
	s.claim("2")
}

// A day's calls count for it whatever is planned meanwhile, and with or without a limit.
func TestHoursThatChangeKeepTheDaysCalls(t *testing.T) {
	l, clock := open(t)
	s := sending{t, l, 0}
	s.create(0, "certyneo", "1", "2", "3", "4")
	s.plan("office", clock.at, 0)
	s.send(s.claim("1"))
	s.plan("two a day", clock.at, 2)
	s.send(s.claim("2"))
	s.hold("3", Shut)

	s.plan("two a day from tomorrow", clock.at.Add(24*time.Hour), 2)
	if h := s.hours(); h.Used != 0 {
		t.Errorf("%d calls tomorrow", h.Used)
	}
	s.hold("3", Shut)
	s.plan("two a day until late", clock.at, 2)
	if h := s.hours(); h.Used != 2 {
		t.Errorf("%d calls today", h.Used)
	}
	s.hold("3", Shut)
	s.plan("three a day", clock.at, 3)
	s.send(s.claim("3"))
	s.hold("4", Shut)
}

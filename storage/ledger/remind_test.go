package ledger

import (
	"testing"
	"time"
)

const day = 24 * time.Hour

var threeTwoOne = ReminderRule{After: 3 * day, Every: 2 * day, AtMost: 2, Providers: []string{"catalisa", "certyneo"}}

// reminding is a campaign with a rule of reminders.
type reminding struct {
	sending
	clock *clock
}

func newReminding(t *testing.T) reminding {
	t.Helper()
	l, clock := open(t)
	s := reminding{sending{t, l, 0}, clock}
	s.rule(&threeTwoOne)
	return s
}

func (s reminding) rule(r *ReminderRule) {
	s.Helper()
	if err := s.l.SetReminders(s.Context(), "june", r); err != nil {
		s.Fatal(err)
	}
}

// take takes what is due; want are its ids.
func (s reminding) take(want ...string) (taken []DueReminder) {
	s.Helper()
	names, err := s.l.RemindersDue(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, name := range names {
		more, err := s.l.TakeReminders(s.Context(), name, 100, 10*time.Minute)
		if err != nil {
			s.Fatal(err)
		}
		taken = append(taken, more...)
	}
	ok := len(taken) == len(want)
	for i := range want {
		ok = ok && taken[i].Key == "june/"+want[i]
	}
	if !ok {
		s.Errorf("%v are due, want %v", taken, want)
	}
	return taken
}

func (s reminding) begin(d DueReminder, want RoundState) {
	s.Helper()
	state, err := s.l.BeginReminders(s.Context(), d.Key, "due-"+d.Due.String(), d.Due)
	if err != nil || state != want {
		s.Errorf("%s, due %s, is %s, want %s: %v", d.Key, d.Due, state, want, err)
	}
}

func (s reminding) byHand(key, round string) {
	s.Helper()
	if state, err := s.l.BeginReminders(s.Context(), key, round, time.Time{}); err != nil || state != RoundOpen {
		s.Errorf("%s %v", state, err)
	}
}

func (s reminding) operate() {
	s.Helper()
	held, err := s.l.TakeOperation(s.Context(), "", time.Minute)
	if err != nil || held == nil {
		s.Fatal("no operation", err)
	}
	for over := false; !over; {
		p, err := held.Page(s.Context(), 2)
		if err == nil {
			_, _, err = held.Do(s.Context(), p, Lanes{})
		}
		if err != nil {
			s.Fatal(err)
		}
		over = p.Over()
	}
}

func TestRemindersFollowTheRule(t *testing.T) {
	s := newReminding(t)
	s.create(0, "certyneo", "1", "2")
	s.create(0, "qisign", "3") // which cannot remind
	for _, id := range []string{"1", "2", "3"} {
		s.send(s.claim(id))
	}
	s.clock.forward(3*day - time.Minute)
	s.take()
	s.clock.forward(2 * time.Minute)
	due := s.take("1", "2")
	s.take() // they are taken
	s.begin(due[0], RoundOpen)
	s.begin(due[0], RoundOpen) // the same round goes on
	if r := get(t, s.l, "1"); r.Reminders != 1 || !r.RemindedAt.Equal(s.clock.at.UTC().Truncate(time.Millisecond)) {
		t.Errorf("reminded %d times, the last %s", r.Reminders, r.RemindedAt)
	}
	s.clock.forward(11 * time.Minute)
	again := s.take("2") // nobody has begun it: a task was lost
	if !again[0].Due.Equal(due[1].Due) {
		t.Errorf("due %s, and then %s", due[1].Due, again[0].Due)
	}
	if err := s.l.End(t.Context(), get(t, s.l, "2"), Ending{To: Completed}); err != nil {
		t.Fatal(err)
	}
	s.begin(again[0], RoundOver) // signed meanwhile

	s.clock.forward(2 * day)
	second := s.take("1")
	s.begin(due[0], RoundOpen) // the first round was put off by its provider
	s.begin(second[0], RoundOpen)
	s.begin(due[0], RoundOver)
	if r := get(t, s.l, "1"); r.Reminders != 2 {
		t.Errorf("reminded %d times", r.Reminders)
	}
	if c, err := s.l.Campaign(t.Context(), "june"); err != nil || !c.Reminders.Next.IsZero() {
		t.Errorf("nobody is to be reminded any more, and the next one is said to be on %s, %v", c.Reminders.Next, err)
	}
	s.clock.forward(60 * day)
	s.take()
	if c, err := s.l.Campaign(t.Context(), "june"); err != nil || !c.Reminders.Next.IsZero() || c.Reminders.AtMost != 2 {
		t.Errorf("%+v %v", c.Reminders, err)
	}
	s.begin(second[0], RoundOver) // it was put off too long
}

// A reminder that somebody asks for counts, and the next one by the rule follows later.
func TestReminderByHandCounts(t *testing.T) {
	s := newReminding(t)
	s.create(0, "certyneo", "1")
	s.send(s.claim("1"))
	s.clock.forward(3*day + time.Minute)
	due := s.take("1")
	s.byHand("june/1", "77")
	s.byHand("june/1", "77")
	s.begin(due[0], RoundOver)
	s.clock.forward(day)
	s.take()
	s.clock.forward(day)
	s.begin(s.take("1")[0], RoundOpen)
	if r := get(t, s.l, "1"); r.Reminders != 2 {
		t.Errorf("reminded %d times", r.Reminders)
	}
	s.byHand("june/1", "78") // whoever asks is not held to the rule
	s.clock.forward(9 * day)
	s.take()
}

func TestRemindersAreHeldByAPause(t *testing.T) {
	s := newReminding(t)
	s.create(0, "certyneo", "1", "2")
	s.send(s.claim("1"))
	s.send(s.claim("2"))
	s.clock.forward(3*day + time.Minute)
	due := s.take("1", "2")
	s.begin(due[0], RoundOpen)
	if err := s.l.Pause(t.Context(), "june"); err != nil {
		t.Fatal(err)
	}
	s.begin(due[0], RoundPaused)
	s.begin(due[1], RoundOver)
	if _, err := s.l.BeginOperation(t.Context(), "june", ResumeAll, "", nil); err != nil {
		t.Fatal(err)
	}
	s.begin(due[0], RoundOpen)
	s.clock.forward(11 * time.Minute)
	s.begin(s.take("2")[0], RoundOpen)
}

// Nobody is reminded of what is to be withdrawn, or under an id that nobody has confirmed.
func TestNoReminderOfWhatIsDoubtfulOrWithdrawn(t *testing.T) {
	s := newReminding(t)
	s.create(0, "certyneo", "1", "2", "3")
	s.send(s.claim("1"))
	for id, in := range map[string]Invited{"2": {EnvelopeID: "x", Unchecked: Reason{Code: CodeUnchecked}}, "3": {Unnamed: Reason{Code: CodeUnnamed}}} {
		c := s.claim(id)
		if intent, err := c.Intend(t.Context()); err != nil || intent != IntentOK {
			t.Fatal(intent, err)
		}
		if err := c.MarkSent(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	s.clock.forward(3*day + time.Minute)
	due := s.take("1", "2", "3")
	if err := s.l.AskCancel(t.Context(), get(t, s.l, "1"), "steer"); err != nil {
		t.Fatal(err)
	}
	for _, d := range due {
		s.begin(d, RoundOver)
	}

	s.create(0, "certyneo", "4")
	s.send(s.claim("4"))
	if err := s.l.End(t.Context(), get(t, s.l, "4"), Ending{To: Declined, Reason: "no"}); err != nil {
		t.Fatal(err)
	}
	if state, err := s.l.BeginReminders(t.Context(), "june/4", "by hand", time.Time{}); err != nil || state != RoundOver {
		t.Errorf("of an envelope that was declined: %s %v", state, err)
	}
}

// A rule that comes, changes or goes is one of what was sent before, too.
func TestRuleOfRemindersChanges(t *testing.T) {
	s := newReminding(t)
	s.rule(&ReminderRule{})
	s.create(0, "certyneo", "1", "2", "3")
	for _, id := range []string{"1", "2", "3"} {
		s.send(s.claim(id))
	}
	s.rule(nil)
	s.clock.forward(4 * day)
	s.take()
	s.rule(&threeTwoOne)
	s.operate()
	due := s.take("1", "2", "3")
	s.begin(due[0], RoundOpen)
	later := threeTwoOne
	later.After = 5 * day
	s.rule(&later)
	s.operate()
	s.begin(due[1], RoundOver)
	s.clock.forward(day + time.Minute)
	s.take("2", "3")
	s.rule(nil) // as it is
	s.rule(&ReminderRule{})
	s.clock.forward(60 * day)
	s.take()
	if keys := s.l.db.Exists(t.Context(), remindersKey, prefix+"remind:june").Val(); keys != 0 {
		t.Error("an index is left")
	}
}

// What is forgotten is in no index.
func TestForgottenIsNotReminded(t *testing.T) {
	s := newReminding(t)
	s.create(0, "certyneo", "1")
	s.send(s.claim("1"))
	if err := s.l.RecordNotThere(t.Context(), get(t, s.l, "1"), "gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.l.BeginOperation(t.Context(), "june", ForgetUnfinished, "", nil); err != nil {
		t.Fatal(err)
	}
	s.operate()
	if n := s.l.db.Exists(t.Context(), prefix+"remind:june").Val(); n != 0 || get(t, s.l, "1").State != Canceled {
		t.Error("it is in the index")
	}
}

// A minute after somebody was reminded it may be asked for again; the same round may go on at once.
func TestRemindersAreAskedForOnceAMinute(t *testing.T) {
	l, clock := open(t)
	held := func(signer int, round string, want bool) {
		t.Helper()
		if got, err := l.AskReminders(t.Context(), []string{"june/1", "june/2"}, signer, round); err != nil || got["june/1"] != want || got["june/2"] != want {
			t.Errorf("%d in %q: %v %v", signer, round, got, err)
		}
	}
	held(1, "a", false)
	held(1, "a", false)
	held(1, "b", true)
	held(2, "b", false)
	held(0, "", true)
	clock.forward(59 * time.Second)
	held(0, "c", true)
	clock.forward(time.Second)
	held(0, "", false)
	held(0, "c", false)
	held(2, "d", true)
}

package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var lanes = Lanes{Few: 2, Ahead: "steer", Rest: "bulk"}

// operate carries an operation on june to its end, n envelopes a page, and returns what it
// needs tasks of.
func operate(t *testing.T, l *Ledger, kind Kind, n int, unable ...string) (Operation, []*Record) {
	t.Helper()
	o, err := l.BeginOperation(t.Context(), "june", kind, "crm", unable)
	if err != nil {
		t.Fatal(err)
	}
	return carry(t, l, o.ID, n)
}

func carry(t *testing.T, l *Ledger, id string, n int) (Operation, []*Record) {
	t.Helper()
	held, err := l.TakeOperation(t.Context(), id, time.Minute)
	if err != nil || held == nil {
		t.Fatal(held, err)
	}
	return carryHeld(t, l, held, n)
}

func carryHeld(t *testing.T, l *Ledger, held *HeldOperation, n int) (Operation, []*Record) {
	t.Helper()
	if err := held.SetLooked(t.Context()); err != nil {
		t.Fatal(err)
	}
	var tasks []*Record
	for over := false; !over; {
		p, err := held.Page(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		records, batches, err := held.Do(t.Context(), p, lanes)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Batched(t.Context(), batches...); err != nil {
			t.Fatal(err)
		}
		tasks, over = append(tasks, records...), p.Over()
	}
	o, err := l.Operation(t.Context(), held.ID)
	if err != nil || o.Ended.IsZero() {
		t.Fatal(o, err)
	}
	return o, tasks
}

// forget removes june's personal data.
func forget(t *testing.T, l *Ledger, also bool) (int, error) {
	if err := l.Forgettable(t.Context(), "june", also); err != nil {
		return 0, err
	}
	kind := map[bool]Kind{false: ForgetAll, true: ForgetUnfinished}[also]
	o, _ := operate(t, l, kind, 2)
	return int(o.Done), nil
}

// every brings one envelope into each state, and one that somebody has begun.
func every(t *testing.T, l *Ledger) {
	t.Helper()
	for _, s := range States {
		r := create(t, l, string(s))
		ch := change{To: s, Index: none}
		if s == Failed {
			ch.Set = map[string]string{fieldErrorCode: "refused", fieldError: "no", fieldExplanation: "não", fieldAttempts: "3"}
		}
		if err := writeRecord(t.Context(), l, r, ch); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeRecord(t.Context(), l, create(t, l, "begun"), change{Set: map[string]string{stepPrefix + "file": "7"}}); err != nil {
		t.Fatal(err)
	}
}

func whys(o Operation) string {
	var all []string
	for _, x := range o.Refused {
		all = append(all, fmt.Sprintf("%s %d (%s)", x.Why, x.Envelopes, strings.Join(x.IDs, " ")))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func keysOf(records []*Record) (all []string) {
	for _, r := range records {
		all = append(all, fmt.Sprintf("%s %s/%d", r.ID, r.Lane, r.Generation))
	}
	return all
}

// What an operation counts, in the campaign's figures too, is the same in whatever pages it is done.
func TestOperations(t *testing.T) {
	const ended = "archived 1 (archived), canceled 1 (canceled), completed 1 (completed), declined 1 (declined), expired 1 (expired), "
	for _, c := range []struct {
		kind    Kind
		unable  []string
		done    int64
		refused string
		tasks   []string
		states  map[string]State // that have changed
	}{
		{CancelAll, nil, 4, strings.Replace(ended, "expired 1 (expired), ", "expired 1 (expired), failed 1 (failed), in_doubt 1 (in_doubt)", 1),
			[]string{"preparing steer/2", "sent bulk/2", "begun bulk/2"}, map[string]State{"queued": Canceled}},
		{CancelAll, []string{"certyneo"}, 3, ended + "failed 1 (failed), in_doubt 1 (in_doubt), unsupported certyneo 1 (sent)",
			[]string{"preparing steer/2", "begun bulk/2"}, map[string]State{"queued": Canceled}},
		{RetryAll, nil, 1, ended + "in_doubt 1 (in_doubt), preparing 1 (preparing), queued 2 (queued begun), sent 1 (sent)",
			[]string{"failed steer/2"}, map[string]State{"failed": Queued}},
		{RemindAll, nil, 1, ended + "failed 1 (failed), in_doubt 1 (in_doubt), preparing 1 (preparing), queued 2 (queued begun)",
			[]string{"sent steer/1"}, nil},
		{ResumeAll, nil, 2, "queued 1 (begun)", []string{"queued /2", "preparing /2"}, nil},
	} {
		for _, n := range []int{1, 4, 100} {
			t.Run(fmt.Sprintf("%s%v by %d", c.kind, c.unable, n), func(t *testing.T) {
				l, _ := open(t)
				every(t, l)
				o, tasks := operate(t, l, c.kind, n, c.unable...)
				if o.Done != c.done || o.Seen != o.Done+refusedOf(o) || o.By != "crm" || o.Total != 11 {
					t.Errorf("%+v", o)
				}
				if got := whys(o); got != c.refused {
					t.Errorf("refused %s, want %s", got, c.refused)
				}
				if got := keysOf(tasks); !slices.Equal(got, c.tasks) {
					t.Errorf("tasks %v, want %v", got, c.tasks)
				}
				counted(t, l)
				for id, want := range c.states {
					if r := get(t, l, id); r.State != want {
						t.Errorf("%s is %s", id, r.State)
					}
				}
			})
		}
	}
}

func refusedOf(o Operation) (n int64) {
	for _, x := range o.Refused {
		n += x.Envelopes
	}
	return n
}

// counted compares the campaign's figures with its envelopes.
func counted(t *testing.T, l *Ledger) {
	t.Helper()
	c, err := l.Campaign(t.Context(), "june")
	if err != nil {
		t.Fatal(err)
	}
	have := map[State]int64{}
	groups := map[Group]int64{}
	for r, err := range l.All(t.Context(), "june", "") {
		if err != nil {
			t.Fatal(err)
		}
		have[r.State]++
		groups[GroupOf(r.State)]++
	}
	for _, s := range States {
		if page, _, err := l.Page(t.Context(), "june", s, "", 100); err != nil || c.States[s] != have[s] || int64(len(page)) != have[s] {
			t.Errorf("%s: counted %d, listed %d, there are %d; %v", s, c.States[s], len(page), have[s], err)
		}
	}
	course, err := l.Course(t.Context(), "june")
	if err != nil {
		t.Fatal(err)
	}
	for g, n := range course[len(course)-1].Groups {
		if n != groups[g] {
			t.Errorf("the course ends with %d %s, there are %d", n, g, groups[g])
		}
	}
	blames, err := l.Blames(t.Context(), "june")
	if err != nil {
		t.Fatal(err)
	}
	blamed := map[State]int64{}
	for _, b := range blames {
		blamed[b.State] += b.Envelopes
	}
	for _, s := range []State{Failed, InDoubt, Declined, Expired, Canceled} {
		if blamed[s] != have[s] {
			t.Errorf("%d %s have a reason, there are %d", blamed[s], s, have[s])
		}
	}
}

// A retried envelope begins anew, without the words of its failure.
func TestRetryAll(t *testing.T) {
	l, _ := open(t)
	every(t, l)
	operate(t, l, RetryAll, 100)
	r := get(t, l, "failed")
	if r.ErrorCode != "" || r.ErrorMessage != "" || r.Explanation != "" || r.Attempts != 0 || r.Lane != "steer" {
		t.Errorf("%+v", r)
	}
}

// Whoever holds an operation no longer does nothing; whoever goes on begins where it was.
func TestOperationChangesHands(t *testing.T) {
	l, clock := open(t)
	for i := range 4 {
		create(t, l, fmt.Sprint(i))
	}
	o, err := l.BeginOperation(t.Context(), "june", CancelAll, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	create(t, l, "later")
	dead, err := l.TakeOperation(t.Context(), o.ID, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	p, err := dead.Page(t.Context(), 3)
	if err == nil {
		_, _, err = dead.Do(t.Context(), p, lanes)
	}
	if err != nil {
		t.Fatal(err)
	}
	if held, err := l.TakeOperation(t.Context(), "", time.Minute); held != nil || err != nil {
		t.Fatal("it was taken while it was held", err)
	}
	stale, err := dead.Page(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	clock.forward(11 * time.Second)
	if o, _ = carry(t, l, o.ID, 3); o.Done != 4 || o.Seen != 4 {
		t.Errorf("%+v", o)
	}
	if _, _, err := dead.Do(t.Context(), stale, lanes); !errors.Is(err, ErrLost) {
		t.Error("who was taken over goes on", err)
	}
	if r := get(t, l, "later"); r.State != Queued {
		t.Errorf("what came later is %s", r.State)
	}
}

// From the moment that an operation to cancel is recorded, none of its envelopes is invited; what
// comes later is.
func TestNobodyIsInvitedWhoIsToBeCanceled(t *testing.T) {
	l, _ := open(t)
	c := preparing(t, l, "1")
	create(t, l, "2")
	o, err := l.BeginOperation(t.Context(), "june", CancelAll, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	later := preparing(t, l, "3")
	if i, err := c.Intend(t.Context()); err != nil || i != IntentCanceling {
		t.Fatal(i, err)
	}
	if _, hold, wait, err := l.Claim(t.Context(), "june/2", 1, time.Minute, Preparation{}); err != nil || hold != NotDue || wait == 0 {
		t.Error(hold, wait, err)
	}
	if i, err := later.Intend(t.Context()); err != nil || i != IntentOK {
		t.Error(i, err)
	}
	carry(t, l, o.ID, 1)
	if i, err := c.Intend(t.Context()); err != nil || i != IntentCanceled {
		t.Error(i, err)
	}
}

// TestResumeIsOneStep: the pause has ended when the operation is there that brings back what it has put away, and not before:
// who is killed between the two would leave envelopes that nobody sends.
func TestResumeIsOneStep(t *testing.T) {
	l, _ := open(t)
	if err := writeRecord(t.Context(), l, create(t, l, "1"), change{Index: none}); err != nil {
		t.Fatal(err)
	}
	if err := l.Pause(t.Context(), "june"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.BeginOperation(t.Context(), "june", ResumeAll, "", nil); err != nil {
		t.Fatal(err)
	}
	if _, paused, err := l.Changed(t.Context(), "june"); err != nil || paused {
		t.Errorf("paused: %v, %v", paused, err)
	}
	if held, err := l.TakeOperation(t.Context(), "", time.Minute); err != nil || held == nil || held.Kind != ResumeAll {
		t.Errorf("nobody is to bring back what the pause has put away: %v, %v", held, err)
	}
}

// A campaign that is paused again is not resumed any more.
func TestResumeEndsWithAnotherPause(t *testing.T) {
	l, _ := open(t)
	for _, id := range []string{"1", "2"} {
		if err := writeRecord(t.Context(), l, create(t, l, id), change{Index: none}); err != nil {
			t.Fatal(err)
		}
	}
	o, err := l.BeginOperation(t.Context(), "june", ResumeAll, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Pause(t.Context(), "june"); err != nil {
		t.Fatal(err)
	}
	if o, tasks := carry(t, l, o.ID, 100); o.Done != 0 || len(tasks) != 0 {
		t.Errorf("%+v %v", o, tasks)
	}
}

// What is about people leaves the record and the blob; what vouches for the archive stays.
func TestForgetKeepsTheArchive(t *testing.T) {
	l, _ := open(t)
	r := create(t, l, "1")
	long := strings.Repeat("the provider's name for a person, and more; ", 4)
	ch := change{To: Declined, Index: none, Set: map[string]string{stepPrefix + "file": "7", fieldSigners: `[{"name":"Ana"}]`, fieldArtifacts: `[{"key":"june/1/a.pdf"}]`,
		fieldExplanation: long, fieldError: long, fieldErrorCode: "declined"}}
	if err := writeRecord(t.Context(), l, r, ch); err != nil {
		t.Fatal(err)
	}
	if n, err := forget(t, l, false); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	r = get(t, l, "1")
	if len(r.Envelope)+len(r.Signers)+len(r.Steps)+len(r.Explanation) != 0 || string(r.Artifacts) != `[{"key":"june/1/a.pdf"}]` || r.ErrorMessage != long || r.Digest != "d-1" {
		t.Errorf("%+v", r)
	}
	for _, k := range l.Redis().Keys(t.Context(), "*").Val() {
		if v, err := l.Redis().Get(t.Context(), k).Result(); err == nil && strings.Contains(v, "Ana") {
			t.Errorf("%s has %q", k, v)
		}
	}
}

// What is queued is cancelled by a worker as long as nobody has looked whether it was sent before,
// and whenever it may have been. Who goes on knows that somebody has looked.
func TestCancelAsksWhereNobodyHasLooked(t *testing.T) {
	for name, c := range map[string]struct {
		looked, younger bool
		want            State
	}{
		"nobody has looked":      {false, false, Queued},
		"the archive knows more": {true, true, Queued},
		"nothing was sent":       {true, false, Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			l, m := open(t)
			create(t, l, "1")
			o, err := l.BeginOperation(t.Context(), "june", CancelAll, "crm", nil)
			if err != nil {
				t.Fatal(err)
			}
			take := func() *HeldOperation {
				held, err := l.TakeOperation(t.Context(), o.ID, time.Second)
				if err != nil || held == nil {
					t.Fatal(held, err)
				}
				return held
			}
			first := take()
			if c.looked {
				if err := first.SetLooked(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if c.younger {
				if err := l.Younger(t.Context(), "june"); err != nil {
					t.Fatal(err)
				}
			}
			m.forward(time.Minute)
			held := take()
			p, err := held.Page(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			tasks, _, err := held.Do(t.Context(), p, lanes)
			if r := get(t, l, "1"); err != nil || held.Looked != c.looked || r.State != c.want || r.CancelAsked != (c.want == Queued) || len(tasks) == 1 != r.CancelAsked {
				t.Errorf("%v: it is %s, asked %v, tasks %v", err, r.State, r.CancelAsked, keysOf(tasks))
			}
		})
	}
}

// Who has lost an operation does not let it go for the one who has it now.
func TestLetGoOfAnothersOperation(t *testing.T) {
	l, m := open(t)
	create(t, l, "1")
	o, err := l.BeginOperation(t.Context(), "june", CancelAll, "crm", nil)
	if err != nil {
		t.Fatal(err)
	}
	take := func() *HeldOperation {
		t.Helper()
		held, err := l.TakeOperation(t.Context(), o.ID, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return held
	}
	first := take()
	m.forward(2 * time.Minute)
	second := take()
	if err := first.LetGo(t.Context()); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if take() != nil {
		t.Error("two have it at once")
	}
	if err := second.LetGo(t.Context()); err != nil {
		t.Error(err)
	}
	if take() == nil {
		t.Error("nobody can take it")
	}
}

// TestOperationOnAMixedPage: what a page changes is written together, and every envelope stands where its own state says.
func TestOperationOnAMixedPage(t *testing.T) {
	l, _ := open(t)
	states := []State{Failed, Failed, Archived, Queued, Failed, Canceled, Sent, Failed, Failed, Failed, Preparing}
	var entries []Entry
	for i := range 10 * len(states) {
		provider := []string{"certyneo", "sdoc"}[i/3%2]
		entries = append(entries, Entry{Campaign: "june", ID: fmt.Sprintf("%04d", i), Provider: provider, Digest: "d", State: states[i%len(states)], SweepAfter: time.Minute})
	}
	if _, err := l.Create(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	stands := func(kind Kind, become map[State]State) {
		t.Helper()
		operate(t, l, kind, 40, "certyneo", "sdoc")
		counts := map[State]int64{}
		for i := range entries {
			e := &entries[i]
			if to, ok := become[e.State]; ok {
				e.State = to
			}
			counts[e.State]++
			if r := get(t, l, e.ID); r.State != e.State {
				t.Errorf("%s: %s is %s, want %s", kind, e.ID, r.State, e.State)
			}
		}
		c, err := l.Campaign(t.Context(), "june")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range States {
			var listed, want []string
			for r, err := range l.All(t.Context(), "june", s) {
				if err != nil {
					t.Fatal(err)
				}
				listed = append(listed, r.ID)
			}
			for _, e := range entries {
				if e.State == s {
					want = append(want, e.ID)
				}
			}
			if !slices.Equal(listed, want) || c.States[s] != counts[s] {
				t.Errorf("%s: %d listed as %s, %d counted, want %d", kind, len(listed), s, c.States[s], len(want))
			}
		}
	}
	stands(RetryAll, map[State]State{Failed: Queued})
	stands(CancelAll, map[State]State{Queued: Canceled})
	for _, provider := range []string{"certyneo", "sdoc"} {
		want := int64(0)
		for _, e := range entries {
			if e.Provider == provider && e.State == Preparing {
				want++
			}
		}
		carried := l.db.HGet(t.Context(), prefix+"count:"+provider, "carried").Val()
		if n := l.db.ZCard(t.Context(), Work.key(provider)).Val(); n > want || carried != "" && atoi(carried) < 0 {
			t.Errorf("%s: %d envelopes of %d are work, %s carried", provider, n, want, carried)
		}
	}
}

// What most envelopes have in common is told first.
func TestRefusalsAreInOrder(t *testing.T) {
	o := operation("1", map[string]string{"n rare": "1", "n second": "3", "n first": "3", "ids first": "7 8"})
	var whys []string
	for _, n := range o.Refused {
		whys = append(whys, n.Why)
	}
	if !slices.Equal(whys, []string{"first", "second", "rare"}) {
		t.Errorf("%q", whys)
	}
}

package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// clock moves a ledger's time: miniredis' own, so that nothing in these tests waits.
type clock struct {
	m  *miniredis.Miniredis
	at time.Time
}

func (c *clock) forward(d time.Duration) {
	c.at = c.at.Add(d)
	c.m.SetTime(c.at)
}

func open(t *testing.T) (*Ledger, *clock) {
	t.Helper()
	m := miniredis.RunT(t)
	db := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { db.Close() })
	c := &clock{m: m, at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	m.SetTime(c.at)
	return New(db, NotDurable), c
}

func create(t *testing.T, l *Ledger, id string) *Record {
	t.Helper()
	out, err := l.Create(t.Context(), []Entry{{Campaign: "june", ID: id, Provider: "certyneo", Digest: "d-" + id, State: Queued, SweepAfter: time.Minute,
		Content: Content{Envelope: []byte(`{"id":"` + id + `"}`)}}})
	if err != nil || out[0].Verdict != Created {
		t.Fatalf("create: %v %v", out, err)
	}
	return get(t, l, id)
}

func get(t *testing.T, l *Ledger, id string) *Record {
	t.Helper()
	r, err := l.Get(t.Context(), "june/"+id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func claim(t *testing.T, l *Ledger, id string, generation int64) *Claim {
	t.Helper()
	c, hold, _, err := l.Claim(t.Context(), "june/"+id, generation, 20*time.Second, Preparation{})
	if err != nil || hold != Granted {
		t.Fatalf("claim: %s %v", hold, err)
	}
	return c
}

// writeRecord makes any change, under the version that was read.
func writeRecord(ctx context.Context, l *Ledger, r *Record, ch change) error {
	return l.write(ctx, r, r.fence(), ch)
}

func write(t *testing.T, c *Claim, ch change) {
	t.Helper()
	if err := c.write(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
}

func preparing(t *testing.T, l *Ledger, id string) *Claim {
	t.Helper()
	create(t, l, id)
	c := claim(t, l, id, 1)
	write(t, c, change{To: Preparing})
	return c
}

func TestCreateIsIdempotent(t *testing.T) {
	l, _ := open(t)
	create(t, l, "1")
	entry := Entry{Campaign: "june", ID: "1", Provider: "certyneo", Digest: "d-1", State: Queued}
	other := entry
	other.Digest = "other"
	out, err := l.Create(t.Context(), []Entry{entry, other})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Verdict != Same || out[1].Verdict != Conflict {
		t.Errorf("verdicts %v", out)
	}
	c, err := l.Campaign(t.Context(), "june")
	if err != nil || c.Total != 1 || c.States[Queued] != 1 || len(c.States) != len(States) {
		t.Errorf("campaign %+v %v", c, err)
	}
}

func TestClaimKeepsOthersOut(t *testing.T) {
	l, clock := open(t)
	create(t, l, "1")
	hold := func(generation int64) ClaimResult {
		_, h, wait, err := l.Claim(t.Context(), "june/1", generation, 20*time.Second, Preparation{})
		if err != nil {
			t.Fatal(err)
		}
		if h == Busy && (wait <= 0 || wait > 20*time.Second) {
			t.Errorf("busy for %s", wait)
		}
		return h
	}
	if h := hold(2); h != Stale {
		t.Errorf("another generation: %s", h)
	}
	first := claim(t, l, "1", 1)
	if h := hold(1); h != Busy {
		t.Errorf("a second claim: %s", h)
	}
	clock.forward(15 * time.Second)
	if err := first.Renew(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	clock.forward(15 * time.Second)
	if h := hold(1); h != Busy {
		t.Errorf("after a renewal: %s", h)
	}
	clock.forward(6 * time.Second)
	second := claim(t, l, "1", 1)
	if err := first.write(t.Context(), change{To: Preparing}); !errors.Is(err, ErrLost) {
		t.Errorf("a worker that was taken over wrote: %v", err)
	}
	if err := first.Renew(t.Context(), time.Second); !errors.Is(err, ErrLost) {
		t.Errorf("a worker that was taken over renewed: %v", err)
	}
	if i, err := first.Intend(t.Context()); err != nil || i != IntentLost {
		t.Errorf("a worker that was taken over may invite: %s %v", i, err)
	}
	write(t, second, change{To: Preparing, Release: true, Times: map[string]time.Duration{fieldNotBefore: time.Minute}})
	if h := hold(1); h != NotDue {
		t.Errorf("before its time: %s", h)
	}
	if _, h, _, err := l.Claim(t.Context(), "june/none", 1, time.Second, Preparation{}); err != nil || h != Gone {
		t.Errorf("no such envelope: %s %v", h, err)
	}
}

func TestIntentIsTheLastLook(t *testing.T) {
	l, clock := open(t)
	c := preparing(t, l, "1")
	if err := l.Pause(t.Context(), "june"); err != nil {
		t.Fatal(err)
	}
	if i, err := c.Intend(t.Context()); err != nil || i != IntentPaused {
		t.Errorf("paused: %s %v", i, err)
	}
	if _, err := l.BeginOperation(t.Context(), "june", ResumeAll, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := writeRecord(t.Context(), l, get(t, l, "1"), change{Set: map[string]string{fieldCancel: "1"}}); err != nil {
		t.Fatal(err)
	}
	if i, err := c.Intend(t.Context()); err != nil || i != IntentCanceled {
		t.Errorf("cancelled: %s %v", i, err)
	}
	write(t, c, change{Remove: []string{fieldCancel}})
	clock.forward(21 * time.Second)
	if i, err := c.Intend(t.Context()); err != nil || i != IntentLost {
		t.Errorf("a lapsed claim, though nobody else came: %s %v", i, err)
	}
	c = claim(t, l, "1", 1)
	if i, err := c.Intend(t.Context()); err != nil || i != IntentOK {
		t.Errorf("free: %s %v", i, err)
	}
	if i, err := c.Intend(t.Context()); err != nil || i != IntentAgain {
		t.Errorf("twice: %s %v", i, err)
	}
}

func TestOutcomeIsAFactHoweverLate(t *testing.T) {
	for _, doubted := range []bool{false, true} {
		l, clock := open(t)
		inviter := preparing(t, l, "1")
		if i, err := inviter.Intend(t.Context()); err != nil || i != IntentOK {
			t.Fatal(i, err)
		}
		clock.forward(time.Minute)
		other := claim(t, l, "1", 1)
		if doubted {
			write(t, other, change{To: InDoubt, Index: none, Release: true})
		}
		if err := other.outcome(t.Context(), change{To: Sent}); !errors.Is(err, ErrLost) {
			t.Errorf("an outcome of somebody who did not invite: %v", err)
		}
		if err := inviter.outcome(t.Context(), change{To: Sent, Index: Look, Set: map[string]string{fieldEnvelopeID: "env_1"}, Remove: []string{fieldIntentAt}}); err != nil {
			t.Fatal(err)
		}
		r := get(t, l, "1")
		if r.State != Sent || r.EnvelopeID != "env_1" || !r.IntentAt.IsZero() {
			t.Errorf("record %+v", r)
		}
		if key, err := l.KeyOf(t.Context(), "certyneo", "env_1"); err != nil || key != "june/1" {
			t.Errorf("KeyOf: %q %v", key, err)
		}
		if err := other.write(t.Context(), change{To: InDoubt}); !errors.Is(err, ErrLost) {
			t.Errorf("the other worker overwrote the fact: %v", err)
		}
		c, err := l.Campaign(t.Context(), "june")
		if err != nil || c.States[Sent] != 1 || c.States[Preparing]+c.States[InDoubt] != 0 {
			t.Errorf("counts %v %v", c.States, err)
		}
	}
}

func TestWriteChecksTheVersionAndTheState(t *testing.T) {
	l, _ := open(t)
	old := create(t, l, "1")
	fresh := *old
	if err := writeRecord(t.Context(), l, &fresh, change{Set: map[string]string{fieldCancel: "1"}, NewGeneration: true}); err != nil {
		t.Fatal(err)
	}
	if fresh.Generation != 2 {
		t.Errorf("generation %d", fresh.Generation)
	}
	if err := writeRecord(t.Context(), l, old, change{To: Canceled}); !errors.Is(err, ErrLost) {
		t.Errorf("a write under an old version: %v", err)
	}
	fresh.State = Sent
	if err := writeRecord(t.Context(), l, &fresh, change{To: Completed}); !errors.Is(err, ErrLost) {
		t.Errorf("a write from a state that it is not in: %v", err)
	}
}

func TestDueIndexes(t *testing.T) {
	l, clock := open(t)
	c := preparing(t, l, "1")
	take := func(x Index) []string {
		keys, err := l.Take(t.Context(), x, "certyneo", 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if got := take(Work); len(got) != 0 {
		t.Errorf("due while it is held: %v", got)
	}
	clock.forward(22 * time.Second)
	if got := take(Work); len(got) != 1 {
		t.Errorf("a claim that lapsed is not due: %v", got)
	}
	if got := take(Work); len(got) != 0 {
		t.Errorf("taken twice: %v", got)
	}
	write(t, c, change{To: Sent, Index: Look, Due: time.Minute, Release: true})
	clock.forward(2 * time.Hour)
	if got := take(Work); len(got) != 0 {
		t.Errorf("in two indexes: %v", got)
	}
	if got := take(Look); len(got) != 1 || got[0] != "june/1" {
		t.Errorf("looks due: %v", got)
	}
	if ok, err := l.LookSoon(t.Context(), "certyneo", "june/1", 0); err != nil || !ok {
		t.Errorf("LookSoon: %v %v", ok, err)
	}
	if got := take(Look); len(got) != 1 {
		t.Errorf("a callback does not hasten the look: %v", got)
	}
	if ok, err := l.LookSoon(t.Context(), "certyneo", "june/2", 0); err != nil || ok {
		t.Errorf("LookSoon of a stranger: %v %v", ok, err)
	}
}

func TestPagesAndForget(t *testing.T) {
	l, _ := open(t)
	for _, id := range []string{"c", "a", "b"} {
		create(t, l, id)
	}
	page, next, err := l.Page(t.Context(), "june", "", "", 2)
	if err != nil || len(page) != 2 || page[0].ID != "c" || page[1].ID != "a" || next == "" {
		t.Fatalf("first page %v %q %v", page, next, err)
	}
	page, next, err = l.Page(t.Context(), "june", Queued, next, 2)
	if err != nil || len(page) != 1 || page[0].ID != "b" || next != "" {
		t.Fatalf("second page %v %q %v", page, next, err)
	}
	if _, _, err := l.Page(t.Context(), "june", "", "x", 2); err == nil {
		t.Error("a cursor that is not ours was taken")
	}
	if _, err := forget(t, l, false); err == nil {
		t.Error("forgot a campaign that is not finished")
	}
	for _, id := range []string{"a", "b", "c"} {
		if err := writeRecord(t.Context(), l, get(t, l, id), change{To: Canceled, Index: none}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := forget(t, l, false); err != nil || n != 3 {
		t.Errorf("forgot %d %v", n, err)
	}
	if r := get(t, l, "a"); r.Envelope != nil || r.Digest == "" {
		t.Errorf("after forgetting: %+v", r)
	}
}

// The scripts must mean the same on the real server as on the stand-in.
func TestOnRealRedis(t *testing.T) {
	l := New(startRedis(t, "--appendonly", "yes", "--appendfsync", "always"), DurableByAOF)
	c := preparing(t, l, "1")
	if i, err := c.Intend(t.Context()); err != nil || i != IntentOK {
		t.Fatal(i, err)
	}
	if err := c.outcome(t.Context(), change{To: Sent, Index: Look, Release: true, NewGeneration: true,
		Set: map[string]string{fieldEnvelopeID: "e"}, Times: map[string]time.Duration{fieldSentAt: 0}, Remove: []string{fieldIntentAt}}); err != nil {
		t.Fatal(err)
	}
	r := get(t, l, "1")
	if r.State != Sent || time.Since(r.SentAt) > time.Minute || r.Generation != 2 {
		t.Errorf("record %+v", r)
	}
	if keys, err := l.Take(t.Context(), Look, "certyneo", 5, time.Minute); err != nil || len(keys) != 1 {
		t.Errorf("due %v %v", keys, err)
	}
	n, err := l.Counts(t.Context(), "certyneo")
	if err != nil || n[Sent] != 1 || n[Queued] != 0 {
		t.Errorf("counts %v %v", n, err)
	}
}

func TestForgetLeavesWhatIsUndecided(t *testing.T) {
	l, _ := open(t)
	for id, to := range map[string]State{"1": Archived, "2": InDoubt, "3": Failed, "4": Sent} {
		ch := change{To: to, Index: none, Set: map[string]string{fieldIntentAt: "1", fieldInviter: "x"}}
		if to == Sent {
			ch.Set = map[string]string{fieldErrorCode: CodeNotThere}
		}
		if err := writeRecord(t.Context(), l, create(t, l, id), ch); err != nil {
			t.Fatal(err)
		}
		if err := l.KeepLinks(t.Context(), "june/"+id, []Link{{Email: "ana@example.com", Address: "https://example.com/sign"}}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := forget(t, l, false)
	var u *UnfinishedError
	if !errors.As(err, &u) || u.InDoubt != 1 || u.Failed != 1 || u.Lost != 1 || u.Open != 0 || !strings.Contains(err.Error(), "--also-unfinished") {
		t.Fatalf("%+v %v", u, err)
	}
	if r := get(t, l, "2"); len(r.Envelope) == 0 {
		t.Error("forgotten all the same")
	}
	if n, err := forget(t, l, true); err != nil || n != 4 {
		t.Fatal(n, err)
	}
	for _, id := range []string{"2", "3", "4"} {
		if r := get(t, l, id); r.State != Canceled || r.ErrorCode != CodeForgotten || len(r.Envelope) != 0 || !r.IntentAt.IsZero() || r.Digest == "" {
			t.Errorf("%s: %+v", id, r)
		}
		if links, err := l.Links(t.Context(), "june/"+id); err != nil || links[0] != nil {
			t.Errorf("the signing links of %s are left: %v", id, err)
		}
	}
	if r := get(t, l, "1"); r.State != Archived || r.ErrorCode != "" {
		t.Errorf("%+v", r)
	}

	create(t, l, "5")
	if _, err := forget(t, l, true); !errors.As(err, &u) || u.Open != 1 {
		t.Errorf("one on its way was forgotten: %v", err)
	}
}

// What comes from a provider or an operator is a value, whatever it looks like.
func TestValuesAreNotCommands(t *testing.T) {
	l, _ := open(t)
	r := create(t, l, "1")
	for _, v := range []string{"@now+5", "@now+x", "@now+"} {
		if err := writeRecord(t.Context(), l, r, change{Set: map[string]string{fieldEnvelopeID: v, fieldError: v}}); err != nil {
			t.Fatal(err)
		}
		if got := get(t, l, "1"); got.EnvelopeID != v || got.ErrorMessage != v {
			t.Errorf("%s became %q %q", v, got.EnvelopeID, got.ErrorMessage)
		}
		if key, err := l.KeyOf(t.Context(), "certyneo", v); err != nil || key != "june/1" {
			t.Errorf("%s: %q %v", v, key, err)
		}
	}
}

// A script that is called wrongly changes nothing.
func TestScriptsJudgeBeforeTheyWrite(t *testing.T) {
	l, _ := open(t)
	create(t, l, "1")
	db := l.Redis()
	if err := writeRecord(t.Context(), l, get(t, l, "1"), change{Index: Look}); err != nil { // its version is 2 now
		t.Fatal(err)
	}
	all := func() string {
		t.Helper()
		var b strings.Builder
		keys, err := db.Keys(t.Context(), "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(keys)
		for _, k := range keys {
			switch db.Type(t.Context(), k).Val() {
			case "hash":
				fmt.Fprintln(&b, k, db.HGetAll(t.Context(), k).Val())
			case "string":
				fmt.Fprintln(&b, k, db.Get(t.Context(), k).Val())
			case "zset":
				fmt.Fprintln(&b, k, db.ZRangeWithScores(t.Context(), k, 0, -1).Val())
			}
		}
		return b.String()
	}
	before := all()
	e, fence := envelopeKey("june/1"), "version:2"
	for what, run := range map[string]func() error{
		"write, delay": func() error {
			return runs(t, writeScript, l, e, "june/1", fence, "q", "s", "w", "x", 0, 1, "keep", "", 0, 0)
		},
		"write, index": func() error {
			return runs(t, writeScript, l, e, "june/1", fence, "q", "s", "wrk", 0, 0, 1, "keep", "", 0, 0)
		},
		"write, time": func() error {
			return runs(t, writeScript, l, e, "june/1", fence, "q", "s", "w", 0, 0, 1, "keep", "", 1, 1, "o", "a", "1", "x")
		},
		"write, missing": func() error {
			return runs(t, writeScript, l, e, "june/1", fence, "q", "s", "w", 0, 0, 1, "keep", "", 2, 0, "o", "a", "b")
		},
		"write, state": func() error {
			return runs(t, writeScript, l, e, "june/1", fence, "s", "f", "w", 0, 1, 1, "keep", "", 0, 0)
		},
		"create, delay": func() error {
			return runs(t, createScript, l, envelopeKey("june/2"), "june", "2", "certyneo", "d", "q", "w", "x", "", "", "", 0)
		},
		"create, fields": func() error {
			return runs(t, createScript, l, envelopeKey("june/2"), "june", "2", "certyneo", "d", "q", "w", 0, "", "", "", 1, "a")
		},
		"claim, lease":   func() error { return runs(t, claimScript, l, e, "june/1", 1, "token", "x", "", 0) },
		"take, delay":    func() error { return runs(t, takeScript, l, Look.key("certyneo"), 10, "x") },
		"due, delay":     func() error { return runs(t, dueScript, l, Look.key("certyneo"), "june/1", "x", "0") },
		"trouble":        func() error { return runs(t, troubleScript, l, providerKey("certyneo"), "failing", "x", 0) },
		"trouble, field": func() error { return runs(t, troubleScript, l, providerKey("certyneo"), "failing", 0, 0, "op") },
	} {
		if err := run(); err == nil && what != "write, state" {
			t.Errorf("%s: taken", what)
		}
		if after := all(); after != before {
			t.Errorf("%s: changed\n%s\nto\n%s", what, before, after)
			before = after
		}
	}
}

func runs(t *testing.T, s *redis.Script, l *Ledger, key string, args ...any) error {
	t.Helper()
	return s.Run(t.Context(), l.Redis(), []string{key}, args...).Err()
}

// A record without its place in an index, as a torn copy of Redis has it, gets one when it is
// enqueued again; one that has its place keeps it, and one that nobody is to find gets none.
func TestEnqueuedAgainIsInItsIndex(t *testing.T) {
	l, _ := open(t)
	ctx := t.Context()
	again := func(id string) {
		t.Helper()
		out, err := l.Create(ctx, []Entry{{Campaign: "june", ID: id, Provider: "certyneo", Digest: "d-" + id, State: Queued, SweepAfter: time.Minute}})
		if err != nil || out[0].Verdict != Same {
			t.Fatal(out, err)
		}
	}
	work := Work.key("certyneo")
	create(t, l, "1")
	placed := l.db.ZScore(ctx, work, "june/1").Val()
	again("1")
	if at := l.db.ZScore(ctx, work, "june/1").Val(); at != placed || at == 0 {
		t.Errorf("due at %f, before at %f", at, placed)
	}
	if err := l.db.Del(ctx, work).Err(); err != nil {
		t.Fatal(err)
	}
	again("1")
	if keys, err := l.Take(ctx, Work, "certyneo", 10, time.Second); err != nil || len(keys) != 1 {
		t.Errorf("the sweeper finds %v %v", keys, err)
	}
	ended := create(t, l, "2")
	if err := l.CancelQueued(ctx, ended); err != nil {
		t.Fatal(err)
	}
	again("2")
	if n, err := l.Pending(ctx, Work, "certyneo"); err != nil || n != 1 {
		t.Errorf("%d wait for work, %v", n, err)
	}
}

// A round in a Redis that was copied without the ends of its keys lapses like any other.
func TestRoundWithoutAnEnd(t *testing.T) {
	l, c := open(t)
	ctx := t.Context()
	begin := func() *Round {
		t.Helper()
		r, err := l.BeginRound(ctx, "sdoc", 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := l.db.Set(ctx, begin().key, "copied", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if begin() != nil {
		t.Error("two rounds at once")
	}
	c.m.FastForward(21 * time.Second)
	if begin() == nil {
		t.Error("it never ends")
	}
}

// between has something happen after the first command of a client.
type between struct {
	once sync.Once
	do   func()
}

func (b *between) DialHook(next redis.DialHook) redis.DialHook { return next }

func (b *between) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b *between) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		b.once.Do(b.do)
		return err
	}
}

// A round that lapses, and that another begins, while its holder keeps or ends it is the other's: what is
// found out of it and what is done to it are one step.
func TestRoundThatLapsesMeanwhile(t *testing.T) {
	for name, do := range map[string]func(context.Context, *Round) error{
		"keep": func(ctx context.Context, r *Round) error { return r.Keep(ctx, time.Hour) },
		"end":  func(ctx context.Context, r *Round) error { return r.End(ctx) },
	} {
		l, c := open(t)
		r, err := l.BeginRound(t.Context(), "sdoc", 20*time.Second)
		if err != nil || r == nil {
			t.Fatal(r, err)
		}
		if _, err := roundScript.Load(t.Context(), l.db).Result(); err != nil {
			t.Fatal(err)
		}
		other := redis.NewClient(&redis.Options{Addr: c.m.Addr()})
		t.Cleanup(func() { other.Close() })
		l.db.(*redis.Client).AddHook(&between{do: func() {
			if err := other.Set(t.Context(), r.key, "another's", 20*time.Second).Err(); err != nil {
				t.Error(err)
			}
		}})
		if err := do(t.Context(), r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if lasts := other.PTTL(t.Context(), r.key).Val(); lasts <= 0 || lasts > 20*time.Second {
			t.Errorf("%s: the other's round lasts %s", name, lasts)
		}
	}
}

package ledger

import (
	"context"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// older fills a Redis with a ledger that was written before records had short fields: one
// envelope in every state, recorded from that program. clock is some minutes later.
func older(t *testing.T) (*Ledger, *clock) {
	t.Helper()
	l, c := open(t)
	recorded(t, l.db)
	c.at = time.Date(2026, 11, 26, 12, 10, 0, 0, time.UTC)
	c.m.SetTime(c.at)
	return l, c
}

// recorded runs the commands of testdata/older.redis, which are as redis-cli reads them.
func recorded(t *testing.T, db redis.UniversalClient) {
	t.Helper()
	b, err := os.ReadFile("testdata/older.redis")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var command []any
		for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimSpace(rest) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatal(err)
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatal(err)
			}
			command, rest = append(command, word), rest[len(quoted):]
		}
		if err := db.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(line, err)
		}
	}
}

// everything is what a reader sees of a campaign, with which page has what.
func everything(t *testing.T, l *Ledger, campaign string) map[State][]Record {
	t.Helper()
	all := map[State][]Record{}
	for _, s := range append([]State{""}, States...) {
		for r, err := range l.All(t.Context(), campaign, s) {
			if err != nil {
				t.Fatal(err)
			}
			r.Carried, r.Parked = false, false // an older record does not say where it stands
			all[s] = append(all[s], *r)
		}
	}
	return all
}

// TestOlderRecordsAreReadAndUpgraded: what a reader sees of an older ledger is the same before
// and after every record was touched by a script of today.
func TestOlderRecordsAreReadAndUpgraded(t *testing.T) {
	l, _ := older(t)
	before := everything(t, l, "older")
	if len(before[""]) != 15 {
		t.Fatalf("%d envelopes", len(before[""]))
	}
	for _, r := range before[""] {
		if r.Campaign != "older" || r.Provider != "certyneo" || r.State == "" || !strings.HasPrefix(r.Digest, "v1:") || r.Generation == 0 || r.CreatedAt.IsZero() || len(r.Envelope) == 0 {
			t.Errorf("%+v", r)
		}
		key, err := l.KeyOf(t.Context(), "certyneo", "env-"+r.ID)
		if err != nil || (r.EnvelopeID != "") != (key == r.Key()) {
			t.Errorf("%s: found as %q %v", r.Key(), key, err)
		}
	}
	counts, err := l.Campaign(t.Context(), "older")
	if err != nil || counts.Total != 15 || counts.States[Sent] != 4 || counts.States[Completed] != 2 {
		t.Errorf("%+v %v", counts, err)
	}

	if err := l.Carried(t.Context(), pointers(before[""])); err != nil { // touches all, and finds a task of those that are work
		t.Fatal(err)
	}
	if n, _ := l.db.Exists(t.Context(), olderIDs("older"), olderIn("older", Sent), prefix+"names:certyneo").Result(); n != 0 {
		t.Error("indexes of before are left")
	}
	after := everything(t, l, "older")
	if !reflect.DeepEqual(before, after) {
		t.Errorf("before\n%+v\nafter\n%+v", before, after)
	}
	for _, r := range after[""] {
		if key, err := l.KeyOf(t.Context(), "certyneo", "env-"+r.ID); err != nil || (r.EnvelopeID != "") != (key == r.Key()) {
			t.Errorf("%s: found as %q %v", r.Key(), key, err)
		}
		if state := l.db.HGet(t.Context(), envelopeKey(r.Key()), "state").Val(); state != "" {
			t.Errorf("%s has its long names still", r.Key())
		}
	}
	if again, err := l.Campaign(t.Context(), "older"); err != nil || !reflect.DeepEqual(again, counts) {
		t.Errorf("counts %+v, before %+v: %v", again, counts, err)
	}
}

func pointers(all []Record) []*Record {
	out := make([]*Record, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

// TestOlderRecordsAreCarriedOn: each envelope of an older ledger is taken up where it was.
func TestOlderRecordsAreCarriedOn(t *testing.T) {
	l, _ := older(t)
	claimed := func(id string, generation int64, prepare bool) *Claim {
		t.Helper()
		p := Preparation{}
		if prepare {
			p = Preparation{Provider: "certyneo", Simulated: true}
		}
		c, hold, _, err := l.Claim(t.Context(), "older/"+id, generation, time.Minute, p)
		if err != nil || hold != Granted {
			t.Fatalf("%s: %s %v", id, hold, err)
		}
		return c
	}
	due, err := l.Take(t.Context(), Work, "certyneo", 99, 0)
	if want := []string{"older/completed", "older/filed", "older/intended", "older/preparing", "older/queued", "older/unfinished", "older/withdrawn"}; err != nil || !slices.Equal(slices.Sorted(slices.Values(due)), want) {
		t.Errorf("due for work: %v %v", due, err)
	}
	if looks, err := l.Take(t.Context(), Look, "certyneo", 99, 0); err != nil || !slices.Equal(slices.Sorted(slices.Values(looks)), []string{"older/evident", "older/sent"}) {
		t.Errorf("due for a look: %v %v", looks, err)
	}

	if c := claimed("queued", 1, true); !c.Began || c.Record.Simulated != true {
		t.Errorf("%+v", c.Record)
	}
	if c := claimed("preparing", 1, true); c.Began || c.Record.Steps["envelope"] != "env-preparing" || c.Record.Steps["document:0"] != "doc-preparing" {
		t.Errorf("%+v", c.Record)
	} else if i, err := c.Intend(t.Context()); err != nil || i != IntentOK {
		t.Error(i, err)
	} else if err := c.MarkSent(t.Context(), Invited{EnvelopeID: "env-preparing", NextLook: time.Minute}); err != nil {
		t.Error(err)
	}
	if c := claimed("intended", 1, true); c.Record.IntentAt.IsZero() || c.Record.Inviter == "" {
		t.Errorf("the intent is gone: %+v", c.Record)
	} else if i, err := c.Intend(t.Context()); err != nil || i != IntentAgain {
		t.Error(i, err)
	}
	if c := claimed("filed", 3, false); len(c.Record.Artifacts) == 0 || len(c.Record.Listed) == 0 || len(c.Record.Final) == 0 || len(c.Record.Signers) == 0 {
		t.Errorf("%+v", c.Record)
	} else if err := c.Archive(t.Context(), time.Now(), c.Record.Artifacts, true); err != nil {
		t.Error(err)
	}
	if _, hold, _, err := l.Claim(t.Context(), "older/waits", 1, time.Minute, Preparation{}); err != nil || hold != NotDue {
		t.Error(hold, err)
	}
	if _, hold, _, err := l.Claim(t.Context(), "parked/parked", 1, time.Minute, Preparation{}); err != nil || hold != CampaignPaused {
		t.Error(hold, err)
	}
	for id, do := range map[string]func(context.Context, *Record) error{
		"sent": func(ctx context.Context, r *Record) error {
			return l.End(ctx, r, Ending{To: Completed, Final: []byte("{}")})
		},
		"failed":   func(ctx context.Context, r *Record) error { return l.Requeue(ctx, r, "steer") },
		"doubtful": func(ctx context.Context, r *Record) error { return l.ResolveNotSent(ctx, r, "steer") },
	} {
		r, err := l.Get(t.Context(), "older/"+id)
		if err == nil {
			err = do(t.Context(), r)
		}
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	c, err := l.Campaign(t.Context(), "older")
	if err != nil || c.Total != 15 || c.States[Preparing] != 3 || c.States[Queued] != 2 || c.States[Sent] != 4 || c.States[Completed] != 2 || c.States[Archived] != 2 {
		t.Errorf("%+v %v", c.States, err)
	}
	total := 0
	for _, s := range States {
		page, _, err := l.Page(t.Context(), "older", s, "", 99)
		if err != nil || int64(len(page)) != c.States[s] {
			t.Errorf("%s: %d on its page, %d counted: %v", s, len(page), c.States[s], err)
		}
		total += len(page)
	}
	if all, _, err := l.Page(t.Context(), "older", "", "", 99); err != nil || len(all) != total {
		t.Errorf("%d in all, %d by state: %v", len(all), total, err)
	}
}

// TestOlderKeysAreKnown: an envelope of an older ledger is not recorded again.
func TestOlderKeysAreKnown(t *testing.T) {
	l, _ := older(t)
	r, err := l.Get(t.Context(), "older/sent")
	if err != nil {
		t.Fatal(err)
	}
	same := Entry{Campaign: "older", ID: "sent", Provider: "certyneo", Digest: r.Digest, State: Queued}
	other, fresh := same, same
	other.ID, fresh.ID = "queued", "fresh"
	out, err := l.Create(t.Context(), []Entry{same, other, fresh})
	if err != nil || out[0].Verdict != Same || out[0].State != Sent || out[1].Verdict != Conflict || out[2].Verdict != Created {
		t.Fatalf("%+v %v", out, err)
	}
	if d, err := l.Digests(t.Context(), []string{"older/sent", "older/fresh"}); err != nil || d[0] != r.Digest || d[1] != r.Digest {
		t.Errorf("%v %v", d, err)
	}
	var ids []string
	for cursor := ""; ; {
		page, next, err := l.Page(t.Context(), "older", "", cursor, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			ids = append(ids, r.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	want := strings.Fields("queued preparing intended sent unfinished completed filed archived declined failed doubtful canceled withdrawn waits evident fresh")
	if !slices.Equal(ids, want) {
		t.Errorf("pages of both forms are in the order %v", ids)
	}
}

// TestUpgradesAgree: the script upgrades a record to what a reader has read of it, field by
// field.
func TestUpgradesAgree(t *testing.T) {
	source, err := sources.ReadFile("lua/common.lua")
	if err != nil {
		t.Fatal(err)
	}
	for long, short := range shortNames {
		if !strings.Contains(string(source), long+" = '"+short+"'") {
			t.Errorf("%s is %s in Go and not in Lua", long, short)
		}
	}
	for long, field := range blobNames {
		if !strings.Contains(string(source), long+" = '"+field[1:]+"'") {
			t.Errorf("%s is %s in Go and not in Lua", long, field)
		}
	}
	for state, letter := range letters {
		if !strings.Contains(string(source), letter+" = '"+string(state)+"'") {
			t.Errorf("%s is %s in Go and not in Lua", state, letter)
		}
	}
}

package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// plain is a provider that can neither withdraw nor remind, and is never called here.
type plain struct{ providers.Provider }

func (plain) Info() providers.Info { return providers.Info{Name: "plain"} }

// able is one that can, and has a call after the invitation.
type able struct{ providers.Provider }

func (able) Info() providers.Info                                                      { return providers.Info{Name: "able"} }
func (able) Cancel(context.Context, providers.Ref) error                               { return nil }
func (able) Remind(context.Context, providers.Ref, providers.Once) error               { return nil }
func (able) RemindSigner(context.Context, providers.Ref, string, providers.Once) error { return nil }
func (able) Finish(context.Context, *providers.Job) error                              { return nil }

// desk is a client over a ledger whose envelopes are brought into any state. No worker runs.
type desk struct {
	*Client
	t    *testing.T
	mini *miniredis.Miniredis
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	m := miniredis.RunT(t)
	m.SetTime(time.Now())
	db := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { db.Close() })
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &desk{NewClient(ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: store, Providers: []providers.Provider{plain{}, able{}}, Log: slog.New(slog.DiscardHandler)}), t, m}
}

func june(id string) Key { return Key{Campaign: "june", ID: id} }

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) record(id string) *ledger.Record {
	d.t.Helper()
	r, err := d.ledger.Get(d.t.Context(), "june/"+id)
	d.must(err)
	return r
}

// The ways that an envelope is brought to.
const (
	queued    = "queued"
	begun     = "queued again, with something at the provider"
	preparing = "preparing"
	inviting  = "preparing, and the inviting call may have left"
	doubtful  = "in doubt"
	sent      = "sent"
	unchecked = "sent, as an operator says"
	notThere  = "sent, and its provider does not know it"
	failed    = "failed"
	completed = "completed"
	archived  = "archived"
)

// put makes an envelope, whose id at the provider is "at-ID" once it is sent.
func (d *desk) put(provider, id, way string) *ledger.Record {
	d.t.Helper()
	ctx := d.t.Context()
	_, err := d.ledger.Create(ctx, []ledger.Entry{{Campaign: "june", ID: id, Provider: provider, Digest: id, State: ledger.Queued,
		Content: ledger.Content{Envelope: []byte(`{"subject":"Lease","signers":[{"name":"Ana Prova"}]}`)}}})
	d.must(err)
	if way == queued {
		return d.record(id)
	}
	c, hold, _, err := d.ledger.Claim(ctx, "june/"+id, d.record(id).Generation, time.Minute, ledger.Preparation{Provider: provider, Simulated: true})
	if err != nil || hold != ledger.Granted {
		d.t.Fatal(hold, err)
	}
	at := ledger.Invited{EnvelopeID: "at-" + id, NextLook: time.Hour}
	if way == begun {
		d.must(c.RecordStep(ctx, "file", "7"))
	}
	if way != preparing && way != failed {
		intent, err := c.Intend(ctx)
		if err != nil || intent != ledger.IntentOK {
			d.t.Fatal(intent, err)
		}
		c.Record = d.record(id)
	}
	switch way {
	case failed:
		d.must(c.Fail(ctx, 1, ledger.Reason{Code: "refused", Message: "refused"}))
	case begun, doubtful, unchecked:
		d.must(c.Doubt(ctx, ledger.Reason{Code: "ambiguous", Message: "no answer"}))
		if way == begun {
			d.must(d.ledger.ResolveNotSent(ctx, d.record(id), "send"))
		}
		if way == unchecked {
			at.Unchecked = ledger.Reason{Code: ledger.CodeUnchecked, Message: "no worker"}
			d.must(d.ledger.ConfirmSent(ctx, d.record(id), at))
		}
	case sent, notThere, completed, archived:
		d.must(c.MarkSent(ctx, at))
	}
	switch way {
	case notThere:
		d.must(d.ledger.RecordNotThere(ctx, d.record(id), "not found"))
	case completed, archived:
		d.must(d.ledger.End(ctx, d.record(id), ledger.Ending{To: ledger.Completed}))
	}
	if way == archived {
		c, hold, _, err := d.ledger.Claim(ctx, "june/"+id, d.record(id).Generation, time.Minute, ledger.Preparation{Provider: provider, Simulated: true})
		if err != nil || hold != ledger.Granted {
			d.t.Fatal(hold, err)
		}
		d.must(c.Archive(ctx, time.Now(), []byte(`[]`), true))
	}
	return d.record(id)
}

// waiting is how many tasks stand on a way to a provider's workers.
func (d *desk) waiting(provider string, lane pace.Class) int {
	d.t.Helper()
	depths, err := d.Client.tasks.Depths(d.t.Context())
	d.must(err)
	for _, x := range depths {
		if x.Provider == provider && x.Class == lane {
			return x.Tasks
		}
	}
	return 0
}

// refused checks that an operation on one envelope was refused for this reason, and left
// the record alone.
func (d *desk) refused(what string, before *ledger.Record, res Result, err error, reason string) {
	d.t.Helper()
	if !errors.Is(err, ErrNotNow) || res.Done != 0 || len(res.Refused) != 1 || res.Refused[0].Reason != reason {
		d.t.Errorf("%s: %+v, %v; want refused for %s", what, res, err, reason)
	}
	if after := d.record(before.ID); after.Version != before.Version || after.State != before.State {
		d.t.Errorf("%s: the record went from %s, version %d to %s, version %d", what, before.State, before.Version, after.State, after.Version)
	}
}

func TestCancelOfEveryState(t *testing.T) {
	for _, c := range []struct {
		provider, way string
		to            ledger.State
		asked         bool
		refused       string
	}{
		{"plain", queued, ledger.Canceled, false, ""},
		{"plain", begun, ledger.Queued, true, ""}, // a worker has to take away what is there
		{"plain", preparing, ledger.Preparing, true, ""},
		{"plain", inviting, ledger.Preparing, true, ""},
		{"able", sent, ledger.Sent, true, ""},
		{"able", unchecked, ledger.Sent, true, ""},
		{"plain", sent, "", false, "unsupported"},
		{"able", doubtful, "", false, "in_doubt"},
		{"able", failed, "", false, "failed"},
		{"able", completed, "", false, "completed"},
		{"able", archived, "", false, "archived"},
	} {
		d := newDesk(t)
		before := d.put(c.provider, "1", c.way)
		res, err := d.Cancel(t.Context(), "june", "1")
		if c.refused != "" {
			d.refused(c.way, before, res, err, c.refused)
			continue
		}
		r := d.record("1")
		if err != nil || res.Done != 1 || r.State != c.to || r.CancelAsked != c.asked {
			t.Errorf("%s: %+v %v; it is %s, asked: %v", c.way, res, err, r.State, r.CancelAsked)
		}
		if tasks := d.waiting(c.provider, pace.Steer); (tasks == 1) != c.asked {
			t.Errorf("%s: %d tasks", c.way, tasks)
		}
		if !c.asked {
			continue
		}
		// Once more it is done already.
		if res, err := d.Cancel(t.Context(), "june", "1"); err != nil || res.Done != 1 || d.record("1").Version != r.Version || d.waiting(c.provider, pace.Steer) != 1 {
			t.Errorf("%s, again: %+v %v", c.way, res, err)
		}
	}
}

func TestRemindOfEveryState(t *testing.T) {
	for _, c := range []struct{ provider, way, refused string }{
		{"able", sent, ""},
		{"plain", sent, "unsupported"},
		{"able", queued, "queued"},
		{"able", inviting, "preparing"},
		{"able", doubtful, "in_doubt"},
		{"able", completed, "completed"},
		{"able", archived, "archived"},
		{"able", failed, "failed"},
	} {
		d := newDesk(t)
		before := d.put(c.provider, "1", c.way)
		res, err := d.Remind(t.Context(), "june", "1")
		if c.refused != "" {
			d.refused(c.way, before, res, err, c.refused)
			if n := d.waiting(c.provider, pace.Steer); n != 0 {
				t.Errorf("%s: %d tasks", c.way, n)
			}
			continue
		}
		again, err2 := d.Remind(t.Context(), "june", "1") // within the minute
		if err != nil || !errors.Is(err2, ErrNotNow) || res.Done != 1 || again.Done != 0 || again.Refused[0].Reason != reminded || d.waiting(c.provider, pace.Steer) != 1 {
			t.Errorf("%s: %+v %v, %+v %v, %d tasks", c.way, res, err, again, err2, d.waiting(c.provider, pace.Steer))
		}
	}
}

func TestRemindSignerOfEveryKind(t *testing.T) {
	for _, c := range []struct {
		provider, way string
		signer        int
		refused       string
	}{
		{"able", sent, 1, ""},
		{"able", sent, 9, "no_signer"},
		{"able", sent, 0, "no_signer"},
		{"plain", sent, 1, "unsupported"},
		{"able", archived, 1, "archived"},
	} {
		d := newDesk(t)
		before := d.put(c.provider, "1", c.way)
		res, err := d.RemindSigner(t.Context(), "june", "1", c.signer)
		if c.refused != "" {
			d.refused(c.way, before, res, err, c.refused)
			continue
		}
		if err != nil || res.Done != 1 || d.waiting(c.provider, pace.Steer) != 1 {
			t.Errorf("%+v %v, %d tasks", res, err, d.waiting(c.provider, pace.Steer))
		}
	}
}

// Nobody is reminded twice within a minute, in whatever way it is asked for; what is held back is said.
func TestRemindersAreHeldBack(t *testing.T) {
	ways := map[string]func(*desk) (Result, error){
		"all":      func(d *desk) (Result, error) { return d.Remind(t.Context(), "june", "1") },
		"signer":   func(d *desk) (Result, error) { return d.RemindSigner(t.Context(), "june", "1", 1) },
		"campaign": func(d *desk) (Result, error) { return d.RemindAll(t.Context(), "june") },
	}
	would := map[string]func(*desk) (Result, error){
		"all":      func(d *desk) (Result, error) { return d.Would(t.Context(), "june", ledger.RemindAll, "1") },
		"signer":   func(d *desk) (Result, error) { return d.WouldRemindSigner(t.Context(), "june", "1", 1) },
		"campaign": func(d *desk) (Result, error) { return d.WouldAll(t.Context(), "june", ledger.RemindAll) },
	}
	for first := range ways {
		for second, again := range ways {
			d := newDesk(t)
			d.put("able", "1", sent)
			if _, err := would[first](d); err != nil {
				t.Errorf("%s: %v", first, err)
			}
			if res, err := ways[first](d); err != nil || res.Done != 1 {
				t.Fatalf("%s: %+v %v", first, res, err)
			}
			for what, do := range map[string]func(*desk) (Result, error){"would": would[second], "does": again} {
				res, err := do(d)
				if _, refused := errors.AsType[*RefusedError](err); err != nil && !refused || res.Done != 0 || len(res.Refused) != 1 || res.Refused[0].Reason != reminded {
					t.Errorf("%s after %s, %s: %+v %v", second, first, what, res, err)
				}
			}
		}
	}
}

func TestRetryOfEveryState(t *testing.T) {
	for _, way := range []string{queued, preparing, inviting, doubtful, sent, completed, archived} {
		d := newDesk(t)
		before := d.put("able", "1", way)
		res, err := d.Retry(t.Context(), "june", "1")
		d.refused(way, before, res, err, string(before.State))
	}
	d := newDesk(t)
	d.put("able", "1", failed)
	if res, err := d.Retry(t.Context(), "june", "1"); err != nil || res.Done != 1 {
		t.Fatal(res, err)
	}
	if r := d.record("1"); r.State != ledger.Queued || r.ErrorCode != "" || r.Attempts != 0 || d.waiting("able", pace.Steer) != 1 {
		t.Errorf("%s %q, %d attempts, %d tasks", r.State, r.ErrorCode, r.Attempts, d.waiting("able", pace.Steer))
	}
}

// The first twenty of an operation go ahead of invitations, the others beside them.
func TestLanes(t *testing.T) {
	for n, want := range map[int]pace.Class{0: pace.Steer, fewEnvelopes - 1: pace.Steer, fewEnvelopes: queue.Bulk, 5000: queue.Bulk} {
		if got := laneOf(n); got != want {
			t.Errorf("envelope %d goes by %s, want %s", n, got, want)
		}
	}
}

// A callback that carries our key confirms what nobody has confirmed, and nothing else.
func TestACallbackConfirms(t *testing.T) {
	for _, c := range []struct {
		way, id string // of the callback
		known   bool
		to      ledger.State
		at      string // the envelope's id afterwards
	}{
		{queued, "x", true, ledger.Queued, ""},
		{preparing, "x", true, ledger.Preparing, ""},
		{inviting, "x", true, ledger.Sent, "x"},
		{doubtful, "x", true, ledger.Sent, "x"},
		{doubtful, "", true, ledger.InDoubt, ""},
		{unchecked, "x", true, ledger.Sent, "x"},
		{unchecked, "at-1", true, ledger.Sent, "at-1"},
		{sent, "at-1", true, ledger.Sent, "at-1"},
		{sent, "", true, ledger.Sent, "at-1"},
		{sent, "x", false, ledger.Sent, "at-1"},
		{archived, "x", false, ledger.Archived, "at-1"},
	} {
		d := newDesk(t)
		d.put("able", "1", c.way)
		known, err := d.Event(t.Context(), "able", providers.Event{ID: c.id, Key: june("1")})
		r := d.record("1")
		if err != nil || known != c.known || r.State != c.to || r.EnvelopeID != c.at {
			t.Errorf("%s, %q: %v %v; it is %s at %q", c.way, c.id, known, err, r.State, r.EnvelopeID)
		}
		if confirmed := c.at == c.id && c.to == ledger.Sent && c.way != sent; confirmed && (r.Unchecked || r.ErrorCode != "" || !r.Unfinished || d.waiting("able", pace.Steer) != 1) {
			t.Errorf("%s, confirmed: %+v", c.way, r)
		}
	}
}

func TestCallbacksOfNobody(t *testing.T) {
	d := newDesk(t)
	d.put("able", "1", sent)
	for what, c := range map[string]struct {
		provider string
		event    providers.Event
	}{
		"an unknown id":       {"able", providers.Event{ID: "x"}},
		"an unknown envelope": {"able", providers.Event{ID: "at-1", Key: june("2")}},
		"another provider's":  {"plain", providers.Event{ID: "at-1", Key: june("1")}},
		"its id, elsewhere":   {"plain", providers.Event{ID: "at-1"}},
	} {
		if known, err := d.Event(t.Context(), c.provider, c.event); known || err != nil {
			t.Errorf("%s: %v %v", what, known, err)
		}
	}
	if known, err := d.Event(t.Context(), "able", providers.Event{ID: "at-1"}); !known || err != nil {
		t.Errorf("by its id alone: %v %v", known, err)
	}
}

// A callback makes its envelope due and brings one round of looks; a second delivery of it
// does nothing. What it carries is kept before the delivery counts as taken.
func TestACallbackMeansLookNow(t *testing.T) {
	d := newDesk(t)
	d.put("able", "1", sent)
	due := func() int {
		keys, err := d.ledger.Take(t.Context(), ledger.Look, "able", 9, time.Minute)
		d.must(err)
		return len(keys)
	}
	if due() != 0 {
		t.Fatal("due already")
	}
	ev := providers.Event{ID: "at-1", Delivery: "d1", Evidence: []byte(`{"score":1}`)}
	if known, err := d.Event(t.Context(), "able", ev); !known || err != nil {
		t.Fatal(known, err)
	}
	if r := d.record("1"); due() != 1 || d.waiting("able", pace.Look) != 1 || !strings.Contains(string(r.Evidence), `"score":1`) {
		t.Errorf("%d rounds, evidence %s", d.waiting("able", pace.Look), r.Evidence)
	}
	if known, err := d.Event(t.Context(), "able", ev); !known || !errors.Is(err, ErrReplay) || due() != 0 {
		t.Errorf("a replay: %v %v", known, err)
	}
	d.put("able", "2", archived) // nothing is waited for: no round
	d.mini.FastForward(time.Hour)
	if known, err := d.Event(t.Context(), "able", providers.Event{ID: "at-2"}); !known || err != nil || d.waiting("able", pace.Look) != 1 {
		t.Errorf("of an archived one: %v %v, %d rounds", known, err, d.waiting("able", pace.Look))
	}
}

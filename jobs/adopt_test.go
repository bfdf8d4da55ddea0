package jobs

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// lost is a client whose ledger knows nothing, over an archive that may know more.
type lost struct {
	*desk
	store *counted
	book  *marks.Book
	at    time.Time // the ledger's
}

// toy is a simulator.
type toy struct{ easy }

func (toy) Info() providers.Info { return providers.Info{Name: "toy", Simulated: true} }

func newLost(t *testing.T) *lost {
	t.Helper()
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := &lost{store: &counted{Archive: store}, at: time.Now().Truncate(time.Second)}
	l.desk = &desk{t: t, mini: miniredis.RunT(t)}
	l.mini.SetTime(l.at)
	l.book = marks.New(store)
	l.open(l.store)
	return l
}

// open makes a client anew, over this archive; nil: without one.
func (l *lost) open(a archive.Archive) {
	db := redis.NewClient(&redis.Options{Addr: l.mini.Addr()})
	l.t.Cleanup(func() { db.Close() })
	l.Client = NewClient(ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: a, Providers: []providers.Provider{easy{}, able{}, toy{}}, Log: slog.New(slog.DiscardHandler)})
}

// anew loses the Redis.
func (l *lost) anew() *lost {
	l.mini.FlushAll()
	l.open(l.store)
	return l
}

// envelope is the one that checked gives.
func (l *lost) envelope(id string) (e Envelope) {
	for e = range checked(l.t, l.Client, id) {
	}
	return e
}

// digest is what the ledger compares.
func (l *lost) digest(id string) string {
	l.t.Helper()
	d, err := intake.Digest(l.envelope(id))
	l.must(err)
	return d
}

// mark has the archive say that an envelope's inviting call was about to be made.
func (l *lost) mark(m marks.Mark) marks.Mark {
	l.t.Helper()
	if m.Campaign == "" {
		m.Campaign = "june"
	}
	if m.Provider == "" {
		m.Provider = "certyneo"
	}
	m, err := l.book.Make(l.t.Context(), m, func(string) bool { return true })
	l.must(err)
	return m
}

func (l *lost) sent(id string) {
	l.t.Helper()
	l.must(l.book.Send(l.t.Context(), "june", id, marks.Sent{Provider: "certyneo", EnvelopeID: "at-" + id, At: l.at}))
}

func (l *lost) manifest(id, digest string) {
	l.t.Helper()
	m := report.Manifest{Version: 1, Digest: digest, Report: report.Report{Campaign: "june", ID: id, Provider: "certyneo", EnvelopeID: "at-" + id, Subject: "Lease", ArchivedAt: report.Time(l.at)}}
	l.must(m.Write(l.t.Context(), l.store))
}

func (l *lost) enqueue(ids ...string) Summary {
	l.t.Helper()
	sum, err := l.EnqueueAll(l.t.Context(), "june", checked(l.t, l.Client, ids...))
	l.must(err)
	return sum
}

func (l *lost) younger(campaign string) bool {
	l.t.Helper()
	c, err := l.ledger.Campaign(l.t.Context(), campaign)
	l.must(err)
	return c.Younger
}

func TestWhatTheArchiveHasIsAdopted(t *testing.T) {
	l := newLost(t)
	accepted := l.at.Add(-time.Hour)
	l.manifest("archived", l.digest("archived"))
	l.manifest("rewritten", "v1:rewritten")
	l.mark(marks.Mark{ID: "archived", Claim: "c0", Digest: l.digest("archived")})
	l.mark(marks.Mark{ID: "marked", Claim: "c1", Digest: l.digest("marked"), Steps: map[string]string{"file": "7"}, Accepted: accepted, Environment: marks.Simulated, Within: 1})
	l.mark(marks.Mark{ID: "slow", Claim: "c2", Digest: l.digest("slow"), Accepted: accepted, Environment: "production", Within: (rest.SendWithin + time.Minute).Milliseconds()})
	l.mark(marks.Mark{ID: "sent", Claim: "c3", Digest: l.digest("sent"), Accepted: accepted})
	l.sent("sent")
	l.mark(marks.Mark{ID: "other", Claim: "c4", Digest: "v1:other", Accepted: accepted})
	refused := l.mark(marks.Mark{ID: "refused", Claim: "c5", Digest: l.digest("refused")})
	l.must(l.book.Refuse(t.Context(), refused, "no_credit"))

	toy := l.envelope("toy")
	toy.Provider = "toy"
	digest, err := intake.Digest(toy)
	l.must(err)
	l.mark(marks.Mark{ID: "toy", Claim: "c6", Digest: digest, Provider: "toy", Environment: "production"})
	d, err := draftOf(toy) // no judge knows this provider
	l.must(err)
	if a, err := l.take(t.Context(), d); err != nil || !a.Adopted {
		t.Errorf("%+v %v", a, err)
	}
	if r := l.record("toy"); !r.Simulated {
		t.Error("who enqueues for a simulator calls it a production's")
	}
	l = l.anew()

	sum := l.enqueue("archived", "rewritten", "marked", "slow", "sent", "other", "refused", "new")
	if sum.New != 2 || sum.Known != 4 || sum.Adopted != 4 || sum.Archived != 1 || sum.Moved != 0 || len(sum.Conflicts) != 2 ||
		sum.Conflicts[0].Key != june("rewritten") || sum.Conflicts[1].Key != june("other") {
		t.Errorf("%+v", sum)
	}
	for id, want := range map[string]struct {
		state     ledger.State
		claim     string
		intent    time.Duration // after now
		bare      bool
		simulated bool
	}{
		"marked":  {state: ledger.Preparing, claim: "c1", simulated: true},
		"slow":    {state: ledger.Preparing, claim: "c2", intent: time.Minute},
		"sent":    {state: ledger.Preparing, claim: "c3"},
		"other":   {state: ledger.Preparing, claim: "c4", bare: true},
		"refused": {state: ledger.Queued},
		"new":     {state: ledger.Queued},
	} {
		r := l.record(id)
		if r.State != want.state || r.Inviter != want.claim || r.Bare != want.bare || want.bare != (len(r.Envelope) == 0) || r.Simulated != want.simulated {
			t.Errorf("%s: %s %q bare %t simulated %t, with %s", id, r.State, r.Inviter, r.Bare, r.Simulated, r.Envelope)
		}
		if marked := want.claim != ""; marked && (!r.IntentAt.Equal(l.at.Add(want.intent)) || !r.CreatedAt.Equal(accepted)) || !marked && !r.IntentAt.IsZero() {
			t.Errorf("%s: its intent is of %s, %s after now, and it was enqueued at %s", id, r.IntentAt, r.IntentAt.Sub(l.at), r.CreatedAt)
		}
		if r.AskFirst != (want.state == ledger.Queued) {
			t.Errorf("%s: its provider is to be asked first: %t", id, r.AskFirst)
		}
	}
	if r := l.record("marked"); r.Steps["file"] != "7" {
		t.Errorf("its steps: %v", r.Steps)
	}
	if r := l.record("archived"); r.State != ledger.Archived || r.EnvelopeID != "at-archived" || !r.ArchivedAt.Equal(l.at) || !r.IntentAt.IsZero() {
		t.Errorf("%+v", r)
	}
	if !l.younger("june") {
		t.Error("the ledger does not say that it is younger")
	}
	if n := l.waiting("certyneo", pace.Send); n != 6 {
		t.Errorf("%d tasks", n)
	}
	if again := l.enqueue("archived", "marked", "slow", "sent", "refused", "new"); again.New != 0 || again.Known != 6 || again.Adopted != 0 {
		t.Errorf("again: %+v", again)
	}
}

// Once it is known that the ledger is younger than a campaign, whatever is new to it there may
// have been sent: also when another process enqueues, one by one, or finds it out later.
func TestAYoungerLedgerIsRemembered(t *testing.T) {
	for name, reopen := range map[string]bool{"by the process that has found it out": false, "by others": true} {
		t.Run(name, func(t *testing.T) {
			l := newLost(t)
			l.mark(marks.Mark{ID: "1", Claim: "c", Digest: l.digest("1")})
			l.enqueue("1")
			if reopen {
				l.open(l.store)
			}
			for _, id := range []string{"2", "3"} {
				if _, err := l.Enqueue(t.Context(), l.envelope(id)); err != nil {
					t.Fatal(err)
				}
				if r := l.record(id); !r.AskFirst {
					t.Errorf("%s: its provider is not asked first", id)
				}
			}
		})
	}
	t.Run("nothing is there", func(t *testing.T) {
		l := newLost(t)
		l.enqueue("1")
		l.enqueue("2")
		if r := l.record("2"); l.younger("june") || r.AskFirst || l.record("1").AskFirst {
			t.Error("it asks first")
		}
	})
	t.Run("a manifest alone", func(t *testing.T) {
		l := newLost(t)
		l.manifest("1", l.digest("1"))
		l.enqueue("2")
		if r := l.record("2"); !l.younger("june") || !r.AskFirst {
			t.Error("it does not ask first")
		}
	})
	t.Run("a mark alone", func(t *testing.T) {
		l := newLost(t)
		l.mark(marks.Mark{ID: "1", Claim: "c", Digest: l.digest("1")})
		l.enqueue("2")
		if r := l.record("2"); !l.younger("june") || !r.AskFirst {
			t.Error("it does not ask first")
		}
	})
	t.Run("found later", func(t *testing.T) {
		l := newLost(t)
		l.enqueue("1")
		l.enqueue("1") // the client knows that the ledger knows the campaign
		l.manifest("2", l.digest("2"))
		l.enqueue("2", "3")
		if r := l.record("3"); !l.younger("june") || !r.AskFirst {
			t.Error("it does not ask first")
		}
		if r := l.record("2"); r.State != ledger.Archived {
			t.Errorf("it is %s", r.State)
		}
		l.enqueue("4")
		if r := l.record("4"); !r.AskFirst {
			t.Error("it has been forgotten")
		}
	})
	t.Run("it is asked for once", func(t *testing.T) {
		l := newLost(t)
		l.enqueue("1")
		commands := func() int {
			before := l.mini.CommandCount()
			l.enqueue("1")
			return l.mini.CommandCount() - before
		}
		if first, second := commands(), commands(); second >= first {
			t.Errorf("%d commands to Redis, then %d", first, second)
		}
	})
}

// Up to 32 envelopes of a campaign that the ledger knows are asked for one by one, more by a list:
// then marks are seen, too.
func TestManyAreListed(t *testing.T) {
	l := newLost(t)
	l.enqueue("first")
	l.mark(marks.Mark{ID: "0000", Claim: "c", Digest: l.digest("0000")})
	listed, opened := l.store.listed.Load(), l.store.opened.Load()
	l.enqueue(ids(askFew + 1)[1:]...)
	if n, m := l.store.listed.Load()-listed, l.store.opened.Load()-opened; n != 0 || m != askFew {
		t.Errorf("%d envelopes: %d files listed, %d manifests looked for", askFew, n, m)
	}
	opened = l.store.opened.Load()
	more := ids(2*askFew + 2)[askFew+1:]
	sum := l.enqueue(append(more[:askFew], "0000")...)
	if n, m := l.store.listed.Load()-listed, l.store.opened.Load()-opened; n != 1 || m != 1 || sum.Adopted != 1 {
		t.Errorf("%d envelopes: %d files listed, %d marks read, %+v", askFew+1, n, m, sum)
	}
}

// brokenAt is an archive that cannot list, or open some files.
type brokenAt struct {
	archive.Archive
	list bool
	file string
	err  error
}

func (b brokenAt) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	if b.list {
		return func(yield func(archive.Object, error) bool) { yield(archive.Object{}, b.err) }
	}
	return b.Archive.List(ctx, prefix)
}

func (b brokenAt) Open(ctx context.Context, key string) (io.ReadCloser, archive.Object, error) {
	if b.file != "" && strings.HasSuffix(key, b.file) {
		return nil, archive.Object{}, b.err
	}
	return b.Archive.Open(ctx, key)
}

func (b brokenAt) Stat(ctx context.Context, key string) (archive.Object, error) {
	if b.file != "" && strings.HasSuffix(key, b.file) {
		return archive.Object{}, b.err
	}
	return b.Archive.Stat(ctx, key)
}

// Where the archive cannot tell what it has, nothing is enqueued.
func TestNothingIsEnqueuedUnderAnArchiveThatCannotTell(t *testing.T) {
	away := errors.New("it does not answer")
	for name, broken := range map[string]brokenAt{
		"the list":   {list: true, err: away},
		"a mark":     {file: "/invited.json", err: away},
		"a manifest": {file: "/manifest.json", err: away},
	} {
		for _, known := range []bool{false, true} {
			if known && broken.file == "/invited.json" {
				continue // few are not asked for: the worker meets the mark
			}
			t.Run(name, func(t *testing.T) {
				l := newLost(t)
				l.manifest("1", l.digest("1"))
				l.mark(marks.Mark{ID: "2", Claim: "c", Digest: l.digest("2")})
				all := []string{"1", "2", "3"}
				if known {
					l.enqueue("0")
					if broken.list {
						all = ids(askFew + 1)
					}
				}
				broken.Archive = l.store
				l.open(broken)
				if sum, err := l.EnqueueAll(t.Context(), "june", checked(t, l.Client, all...)); !errors.Is(err, away) || sum.New+sum.Known > 0 {
					t.Errorf("%+v %v", sum, err)
				}
				keys := make([]string, len(all))
				for i, id := range all {
					keys[i] = june(id).String()
				}
				digests, err := l.ledger.Digests(t.Context(), keys)
				l.must(err)
				if got := strings.Join(digests, ""); got != "" {
					t.Errorf("recorded: %q", digests)
				}
			})
		}
	}
}

// An archive that cannot say whether it has what the ledger calls archived is no other archive.
func TestMovedIsSeenNotGuessed(t *testing.T) {
	l := newLost(t)
	l.manifest("1", l.digest("1"))
	l.enqueue("1")
	away := errors.New("it does not answer")
	l.open(brokenAt{Archive: l.store, file: "/manifest.json", err: away})
	if sum, err := l.EnqueueAll(t.Context(), "june", checked(t, l.Client, "1")); !errors.Is(err, away) || sum.Moved != 0 {
		t.Errorf("%+v %v", sum, err)
	}
}

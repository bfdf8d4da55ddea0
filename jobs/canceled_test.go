package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// told lets the archive be told of what was canceled, a while later.
func (l *lost) told() {
	l.t.Helper()
	l.at = l.at.Add(time.Minute)
	l.mini.SetTime(l.at)
	l.must(l.keepAllCanceled(l.t.Context()))
}

func (l *lost) cancel(ids ...string) {
	l.t.Helper()
	res, err := l.Cancel(l.t.Context(), "june", ids...)
	if l.must(err); res.Done != len(ids) {
		l.t.Fatalf("%+v", res)
	}
}

// lists are how many lists of canceled envelopes the archive has, and how many are in them.
func (l *lost) lists() (n, envelopes int) {
	l.t.Helper()
	for list, err := range l.book.Canceled(l.t.Context(), "june") {
		l.must(err)
		n, envelopes = n+1, envelopes+len(list)
	}
	return n, envelopes
}

// onlyCanceled checks that of eight envelopes these are canceled, and that no task carries them.
func (l *lost) onlyCanceled(canceled ...string) {
	l.t.Helper()
	for _, id := range canceled {
		if r := l.record(id); r.State != ledger.Canceled {
			l.t.Errorf("%s is %s", id, r.State)
		}
	}
	if n := l.waiting("certyneo", pace.Send); n != 8-len(canceled) {
		l.t.Errorf("%d tasks", n)
	}
}

// TestCanceledIsKnownToALaterLedger: whatever enqueues it after a loss, nobody is invited.
func TestCanceledIsKnownToALaterLedger(t *testing.T) {
	whole := func(l *lost) {
		sum := l.enqueue(ids(8)...)
		if sum.New != 5 || sum.Known != 3 || sum.Canceled != 3 || len(sum.Conflicts) > 0 {
			l.t.Errorf("%+v", sum)
		}
	}
	oneByOne := func(l *lost) {
		for i, id := range ids(8) {
			a, err := l.Enqueue(l.t.Context(), l.envelope(id))
			l.must(err)
			if a.New != (i > 2) || a.New != (a.State == ledger.Queued) {
				l.t.Errorf("%s: %+v", id, a)
			}
		}
	}
	rebuilt := func(l *lost) {
		found, broken := l.rebuild("")
		if found != (Rebuilt{Canceled: 3}) || len(broken) > 0 {
			l.t.Errorf("%+v %v", found, broken)
		}
		if found, _ := l.rebuild("june"); found != (Rebuilt{Known: 3}) {
			l.t.Errorf("again: %+v", found)
		}
	}
	for name, after := range map[string]func(l *lost){
		"a file":                           func(l *lost) { whole(l.anew()) },
		"one by one":                       func(l *lost) { oneByOne(l.anew()) },
		"rebuilt, and a file":              func(l *lost) { l.anew(); rebuilt(l); whole(l) },
		"rebuilt, and one by one":          func(l *lost) { l.anew(); rebuilt(l); oneByOne(l) },
		"a file, by a client that goes on": func(l *lost) { l.mini.FlushAll(); whole(l) },
		"one by one, by such a client":     func(l *lost) { l.mini.FlushAll(); oneByOne(l) },
		"forgotten before":                 func(l *lost) { l.forgetJune(); whole(l.anew()) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLost(t)
			l.enqueue(ids(8)...)
			l.cancel(ids(3)...)
			l.must(l.keepAllCanceled(t.Context()))
			if n, _ := l.lists(); n != 0 {
				t.Error("the archive is told of a cancellation alone")
			}
			l.told()
			if n, envelopes := l.lists(); n != 1 || envelopes != 3 {
				t.Errorf("%d lists of %d envelopes", n, envelopes)
			}
			after(l)
			l.onlyCanceled(ids(3)...)
		})
	}
}

// forgetJune forgets the campaign when all of it has ended.
func (l *lost) forgetJune() {
	l.t.Helper()
	_, err := l.CancelAll(l.t.Context(), "june")
	l.must(err)
	_, err = l.all(l.t.Context(), "june", ledger.ForgetAll)
	l.must(err)
}

// TestCanceledIsAUnion: what an earlier ledger has told stays, and is not told again.
func TestCanceledIsAUnion(t *testing.T) {
	l := newLost(t)
	l.enqueue(ids(8)...)
	l.cancel(ids(3)...)
	l.told()
	l.told()
	l.cancel("0003")
	l.told()
	if n, envelopes := l.lists(); n != 2 || envelopes != 4 {
		t.Errorf("%d lists of %d envelopes", n, envelopes)
	}
	if n, err := l.ledger.Redis().Exists(t.Context(), "{chancela}:unkept").Result(); err != nil || n != 0 {
		t.Errorf("the campaign is looked at for ever: %d %v", n, err)
	}
	l = l.anew()
	l.enqueue(ids(8)...)
	l.cancel("0004")
	l.told()
	l = l.anew()
	l.enqueue(ids(8)...)
	l.onlyCanceled(ids(5)...)
}

// TestCampaignCanceledAsAWhole: the archive is told when the operation is over, in few lists.
func TestCampaignCanceledAsAWhole(t *testing.T) {
	l := newLost(t)
	l.enqueue(ids(8)...)
	l.cancel("0000")
	o, err := l.Begin(t.Context(), "june", ledger.CancelAll, "")
	l.must(err)
	l.told()
	if n, _ := l.lists(); n != 0 {
		t.Error("the archive is told while all is being canceled")
	}
	_, err = l.Carry(t.Context(), o.ID, nil)
	l.must(err)
	l.told()
	if n, envelopes := l.lists(); n != 1 || envelopes != 8 {
		t.Errorf("%d lists of %d envelopes", n, envelopes)
	}
	l = l.anew()
	if sum := l.enqueue(ids(8)...); sum.New != 0 || sum.Canceled != 8 {
		t.Errorf("%+v", sum)
	}
	l.onlyCanceled(ids(8)...)
}

func TestManyCanceled(t *testing.T) {
	l := newLost(t)
	const n = marks.MostCanceled + canceledPage + 1
	var entries []ledger.Entry
	for _, id := range ids(n) {
		entries = append(entries, ledger.Entry{Campaign: "june", ID: id, Provider: "certyneo", Digest: "v1:" + id, State: ledger.Canceled})
	}
	_, err := l.ledger.Create(t.Context(), entries)
	l.must(err)
	l.must(l.keepCanceled(t.Context(), "june"))
	if lists, envelopes := l.lists(); lists != 2 || envelopes != n {
		t.Errorf("%d lists of %d envelopes", lists, envelopes)
	}
	l.must(l.keepCanceled(t.Context(), "june"))
	if lists, _ := l.lists(); lists != 2 {
		t.Errorf("%d lists after nothing has changed", lists)
	}
	l = l.anew()
	if found, broken := l.rebuild(""); found != (Rebuilt{Canceled: n}) || len(broken) > 0 {
		t.Errorf("%+v %v", found, broken)
	}
}

// TestOnlyWhatWasNeverSentIsKept: of what was sent, or may have been, its mark speaks.
func TestOnlyWhatWasNeverSentIsKept(t *testing.T) {
	l := newLost(t)
	l.put("able", "withdrawn", sent)
	l.put("able", "doubtful", doubtful)
	l.put("able", "failed", failed)
	l.put("able", "queued", queued)
	l.cancel("withdrawn", "queued")
	claim, hold, _, err := l.ledger.Claim(t.Context(), "june/withdrawn", l.record("withdrawn").Generation, time.Minute, ledger.Preparation{Provider: "able"})
	if err != nil || hold != ledger.Granted {
		t.Fatal(hold, err)
	}
	l.must(claim.Cancel(t.Context()))
	_, err = l.all(t.Context(), "june", ledger.ForgetUnfinished)
	l.must(err)
	l.told()
	var kept []string
	for list, err := range l.book.Canceled(t.Context(), "june") {
		l.must(err)
		for _, x := range list {
			kept = append(kept, x.ID)
		}
	}
	if fmt.Sprint(kept) != "[failed queued]" {
		t.Errorf("%v", kept)
	}
}

// TestLedgerSetBackBeforeACancellation: what it calls queued is canceled anew when it is rebuilt, but for what was sent meanwhile.
func TestLedgerSetBackBeforeACancellation(t *testing.T) {
	l := newLost(t)
	var list []marks.Canceled
	for _, id := range ids(3) {
		list = append(list, marks.Canceled{ID: id, Provider: "certyneo", Digest: l.digest(id)})
	}
	l.enqueue(ids(2)...)
	l.must(l.book.KeepCanceled(t.Context(), "june", list))
	l.mark(marks.Mark{ID: "0001", Claim: "c", Digest: l.digest("0001")})
	l.sent("0001")
	if found, _ := l.rebuild("june"); found != (Rebuilt{Canceled: 1, Known: 2}) {
		t.Errorf("%+v", found)
	}
	for id, want := range map[string]ledger.State{"0000": ledger.Canceled, "0001": ledger.Queued, "0002": ledger.Canceled} {
		if r := l.record(id); r.State != want || r.CancelAsked {
			t.Errorf("%s is %s, and is to be canceled: %t", id, r.State, r.CancelAsked)
		}
	}
}

// TestListOfCanceledThatIsWrong: nobody is invited on what it may have said, and verify and rebuild tell of it.
func TestListOfCanceledThatIsWrong(t *testing.T) {
	l := newLost(t)
	l.must(l.book.KeepCanceled(t.Context(), "june", []marks.Canceled{{ID: "0000", Provider: "certyneo", Digest: "v1:a"}}))
	problems := func() (n int) {
		v, err := report.Verify(t.Context(), l.store, l.ledger, "", func(string, error) { n++ })
		if l.must(err); len(v.Unvouched) > 0 {
			t.Errorf("nothing vouches for %v", v.Unvouched)
		}
		return n
	}
	if n := problems(); n != 0 {
		t.Errorf("%d problems of a sound archive", n)
	}
	l.file("june/_canceled/canceled-"+strings.Repeat("0", 64)+".json", "{}")
	if n := problems(); n != 1 {
		t.Errorf("%d problems", n)
	}
	if sum, err := l.EnqueueAll(t.Context(), "june", checked(t, l.Client, "1")); !errors.Is(err, marks.ErrCanceledList) || sum.New > 0 {
		t.Errorf("%+v %v", sum, err)
	}
	if _, broken := l.rebuild(""); len(broken) != 1 || !errors.Is(broken["june"], marks.ErrCanceledList) {
		t.Errorf("%v", broken)
	}
}

// TestArchiveThatCannotBeToldIsToldLater: nothing of it is lost.
func TestArchiveThatCannotBeToldIsToldLater(t *testing.T) {
	l := newLost(t)
	l.enqueue(ids(8)...)
	l.cancel("0000")
	l.at = l.at.Add(time.Minute)
	l.mini.SetTime(l.at)
	l.Client.archive = takesNothing{l.store}
	if err := l.keepAllCanceled(t.Context()); !errors.Is(err, archive.ErrUnavailable) {
		t.Error(err)
	}
	l.Client.archive = l.store
	l.told()
	if n, envelopes := l.lists(); n != 1 || envelopes != 1 {
		t.Errorf("%d lists of %d envelopes", n, envelopes)
	}
}

type takesNothing struct{ archive.Archive }

func (takesNothing) Put(context.Context, string, io.Reader, string, archive.Check) (archive.Object, error) {
	return archive.Object{}, archive.ErrUnavailable
}

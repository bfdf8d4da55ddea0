package jobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

func (l *lost) file(key, content string) {
	l.t.Helper()
	_, err := l.store.Put(l.t.Context(), key, strings.NewReader(content), "", nil)
	l.must(err)
}

// rebuild makes the ledger from the archive, of one campaign or of all, and tells what could not
// be read.
func (l *lost) rebuild(campaign string) (Rebuilt, map[string]error) {
	l.t.Helper()
	broken := map[string]error{}
	found, err := l.Rebuild(l.t.Context(), campaign, func(key string, err error) { broken[key] = err })
	l.must(err)
	return found, broken
}

func TestRebuild(t *testing.T) {
	l := newLost(t)
	accepted := l.at.Add(-time.Hour)
	l.manifest("archived", "v1:a")
	l.mark(marks.Mark{ID: "archived", Claim: "c0", Digest: "v1:a"})
	l.sent("archived")
	l.mark(marks.Mark{ID: "marked", Claim: "c1", Digest: "v1:b", Steps: map[string]string{"file": "7"}, Accepted: accepted})
	l.mark(marks.Mark{ID: "sent", Claim: "c2", Digest: "v1:c", Provider: "able"})
	l.sent("sent")
	l.must(l.book.Refuse(t.Context(), l.mark(marks.Mark{ID: "refused", Claim: "c3", Digest: "v1:d"}), "no_credit"))
	l.file("june/torn-manifest/manifest.json", "{")
	l.file("june/torn-mark/invited.json", "{")
	l.file("june/nothing/dossier.pdf", "x")
	l.mark(marks.Mark{Campaign: "june2", ID: "marked", Claim: "c4", Digest: "v1:e"})
	// What is no envelope's.
	l.file("_documents/marked/invited.json", "{}")
	l.file("june/deep/invited.json/er", "{}")
	l.file("invited.json", "{}")
	l.file("june/ a/invited.json", "{}")
	l.file("ju ne/a/invited.json", "{}")

	found, broken := l.rebuild("june")
	if want := (Rebuilt{Archived: 1, UnderWay: 2, Unsent: 1}); found != want {
		t.Errorf("%+v, want %+v", found, want)
	}
	if keys := slices.Sorted(maps.Keys(broken)); fmt.Sprint(keys) != "[june/torn-manifest june/torn-mark]" {
		t.Errorf("broken: %v", broken)
	}
	if r := l.record("archived"); r.State != ledger.Archived || r.EnvelopeID != "at-archived" || r.Digest != "v1:a" || r.Provider != "certyneo" || r.Bare {
		t.Errorf("%+v", r)
	}
	r := l.record("marked")
	if r.State != ledger.Preparing || r.Inviter != "c1" || !r.IntentAt.Equal(l.at) || !r.CreatedAt.Equal(accepted) || r.Steps["file"] != "7" || r.Digest != "v1:b" || r.Provider != "certyneo" || !r.Bare {
		t.Errorf("%+v", r)
	}
	if r := l.record("sent"); r.Provider != "able" || r.Inviter != "c2" {
		t.Errorf("%+v", r)
	}
	if a, b := l.waiting("certyneo", pace.Send), l.waiting("able", pace.Send); a != 1 || b != 1 {
		t.Errorf("%d and %d tasks", a, b)
	}
	if !l.younger("june") {
		t.Error("the ledger does not say that it is younger")
	}
	if known, err := l.ledger.CampaignsNamed(t.Context(), []string{"june2"}); err != nil || len(known) != 0 {
		t.Errorf("another campaign, too: %v %v", known, err)
	}

	found, broken = l.rebuild("")
	if want := (Rebuilt{UnderWay: 1, Known: 3, Unsent: 1}); found != want || len(broken) != 2 {
		t.Errorf("again, all of them: %+v, want %+v; broken %v", found, want, broken)
	}
	if !l.younger("june2") {
		t.Error("of the second campaign the ledger does not say that it is younger")
	}
	if n := l.waiting("certyneo", pace.Send); n != 2 {
		t.Errorf("%d tasks", n)
	}
}

// A campaign is rebuilt in batches, whose borders nobody sees.
func TestRebuildOfMany(t *testing.T) {
	l := newLost(t)
	const n = 2*batchSize + 1
	all := ids(n)
	for i, id := range all {
		m := fmt.Sprintf(`{"version":1,"campaign":"june","id":%q,"digest":"v1:x","provider":"certyneo","claim":"c%d"}`, id, i)
		l.file("june/"+id+"/invited.json", m)
		if i%2 == 0 {
			l.file("june/"+id+"/sent.json", `{}`)
		}
	}
	if found, broken := l.rebuild("june"); found != (Rebuilt{UnderWay: n}) || len(broken) > 0 {
		t.Errorf("%+v, broken %v", found, broken)
	}
	l.open(breaksOff{l.store, 300})
	if found, err := l.Rebuild(t.Context(), "", nil); !errors.Is(err, archive.ErrUnavailable) || found != (Rebuilt{Known: batchSize}) {
		t.Errorf("a list that breaks off: %+v %v", found, err)
	}
	l.open(l.store)
	for i, id := range all {
		if r := l.record(id); r.Inviter != fmt.Sprintf("c%d", i) {
			t.Fatalf("%s was marked by %q", id, r.Inviter)
		}
	}
	if found, _ := l.rebuild(""); found != (Rebuilt{Known: n}) {
		t.Errorf("again: %+v", found)
	}
}

// breaksOff is an archive whose lists break off after so many envelopes.
type breaksOff struct {
	archive.Archive
	after int
}

func (b breaksOff) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		n := 0
		for o, err := range b.Archive.List(ctx, prefix) {
			if path.Base(o.Key) == "invited.json" {
				if n++; n > b.after {
					err = archive.ErrUnavailable
				}
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// An archive that does not answer ends it: what it cannot tell is not called broken.
func TestRebuildUnderAnArchiveThatIsAway(t *testing.T) {
	for name, broken := range map[string]brokenAt{
		"the list":   {list: true, err: archive.ErrUnavailable},
		"a mark":     {file: "2/invited.json", err: archive.ErrUnavailable},
		"a manifest": {file: "1/manifest.json", err: archive.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLost(t)
			l.manifest("1", "v1:a")
			l.mark(marks.Mark{ID: "2", Claim: "c", Digest: "v1:b"})
			broken.Archive = l.store
			l.open(broken)
			found, err := l.Rebuild(t.Context(), "", func(key string, err error) { t.Errorf("%s is called broken: %v", key, err) })
			if !errors.Is(err, archive.ErrUnavailable) || found != (Rebuilt{}) {
				t.Errorf("%+v %v", found, err)
			}
		})
	}
}

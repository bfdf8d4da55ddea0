package marks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
)

// onBoth runs a test on a folder and on a real S3 server.
func onBoth(t *testing.T, test func(t *testing.T, a archive.Archive)) {
	open := func(t *testing.T, address string) archive.Archive {
		a, err := storage.Open(t.Context(), address)
		if err == nil {
			err = a.Ready(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	t.Run("folder", func(t *testing.T) { test(t, open(t, t.TempDir())) })
	t.Run("s3", func(t *testing.T) { test(t, open(t, archivetest.Gateway(t)+"/marks")) })
}

func mark(claim string) Mark {
	return Mark{Campaign: "june", ID: "1", Digest: "d", Provider: "sdoc", Environment: "sandbox", Steps: map[string]string{"file.1": "f"},
		Claim: claim, At: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
}

func void(claims ...string) func(string) bool {
	return func(c string) bool { return slices.Contains(claims, c) }
}

func taken(t *testing.T, err error, by string) {
	t.Helper()
	if e, ok := errors.AsType[*TakenError](err); !ok || e.Mark.Claim != by || e.Mark.Steps["file.1"] != "f" {
		t.Errorf("%v, want taken by %s", err, by)
	}
}

// A mark is made once; the next one only by who knows that the last has invited nobody.
func TestMarksFollowEachOther(t *testing.T) {
	onBoth(t, func(t *testing.T, a archive.Archive) {
		if !a.Exclusive() {
			t.Error("two writers at the same moment are not kept apart")
		}
		b := New(a)
		one, err := b.Make(t.Context(), mark("one"), void())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Make(t.Context(), mark("one"), void()); err != nil { // an answer was lost
			t.Errorf("the same mark again: %v", err)
		}
		_, err = b.Make(t.Context(), mark("two"), void("other"))
		taken(t, err, "one")
		if _, err := b.Make(t.Context(), mark("two"), void("one")); err != nil {
			t.Errorf("after a mark that has invited nobody: %v", err)
		}
		// Another ledger knows of the first only, or that the first was refused.
		if err := b.Refuse(t.Context(), one, "invalid"); err != nil {
			t.Fatal(err)
		}
		_, err = b.Make(t.Context(), mark("three"), void("one"))
		taken(t, err, "two")
		two, s, err := b.Last(t.Context(), "june", "1")
		if err != nil || two.Claim != "two" || s != (Standing{Marks: 2, refused: 1}) {
			t.Errorf("%+v %+v %v", two, s, err)
		}
		if err := b.Refuse(t.Context(), two, "invalid"); err != nil {
			t.Fatal(err)
		}
		if err := b.Refuse(t.Context(), two, "once more"); err != nil {
			t.Error(err)
		}
		if _, err := b.Make(t.Context(), mark("four"), void()); err != nil {
			t.Errorf("after a refusal: %v", err)
		}
		// Who was invited is, whatever anybody believes of the last mark.
		if err := b.Send(t.Context(), "june", "1", Sent{EnvelopeID: "env", At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := b.Send(t.Context(), "june", "1", Sent{EnvelopeID: "other", At: time.Now()}); err != nil {
			t.Error(err)
		}
		_, err = b.Make(t.Context(), mark("five"), void("four"))
		taken(t, err, "four")
		if s, err := b.Sent(t.Context(), "june", "1"); err != nil || s.EnvelopeID != "env" {
			t.Errorf("%+v %v", s, err)
		}

		if _, err := a.Put(t.Context(), "june/2/manifest.json", strings.NewReader("{}"), "", nil); err != nil {
			t.Fatal(err)
		}
		c, err := List(t.Context(), a, "june", "manifest.json")
		if err != nil || len(c.Envelopes) != 1 || c.Envelopes["1"].Marks != 3 || !c.Envelopes["1"].Sent || c.Envelopes["1"].Refused || len(c.Complete) != 1 || !c.Complete["2"] {
			t.Errorf("%+v %v", c, err)
		}
	})
}

// Of many ledgers at the same moment one makes each mark, and none leaves a gap.
func TestOneOfManyMarks(t *testing.T) {
	onBoth(t, func(t *testing.T, a archive.Archive) {
		b := New(a)
		everybody := void()
		for round := 1; round <= 2; round++ {
			made := make([]Mark, 8)
			errs := make([]error, 8)
			var wg sync.WaitGroup
			for i := range made {
				wg.Go(func() { made[i], errs[i] = b.Make(t.Context(), mark(fmt.Sprintf("%d.%d", round, i)), everybody) })
			}
			wg.Wait()
			winner := slices.Index(errs, nil)
			if winner < 0 {
				t.Fatal(errs)
			}
			for i, err := range errs {
				if i != winner {
					taken(t, err, made[winner].Claim)
				}
			}
			if made[winner].number != round {
				t.Errorf("round %d made mark %d", round, made[winner].number)
			}
			everybody = void(made[winner].Claim)
		}
	})
}

// That a call has not left is proven by its missing mark, and by a refusal beside the last
// one; not by a mark of its own, or by one of somebody who may have invited.
func TestUnmarked(t *testing.T) {
	onBoth(t, func(t *testing.T, a archive.Archive) {
		b := New(a)
		id := 0
		check := func(what string, want bool, made func(m func(claim string) Mark)) {
			t.Helper()
			id++
			m := mark("")
			m.ID = fmt.Sprint(id)
			if made != nil {
				made(func(claim string) Mark {
					m.Claim = claim
					one, err := b.Make(t.Context(), m, void("before"))
					if err != nil {
						t.Fatal(err)
					}
					return one
				})
			}
			if got, err := b.Unmarked(t.Context(), m.Campaign, m.ID, "ours", void("before")); err != nil || got != want {
				t.Errorf("%s: %v %v", what, got, err)
			}
		}
		refuse := func(m Mark) {
			if err := b.Refuse(t.Context(), m, "invalid"); err != nil {
				t.Fatal(err)
			}
		}
		send := func(m Mark) {
			if err := b.Send(t.Context(), m.Campaign, m.ID, Sent{EnvelopeID: "env"}); err != nil {
				t.Fatal(err)
			}
		}
		check("nothing is there", true, nil)
		check("its own mark", false, func(m func(string) Mark) { m("ours") })
		check("its own, refused", true, func(m func(string) Mark) { refuse(m("ours")) })
		check("its own, refused and sent", false, func(m func(string) Mark) { one := m("ours"); refuse(one); send(one) })
		check("one that has invited nobody", true, func(m func(string) Mark) { m("before") })
		check("and its own after it", false, func(m func(string) Mark) { m("before"); m("ours") })
		check("and an id beside it", false, func(m func(string) Mark) { send(m("before")) })
		check("another's", false, func(m func(string) Mark) { m("other") })
		check("another's, refused", true, func(m func(string) Mark) { refuse(m("other")) })
		check("an id without a mark", false, func(func(string) Mark) { send(Mark{Campaign: "june", ID: fmt.Sprint(id)}) })
	})
}

// lagging is an archive whose lists do not have the newest file yet.
type lagging struct{ archive.Archive }

func (lagging) List(context.Context, string) iter.Seq2[archive.Object, error] {
	return func(func(archive.Object, error) bool) {}
}

// A list that is older than the mark proves nothing.
func TestUnmarkedAsksByName(t *testing.T) {
	a, err := storage.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(a).Make(t.Context(), mark("ours"), void()); err != nil {
		t.Fatal(err)
	}
	if got, err := New(lagging{a}).Unmarked(t.Context(), "june", "1", "ours", void()); err != nil || got {
		t.Error(got, err)
	}
}

// shared keeps no two writers apart.
type shared struct{ archive.Archive }

func (shared) Exclusive() bool { return false }

func TestPlace(t *testing.T) {
	onBoth(t, func(t *testing.T, a archive.Archive) {
		one, err := New(a).Place(t.Context())
		if err != nil || len(one) != placeLength {
			t.Fatal(one, err)
		}
		if again, err := New(a).Place(t.Context()); err != nil || again != one {
			t.Errorf("%q, then %q %v", one, again, err)
		}
		if none, err := New(shared{a}).Place(t.Context()); err != nil || none != "" {
			t.Errorf("%q %v, where a missing mark proves nothing", none, err)
		}
	})
	for _, content := range []string{"", "short\n", "with.a.point\n"} {
		a, err := storage.Open(t.Context(), t.TempDir())
		if err == nil {
			_, err = a.Put(t.Context(), PlaceKey, strings.NewReader(content), "", nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if place, err := New(a).Place(t.Context()); err == nil {
			t.Errorf("%q is taken for the place %q", content, place)
		}
	}
}

func TestNames(t *testing.T) {
	for file, want := range map[string]bool{
		"invited.json": true, "invited.2.json": true, "refused.json": true, "refused.17.json": true, "sent.json": true,
		"invited.1.json": false, "invited.02.json": false, "invited.-3.json": false, "invited.2": false, "invited.2.json.json": false,
		"invited.1000000.json": false, "sent.2.json": false, "manifest.json": false, "invitedx.json": false, "": false,
	} {
		if IsMark(file) != want {
			t.Errorf("IsMark(%q) is %v", file, !want)
		}
	}
}

// What cannot be read keeps everybody from inviting.
func TestDamagedMarkStopsEverybody(t *testing.T) {
	a, err := storage.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := New(a)
	for id, content := range map[string]string{"1": "", "2": `{"version":2,"campaign":"june","id":"2","claim":"x"}`, "3": `{"version":1,"campaign":"june","id":"4","claim":"x"}`} {
		if _, err := a.Put(t.Context(), "june/"+id+"/invited.json", strings.NewReader(content), "", nil); err != nil {
			t.Fatal(err)
		}
		m := mark("one")
		m.ID = id
		if _, err := b.Make(t.Context(), m, func(string) bool { return true }); err == nil {
			t.Errorf("%q does not stop anybody", content)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Make(stopped, mark("one"), void()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Lists of canceled envelopes add up; what was said once is said for good, and no folder of an envelope with their name disturbs it.
func TestCanceledAddsUp(t *testing.T) {
	onBoth(t, func(t *testing.T, a archive.Archive) {
		b := New(a)
		one, two := Canceled{"1", "sdoc", "v1:a"}, Canceled{"2", "qisign", "v1:b"}
		for _, list := range [][]Canceled{{one}, {one, two}, {one}} {
			if err := b.KeepCanceled(t.Context(), "june", list); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.KeepCanceled(t.Context(), "june2", []Canceled{two}); err != nil {
			t.Fatal(err)
		}
		m := mark("c")
		m.ID = "_canceled"
		if _, err := b.Make(t.Context(), m, void()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Put(t.Context(), "june/_canceled/manifest.json", strings.NewReader("{}"), "", nil); err != nil {
			t.Fatal(err)
		}
		lists, seen := 0, map[Canceled]int{}
		for list, err := range b.Canceled(t.Context(), "june") {
			if err != nil {
				t.Fatal(err)
			}
			lists++
			for _, x := range list {
				seen[x]++
			}
		}
		if lists != 2 || len(seen) != 2 || seen[one] != 2 || seen[two] != 1 {
			t.Errorf("%d lists: %v", lists, seen)
		}
		c, err := List(t.Context(), a, "june", "manifest.json")
		if err != nil || len(c.Envelopes) != 1 || len(c.Complete) != 1 || !c.Complete["_canceled"] {
			t.Errorf("%+v %v", c, err)
		}
	})
}

// A list that is not what its name says is believed by nobody.
func TestCanceledListIsWhatWasWritten(t *testing.T) {
	hashed := func(content string) string {
		sum := sha256.Sum256([]byte(content))
		return "june/_canceled/canceled-" + hex.EncodeToString(sum[:]) + ".json"
	}
	for name, file := range map[string][2]string{
		"changed":            {hashed("{}"), `{"version":1,"campaign":"june","envelopes":[]}`},
		"no JSON":            {hashed("{"), "{"},
		"another campaign's": {hashed(`{"version":1,"campaign":"july"}`), `{"version":1,"campaign":"july"}`},
		"of a later version": {hashed(`{"version":2,"campaign":"june"}`), `{"version":2,"campaign":"june"}`},
	} {
		a, err := storage.Open(t.Context(), t.TempDir())
		if err == nil {
			_, err = a.Put(t.Context(), file[0], strings.NewReader(file[1]), "", nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		for list, err := range New(a).Canceled(t.Context(), "june") {
			if !errors.Is(err, ErrCanceledList) || len(list) > 0 {
				t.Errorf("%s: %v %v", name, list, err)
			}
		}
	}
}

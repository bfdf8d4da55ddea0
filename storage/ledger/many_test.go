package ledger

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// watched sees every pipeline that a test's ledger sends: how many GET it has, and what follows it.
type watched struct {
	gets  int
	after func() // of the next pipeline
}

func (w *watched) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (w *watched) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (w *watched) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, c := range cmds {
			if c.Name() == "get" {
				w.gets++
			}
		}
		err := next(ctx, cmds)
		if after := w.after; after != nil {
			w.after = nil
			after()
		}
		return err
	}
}

// archivedMany are the keys of more envelopes than are read together with their blobs; all are archived.
func archivedMany(t *testing.T, l *Ledger) (keys []string) {
	t.Helper()
	for i := range fewAtOnce + 4 {
		id := fmt.Sprintf("e-%06d", i)
		keys = append(keys, archivedOne(t, l, id, content(id)).Key())
	}
	return keys
}

func watch(l *Ledger) *watched {
	w := &watched{}
	l.db.(*redis.Client).AddHook(w)
	return w
}

// TestBlobsThatAreNotThereAreNotAskedFor: of many archived envelopes only those are asked for more than their hash that
// something was written of since, and nothing is missing of any.
func TestBlobsThatAreNotThereAreNotAskedFor(t *testing.T) {
	l, _ := open(t)
	keys := archivedMany(t, l)
	if err := l.RecordEvidence(t.Context(), get(t, l, "e-000003"), []byte(`[{"face":"seen"}]`)); err != nil {
		t.Fatal(err)
	}
	found := Entry{Campaign: "june", ID: "found", Provider: "certyneo", Digest: "d", State: Archived,
		Content: Content{Envelope: content("found"), EnvelopeID: "x", Artifacts: files("june/found", "dossier.pdf"), ArchivedAt: created}}
	if _, err := l.Create(t.Context(), []Entry{found}); err != nil {
		t.Fatal(err)
	}
	create(t, l, "waiting")
	before := envelopeKey("june/e-000005") // archived by a version that did not say with which version of the record
	times := l.db.HGet(t.Context(), before, fieldTimes).Val()
	if err := l.db.HSet(t.Context(), before, fieldTimes, times[:len(times)-1]).Err(); err != nil {
		t.Fatal(err)
	}
	keys = append(keys, "june/found", "june/waiting", "june/none")
	w := watch(l)
	all, err := l.GetMany(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	if w.gets != 3 {
		t.Errorf("%d blobs are asked for: want that with evidence, that which waits, and that of which nothing is known", w.gets)
	}
	for i, key := range keys[:len(keys)-1] {
		one, err := l.Get(t.Context(), key)
		if err != nil || !reflect.DeepEqual(one, all[i]) {
			t.Errorf("%v\n%+v among others\n%+v alone", err, all[i], one)
		}
	}
	if string(all[3].Evidence) != `[{"face":"seen"}]` || all[len(all)-1] != nil {
		t.Errorf("%s, %v", all[3].Evidence, all[len(all)-1])
	}
}

// TestArchivedWhileManyAreRead: between its hash and its blob an envelope is archived, and its content is not missing.
func TestArchivedWhileManyAreRead(t *testing.T) {
	l, _ := open(t)
	keys := archivedMany(t, l)
	if _, err := l.Create(t.Context(), []Entry{{Campaign: "june", ID: "late", Provider: "certyneo", Digest: "d", State: Sent, Content: Content{Envelope: content("late"), EnvelopeID: "x"}}}); err != nil {
		t.Fatal(err)
	}
	r := get(t, l, "late")
	watch(l).after = func() {
		c, err := l.Complete(t.Context(), r, Ending{To: Completed}, time.Minute)
		if err == nil {
			err = c.Archive(t.Context(), created, files("june/late", "dossier.pdf"), false)
		}
		if err != nil {
			t.Error(err)
		}
	}
	all, err := l.GetMany(t.Context(), append(keys, "june/late"))
	if err != nil {
		t.Fatal(err)
	}
	if late := all[len(all)-1]; string(late.Envelope) != string(content("late")) || late.State != Archived {
		t.Errorf("%+v", late)
	}
}

// TestRetriedAndArchivedWhileManyAreRead: between its hash and its blob a failed envelope is retried and archived, and its
// content is not missing.
func TestRetriedAndArchivedWhileManyAreRead(t *testing.T) {
	l, _ := open(t)
	keys := archivedMany(t, l)
	late := Entry{Campaign: "june", ID: "late", Provider: "certyneo", Digest: "d", State: Failed, Content: Content{Envelope: content("late"), EnvelopeID: "x", CompletedAt: created}}
	if _, err := l.Create(t.Context(), []Entry{late}); err != nil {
		t.Fatal(err)
	}
	watch(l).after = func() {
		operate(t, l, RetryAll, 100)
		c := claim(t, l, "late", get(t, l, "late").Generation)
		if err := c.Archive(t.Context(), created, files("june/late", "dossier.pdf"), false); err != nil {
			t.Error(err)
		}
	}
	all, err := l.GetMany(t.Context(), append(keys, "june/late"))
	if err != nil {
		t.Fatal(err)
	}
	if late := all[len(all)-1]; string(late.Envelope) != string(content("late")) || late.State != Archived {
		t.Errorf("%+v", late)
	}
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// counted is an archive that counts what it is asked.
type counted struct {
	archive.Archive
	listed, opened, stats atomic.Int32
}

func (c *counted) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		for o, err := range c.Archive.List(ctx, prefix) {
			c.listed.Add(1)
			if !yield(o, err) {
				return
			}
		}
	}
}

func (c *counted) Open(ctx context.Context, key string) (io.ReadCloser, archive.Object, error) {
	c.opened.Add(1)
	return c.Archive.Open(ctx, key)
}

func (c *counted) Stat(ctx context.Context, key string) (archive.Object, error) {
	c.stats.Add(1)
	return c.Archive.Stat(ctx, key)
}

// easy is a provider that takes everything.
type easy struct{ providers.Provider }

func (easy) Info() providers.Info           { return providers.Info{Name: "certyneo"} }
func (easy) Check(providers.Envelope) error { return nil }

// enqueuer is a client of an empty Redis and a counting archive.
func enqueuer(t *testing.T) (*Client, *counted) {
	t.Helper()
	db, err := queue.Connect(redisServer(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{Archive: store}
	return NewClient(ClientConfig{Redis: db, Archive: c, Providers: []providers.Provider{easy{}}, Log: slog.New(slog.DiscardHandler)}), c
}

// checked gives checked envelopes with these ids.
func checked(t *testing.T, c *Client, ids ...string) Source {
	return func(yield func(Envelope, error) bool) {
		for _, id := range ids {
			e := Envelope{Campaign: "june", ID: id, Provider: "certyneo", Subject: "Lease", Signers: []Signer{{Name: "Ana Prova", Email: "ana@example.com"}},
				Documents: []Document{{Name: "lease.pdf", Open: func(context.Context) (io.ReadCloser, error) {
					return io.NopCloser(strings.NewReader("%PDF-1.7 <</Type/Page>> %%EOF")), nil
				}}}}
			if err := c.Check(t.Context(), &e); !yield(e, err) {
				return
			}
		}
	}
}

func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%04d", i)
	}
	return all
}

// A request of few envelopes does not read through all that its campaign has in the archive.
func TestTheArchiveIsAskedForTheKeysInHand(t *testing.T) {
	c, store := enqueuer(t)
	for i := range 500 {
		if _, err := store.Put(t.Context(), archive.EnvelopeKey("june", fmt.Sprintf("old%d", i), "dossier.pdf"), strings.NewReader("x"), "", nil); err != nil {
			t.Fatal(err)
		}
	}
	// A campaign that the ledger does not know at all is listed: it may have been lost.
	sum, err := c.EnqueueAll(t.Context(), "june", checked(t, c, "first"))
	if err != nil || sum.New != 1 || store.listed.Load() != 500 {
		t.Fatalf("%+v, %v, %d files listed", sum, err, store.listed.Load())
	}
	sum, err = c.EnqueueAll(t.Context(), "june", checked(t, c, "a", "b", "c"))
	if err != nil || sum.New != 3 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if listed, opened := store.listed.Load(), store.opened.Load(); listed != 500 || opened != 3 {
		t.Errorf("%d files listed, %d manifests looked for", listed-500, opened)
	}
	sum, err = c.EnqueueAll(t.Context(), "june", checked(t, c, ids(450)...))
	if err != nil || sum.New != 450 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if listed, opened := store.listed.Load(), store.opened.Load(); listed != 1000 || opened != 3 {
		t.Errorf("%d files listed for three batches, %d manifests looked for", listed-500, opened)
	}
	sum, err = c.EnqueueAll(t.Context(), "june", checked(t, c, ids(450)...))
	if err != nil || sum.New != 0 || sum.Known != 450 {
		t.Errorf("again: %+v, %v", sum, err)
	}
}

// A client that has seen any number of documents remembers few.
func TestStagedDocumentsAreForgotten(t *testing.T) {
	var h hashes
	for i := range 3 * maxHashes {
		h.add(fmt.Sprint(i))
	}
	if len(h.set) > maxHashes || !h.has(fmt.Sprint(3*maxHashes-1)) {
		t.Errorf("%d are remembered", len(h.set))
	}
}

// What a caller does to an envelope after it was taken, or while others are, changes nothing of it.
func TestEnvelopesAreTheirOwn(t *testing.T) {
	c, _ := enqueuer(t)
	e := Envelope{ID: "0", Campaign: "june", Provider: "certyneo", Subject: "Lease", Template: "t1", Signers: []Signer{{Name: "Ana Souza", Email: "ana@example.com"}}, Meta: map[string]string{"n": "0"}}
	checked, problems, err := c.Judge().Checked(t.Context(), &e, nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	e.Signers[0].Email = "nobody"
	if _, err := c.EnqueueChecked(t.Context(), checked); err != nil {
		t.Fatal(err)
	}
	const n = 2000
	if _, err := c.EnqueueAll(t.Context(), "june", func(yield func(Envelope, error) bool) {
		for i := range n {
			e.ID, e.Meta["n"] = fmt.Sprint(i+1), fmt.Sprint(i+1)
			e.Signers[0].Email = fmt.Sprintf("ana%d@example.com", i+1)
			if !yield(e, nil) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	for i := range n + 1 {
		r, err := c.Ledger().Get(t.Context(), fmt.Sprintf("june/%d", i))
		if err != nil {
			t.Fatal(err)
		}
		var got Envelope
		want := "ana@example.com"
		if i > 0 {
			want = fmt.Sprintf("ana%d@example.com", i)
		}
		if err := json.Unmarshal(r.Envelope, &got); err != nil || got.Meta["n"] != fmt.Sprint(i) || got.Signers[0].Email != want {
			t.Fatalf("envelope %d is %+v: %v", i, got, err)
		}
	}
}

// A document that changes between its check and its copy leaves nothing under the hash that it had: who has the
// document of that hash would send another one.
func TestADocumentThatChangesIsNotKept(t *testing.T) {
	c, store := enqueuer(t)
	const page = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
	first, second := "%PDF-1.4\n%first\n"+page, "%PDF-1.4\n%second\n"+page
	envelope := func(id string, content func() string) Envelope {
		return Envelope{Campaign: "june", ID: id, Provider: "certyneo", Subject: "Lease", Signers: []Signer{{Name: "Ana Souza", Email: "ana@example.com"}},
			Documents: []Document{{Name: "lease.pdf", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content())), nil }}}}
	}
	read := 0
	_, err := c.Enqueue(t.Context(), envelope("1", func() string {
		read++
		return []string{first, second}[min(read, 2)-1]
	}))
	if err == nil || read != 2 {
		t.Errorf("read %d times: %v", read, err)
	}
	if _, err := c.Enqueue(t.Context(), envelope("2", func() string { return first })); err != nil {
		t.Fatal(err)
	}
	for o, err := range store.List(t.Context(), "_documents/") {
		if err != nil {
			t.Fatal(err)
		}
		kept, err := archive.Measure(t.Context(), store, o.Key)
		if err != nil || o.Key != archive.DocumentKey(kept.SHA256) {
			t.Errorf("%s has %s: %v", o.Key, kept.SHA256, err)
		}
	}
}

// What was archived elsewhere is told from what is here, also when little is asked.
func TestArchivedElsewhere(t *testing.T) {
	c, store := enqueuer(t)
	entries := make([]ledger.Entry, 40)
	for i := range entries {
		entries[i] = ledger.Entry{Campaign: "june", ID: ids(40)[i], Provider: "certyneo", Digest: "v1:x", State: ledger.Archived}
		if i%2 == 0 {
			if _, err := store.Put(t.Context(), archive.EnvelopeKey("june", entries[i].ID, "manifest.json"), strings.NewReader("{}"), "", nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, n := range []int{6, 40} {
		known := &traces{client: c, name: "june"}
		var sum Summary
		out := make([]acceptance, n)
		for i := range out {
			out[i].Accepted = Accepted{Key: Key{Campaign: "june", ID: entries[i].ID}, State: ledger.Archived}
		}
		if err := sum.count(t.Context(), out, known); err != nil || sum.Archived != n || sum.Moved != n/2 {
			t.Errorf("%d: %+v, %v", n, sum, err)
		}
	}
}

// TestWhatComesFromOutsideIsChecked: every way into a campaign refuses what Enqueue refuses, and nothing of it is kept.
func TestWhatComesFromOutsideIsChecked(t *testing.T) {
	c, store := enqueuer(t)
	good := func() Envelope {
		return Envelope{Campaign: "june", ID: "1", Provider: "certyneo", Subject: "Lease", Template: "tpl", Signers: []Signer{{Name: "Ana Prova", Email: "ana@example.com"}}}
	}
	for field, spoil := range map[string]func(*Envelope){
		"provider":      func(e *Envelope) { e.Provider = "nosuch" },
		"signer1.email": func(e *Envelope) { e.Signers[0].Email = "ana at example" },
		"id":            func(e *Envelope) { e.ID = "a/b" },
		"campaign":      func(e *Envelope) { e.Campaign = "july" },
		"document": func(e *Envelope) {
			e.Template, e.Documents = "", []Document{{Name: "lease.pdf", SHA256: "../..", Open: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader("%PDF-1.7 <</Type/Page>> %%EOF")), nil
			}}}
		},
	} {
		e := good()
		spoil(&e)
		ways := map[string]func() error{
			"EnqueueAll": func() error {
				_, err := c.EnqueueAll(t.Context(), "june", func(yield func(Envelope, error) bool) { yield(e, nil) })
				return err
			},
			"EnqueueFirst": func() error {
				_, err := c.EnqueueFirst(t.Context(), "june", 1, func(yield func(Envelope, error) bool) { yield(e, nil) })
				return err
			},
		}
		if field != "campaign" { // Enqueue takes any
			ways["Enqueue"] = func() error { _, err := c.Enqueue(t.Context(), e); return err }
		}
		for way, enqueue := range ways {
			problems, ok := errors.AsType[providers.Problems](enqueue())
			if !ok || !slices.ContainsFunc(problems, func(p providers.Problem) bool { return p.Field == field }) {
				t.Errorf("%s of a wrong %s: %v", way, field, problems)
			}
		}
	}
	for name, err := range map[string]error{
		"a row that nobody has checked": func() error { _, err := c.EnqueueChecked(t.Context(), intake.Checked{}); return err }(),
		"a campaign's name":             func() error { _, err := c.EnqueueAll(t.Context(), "a/b", checked(t, c)); return err }(),
		"hours of no campaign":          c.SetHours(t.Context(), "a/b", hours.Settings{Window: "Mon-Fri 09:00-18:00"}),
		"reminders of no campaign":      c.SetReminders(t.Context(), "", hours.Reminders{}),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for o, err := range store.List(t.Context(), "") {
		t.Error("kept in the archive:", o.Key, err)
	}
	if names, err := c.Ledger().Campaigns(t.Context()); err != nil || len(names) > 0 {
		t.Error("kept in the ledger:", names, err)
	}
	e := good()
	if sum, err := c.EnqueueAll(t.Context(), "june", func(yield func(Envelope, error) bool) { yield(e, nil) }); err != nil || sum.New != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
}

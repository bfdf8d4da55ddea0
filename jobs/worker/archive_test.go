package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/archivetest"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

func TestMain(m *testing.M) { archivetest.Main(m) }

// beforeManifest does something when all files are archived, each time that they are
// looked at before the manifest.
type beforeManifest struct {
	archive.Archive
	do func(key string)
}

func (a beforeManifest) Stat(ctx context.Context, key string) (archive.Object, error) {
	a.do(key)
	return a.Archive.Stat(ctx, key)
}

// completed brings an envelope to where its files are fetched.
func (w *world) completed(id string) providers.Key {
	w.t.Helper()
	k := w.enqueue(id)
	for range 20 {
		if w.record(k).State == ledger.Completed {
			return k
		}
		w.step(k)
		w.forward(40 * time.Second)
	}
	w.state(k, ledger.Completed)
	return k
}

// filed are the names of the files that the ledger has as archived.
func (w *world) filed(k providers.Key) string {
	w.t.Helper()
	var names []string
	var filed []report.ArchivedArtifact
	if b := w.record(k).Artifacts; len(b) > 0 {
		if err := json.Unmarshal(b, &filed); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, f := range filed {
		names = append(names, filepath.Base(f.Path))
	}
	return strings.Join(names, " ")
}

// TestTheLedgerKeepsLessThanTheManifest: where files came from stands in the manifest alone; a ledger that is
// made anew from it has as much as the one that archived.
func TestTheLedgerKeepsLessThanTheManifest(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	w.live(k)
	m, err := report.ReadManifest(t.Context(), w.archive, k.Campaign, k.ID)
	if err != nil || len(m.Artifacts) == 0 {
		t.Fatal(err)
	}
	again, err := m.Content()
	if err != nil {
		t.Fatal(err)
	}
	r := w.record(k)
	kept, err := report.Archived(r)
	if err != nil || len(kept) != len(m.Artifacts) || string(again.Artifacts) != string(r.Artifacts) {
		t.Fatalf("%v %s %s", err, r.Artifacts, again.Artifacts)
	}
	for i, f := range m.Artifacts {
		if f.Source == "" || kept[i].Source != "" || kept[i].Artifact != f.Artifact || kept[i].Path != f.Path {
			t.Errorf("the manifest has %+v, the ledger %+v", f, kept[i])
		}
	}
}

// A file that was archived and then vanishes is fetched again; no manifest vouches for it
// meanwhile.
func TestFileThatVanishesIsFetchedAgain(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.completed("1")
	vanish := true
	w.worker.archive = beforeManifest{w.archive, func(key string) {
		if vanish && strings.HasSuffix(key, "signed_document.pdf") {
			if err := os.Remove(filepath.Join(w.folder, filepath.FromSlash(key))); err != nil {
				t.Error(err)
			}
		}
	}}
	w.step(k)
	r := w.state(k, ledger.Completed)
	if r.ErrorCode != "archive_lost" || !strings.Contains(r.ErrorMessage, "signed_document.pdf") || w.filed(k) != "dossier.pdf" {
		t.Errorf("%s %s, archived %q", r.ErrorCode, r.ErrorMessage, w.filed(k))
	}
	if _, err := report.ReadManifest(t.Context(), w.archive, k.Campaign, k.ID); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("manifest: %v", err)
	}
	for range 4 { // it vanishes again and again, until the attempts are used up
		w.forward(40 * time.Second)
		w.step(k)
	}
	if r := w.state(k, ledger.Failed); r.ErrorCode != "archive_lost" {
		t.Errorf("%s %s", r.ErrorCode, r.ErrorMessage)
	}
	vanish = false
	w.retry(k)
	w.judge(k, 0, "retried")
	if got := w.filed(k); got != "signed_document.pdf dossier.pdf" {
		t.Errorf("archived %q", got)
	}
}

// A file that is gone for good keeps no other from being fetched, and is named once.
func TestFileThatIsGone(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.completed("1")
	if err := w.sandbox.Act("certyneo", w.record(k).EnvelopeID, "purge", ""); err != nil {
		t.Fatal(err)
	}
	w.step(k)
	r := w.state(k, ledger.Failed)
	if r.ErrorCode != "purged" || !strings.HasPrefix(r.ErrorMessage, "signed_document.pdf cannot be had, dossier.pdf archived: ") || w.filed(k) != "dossier.pdf" {
		t.Errorf("%s %s, archived %q", r.ErrorCode, r.ErrorMessage, w.filed(k))
	}
	if _, err := os.Stat(filepath.Join(w.folder, k.Campaign, k.ID, "dossier.pdf")); err != nil {
		t.Error(err)
	}
	w.retry(k)
	w.step(k)
	if again := w.state(k, ledger.Failed); again.ErrorMessage != r.ErrorMessage || w.filed(k) != "dossier.pdf" {
		t.Errorf("%s, archived %q", again.ErrorMessage, w.filed(k))
	}
}

// What may come later is waited for, whatever is gone for good.
func TestWhatIsGoneWaitsForWhatComes(t *testing.T) {
	gone := &providers.Error{Kind: providers.NotFound, Code: "purged"}
	soon := &providers.Error{Kind: providers.NotFound, Code: providers.CodeAddressExpired}
	for _, errs := range [][]error{{gone, soon, gone}, {soon, gone}, {gone, gone, soon}} {
		var m missingFiles
		for i, err := range errs {
			m.add(string(rune('a'+i)), err)
		}
		if err := m.err(nil); !errors.Is(err, soon) || len(m.names) != 1 {
			t.Errorf("%v: %v %v", errs, m.names, err)
		}
	}
}

// A file that is another one now is not vouched for, and not taken for ours.
func TestFileThatChangesIsAConflict(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.completed("1")
	change := true
	var path string
	w.worker.archive = beforeManifest{w.archive, func(key string) {
		if change && strings.HasSuffix(key, "signed_document.pdf") {
			path = filepath.Join(w.folder, filepath.FromSlash(key))
			if err := os.WriteFile(path, []byte("%PDF-1.4 another"), 0o600); err != nil {
				t.Error(err)
			}
		}
	}}
	w.step(k)
	if r := w.state(k, ledger.Failed); r.ErrorCode != "archive_conflict" || !strings.Contains(r.ErrorMessage, "signed_document.pdf") {
		t.Errorf("%s %s", r.ErrorCode, r.ErrorMessage)
	}
	change = false
	w.retry(k)
	w.step(k)
	w.state(k, ledger.Failed)
	if err := os.Remove(path); err != nil { // as the message says
		t.Fatal(err)
	}
	w.retry(k)
	w.judge(k, 0, "retried")
}

// A full disk costs attempts and nothing else: no file is half there, no manifest is
// without its files, and with room again the work goes on.
func TestFullDisk(t *testing.T) {
	archivetest.OnDisk(t, func(t *testing.T, d archivetest.Disk) {
		w := newWorld(t, "certyneo")
		store, err := dir.Open(filepath.Join(d.Folder, "archive"))
		if err != nil {
			t.Fatal(err)
		}
		k := w.completed("1")
		w.worker.archive = store
		ballast := filepath.Join(d.Folder, "ballast")
		_ = os.WriteFile(ballast, make([]byte, 1<<20), 0o600) // as much as there is room
		w.step(k)
		r := w.state(k, ledger.Completed)
		if r.ErrorCode != "archive_unavailable" || !strings.Contains(r.ErrorMessage, "full") || w.filed(k) != "" {
			t.Errorf("%s %s, archived %q", r.ErrorCode, r.ErrorMessage, w.filed(k))
		}
		for o, err := range store.List(t.Context(), "") {
			t.Errorf("in the archive: %s %v", o.Key, err)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		w.forward(40 * time.Second)
		w.step(k)
		w.state(k, ledger.Archived)
		v, err := report.Verify(t.Context(), store, w.client.Ledger(), "", func(key string, err error) { t.Errorf("%s: %v", key, err) })
		if err != nil || v.Files != 2 {
			t.Errorf("%+v %v", v, err)
		}
	})
}

func (w *world) retry(k providers.Key) {
	w.t.Helper()
	if _, err := w.client.Retry(w.t.Context(), k.Campaign, k.ID); err != nil {
		w.t.Fatal(err)
	}
}

// TestSameFiles: a list that is asked for again is the same when it names the same files in the same order;
// their addresses may differ.
func TestSameFiles(t *testing.T) {
	signed := providers.Artifact{Kind: providers.SignedDocument, ID: "1", URL: "https://example.com/1?a"}
	renewed := signed
	renewed.URL = "https://example.com/1?b"
	other, dossier := signed, signed
	other.ID = "2"
	dossier.Kind = providers.Dossier
	for name, c := range map[string]struct {
		a, b []providers.Artifact
		same bool
	}{
		"another address": {[]providers.Artifact{signed, dossier}, []providers.Artifact{renewed, dossier}, true},
		"another file":    {[]providers.Artifact{signed}, []providers.Artifact{other}, false},
		"another kind":    {[]providers.Artifact{signed}, []providers.Artifact{dossier}, false},
		"another order":   {[]providers.Artifact{signed, dossier}, []providers.Artifact{dossier, signed}, false},
		"one more":        {[]providers.Artifact{signed}, []providers.Artifact{signed, dossier}, false},
	} {
		if got := sameFiles(c.a, c.b); got != c.same {
			t.Errorf("%s: the same is %v", name, got)
		}
	}
}

// listing is a provider that lists pictures, each time another list, and of which some addresses are dead at first.
type listing struct {
	providers.Provider
	lists [][]providers.Artifact
	asked int
	dead  map[string]int
}

func (l *listing) Artifacts(context.Context, providers.Ref) ([]providers.Artifact, error) {
	l.asked++
	return l.lists[min(l.asked, len(l.lists))-1], nil
}

func (l *listing) Open(_ context.Context, _ providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	if l.dead[a.ID] > 0 {
		l.dead[a.ID]--
		return nil, &providers.Error{Kind: providers.NotFound, Provider: "qisign", Code: providers.CodeAddressExpired}
	}
	return io.NopCloser(strings.NewReader("\xff\xd8\xff" + a.ID)), nil
}

// TestAnotherListLosesNoFile: files of a kind are numbered by their list. When it is asked for again and has them in
// another order, or one more, each is archived once, or the envelope fails and says so.
func TestAnotherListLosesNoFile(t *testing.T) {
	picture := func(kind providers.Kind, id string) providers.Artifact {
		return providers.Artifact{Kind: kind, ID: id, ContentType: providers.TypeJPEG, Source: "x"}
	}
	d, s1, s2, s3 := picture(providers.Dossier, "dossier"), picture(providers.Face, "s1"), picture(providers.Face, "s2"), picture(providers.Face, "s3")
	for name, c := range map[string]struct {
		lists [][]providers.Artifact
		dead  string
		want  string // what stands in the files, in the order of their names; empty: it fails
	}{
		"one more, the dossier dead":      {[][]providers.Artifact{{d, s2, s3}, {d, s1, s2, s3}}, "dossier", "dossier s1 s2 s3"},
		"another order, the dossier dead": {[][]providers.Artifact{{d, s1, s2}, {d, s2, s1}}, "dossier", "dossier s2 s1"},
		"another order, the first dead":   {[][]providers.Artifact{{d, s1, s2}, {d, s2, s1}}, "s1", "dossier s2 s1"},
		"one more, the first dead":        {[][]providers.Artifact{{d, s2, s3}, {d, s1, s2, s3}}, "s2", "dossier s1 s2 s3"},
		"one more, the last dead":         {[][]providers.Artifact{{d, s2, s3}, {d, s1, s2, s3}}, "s3", ""},
		"one fewer, the last dead":        {[][]providers.Artifact{{d, s1, s2}, {d, s2}}, "s2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "qisign")
			k := w.completed("1")
			config := w.worker.configs["qisign"]
			l := &listing{config.Provider, c.lists, 0, map[string]int{c.dead: 1}}
			config.Provider = l
			w.worker.configs["qisign"] = config
			w.step(k)
			if r := w.state(k, ledger.Completed); len(r.Listed) > 0 {
				t.Errorf("the list with a dead address is kept: %s", r.Listed)
			}
			for range 6 {
				w.forward(40 * time.Second)
				w.step(k)
			}
			r := w.record(k)
			if c.want == "" {
				if r.State != ledger.Failed || r.ErrorCode != codeArtifactsChanged {
					t.Errorf("%s %s: %s", r.State, r.ErrorCode, w.filed(k))
				}
				return
			}
			m, err := report.ReadManifest(t.Context(), w.archive, k.Campaign, k.ID)
			if err != nil || r.State != ledger.Archived {
				t.Fatalf("%s: %v", r.State, err)
			}
			var got []string
			for _, f := range m.Artifacts {
				b, err := os.ReadFile(filepath.Join(w.folder, filepath.FromSlash(f.Path)))
				if err != nil {
					t.Fatal(err)
				}
				if string(b[3:]) != f.ID {
					t.Errorf("%s is of %s and has %q", f.Path, f.ID, b)
				}
				got = append(got, f.ID)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("archived %v, want %s", got, c.want)
			}
		})
	}
}

package worker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// withEarlierArchive is a world whose archive was written by the version that wrote marks first:
// testdata/archive has one envelope that is archived, one that is sent, one that was refused and
// one that was refused and then sent, of [world.envelope] at sdoc. Every later version reads it.
func withEarlierArchive(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, "sdoc")
	if err := os.CopyFS(w.folder, os.DirFS(filepath.Join("testdata", "archive"))); err != nil {
		t.Fatal(err)
	}
	return w
}

// sentAsItSays checks that an envelope is followed under the id that the archive has.
func (w *world) sentAsItSays(id string) {
	w.t.Helper()
	k := jobs.Key{Campaign: "crash", ID: id}
	b, err := os.ReadFile(filepath.Join("testdata", "archive", "crash", id, "sent.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	var s marks.Sent
	if err := json.Unmarshal(b, &s); err != nil || s.EnvelopeID == "" {
		w.t.Fatal(s, err)
	}
	w.step(k)
	if r := w.state(k, ledger.Sent); r.EnvelopeID != s.EnvelopeID || !r.SentAt.Equal(s.At) {
		w.t.Errorf("%s is sent as %q at %s, and the archive has %+v", id, r.EnvelopeID, r.SentAt, s)
	}
}

func TestEarlierArchiveIsAdopted(t *testing.T) {
	w := withEarlierArchive(t)
	if sum := w.again("archived", "sent", "refused", "again", "new"); sum.New != 2 || sum.Adopted != 3 || sum.Archived != 1 {
		t.Errorf("%+v", sum)
	}
	w.state(jobs.Key{Campaign: "crash", ID: "archived"}, ledger.Archived)
	w.sentAsItSays("sent")
	w.sentAsItSays("again")
	w.step(jobs.Key{Campaign: "crash", ID: "refused"})
	w.state(jobs.Key{Campaign: "crash", ID: "refused"}, ledger.Sent)
	if n, _ := w.invitations(0); n != 1 {
		t.Errorf("%d invitations", n)
	}
	if _, err := w.archive.Stat(t.Context(), archive.EnvelopeKey("crash", "refused", "invited.2.json")); err != nil {
		t.Errorf("the next mark: %v", err)
	}
}

func TestEarlierArchiveIsRebuilt(t *testing.T) {
	w := withEarlierArchive(t)
	broken := func(key string, err error) { t.Error(key, err) }
	found, err := w.client.Rebuild(t.Context(), "", broken)
	if want := (jobs.Rebuilt{Archived: 1, UnderWay: 2, Unsent: 1}); err != nil || found != want {
		t.Errorf("%+v, want %+v: %v", found, want, err)
	}
	v, err := report.Verify(t.Context(), w.archive, w.client.Ledger(), "crash", broken)
	if err != nil || v.Envelopes != 1 || v.Marks != 10 {
		t.Errorf("%+v %v", v, err)
	}
	w.sentAsItSays("sent")
	w.sentAsItSays("again")
}

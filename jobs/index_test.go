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
	"github.com/chancela/chancela/storage/archive"
)

// listed is which envelopes the archive's list of june has; false without a list.
func (l *lost) listed() (ids string, there bool) {
	l.t.Helper()
	in, _, err := l.store.Open(l.t.Context(), "june/index.csv")
	if errors.Is(err, archive.ErrNotFound) {
		return "", false
	}
	l.must(err)
	defer in.Close()
	b, err := io.ReadAll(in)
	l.must(err)
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		id, _, _ := strings.Cut(line, ",")
		ids += id + " "
	}
	return strings.TrimSpace(ids), true
}

// filed has the archive hold an envelope with one file.
func (l *lost) filed(id string) {
	l.t.Helper()
	file := report.ArchivedArtifact{Artifact: report.Artifact{Kind: "dossier"}, Path: "june/" + id + "/dossier.pdf"}
	m := report.Manifest{Version: 1, Digest: "v1:" + id, Artifacts: []report.ArchivedArtifact{file},
		Report: report.Report{Campaign: "june", ID: id, Provider: "certyneo", EnvelopeID: "at-" + id, ArchivedAt: report.Time(l.at)}}
	l.must(m.Write(l.t.Context(), l.store))
}

// TestListOfArchivedFiles is made when a campaign has nothing open, whoever archived it, and again when
// more is archived; nobody looks at one that stays as it is.
func TestListOfArchivedFiles(t *testing.T) {
	l := newLost(t)
	l.filed("1")
	l.rebuild("june") // archived by a process that is gone
	l.put("able", "2", queued)
	l.must(l.writeIndexes(t.Context()))
	if ids, there := l.listed(); there {
		t.Errorf("listed while an envelope is open: %q", ids)
	}
	if _, err := l.Cancel(t.Context(), "june", "2"); err != nil {
		t.Fatal(err)
	}
	round, err := l.ledger.BeginRound(t.Context(), "index/june", indexLease)
	l.must(err)
	l.must(l.WriteIndex(t.Context(), "june"))
	if ids, there := l.listed(); there {
		t.Errorf("listed while another makes the list: %q", ids)
	}
	l.must(round.End(t.Context()))
	l.must(l.WriteIndex(t.Context(), "june"))
	if ids, _ := l.listed(); ids != "1" {
		t.Errorf("listed: %q", ids)
	}
	l.filed("3")
	l.rebuild("june")
	l.must(l.WriteIndex(t.Context(), "june"))
	if ids, _ := l.listed(); ids != "1 3" {
		t.Errorf("after another: %q", ids)
	}
	l.must(l.WriteIndex(t.Context(), "june")) // finds nothing new
	if n, err := l.ledger.Redis().Exists(t.Context(), "{chancela}:unlisted").Result(); err != nil || n != 0 {
		t.Errorf("the campaign is looked at for ever: %d %v", n, err)
	}
	l.filed("4")
	l.rebuild("june")
	l.must(l.writeIndexes(t.Context()))
	if ids, _ := l.listed(); ids != "1 3 4" {
		t.Errorf("after one of later: %q", ids)
	}
}

// noReplace is an archive that replaces nothing, and counts what was read from it for nothing.
type noReplace struct {
	archive.Archive
	tries int
}

func (a *noReplace) Replace(_ context.Context, key string, content io.Reader, _ string) (archive.Object, error) {
	a.tries++
	_, err := io.Copy(io.Discard, content)
	return archive.Object{}, errors.Join(err, archive.ErrConflict)
}

// TestListThatCannotBeMade: an archive that lets nobody replace anything is not read again and again for it.
func TestListThatCannotBeMade(t *testing.T) {
	l := newLost(t)
	l.filed("1")
	l.rebuild("june")
	strict := &noReplace{Archive: l.store}
	l.Client.archive = strict
	if err := l.writeIndexes(t.Context()); !errors.Is(err, archive.ErrConflict) {
		t.Error(err)
	}
	entries, err := l.ledger.Redis().ZRangeWithScores(t.Context(), "{chancela}:unlisted", 0, -1).Result()
	l.must(err)
	if len(entries) != 1 || time.Until(time.UnixMilli(int64(entries[0].Score))) < indexRetry/2 {
		t.Errorf("when it is tried again: %v", entries)
	}
	l.must(l.writeIndexes(t.Context()))
	if strict.tries != 1 {
		t.Errorf("tried %d times", strict.tries)
	}
	l.Client.archive = l.store
	l.must(l.WriteIndex(t.Context(), "june")) // a run that ends does not wait
	if ids, _ := l.listed(); ids != "1" {
		t.Errorf("listed: %q", ids)
	}
}

// TestManyListsThatCannotBeMade are told with the first campaigns and how many more.
func TestManyListsThatCannotBeMade(t *testing.T) {
	l := newLost(t)
	strict := &noReplace{Archive: l.store}
	for i := range 20 {
		name := fmt.Sprintf("c%02d", i)
		file := report.ArchivedArtifact{Artifact: report.Artifact{Kind: "dossier"}, Path: name + "/1/dossier.pdf"}
		m := report.Manifest{Version: 1, Digest: "v1:1", Artifacts: []report.ArchivedArtifact{file},
			Report: report.Report{Campaign: name, ID: "1", Provider: "certyneo", EnvelopeID: "at-" + name, ArchivedAt: report.Time(l.at)}}
		l.must(m.Write(t.Context(), l.store))
		l.rebuild(name)
	}
	l.Client.archive = strict
	err := l.writeIndexes(t.Context())
	if !errors.Is(err, archive.ErrConflict) || strict.tries != 20 {
		t.Fatal(err, strict.tries)
	}
	if text := err.Error(); !strings.HasPrefix(text, "c00, c01, c02 and 17 more: ") || len(text) > 300 || strings.Contains(text, "\n") {
		t.Error(text)
	}
}

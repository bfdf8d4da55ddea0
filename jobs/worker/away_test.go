package worker

import (
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// awayArchive takes nothing while it is away.
type awayArchive struct {
	archive.Archive
	away error
	only string // the folder that it refuses; empty: it takes nothing
	puts int
}

func (a *awayArchive) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	if a.puts++; a.away != nil && strings.Contains(key, a.only) {
		return archive.Object{}, a.away
	}
	return a.Archive.Put(ctx, key, content, contentType, check)
}

// Whatever keeps the archive from being used costs no envelope an attempt: all wait, one
// tries after each pause, and they go on when it is back.
func TestAnArchiveThatIsAwayCostsNoAttempt(t *testing.T) {
	for name, away := range map[string]error{
		"away":      fmt.Errorf("%w: it does not answer", archive.ErrUnavailable),
		"full":      archive.ErrFull,
		"full disk": fmt.Errorf("waiting for the archive: %w", syscall.ENOSPC),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "certyneo")
			keys := []jobs.Key{w.completed("1"), w.completed("2"), w.completed("3")}
			store := &awayArchive{Archive: w.archive, away: away}
			w.worker.archive = store
			const rounds = 10 // twice as many as an envelope has attempts
			for range rounds {
				for _, k := range keys {
					w.step(k)
				}
				w.forward(6 * time.Second)
			}
			if store.puts != rounds {
				t.Errorf("%d tries in %d pauses", store.puts, rounds)
			}
			for _, k := range keys {
				if r := w.state(k, ledger.Completed); r.Attempts != 0 {
					t.Errorf("%s: %d attempts, %s %s", k, r.Attempts, r.ErrorCode, r.ErrorMessage)
				}
			}
			trouble, ill, err := w.client.Ledger().Trouble(t.Context(), ledger.Archive)
			if err != nil || !ill || trouble.State != ledger.Away || w.at.Sub(trouble.Since) < 45*time.Second {
				t.Errorf("trouble: %+v, %v, %v", trouble, ill, err)
			}
			if why, _, _, err := w.client.Ledger().Denial(t.Context(), ledger.Archive); err != nil || !strings.Contains(why, away.Error()) {
				t.Errorf("why: %q, %v", why, err)
			}

			store.away = nil
			for _, k := range keys {
				w.live(k)
				w.state(k, ledger.Archived)
			}
			if _, ill, err := w.client.Ledger().Trouble(t.Context(), ledger.Archive); ill || err != nil {
				t.Errorf("still in trouble: %v, %v", ill, err)
			}
		})
	}
}

// The pauses grow, however often somebody comes to ask.
func TestPausesForAnAwayArchiveGrow(t *testing.T) {
	w := newWorld(t, "certyneo")
	keys := []jobs.Key{w.completed("1"), w.completed("2")}
	store := &awayArchive{Archive: w.archive, away: fmt.Errorf("%w: it does not answer", archive.ErrUnavailable)}
	w.worker.archive = store
	w.worker.cfg.RetryBase, w.worker.cfg.RetryMax = 2*time.Second, 2*time.Minute
	var tries []int
	for range 3 {
		before := store.puts
		for range 60 {
			for _, k := range keys {
				w.step(k)
			}
			w.forward(2 * time.Second)
		}
		tries = append(tries, store.puts-before)
	}
	if tries[0] < 3 || tries[0] > 8 || tries[2] != 1 {
		t.Errorf("%v tries in two minutes each", tries)
	}
}

// What the archive refuses of one envelope alone is counted as its own failure, and the
// others are not kept waiting for it.
func TestARefusedObjectDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t, "certyneo")
	bad := w.completed("bad")
	store := &awayArchive{Archive: w.archive, away: fmt.Errorf("%w: forbidden", archive.ErrUnavailable), only: "/bad/"}
	w.worker.archive = store
	w.step(bad)
	for i := range 8 {
		k := w.completed(fmt.Sprintf("good-%d", i))
		w.forward(6 * time.Second)
		w.step(k)
		w.state(k, ledger.Archived)
		w.step(bad)
		if _, ill, err := w.client.Ledger().Trouble(t.Context(), ledger.Archive); ill || err != nil {
			t.Fatalf("after %d: the others wait: %v, %v", i, ill, err)
		}
	}
	if r := w.state(bad, ledger.Failed); r.Attempts != 5 || r.ErrorCode != codeArchiveUnavailable {
		t.Errorf("%d attempts, %s", r.Attempts, r.ErrorCode)
	}
}

// Nobody is invited without a mark, and no attempt is lost by it.
func TestNothingIsSentWhileTheArchiveIsAway(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	store := &awayArchive{Archive: w.archive, away: fmt.Errorf("%w: it does not answer", archive.ErrUnavailable)}
	w.worker.cfg.Marks = marks.New(store)
	for range 10 {
		w.step(k)
		w.forward(6 * time.Second)
	}
	if n, _ := w.invitations(0); n != 0 {
		t.Errorf("%d invitations", n)
	}
	if r := w.state(k, ledger.Preparing); r.Attempts != 0 || r.ErrorCode != "archive_unavailable" {
		t.Errorf("%d attempts, %s %s", r.Attempts, r.ErrorCode, r.ErrorMessage)
	}
	store.away = nil
	w.live(k)
	w.judge(k, 0, "after the archive was away")
	if _, ill, err := w.client.Ledger().Trouble(t.Context(), ledger.Archive); ill || err != nil {
		t.Errorf("still in trouble: %v, %v", ill, err)
	}
}

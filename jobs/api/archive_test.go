package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// awayArchive takes nothing and returns nothing while it is away.
type awayArchive struct {
	archive.Archive
	away error
}

func (a *awayArchive) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	if a.away != nil {
		return archive.Object{}, a.away
	}
	return a.Archive.Put(ctx, key, content, contentType, check)
}

// What needs an archive that is away, or full, is told to come again; nothing is enqueued
// of it, and reading the ledger goes on.
func TestArchiveIsAway(t *testing.T) {
	store := &awayArchive{}
	s := newStack(t, func(c *Config) {
		store.Archive = c.Client.Archive()
		c.Client = jobs.NewClient(jobs.ClientConfig{Redis: c.Client.Ledger().Redis(), Durability: ledger.NotDurable, Archive: store, Providers: c.Providers, Log: c.Log})
	})
	for _, c := range []struct {
		away   error
		status int
	}{
		{fmt.Errorf("%w: it does not answer", archive.ErrUnavailable), http.StatusServiceUnavailable},
		{fmt.Errorf("%w: quota", archive.ErrFull), http.StatusInsufficientStorage},
	} {
		store.away = c.away
		for _, r := range []reply{
			s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))),
			s.postJSON("/v1/campaigns", map[string]any{"campaign": "june", "envelopes": []any{envelopeJSON("1", pdf("a"))}}),
			s.postForm("/v1/campaigns", file{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, file{"d", "a.pdf", pdf("a")}),
		} {
			if r.problem(t, c.status); r.Header.Get("Retry-After") == "" {
				t.Errorf("%v: no Retry-After", c.away)
			}
		}
		s.get("/v1/campaigns").want(t, http.StatusOK, nil)
		s.get("/v1/campaigns/june/envelopes/1").problem(t, http.StatusNotFound)
	}
	store.away = nil
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
}

// silentArchive never says whether it is ready.
type silentArchive struct{ archive.Archive }

func (silentArchive) Ready(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestReadyWithoutTheArchive: where this process cannot write to the archive, or hears nothing of it, all else is told and
// a balancer keeps it, as what it reads it answers all the same.
func TestReadyWithoutTheArchive(t *testing.T) {
	for name, store := range map[string]archive.Archive{"away": unready{}, "silent": silentArchive{}} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t, func(c *Config) {
				c.Client = jobs.NewClient(jobs.ClientConfig{Redis: c.Client.Ledger().Redis(), Durability: ledger.NotDurable, Archive: located{store, c.Client.Archive()}, Providers: c.Providers, Log: c.Log})
			})
			var h Health
			s.get("/readyz").want(t, http.StatusOK, &h)
			if h.Status != "degraded" || h.Archive.OK || h.Archive.Missing == "" || !h.Redis.OK || len(h.Providers) == 0 || !h.Providers[0].OK {
				t.Errorf("%+v", h)
			}
		})
	}
}

// unready is an archive that says that it cannot be used.
type unready struct{ archive.Archive }

func (unready) Ready(context.Context) error { return archive.ErrUnavailable }

// located is an archive that is asked whether it is ready apart from all else.
type located struct {
	asked archive.Archive
	archive.Archive
}

func (a located) Ready(ctx context.Context) error { return a.asked.Ready(ctx) }

// That the workers cannot use the archive is seen by those who watch serve.
func TestReadyTellsOfTheArchive(t *testing.T) {
	s := newStack(t, nil)
	if err := s.server.metrics.Watch(s.client.Ledger(), s.client.TaskQueue(), nil, s.slog); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.Ledger().Deny(t.Context(), ledger.Archive, ledger.Away, "bucket secret-name is full", time.Hour); err != nil {
		t.Fatal(err)
	}
	var h Health
	r := s.get("/readyz").want(t, http.StatusOK, &h)
	if h.Status != "degraded" || h.Archive.OK || h.Archive.Missing == "" || contains(r.body, "secret-name") {
		t.Errorf("%s", r.body)
	}
	if text := s.get("/metrics").body; !contains(text, "chancela_archive_away 1") {
		t.Errorf("the metrics do not tell")
	}
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/storage/archive"
)

// stageAll copies the documents of envelopes that are to be sent into the archive, each
// once, so that workers need no access to where they came from.
func (c *Client) stageAll(ctx context.Context, batch []*draft) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(together)
	begun := map[string]bool{}
	for _, d := range batch {
		if d.whole {
			continue
		}
		for _, f := range intake.Documents(&d.envelope) {
			if begun[f.SHA256] || c.staged.has(f.SHA256) {
				continue
			}
			begun[f.SHA256] = true
			work.Go(guard.Panics(func() error {
				if err := stage(ctx, c.archive, f.Document); err != nil {
					return fmt.Errorf("%s: keeping %s: %w", d.key, f.Column, err)
				}
				c.staged.add(f.SHA256)
				return nil
			}))
		}
	}
	return work.Wait()
}

// stage copies a measured document into the archive under its hash, once.
func stage(ctx context.Context, store archive.Archive, d *Document) error {
	key := archive.DocumentKey(d.SHA256)
	if _, err := store.Stat(ctx, key); err == nil {
		return nil
	} else if !errors.Is(err, archive.ErrNotFound) {
		return err
	}
	if d.Open == nil {
		return errors.New("the document is not in the archive, and no content was given")
	}
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	if r == nil {
		return errors.New("no content was given")
	}
	defer r.Close()
	// Judged before it is there: under this hash others would be sent what is not theirs.
	_, err = store.Put(ctx, key, r, d.Type, func(c archive.Content) error {
		if c.SHA256 != d.SHA256 {
			return errors.New("the file changed while it was read")
		}
		return nil
	})
	return err
}

// maxHashes is how many documents a client remembers. Campaigns share few among many
// envelopes; where each has its own, remembering them gains nothing.
const maxHashes = 4096

// hashes is a set that never grows beyond [maxHashes]: full, it begins anew.
type hashes struct {
	mu  sync.Mutex
	set map[string]struct{}
}

func (h *hashes) has(hash string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.set[hash]
	return ok
}

func (h *hashes) add(hash string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.set == nil || len(h.set) >= maxHashes {
		h.set = make(map[string]struct{})
	}
	h.set[hash] = struct{}{}
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// Rebuilt is what Rebuild has found in the archive.
type Rebuilt struct {
	Archived int // envelopes with their manifest, which the ledger did not know
	UnderWay int // envelopes that are marked as invited: adopted
	Canceled int // envelopes that were canceled before they were sent
	Known    int // to the ledger already
	Unsent   int // envelopes whose last call was refused: enqueue takes them as new ones
}

// Rebuild records what the archive has of a campaign, or of all when the name is empty, and
// the ledger does not know. Archived envelopes have their reports again. Marked ones are
// followed, without the people and documents that only their files have: enqueued again they
// get them, and nobody is invited by that. What the archive knows to be canceled is canceled. Each thing that cannot be read is given to broken;
// the error is only for what kept it from going on.
func (c *Client) Rebuild(ctx context.Context, campaign string, broken func(key string, err error)) (Rebuilt, error) {
	now, err := c.ledger.Now(ctx)
	if err != nil {
		return Rebuilt{}, err
	}
	b := &rebuilding{client: c, now: now, broken: broken}
	prefix := ""
	if campaign != "" {
		prefix = campaign + "/"
	}
	for o, err := range c.archive.List(ctx, prefix) {
		if err != nil {
			return b.Rebuilt, fmt.Errorf("listing the archive: %w", err)
		}
		parts := strings.Split(o.Key, "/")
		if len(parts) != 3 || !intake.ValidCampaign(parts[0]) || !intake.ValidID(parts[1]) {
			continue
		}
		if err := b.enter(ctx, parts[0]); err != nil {
			return b.Rebuilt, err
		}
		if err := b.see(ctx, Key{Campaign: parts[0], ID: parts[1]}, parts[2]); err != nil {
			return b.Rebuilt, err
		}
	}
	b.next(Key{})
	return b.Rebuilt, b.flush(ctx)
}

// rebuilding goes through the archive in the order of keys.
type rebuilding struct {
	Rebuilt
	client *Client
	now    time.Time
	broken func(key string, err error)

	campaign string // whose folders are being listed
	key      Key    // whose folder is being listed
	complete bool
	standing marks.Standing
	batch    []rebuilt
}

// rebuilt is one envelope of the archive.
type rebuilt struct {
	key      Key
	complete bool
	standing marks.Standing
}

// enter begins a campaign: with what was canceled, which stays so whatever a mark says.
func (b *rebuilding) enter(ctx context.Context, campaign string) error {
	if campaign == b.campaign {
		return nil
	}
	b.campaign = campaign
	adopted, known, err := b.client.adoptCanceled(ctx, campaign)
	b.Canceled, b.Known = b.Canceled+adopted, b.Known+known
	switch {
	case errors.Is(err, marks.ErrCanceledList):
		b.broken(campaign, err)
		return nil
	case err == nil && adopted+known > 0:
		return b.client.ledger.SetKnowsCanceled(ctx, campaign)
	}
	return err
}

func (b *rebuilding) see(ctx context.Context, k Key, file string) error {
	if k != b.key {
		b.next(k)
		if len(b.batch) >= batchSize {
			if err := b.flush(ctx); err != nil {
				return err
			}
		}
	}
	b.complete = b.complete || file == report.ManifestName
	b.standing.See(file)
	return nil
}

// next ends an envelope's folder.
func (b *rebuilding) next(k Key) {
	switch {
	case b.complete || b.standing.MayBeSent():
		b.batch = append(b.batch, rebuilt{b.key, b.complete, b.standing})
	case b.standing.Marks > 0:
		b.Unsent++
	}
	b.key, b.complete, b.standing = k, false, marks.Standing{}
}

// flush records the envelopes of a batch.
func (b *rebuilding) flush(ctx context.Context) error {
	c := b.client
	entries := make([]ledger.Entry, len(b.batch))
	failed := make([]error, len(b.batch))
	g, reading := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, x := range b.batch {
		g.Go(guard.Panics(func() error {
			entries[i], failed[i] = c.rebuilt(reading, x, b.now)
			return reading.Err()
		}))
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var whole []ledger.Entry
	for i, err := range failed {
		switch {
		case errors.Is(err, archive.ErrUnavailable):
			return err
		case err != nil:
			b.broken(b.batch[i].key.String(), err)
		default:
			whole = append(whole, entries[i])
		}
	}
	b.batch = nil
	for i, e := range whole {
		if i == 0 || e.Campaign != whole[i-1].Campaign {
			if err := c.ledger.Younger(ctx, e.Campaign); err != nil {
				return err
			}
		}
	}
	created, err := c.ledger.Create(ctx, whole)
	if err != nil {
		return err
	}
	for i, r := range created {
		e := whole[i]
		switch {
		case r.Verdict != ledger.Created:
			b.Known++
		case r.State == ledger.Archived:
			b.Archived++
		default:
			b.UnderWay++
			if err := c.tasks.Envelope(ctx, e.Provider, pace.Send, Key{Campaign: e.Campaign, ID: e.ID}.String(), r.Generation, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// rebuilt reads what the archive has of an envelope.
func (c *Client) rebuilt(ctx context.Context, x rebuilt, now time.Time) (ledger.Entry, error) {
	e := ledger.Entry{Campaign: x.key.Campaign, ID: x.key.ID, SweepAfter: ledger.SweepAfter}
	var f found
	if x.complete {
		m, err := report.ReadManifest(ctx, c.archive, e.Campaign, e.ID)
		if err != nil {
			return e, err
		}
		f.manifest, e.Provider = &m, m.Report.Provider
	} else {
		m, err := c.mark(ctx, e, x.standing)
		if err != nil {
			return e, err
		}
		f.mark = m
	}
	_, err := f.adopt(&e, now) // without its content: e has no digest of its own
	return e, err
}

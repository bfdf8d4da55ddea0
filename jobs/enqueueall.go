package jobs

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// Source gives envelopes one by one. It ends with the first error.
type Source func(yield func(Envelope, error) bool)

// CheckedSource gives envelopes that were checked when they were read: a CSV file's rows. It ends with
// the first error.
type CheckedSource func(yield func(intake.Checked, error) bool)

// Summary counts what became of many envelopes.
type Summary struct {
	New       int
	Known     int // there already with the same content
	Adopted   int // of the known: by the archive alone
	Archived  int // of the known: archived already
	Canceled  int // of the known: canceled already
	Moved     int // of the archived: into another archive than this client's
	Conflicts []*ConflictError
}

// Add counts what became of more envelopes.
func (s *Summary) Add(more Summary) {
	s.New += more.New
	s.Known += more.Known
	s.Adopted += more.Adopted
	s.Archived += more.Archived
	s.Canceled += more.Canceled
	s.Moved += more.Moved
	s.Conflicts = append(s.Conflicts, more.Conflicts...)
}

// What goes to Redis in one round trip: so many envelopes, or about so many bytes of them.
const (
	batchSize  = 200
	batchBytes = 2 << 20
)

// together is how many requests of one batch are under way at once, to Redis or to the
// archive.
const together = 8

// EnqueueAll accepts all envelopes of one campaign, each checked as by [Client.Enqueue]. A
// conflict is reported and does not stop the others. An envelope that is wrong, or of another campaign,
// ends it with [providers.Problems]; those before it may have been accepted. Interrupted or mended and
// called again, it goes on: what is there is known. Who wants all or nothing calls [Client.Check] for
// all of them first.
func (c *Client) EnqueueAll(ctx context.Context, campaign string, source Source) (Summary, error) {
	return c.EnqueueFirst(ctx, campaign, 0, source)
}

// ErrBegun: a campaign has envelopes already, which were enqueued to go all at once.
var ErrBegun = errors.New("the campaign was enqueued already to go all at once")

// CheckFirst refuses, with [ErrBegun], what would have no effect: that the first envelopes of a
// campaign go first, when the campaign is there without that.
func (c *Client) CheckFirst(ctx context.Context, campaign string, first int) error {
	if first == 0 {
		return nil
	}
	known, err := c.ledger.Campaign(ctx, campaign)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil
	case err != nil:
		return err
	case known.First == 0:
		return fmt.Errorf("%s: %w", campaign, ErrBegun)
	}
	return nil
}

// EnqueueFirst is EnqueueAll for a campaign of which the first envelopes of each provider are
// sent, so many (0: all), and the others when those are archived or the campaign is resumed. It holds
// for whatever is added to the campaign.
func (c *Client) EnqueueFirst(ctx context.Context, campaign string, first int, source Source) (Summary, error) {
	return c.EnqueueAllChecked(ctx, campaign, first, func(yield func(intake.Checked, error) bool) {
		n := 0
		for e, err := range source {
			n++
			var checked intake.Checked
			if err == nil {
				if checked, err = c.checked(ctx, e); err != nil {
					err = fmt.Errorf("envelope %d: %w", n, err)
				}
			}
			if !yield(checked, err) || err != nil {
				return
			}
		}
	})
}

// EnqueueAllChecked is EnqueueFirst for envelopes that were checked already.
//
// Batches follow each other: while the tasks of one are put on the queue, the next one is
// recorded, another one prepared and another one read.
func (c *Client) EnqueueAllChecked(ctx context.Context, campaign string, first int, source CheckedSource) (Summary, error) {
	var sum Summary
	if first < 0 {
		return sum, fmt.Errorf("first is %d: want 0 (all at once) or more", first)
	}
	campaign, wrong := intake.CampaignName(campaign)
	if err := wrong.Err(); err != nil {
		return sum, err
	}
	if err := c.CheckFirst(ctx, campaign, first); err != nil {
		return sum, err
	}
	known, err := c.tracesOf(ctx, campaign)
	if err != nil {
		return sum, err
	}
	read, prepared, recorded := make(chan *accepting), make(chan *accepting), make(chan *accepting)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(guard.Panics(func() error {
		defer close(prepared)
		return passOn(ctx, read, prepared, func(b *accepting) error { return c.prepare(ctx, b, known) })
	}))
	work.Go(guard.Panics(func() error {
		defer close(recorded)
		return passOn(ctx, prepared, recorded, func(b *accepting) error { return c.record(ctx, b) })
	}))
	work.Go(guard.Panics(func() error {
		return passOn(ctx, recorded, nil, func(b *accepting) error {
			if err := c.enqueueTasks(ctx, b); err != nil {
				return err
			}
			return sum.count(ctx, b.out, known)
		})
	}))
	reading := c.batches(ctx, known.name, first, source, read)
	close(read)
	if err := work.Wait(); err != nil {
		return sum, err
	}
	return sum, reading
}

// passOn does one step for batch after batch.
func passOn(ctx context.Context, from <-chan *accepting, to chan<- *accepting, step func(*accepting) error) error {
	for b := range from {
		if err := step(b); err != nil {
			return err
		}
		if to == nil {
			continue
		}
		select {
		case to <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// batches reads a source and passes it on in batches. It returns when the source has
// ended, with an error or without, or the context.
func (c *Client) batches(ctx context.Context, campaign string, first int, source CheckedSource, to chan<- *accepting) error {
	var batch []*draft
	size := 0
	send := func() error {
		select {
		case to <- &accepting{drafts: batch}:
			batch, size = nil, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for checked, err := range source {
		if err != nil {
			return err
		}
		d, err := c.draft(checked)
		if err == nil && d.envelope.Campaign != campaign {
			err = notOf(campaign, d.key)
		}
		if err != nil {
			return err
		}
		d.entry.First = first
		batch = append(batch, d)
		if size += d.size(); len(batch) == batchSize || size > batchBytes {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(batch) > 0 {
		return send()
	}
	return ctx.Err()
}

// notOf says that an envelope of one campaign was given for another.
func notOf(campaign, key string) error {
	var problems providers.Problems
	problems.Add("campaign", "%s was given for the campaign %s", key, campaign)
	return problems.Err()
}

// count adds what became of a batch.
func (s *Summary) count(ctx context.Context, out []acceptance, known *traces) error {
	archived := 0
	for _, a := range out {
		switch {
		case a.conflict != nil:
			s.Conflicts = append(s.Conflicts, a.conflict)
		case a.New:
			s.New++
		default:
			s.Known++
			if a.Adopted {
				s.Adopted++
			}
			switch a.State {
			case ledger.Archived:
				archived++
			case ledger.Canceled:
				s.Canceled++
			}
		}
	}
	if archived == 0 {
		return nil
	}
	s.Archived += archived
	known.mu.Lock()
	defer known.mu.Unlock()
	if err := known.expect(ctx, archived); err != nil {
		return err
	}
	for _, a := range out {
		if a.conflict == nil && a.State == ledger.Archived {
			gone, err := known.gone(ctx, a.Key.ID)
			if err != nil {
				return err
			}
			if gone {
				s.Moved++
			}
		}
	}
	return nil
}

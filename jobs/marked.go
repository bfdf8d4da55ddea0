package jobs

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// A ledger that was set back to an earlier copy calls envelopes queued, or failed, whose people
// were invited since. The archive has their marks: they are looked for before an operation ends
// such envelopes as if nobody had been invited.

// unsent tells whether the ledger says of an envelope that nobody was invited, or says nothing.
func unsent(r *ledger.Record) bool {
	return r == nil || (r.State == ledger.Queued || r.State == ledger.Preparing || r.State == ledger.Failed) && r.IntentAt.IsZero() && r.EnvelopeID == ""
}

// mayBeMarked tells whether an earlier ledger may have sent an envelope that this one has not:
// its mark stands in the archive. Where the archive cannot be asked, only a worker knows.
func (c *Client) mayBeMarked(ctx context.Context, r *ledger.Record) bool {
	if c.archive == nil {
		return true
	}
	m, s, err := marks.New(c.archive).Last(ctx, r.Campaign, r.ID)
	if errors.Is(err, archive.ErrNotFound) {
		return false
	}
	if err != nil {
		c.log.WarnContext(ctx, "a worker looks for an envelope's mark", "campaign", r.Campaign, "id", r.ID, "error", err)
		return true
	}
	return s.MayBeSent() && (s.Sent || !slices.Contains(r.Uninvited, m.Claim))
}

// look finds out, for who carries a cancellation on, whether the archive knows more of the
// campaign than the ledger. As long as nobody has looked, workers look at each envelope.
func (c *Client) look(ctx context.Context, o *ledger.HeldOperation) error {
	if o.Kind != ledger.CancelAll || o.Looked || c.archive == nil {
		return nil
	}
	campaign, err := c.ledger.Campaign(ctx, o.Campaign)
	if err != nil || campaign.States[ledger.Queued] == 0 {
		return err
	}
	if !campaign.Younger {
		held, stop := o.Keep(ctx)
		defer stop()
		marked, err := c.firstMarked(held, o.Campaign, unsent)
		if err == nil && marked != "" {
			err = c.ledger.Younger(ctx, o.Campaign)
		}
		if err != nil {
			if held.Err() != nil && ctx.Err() == nil {
				return ledger.ErrLost
			}
			if ctx.Err() == nil {
				c.log.WarnContext(ctx, "workers look for the marks of a campaign", "campaign", o.Campaign, "error", err)
				return nil
			}
			return err
		}
	}
	return o.SetLooked(ctx)
}

// unmarked refuses to end failed envelopes as if nobody had been invited, where the archive has
// one of them as sent.
func (c *Client) unmarked(ctx context.Context, campaign string) error {
	if c.archive == nil {
		return nil
	}
	known, err := c.ledger.Campaign(ctx, campaign)
	if err != nil || known.States[ledger.Failed] == 0 {
		return err
	}
	id, err := c.firstMarked(ctx, campaign, func(r *ledger.Record) bool { return r != nil && r.State == ledger.Failed && unsent(r) })
	if err == nil && id != "" {
		err = &ledger.UnfinishedError{Campaign: campaign, Marked: id}
	}
	return err
}

// firstMarked is an envelope that the archive has as invited, by a call of which the ledger does
// not know that it has invited nobody, and of whose record (nil: none) is is true. Empty: there
// is none.
func (c *Client) firstMarked(ctx context.Context, campaign string, is func(*ledger.Record) bool) (id string, err error) {
	there, err := marks.List(ctx, c.archive, campaign, report.ManifestName)
	if err != nil {
		return "", err
	}
	marked := slices.Collect(maps.Keys(there.Envelopes))
	for ids := range slices.Chunk(slices.DeleteFunc(marked, func(id string) bool { return !there.Envelopes[id].MayBeSent() }), batchSize) {
		keys := make([]string, len(ids))
		for i, id := range ids {
			keys[i] = Key{Campaign: campaign, ID: id}.String()
		}
		records, err := c.ledger.Heads(ctx, keys)
		if err != nil {
			return "", err
		}
		for i, r := range records {
			s := there.Envelopes[ids[i]]
			if !is(r) {
				continue
			}
			if r == nil || s.Sent || len(r.Uninvited) == 0 {
				return ids[i], nil
			}
			m, err := marks.New(c.archive).Read(ctx, campaign, r.ID, s)
			if err != nil || !slices.Contains(r.Uninvited, m.Claim) {
				return r.ID, err
			}
		}
	}
	return "", nil
}

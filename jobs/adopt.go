package jobs

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// What the archive has of an envelope that the ledger does not know (it was lost, emptied
// or set back): complete, or marked as invited. Nobody is invited again.

// traces are where to look for what the archive has of a campaign.
type traces struct {
	listed   bool // the archive was: what is not in it is not there
	campaign marks.Campaign
}

// list looks through a campaign in the archive.
func (c *Client) list(ctx context.Context, campaign string) (traces, error) {
	found, err := marks.List(ctx, c.archive, campaign, report.ManifestName)
	return traces{true, found}, err
}

// tracesOf is list where the ledger does not know the campaign at all. Where it does, single
// envelopes are looked for when they are enqueued, and their marks when they are sent.
func (c *Client) tracesOf(ctx context.Context, campaign string) (traces, error) {
	if _, known := c.campaigns.Load(campaign); known {
		return traces{}, nil
	}
	known, err := c.ledger.CampaignsNamed(ctx, []string{campaign})
	if err != nil {
		return traces{}, err
	}
	if len(known) > 0 {
		c.campaigns.Store(campaign, struct{}{})
		return traces{}, nil
	}
	return c.list(ctx, campaign)
}

func (t traces) mayBeComplete(id string) bool { return !t.listed || t.campaign.Complete[id] }

// atOnce is how many envelopes are read from the archive at the same time.
const atOnce = 16

// find reads what the archive has of those entries that the ledger does not know.
func (c *Client) find(ctx context.Context, entries []ledger.Entry, known []string, t traces) ([]found, error) {
	out := make([]found, len(entries))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, e := range entries {
		standing := t.campaign.Envelopes[e.ID]
		if known[i] != "" || !t.mayBeComplete(e.ID) && standing.Marks == 0 {
			continue
		}
		g.Go(func() (err error) {
			if t.mayBeComplete(e.ID) {
				out[i].manifest, err = c.manifest(ctx, e)
			}
			if err == nil && out[i].manifest == nil && standing.Marks > 0 && (standing.Sent || !standing.Refused) {
				out[i].mark, err = c.mark(ctx, e, standing)
			}
			return err
		})
	}
	return out, g.Wait()
}

// found is what the archive has of an envelope; nothing: it is new.
type found struct {
	manifest *report.Manifest
	mark     *marks.Mark
}

func (c *Client) manifest(ctx context.Context, e ledger.Entry) (*report.Manifest, error) {
	m, err := report.ReadManifest(ctx, c.archive, e.Campaign, e.ID)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	return &m, err
}

func (c *Client) mark(ctx context.Context, e ledger.Entry, s marks.Standing) (*marks.Mark, error) {
	m, err := marks.New(c.archive).Read(ctx, e.Campaign, e.ID, s)
	return &m, err
}

// otherwise tells whether the archive has the entry's key with other content.
func (f found) otherwise(e ledger.Entry) bool { return f.mark != nil && f.mark.Digest != e.Digest }

// adopt turns the entry of an envelope that nobody may be invited to again into what the
// archive says of it: archived; or with an inviting call that a worker is to settle. whole
// tells that it needs nothing of what was enqueued.
func (f found) adopt(e *ledger.Entry, now time.Time) (whole bool, err error) {
	switch {
	case f.manifest != nil:
		e.Digest, e.State = f.manifest.Digest, ledger.Archived
		e.Content, err = f.manifest.Content()
		return true, err
	case f.mark != nil:
		whole = f.otherwise(*e)
		e.Digest, e.Provider, e.State = f.mark.Digest, f.mark.Provider, ledger.Preparing
		e.Content = ledger.Content{Simulated: f.mark.Environment == marks.Simulated,
			Steps: f.mark.Steps, Inviter: f.mark.Claim, IntentAt: now, CreatedAt: f.mark.Accepted}
	}
	return whole, nil
}

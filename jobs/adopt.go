package jobs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// What the archive has of an envelope that the ledger does not know (it was lost, emptied
// or set back): complete, or marked as invited. Nobody is invited again.

// traces are what the archive has of a campaign, as far as it was listed.
type traces struct {
	client   *Client
	name     string
	new      bool // the ledger did not know the campaign
	mu       sync.Mutex
	listed   bool // what is not in campaign is not there
	campaign marks.Campaign
	younger  bool // the ledger, than what the archive has of the campaign

	last bool // gone's last answer
}

// tracesOf lists what the archive has of a campaign where the ledger does not know the
// campaign at all. Where it does, single envelopes are looked for when they are enqueued,
// and their marks when they are sent.
func (c *Client) tracesOf(ctx context.Context, campaign string) (*traces, error) {
	t := &traces{client: c, name: campaign}
	found, err := c.learnCanceled(ctx, campaign)
	if err != nil {
		return nil, err
	}
	if younger, known := c.campaigns.Load(campaign); known {
		t.younger = younger.(bool)
		return t, nil
	}
	known, err := c.ledger.CampaignsNamed(ctx, []string{campaign})
	if err != nil {
		return nil, err
	}
	if len(known) > 0 {
		t.younger = known[0].Younger
		c.campaigns.Store(campaign, t.younger)
		if !found { // else the ledger has it from the archive, which may know more
			return t, nil
		}
	}
	t.new = !found
	if err := t.list(ctx); err != nil {
		return nil, err
	}
	if len(t.campaign.Envelopes)+len(t.campaign.Complete) > 0 {
		return t, t.foundMore(ctx)
	}
	return t, nil
}

// foundMore remembers that the archive knows more of the campaign than the ledger: what is
// new to both may have been sent, too, as far as its provider knows.
func (t *traces) foundMore(ctx context.Context) error {
	if t.younger {
		return nil
	}
	if err := t.client.ledger.Younger(ctx, t.name); err != nil {
		return err
	}
	t.younger = true
	t.client.campaigns.Store(t.name, true)
	return nil
}

func (t *traces) list(ctx context.Context) (err error) {
	t.campaign, err = marks.List(ctx, t.client.archive, t.name, report.ManifestName)
	t.listed = err == nil
	return err
}

// askFew: for so many envelopes the archive is asked one by one. For more, what it has of
// the campaign is listed, once for all that are enqueued together.
const askFew = 32

// expect prepares for questions about so many envelopes.
func (t *traces) expect(ctx context.Context, n int) error {
	if n <= askFew || t.listed {
		return nil
	}
	return t.list(ctx)
}

func (t *traces) mayBeComplete(id string) bool { return !t.listed || t.campaign.Complete[id] }

// gone tells whether an envelope that the ledger calls archived is not in this archive.
// Another process may have archived it since the listing: the first one is looked for, and
// the others are taken to be like it.
func (t *traces) gone(ctx context.Context, id string) (bool, error) {
	if t.campaign.Complete[id] {
		return false, nil
	}
	if t.listed && t.last {
		return true, nil
	}
	_, err := t.client.archive.Stat(ctx, archive.EnvelopeKey(t.name, id, report.ManifestName))
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		return false, err
	}
	t.last = err != nil
	return t.last, nil
}

// adoptAll turns entries that the ledger does not know into what the archive has of them.
func (c *Client) adoptAll(ctx context.Context, fresh []*draft, t *traces) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.expect(ctx, len(fresh)); err != nil {
		return err
	}
	there, err := c.find(ctx, fresh, t)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(there, func(f found) bool { return f != found{} }) {
		if err := t.foundMore(ctx); err != nil {
			return err
		}
	}
	var now time.Time // of the ledger; only marks need it
	if slices.ContainsFunc(there, func(f found) bool { return f.mark != nil }) {
		if now, err = c.ledger.Now(ctx); err != nil {
			return err
		}
	}
	for i, d := range fresh {
		if there[i].otherwise(d.entry) {
			d.result.conflict = &ConflictError{Key: d.envelope.Key()}
		}
		d.entry.Content.AskFirst = t.younger
		given := d.entry.Content
		if d.whole, err = there[i].adopt(&d.entry, now); err != nil {
			return err
		}
		if content := &d.entry.Content; !d.whole {
			content.Envelope, content.Trace = given.Envelope, given.Trace
			content.Simulated = content.Simulated || given.Simulated
		}
	}
	return nil
}

// atOnce is how many envelopes are read from the archive at the same time.
const atOnce = 16

// find reads what the archive has of envelopes.
func (c *Client) find(ctx context.Context, fresh []*draft, t *traces) ([]found, error) {
	out := make([]found, len(fresh))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, d := range fresh {
		e := d.entry
		standing := t.campaign.Envelopes[e.ID]
		if !t.mayBeComplete(e.ID) && standing.Marks == 0 {
			continue
		}
		g.Go(guard.Panics(func() (err error) {
			if t.mayBeComplete(e.ID) {
				out[i].manifest, err = c.manifest(ctx, e)
			}
			if err == nil && out[i].manifest == nil && standing.MayBeSent() {
				out[i].mark, err = c.mark(ctx, e, standing)
			}
			return err
		}))
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
func (f found) otherwise(e ledger.Entry) bool {
	return f.manifest != nil && f.manifest.Digest != e.Digest || f.mark != nil && f.mark.Digest != e.Digest
}

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
		e.Bare = whole
		e.Digest, e.Provider, e.State = f.mark.Digest, f.mark.Provider, ledger.Preparing
		e.Content = ledger.Content{Simulated: f.mark.Environment == marks.Simulated,
			Steps: f.mark.Steps, Inviter: f.mark.Claim, CreatedAt: f.mark.Accepted,
			// Who settles it may not know the documents' size: a call that takes long is as if it were younger.
			IntentAt: now.Add(max(0, time.Duration(f.mark.Within)*time.Millisecond-rest.SendWithin))}
	}
	return whole, nil
}

package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/storage/ledger"
)

// shutLong is from where on a task does not wait for its campaign's hours: the sweeper brings
// another when they open.
const shutLong = time.Minute

// take claims an envelope, and plans its campaign's hours when they are over.
func (w *Worker) take(ctx context.Context, key string, generation int64, p ledger.Preparation) (c *ledger.Claim, hold ledger.ClaimResult, wait time.Duration, err error) {
	for range 3 { // another process may plan, or somebody change them, at the same moment
		c, hold, wait, err = w.ledger.Claim(ctx, key, generation, Lease, p)
		if err != nil || hold != ledger.Unplanned {
			break
		}
		if err := w.planHours(ctx, key); err != nil {
			return nil, hold, 0, err
		}
	}
	return c, hold, wait, err
}

// planHours plans the next interval in which a campaign may invite.
func (w *Worker) planHours(ctx context.Context, key string) error {
	r, err := w.ledger.Get(ctx, key)
	if err != nil {
		return err
	}
	campaign, err := w.ledger.Campaign(ctx, r.Campaign)
	if err != nil {
		return err
	}
	now, err := w.ledger.Now(ctx)
	if err != nil {
		return err
	}
	if campaign.Hours.Settings == "" || now.Before(campaign.Hours.Closes) {
		return nil // somebody was first
	}
	settings, err := hours.Stored(campaign.Hours.Settings)
	if err != nil {
		return fmt.Errorf("the hours of %s: %w", r.Campaign, err)
	}
	h, err := settings.Parse()
	if err != nil {
		return fmt.Errorf("the hours of %s: %w", r.Campaign, err)
	}
	next, ok := h.Next(now)
	if !ok {
		return fmt.Errorf("the hours of %s have no day within a year: enqueue its file again with others", r.Campaign)
	}
	return w.ledger.PlanHours(ctx, r.Campaign, campaign.Hours, ledger.Interval{Opens: next.Opens, Closes: next.Closes, Day: next.Day, Limit: int64(h.Limit)})
}

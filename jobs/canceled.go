package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// What was canceled before anybody was invited has no mark. The archive is told of it for a ledger that is lost: enqueued
// again, such envelopes are canceled, and nobody is invited.

const (
	// canceledEvery is how often campaigns are looked for of which the archive is to be told. The ledger waits for a
	// while after a first cancellation, so that those of a minute make few lists.
	canceledEvery = 5 * time.Second
	canceledBatch = 200
	canceledPage  = 1000
	canceledLease = 20 * time.Second
	// canceledRest is for how long a campaign is left alone of which more was canceled meanwhile.
	canceledRest = 10 * time.Second
)

// CarryCanceled tells the archive what was canceled before it was sent, until the context ends. Any number of processes may.
func (c *Client) CarryCanceled(ctx context.Context) error {
	tick := time.NewTicker(canceledEvery)
	defer tick.Stop()
	for {
		if err := c.keepAllCanceled(ctx); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "what was canceled is not in the archive yet: a ledger that is lost now would send it when it is enqueued again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (c *Client) keepAllCanceled(ctx context.Context) error {
	names, err := c.ledger.TakeUnkept(ctx, canceledBatch, canceledRest)
	if err != nil {
		return err
	}
	var failed error
	for _, name := range names { // the others go on
		if err := c.keepCanceled(ctx, name); err != nil && failed == nil {
			failed = fmt.Errorf("campaign %s: %w", name, err)
		}
	}
	return failed
}

// keepCanceled tells the archive of a campaign's canceled envelopes, unless another does.
func (c *Client) keepCanceled(ctx context.Context, campaign string) error {
	round, err := c.ledger.BeginRound(ctx, "canceled/"+campaign, canceledLease)
	if err != nil || round == nil {
		return err
	}
	held, stop := ledger.KeepUp(ctx, canceledLease, round.Keep)
	defer stop()
	begun := time.Now()
	u, err := c.ledger.Unkept(held, campaign)
	if err == nil && !u.Canceling { // while all are being canceled it would read them again and again
		err = c.writeCanceled(held, campaign, u)
	}
	if err == nil {
		err = u.End(held, u.Canceling, max(canceledRest, indexShare*time.Since(begun)))
	}
	return errors.Join(err, round.End(context.WithoutCancel(ctx)))
}

func (c *Client) writeCanceled(ctx context.Context, campaign string, u *ledger.Unkept) error {
	book := marks.New(c.archive)
	var list []marks.Canceled
	for more := true; more; {
		var records []*ledger.Record
		var err error
		if records, more, err = u.Next(ctx, canceledPage); err != nil {
			return err
		}
		for _, r := range records {
			list = append(list, marks.Canceled{ID: r.ID, Provider: r.Provider, Digest: r.Digest})
		}
		if more && len(list)+canceledPage <= marks.MostCanceled {
			continue
		}
		if len(list) > 0 {
			if err := book.KeepCanceled(ctx, campaign, list); err != nil {
				return err
			}
		}
		if err := u.Kept(ctx); err != nil {
			return err
		}
		list = nil
	}
	return nil
}

// learnCanceled gives a ledger that is new to a campaign, or was lost, what the archive knows to be canceled of it. found tells
// whether that was anything.
func (c *Client) learnCanceled(ctx context.Context, campaign string) (found bool, err error) {
	if known, err := c.ledger.KnowsCanceled(ctx, campaign); err != nil || known {
		return false, err
	}
	adopted, known, err := c.adoptCanceled(ctx, campaign)
	if err != nil {
		return false, err
	}
	return adopted+known > 0, c.ledger.SetKnowsCanceled(ctx, campaign)
}

// adoptCanceled records what the archive knows to be canceled of a campaign, but for what it knows to have been sent after all, by a
// ledger that was set back. What this ledger calls queued is canceled anew; of what it knows otherwise nothing changes.
func (c *Client) adoptCanceled(ctx context.Context, campaign string) (adopted, known int, err error) {
	var there *marks.Campaign
	for list, err := range marks.New(c.archive).Canceled(ctx, campaign) {
		if err == nil && there == nil {
			there, err = c.enterCanceled(ctx, campaign)
		}
		if err != nil {
			return adopted, known, err
		}
		list = slices.DeleteFunc(list, func(x marks.Canceled) bool { return there.Complete[x.ID] || there.Envelopes[x.ID].Sent })
		for some := range slices.Chunk(list, batchSize) {
			made, err := c.adoptSomeCanceled(ctx, campaign, some)
			if err != nil {
				return adopted, known, err
			}
			adopted, known = adopted+made, known+len(some)-made
		}
	}
	return adopted, known, nil
}

// enterCanceled prepares a ledger that may know less of a campaign than the archive, and tells what else the archive has of it.
func (c *Client) enterCanceled(ctx context.Context, campaign string) (*marks.Campaign, error) {
	if err := c.ledger.Younger(ctx, campaign); err != nil {
		return nil, err
	}
	c.campaigns.Delete(campaign) // what is remembered of it may be of a ledger that is lost
	there, err := marks.List(ctx, c.archive, campaign, report.ManifestName)
	return &there, err
}

func (c *Client) adoptSomeCanceled(ctx context.Context, campaign string, list []marks.Canceled) (adopted int, err error) {
	var entries []ledger.Entry
	for _, x := range list {
		if !intake.ValidID(x.ID) || x.Provider == "" || x.Digest == "" {
			return 0, fmt.Errorf("archive: canceled envelopes of %s: %w", campaign, marks.ErrCanceledList)
		}
		entries = append(entries, ledger.Entry{Campaign: campaign, ID: x.ID, Provider: x.Provider, Digest: x.Digest, State: ledger.Canceled})
	}
	created, err := c.ledger.Create(ctx, entries)
	if err != nil {
		return 0, err
	}
	var again []string
	for i, r := range created {
		switch {
		case r.Verdict == ledger.Created:
			adopted++
		case r.State == ledger.Queued, r.State == ledger.Preparing:
			again = append(again, entries[i].ID)
		}
	}
	if len(again) == 0 {
		return adopted, nil
	}
	_, err = c.Cancel(ctx, campaign, again...)
	if _, refused := errors.AsType[*RefusedError](err); refused { // somebody has sent it by now
		err = nil
	}
	return adopted, err
}

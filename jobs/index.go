package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	// indexEvery is how often campaigns are looked for whose list of archived files is to be made.
	indexEvery = 5 * time.Second
	indexBatch = 200
	// indexLease is how long nobody else makes a list whose maker has died.
	indexLease = 20 * time.Second
	// indexRetry is for how long a list is left alone that could not be made: where the archive lets nobody
	// replace anything, it never can.
	indexRetry = 5 * time.Minute
	// indexShare bounds what lists cost a campaign that grows envelope by envelope: after each it is left
	// alone for so many times as long as it took.
	indexShare = 20
)

// CarryIndexes keeps the lists of archived files in the archive, until the context ends. Any number
// of processes may: each list is made by one of them.
func (c *Client) CarryIndexes(ctx context.Context) error {
	tick := time.NewTicker(indexEvery)
	defer tick.Stop()
	for {
		if err := c.writeIndexes(ctx); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "lists of archived files", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// writeIndexes makes the lists of the campaigns that need one and have nothing open.
func (c *Client) writeIndexes(ctx context.Context) error {
	names, err := c.ledger.TakeUnlisted(ctx, indexBatch, indexEvery)
	if err != nil {
		return err
	}
	failed := indexesFailed{}
	for _, name := range names {
		if err := c.WriteIndex(ctx, name); err != nil { // the others go on
			failed.campaigns, failed.causes = append(failed.campaigns, name), append(failed.causes, err)
		}
	}
	if len(failed.causes) == 0 {
		return nil
	}
	return &failed
}

// indexesFailed says which lists could not be made. Mostly all have one cause, and there may be many:
// it names the first ones and how many more.
type indexesFailed struct {
	campaigns []string
	causes    []error
}

const indexesNamed = 3

func (e *indexesFailed) Error() string {
	text := strings.Join(e.campaigns[:min(indexesNamed, len(e.campaigns))], ", ")
	if more := len(e.campaigns) - indexesNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + ": " + e.causes[0].Error()
}

func (e *indexesFailed) Unwrap() []error { return e.causes }

// WriteIndex makes a campaign's list of archived files in the archive, when it has nothing open any
// more, and the list there is not of all of them.
func (c *Client) WriteIndex(ctx context.Context, campaign string) error {
	has, err := c.ledger.Campaign(ctx, campaign)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	archived := has.States[ledger.Archived]
	if err != nil || has.Open() > 0 || archived == 0 {
		return err
	}
	if archived == has.Listed {
		return c.ledger.SetListed(ctx, campaign, archived, indexEvery)
	}
	round, err := c.ledger.BeginRound(ctx, "index/"+campaign, indexLease)
	if err != nil || round == nil {
		return err
	}
	begun := time.Now()
	if err = c.index(ctx, round, campaign); err == nil {
		c.tellEnd(ctx, has)
	}
	rest := max(indexEvery, indexShare*time.Since(begun))
	if err != nil {
		archived, rest = has.Listed, max(indexRetry, rest)
	}
	if ctx.Err() == nil { // who ends leaves it to the others
		err = errors.Join(err, c.ledger.SetListed(ctx, campaign, archived, rest))
	}
	return errors.Join(err, round.End(context.WithoutCancel(ctx)))
}

// tellEnd logs what a campaign has come to. It is said again when more of it is archived later.
func (c *Client) tellEnd(ctx context.Context, has ledger.Campaign) {
	attrs := []any{"campaign", has.Name, "envelopes", has.Total}
	for _, state := range ledger.States {
		if n := has.States[state]; n > 0 {
			attrs = append(attrs, string(state), n)
		}
	}
	c.log.InfoContext(ctx, "campaign ended", attrs...)
}

// index makes a list while it keeps the right to.
func (c *Client) index(ctx context.Context, round *ledger.Round, campaign string) error {
	ctx, stop := ledger.KeepUp(ctx, indexLease, round.Keep)
	defer stop()
	return report.WriteIndex(ctx, c.archive, campaign, func(key string, err error) {
		c.log.WarnContext(ctx, "left out of the list of archived files: chancela verify says more", "key", key, "error", err)
	})
}

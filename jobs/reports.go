package jobs

import (
	"context"
	"iter"
	"runtime"
	"sync"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/storage/ledger"
)

// reportsAtOnce is how many envelopes are read in one round trip.
const reportsAtOnce = 250

// Reports are those of a campaign's envelopes in some states, or (none) in all, in the order in
// which they were enqueued. Some pages are read and unpacked ahead, side by side.
func (c *Client) Reports(ctx context.Context, campaign string, states ...ledger.State) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var work sync.WaitGroup
		defer work.Wait()
		defer stop()
		pages := make(chan chan reportsPage, runtime.GOMAXPROCS(0))
		send := func(p chan reportsPage) bool {
			select {
			case pages <- p:
				return true
			case <-ctx.Done():
				return false
			}
		}
		work.Go(func() {
			defer close(pages)
			for cursor := ""; ; {
				keys, next, err := c.ledger.Keys(ctx, campaign, states, cursor, reportsAtOnce)
				p := make(chan reportsPage, 1)
				if !send(p) {
					return
				}
				if err != nil {
					p <- reportsPage{err: err}
					return
				}
				work.Go(func() { p <- c.reportsPage(ctx, keys) })
				if cursor = next; next == "" {
					return
				}
			}
		})
		for next := range pages {
			p := <-next
			for _, r := range p.reports {
				if !yield(r, nil) {
					return
				}
			}
			if p.err != nil {
				yield(Report{}, p.err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Report{}, err)
		}
	}
}

type reportsPage struct {
	reports []Report
	err     error
}

func (c *Client) reportsPage(ctx context.Context, keys []string) (p reportsPage) {
	p.err = guard.Panics(func() (err error) {
		p.reports, err = c.reportsOf(ctx, keys)
		return err
	})()
	return p
}

func (c *Client) reportsOf(ctx context.Context, keys []string) ([]Report, error) {
	records, err := c.ledger.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	reports := make([]Report, 0, len(records))
	for _, r := range records {
		if r == nil {
			continue
		}
		rep, err := c.Report(r)
		if err != nil {
			return reports, err
		}
		reports = append(reports, rep)
	}
	return reports, nil
}

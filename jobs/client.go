package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/source"
)

// Client enqueues envelopes and steers campaigns. It is what other programs import; the
// CSV reader, the HTTP API and the commands use it too.
type Client struct {
	ledger  *ledger.Ledger
	tasks   *queue.TaskQueue
	archive archive.Archive
	judge   *intake.Judge
	sources OpenSource
	log     *slog.Logger
	close   func() error // nil: nothing is the client's own

	campaigns sync.Map // name → bool: what this client knows to be in the ledger, and whether that is younger than the archive
	staged    hashes   // documents that this client knows to be in the archive
}

// ClientConfig makes a [Client].
type ClientConfig struct {
	Redis      redis.UniversalClient
	Durability ledger.Durability // as ledger.Inspect found it
	Archive    archive.Archive
	// Providers whose Check judges envelopes; an envelope of another one is refused.
	Providers []providers.Provider
	// Sources opens s3:// documents, as a [storage.Sources] does; nil: they are refused.
	// Those in the archive itself are refused always.
	Sources OpenSource
	Zone    *time.Location // whose day today is, for the last day to sign; nil: UTC, as for workers
	Log     *slog.Logger   // nil: slog.Default
}

// NewClient returns a client of what is open already. [Open] makes one of two addresses.
func NewClient(c ClientConfig) *Client {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Archive != nil {
		c.Sources = source.Outside(c.Archive.String(), c.Sources)
	}
	return &Client{
		ledger: ledger.New(c.Redis, c.Durability), tasks: queue.New(c.Redis), archive: c.Archive,
		judge: intake.NewJudge(c.Providers, c.Sources, c.Zone), sources: c.Sources, log: c.Log,
	}
}

// Ledger is the record behind the client.
func (c *Client) Ledger() *ledger.Ledger { return c.ledger }

// TaskQueue is the queue that brings envelopes to workers.
func (c *Client) TaskQueue() *queue.TaskQueue { return c.tasks }

// Archive is where documents and artifacts are kept.
func (c *Client) Archive() archive.Archive { return c.archive }

// Get reads an envelope's report.
func (c *Client) Get(ctx context.Context, key Key) (Report, error) {
	r, err := c.ledger.Get(ctx, key.String())
	if err != nil {
		return Report{}, err
	}
	return c.Report(r)
}

// Report tells a person what the ledger has on an envelope.
func (c *Client) Report(r *ledger.Record) (Report, error) { return report.Of(r) }

// watchEvery is how often Watch reads the ledger.
const watchEvery = 500 * time.Millisecond

// Watch gives an envelope's report now and at every change of state that it sees, until
// the envelope is terminal, the context ends, or an error.
func (c *Client) Watch(ctx context.Context, key Key) func(yield func(Report, error) bool) {
	return func(yield func(Report, error) bool) {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		last := ledger.State("")
		for {
			r, err := c.ledger.Get(ctx, key.String())
			if err != nil {
				yield(Report{}, err)
				return
			}
			if r.State != last {
				last = r.State
				rep, err := c.Report(r)
				if !yield(rep, err) || err != nil || r.State.Terminal() {
					return
				}
			}
			select {
			case <-ctx.Done():
				yield(Report{}, ctx.Err())
				return
			case <-tick.C:
			}
		}
	}
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/jobs/trace"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
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

	campaigns sync.Map // name → struct{}: what this client knows to be in the ledger
	staged    sync.Map // hash → struct{}: what this client knows to be in the archive
}

// ClientConfig makes a [Client].
type ClientConfig struct {
	Redis   redis.UniversalClient
	Barrier ledger.Barrier // as ledger.Inspect found it
	Archive archive.Archive
	// Providers whose Check judges envelopes; an envelope of another one is refused.
	Providers []providers.Provider
	// Sources opens s3:// documents, as a [storage.Sources] does; nil: they are refused.
	// Those in the archive itself are refused always.
	Sources OpenSource
	Log     *slog.Logger // nil: slog.Default
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
		ledger: ledger.New(c.Redis, c.Barrier), tasks: queue.New(c.Redis), archive: c.Archive,
		judge: intake.NewJudge(c.Providers, c.Sources), sources: c.Sources, log: c.Log,
	}
}

// Ledger is the record behind the client.
func (c *Client) Ledger() *ledger.Ledger { return c.ledger }

// Courier is the queue behind the client.
func (c *Client) TaskQueue() *queue.TaskQueue { return c.tasks }

// Archive is where documents and artifacts are kept.
func (c *Client) Archive() archive.Archive { return c.archive }

// Accepted is what became of an envelope that was enqueued.
type Accepted struct {
	Key   Key
	New   bool // false: it was there already, with the same content
	State ledger.State

	// Adopted: it was in the archive, and the ledger did not know it.
	Adopted bool
}

// Judge is what the client checks envelopes with.
func (c *Client) Judge() *intake.Judge { return c.judge }

// Check tells everything that is wrong with an envelope, by the shared rules and by its
// provider's. It brings the envelope into normal form and measures its documents, and
// calls nobody.
func (c *Client) Check(ctx context.Context, e *Envelope) error {
	problems, err := c.judge.Check(ctx, e, nil)
	if err != nil {
		return err
	}
	return problems.Err()
}

// Enqueue accepts one envelope. The same key with the same content again is success
// and sends nothing; with other content it is ErrConflict. What is wrong with the
// envelope comes back as [providers.Problems].
func (c *Client) Enqueue(ctx context.Context, e Envelope) (Accepted, error) {
	if err := c.Check(ctx, &e); err != nil {
		return Accepted{}, err
	}
	return c.EnqueueChecked(ctx, e)
}

// EnqueueChecked is Enqueue for an envelope in which [Client.Judge] has found nothing wrong.
func (c *Client) EnqueueChecked(ctx context.Context, e Envelope) (Accepted, error) {
	t, err := c.tracesOf(ctx, e.Campaign)
	if err != nil {
		return Accepted{}, err
	}
	out, err := c.enqueue(ctx, []Envelope{e}, t)
	if err != nil {
		return Accepted{}, err
	}
	if out[0].conflict != nil {
		return Accepted{}, out[0].conflict
	}
	return out[0].Accepted, nil
}

type acceptance struct {
	Accepted
	conflict *ConflictError
}

// enqueue records checked envelopes and puts their tasks on the queue. Those that the
// archive has and the ledger does not know are adopted.
func (c *Client) enqueue(ctx context.Context, batch []Envelope, t traces) ([]acceptance, error) {
	out := make([]acceptance, len(batch))
	entries := make([]ledger.Entry, len(batch))
	keys := make([]string, len(batch))
	for i := range batch {
		digest, err := intake.Digest(batch[i])
		if err != nil {
			return nil, err
		}
		e := &batch[i]
		keys[i] = e.Key().String()
		entries[i] = ledger.Entry{Campaign: e.Campaign, ID: e.ID, Provider: e.Provider, Digest: digest, State: ledger.Queued, SweepAfter: ledger.SweepAfter}
		entries[i].Invitation, _ = intake.InvitationOf(*e)
	}
	known, err := c.ledger.Digests(ctx, keys)
	if err != nil {
		return nil, err
	}
	there, err := c.find(ctx, entries, known, t)
	if err != nil {
		return nil, err
	}
	var now time.Time // of the ledger; only marks need it
	if slices.ContainsFunc(there, func(f found) bool { return f.mark != nil }) {
		if now, err = c.ledger.Now(ctx); err != nil {
			return nil, err
		}
	}
	for i := range batch {
		if known[i] != "" {
			continue // same or conflict: Create says which, nothing needs to be staged
		}
		e := &batch[i]
		if there[i].otherwise(entries[i]) {
			out[i].conflict = &ConflictError{Key: e.Key()}
		}
		whole, err := there[i].adopt(&entries[i], now)
		if err != nil {
			return nil, err
		}
		if whole {
			continue
		}
		for _, d := range intake.Documents(e) {
			if _, ok := c.staged.Load(d.SHA256); ok {
				continue
			}
			if err := stage(ctx, c.archive, d.Document); err != nil {
				return nil, fmt.Errorf("%s: keeping %s: %w", e.Key(), d.Column, err)
			}
			c.staged.Store(d.SHA256, struct{}{})
		}
		b, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Key(), err)
		}
		p := c.judge.Provider(e.Provider)
		spanned, span := trace.Start(ctx, "", "enqueue")
		content := &entries[i].Content
		content.Envelope, content.Trace = b, trace.Parent(spanned)
		content.Simulated = content.Simulated || p != nil && p.Info().Simulated
		span.End()
	}
	created, err := c.ledger.Create(ctx, entries)
	if err != nil {
		return nil, err
	}
	conflicts, err := c.conflicts(ctx, batch, created)
	if err != nil {
		return nil, err
	}
	for i, r := range created {
		adopted := r.Verdict == ledger.Created && r.State != ledger.Queued
		out[i].Accepted = Accepted{Key: batch[i].Key(), New: r.Verdict == ledger.Created && !adopted, Adopted: adopted, State: r.State}
		if conflict, ok := conflicts[i]; ok {
			out[i].conflict = conflict
		}
		if r.Verdict != ledger.Created || r.State.Terminal() {
			continue
		}
		c.log.InfoContext(ctx, "envelope", "campaign", batch[i].Campaign, "id", batch[i].ID, "provider", batch[i].Provider, "state", string(r.State))
		if err := c.tasks.Envelope(ctx, batch[i].Provider, pace.Send, keys[i], r.Generation, 0); err != nil {
			return nil, err // recorded: the sweeper brings it, and so does the same call again
		}
	}
	return out, nil
}

// Source gives envelopes one by one, checked: a CSV file's rows. It ends with the
// first error.
type Source func(yield func(Envelope, error) bool)

// Summary counts what became of many envelopes.
type Summary struct {
	New       int
	Known     int // there already with the same content
	Adopted   int // of the known: by the archive alone
	Archived  int // of the known: archived already
	Moved     int // of the archived: into another archive than this client's
	Conflicts []*ConflictError
}

// Add counts what became of more envelopes.
func (s *Summary) Add(more Summary) {
	s.New += more.New
	s.Known += more.Known
	s.Adopted += more.Adopted
	s.Archived += more.Archived
	s.Moved += more.Moved
	s.Conflicts = append(s.Conflicts, more.Conflicts...)
}

// batchSize is how many envelopes go to Redis in one round trip.
const batchSize = 200

// EnqueueAll accepts all envelopes of one campaign from a source of checked ones. A
// conflict is reported and does not stop the others. Interrupted and called again, it
// goes on: what is there is known.
func (c *Client) EnqueueAll(ctx context.Context, campaign string, source Source) (Summary, error) {
	t, err := c.list(ctx, campaign)
	if err != nil {
		return Summary{}, err
	}
	var sum Summary
	flush := func(batch []Envelope) error {
		out, err := c.enqueue(ctx, batch, t)
		if err != nil {
			return err
		}
		for _, a := range out {
			switch {
			case a.conflict != nil:
				sum.Conflicts = append(sum.Conflicts, a.conflict)
			case a.New:
				sum.New++
			default:
				sum.Known++
				if a.Adopted {
					sum.Adopted++
				}
				if a.State == ledger.Archived {
					sum.Archived++
					moved, err := c.moved(ctx, a.Key, t.campaign.Complete, sum.Moved)
					if err != nil {
						return err
					}
					sum.Moved += moved
				}
			}
		}
		return nil
	}
	batch := make([]Envelope, 0, batchSize)
	for e, err := range source {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return sum, err
		}
		if batch = append(batch, e); len(batch) == batchSize {
			if err := flush(batch); err != nil {
				return sum, err
			}
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		return sum, flush(batch)
	}
	return sum, nil
}

// moved counts 1 for an envelope that is archived, but not in this archive. Another process
// may have archived it since the archive was listed: the first one is looked for.
func (c *Client) moved(ctx context.Context, k Key, listed map[string]bool, others int) (int, error) {
	if listed[k.ID] {
		return 0, nil
	}
	if others == 0 {
		_, err := c.archive.Stat(ctx, archive.EnvelopeKey(k.Campaign, k.ID, report.ManifestName))
		if err == nil {
			listed[k.ID] = true
			return 0, nil
		}
		if !errors.Is(err, archive.ErrNotFound) {
			return 0, err
		}
	}
	return 1, nil
}

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

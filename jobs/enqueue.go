package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/trace"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

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
	e.Signers, e.Documents = slices.Clone(e.Signers), slices.Clone(e.Documents) // the caller's stay as they are
	if err := c.Check(ctx, &e); err != nil {
		return Accepted{}, err
	}
	return c.EnqueueChecked(ctx, e)
}

// EnqueueChecked is Enqueue for an envelope in which [Client.Judge] has found nothing wrong.
func (c *Client) EnqueueChecked(ctx context.Context, e Envelope) (Accepted, error) {
	d, err := c.draft(ctx, e)
	if err != nil {
		return Accepted{}, err
	}
	known, err := c.tracesOf(ctx, e.Campaign)
	if err != nil {
		return Accepted{}, err
	}
	out, err := c.accept(ctx, []*draft{d}, known)
	if err != nil {
		return Accepted{}, err
	}
	if out[0].conflict != nil {
		return Accepted{}, out[0].conflict
	}
	return out[0].Accepted, nil
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

// What goes to Redis in one round trip: so many envelopes, or about so many bytes of them.
const (
	batchSize  = 200
	batchBytes = 2 << 20
)

// together is how many requests of one batch are under way at once, to Redis or to the
// archive.
const together = 8

// EnqueueAll accepts all envelopes of one campaign from a source of checked ones. A
// conflict is reported and does not stop the others. Interrupted and called again, it
// goes on: what is there is known.
//
// While one batch is on its way, the next one is read.
func (c *Client) EnqueueAll(ctx context.Context, campaign string, source Source) (Summary, error) {
	return c.EnqueueFirst(ctx, campaign, 0, source)
}

// EnqueueFirst is EnqueueAll for a campaign of which the first envelopes of each provider are
// sent, so many, and the others when those are archived or the campaign is resumed. It holds
// for whatever is added to the campaign.
func (c *Client) EnqueueFirst(ctx context.Context, campaign string, first int, source Source) (Summary, error) {
	var sum Summary
	known, err := c.tracesOf(ctx, campaign)
	if err != nil {
		return sum, err
	}
	batches := make(chan []*draft)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		for batch := range batches {
			for _, d := range batch {
				d.entry.First = first
			}
			out, err := c.accept(ctx, batch, known)
			if err == nil {
				err = sum.count(ctx, out, known)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	reading := c.batches(ctx, source, batches)
	close(batches)
	if err := work.Wait(); err != nil {
		return sum, err
	}
	return sum, reading
}

// batches reads a source and passes it on in batches. It returns when the source has
// ended, with an error or without, or the context.
func (c *Client) batches(ctx context.Context, source Source, to chan<- []*draft) error {
	var batch []*draft
	size := 0
	send := func() error {
		select {
		case to <- batch:
			batch, size = nil, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for e, err := range source {
		if err != nil {
			return err
		}
		d, err := c.draft(ctx, e)
		if err != nil {
			return err
		}
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
			if a.State == ledger.Archived {
				archived++
			}
		}
	}
	if archived == 0 {
		return nil
	}
	s.Archived += archived
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

// draft is a checked envelope as the ledger is to hold it.
type draft struct {
	envelope Envelope
	key      string
	entry    ledger.Entry
	whole    bool        // the archive has all of it
	result   *acceptance // what becomes of it
}

// size is about what a draft takes in memory, in bytes.
func (d *draft) size() int { return 2*len(d.entry.Content.Envelope) + 512*len(d.envelope.Signers) }

func (c *Client) draft(ctx context.Context, e Envelope) (*draft, error) {
	digest, err := intake.Digest(e)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Key(), err)
	}
	p := c.judge.Provider(e.Provider)
	spanned, span := trace.Start(ctx, "", "enqueue")
	defer span.End()
	d := &draft{envelope: e, key: e.Key().String()}
	d.entry = ledger.Entry{Campaign: e.Campaign, ID: e.ID, Provider: e.Provider, Digest: digest, State: ledger.Queued, SweepAfter: ledger.SweepAfter,
		Content: ledger.Content{Envelope: content, Simulated: p != nil && p.Info().Simulated, Trace: trace.Parent(spanned)}}
	d.entry.Invitation, _ = intake.InvitationOf(e)
	return d, nil
}

// acceptance is what became of a draft.
type acceptance struct {
	Accepted
	conflict *ConflictError
}

// accept records a batch and puts its tasks on the queue. Those that the archive has and
// the ledger does not know are adopted.
func (c *Client) accept(ctx context.Context, batch []*draft, known *traces) ([]acceptance, error) {
	digests, err := c.ledger.Digests(ctx, keysOf(batch))
	if err != nil {
		return nil, err
	}
	out := make([]acceptance, len(batch))
	var fresh []*draft // the others are the same or conflict: Create says which, and nothing of them is kept
	for i, d := range batch {
		if digests[i] == "" {
			d.result = &out[i]
			fresh = append(fresh, d)
		}
	}
	if err := c.adoptAll(ctx, fresh, known); err != nil {
		return nil, err
	}
	if err := c.stageAll(ctx, fresh); err != nil {
		return nil, err
	}
	entries := make([]ledger.Entry, len(batch))
	for i, d := range batch {
		entries[i] = d.entry
	}
	created, err := c.ledger.Create(ctx, entries)
	if err != nil {
		return nil, err
	}
	if err := c.conflicts(ctx, batch, created, out); err != nil {
		return nil, err
	}
	var tasks []queue.Envelope
	var carried []*ledger.Record
	for i, r := range created {
		d := batch[i]
		adopted := r.Verdict == ledger.Created && r.State != ledger.Queued
		out[i].Accepted = Accepted{Key: d.envelope.Key(), New: r.Verdict == ledger.Created && !adopted, Adopted: adopted, State: r.State}
		if r.Verdict != ledger.Created || r.State.Terminal() {
			continue
		}
		c.log.InfoContext(ctx, "envelope", "campaign", d.envelope.Campaign, "id", d.envelope.ID, "provider", d.envelope.Provider, "state", string(r.State))
		if r.Waits {
			continue // the sweeper brings it
		}
		tasks = append(tasks, queue.Envelope{Provider: d.envelope.Provider, Class: pace.Send, Key: d.key, Generation: r.Generation})
		carried = append(carried, &ledger.Record{Campaign: d.envelope.Campaign, ID: d.envelope.ID, Version: 1})
	}
	// What fails here is recorded: the sweeper brings it, and so does the same call again.
	if err := c.tasks.Envelopes(ctx, tasks); err != nil {
		return nil, err
	}
	return out, c.ledger.Carried(ctx, carried)
}

// conflicts looks closer at those whose keys are taken by something else.
func (c *Client) conflicts(ctx context.Context, batch []*draft, created []ledger.Creation, out []acceptance) error {
	var at []int
	var others []*Envelope
	for i, r := range created {
		if r.Verdict == ledger.Conflict {
			at, others = append(at, i), append(others, &batch[i].envelope)
		}
	}
	found, err := c.compare(ctx, others)
	if err != nil {
		return err
	}
	for n, e := range found {
		if out[at[n]].conflict = e; e == nil {
			if err := c.fill(ctx, batch[at[n]]); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill gives a record that is known from the archive alone the content that it was without.
func (c *Client) fill(ctx context.Context, d *draft) error {
	r, err := c.ledger.Get(ctx, d.key)
	if err != nil {
		return err
	}
	if !r.Bare {
		return nil // the same but for blanks
	}
	if err := c.stageAll(ctx, []*draft{d}); err != nil {
		return err
	}
	work := false
	err = c.insist(ctx, r, func(r *ledger.Record) (err error) {
		if r.Bare {
			work, err = c.ledger.Fill(ctx, r, d.entry.Content.Envelope)
		}
		return err
	})
	if err != nil || !work {
		return err
	}
	if r, err = c.ledger.Get(ctx, d.key); err != nil {
		return err
	}
	return c.tasks.Carry(ctx, r)
}

func keysOf(batch []*draft) []string {
	keys := make([]string, len(batch))
	for i, d := range batch {
		keys[i] = d.key
	}
	return keys
}

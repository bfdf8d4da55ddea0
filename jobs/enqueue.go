package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
	checked, err := c.checked(ctx, e)
	if err != nil {
		return Accepted{}, err
	}
	return c.EnqueueChecked(ctx, checked)
}

// checked judges an envelope that comes from outside.
func (c *Client) checked(ctx context.Context, e Envelope) (intake.Checked, error) {
	e = e.Clone() // the caller's stays as it is
	checked, problems, err := c.judge.Checked(ctx, &e, nil)
	if err == nil {
		err = problems.Err()
	}
	return checked, err
}

// errUnchecked: no judge has said that nothing is wrong.
var errUnchecked = errors.New("the envelope was not checked, or something is wrong with it")

// EnqueueChecked is Enqueue for an envelope that was checked already.
func (c *Client) EnqueueChecked(ctx context.Context, checked intake.Checked) (Accepted, error) {
	d, err := c.draft(checked)
	if err != nil {
		return Accepted{}, err
	}
	return c.take(ctx, d)
}

// take accepts one draft.
func (c *Client) take(ctx context.Context, d *draft) (Accepted, error) {
	known, err := c.tracesOf(ctx, d.envelope.Campaign)
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

// draft begins a draft; [Client.complete] ends it.
func (c *Client) draft(checked intake.Checked) (*draft, error) {
	e, ok := checked.Envelope()
	if !ok {
		return nil, errUnchecked
	}
	return draftOf(e)
}

func draftOf(e Envelope) (*draft, error) {
	content, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Key(), err)
	}
	return &draft{envelope: e, key: e.Key().String(), entry: ledger.Entry{Campaign: e.Campaign, ID: e.ID, Provider: e.Provider, State: ledger.Queued,
		SweepAfter: ledger.SweepAfter, TaskFollows: true, Content: ledger.Content{Envelope: content}}}, nil
}

func (c *Client) complete(ctx context.Context, d *draft) (err error) {
	if d.entry.Digest, err = intake.Digest(d.envelope); err != nil {
		return err
	}
	d.entry.Invitation, _ = intake.InvitationOf(d.envelope)
	p := c.judge.Provider(d.envelope.Provider)
	d.entry.Content.Simulated = p != nil && p.Info().Simulated
	spanned, span := trace.Start(ctx, "", "enqueue")
	defer span.End()
	d.entry.Content.Trace = trace.Parent(spanned)
	return nil
}

// acceptance is what became of a draft.
type acceptance struct {
	Accepted
	conflict *ConflictError
}

// accept records a batch and puts its tasks on the queue. Those that the archive has and
// the ledger does not know are adopted.
func (c *Client) accept(ctx context.Context, batch []*draft, known *traces) ([]acceptance, error) {
	b := &accepting{drafts: batch}
	err := c.prepare(ctx, b, known)
	if err == nil {
		err = c.record(ctx, b)
	}
	if err == nil {
		err = c.enqueueTasks(ctx, b)
	}
	return b.out, err
}

// accepting is a batch on its way.
type accepting struct {
	drafts  []*draft
	out     []acceptance
	created []ledger.Creation
}

// prepare completes a batch's drafts, and finds and keeps what the ledger is to have of them.
func (c *Client) prepare(ctx context.Context, b *accepting, known *traces) error {
	b.out = make([]acceptance, len(b.drafts))
	for _, d := range b.drafts {
		if err := c.complete(ctx, d); err != nil {
			return err
		}
	}
	fresh, err := c.fresh(ctx, b, known)
	if err != nil {
		return err
	}
	if err := c.adoptAll(ctx, fresh, known); err != nil {
		return err
	}
	for _, d := range fresh {
		d.entry.Pack()
	}
	return c.stageAll(ctx, fresh)
}

// fresh are those of a batch that the ledger does not know. The others are the same or conflict:
// Create says which, and nothing of them is kept.
func (c *Client) fresh(ctx context.Context, b *accepting, known *traces) (fresh []*draft, err error) {
	keys := make([]string, len(b.drafts))
	for i, d := range b.drafts {
		keys[i] = d.key
	}
	digests := make([]string, len(keys))
	if !known.new {
		if digests, err = c.ledger.Digests(ctx, keys); err != nil {
			return nil, err
		}
	}
	for i, d := range b.drafts {
		if digests[i] == "" {
			d.result = &b.out[i]
			fresh = append(fresh, d)
		}
		d.entry.Known = digests[i] == d.entry.Digest
	}
	return fresh, nil
}

// record writes a batch into the ledger.
func (c *Client) record(ctx context.Context, b *accepting) (err error) {
	entries := make([]ledger.Entry, len(b.drafts))
	for i, d := range b.drafts {
		entries[i] = d.entry
	}
	if b.created, err = c.ledger.Create(ctx, entries); err != nil {
		return err
	}
	return c.conflicts(ctx, b.drafts, b.created, b.out)
}

// enqueueTasks puts the tasks of what is new in a batch on the queue. When it fails, they are
// recorded: the sweeper brings them.
func (c *Client) enqueueTasks(ctx context.Context, b *accepting) error {
	var tasks []queue.Envelope
	var batches []ledger.Batch
	for i, r := range b.created {
		d := b.drafts[i]
		adopted := r.Verdict == ledger.Created && r.State != ledger.Queued
		b.out[i].Accepted = Accepted{Key: d.envelope.Key(), New: r.Verdict == ledger.Created && !adopted, Adopted: adopted, State: r.State}
		if r.Verdict != ledger.Created || r.State.Terminal() {
			continue
		}
		c.log.DebugContext(ctx, "envelope", "campaign", d.envelope.Campaign, "id", d.envelope.ID, "provider", d.envelope.Provider, "state", string(r.State))
		if r.Waits {
			continue // the sweeper brings it
		}
		tasks = append(tasks, queue.Envelope{Provider: d.envelope.Provider, Class: pace.Send, Key: d.key, Generation: r.Generation})
		if !slices.Contains(batches, r.Batch) {
			batches = append(batches, r.Batch)
		}
	}
	if err := c.tasks.Envelopes(ctx, tasks); err != nil {
		return err
	}
	return c.ledger.Batched(ctx, batches...)
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

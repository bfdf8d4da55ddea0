package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Entry is an envelope that is to be recorded.
type Entry struct {
	Campaign, ID, Provider string
	Digest                 string
	Bare                   bool  // it comes without its content
	State                  State // Queued; or Preparing or Archived for one that is found in the archive, or any other
	Content                Content
	Invitation             Invitation
	SweepAfter             time.Duration // when the sweeper shall look whether a task carries it, or a sent one is looked at
	// TaskFollows: its task is put on the queue at once, and then [Ledger.Batched] says so for all
	// that were created together.
	TaskFollows bool
	Known       bool // it is there, as far as the caller knows: packing its content is not worth the time

	// First is how many envelopes of each provider of the campaign go first: the others wait
	// until so many are archived. 0: as the campaign was begun. It is one for all of a Create.
	First int

	packed []byte
	folded map[string]string // the pieces of one that is archived
}

// Pack does ahead what [Ledger.Create] would do with the content.
func (e *Entry) Pack() {
	if e.State == Archived {
		r := Record{Campaign: e.Campaign, ID: e.ID, Provider: e.Provider, Envelope: e.Content.Envelope, Signers: e.Content.Signers, Artifacts: e.Content.Artifacts}
		e.packed = r.remains(nil)
		if e.folded = pieces(e.packed); e.folded != nil {
			e.packed = []byte{}
		}
		return
	}
	e.packed = e.Content.blob(!e.Known)
}

// Content is what a new record begins with. What is below Trace is known of an envelope
// that is found in the archive.
type Content struct {
	Envelope  json.RawMessage
	Simulated bool
	AskFirst  bool // see [Record]
	Trace     string

	// Of one whose inviting call stands in the archive, and is to be settled.
	Steps    map[string]string
	Inviter  string
	IntentAt time.Time // when that was found

	CreatedAt                       time.Time // zero: now
	Tries                           int
	EnvelopeID                      string
	Signers, Artifacts              json.RawMessage
	SentAt, CompletedAt, ArchivedAt time.Time
}

func (c Content) fields() map[string]string {
	all := map[string]string{
		fieldEnvelopeID: c.EnvelopeID, fieldInviter: c.Inviter, fieldIntentAt: formatTime(c.IntentAt), fieldCreated: formatTime(c.CreatedAt),
		fieldSentAt: formatTime(c.SentAt), fieldCompleted: formatTime(c.CompletedAt), fieldArchived: formatTime(c.ArchivedAt),
	}
	maps.Copy(all, stepFields(c.Steps))
	if c.Tries > 0 {
		all[fieldTries] = strconv.Itoa(c.Tries)
	}
	if c.Simulated {
		all[fieldSimulated] = "1"
	}
	if c.AskFirst {
		all[fieldAskFirst] = "1"
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

func (c Content) blob(pack bool) (b []byte) {
	for field, value := range map[string][]byte{fieldEnvelope: c.Envelope, fieldTrace: []byte(c.Trace), fieldSigners: c.Signers, fieldArtifacts: c.Artifacts} {
		switch {
		case len(value) == 0:
		case pack:
			b = appendSection(b, field[1], value)
		default:
			b = append(b, plainSection(field[1], string(value))...)
		}
	}
	return b
}

// Verdict is what Create found.
type Verdict string

// The verdicts.
const (
	Created  Verdict = "created"
	Same     Verdict = "same"     // the key is there with the same content
	Conflict Verdict = "conflict" // the key is there with other content
)

// Creation is the result for one entry.
type Creation struct {
	Verdict    Verdict
	State      State
	Generation int64
	Waits      bool // until those that go first are archived
	Batch      Batch
}

// Batch is the envelopes of one provider whose tasks follow what one script has done to them.
// The zero value: none.
type Batch struct{ provider, name string }

// Create records envelopes that are new and leaves alone what is there. The results
// are in the order of the entries. Up to 200 entries of one campaign are recorded together or
// not at all; when an error is returned some may be.
func (l *Ledger) Create(ctx context.Context, entries []Entry) ([]Creation, error) {
	hashKey, err := l.invitationKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("ledger: create: %w", err)
	}
	out := make([]Creation, 0, len(entries))
	for len(entries) > 0 {
		n := 1 // of one campaign
		for n < len(entries) && n < createAtOnce && entries[n].Campaign == entries[0].Campaign {
			n++
		}
		made, err := l.create(ctx, entries[:n], hashKey)
		if err != nil {
			return nil, fmt.Errorf("ledger: create: %w", err)
		}
		out, entries = append(out, made...), entries[n:]
	}
	return out, nil
}

// createAtOnce bounds how long one script keeps Redis from everybody else.
const createAtOnce = 200

func (l *Ledger) create(ctx context.Context, entries []Entry, hashKey []byte) ([]Creation, error) {
	keys, args := make([]string, len(entries)), make([]any, 2, 2+12*len(entries))
	args[0], args[1] = entries[0].Campaign, entries[0].First
	for i, e := range entries {
		keys[i] = envelopeKey(e.Campaign + "/" + e.ID)
		index := Work
		switch {
		case e.State.Terminal():
			index = none
		case e.State == Sent:
			index = Look
		case e.TaskFollows:
			index = batched
		}
		bucket, field := "", ""
		if e.Invitation != (Invitation{}) {
			bucket, field = e.Invitation.slot(hashKey)
		}
		if e.packed == nil {
			e.Pack()
		}
		fields := e.Content.fields()
		maps.Copy(fields, e.folded)
		digest := pack(e.Digest)
		if e.Bare {
			digest = bare + e.Digest
		}
		args = append(args, e.ID, e.Provider, digest, letters[e.State], letterOf(index), millis(e.SweepAfter), bucket, field, e.packed, len(fields))
		for f, v := range fields {
			args = append(args, f, v)
		}
	}
	res, err := createScript.Run(ctx, l.db, keys, args...).Slice()
	if err != nil {
		return nil, err
	}
	answers, batches := res[0].([]any), batchesOf(res[1])
	if len(answers) != len(entries) {
		return nil, fmt.Errorf("%d answers for %d envelopes", len(answers), len(entries))
	}
	out := make([]Creation, len(entries))
	for i, a := range answers {
		s, ok := a.([]any)
		if !ok || len(s) < 3 {
			return nil, errors.New("unexpected answer")
		}
		out[i] = Creation{Verdict: Verdict(text(s[0])), State: State(text(s[1])), Generation: number(s[2]), Waits: len(s) > 3 && number(s[3]) == 1}
		if out[i].Verdict == Created {
			out[i].Batch = batchOf(batches, entries[i].Provider)
		}
	}
	return out, nil
}

func batchesOf(answer any) (all []Batch) {
	flat := answer.([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		all = append(all, Batch{text(flat[i]), text(flat[i+1])})
	}
	return all
}

func batchOf(all []Batch, provider string) Batch {
	for _, b := range all {
		if b.provider == provider {
			return b
		}
	}
	return Batch{}
}

// Digests reads the digests of envelopes that are recorded: empty where one is not.
func (l *Ledger) Digests(ctx context.Context, keys []string) ([]string, error) {
	cmds := make([]*redis.StringCmd, len(keys))
	_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range keys {
			cmds[i] = p.HGet(ctx, envelopeKey(k), fieldDigest)
		}
		return nil
	})
	if err != nil && err != redis.Nil {
		return nil, fmt.Errorf("ledger: reading digests: %w", err)
	}
	out := make([]string, len(keys))
	for i, c := range cmds {
		out[i] = unpack(c.Val())
	}
	return out, nil
}

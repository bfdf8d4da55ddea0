package ledger

import (
	"context"
	"encoding/json"
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
	State                  State // Queued, or Preparing or Archived for one that is found in the archive
	Content                Content
	Invitation             Invitation
	SweepAfter             time.Duration // when the sweeper shall look whether a task carries it
}

// Content is what a new record begins with. What is below Trace is known of an envelope
// that is found in the archive.
type Content struct {
	Envelope  json.RawMessage
	Simulated bool
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
		fieldEnvelope: string(c.Envelope), fieldTrace: c.Trace, fieldEnvelopeID: c.EnvelopeID,
		fieldSigners: string(c.Signers), fieldArtifacts: string(c.Artifacts),
		fieldInviter: c.Inviter, fieldIntentAt: formatTime(c.IntentAt), fieldCreated: formatTime(c.CreatedAt),
		fieldSentAt: formatTime(c.SentAt), fieldCompleted: formatTime(c.CompletedAt), fieldArchived: formatTime(c.ArchivedAt),
	}
	maps.Copy(all, stepFields(c.Steps))
	if c.Tries > 0 {
		all[fieldTries] = strconv.Itoa(c.Tries)
	}
	if c.Simulated {
		all[fieldSimulated] = "1"
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
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
}

// Create records envelopes that are new and leaves alone what is there. The results
// are in the order of the entries. Each entry is recorded whole or not at all; when an
// error is returned some may be.
func (l *Ledger) Create(ctx context.Context, entries []Entry) ([]Creation, error) {
	if err := createScript.Load(ctx, l.db).Err(); err != nil {
		return nil, fmt.Errorf("ledger: create: %w", err)
	}
	hashKey, err := l.invitationKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("ledger: create: %w", err)
	}
	cmds := make([]*redis.Cmd, len(entries))
	_, err = l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, e := range entries {
			key := e.Campaign + "/" + e.ID
			index := Work
			if e.State.Terminal() {
				index = none
			}
			bucket, field := "", ""
			if e.Invitation != (Invitation{}) {
				bucket, field = e.Invitation.slot(hashKey)
			}
			args := []any{key, e.Campaign, e.ID, e.Provider, e.Digest, string(e.State), string(index), millis(e.SweepAfter), bucket, field}
			for f, v := range e.Content.fields() {
				args = append(args, f, v)
			}
			cmds[i] = createScript.EvalSha(ctx, p, []string{envelopeKey(key)}, args...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: create: %w", err)
	}
	out := make([]Creation, len(entries))
	for i, cmd := range cmds {
		s, err := cmd.StringSlice()
		if err != nil || len(s) != 3 {
			return nil, fmt.Errorf("ledger: create: unexpected answer: %w", err)
		}
		out[i] = Creation{Verdict(s[0]), State(s[1]), atoi(s[2])}
	}
	return out, nil
}

// Digests reads the digests of envelopes that are recorded: empty where one is not.
func (l *Ledger) Digests(ctx context.Context, keys []string) ([]string, error) {
	cmds := make([]*redis.StringCmd, len(keys))
	_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range keys {
			cmds[i] = p.HGet(ctx, envelopeKey(k), "digest")
		}
		return nil
	})
	if err != nil && err != redis.Nil {
		return nil, fmt.Errorf("ledger: reading digests: %w", err)
	}
	out := make([]string, len(keys))
	for i, c := range cmds {
		out[i] = c.Val()
	}
	return out, nil
}

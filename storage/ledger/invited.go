package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Invitation identifies whom an envelope asks to sign what, so that a campaign is found
// that asks the same people for the same again. The zero value: not known.
//
// Which envelopes hold one is recorded in the same step as the envelope, under a hash with
// a key that this Redis alone has: names, addresses and documents cannot be found from it,
// and so it stays when a campaign is forgotten.
type Invitation [16]byte

// invitationKey is the key of those hashes. Whoever needs it first makes it.
func (l *Ledger) invitationKey(ctx context.Context) ([]byte, error) {
	name := prefix + "invitation-key"
	if key := l.hashKey.Load(); key != nil {
		return *key, nil
	}
	fresh := make([]byte, sha256.Size)
	_, _ = rand.Read(fresh) // never fails
	if err := l.db.SetNX(ctx, name, fresh, 0).Err(); err != nil {
		return nil, err
	}
	key, err := l.db.Get(ctx, name).Bytes()
	if err != nil {
		return nil, err
	}
	l.hashKey.Store(&key)
	return key, nil
}

// slot is where the envelopes that hold an invitation stand: a hash and a field of it.
// Many small hashes take a fraction of the memory of as many keys.
func (i Invitation) slot(key []byte) (bucket, field string) {
	mac := hmac.New(sha256.New, key)
	mac.Write(i[:])
	sum := mac.Sum(nil)
	return fmt.Sprintf("%sinvited:%02x%02x", prefix, sum[0], sum[1]), string(sum[2:18])
}

// Holder is an envelope that holds an invitation.
type Holder struct {
	Campaign string
	ID       string // empty: one of several of the campaign

	// Unsent tells that the envelope has ended, and nobody was invited by it.
	Unsent bool
}

// HeldBy finds the envelopes that hold each of some invitations, in two round trips. One
// whose record says nothing to the contrary may have reached people.
func (l *Ledger) HeldBy(ctx context.Context, invitations []Invitation) ([][]Holder, error) {
	key, err := l.invitationKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("ledger: looking for invitations: %w", err)
	}
	held := make([]*redis.StringCmd, len(invitations))
	answers, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, invitation := range invitations {
			bucket, field := invitation.slot(key)
			held[i] = p.HGet(ctx, bucket, field)
		}
		return nil
	})
	if err := PipelineError(answers, err); err != nil {
		return nil, fmt.Errorf("ledger: looking for invitations: %w", err)
	}
	out := make([][]Holder, len(invitations))
	var known []*Holder
	for i, c := range held {
		if c.Val() == "" {
			continue
		}
		for entry := range strings.SplitSeq(c.Val(), "/") { // no name holds one, nor a colon
			campaign, id, _ := strings.Cut(entry, ":")
			out[i] = append(out[i], Holder{Campaign: campaign, ID: id})
		}
		for j := range out[i] {
			if out[i][j].ID != "" {
				known = append(known, &out[i][j])
			}
		}
	}
	return out, l.unsent(ctx, known)
}

// unsent finds which envelopes have ended without reaching anybody.
func (l *Ledger) unsent(ctx context.Context, holders []*Holder) error {
	keys := make([]string, len(holders))
	for i, h := range holders {
		keys[i] = h.Campaign + "/" + h.ID
	}
	records, err := l.Heads(ctx, keys)
	if err != nil {
		return err
	}
	for i, r := range records {
		if r == nil {
			continue
		}
		ended := r.State.Terminal() && r.State != Archived && r.State != InDoubt
		doubtful := r.ErrorCode == CodeForgotten && r.ErrorMessage != forgotten+string(Failed)
		holders[i].Unsent = ended && r.SentAt.IsZero() && r.IntentAt.IsZero() && !doubtful
	}
	return nil
}

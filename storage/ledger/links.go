package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Link is where a signer signs. Whoever holds it can sign in that person's name. Links have
// a key of their own, so that nothing that reads a record comes upon them; it is removed when
// the envelope ends, in the same step.
type Link struct {
	Signer  string `json:"signer"`
	Email   string `json:"email,omitempty"`
	Address string `json:"link"`
}

// String keeps it out of messages.
func (l Link) String() string { return "the link of a signer" }

var linksScript = script("links")

func linksKey(key string) string { return prefix + "links:" + key }

// KeepLinks keeps the links of an envelope that has not ended, in place of those that were
// kept before.
func (l *Ledger) KeepLinks(ctx context.Context, key string, links []Link) error {
	b, err := json.Marshal(links)
	if err == nil {
		err = linksScript.Run(ctx, l.db, []string{envelopeKey(key)}, key, b).Err()
	}
	if err != nil {
		return fmt.Errorf("ledger: keeping links of %s: %w", key, err)
	}
	return nil
}

// Links are the kept links of envelopes, in their order; none where there are none.
func (l *Ledger) Links(ctx context.Context, keys ...string) ([][]Link, error) {
	got := make([]*redis.StringCmd, len(keys))
	answers, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			got[i] = p.Get(ctx, linksKey(key))
		}
		return nil
	})
	if err := PipelineError(answers, err); err != nil {
		return nil, fmt.Errorf("ledger: reading links: %w", err)
	}
	all := make([][]Link, len(keys))
	for i, cmd := range got {
		if cmd.Val() == "" {
			continue
		}
		if err := json.Unmarshal([]byte(cmd.Val()), &all[i]); err != nil {
			return nil, fmt.Errorf("ledger: the links of %s cannot be read", keys[i]) // not the decoder's words: they may quote one
		}
	}
	return all, nil
}

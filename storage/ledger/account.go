package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Fact is something that a provider's document leaves open and that was found out about an
// account: by chancela doctor, never by sending.
type Fact string

// The facts. What was never found out does not hold.
const (
	// SecondUseRefused: a single-use token that was used is refused.
	SecondUseRefused Fact = "second_use_refused"
	// NoCallback: the account itself has no address for callbacks.
	NoCallback Fact = "no_callback"
)

func accountKey(provider, account string) string {
	return prefix + "account:" + provider + ":" + account
}

// Learn keeps what was found out about an account, which is named by what tells it from others.
func (l *Ledger) Learn(ctx context.Context, provider, account string, fact Fact, holds bool) error {
	if err := l.db.HSet(ctx, accountKey(provider, account), string(fact), flag(holds)).Err(); err != nil {
		return fmt.Errorf("ledger: keeping what is known of the account at %s: %w", provider, err)
	}
	return nil
}

// Holds tells whether a fact was found out to hold.
func (l *Ledger) Holds(ctx context.Context, provider, account string, fact Fact) (bool, error) {
	v, err := l.db.HGet(ctx, accountKey(provider, account), string(fact)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, fmt.Errorf("ledger: reading what is known of the account at %s: %w", provider, err)
	}
	return v == flag(true), nil
}

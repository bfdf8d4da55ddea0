package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

func accountKey(provider, account string) string {
	return prefix + "account:" + provider + ":" + account
}

// Learn keeps whether a fact was found out to hold of an account at a provider, which is named
// by what tells it from others. It is found out by looking, never by sending.
func (l *Ledger) Learn(ctx context.Context, provider, account string, fact string, holds bool) error {
	if err := l.db.HSet(ctx, accountKey(provider, account), fact, flag(holds)).Err(); err != nil {
		return fmt.Errorf("ledger: keeping what is known of the account at %s: %w", provider, err)
	}
	return nil
}

// Holds tells whether a fact was found out to hold; of what nobody knows it is false.
func (l *Ledger) Holds(ctx context.Context, provider, account string, fact string) (bool, error) {
	v, err := l.db.HGet(ctx, accountKey(provider, account), fact).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, fmt.Errorf("ledger: reading what is known of the account at %s: %w", provider, err)
	}
	return v == flag(true), nil
}

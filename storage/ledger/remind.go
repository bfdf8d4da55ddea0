package ledger

import (
	"context"
	"fmt"
	"time"
)

// remindedFor is how long it is kept who was reminded in a round: longer than a round can
// be put off.
const remindedFor = 7 * 24 * time.Hour

func remindedKey(round string) string { return prefix + "reminded:" + round }

// MarkReminded notes that somebody is being reminded in a round of reminders, and tells
// whether it is the first time.
func (l *Ledger) MarkReminded(ctx context.Context, round, who string) (first bool, err error) {
	p := l.db.TxPipeline()
	added := p.SAdd(ctx, remindedKey(round), who)
	p.Expire(ctx, remindedKey(round), remindedFor)
	if _, err := p.Exec(ctx); err != nil {
		return false, fmt.Errorf("ledger: noting a reminder: %w", err)
	}
	return added.Val() == 1, nil
}

// UnmarkReminded takes MarkReminded back.
func (l *Ledger) UnmarkReminded(ctx context.Context, round, who string) error {
	if err := l.db.SRem(ctx, remindedKey(round), who).Err(); err != nil {
		return fmt.Errorf("ledger: noting a reminder: %w", err)
	}
	return nil
}

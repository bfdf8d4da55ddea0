package ledger

import (
	"context"
	"fmt"
)

// Younger records that the archive knows more of a campaign than this ledger, which was lost
// or set back: an earlier one may have sent envelopes that are new to this one.
func (l *Ledger) Younger(ctx context.Context, campaign string) error {
	if err := l.db.HSet(ctx, campaignKey(campaign), "younger", "1").Err(); err != nil {
		return fmt.Errorf("ledger: campaign %s: %w", campaign, err)
	}
	return nil
}

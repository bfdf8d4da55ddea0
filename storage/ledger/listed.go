package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// TakeUnlisted names up to n campaigns of which envelopes were archived since the archive's list of
// their files was made. Each is named again after hold, until [Ledger.SetListed] says that it is listed.
func (l *Ledger) TakeUnlisted(ctx context.Context, n int, hold time.Duration) ([]string, error) {
	names, err := takeScript.Run(ctx, l.db, []string{prefix + "unlisted"}, n, millis(hold), "0").StringSlice()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return names, failed("taking what is to be listed", err)
}

// SetListed says how many of a campaign's archived envelopes are in the archive's list of its files,
// and when at the earliest it is made again. The same number again ends the looking, unless more was archived since.
func (l *Ledger) SetListed(ctx context.Context, campaign string, archived int64, rest time.Duration) error {
	err := listedScript.Run(ctx, l.db, []string{campaignKey(campaign)}, campaign, archived, millis(rest)).Err()
	return failed("listing "+campaign, err)
}

package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Download addresses of completed envelopes end. The index "renew" has the envelopes that have
// such addresses in their list, by when they are to be asked for anew; it changes with the list.

// renewMargin is how long before its end an address is renewed.
const renewMargin = 5 * time.Minute

const renewKey = prefix + "renew"

// renewAt is when a list's addresses are to be renewed, as a field has it; empty: none of them ends.
func renewAt(listed json.RawMessage) string {
	var all []struct{ Expires time.Time }
	if len(listed) == 0 || json.Unmarshal(listed, &all) != nil {
		return ""
	}
	var first time.Time
	for _, a := range all {
		if !a.Expires.IsZero() && (first.IsZero() || a.Expires.Before(first)) {
			first = a.Expires
		}
	}
	if first.IsZero() {
		return ""
	}
	return strconv.FormatInt(first.Add(-renewMargin).UnixMilli(), 10)
}

// TakeRenewals takes up to n envelopes whose download addresses are to be renewed; each comes again
// after hold as long as they are not. What needs none any more leaves the index.
func (l *Ledger) TakeRenewals(ctx context.Context, n int, hold time.Duration) (waiting []*Record, more bool, err error) {
	keys, err := takeScript.Run(ctx, l.db, []string{renewKey}, n, millis(hold), "0").StringSlice()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, false, fmt.Errorf("ledger: taking renewals: %w", err)
	}
	records, err := l.Heads(ctx, keys)
	if err != nil {
		return nil, false, err
	}
	var over []any
	for i, r := range records {
		if r != nil && r.State == Completed {
			waiting = append(waiting, r)
		} else {
			over = append(over, keys[i])
		}
	}
	if len(over) > 0 {
		err = l.db.ZRem(ctx, renewKey, over...).Err()
	}
	return waiting, len(keys) == n, failed("taking renewals", err)
}

// FindRenewals puts completed envelopes into the index whose addresses were recorded before there
// was one. It reads the completed envelopes of all campaigns.
func (l *Ledger) FindRenewals(ctx context.Context) error {
	names, err := l.Campaigns(ctx)
	if err != nil {
		return err
	}
	campaigns, err := l.CampaignsNamed(ctx, names)
	if err != nil {
		return err
	}
	for _, c := range campaigns {
		if c.States[Completed] == 0 {
			continue
		}
		for r, err := range l.All(ctx, c.Name, Completed) {
			if err != nil {
				return err
			}
			if at := renewAt(r.Listed); at != "" {
				if err := l.db.ZAddNX(ctx, renewKey, redis.Z{Score: float64(atoi(at)), Member: r.Key()}).Err(); err != nil {
					return failed("finding renewals", err)
				}
			}
		}
	}
	return nil
}

package ledger

import (
	"context"
	"fmt"
	"time"
)

// Hours are when a campaign's invitations may leave. Their settings mean nothing to the
// ledger: who claims plans one interval after the other.
type Hours struct {
	Settings string // empty: always
	Interval
	Used int64 // inviting calls of the interval's day
}

// Interval is a time in which invitations may leave: Opens is in it, and Closes is not.
type Interval struct {
	Opens, Closes time.Time
	Day           string
	Limit         int64 // inviting calls a day but for those that have reached nobody, over all intervals that have the same Day; 0: any number
}

func hoursOf(head map[string]string) Hours {
	h := Hours{Settings: head["hours"]}
	if head["called"] == head["day"] {
		h.Used = atoi(head["used"])
	}
	if head["closes"] != "" {
		h.Interval = Interval{Opens: milliTime(head["opens"]), Closes: milliTime(head["closes"]), Day: head["day"], Limit: atoi(head["limit"])}
	}
	return h
}

// SetHours sets when a campaign's invitations may leave, before it has envelopes or after
// that; empty settings leave a campaign that has some as it is. What has been invited of a
// day counts for its new limit.
func (l *Ledger) SetHours(ctx context.Context, campaign, settings string) error {
	if err := hoursScript.Run(ctx, l.db, []string{campaignKey(campaign)}, campaign, settings).Err(); err != nil {
		return fmt.Errorf("ledger: hours of %s: %w", campaign, err)
	}
	return nil
}

// AlwaysOpen are the settings of a campaign without hours.
const AlwaysOpen = "none"

// PlanHours plans the interval that follows the one that was read. It does nothing when
// another process was first.
func (l *Ledger) PlanHours(ctx context.Context, campaign string, read Hours, next Interval) error {
	after := int64(0)
	if !read.Closes.IsZero() {
		after = read.Closes.UnixMilli()
	}
	err := planScript.Run(ctx, l.db, []string{campaignKey(campaign)}, read.Settings, after, next.Opens.UnixMilli(), next.Closes.UnixMilli(), next.Day, next.Limit).Err()
	if err != nil {
		return fmt.Errorf("ledger: planning the hours of %s: %w", campaign, err)
	}
	return nil
}

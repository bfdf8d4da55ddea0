package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// The archive remembers what was canceled before anybody was invited, so that a lost ledger leads to no invitation. A
// campaign with more of it than the archive knows stands in one index; which envelopes the archive knows of is a bit
// for each number. So what is canceled costs one entry a campaign, and nothing else costs anything.

var keptScript, keepingScript = script("kept", "counting"), script("keeping", "counting")

func keptKey(campaign string) string { return prefix + "kept:" + campaign }

// TakeUnkept names up to n campaigns of which envelopes were canceled since the archive was told, a while after the first of
// them. Each is named again after hold, until [Unkept.End] says that the archive knows all.
func (l *Ledger) TakeUnkept(ctx context.Context, n int, hold time.Duration) ([]string, error) {
	names, err := takeScript.Run(ctx, l.db, []string{prefix + "unkept"}, n, millis(hold), "0").StringSlice()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return names, failed("taking campaigns with canceled envelopes", err)
}

// Unkept goes through a campaign's canceled envelopes that the archive does not know of. One goes through a campaign at a time.
type Unkept struct {
	// Canceling: all of the campaign is being canceled, so that there will be more soon.
	Canceling bool

	ledger   *Ledger
	campaign string
	counted  int64
	kept     []byte // bits, by number
	cursor   string
	seen     []int64 // numbers that were given since the last Kept
}

// Unkept begins to go through a campaign.
func (l *Ledger) Unkept(ctx context.Context, campaign string) (*Unkept, error) {
	n, err := keepingScript.Run(ctx, l.db, []string{campaignKey(campaign)}, campaign).Int64Slice()
	if err != nil {
		return nil, failed("counting what was canceled of "+campaign, err)
	}
	kept, err := l.db.Get(ctx, keptKey(campaign)).Bytes()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, failed("reading what the archive knows of "+campaign, err)
	}
	return &Unkept{Canceling: n[1] == 1, ledger: l, campaign: campaign, counted: n[0], kept: kept}, nil
}

// Next gives up to n envelopes that were canceled and never sent; more is false after the last ones.
func (u *Unkept) Next(ctx context.Context, n int) (uninvited []*Record, more bool, err error) {
	ids, next, err := u.ledger.ids(ctx, u.campaign, []State{Canceled}, u.cursor, n)
	if err != nil {
		return nil, false, err
	}
	var keys []string
	for _, id := range ids {
		if !u.has(id.seq) {
			keys, u.seen = append(keys, u.campaign+"/"+id.id), append(u.seen, id.seq)
		}
	}
	records, err := u.ledger.Heads(ctx, keys)
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		if r != nil && r.State == Canceled && r.uninvited() {
			uninvited = append(uninvited, r)
		}
	}
	u.cursor = next
	return uninvited, next != "", nil
}

// uninvited tells whether a canceled envelope was never sent, as far as the ledger knows. What was given up when its campaign was
// forgotten may have been, unless it had failed.
func (r *Record) uninvited() bool {
	return r.SentAt.IsZero() && r.EnvelopeID == "" && (r.ErrorCode != CodeForgotten || strings.HasSuffix(r.ErrorMessage, " "+string(Failed)))
}

func (u *Unkept) has(seq int64) bool {
	at := int(seq / 8)
	return at < len(u.kept) && u.kept[at]&(1<<(seq%8)) != 0
}

// Kept records that the archive knows of all that was given so far.
func (u *Unkept) Kept(ctx context.Context) error {
	if len(u.seen) == 0 {
		return nil
	}
	for _, seq := range u.seen {
		at := int(seq / 8)
		if more := at + 1 - len(u.kept); more > 0 {
			u.kept = append(u.kept, make([]byte, more)...)
		}
		u.kept[at] |= 1 << (seq % 8)
	}
	u.seen = u.seen[:0]
	return failed("recording what the archive knows of "+u.campaign, u.ledger.db.Set(ctx, keptKey(u.campaign), u.kept, 0).Err())
}

// End ends it: when more was canceled since it began, the campaign is named again after wait. One that cannot be gone
// through now is put off in the same way with again.
func (u *Unkept) End(ctx context.Context, again bool, wait time.Duration) error {
	n := u.counted
	if again {
		n = -1
	}
	err := keptScript.Run(ctx, u.ledger.db, []string{campaignKey(u.campaign)}, u.campaign, n, millis(wait)).Err()
	return failed("what was canceled of "+u.campaign, err)
}

// KnowsCanceled tells whether this ledger has what the archive knows to be canceled of a campaign: one that is new, or was lost
// and is filled again, has still to look.
func (l *Ledger) KnowsCanceled(ctx context.Context, campaign string) (bool, error) {
	has, err := l.db.HExists(ctx, campaignKey(campaign), "knows_canceled").Result()
	return has, failed("reading campaign "+campaign, err)
}

// SetKnowsCanceled records that.
func (l *Ledger) SetKnowsCanceled(ctx context.Context, campaign string) error {
	if err := l.db.HSet(ctx, campaignKey(campaign), "knows_canceled", "1").Err(); err != nil {
		return fmt.Errorf("ledger: campaign %s: %w", campaign, err)
	}
	return nil
}

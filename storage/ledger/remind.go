package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ReminderRule is when the signers of a campaign's sent envelopes are reminded without anybody
// asking for it. The zero value is never.
type ReminderRule struct {
	After     time.Duration // the invitation
	Every     time.Duration // the last reminder
	AtMost    int           // of one envelope, with those that somebody has asked for
	Providers []string      // that can remind; the envelopes of others are left out

	Next time.Time // when the first reminder is due; zero: none is. Not set but read
}

// Never tells whether nobody is reminded by it.
func (r ReminderRule) Never() bool { return r.AtMost == 0 }

// ruleOf reads what SetReminders has written.
func ruleOf(head map[string]string) (r ReminderRule) {
	f := strings.Fields(head["remind"])
	if len(f) < 3 {
		return r
	}
	return ReminderRule{After: milliDuration(f[0]), Every: milliDuration(f[1]), AtMost: int(atoi(f[2])), Providers: f[3:]}
}

func milliDuration(s string) time.Duration { return time.Duration(atoi(s)) * time.Millisecond }

const remindersKey = prefix + "reminders"

// SetReminders sets a campaign's rule of reminders, before it has envelopes or after that; nil
// leaves a campaign that has one as it is, and the zero rule ends it.
func (l *Ledger) SetReminders(ctx context.Context, campaign string, r *ReminderRule) error {
	rule := ""
	switch {
	case r == nil:
	case r.Never():
		rule = "none"
	default:
		rule = strings.Join(append([]string{millis(r.After), millis(r.Every), strconv.Itoa(r.AtMost)}, r.Providers...), " ")
	}
	return failed("reminders of "+campaign, remindRuleScript.Run(ctx, l.db, []string{campaignKey(campaign)}, campaign, rule).Err())
}

// RemindersDue names the campaigns that have reminders due.
func (l *Ledger) RemindersDue(ctx context.Context) ([]string, error) {
	now, err := l.Now(ctx)
	if err != nil {
		return nil, err
	}
	names, err := l.db.ZRangeByScore(ctx, remindersKey, &redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(now.UnixMilli(), 10)}).Result()
	return names, failed("looking for reminders", err)
}

// DueReminder is an envelope whose signers are to be reminded by its campaign's rule.
type DueReminder struct {
	Key, Provider string
	Due           time.Time
}

// TakeReminders takes up to n due reminders of a campaign. One that has not begun when the hold
// is over is taken again, with the same time.
func (l *Ledger) TakeReminders(ctx context.Context, campaign string, n int, hold time.Duration) ([]DueReminder, error) {
	flat, err := remindTakeScript.Run(ctx, l.db, []string{prefix + "remind:" + campaign}, campaign, n, millis(hold)).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("ledger: taking reminders of %s: %w", campaign, err)
	}
	all := make([]DueReminder, 0, len(flat)/3)
	for ; len(flat) >= 3; flat = flat[3:] {
		all = append(all, DueReminder{flat[0], flat[1], milliTime(flat[2])})
	}
	return all, nil
}

// RoundState is whether a round of reminders may go on.
type RoundState string

// The states.
const (
	RoundOpen   RoundState = "ok"
	RoundPaused RoundState = "paused" // it has begun, and its campaign is paused
	RoundOver   RoundState = "over"   // nobody is reminded in it any more
)

// roundFor is how long a round may be put off: less than remindedFor.
const roundFor = 6 * 24 * time.Hour

// BeginReminders begins, or goes on with, a round of reminders. It counts it, and puts the envelope's next reminder off, when it is new;
// due is when it was due by the campaign's rule, and zero when somebody asks for it. A round by
// the rule begins only when no other has begun since it was due.
func (l *Ledger) BeginReminders(ctx context.Context, key, round string, due time.Time) (RoundState, error) {
	at := int64(0)
	if !due.IsZero() {
		at = due.UnixMilli()
	}
	state, err := remindBeginScript.Run(ctx, l.db, []string{envelopeKey(key)}, key, round, at, millis(roundFor)).Text()
	return RoundState(state), failed("beginning reminders of "+key, err)
}

// remindedFor is how long it is kept who was reminded in a round.
const remindedFor = 7 * 24 * time.Hour

func remindedKey(round string) string { return prefix + "reminded:" + round }

// MarkReminded notes durably that somebody is being reminded in a round of reminders, and tells
// whether it is the first time.
func (l *Ledger) MarkReminded(ctx context.Context, round, who string) (first bool, err error) {
	err = l.durably(ctx, func(ctx context.Context, db scripter) error {
		n, err := remindedScript.Run(ctx, db, []string{remindedKey(round)}, who, int(remindedFor/time.Second)).Int()
		first = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ledger: noting a reminder: %w", err)
	}
	return first, nil
}

var remindedScript = redis.NewScript(`
local added = redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return added`)

// UnmarkReminded takes MarkReminded back.
func (l *Ledger) UnmarkReminded(ctx context.Context, round, who string) error {
	if err := l.db.SRem(ctx, remindedKey(round), who).Err(); err != nil {
		return fmt.Errorf("ledger: noting a reminder: %w", err)
	}
	return nil
}

// AskReminders asks, in a round, for reminders of all signers of some envelopes, or of the one of a number from 1. It
// tells which are held back: the same signer, or all, were asked for in another round within the last minute. Without a
// round it only tells.
func (l *Ledger) AskReminders(ctx context.Context, keys []string, signer int, round string) (held map[string]bool, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	envelopes := make([]string, len(keys))
	for i, key := range keys {
		envelopes[i] = envelopeKey(key)
	}
	flags, err := remindAskScript.Run(ctx, l.db, envelopes, signer, round).Int64Slice()
	if err != nil {
		return nil, failed("asking for reminders", err)
	}
	held = map[string]bool{}
	for i, key := range keys {
		held[key] = flags[i] == 1
	}
	return held, nil
}

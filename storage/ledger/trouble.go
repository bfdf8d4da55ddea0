package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// TroubleState is what is wrong with a provider, in a word.
type TroubleState string

// The states of a provider that is in trouble. Without one its last call went well.
const (
	KeyRefused  TroubleState = "key_refused" // its envelopes wait until the key is accepted
	Blocked     TroubleState = "blocked"     // they wait until a proxy lets us out, or a certificate is trusted
	Unreachable TroubleState = "unreachable" // no answer
	Failing     TroubleState = "failing"     // it answers with errors of its own
	Held        TroubleState = "paused"      // it has asked for a pause: 429
	Slow        TroubleState = "slow"
	Away        TroubleState = "away" // the archive cannot be used
)

// Archive is what the archive's trouble is kept by, beside the providers'.
const Archive = "archive"

// Stops tells whether a provider in this state is left alone, with one call in each pause.
func (s TroubleState) Stops() bool { return s == KeyRefused || s == Blocked || s == Away }

// Trouble is what is wrong with a provider, as the calls of all processes have met it.
type Trouble struct {
	State TroubleState
	Since time.Time
	Seen  time.Time // the last failure
	// NextTry is when the provider is called next; zero: with the next call that is due.
	NextTry time.Time

	// The last failure, as [providers.Error] has it: no personal data.
	Kind, Code, Op string
	Status         int // HTTP; 0: no answer
}

// SetTrouble records that a call to a provider has failed; within is the time to the
// next try, when that is known. Since, Seen and NextTry of t are set by the ledger.
func (l *Ledger) SetTrouble(ctx context.Context, provider string, t Trouble, within time.Duration) error {
	err := troubleScript.Run(ctx, l.db, []string{providerKey(provider)}, string(t.State), millis(within), 0,
		"kind", t.Kind, "code", t.Code, "op", t.Op, "status", t.Status).Err()
	if err != nil {
		return fmt.Errorf("ledger: recording the trouble of %s: %w", provider, err)
	}
	return nil
}

// EndTrouble records that calls go well. A failure that is younger than grace is left:
// another process has met it.
func (l *Ledger) EndTrouble(ctx context.Context, provider string, grace time.Duration) error {
	if err := wellScript.Run(ctx, l.db, []string{providerKey(provider)}, millis(grace)).Err(); err != nil {
		return fmt.Errorf("ledger: ending the trouble of %s: %w", provider, err)
	}
	return nil
}

// Trouble tells what is wrong with a provider; false when nothing is.
func (l *Ledger) Trouble(ctx context.Context, provider string) (Trouble, bool, error) {
	var head *redis.MapStringStringCmd
	var clock *redis.TimeCmd
	due := map[Index]*redis.ZSliceCmd{}
	_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		head, clock = p.HGetAll(ctx, providerKey(provider)), p.Time(ctx)
		for _, x := range []Index{Work, Look} {
			due[x] = p.ZRangeWithScores(ctx, x.key(provider), 0, 0)
		}
		return nil
	})
	if err != nil {
		return Trouble{}, false, fmt.Errorf("ledger: reading the trouble of %s: %w", provider, err)
	}
	h := head.Val()
	if h["state"] == "" {
		return Trouble{}, false, nil
	}
	t := Trouble{State: TroubleState(h["state"]), Since: milliTime(h["since"]), Seen: milliTime(h["seen"]),
		Kind: h["kind"], Code: h["code"], Op: h["op"]}
	t.Status, _ = strconv.Atoi(h["status"]) // our own
	next := max(atoi(h["denied_until"]), atoi(h["next_try"]))
	if next == 0 {
		for _, cmd := range due {
			if z := cmd.Val(); len(z) == 1 && (next == 0 || int64(z[0].Score) < next) {
				next = int64(z[0].Score)
			}
		}
	}
	if next > clock.Val().UnixMilli() {
		t.NextTry = time.UnixMilli(next).UTC()
	}
	return t, true, nil
}

func milliTime(s string) time.Time {
	if n := atoi(s); n != 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

// Deny stops a provider for a while, because of a state that Stops: its envelopes wait.
// It is false when the provider was stopped before and its pause is not over.
func (l *Ledger) Deny(ctx context.Context, provider string, state TroubleState, reason string, pause time.Duration) (news bool, err error) {
	stop := max(pause.Milliseconds(), 1)
	news, err = troubleScript.Run(ctx, l.db, []string{providerKey(provider)}, string(state), 0, stop, "kind", "denied", "reason", reason).Bool()
	if err != nil {
		return false, fmt.Errorf("ledger: stopping %s: %w", provider, err)
	}
	return news, nil
}

// Allow ends what Deny began: the provider has accepted the key.
func (l *Ledger) Allow(ctx context.Context, provider string) error {
	return l.EndTrouble(ctx, provider, 0)
}

// Denial tells whether a provider is stopped, and why. It stays until a call succeeds;
// until is when the next call tries.
func (l *Ledger) Denial(ctx context.Context, provider string) (reason string, until time.Time, denied bool, err error) {
	h, err := l.db.HMGet(ctx, providerKey(provider), "denied_until", "reason").Result()
	if err != nil {
		return "", time.Time{}, false, fmt.Errorf("ledger: reading the state of %s: %w", provider, err)
	}
	stopped, _ := h[0].(string)
	if stopped == "" {
		return "", time.Time{}, false, nil
	}
	reason, _ = h[1].(string)
	return reason, milliTime(stopped), true, nil
}

// Admission is whether a provider may be called.
type Admission string

// The answers of [Ledger.Admit].
const (
	Free    Admission = "free"
	Probe   Admission = "probe" // its key was refused: this one call may try, and tells what came of it by Deny or Allow
	Refused Admission = "denied"
)

// Admit asks whether a provider may be called, for work that has no claim. When its key
// is refused one call in each pause may try; for the others wait is how long the pause
// still lasts.
func (l *Ledger) Admit(ctx context.Context, provider string) (a Admission, wait time.Duration, err error) {
	res, err := probeScript.Run(ctx, l.db, []string{providerKey(provider)}).Slice()
	if err != nil {
		return "", 0, fmt.Errorf("ledger: reading the state of %s: %w", provider, err)
	}
	return Admission(fmt.Sprint(res[0])), time.Duration(atoi(fmt.Sprint(res[1]))) * time.Millisecond, nil
}

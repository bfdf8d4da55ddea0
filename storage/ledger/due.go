package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// Take gives up to n envelopes of a provider that are due in an index, and puts them
// off by hold: whoever takes them has that long to place them elsewhere.
func (l *Ledger) Take(ctx context.Context, index Index, provider string, n int, hold time.Duration) ([]string, error) {
	return l.take(ctx, index, provider, n, hold, false)
}

// TakeHastened is [Ledger.Take] of what [Ledger.LookSoon] has put before all others.
func (l *Ledger) TakeHastened(ctx context.Context, provider string, n int, hold time.Duration) ([]string, error) {
	return l.take(ctx, Look, provider, n, hold, true)
}

func (l *Ledger) take(ctx context.Context, index Index, provider string, n int, hold time.Duration, hastened bool) ([]string, error) {
	keys, err := takeScript.Run(ctx, l.db, []string{index.key(provider)}, n, millis(hold), flag(hastened)).StringSlice()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("ledger: taking what is due at %s: %w", provider, err)
	}
	return keys, nil
}

// Postpone sets an envelope's next turn in an index that it stands in.
func (l *Ledger) Postpone(ctx context.Context, index Index, provider, key string, by time.Duration) error {
	if err := dueScript.Run(ctx, l.scripts, []string{index.key(provider)}, key, millis(by), "0").Err(); err != nil {
		return fmt.Errorf("ledger: postponing %s: %w", key, err)
	}
	return nil
}

// LookSoon makes a sent envelope's next look due after the delay, or leaves it when it
// is due earlier; without a delay it comes before all that is due by its time. It tells whether the envelope is one that is looked at.
func (l *Ledger) LookSoon(ctx context.Context, provider, key string, delay time.Duration) (bool, error) {
	n, err := dueScript.Run(ctx, l.scripts, []string{Look.key(provider)}, key, millis(delay), "1").Int()
	if err != nil {
		return false, fmt.Errorf("ledger: hastening %s: %w", key, err)
	}
	return n == 1, nil
}

// Pending is how many envelopes stand in an index.
func (l *Ledger) Pending(ctx context.Context, index Index, provider string) (int64, error) {
	n, err := l.db.ZCard(ctx, index.key(provider)).Result()
	if err != nil {
		return 0, fmt.Errorf("ledger: counting what is due at %s: %w", provider, err)
	}
	return n, nil
}

// Pause pauses a campaign until it is resumed by [ResumeAll]. It is seen by the next intent to
// invite: when Pause has returned, nobody more is invited.
func (l *Ledger) Pause(ctx context.Context, campaign string) error {
	if _, err := l.Campaign(ctx, campaign); err != nil {
		return err
	}
	if err := l.db.HSet(ctx, campaignKey(campaign), "paused", "1").Err(); err != nil {
		return fmt.Errorf("ledger: pausing %s: %w", campaign, err)
	}
	return nil
}

// Carried says that asynq has a task of each of these records: they are out of the index of
// work, and only counted, until somebody takes them up. One that has changed since it was read
// stays where it is.
func (l *Ledger) Carried(ctx context.Context, records []*Record) error {
	for part := range slices.Chunk(records, createAtOnce) {
		keys, args := make([]string, len(part)), make([]any, 0, 2*len(part))
		for i, r := range part {
			keys[i] = envelopeKey(r.Key())
			args = append(args, r.Key(), r.Version)
		}
		if err := carriedScript.Run(ctx, l.db, keys, args...).Err(); err != nil {
			return fmt.Errorf("ledger: taking what is carried out of the work: %w", err)
		}
	}
	return nil
}

// Batched says that the tasks of some batches are on the queue.
func (l *Ledger) Batched(ctx context.Context, batches ...Batch) error {
	var args []any
	for _, b := range batches {
		args = append(args, b.provider, b.name)
	}
	if len(args) == 0 {
		return nil
	}
	return failed("counting what is carried", batchedScript.Run(ctx, l.db, []string{prefix + "count:"}, args...).Err())
}

// Abandoned puts one batch of a provider whose tasks were to follow long ago into the index of
// work. It returns false when there is none.
func (l *Ledger) Abandoned(ctx context.Context, provider string) (bool, error) {
	err := abandonedScript.Run(ctx, l.db, []string{prefix + "batches:" + provider}, provider).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, failed("looking after abandoned envelopes of "+provider, err)
}

// CarriedCount is how many envelopes of a provider are known to have a task and are in no index.
func (l *Ledger) CarriedCount(ctx context.Context, provider string) (int64, error) {
	n, err := l.db.HGet(ctx, prefix+"count:"+provider, "carried").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("ledger: counting what is carried at %s: %w", provider, err)
	}
	return n, nil
}

// Once tells one of all callers that it is the first to ask for this name within the
// time: every period's work is done by one process.
func (l *Ledger) Once(ctx context.Context, name string, within time.Duration) (bool, error) {
	first, err := l.db.SetNX(ctx, prefix+"once:"+name, "1", within).Result()
	if err != nil {
		return false, fmt.Errorf("ledger: %s: %w", name, err)
	}
	return first, nil
}

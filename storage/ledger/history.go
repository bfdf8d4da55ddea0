package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Failure is one kind of failure that a provider's calls have met.
type Failure struct {
	State                  TroubleState
	At                     time.Time // the last one
	Times                  int
	Kind, Code, Op, Reason string
	Status                 string // HTTP; empty or 0: no answer
}

// Failures are the last kinds of failure of a provider, the newest first: up to 20.
func (l *Ledger) Failures(ctx context.Context, provider string) ([]Failure, error) {
	list, err := l.db.LRange(ctx, providerKey(provider)+":errors", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("ledger: reading the failures of %s: %w", provider, err)
	}
	var all []Failure
	for _, text := range list {
		var f struct {
			State                          TroubleState
			At                             int64
			Times                          int
			Kind, Code, Op, Status, Reason string
		}
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return nil, fmt.Errorf("ledger: reading the failures of %s: %w", provider, err)
		}
		all = append(all, Failure{f.State, milliTime(fmt.Sprint(f.At)), f.Times, f.Kind, f.Code, f.Op, f.Reason, f.Status})
	}
	return all, nil
}

// Callbacks are how many callbacks of a provider came to which result, and when the last
// of each did.
type Callbacks struct {
	Count map[string]int64
	Last  map[string]time.Time
}

func callbacksKey(provider string) string { return prefix + "callbacks:" + provider }

// CountCallback counts a callback by what became of it.
func (l *Ledger) CountCallback(ctx context.Context, provider, result string) error {
	now, err := l.Now(ctx)
	if err != nil {
		return err
	}
	_, err = l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HIncrBy(ctx, callbacksKey(provider), result, 1)
		p.HSet(ctx, callbacksKey(provider), result+" at", now.UnixMilli())
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: counting a callback of %s: %w", provider, err)
	}
	return nil
}

// Callbacks tells what has become of a provider's callbacks.
func (l *Ledger) Callbacks(ctx context.Context, provider string) (Callbacks, error) {
	c := Callbacks{map[string]int64{}, map[string]time.Time{}}
	h, err := l.db.HGetAll(ctx, callbacksKey(provider)).Result()
	if err != nil {
		return c, fmt.Errorf("ledger: reading the callbacks of %s: %w", provider, err)
	}
	for field, value := range h {
		if result, ok := strings.CutSuffix(field, " at"); ok {
			c.Last[result] = milliTime(value)
		} else {
			c.Count[field] = atoi(value)
		}
	}
	return c, nil
}

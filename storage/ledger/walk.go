package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Walk is how far the pending envelopes of a provider have been read from its list. It
// outlives the worker that reads.
type Walk struct {
	Cursor string    // of the next page; empty: none is under way
	Begun  time.Time // when its first page was asked for
	Pages  int       // read so far
}

func walkKey(provider string) string { return prefix + "walk:" + provider }

// ReadWalk is the walk that is under way at a provider.
func (l *Ledger) ReadWalk(ctx context.Context, provider string) (Walk, error) {
	h, err := l.db.HGetAll(ctx, walkKey(provider)).Result()
	if err != nil {
		return Walk{}, fmt.Errorf("ledger: reading the walk at %s: %w", provider, err)
	}
	return Walk{Cursor: h["cursor"], Begun: milliTime(h["begun"]), Pages: int(atoi(h["pages"]))}, nil
}

// RecordWalk records a page of a walk; an empty cursor ends it.
func (l *Ledger) RecordWalk(ctx context.Context, provider string, w Walk) error {
	var err error
	if w.Cursor == "" {
		err = l.db.Del(ctx, walkKey(provider)).Err()
	} else {
		err = l.db.HSet(ctx, walkKey(provider), "cursor", w.Cursor, "begun", w.Begun.UnixMilli(), "pages", w.Pages).Err()
	}
	if err != nil {
		return fmt.Errorf("ledger: recording the walk at %s: %w", provider, err)
	}
	return nil
}

// Rest puts off the looks at envelopes that their provider has listed as pending, but for
// those that carry a mark which a look of their own takes off, and those that
// were hastened after the list was asked for. It returns how many of them are looked at.
func (l *Ledger) Rest(ctx context.Context, provider string, keys []string, asked time.Time, by time.Duration) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	marks := make([]*redis.SliceCmd, len(keys))
	_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			marks[i] = p.HMGet(ctx, envelopeKey(key), fieldUnchecked, fieldErrorCode, fieldInviter)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: reading envelopes of %s: %w", provider, err)
	}
	args := []any{millis(by), asked.UnixMilli()}
	for i, key := range keys {
		if !marked(marks[i].Val()) {
			args = append(args, key)
		}
	}
	n, err := restScript.Run(ctx, l.db, []string{Look.key(provider)}, args...).Int()
	if err != nil {
		return 0, fmt.Errorf("ledger: resting envelopes of %s: %w", provider, err)
	}
	return n, nil
}

func marked(values []any) bool {
	for _, v := range values {
		if v != nil && v != "" {
			return true
		}
	}
	return false
}

// Due is how many envelopes of a provider are due in an index.
func (l *Ledger) Due(ctx context.Context, index Index, provider string) (int64, error) {
	now, err := l.Now(ctx)
	if err != nil {
		return 0, err
	}
	n, err := l.db.ZCount(ctx, index.key(provider), "-inf", fmt.Sprint(now.UnixMilli())).Result()
	if err != nil {
		return 0, fmt.Errorf("ledger: counting what is due at %s: %w", provider, err)
	}
	return n, nil
}

// heardFor is how long a callback tells that others will come.
const heardFor = 6 * time.Hour

// Heard records that a provider's callbacks arrive.
func (l *Ledger) Heard(ctx context.Context, provider string) error {
	_, err := l.Once(ctx, "heard:"+provider, heardFor)
	return err
}

// Hears tells whether a provider's callbacks arrive.
func (l *Ledger) Hears(ctx context.Context, provider string) (bool, error) {
	n, err := l.db.Exists(ctx, prefix+"once:heard:"+provider).Result()
	return n > 0, failed("reading whether callbacks arrive", err)
}

// Round is the right to a round of looks at a provider: one at a time, over all workers.
type Round struct {
	key, token string
	ledger     *Ledger
}

// BeginRound returns nil while another round is under way. A round that is not kept up lapses.
func (l *Ledger) BeginRound(ctx context.Context, provider string, lapses time.Duration) (*Round, error) {
	r := &Round{prefix + "round:" + provider, rand.Text(), l}
	ok, err := l.db.SetNX(ctx, r.key, r.token, lapses).Result()
	if err == nil && !ok && l.db.PTTL(ctx, r.key).Val() == -1 { // of a Redis that was copied without the ends of its keys
		err = l.db.PExpire(ctx, r.key, lapses).Err()
	}
	if err != nil || !ok {
		return nil, failed("beginning a round of looks at "+provider, err)
	}
	return r, nil
}

// Keep keeps the round up; ErrLost when it is another's by now.
func (r *Round) Keep(ctx context.Context, lapses time.Duration) error {
	return failed("keeping a round of looks", r.change(ctx, millis(lapses)))
}

// End ends the round, unless it is another's by now.
func (r *Round) End(ctx context.Context) error {
	err := r.change(ctx, "0")
	if errors.Is(err, ErrLost) {
		return nil
	}
	return failed("ending a round of looks", err)
}

// roundScript looks whose a round is and changes how long it lasts in one step: between two, another
// could begin it, and lose it by this.
var roundScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

func (r *Round) change(ctx context.Context, lapses string) error {
	n, err := roundScript.Run(ctx, r.ledger.db, []string{r.key}, r.token, lapses).Int()
	if err == nil && n == 0 {
		err = ErrLost
	}
	return err
}

func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ledger: %s: %w", what, err)
}

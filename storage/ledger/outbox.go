package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Notification is one change of state that the outside is to be told of, or a halt of a campaign:
// then its key is the campaign's name, and there is no state.
type Notification struct {
	Key     string
	Halt    *Halt
	State   State
	Version int64 // with the key, the notification's identity
	At      time.Time
	Tries   int // deliveries that have failed

	raw string // as it stands in the outbox
}

// ID identifies the notification over all its deliveries.
func (n Notification) ID() string { return n.Key + "@" + strconv.FormatInt(n.Version, 10) }

func outKey(key string) string   { return prefix + "out:" + key }
func triesKey(key string) string { return prefix + "outtries:" + key }

// Notify makes changes of state go to the outbox for that long: whoever delivers
// notifications calls it again before it ends.
func (l *Ledger) Notify(ctx context.Context, within time.Duration) error {
	if err := l.db.Set(ctx, prefix+"notify", "1", within).Err(); err != nil {
		return fmt.Errorf("ledger: opening the outbox: %w", err)
	}
	return nil
}

// NextNotification takes the oldest undelivered notification of an envelope whose turn
// it is; nobody else gets it during hold. ok is false when nothing is due.
func (l *Ledger) NextNotification(ctx context.Context, hold time.Duration) (n Notification, ok bool, err error) {
	for {
		keys, err := takeScript.Run(ctx, l.db, []string{prefix + "outbox"}, 1, millis(hold)).StringSlice()
		if errors.Is(err, redis.Nil) || err == nil && len(keys) == 0 {
			return n, false, nil
		}
		if err != nil {
			return n, false, fmt.Errorf("ledger: reading the outbox: %w", err)
		}
		raw, err := l.db.LIndex(ctx, outKey(keys[0]), 0).Result()
		if errors.Is(err, redis.Nil) {
			// Delivered to the end. One that comes at this moment must not be lost: the
			// script looks once more.
			if err := dropScript.Run(ctx, l.db, []string{outKey(keys[0])}, keys[0]).Err(); err != nil {
				return n, false, fmt.Errorf("ledger: cleaning the outbox: %w", err)
			}
			continue
		}
		if err != nil {
			return n, false, fmt.Errorf("ledger: reading the outbox: %w", err)
		}
		n, err = decodeNotification(keys[0], raw)
		if err != nil {
			return n, false, err
		}
		tries, err := l.db.Get(ctx, triesKey(keys[0])).Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return n, false, fmt.Errorf("ledger: reading the outbox: %w", err)
		}
		n.Tries = tries
		return n, true, nil
	}
}

func decodeNotification(key, raw string) (Notification, error) {
	var wire struct {
		State   State       `json:"state"`
		Version json.Number `json:"version"` // Lua writes a number that it made, or a string that it read
		At      float64     `json:"at"`

		Provider, Code string // of a halt
		Failures       int64
	}
	if err := json.Unmarshal([]byte(raw), &wire); err != nil {
		return Notification{}, fmt.Errorf("ledger: undecodable notification of %s: %w", key, err)
	}
	n := Notification{Key: key, State: wire.State, Version: atoi(wire.Version.String()), At: time.UnixMilli(int64(wire.At)).UTC(), raw: raw}
	if !strings.Contains(key, "/") {
		n.State, n.Halt = "", &Halt{Provider: wire.Provider, Code: wire.Code, Failures: wire.Failures, Since: n.At}
	}
	return n, nil
}

// Delivered takes a notification out; the envelope's next one is due at once.
func (l *Ledger) Delivered(ctx context.Context, n Notification) error { return l.finish(ctx, n, "") }

// Undeliverable puts a notification aside after too many failures, where it can be seen
// and replayed, so that the envelope's later ones go on.
func (l *Ledger) Undeliverable(ctx context.Context, n Notification) error {
	return l.finish(ctx, n, "dead")
}

// finish takes out the notification itself, not whatever stands first: somebody else may
// have delivered it meanwhile, or put an older one before it.
func (l *Ledger) finish(ctx context.Context, n Notification, aside string) error {
	_, err := l.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.LRem(ctx, outKey(n.Key), 1, n.raw)
		if aside != "" {
			p.LRem(ctx, prefix+"outdead:"+n.Key, 1, n.raw)
			p.RPush(ctx, prefix+"outdead:"+n.Key, n.raw)
			p.ZAdd(ctx, prefix+"outdead", redis.Z{Score: float64(n.At.UnixMilli()), Member: n.Key})
		}
		p.Del(ctx, triesKey(n.Key))
		p.ZAdd(ctx, prefix+"outbox", redis.Z{Score: 0, Member: n.Key}) // empty: NextNotification drops it
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: recording a delivery: %w", err)
	}
	return nil
}

// Redeliver makes a failed notification due again after the delay.
func (l *Ledger) Redeliver(ctx context.Context, n Notification, delay time.Duration) error {
	if err := l.db.Incr(ctx, triesKey(n.Key)).Err(); err != nil {
		return fmt.Errorf("ledger: recording a failed delivery: %w", err)
	}
	if err := dueScript.Run(ctx, l.db, []string{prefix + "outbox"}, n.Key, millis(delay), "0").Err(); err != nil {
		return fmt.Errorf("ledger: recording a failed delivery: %w", err)
	}
	return nil
}

// Outbox says how many envelopes have notifications waiting, and how many have some
// that were given up.
func (l *Ledger) Outbox(ctx context.Context) (waiting, dead int64, err error) {
	var a, b *redis.IntCmd
	_, err = l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		a, b = p.ZCard(ctx, prefix+"outbox"), p.ZCard(ctx, prefix+"outdead")
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: counting notifications: %w", err)
	}
	return a.Val(), b.Val(), nil
}

// Replay puts all notifications that were given up back into the outbox, before the
// newer ones of their envelopes.
func (l *Ledger) Replay(ctx context.Context) (int, error) {
	keys, err := l.db.ZRange(ctx, prefix+"outdead", 0, -1).Result()
	if err != nil {
		return 0, fmt.Errorf("ledger: replaying notifications: %w", err)
	}
	n := 0
	for _, key := range keys {
		for {
			err := l.db.LMove(ctx, prefix+"outdead:"+key, outKey(key), "RIGHT", "LEFT").Err()
			if errors.Is(err, redis.Nil) {
				break
			}
			if err != nil {
				return n, fmt.Errorf("ledger: replaying notifications: %w", err)
			}
			n++
		}
		if _, err := l.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.ZAdd(ctx, prefix+"outbox", redis.Z{Score: 0, Member: key})
			p.ZRem(ctx, prefix+"outdead", key)
			return nil
		}); err != nil {
			return n, fmt.Errorf("ledger: replaying notifications: %w", err)
		}
	}
	return n, nil
}

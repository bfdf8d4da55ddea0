package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A campaign's envelopes are numbered in the order in which they were enqueued. Hashes of 128
// say which id has a number; one string has a letter for each number: the envelope's state. So
// a million envelopes take some 15 MB, and those of one state are found by reading a megabyte.

// chunk is how many ids are in one hash: as many as leave it a listpack.
const chunk = 128

// manyOfChunk is from how many ids of one hash on all of it is read: Redis walks the listpack once,
// instead of once for each id.
const manyOfChunk = 16

// lettersAtOnce is how many states are read at once.
const lettersAtOnce = 16 << 10

func stateKey(campaign string) string { return prefix + "state:" + campaign }
func atKey(campaign string, seq int64) string {
	return prefix + "at:" + campaign + ":" + strconv.FormatInt(seq/chunk, 10)
}

// Names of the indexes of before: sorted sets of ids by number.
func olderIDs(campaign string) string { return prefix + "ids:" + campaign }
func olderIn(campaign string, s State) string {
	return prefix + "in:" + campaign + ":" + string(s)
}

// place is an envelope's in its campaign.
type place struct {
	id  string
	seq int64
}

// ids reads which envelopes are on a page: those of some states, or (none) of all.
func (l *Ledger) ids(ctx context.Context, campaign string, states []State, cursor string, n int) (ids []place, next string, err error) {
	after := int64(0)
	if cursor != "" {
		if after, err = strconv.ParseInt(cursor, 10, 64); err != nil || after < 0 {
			return nil, "", fmt.Errorf("cursor %q is not one of ours", cursor)
		}
	}
	if n <= 0 {
		return nil, "", nil
	}
	older, numbers, err := l.numbers(ctx, campaign, states, after, n)
	if err != nil {
		return nil, "", fmt.Errorf("ledger: listing %s: %w", campaign, err)
	}
	ids, err = l.named(ctx, campaign, numbers)
	if err != nil {
		return nil, "", fmt.Errorf("ledger: listing %s: %w", campaign, err)
	}
	if len(older) > 0 {
		ids = append(ids, older...)
		slices.SortFunc(ids, func(a, b place) int { return cmp.Compare(a.seq, b.seq) })
		ids = slices.CompactFunc(ids, func(a, b place) bool { return a.seq == b.seq })
		ids = ids[:min(n, len(ids))]
	}
	if len(older)+len(numbers) >= n && len(ids) > 0 {
		next = strconv.FormatInt(ids[len(ids)-1].seq, 10)
	}
	return ids, next, nil
}

// numbers finds up to n envelopes that come after a number: those of before with their ids, and
// the numbers of the others.
func (l *Ledger) numbers(ctx context.Context, campaign string, states []State, after int64, n int) (older []place, numbers []int64, err error) {
	indexes, wanted := []string{olderIDs(campaign)}, ""
	if len(states) > 0 {
		indexes = nil
		for _, s := range states {
			indexes = append(indexes, olderIn(campaign, s))
			wanted += letters[s]
		}
	}
	for from, first := after+1, true; ; from, first = from+lettersAtOnce, false {
		pages := make([]*redis.ZSliceCmd, len(indexes))
		var read *redis.StringCmd
		_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, index := range indexes {
				if first {
					pages[i] = p.ZRangeByScoreWithScores(ctx, index, &redis.ZRangeBy{Min: "(" + strconv.FormatInt(after, 10), Max: "+inf", Count: int64(n)})
				}
			}
			read = p.GetRange(ctx, stateKey(campaign), from, from+lettersAtOnce-1)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		if first {
			for _, page := range pages {
				for _, z := range page.Val() {
					older = append(older, place{fmt.Sprint(z.Member), int64(z.Score)})
				}
			}
		}
		found := read.Val()
		for i := range len(found) {
			if found[i] != 0 && (wanted == "" || strings.IndexByte(wanted, found[i]) >= 0) {
				if numbers = append(numbers, from+int64(i)); len(numbers) == n {
					return older, numbers, nil
				}
			}
		}
		if len(found) < lettersAtOnce {
			return older, numbers, nil
		}
	}
}

// named finds the ids of numbers, in their order.
func (l *Ledger) named(ctx context.Context, campaign string, numbers []int64) ([]place, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	type part struct {
		numbers []int64
		some    *redis.SliceCmd
		all     *redis.MapStringStringCmd
	}
	var parts []part
	_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for len(numbers) > 0 {
			n := 1
			for n < len(numbers) && numbers[n]/chunk == numbers[0]/chunk {
				n++
			}
			one := part{numbers: numbers[:n]}
			if key := atKey(campaign, numbers[0]); n < manyOfChunk {
				fields := make([]string, n)
				for i, seq := range one.numbers {
					fields[i] = strconv.FormatInt(seq%chunk, 10)
				}
				one.some = p.HMGet(ctx, key, fields...)
			} else {
				one.all = p.HGetAll(ctx, key)
			}
			parts = append(parts, one)
			numbers = numbers[n:]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var ids []place
	for _, part := range parts {
		for i, seq := range part.numbers {
			id := ""
			if part.all != nil {
				id = part.all.Val()[strconv.FormatInt(seq%chunk, 10)]
			} else {
				id = text(part.some.Val()[i])
			}
			if id != "" {
				ids = append(ids, place{id, seq})
			}
		}
	}
	return ids, nil
}

// countOlder counts a campaign that was begun before its counts were kept.
func (l *Ledger) countOlder(ctx context.Context, c *Campaign) error {
	var all *redis.StringCmd
	older := map[State]*redis.IntCmd{}
	_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		all = p.GetRange(ctx, stateKey(c.Name), 0, -1)
		for _, s := range States {
			older[s] = p.ZCard(ctx, olderIn(c.Name, s))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: counting %s: %w", c.Name, err)
	}
	for _, s := range States {
		c.States[s] = older[s].Val() + int64(strings.Count(all.Val(), letters[s]))
		c.Total += c.States[s]
	}
	return nil
}

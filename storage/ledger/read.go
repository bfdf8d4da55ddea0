package ledger

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Get reads one envelope; ErrNotFound when there is none.
func (l *Ledger) Get(ctx context.Context, key string) (*Record, error) {
	all, err := l.GetMany(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	if all[0] == nil {
		return nil, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	return all[0], nil
}

// GetMany reads many envelopes in one round trip; those that are not there are nil.
func (l *Ledger) GetMany(ctx context.Context, keys []string) ([]*Record, error) {
	return l.read(ctx, keys, true)
}

// Heads is GetMany without what is about people and files: states, steps and the inviting call.
func (l *Ledger) Heads(ctx context.Context, keys []string) ([]*Record, error) {
	return l.read(ctx, keys, false)
}

// fewAtOnce are so few envelopes that a second trip for their blobs would cost more than asking for those that are not there.
const fewAtOnce = 16

func (l *Ledger) read(ctx context.Context, keys []string, content bool) ([]*Record, error) {
	few := len(keys) <= fewAtOnce
	raw, err := l.readRaw(ctx, keys, content && few)
	if err == nil && content && !few {
		err = l.readBlobs(ctx, keys, raw)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: reading %d envelopes: %w", len(keys), err)
	}
	out := make([]*Record, len(keys))
	for i, x := range raw {
		blob := ""
		if content {
			blob = pieced(x.hash) + x.blob
		}
		if out[i], err = parse(keys[i], x.hash, blob); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// raw is a record as Redis has it.
type raw struct {
	hash map[string]string
	blob string // what stands under a key of its own
}

// readRaw reads hashes and, if they are wanted, blobs in one trip.
func (l *Ledger) readRaw(ctx context.Context, keys []string, blobs bool) ([]raw, error) {
	hashes, contents := make([]*redis.MapStringStringCmd, len(keys)), make([]*redis.StringCmd, len(keys))
	// No transaction, which a Redis that takes no writes would refuse: of a record that changes
	// between the two, and is written under the version that was read, nothing is taken.
	answers, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range keys {
			hashes[i] = p.HGetAll(ctx, envelopeKey(k))
			if blobs {
				contents[i] = p.Get(ctx, blobKey(k))
			}
		}
		return nil
	})
	if err := PipelineError(answers, err); err != nil {
		return nil, err
	}
	all := make([]raw, len(keys))
	for i, h := range hashes {
		all[i].hash = h.Val()
		if blobs {
			all[i].blob = contents[i].Val()
		}
	}
	return all, nil
}

// readBlobs reads the blobs of those records that have one. Of a record that was archived since, both are read again:
// with its blob gone, and the hash of before, nothing would be left of its content. A failed one may have been retried.
func (l *Ledger) readBlobs(ctx context.Context, keys []string, all []raw) error {
	blobs := map[int]*redis.StringCmd{}
	p := l.db.Pipeline()
	for i, x := range all {
		if len(x.hash) > 0 && !whole(x.hash) {
			blobs[i] = p.Get(ctx, blobKey(keys[i]))
		}
	}
	answers, err := p.Exec(ctx)
	if err := PipelineError(answers, err); err != nil {
		return err
	}
	var gone []int
	var again []string
	for i, blob := range blobs {
		all[i].blob = blob.Val()
		if all[i].blob == "" && !byLetter[all[i].hash[fieldState]].over() {
			gone, again = append(gone, i), append(again, keys[i])
		}
	}
	if len(gone) == 0 {
		return nil
	}
	now, err := l.readRaw(ctx, again, true)
	if err != nil {
		return err
	}
	for n, i := range gone {
		all[i] = now[n]
	}
	return nil
}

// pageSize is how many envelopes are read at once.
const pageSize = 200

// Page reads up to n envelopes of a campaign in the order in which they were enqueued,
// of one state or (empty) of all. Cursor is empty for the first page; next is empty
// after the last.
func (l *Ledger) Page(ctx context.Context, campaign string, state State, cursor string, n int) (records []*Record, next string, err error) {
	if state == "" {
		return l.PageOf(ctx, campaign, nil, cursor, n)
	}
	return l.PageOf(ctx, campaign, []State{state}, cursor, n)
}

// PageOf is [Ledger.Page] for some states, or (none) for all.
func (l *Ledger) PageOf(ctx context.Context, campaign string, states []State, cursor string, n int) (records []*Record, next string, err error) {
	ids, next, err := l.ids(ctx, campaign, states, cursor, n)
	if err != nil {
		return nil, "", err
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = campaign + "/" + id.id
	}
	all, err := l.GetMany(ctx, keys)
	if err != nil {
		return nil, "", err
	}
	for _, r := range all {
		if r != nil {
			records = append(records, r)
		}
	}
	return records, next, nil
}

// Keys names the envelopes of a page of [Ledger.PageOf], which costs little.
func (l *Ledger) Keys(ctx context.Context, campaign string, states []State, cursor string, n int) (keys []string, next string, err error) {
	ids, next, err := l.ids(ctx, campaign, states, cursor, n)
	for _, id := range ids {
		keys = append(keys, campaign+"/"+id.id)
	}
	return keys, next, err
}

// All reads every envelope of a campaign, page by page, of one state or (empty) of all.
func (l *Ledger) All(ctx context.Context, campaign string, state State) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		cursor := ""
		for {
			page, next, err := l.Page(ctx, campaign, state, cursor, pageSize)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}

// Campaign is a campaign with its counts.
type Campaign struct {
	Name   string
	Total  int64
	States map[State]int64 // every state is there
	// Providers are the same by provider; nil for a campaign that is older than this count.
	Providers map[string]map[State]int64
	Paused    bool
	Halts     []Halt // by provider
	Hours     Hours
	Reminders ReminderRule
	Simulated bool  // one of its envelopes goes, or went, to a simulator
	First     int64 // how many of each provider were to go first; 0: all at once
	Listed    int64 // archived envelopes that the archive's list of its files has
	Forgotten int64 // envelopes that it had when what is about people was last removed
	Younger   bool  // than what the archive has of it: see [Ledger.Younger]
	CreatedAt time.Time
	ChangedAt time.Time // the last change of a state
}

// Open is how many envelopes are not terminal.
func (c Campaign) Open() int64 {
	var n int64
	for s, k := range c.States {
		if !s.Terminal() {
			n += k
		}
	}
	return n
}

// Campaign reads a campaign's counts; ErrNotFound when there is none.
func (l *Ledger) Campaign(ctx context.Context, name string) (Campaign, error) {
	all, err := l.CampaignsNamed(ctx, []string{name})
	if err != nil {
		return Campaign{}, err
	}
	if len(all) == 0 {
		return Campaign{}, fmt.Errorf("campaign %s: %w", name, ErrNotFound)
	}
	return all[0], nil
}

// CampaignsNamed reads many campaigns' counts in one round trip; those that are not there
// are left out.
func (l *Ledger) CampaignsNamed(ctx context.Context, names []string) ([]Campaign, error) {
	asked := make([]campaignQuery, len(names))
	answers, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			asked[i].ask(ctx, p, name)
		}
		return nil
	})
	if err := PipelineError(answers, err); err != nil { // no reminder is due
		return nil, fmt.Errorf("ledger: counting %d campaigns: %w", len(names), err)
	}
	out := make([]Campaign, 0, len(names))
	for i, name := range names {
		c, whole, ok := asked[i].answer(name)
		if !ok {
			continue
		}
		if !whole {
			if err := l.countOlder(ctx, &c); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// campaignQuery is what is asked of Redis for one campaign.
type campaignQuery struct {
	head, parts *redis.MapStringStringCmd
	reminder    *redis.FloatCmd
}

func (q *campaignQuery) ask(ctx context.Context, p redis.Pipeliner, name string) {
	q.head, q.parts = p.HGetAll(ctx, campaignKey(name)), p.HGetAll(ctx, prefix+"counts:"+name)
	q.reminder = p.ZScore(ctx, remindersKey, name)
}

// answer is the campaign; whole is false for one that is older than its counts, which are
// in its indexes only.
func (q *campaignQuery) answer(name string) (c Campaign, whole, ok bool) {
	h := q.head.Val()
	if h["created"] == "" && h["seq"] == "" { // none, or one that has hours and no envelope yet
		return Campaign{}, false, false
	}
	c = Campaign{Name: name, States: make(map[State]int64, len(States)), Paused: h["paused"] == "1", Halts: haltsOf(h), Hours: hoursOf(h), Reminders: ruleOf(h), Simulated: h["simulated"] == "1", Younger: h["younger"] == "1", First: atoi(h["first"]), Listed: atoi(h["listed"]), Forgotten: atoi(h["forgotten"]),
		CreatedAt: milliTime(h["created"]), ChangedAt: milliTime(h["changed"])}
	if due := q.reminder.Val(); due > 0 {
		c.Reminders.Next = time.UnixMilli(int64(due)).UTC()
	}
	for _, s := range States {
		c.States[s] = 0
	}
	if h["counted"] != "1" {
		return c, false, true
	}
	c.Providers = map[string]map[State]int64{}
	for part, n := range q.parts.Val() {
		provider, state, _ := strings.Cut(part, " ")
		if atoi(n) == 0 {
			continue
		}
		if c.Providers[provider] == nil {
			c.Providers[provider] = map[State]int64{}
		}
		c.Providers[provider][State(state)] = atoi(n)
		c.States[State(state)] += atoi(n)
		c.Total += atoi(n)
	}
	return c, true, true
}

// CampaignsAfter names up to n campaigns that come after one, the oldest first; all when
// it is empty. One that is not there any more has nothing after it but what is newer.
func (l *Ledger) CampaignsAfter(ctx context.Context, last string, created time.Time, n int) ([]string, error) {
	key, start := prefix+"campaigns", int64(0)
	if last != "" {
		rank, err := l.db.ZRank(ctx, key, last).Result()
		if errors.Is(err, redis.Nil) {
			rank, err = l.db.ZCount(ctx, key, "-inf", strconv.FormatInt(created.UnixMilli(), 10)).Result()
			rank--
		}
		if err != nil {
			return nil, fmt.Errorf("ledger: listing campaigns: %w", err)
		}
		start = rank + 1
	}
	names, err := l.db.ZRange(ctx, key, start, start+int64(n)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("ledger: listing campaigns: %w", err)
	}
	return names, nil
}

// CampaignsBefore names up to n campaigns that come before one, the newest first; all when
// it is empty.
func (l *Ledger) CampaignsBefore(ctx context.Context, last string, created time.Time, n int) ([]string, error) {
	key, start := prefix+"campaigns", int64(0)
	if last != "" {
		rank, err := l.db.ZRevRank(ctx, key, last).Result()
		if errors.Is(err, redis.Nil) {
			rank, err = l.db.ZCount(ctx, key, strconv.FormatInt(created.UnixMilli(), 10), "+inf").Result()
			rank--
		}
		if err != nil {
			return nil, fmt.Errorf("ledger: listing campaigns: %w", err)
		}
		start = rank + 1
	}
	names, err := l.db.ZRevRange(ctx, key, start, start+int64(n)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("ledger: listing campaigns: %w", err)
	}
	return names, nil
}

// Changed tells when a campaign last changed a state, and whether it is paused: little to
// ask for who looks often. The time is zero when there is no such campaign.
func (l *Ledger) Changed(ctx context.Context, campaign string) (at time.Time, paused bool, err error) {
	h, err := l.db.HMGet(ctx, campaignKey(campaign), "changed", "paused").Result()
	if err != nil {
		return time.Time{}, false, fmt.Errorf("ledger: reading campaign %s: %w", campaign, err)
	}
	changed, _ := h[0].(string)
	return milliTime(changed), h[1] == "1", nil
}

// Campaigns names all campaigns, the oldest first.
func (l *Ledger) Campaigns(ctx context.Context) ([]string, error) {
	names, err := l.db.ZRange(ctx, prefix+"campaigns", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("ledger: listing campaigns: %w", err)
	}
	return names, nil
}

// Counts are a provider's envelopes by state.
func (l *Ledger) Counts(ctx context.Context, provider string) (map[State]int64, error) {
	h, err := l.db.HGetAll(ctx, prefix+"count:"+provider).Result()
	if err != nil {
		return nil, fmt.Errorf("ledger: counting %s: %w", provider, err)
	}
	out := make(map[State]int64, len(States))
	for _, s := range States {
		out[s] = atoi(h[string(s)])
	}
	return out, nil
}

// Unfinished is how many envelopes of some providers are not terminal, over all campaigns.
func (l *Ledger) Unfinished(ctx context.Context, providers []string) (n int64, err error) {
	for _, provider := range providers {
		counts, err := l.Counts(ctx, provider)
		if err != nil {
			return 0, err
		}
		for s, k := range counts {
			if !s.Terminal() {
				n += k
			}
		}
	}
	return n, nil
}

// KeyOf finds the key of the envelope that has this id at its provider; empty when
// there is none.
func (l *Ledger) KeyOf(ctx context.Context, provider, envelopeID string) (string, error) {
	keys, err := l.KeysOf(ctx, provider, []string{envelopeID})
	if err != nil {
		return "", err
	}
	return keys[0], nil
}

// KeysOf is [Ledger.KeyOf] for many.
func (l *Ledger) KeysOf(ctx context.Context, provider string, envelopeIDs []string) ([]string, error) {
	now, before := make([]*redis.StringCmd, len(envelopeIDs)), make([]*redis.StringCmd, len(envelopeIDs))
	answers, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range envelopeIDs {
			sum := sha1.Sum([]byte(id)) // what Redis' scripts can make, too
			name := hex.EncodeToString(sum[:])
			now[i] = p.HGet(ctx, prefix+"names:"+provider+":"+name[:4], name[4:16])
			before[i] = p.HGet(ctx, prefix+"names:"+provider, id)
		}
		return nil
	})
	if err := PipelineError(answers, err); err != nil {
		return nil, fmt.Errorf("ledger: finding envelopes of %s: %w", provider, err)
	}
	keys := make([]string, len(envelopeIDs))
	for i := range keys {
		keys[i] = cmp.Or(now[i].Val(), before[i].Val())
	}
	return keys, nil
}

// PipelineError is what is wrong with a pipeline's answers, but for keys that hold nothing: the pipeline's own error is
// that of its first answer alone, and such a key hides in it what is wrong with the others.
func PipelineError(answers []redis.Cmder, err error) error {
	if !errors.Is(err, redis.Nil) {
		return err
	}
	for _, a := range answers {
		if err := a.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}

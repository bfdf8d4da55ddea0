package ledger

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Group is several states that are one to somebody who looks at a campaign's course.
type Group string

// The groups: not sent yet, waiting for signers, signed, ended otherwise, and waiting for
// somebody to decide.
const (
	GroupWaiting Group = "waiting"
	GroupSent    Group = "sent"
	GroupDone    Group = "done"
	GroupEnded   Group = "ended"
	GroupStuck   Group = "stuck"
)

// Groups are all groups.
var Groups = []Group{GroupWaiting, GroupSent, GroupDone, GroupEnded, GroupStuck}

// GroupOf is the group of a state.
func GroupOf(s State) Group {
	switch s {
	case Queued, Preparing:
		return GroupWaiting
	case Sent:
		return GroupSent
	case Completed, Archived:
		return GroupDone
	case Failed, InDoubt:
		return GroupStuck
	}
	return GroupEnded
}

// StatesOf are the states of a group.
func StatesOf(g Group) []State {
	return slices.DeleteFunc(slices.Clone(States), func(s State) bool { return GroupOf(s) != g })
}

// Moment is how many envelopes were in each group at the end of a slice of time.
type Moment struct {
	At     time.Time
	Groups map[Group]int64
}

func courseKey(campaign string) string { return prefix + "course:" + campaign }

// Course tells how a campaign has gone: up to 240 moments, the oldest first, one for each
// slice in which something changed. It is empty for a campaign that is older than this
// record.
func (l *Ledger) Course(ctx context.Context, campaign string) ([]Moment, error) {
	h, err := l.db.HGetAll(ctx, courseKey(campaign)).Result()
	if err != nil {
		return nil, fmt.Errorf("ledger: reading the course of %s: %w", campaign, err)
	}
	width, begin := atoi(h["width"]), atoi(h["begin"])
	changes := map[int64]map[Group]int64{}
	for field, n := range h {
		slice, group, ok := strings.Cut(field, " ")
		i, err := strconv.ParseInt(slice, 10, 64)
		if !ok || err != nil {
			continue
		}
		if changes[i] == nil {
			changes[i] = map[Group]int64{}
		}
		changes[i][Group(group)] += atoi(n)
	}
	slicesOfTime := make([]int64, 0, len(changes))
	for i := range changes {
		slicesOfTime = append(slicesOfTime, i)
	}
	slices.Sort(slicesOfTime)
	sum, course := map[Group]int64{}, make([]Moment, 0, len(changes))
	for _, i := range slicesOfTime {
		m := Moment{At: time.UnixMilli(begin + (i+1)*width).UTC(), Groups: map[Group]int64{}}
		for _, g := range Groups {
			sum[g] += changes[i][g]
			m.Groups[g] = sum[g]
		}
		course = append(course, m)
	}
	return course, nil
}

// Blame is one kind of end without an archive: whose, what and how often.
type Blame struct {
	Provider  string
	State     State  // failed, in_doubt, declined, expired or canceled
	Code      string // as [Reason] has it; empty: none was given; *: one of many
	Envelopes int64
	Example   string // the id of the last envelope that came to this end
}

// Blames tells why a campaign's envelopes have ended without being archived, the most
// frequent first. What ended before the ledger kept this is not in it.
func (l *Ledger) Blames(ctx context.Context, campaign string) ([]Blame, error) {
	var counts, examples *redis.MapStringStringCmd
	_, err := l.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		counts, examples = p.HGetAll(ctx, prefix+"reasons:"+campaign), p.HGetAll(ctx, prefix+"examples:"+campaign)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: reading the reasons of %s: %w", campaign, err)
	}
	all := make([]Blame, 0, len(counts.Val()))
	for field, n := range counts.Val() {
		provider, rest, _ := strings.Cut(field, " ")
		state, code, _ := strings.Cut(rest, " ")
		all = append(all, Blame{provider, State(state), code, atoi(n), examples.Val()[field]})
	}
	slices.SortFunc(all, func(a, b Blame) int {
		if a.Envelopes != b.Envelopes {
			return int(b.Envelopes - a.Envelopes)
		}
		return strings.Compare(a.Provider+string(a.State)+a.Code, b.Provider+string(b.State)+b.Code)
	})
	return all, nil
}

// Glance is what [Ledger.Skim] reads of an envelope.
type Glance struct {
	ID, Provider, Code string
	Envelope           []byte // as it was enqueued
	Cursor             string // of what comes after it
}

// Skim reads little of up to n envelopes of a campaign, in the order and with the cursor
// of [Ledger.PageOf].
func (l *Ledger) Skim(ctx context.Context, campaign string, states []State, cursor string, n int) (seen []Glance, next string, err error) {
	ids, next, err := l.ids(ctx, campaign, states, cursor, n)
	if err != nil {
		return nil, "", err
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = campaign + "/" + id.id
	}
	records, err := l.GetMany(ctx, keys)
	if err != nil {
		return nil, "", err
	}
	for i, r := range records {
		if r != nil {
			seen = append(seen, Glance{ids[i].id, r.Provider, r.ErrorCode, r.Envelope, strconv.FormatInt(ids[i].seq, 10)})
		}
	}
	return seen, next, nil
}

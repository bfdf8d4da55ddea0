package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Halt is why a campaign sends nothing more to one provider, until it is resumed. What is
// sent already goes on.
type Halt struct {
	Provider string

	// Envelopes failed one after the other for one reason.
	Failures int64 // so many; 0: it is not that
	Code     string
	Since    time.Time

	// First is how many envelopes go first: the others wait until so many are archived.
	First int64
}

// haltsOf reads the halts of a campaign's head, by provider; see lua/sending.lua.
func haltsOf(head map[string]string) []Halt {
	var halts []Halt
	for field, value := range head {
		kind, provider, _ := strings.Cut(field, " ")
		switch {
		case kind == "halt":
			since, rest, _ := strings.Cut(value, " ")
			n, code, _ := strings.Cut(rest, " ")
			halts = append(halts, Halt{Provider: provider, Failures: atoi(n), Code: code, Since: milliTime(since)})
		case kind == "rest" && value != "open":
			halts = append(halts, Halt{Provider: provider, First: atoi(head["first"])})
		}
	}
	slices.SortFunc(halts, func(a, b Halt) int {
		return cmp.Or(strings.Compare(a.Provider, b.Provider), cmp.Compare(b.Failures, a.Failures))
	})
	return halts
}

// Waiting is how many envelopes a halt keeps from being sent, those that go first among them.
func (c Campaign) Waiting(h Halt) int64 {
	return c.Providers[h.Provider][Queued] + c.Providers[h.Provider][Preparing]
}

// FailAlike is Fail for a reason that others of the campaign may well have, too: the
// provider's refusal. So many of them in a row as the claim was made with halt the campaign's
// sending to the provider; halted tells that this one has.
func (c *Claim) FailAlike(ctx context.Context, tried int, why Reason) (halted bool, err error) {
	if err := guard(c.Record, "FailAlike", c.Record.IntentAt.IsZero(), Queued, Preparing); err != nil {
		return false, err
	}
	ch := failure(tried, why)
	ch.Streak = c.streak
	done, err := c.ledger.apply(ctx, c.Record, c.fence(), ch)
	return done.halted, err
}

// doubtsAlike are so many inviting calls in a row, answered alike without proof, that halt a
// campaign's sending: each of them may end in doubt, which somebody has to settle by hand.
const doubtsAlike = 2

// AwaitSettlingAlike is AwaitSettling for a refusal that proves nothing, and that others of
// the campaign may well get, too. It counts as FailAlike does, and halts earlier.
func (c *Claim) AwaitSettlingAlike(ctx context.Context, why Reason, steps map[string]string, quiet time.Duration) (halted bool, err error) {
	if err := guard(c.Record, "AwaitSettlingAlike", true, Preparing); err != nil {
		return false, err
	}
	ch := settling(why, steps, quiet)
	ch.Streak = min(doubtsAlike, c.streak)
	done, err := c.ledger.apply(ctx, c.Record, "inviter:"+c.token, ch)
	return done.halted, err
}

// Halted is how many campaigns' sending to a provider was halted by failures in a row.
func (l *Ledger) Halted(ctx context.Context, provider string) (int64, error) {
	n, err := l.db.SCard(ctx, prefix+"halted:"+provider).Result()
	if err != nil {
		return 0, fmt.Errorf("ledger: counting what is halted at %s: %w", provider, err)
	}
	return n, nil
}

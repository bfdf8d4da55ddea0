package ledger

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"
)

// Hold is why a claim was not given.
type Hold string

// The reasons. Gone, Stale, Done and Paused mean that the task has nothing to do; the
// others come with a time after which to try again.
const (
	Granted Hold = "ok"
	Gone    Hold = "gone"   // no such envelope
	Stale   Hold = "stale"  // a task of an older generation
	Done    Hold = "done"   // nothing to do in this state
	Parked  Hold = "paused" // the campaign is paused
	Busy    Hold = "busy"   // somebody holds it
	Early   Hold = "early"  // its next attempt is later
	Denied  Hold = "denied" // the provider refuses the key
)

// Claim is the right to work on an envelope: until it lapses, nobody else can.
type Claim struct {
	Record *Record
	At     time.Time // the server's time of the claim
	key    string
	token  string
	ledger *Ledger
}

// Token identifies the claim.
func (c *Claim) Token() string { return c.token }

// Claim takes an envelope for a task of the given generation, for the length of the
// lease. Without a claim, wait says after which time to try again.
func (l *Ledger) Claim(ctx context.Context, key string, generation int64, lease time.Duration) (claim *Claim, hold Hold, wait time.Duration, err error) {
	token := rand.Text()
	res, err := claimScript.Run(ctx, l.db, []string{envelopeKey(key)}, key, generation, token, millis(lease)).Slice()
	if err != nil {
		return nil, "", 0, fmt.Errorf("ledger: claiming %s: %w", key, err)
	}
	hold = Hold(fmt.Sprint(res[0]))
	if hold != Granted {
		if len(res) > 1 {
			wait = time.Duration(atoi(fmt.Sprint(res[1]))) * time.Millisecond
		}
		return nil, hold, wait, nil
	}
	flat := res[1].([]any)
	h := make(map[string]string, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		h[fmt.Sprint(flat[i])] = fmt.Sprint(flat[i+1])
	}
	at := time.UnixMilli(atoi(fmt.Sprint(res[2]))).UTC()
	return &Claim{parse(h), at, key, token, l}, Granted, 0, nil
}

// Renew extends the claim; ErrLost when it is another's.
func (c *Claim) Renew(ctx context.Context, lease time.Duration) error {
	ok, err := renewScript.Run(ctx, c.ledger.db, []string{envelopeKey(c.key)}, c.key, c.token, millis(lease)).Int()
	if err != nil {
		return fmt.Errorf("ledger: renewing the claim on %s: %w", c.key, err)
	}
	if ok == 0 {
		return fmt.Errorf("ledger: renewing the claim on %s: %w", c.key, ErrLost)
	}
	return nil
}

// change is one step of a record.
type change struct {
	To      State // empty: stays
	Set     map[string]string
	Times   map[string]time.Duration // fields that become the server's time after this
	Remove  []string
	Index   Index // empty: keep
	Due     time.Duration
	Release bool // the claim ends with this change
	Bump    bool // tasks that exist become stale; a new one is to be enqueued
}

// write changes the record under the claim; ErrLost when the claim is another's by now.
// The claim's record follows the change in State, Version and Generation only.
func (c *Claim) write(ctx context.Context, ch change) error {
	return c.ledger.write(ctx, c.Record, "token:"+c.token, ch)
}

// outcome writes what became of the inviting call that this claim intended. It is
// accepted also when the claim has lapsed since: the caller alone has seen it. The claim
// ends with it.
func (c *Claim) outcome(ctx context.Context, ch change) error {
	return c.ledger.write(ctx, c.Record, "inviter:"+c.token, ch)
}

// fence lets a change through only while nobody has changed the record since it was read.
func (r *Record) fence() string { return "version:" + strconv.FormatInt(r.Version, 10) }

func (l *Ledger) write(ctx context.Context, r *Record, fence string, ch change) error {
	to, index := ch.To, ch.Index
	if to == "" {
		to = r.State
	}
	if index == "" {
		index = keep
	}
	args := []any{r.Key(), fence, string(r.State), string(to), string(index), millis(ch.Due), flag(ch.Release), flag(ch.Bump), len(ch.Set), len(ch.Times)}
	for f, v := range ch.Set {
		args = append(args, f, v)
	}
	for f, d := range ch.Times {
		args = append(args, f, millis(d))
	}
	for _, f := range ch.Remove {
		args = append(args, f)
	}
	res, err := writeScript.Run(ctx, l.db, []string{envelopeKey(r.Key())}, args...).Slice()
	if err != nil {
		return fmt.Errorf("ledger: writing %s: %w", r.Key(), err)
	}
	if res[0] != "ok" {
		return fmt.Errorf("ledger: writing %s: %w", r.Key(), ErrLost)
	}
	r.State, r.Version, r.Generation = to, atoi(fmt.Sprint(res[1])), atoi(fmt.Sprint(res[2]))
	return nil
}

// Intent is what stands in the way of an inviting call, or IntentOK.
type Intent string

// The answers of [Claim.Intend].
const (
	IntentOK       Intent = "ok"
	IntentLost     Intent = "lost"
	IntentPaused   Intent = "paused"
	IntentCanceled Intent = "canceled"
	IntentAgain    Intent = "again" // an intent stands already: to be settled first
)

// Intend writes the intent to invite and makes it durable: when it returns IntentOK the
// intent survives the worker and, as far as the [Barrier] goes, Redis.
func (c *Claim) Intend(ctx context.Context) (Intent, error) {
	var answer string
	err := c.ledger.durably(ctx, func(ctx context.Context, db scripter) (err error) {
		answer, err = intentScript.Run(ctx, db, []string{envelopeKey(c.key)}, c.token).Text()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("ledger: intent for %s: %w", c.key, err)
	}
	return Intent(answer), nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func atoi(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // our own scripts' numbers
	return n
}

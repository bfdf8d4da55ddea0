package ledger

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ClaimResult is why a claim was not given.
type ClaimResult string

// The reasons. Gone, Stale, Done and CampaignPaused mean that the task has nothing to do; the
// others come with a time after which to try again.
const (
	Granted        ClaimResult = "ok"
	Gone           ClaimResult = "gone"   // no such envelope
	Stale          ClaimResult = "stale"  // a task of an older generation
	Done           ClaimResult = "done"   // nothing to do in this state
	CampaignPaused ClaimResult = "paused" // the campaign is paused
	Busy           ClaimResult = "busy"   // somebody holds it
	NotDue         ClaimResult = "early"  // its next attempt is later
	Denied         ClaimResult = "denied" // the provider refuses the key

	// Shut: the campaign's hours keep it back; it is due for the sweeper when they open.
	Shut ClaimResult = "shut"
	// Unplanned: the campaign's hours are to be planned first, see [Ledger.PlanHours].
	Unplanned ClaimResult = "unplanned"
)

// Claim is the right to work on an envelope: until it lapses, nobody else can.
type Claim struct {
	Record *Record
	At     time.Time // the server's time of the claim
	Began  bool      // the envelope was queued, and is preparing with this claim
	Probe  bool      // the provider's key was refused: this work tries whether it is accepted again
	streak int       // see Preparation
	taken  time.Time // this process' time of it
	key    string
	token  string
	ledger *Ledger

	mu    sync.Mutex        // one write at a time
	added map[string]string // fields that are written with the next change

	// seen is the version that the last write made. A Redis that was failed over or set back
	// may still hold the claim and no longer its last writes: going on would leave a record
	// with a gap, as participants without the contract that they belong to. A record that is
	// older than this is lost to the claim; the next one goes on from what is there.
	seen int64
}

// Now is about the server's time.
func (c *Claim) Now() time.Time { return c.At.Add(time.Since(c.taken)) }

// Token identifies the claim.
func (c *Claim) Token() string { return c.token }

// MarkedIn is the archive in which the inviting call of a claim is marked before it leaves;
// empty: nowhere, or nobody knows.
func MarkedIn(token string) string {
	_, place, _ := strings.Cut(token, ".")
	return place
}

// Preparation is a provider that a claim is for: a queued envelope of its own is preparing
// with the claim. The zero value leaves it queued.
type Preparation struct {
	Provider  string
	Simulated bool
	// Marks names the archive in which an inviting call of this claim is marked before it
	// leaves; empty: nowhere. It becomes part of the token: see [MarkedIn].
	Marks string
	// Streak is how many envelopes may fail in a row for one reason before the campaign's
	// sending to the provider halts. Before anybody was invited no more than that are being
	// sent. 0: any number.
	Streak int
}

// Claim takes an envelope for a task of the given generation, for the length of the
// lease. Without a claim, wait says after which time to try again.
func (l *Ledger) Claim(ctx context.Context, key string, generation int64, lease time.Duration, p Preparation) (claim *Claim, result ClaimResult, wait time.Duration, err error) {
	token := rand.Text()
	if p.Marks != "" {
		token += "." + p.Marks
	}
	res, err := claimScript.Run(ctx, l.scripts, []string{envelopeKey(key)}, key, generation, token, millis(lease), p.Provider, flag(p.Simulated), p.Streak).Slice()
	if err != nil {
		return nil, "", 0, fmt.Errorf("ledger: claiming %s: %w", key, err)
	}
	result = ClaimResult(text(res[0]))
	if result != Granted {
		if len(res) > 1 {
			wait = time.Duration(number(res[1])) * time.Millisecond
		}
		return nil, result, wait, nil
	}
	flat := res[1].([]any)
	h := make(map[string]string, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		h[text(flat[i])] = text(flat[i+1])
	}
	r, err := parse(key, h, text(res[2]))
	if err != nil {
		return nil, "", 0, err
	}
	r.Version++
	if r.State == Queued || r.State == Preparing {
		r.Tries++
	}
	c := &Claim{Record: r, At: time.UnixMilli(number(res[3])).UTC(), Probe: Admission(text(res[5])) == Probe, streak: p.Streak, taken: time.Now(), key: key, token: token, seen: r.Version, ledger: l}
	if number(res[4]) == 1 {
		r.State, r.Simulated, c.Began = Preparing, p.Simulated, true
	}
	return c, Granted, 0, nil
}

// text and number are what a script's answer holds.
func text(v any) string { s, _ := v.(string); return s }

func number(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case string:
		return atoi(v)
	}
	return 0
}

// Renew extends the claim and writes the steps that were added; ErrLost when it is another's.
func (c *Claim) Renew(ctx context.Context, lease time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	steps := c.steps()
	version, err := renewScript.Run(ctx, c.ledger.scripts, []string{envelopeKey(c.key)}, append([]any{c.key, c.token, c.seen, millis(lease)}, steps...)...).Int64()
	if err != nil {
		return fmt.Errorf("ledger: renewing the claim on %s: %w", c.key, err)
	}
	if version == 0 {
		return fmt.Errorf("ledger: renewing the claim on %s: %w", c.key, ErrLost)
	}
	c.seen = version
	c.stepsWritten()
	return nil
}

// add keeps a field for the next change.
func (c *Claim) add(field, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.added == nil {
		c.added = map[string]string{}
	}
	c.added[field] = value
}

// steps are those of the added fields, as a script takes them.
func (c *Claim) steps() (args []any) {
	for field, value := range c.added {
		if strings.HasPrefix(field, stepPrefix) {
			args = append(args, field, value)
		}
	}
	return args
}

func (c *Claim) stepsWritten() {
	maps.DeleteFunc(c.added, func(field, _ string) bool { return strings.HasPrefix(field, stepPrefix) })
}

// change is one step of a record.
type change struct {
	To            State // empty: stays
	Set           map[string]string
	Times         map[string]time.Duration // fields that become the server's time after this
	Remove        []string
	Index         Index // empty: keep
	Due           time.Duration
	Release       bool // the claim ends with this change
	NewGeneration bool // tasks that exist become stale; a new one is to be enqueued

	// Streak, above 0, is how many may fail in a row for the reason of this one.
	Streak int

	// Remains makes the blob anew, of people and files only: nothing else of it is left in Redis. The
	// record must be whole: under a fence by version, or of a claim on a completed envelope,
	// whose blob nobody else writes but for its download addresses.
	Remains bool

	// Loose: nothing is packed, because the blob is soon made anew.
	Loose bool
}

// append adds what the change writes of a record to a script's arguments.
func (ch change) append(args []any, r *Record) []any {
	var fields, removed []any
	sections := map[byte][]byte{}
	for f, v := range ch.Set {
		switch {
		case strings.HasPrefix(f, sectionPrefix):
			if v != "" || r.has(f) {
				sections[f[1]] = []byte(v)
			}
		case f == fieldError && len(v) > longest:
			sections[secError] = []byte(v)
			fields = append(fields, f, "")
		default:
			fields = append(fields, f, v)
		}
	}
	if listed, ok := ch.Set[fieldListed]; !ok {
		if slices.Contains(ch.Remove, fieldListed) {
			removed = append(removed, fieldRenewAt)
		}
	} else if at := renewAt([]byte(listed)); at != "" {
		fields = append(fields, fieldRenewAt, at)
	} else {
		removed = append(removed, fieldRenewAt)
	}
	for _, f := range ch.Remove {
		if !strings.HasPrefix(f, sectionPrefix) {
			removed = append(removed, f)
		} else if r.has(f) {
			sections[f[1]] = nil
		}
	}
	mode, blob := ch.blob(r, sections)
	if ch.Remains {
		if folded := pieces(blob); folded != nil {
			blob = nil
			for f, piece := range folded {
				fields = append(fields, f, piece)
			}
		}
	}
	sets := len(fields) / 2
	for f, d := range ch.Times {
		fields = append(fields, f, millis(d))
	}
	args = append(args, mode, blob, ch.Streak, sets, len(ch.Times))
	return append(append(args, fields...), removed...)
}

// blob is what becomes of a record's blob, and with which bytes.
func (ch change) blob(r *Record, sections map[byte][]byte) (mode string, b []byte) {
	switch {
	case ch.Remains:
		return "set", r.remains(sections)
	case len(sections) == 0:
		return "keep", nil
	}
	for letter, value := range sections {
		if ch.Loose {
			b = appendPacked(b, letter, plain, value)
		} else {
			b = appendSection(b, letter, value)
		}
	}
	return "add", b
}

// write changes the record under the claim; ErrLost when the claim is another's by now.
// The claim's record follows the change in State, Version and Generation only.
func (c *Claim) write(ctx context.Context, ch change) error {
	return c.writeAll(ctx, "", ch)
}

// writeAll writes a change with the fields that were added before it. Without a fence it is
// under the claim.
func (c *Claim) writeAll(ctx context.Context, fence string, ch change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if fence == "" {
		fence = c.fence()
	}
	ch.Set = with(c.added, ch.Set)
	for _, f := range ch.Remove {
		delete(ch.Set, f)
	}
	if err := c.ledger.write(ctx, c.Record, fence, ch); err != nil {
		return err
	}
	c.seen = c.Record.Version
	clear(c.added)
	return nil
}

// fence lets a change through only under the claim, on a record that has all that it has written.
func (c *Claim) fence() string { return fmt.Sprintf("token:%d:%s", c.seen, c.token) }

// outcome writes what became of the inviting call that this claim intended. It is
// accepted also when the claim has lapsed since: the caller alone has seen it. The claim
// ends with it.
func (c *Claim) outcome(ctx context.Context, ch change) error {
	return c.writeAll(ctx, "inviter:"+c.token, ch)
}

// fence lets a change through only while nobody has changed the record since it was read.
func (r *Record) fence() string { return "version:" + strconv.FormatInt(r.Version, 10) }

func (l *Ledger) write(ctx context.Context, r *Record, fence string, ch change) error {
	_, err := l.apply(ctx, r, fence, ch)
	return err
}

// written is what is known of a change that was made.
type written struct {
	at     time.Time // the server's
	halted bool      // the campaign's sending has halted with it
}

// apply is write, and tells more.
func (l *Ledger) apply(ctx context.Context, r *Record, fence string, ch change) (written, error) {
	to, index := ch.To, ch.Index
	if to == "" {
		to = r.State
	}
	if index == "" {
		index = keep
	}
	args := []any{r.Key(), fence, letters[r.State], letters[to], letterOf(index), millis(ch.Due), flag(ch.Release), flag(ch.NewGeneration)}
	args = ch.append(args, r)
	res, err := writeScript.Run(ctx, l.scripts, []string{envelopeKey(r.Key())}, args...).Slice()
	if err != nil {
		return written{}, fmt.Errorf("ledger: writing %s: %w", r.Key(), err)
	}
	if res[0] != "ok" {
		return written{}, fmt.Errorf("ledger: writing %s: %w", r.Key(), ErrLost)
	}
	r.State, r.Version, r.Generation = to, number(res[1]), number(res[2])
	return written{time.UnixMilli(number(res[3])).UTC(), number(res[4]) == 1}, nil
}

// Intent is what stands in the way of an inviting call, or IntentOK.
type Intent string

// The answers of [Claim.Intend].
const (
	IntentOK       Intent = "ok"
	IntentLost     Intent = "lost"
	IntentPaused   Intent = "paused"
	IntentCanceled Intent = "canceled"
	// IntentCanceling: an operation is about to cancel it. It comes again after that.
	IntentCanceling Intent = "canceling"
	IntentShut      Intent = "shut"  // the campaign's hours are over, or were never planned
	IntentAgain     Intent = "again" // an intent stands already: to be settled first
)

// Intend writes the intent to invite, with the steps that were added, and makes it durable:
// when it returns IntentOK the intent survives the worker and, as far as the [Durability] goes, Redis.
func (c *Claim) Intend(ctx context.Context) (Intent, error) { return c.intend(ctx, "") }

// IntendAgain is Intend for the same call once more, while what became of the ones before is
// not known.
func (c *Claim) IntendAgain(ctx context.Context) (Intent, error) {
	if err := guard(c.Record, "IntendAgain", c.Record.Inviter != "", Preparing); err != nil {
		return "", err
	}
	return c.intend(ctx, c.Record.Inviter)
}

func (c *Claim) intend(ctx context.Context, repeats string) (Intent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	args := append([]any{c.key, c.token, c.seen, repeats}, c.steps()...)
	var res []any
	err := c.ledger.durably(ctx, func(ctx context.Context, db scripter) (err error) {
		res, err = intentScript.Run(ctx, db, []string{envelopeKey(c.key)}, args...).Slice()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("ledger: intent for %s: %w", c.key, err)
	}
	answer := Intent(text(res[0]))
	if answer != IntentLost {
		c.seen = number(res[1])
		c.stepsWritten()
	}
	return answer, nil
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

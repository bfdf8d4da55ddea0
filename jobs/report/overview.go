package report

import (
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// Overview is what a whole campaign has come to, from the reports of its envelopes. It keeps a few
// numbers for each envelope, and no person.
type Overview struct {
	Total, Simulated int64
	States           map[ledger.State]int64
	Providers        map[string]map[ledger.State]int64
	Steps            [4]Step
	Ends             Ends
	First, Last      time.Time // the first and the last thing that is known to have happened

	sent, signed []int64         // when, in seconds
	took         []time.Duration // from the invitation of an envelope to each signature
	waiting      []time.Time     // since when those who have not signed are asked
	byProvider   map[string][]time.Duration
}

// Step is how far envelopes have come: all, sent, signed by all, archived. Lost is where those
// stand that have come to the step before it, and not to this one.
type Step struct {
	Envelopes int64
	Lost      map[ledger.State]int64
}

// The steps, in their order.
const (
	StepAll = iota
	StepSent
	StepSigned
	StepArchived
)

// Add counts an envelope.
func (o *Overview) Add(r Report) {
	if o.States == nil {
		o.States, o.Providers, o.byProvider = map[ledger.State]int64{}, map[string]map[ledger.State]int64{}, map[string][]time.Duration{}
		for i := range o.Steps {
			o.Steps[i].Lost = map[ledger.State]int64{}
		}
	}
	state := ledger.State(r.State)
	o.Total++
	o.States[state]++
	if o.Providers[r.Provider] == nil {
		o.Providers[r.Provider] = map[ledger.State]int64{}
	}
	o.Providers[r.Provider][state]++
	if r.Simulated {
		o.Simulated++
	}
	for _, at := range []*time.Time{r.CreatedAt, r.SentAt, r.CompletedAt, r.ArchivedAt} {
		o.happened(at)
	}
	o.step(r, state)
	for _, s := range r.Signers {
		o.signer(r, state, s)
	}
	if state.Terminal() && state != ledger.Archived {
		o.end(r, state)
	}
}

func (o *Overview) happened(at *time.Time) {
	if at == nil {
		return
	}
	if o.First.IsZero() || at.Before(o.First) {
		o.First = *at
	}
	if at.After(o.Last) {
		o.Last = *at
	}
}

// step counts how far an envelope has come. What failed after everybody had signed is signed.
func (o *Overview) step(r Report, state ledger.State) {
	signed := state == ledger.Completed || state == ledger.Archived || state == ledger.Failed && r.CompletedAt != nil
	sent := signed || state == ledger.Sent || r.SentAt != nil
	if sent && r.SentAt != nil {
		o.sent = append(o.sent, r.SentAt.Unix())
	}
	if signed && r.CompletedAt != nil {
		o.signed = append(o.signed, r.CompletedAt.Unix())
	}
	for i, reached := range []bool{true, sent, signed, state == ledger.Archived} {
		if !reached {
			o.Steps[i].Lost[state]++
			return
		}
		o.Steps[i].Envelopes++
	}
}

// signer counts how long somebody took, or since when they are asked.
func (o *Overview) signer(r Report, state ledger.State, s Signer) {
	switch {
	case r.SentAt == nil:
	case s.SignedAt != nil:
		took := max(0, s.SignedAt.Sub(*r.SentAt))
		o.took = append(o.took, took)
		o.byProvider[r.Provider] = append(o.byProvider[r.Provider], took)
		o.happened(s.SignedAt)
	case state == ledger.Sent && s.State != providers.SignerSigned && s.State != providers.SignerApproved:
		o.waiting = append(o.waiting, *r.SentAt)
	}
}

// end counts why an envelope is not archived. Of a refusal, the people's reasons say more than the
// error.
func (o *Overview) end(r Report, state ledger.State) {
	said := Said{Provider: r.Provider, Envelopes: 1, Example: r.ID}
	code := ""
	if r.Error != nil {
		code = r.Error.Code
		if state != ledger.InDoubt && r.Error.Message != string(state) {
			said.Message, said.Explanation = r.Error.Message, r.Error.Explanation
		}
	}
	var reasons []string
	for _, s := range r.Signers {
		if s.Reason != "" {
			reasons = append(reasons, s.Reason)
		}
	}
	if len(reasons) > 0 {
		said.Message, said.Explanation = "", strings.Join(reasons, "; ")
	}
	o.Ends.Add(state, code, said)
}

// Thousandths is how much a part is of a whole, rounded, but neither nothing nor all before it is.
func Thousandths(part, whole int64) int64 {
	if part <= 0 || part >= whole {
		return min(1, max(0, part)) * 1000
	}
	return min(999, max(1, (2000*part+whole)/(2*whole)))
}

// Spread is how a number of lengths of time lie.
type Spread struct {
	Count                          int
	Quarter, Median, ThreeQuarters time.Duration
	NineTenths, Shortest, Longest  time.Duration
	lengths                        []time.Duration // in their order
}

// Took is how long people took to sign, from the invitation of their envelope.
func (o *Overview) Took() Spread { return spread(o.took) }

// TookAt is the same for one provider.
func (o *Overview) TookAt(provider string) Spread { return spread(o.byProvider[provider]) }

// Waiting is how long those have been asked who have not signed yet.
func (o *Overview) Waiting(now time.Time) Spread {
	lengths := make([]time.Duration, len(o.waiting))
	for i, since := range o.waiting {
		lengths[i] = max(0, now.Sub(since))
	}
	return spread(lengths)
}

func spread(lengths []time.Duration) Spread {
	s := Spread{Count: len(lengths), lengths: slices.Sorted(slices.Values(lengths))}
	if s.Count == 0 {
		return s
	}
	at := func(share float64) time.Duration { return s.lengths[int(share*float64(s.Count-1)+.5)] }
	s.Shortest, s.Quarter, s.Median, s.ThreeQuarters, s.NineTenths, s.Longest = at(0), at(.25), at(.5), at(.75), at(.9), at(1)
	return s
}

// Within counts the lengths from one, and below another.
func (s Spread) Within(from, to time.Duration) int {
	below := func(d time.Duration) int { i, _ := slices.BinarySearch(s.lengths, d); return i }
	return below(to) - below(from)
}

// Moment is how many envelopes were sent, and signed, by a time.
type Moment struct {
	At           time.Time
	Sent, Signed int64
}

// Course is how sending and signing have gone on, in at most so many moments.
func (o *Overview) Course(most int) []Moment {
	slices.Sort(o.sent)
	slices.Sort(o.signed)
	all := slices.Concat(o.sent, o.signed)
	if len(all) == 0 {
		return nil
	}
	first, last := slices.Min(all), slices.Max(all)
	width := max(1, (last-first+int64(most))/int64(most))
	by := func(times []int64, at int64) int64 { i, _ := slices.BinarySearch(times, at+1); return int64(i) }
	var course []Moment
	for at := first; ; at += width {
		at = min(at, last)
		m := Moment{time.Unix(at, 0).UTC(), by(o.sent, at), by(o.signed, at)}
		if n := len(course); n == 0 || m.Sent != course[n-1].Sent || m.Signed != course[n-1].Signed {
			course = append(course, m)
		}
		if at == last {
			return course
		}
	}
}

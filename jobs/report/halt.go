package report

import (
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// Halt is why a campaign sends nothing more to a provider, as status, HTTP and reports show it.
type Halt struct {
	Provider string     `json:"provider"`
	Reason   string     `json:"reason" enum:"failures,first" doc:"failures: envelopes have failed one after the other for one reason; first: those that go first are waited for."`
	Code     string     `json:"code" doc:"Of the failures; empty for first."`
	Failures int64      `json:"failures"`
	Since    *time.Time `json:"since" doc:"Of the failures; null for first."`
	First    int64      `json:"first" doc:"How many envelopes go first; 0 for failures."`
	Archived int64      `json:"archived" doc:"Of the provider's envelopes in the campaign."`
	Ended    int64      `json:"ended" doc:"Of those envelopes, how many have ended in another state."`
	Waiting  int64      `json:"waiting" doc:"Envelopes that are not sent yet."`
	Failed   int64      `json:"failed" doc:"Of the provider's envelopes in the campaign, how many are failed now."`
	InDoubt  int64      `json:"in_doubt" doc:"And how many are in doubt."`
}

// The reasons of a halt.
const (
	HaltFailures = "failures"
	HaltFirst    = "first"
)

// Halts are what a campaign's sending waits for; [] where nothing halts it.
func Halts(c ledger.Campaign) []Halt {
	halts := []Halt{}
	for _, h := range c.Halts {
		x := Halt{Provider: h.Provider, Reason: HaltFailures, Code: h.Code, Failures: h.Failures, Since: Time(h.Since), First: h.First,
			Archived: c.Providers[h.Provider][ledger.Archived], Waiting: c.Waiting(h), Failed: c.Providers[h.Provider][ledger.Failed], InDoubt: c.Providers[h.Provider][ledger.InDoubt]}
		for state, n := range c.Providers[h.Provider] {
			if state.Terminal() && state != ledger.Archived {
				x.Ended += n
			}
		}
		if h.Failures == 0 {
			x.Reason = HaltFirst
		}
		halts = append(halts, x)
	}
	return halts
}

// ByItself tells whether the waiting may end without anybody: some of those that go first are
// still on their way.
func (h Halt) ByItself() bool { return h.Reason == HaltFirst && h.Archived+h.Ended < h.First }

// unproven tells whether the answers that halted it were no proof that nobody was invited:
// what they were about is in doubt, or will be.
func (h Halt) unproven() bool {
	return h.Failed == 0 && h.InDoubt > 0 || h.Code == string(providers.Ambiguous)
}

// Why says why nothing more is sent.
func (h Halt) Why() lang.Text {
	switch {
	case h.ByItself():
		return lang.Of("%s: the first %d go first, %d archived; the others wait for them", h.Provider, h.First, h.Archived)
	case h.Reason == HaltFirst:
		return lang.Of("%s: %d archived, and %d were to be first; %d wait", h.Provider, h.Archived, h.First, h.Waiting)
	}
	if h.unproven() {
		return lang.Of("%s: halted, as %d invitations in a row were answered without proof that nobody was invited: %s; %d wait", h.Provider, h.Failures, h.Code, h.Waiting)
	}
	return lang.Of("%s: halted, as %d envelopes in a row failed with %s; %d wait", h.Provider, h.Failures, h.Code, h.Waiting)
}

// Text says in a line why nothing more is sent, and what to do about it.
func (h Halt) Text(campaign string) lang.Text {
	switch {
	case h.ByItself():
		return lang.Of("%v, or for: chancela resume %s", h.Why(), campaign)
	case h.Reason == HaltFirst:
		return lang.Of("%v for: chancela resume %s", h.Why(), campaign)
	}
	others := lang.Of("chancela retry %s for those that failed", campaign)
	switch doubts := lang.Of("chancela resolve %s for those in doubt", campaign); {
	case h.unproven():
		others = doubts
	case h.InDoubt > 0:
		others = lang.Join([]lang.Text{others, doubts}, ", ")
	}
	return lang.Of("%v. chancela report %s says why; then chancela resume %s, and %v", h.Why(), campaign, campaign, others)
}

package report

import (
	"fmt"
	"time"

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
	Waiting  int64      `json:"waiting" doc:"Envelopes that are not sent yet."`
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
			Archived: c.Providers[h.Provider][ledger.Archived], Waiting: c.Waiting(h)}
		if h.Failures == 0 {
			x.Reason = HaltFirst
		}
		halts = append(halts, x)
	}
	return halts
}

// Text says in a line why nothing more is sent, and what to do about it.
func (h Halt) Text(campaign string) string {
	if h.Reason == HaltFirst {
		return fmt.Sprintf("%s: the first %d go first, %d archived; the others wait for them, or for: chancela resume %s", h.Provider, h.First, h.Archived, campaign)
	}
	return fmt.Sprintf("%s: halted, as %d envelopes in a row failed with %s; %d wait. chancela report %s says why; then chancela resume %s, and chancela retry %s for those that failed",
		h.Provider, h.Failures, h.Code, h.Waiting, campaign, campaign, campaign)
}

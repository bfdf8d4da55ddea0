package providers

import "github.com/chancela/chancela/providers/lang"

// Finding is one thing that chancela doctor has found out: what was asked, what the answer
// was, and what to do about it.
type Finding struct {
	Subject string `json:"subject"`         // the provider, or what else was looked at
	Check   string `json:"check"`           // what this is about, in a word or two
	Asked   string `json:"asked,omitempty"` // the call: "GET /workflows"
	Status  int    `json:"status,omitempty"`

	Answer   lang.Text `json:"answer"`            // what was found
	Expected lang.Text `json:"expected,omitzero"` // what the reference says, where the answer differs from it
	OK       bool      `json:"ok"`                // nothing that a campaign would stumble over
	Cure     lang.Text `json:"cure,omitzero"`     // what to do; of what is well: what to know
	Body     string    `json:"body,omitempty"`    // the answer's body with secrets and personal data masked, where something is wrong
}

// Fact is something that a service's document leaves open, and that the doctor has found out
// about an account for those that send.
type Fact string

// The facts.
const (
	SecondUseRefused Fact = "second_use_refused" // a single-use token that was used is refused: see [Job.Repeat]
	NoCallback       Fact = "no_callback"        // the account itself has no address for callbacks
)

// Mark is how the finding stands in a list: ok, wrong, or note for what is well and worth
// knowing.
func (f Finding) Mark() string {
	switch {
	case !f.OK:
		return "wrong"
	case !f.Cure.IsZero() || !f.Expected.IsZero():
		return "note"
	}
	return "ok"
}

// Package report is what people and programs are told about an envelope: the report, the
// manifest that vouches for its archived files, evidence that came late, and the check of a
// whole archive.
package report

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/chancela/chancela/providers"
)

// Report is what a person is told about an envelope: a line of `report`, the answer of
// the HTTP API, the head of the manifest. All keys are always there; what is not known
// is null, an empty list or an empty object.
type Report struct {
	Campaign    string            `json:"campaign"`
	ID          string            `json:"id"`
	Provider    string            `json:"provider"`
	State       string            `json:"state"`
	EnvelopeID  string            `json:"envelope_id"`
	Error       *Error            `json:"error"`
	Attempts    int               `json:"attempts"` // to send it
	Signers     []Signer          `json:"signers"`
	Artifacts   []Artifact        `json:"artifacts"`
	CreatedAt   *time.Time        `json:"created_at"`
	SentAt      *time.Time        `json:"sent_at"`
	CompletedAt *time.Time        `json:"completed_at"`
	ArchivedAt  *time.Time        `json:"archived_at"`
	Meta        map[string]string `json:"meta"`
	Reminders   int               `json:"reminders"` // how often its provider was asked to remind its signers
	RemindedAt  *time.Time        `json:"last_reminded_at"`
	Subject     string            `json:"subject"`
	Odd         []string          `json:"odd,omitempty"` // what the evidence says that a rule of the user's asks to be told
	Simulated   bool              `json:"simulated"`     // its provider is a simulator: nobody was invited, nothing is signed
}

// Error is why an envelope is where it is.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Explanation is the provider's own words, on one line.
	Explanation string `json:"explanation,omitempty"`
}

// Signer is one signer's part of a [Report].
type Signer struct {
	Name     string              `json:"name"`
	Email    string              `json:"email"`
	State    string              `json:"state"`
	SignedAt *time.Time          `json:"signed_at"`
	Biometry *providers.Biometry `json:"biometry,omitempty"`
	Reason   string              `json:"reason,omitempty"` // why this person has refused, in their own words
}

// Artifact is a file in the archive.
type Artifact struct {
	Kind        providers.Kind `json:"kind"`
	Key         string         `json:"key"`
	SHA256      string         `json:"sha256"` // lower-case hex
	Size        int64          `json:"size"`   // bytes
	ContentType string         `json:"content_type"`
	Name        string         `json:"name,omitempty"` // the end of the key
	Link        string         `json:"link,omitempty"` // where the HTTP API has it
}

// MarshalJSON writes empty lists and objects where there is nothing.
func (r Report) MarshalJSON() ([]byte, error) {
	if r.Signers == nil {
		r.Signers = []Signer{}
	}
	if r.Artifacts == nil {
		r.Artifacts = []Artifact{}
	}
	if r.Meta == nil {
		r.Meta = map[string]string{}
	}
	type plain Report
	return json.Marshal(plain(r))
}

// Linked is the report with the addresses that the HTTP API has for its files.
func (r Report) Linked() Report {
	for i := range r.Artifacts {
		r.Artifacts[i].Link = "/v1/campaigns/" + url.PathEscape(r.Campaign) + "/envelopes/" + url.PathEscape(r.ID) + "/artifacts/" + url.PathEscape(r.Artifacts[i].Name)
	}
	return r
}

// Time is a time as reports hold it: in UTC, nil when it is not known.
func Time(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

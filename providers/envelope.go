// Package providers is the vocabulary that the five signing services share: the
// envelope as the user asked for it, what a provider must be able to do with it,
// what it answers, and how it fails.
//
// A provider's calls fall in two kinds. Most are harmless when repeated: uploads,
// drafts, looks. Exactly one reaches people: the inviting call. [Provider] keeps
// the two apart, so that one engine makes all five services safe: everything in
// Prepare is recorded step by step and may be repeated after a crash; Invite makes
// one call, and [Job.Commit] runs after its turn has come and before its first byte
// leaves; Settle finds out afterwards what became of a call whose outcome nobody saw.
package providers

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

// Key names an envelope: both parts are the user's, together they are the
// idempotency key.
type Key struct {
	Campaign string
	ID       string
}

// String is CAMPAIGN/ID. Neither part can hold a slash.
func (k Key) String() string { return k.Campaign + "/" + k.ID }

// ParseKey is the inverse of [Key.String].
func ParseKey(s string) (Key, error) {
	campaign, id, ok := strings.Cut(s, "/")
	if !ok || campaign == "" || id == "" || strings.Contains(id, "/") {
		return Key{}, lang.Errorf("%q is not an envelope key of the form CAMPAIGN/ID", s)
	}
	return Key{campaign, id}, nil
}

// Envelope is one signing job as the user asked for it. Its JSON is the one of the
// HTTP API.
type Envelope struct {
	Campaign  string            `json:"campaign,omitempty"`
	ID        string            `json:"id"`
	Provider  string            `json:"provider"`
	Subject   string            `json:"subject"`
	Message   string            `json:"message,omitempty"`
	Expires   Expiry            `json:"expires,omitzero"`
	Template  string            `json:"template,omitempty"`
	Documents []Document        `json:"documents,omitempty"`
	Signers   []Signer          `json:"signers"`
	Fields    map[string]string `json:"fields,omitempty"`
	Meta      map[string]string `json:"meta,omitempty"`
	// Options holds the providers' own options: provider, option, value.
	Options map[string]map[string]string `json:"options,omitempty"`
}

// Clone is the envelope with nothing that it shares with this one but its documents' content.
func (e Envelope) Clone() Envelope {
	e.Documents, e.Signers = slices.Clone(e.Documents), slices.Clone(e.Signers)
	for i := range e.Signers {
		s := &e.Signers[i]
		s.Stamp, s.IDFront, s.IDBack = clone(s.Stamp), clone(s.IDFront), clone(s.IDBack)
		s.Date, s.Text, s.Checkbox = slices.Clone(s.Date), slices.Clone(s.Text), slices.Clone(s.Checkbox)
	}
	e.Fields, e.Meta, e.Options = maps.Clone(e.Fields), maps.Clone(e.Meta), maps.Clone(e.Options)
	for provider, options := range e.Options {
		e.Options[provider] = maps.Clone(options)
	}
	return e
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// Key is the envelope's idempotency key.
func (e Envelope) Key() Key { return Key{e.Campaign, e.ID} }

// Option is the value of an option of the envelope's own provider, empty when unset.
func (e Envelope) Option(name string) string { return e.Options[e.Provider][name] }

// HasColumn tells whether the envelope says something in a column that not every service has
// a place for: message, expires, order (signers one after the other), stamp, company, date,
// text, checkbox.
func (e Envelope) HasColumn(column string) bool {
	switch column {
	case "message":
		return e.Message != ""
	case "expires":
		return !e.Expires.IsZero()
	case "order":
		return slices.ContainsFunc(e.Signers, func(s Signer) bool { return s.Order != e.Signers[0].Order })
	}
	return slices.ContainsFunc(e.Signers, func(s Signer) bool { return s.hasColumn(column) })
}

func (s Signer) hasColumn(column string) bool {
	switch column {
	case "stamp":
		return s.Stamp != nil
	case "company":
		return s.Company != "" || s.CompanyDocument != ""
	case "date":
		return len(s.Date) > 0
	case "text":
		return len(s.Text) > 0
	case "checkbox":
		return len(s.Checkbox) > 0
	}
	return false
}

// Document is a file to be signed, or an identity image.
//
// It comes in with Source or Open and is staged under its hash when it is enqueued;
// from then on SHA256, Size and Type are set and Open is nil.
type Document struct {
	Name   string `json:"name"`
	Source string `json:"source,omitempty"` // as the user wrote it: a path or s3://bucket/key
	SHA256 string `json:"sha256,omitempty"` // lower-case hex
	Size   int64  `json:"size,omitempty"`   // bytes
	Type   string `json:"type,omitempty"`   // MIME type, found from the content

	// Open reads the content before it is staged. It may be called more than once.
	Open func(context.Context) (io.ReadCloser, error) `json:"-"`
}

// Channels by which a signer is told, and types of signature.
const (
	ChannelEmail    = "email"
	ChannelSMS      = "sms"
	ChannelWhatsApp = "whatsapp"

	TypeElectronic = "electronic"
	TypeDigital    = "digital"
	TypeApprover   = "approver"
	TypeViewer     = "viewer"
)

// Signer is a person who is invited.
type Signer struct {
	Name      string    `json:"name"`
	Email     string    `json:"email,omitempty"`
	Phone     string    `json:"phone,omitempty"`     // E.164
	Document  string    `json:"document,omitempty"`  // CPF (11 digits) or CNPJ (14 characters), without punctuation
	Birthdate string    `json:"birthdate,omitempty"` // YYYY-MM-DD
	Order     int       `json:"order,omitempty"`     // from 1; 0: not given
	Role      string    `json:"role,omitempty"`
	Channel   string    `json:"channel,omitempty"` // email, sms, whatsapp
	Auth      string    `json:"auth,omitempty"`    // the same
	Type      string    `json:"type,omitempty"`    // electronic, digital, approver, viewer; empty: the provider's usual one
	Stamp     *Stamp    `json:"stamp,omitempty"`
	IDFront   *Document `json:"id_front,omitempty"`
	IDBack    *Document `json:"id_back,omitempty"`
	IDType    string    `json:"id_type,omitempty"` // cnh, rg

	Company         string `json:"company,omitempty"`          // that the signer signs for
	CompanyDocument string `json:"company_document,omitempty"` // its CNPJ

	Date     []Place `json:"date,omitempty"` // what the signer fills in beside the signature
	Text     []Place `json:"text,omitempty"`
	Checkbox []Place `json:"checkbox,omitempty"`
}

// IsCompany tells whether the signer's document is a CNPJ.
func (s Signer) IsCompany() bool { return len(s.Document) == 14 }

// Stamp places a visible signature: points from the page's lower left corner; pages
// count from 1.
type Stamp struct {
	Page   int     `json:"page"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Place is where a signer fills something in.
type Place struct {
	Stamp
	Required bool   `json:"required,omitempty"`
	Label    string `json:"label,omitempty"`
}

// Places are all that a signer fills in, by the columns' names.
func (s Signer) Places() map[string][]Place {
	return map[string][]Place{"date": s.Date, "text": s.Text, "checkbox": s.Checkbox}
}

// Expiry is a date or a number of days after the envelope was accepted. The zero
// value means that the user set none.
type Expiry struct {
	Date string // YYYY-MM-DD
	Days int
}

// IsZero tells that no expiry was asked for.
func (x Expiry) IsZero() bool { return x == Expiry{} }

// MarshalText writes the form that the user may write: 2026-12-31 or 30d.
func (x Expiry) MarshalText() ([]byte, error) {
	if x.Days > 0 {
		return fmt.Appendf(nil, "%dd", x.Days), nil
	}
	return []byte(x.Date), nil
}

// UnmarshalText accepts 2026-12-31, 31/12/2026 and 30d.
func (x *Expiry) UnmarshalText(b []byte) error {
	*x = Expiry{}
	if len(b) > 1000 { // before any work is done on it
		return lang.Errorf("is too long for a date or a number of days")
	}
	s := Trim(WithoutHollow(string(b)))
	if s == "" {
		return nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 3650 || strconv.Itoa(n) != days {
			return lang.Errorf("is not a number of days such as 30d (1d to 3650d)")
		}
		x.Days = n
		return nil
	}
	t, err := ParseDate(s)
	if err != nil {
		return lang.Errorf("is not a date such as 2026-12-31 or 31/12/2026, nor days such as 30d: %w", err)
	}
	x.Date = t.Format(time.DateOnly)
	return nil
}

// Ends is when the last day is over in a zone, for an envelope that was accepted at the
// given time; the zero time when no expiry was asked for.
func (x Expiry) Ends(accepted time.Time, zone *time.Location) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, x.Date, zone)
	if x.Days > 0 {
		year, month, today := accepted.In(zone).Date()
		day = time.Date(year, month, today+x.Days, 0, 0, 0, 0, zone)
	} else if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

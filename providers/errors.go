package providers

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

// ErrorKind says what a failure means for the envelope, the provider and the next
// attempt.
type ErrorKind string

// The kinds of error. They stand in reports and metrics: do not rename.
const (
	Transient   ErrorKind = "transient"    // nothing happened, or nothing that matters: try again later
	RateLimited ErrorKind = "rate_limited" // refused before it was handled: try again at Until
	Ambiguous   ErrorKind = "ambiguous"    // the call may or may not have had its effect
	Invalid     ErrorKind = "invalid"      // this envelope is refused and always will be
	Denied      ErrorKind = "denied"       // the key is refused, or there is no way to the provider: stop it, not the envelope
	NotFound    ErrorKind = "not_found"
	Unsupported ErrorKind = "unsupported" // the provider cannot do this
	Interrupted ErrorKind = "canceled"    // the context ended before the call left
)

// Codes that the engine looks for.
const (
	CodeNotReady       = "not_ready"       // artifacts: come back later
	CodeAddressExpired = "address_expired" // a download address has died: list again
)

// Codes of failures that several providers have.
const (
	CodeEnded        = "ended"         // the envelope has ended already
	CodeExpired      = "expired"       // its last day was over before it was sent
	CodeNotPrepared  = "not_prepared"  // Invite without what Prepare records
	CodeArtifactKind = "artifact_kind" // the service has no such file

	CodeNoSecret    = "no_secret" // callbacks: nothing is configured to verify them with
	CodeSignature   = "signature"
	CodeStale       = "stale"
	CodeBadCallback = "body"
)

// RefusedCallback is a callback that is not taken: of kind [Denied] when it is not
// vouched for, and otherwise [Invalid].
func RefusedCallback(provider, code, why string) error {
	kind := Denied
	if code == CodeBadCallback {
		kind = Invalid
	}
	return &Error{Kind: kind, Provider: provider, Op: "webhook", Code: code, Err: errors.New(why)}
}

// ErrAlreadyInvited is returned by Prepare, and by a repeated Invite, for an envelope that has been sent before
// under our key.
var ErrAlreadyInvited = errors.New("the provider has sent this envelope already")

// Error is how a provider fails. Its text holds no body, no address with a query and no
// personal data: it is logged, kept in the ledger and shown in reports.
type Error struct {
	Kind     ErrorKind
	Provider string
	Op       string    // method and route template: "POST /envelopes/{id}/send"
	Status   int       // HTTP status, 0 when there was no answer
	Code     string    // the provider's stable code, or one of ours
	Until    time.Time // RateLimited, and Transient with a Retry-After: not before this
	Err      error     // cause; nil when the status says it all

	// Explanation is the service's own words, made clean by [CleanExplanation]. They may
	// name people, so they are no part of the error's text: never in logs, metrics or
	// tasks, but beside the error for those who may read the envelope.
	Explanation Secret
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Provider)
	if e.Op != "" {
		b.WriteString(": " + e.Op)
	}
	fmt.Fprintf(&b, ": %s", e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", HTTP %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(", " + e.Code)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the nearest [*Error] in the chain, or Transient: an error
// that nobody has classified is never a reason to give an envelope up.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Transient
}

// StatusOf is the HTTP status of a failure, 0 when it has none.
func StatusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return 0
}

// CodeOf is the stable code of a failure, empty when it has none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Reread is the same failure read with knowledge of the call: of another kind, and with
// another code unless that is empty.
func Reread(err error, kind ErrorKind, code string) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	changed := *e
	changed.Kind, changed.Code = kind, cmp.Or(code, e.Code)
	return &changed
}

// Problem is one thing that is wrong with an envelope before it is accepted. Field is
// the CSV's column name: "subject", "signer1.email", "document".
type Problem struct {
	Field   string    `json:"field"`
	Message lang.Text `json:"message"`
}

// Problems is everything that is wrong with an envelope.
type Problems []Problem

func (p Problems) Error() string { return p.Said().String() }

// Said is all of them for people.
func (p Problems) Said() lang.Text {
	parts := make([]lang.Text, len(p))
	for i, x := range p {
		parts[i] = lang.Of("%s: %v", x.Field, x.Message)
	}
	return lang.Join(parts, "; ")
}

// Add appends a problem.
func (p *Problems) Add(field, format string, args ...any) {
	*p = append(*p, Problem{field, lang.Of(format, args...)})
}

// Err is nil when there is no problem.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

package providers

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

// Provider is one signing service. All methods may be called from many goroutines;
// every call that waits ends with its context. Failures are [*Error].
type Provider interface {
	Info() Info

	// Check refuses what the provider would refuse, before any call: limits,
	// obligatory fields, unsupported channels and types, unknown options. Documents
	// are staged when it is called by enqueue (Size and Type set) and may not yet be
	// when it is called earlier: a zero Size is not judged. The error is [Problems].
	Check(Envelope) error

	// Prepare makes every call that reaches nobody, each inside [Job.Step]. Called
	// again after a crash it goes on after the last recorded step.
	// It returns [ErrAlreadyInvited] when it finds that the envelope under our key has
	// already been sent; Job.Ref then names it. With [Job.AskFirst] it looks for that before
	// it makes anything, where the service can be asked for our key.
	Prepare(context.Context, *Job) error

	// Invite makes the one call that reaches people, with [Job.Commit] as the
	// request's Before hook, and sets Job.Ref.ID when that was not known before.
	// An error of kind [Ambiguous] means that the call may have had its effect.
	// With [Job.Repeat] it makes the same call with the same token once more, and returns
	// [ErrAlreadyInvited] when the service refuses it as used.
	Invite(context.Context, *Job) error

	// Settle finds out whether an Invite whose outcome is unknown reached people. On
	// Invited it sets Job.Ref.ID where it was not known. It makes no inviting call.
	Settle(context.Context, *Job) (Outcome, error)

	// Status looks at a sent envelope.
	Status(context.Context, Ref) (Status, error)

	// Artifacts lists every file that the provider offers for a completed envelope,
	// with fresh download addresses. An error of kind [Transient] or [NotFound] with
	// Code "not_ready" means: not yet.
	Artifacts(context.Context, Ref) ([]Artifact, error)

	// Open streams one artifact. An expired address is an error of kind [NotFound] with
	// Code "address_expired": list again.
	Open(context.Context, Ref, Artifact) (io.ReadCloser, error)
}

// Optional powers, found by type assertion.
type (
	// Finisher has calls to make after the invitation to complete the envelope,
	// harmless when repeated, each inside [Job.Step]: sDoc's stamps.
	Finisher interface {
		Finish(context.Context, *Job) error
	}

	// Lister reads many envelopes' states with one request. Page counts from 1; the
	// newest envelopes come first; more is false on the last page.
	Lister interface {
		List(ctx context.Context, page int) (envelopes []Listed, more bool, err error)
	}

	// Walker reads which envelopes are pending, a page a request: all of them, from the
	// first page (an empty cursor) to the last (next is empty). One that changes its state
	// meanwhile may be left out or come twice. The ids are in no order.
	Walker interface {
		Walk(ctx context.Context, cursor string) (pending []string, next string, err error)
	}

	// Canceler withdraws a sent envelope. An envelope that has ended already is an
	// error of kind [Invalid].
	Canceler interface {
		Cancel(context.Context, Ref) error
	}

	// Discarder removes what Prepare has left of an envelope that will not be sent.
	// Nothing there any more is success.
	Discarder interface {
		Discard(context.Context, Ref) error
	}

	// Reminder asks the provider to notify the signers who have not signed. It makes each
	// call that reaches somebody through once, so that a round that was broken off goes on
	// after the last one.
	Reminder interface {
		Remind(ctx context.Context, ref Ref, once Once) error
	}

	// SignerReminder asks the provider to notify one signer, by the e-mail address. One who
	// has signed already, or is none of the envelope, is an error of kind [Invalid].
	SignerReminder interface {
		RemindSigner(ctx context.Context, ref Ref, email string, once Once) error
	}

	// WebhookVerifier reads the provider's callbacks. Webhook verifies the request in the
	// provider's own way before it decodes it; body is the raw body. A forged, stale
	// or undecodable one is an error of kind [Denied] or [Invalid].
	WebhookVerifier interface {
		Webhook(r *http.Request, body []byte) (Event, error)
	}

	// Subscriber makes and removes webhook subscriptions at the provider. The secret
	// is shown once.
	Subscriber interface {
		Subscribe(ctx context.Context, url string) (id, secret string, err error)
		Subscriptions(ctx context.Context) ([]Subscription, error)
		Unsubscribe(ctx context.Context, id string) error
	}
)

// Once makes a call unless one of this name was made before in the same round.
type Once func(ctx context.Context, name string, call func(context.Context) error) error

// Info is what a provider can do, as data: the README's table, the estimates of check and
// [Info.Check] are made from it.
type Info struct {
	Name string // contraktor, certyneo, sdoc, catalisa, qisign

	// Simulated tells that calls go to a simulator: nobody is invited, nothing is signed.
	Simulated bool

	Rate      Rate          // default pace
	Bucket    bool          // the size of the bucket is documented: another rate keeps it
	PollEvery time.Duration // default shortest time between two looks at one envelope
	SettleAll bool          // an interrupted invite can always be settled
	// Inline: the inviting call carries the documents, and takes time by their size.
	Inline bool
	// TokenLife is how long a single-use token that guards the inviting call surely lives, from
	// [Job.Guard] on: while it does, the same call may be made again. 0: there is no token.
	TokenLife time.Duration

	MaxDocuments    int      // 0: no documented limit
	MaxDocumentSize int64    // bytes; 0: no documented limit
	DocumentTypes   []string // nil: any
	Templates       bool
	TemplateNames   bool // may be named, as name:NAME: the service lists them
	TemplateFields  bool // field.NAME fills them
	Order           bool // signs in order
	Deadlines       bool // ends an envelope itself when its last day is over; otherwise chancela withdraws it
	Channels        []string
	PhoneAlone      bool     // a signer without a channel and an e-mail is told by phone
	Auth            []string // ways of the code that proves who signs; nil: not chosen per signer
	SignatureTypes  []string
	ImageTypes      []string // of identity papers; nil: none are taken
	Artifacts       []Kind
	LooksTellLinks  bool          // a look at one envelope tells signing links, a list does not
	AddressLifetime time.Duration // of download addresses; 0: none or not documented
	// UnsupportedColumns are those that the service has no place for, as [Envelope.HasColumn]
	// names them. One file may serve several providers, so they are left out, not refused;
	// check, run and enqueue say so.
	UnsupportedColumns []string
	Options            []Option
}

// Option describes one PROVIDER.NAME column.
type Option struct {
	Name   string
	Help   string
	Values []string // the only ones, in any case of letters; nil: any
}

// Rate is a number of requests per period and the size of the bucket they are taken
// from.
type Rate struct {
	Requests int
	Per      time.Duration
	Burst    int
}

// Interval is the time between two requests at the steady rate.
func (r Rate) Interval() time.Duration { return r.Per / time.Duration(r.Requests) }

// Noter says what people must know of an envelope that is right as it is, such as that
// nobody is told of it: check, run and enqueue say it once, with the number of envelopes.
type Noter interface {
	Notes(Envelope) []lang.Text
}

// RequestEstimator says how many requests an envelope costs on its way to the archive: the
// estimate of check. Providers implement it where the general rule is too coarse.
type RequestEstimator interface {
	Requests(Envelope) int
}

// Job carries one envelope through Prepare, Invite, Finish and Settle.
type Job struct {
	Envelope Envelope
	Accepted time.Time      // when it was enqueued; an expiry in days counts from here
	Zone     *time.Location // whose days the last one to sign is of; nil: UTC
	// AskFirst: nothing is recorded of the envelope, and yet it may have been sent under this
	// key, by a ledger that was lost.
	AskFirst bool
	// Repeat: the inviting call may have been made before with this token.
	Repeat bool
	Ref    Ref
	Now    func() time.Time // the ledger's clock

	// OpenDocument reads a staged document or identity image.
	OpenDocument func(context.Context, Document) (io.ReadCloser, error)
	// Record keeps a step's result; it is durable in the ledger when it returns nil.
	Record func(ctx context.Context, step, result string) error
	// KeepLinks keeps signing links that an answer tells; nil: they are not wanted.
	KeepLinks KeepLinks
	// Within bounds the time from Commit to the last byte of the inviting call. 0: what is
	// usual.
	Within time.Duration
	// Commit writes the intent to invite and makes it durable. It fails when the
	// envelope was paused, cancelled or taken over meanwhile; the call must then not
	// be made, and its error is to be returned as it is.
	Commit func(context.Context) error
}

// Ends is when the last day to sign is over; the zero time: there is none.
func (j *Job) Ends() time.Time {
	return j.Envelope.Expires.Ends(j.Accepted, cmp.Or(j.Zone, time.UTC))
}

// Step runs call once in the life of the envelope and gives its recorded result ever
// after. A crash between the call and its record repeats the call: it must be harmless.
func (j *Job) Step(ctx context.Context, name string, call func(context.Context) (string, error)) (string, error) {
	if result, ok := j.Ref.Steps[name]; ok {
		return result, nil
	}
	result, err := call(ctx)
	if err != nil {
		return "", err
	}
	if err := j.Note(ctx, name, result); err != nil {
		return "", err
	}
	return result, nil
}

// Note records a result that is known without a call of its own.
func (j *Job) Note(ctx context.Context, name, result string) error {
	if err := j.Record(ctx, name, result); err != nil {
		return err
	}
	if j.Ref.Steps == nil {
		j.Ref.Steps = make(map[string]string)
	}
	j.Ref.Steps[name] = result
	return nil
}

// StepToken keeps since when an envelope's single-use token lives, by the ledger's clock.
const StepToken = "token"

// Guard is called by Prepare right before it fetches a single-use token: see [Info].TokenLife.
func (j *Job) Guard(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &Error{Kind: Interrupted, Provider: j.Envelope.Provider, Err: err}
	}
	return j.Note(ctx, StepToken, strconv.FormatInt(j.Now().UnixMilli(), 10))
}

// TokenSince is since when an envelope's single-use token lives; the zero time: it has none.
func (r Ref) TokenSince() time.Time {
	at, err := strconv.ParseInt(r.Steps[StepToken], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(at)
}

// Ref names an envelope at its provider.
type Ref struct {
	Key   Key
	ID    string            // the provider's id; empty when it has none yet
	Steps map[string]string // what Step and Note have recorded
}

// Outcome is what Settle found.
type Outcome string

// The outcomes of [Provider.Settle].
const (
	Invited    Outcome = "invited"
	NotInvited Outcome = "not_invited"
	Unknown    Outcome = "unknown" // the provider gives no way to find out
)

// State is what a provider says of an envelope, in chancela's words.
type State string

// The states that a provider can report.
const (
	Draft     State = "draft" // not sent
	Pending   State = "pending"
	Completed State = "completed"
	Declined  State = "declined"
	Expired   State = "expired"
	Canceled  State = "canceled"
)

// Status is the answer to one look.
type Status struct {
	State       State
	Reason      string // the provider's code for a decline or cancellation; never free text of a person
	Signers     []SignerStatus
	CompletedAt time.Time       // zero when the provider does not say
	Raw         json.RawMessage // the provider's own answer, for the manifest
	Links       []Link          // where the signers sign, when the answer tells it
}

// Signer states in reports.
const (
	SignerPending  = "pending"
	SignerViewed   = "viewed"
	SignerSigned   = "signed"
	SignerApproved = "approved"
	SignerDeclined = "declined"
)

// SignerStatus is one signer's part of a [Status].
type SignerStatus struct {
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	State    string    `json:"state"`
	SignedAt time.Time `json:"signed_at,omitzero"`
	Reason   string    `json:"reason,omitempty"` // a person's own words for a refusal, made clean: for those who may read the envelope
}

// Listed is one envelope of a [Lister]'s page.
type Listed struct {
	ID    string
	State State
}

// Kind is a kind of artifact.
type Kind string

// The kinds of artifact, as archive keys name them.
const (
	SignedDocument Kind = "signed_document"
	Dossier        Kind = "dossier"
	Package        Kind = "package"
	Face           Kind = "face"
	IDFront        Kind = "id_front"
	IDBack         Kind = "id_back"
)

// Artifact is a file that is kept when the envelope completes. It is recorded in the
// ledger as JSON until the file is archived.
type Artifact struct {
	Kind        Kind      `json:"kind"`
	ID          string    `json:"id,omitempty"`  // the provider's id of the document or signer it belongs to
	ContentType string    `json:"content_type"`  // application/pdf, image/jpeg, application/zip
	Source      string    `json:"source"`        // where it comes from, without query or credentials: for the manifest
	URL         string    `json:"url,omitempty"` // a download address; empty when Open calls the API
	Expires     time.Time `json:"expires,omitzero"`
}

// Event is a verified callback. It only says "look at this envelope now".
type Event struct {
	ID       string          // the provider's envelope id
	Key      Key             // where the callback's own address carried it
	Delivery string          // identifies the delivery, to drop replays; empty when the provider has nothing for it
	Evidence json.RawMessage // what only callbacks carry, kept for the manifest: QI Sign's biometry; see [ReadEvidence]
}

// Subscription is a webhook subscription at a provider.
type Subscription struct {
	ID     string
	URL    string
	Events []string
}

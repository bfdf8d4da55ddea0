// Package rest is the one HTTP transport of all providers: it takes the turn, adds the
// credentials, streams bodies both ways, sorts failures into kinds and keeps secrets
// and personal data out of every error and log line. It never repeats a request: the
// engine above knows what may be repeated.
package rest

import (
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Config makes a [Client].
type Config struct {
	Provider string
	Base     string // the API's base address, without a trailing slash
	Pacer    pace.Pacer

	// Simulated tells that Base is a simulator's, also when it is no loopback address.
	Simulated bool

	Key providers.Secret // is kept out of what the service's explanations say
	Log *slog.Logger     // of answers, at debug level; nil: nobody

	Roots *x509.CertPool // the authorities that are trusted; nil: the system's

	// Authorize adds the credentials to a request to Base. It may call an identity
	// service first; it runs before the turn is taken. Nil: none.
	Authorize func(context.Context, *http.Request) error

	// Explain gives the provider's stable code for an error answer, and may change the
	// kind that the status suggests. It sees at most 64 KiB of the body. Nil: status only.
	// What it returns is shown to people: a code, never the body's text.
	Explain func(status int, header http.Header, body []byte) (code string, kind providers.ErrorKind)

	// Observe is told of every answer and failure (status 0). Nil: nobody.
	Observe func(Observation)

	Timeout time.Duration // of one request with its answer; 0: 60 s
}

// Observation is one request as metrics see it.
type Observation struct {
	Provider string
	Op       string // method and route template
	Class    pace.Class
	Status   int           // 0: no answer
	Waited   time.Duration // for the turn
	Took     time.Duration // from the turn to the answer's header
	Err      error         // why it failed, a [*providers.Error]; nil after a 2xx answer
}

// Request is one call.
type Request struct {
	Class  pace.Class
	Method string
	Path   string // below Base, escaped
	Route  string // the template of Path for errors and metrics; empty: Path
	Query  url.Values
	Header http.Header
	Body   Body // nil: none

	// Before runs after the turn has come and right before the first byte leaves: the
	// inviting call's Job.Commit. When it fails nothing is sent and its error is
	// returned as it is. A request with Before is the inviting one: it is cut when its
	// last byte has not left within the time of Within, so that nothing can leave later than
	// that after the intent was written, and failures after it may have left are
	// Ambiguous, where those of other requests are Transient.
	Before func(context.Context) error
	Within time.Duration // 0: SendWithin
}

// SendWithin bounds the time between the intent to invite and the last byte of an
// inviting request without documents.
const SendWithin = 20 * time.Second

// sendRate is how many bytes a second of documents within an inviting request leave at the
// least: a choice.
const sendRate = 128 << 10

// Within bounds the time between the intent to invite and the last byte of an envelope's
// inviting request. Whoever asks what became of it waits as long.
func Within(info providers.Info, e providers.Envelope) time.Duration {
	within := SendWithin
	if info.Inline {
		for _, d := range e.Documents {
			within += time.Duration(d.Size) * 4 / 3 * time.Second / sendRate // in base64
		}
	}
	return within
}

// Body is a request body that can be sent as a stream of known length.
type Body interface {
	// Open starts the body from its beginning.
	Open(context.Context) (io.ReadCloser, error)
	Size() int64 // bytes; -1: not known
	ContentType() string
}

// Op names the request's call in errors and metrics: "POST /envelopes/{id}/send".
func (r Request) Op() string { return r.Method + " " + cmp.Or(r.Route, r.Path) }

package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
)

// Visit is what chancela doctor wants of a provider.
type Visit struct {
	Draft  bool // make what reaches nobody, and remove it again
	Report func(providers.Finding)

	// Self is the person who runs it: what would invite anybody else may be made for them. Zero:
	// they have not said who they are.
	Self providers.Signer
	// Learn keeps what was found out of the account for those that send; nil: nobody does.
	Learn func(fact providers.Fact, holds bool)
}

// Examiner asks one service, call by call, and reports what came back. It is for one
// goroutine.
type Examiner struct {
	Visit
	client   *Client
	provider string
	host     string
	secure   bool
	refusal  *Answer // the last answer that was no 2xx
	reached  bool
	undo     []undo
}

type undo struct {
	what lang.Text
	call func(context.Context) Answer
}

// Answer is what came back, whatever it was.
type Answer struct {
	Op     string
	Status int // 0: there was none
	Header http.Header
	Body   []byte // at most [examined] bytes of it
	Err    error  // a [*providers.Error], unless the status was a 2xx
}

// examined bounds what is read of one answer.
const examined = 4 << 20

// NewExaminer makes the examiner of the service at base, which is called with the headers.
func NewExaminer(provider, base string, s Settings, headers http.Header, v Visit) (*Examiner, error) {
	x := &Examiner{Visit: v, provider: provider}
	cfg := s.Config(provider, base)
	cfg.Authorize = func(_ context.Context, r *http.Request) error {
		for name, values := range headers {
			r.Header[name] = values
		}
		return nil
	}
	cfg.Explain = func(status int, header http.Header, body []byte) (string, providers.ErrorKind) {
		x.refusal = &Answer{Status: status, Header: header, Body: slices.Clone(body)}
		return "", ""
	}
	var err error
	if x.client, err = New(cfg); err != nil {
		return nil, err
	}
	u, err := url.Parse(x.client.cfg.Base)
	if err != nil {
		return nil, err
	}
	x.host, x.secure = u.Host, u.Scheme == "https"
	return x, nil
}

// Ask makes one request. The first one also tells whether there is a way to the service,
// and what its clock says.
func (x *Examiner) Ask(ctx context.Context, r Request) Answer {
	x.refusal = nil
	r.Class = pace.Steer
	if r.Header.Get("Accept") == "" {
		r.Header = r.Header.Clone()
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header.Set("Accept", "application/json")
	}
	begun := time.Now()
	answer, err := x.client.Do(ctx, r)
	a := Answer{Op: r.Op(), Err: err}
	switch {
	case err == nil:
		a.Status, a.Header = answer.Status, answer.Header
		a.Body, a.Err = io.ReadAll(io.LimitReader(answer.Body, examined))
		answer.Body.Close()
	case x.refusal != nil:
		a.Status, a.Header, a.Body = x.refusal.Status, x.refusal.Header, x.refusal.Body
	default:
		a.Status = providers.StatusOf(err)
	}
	if !x.reached {
		x.reached = a.Status != 0
		x.connection(a, begun)
	}
	return a
}

// connection reports the way to the service, and the clocks.
func (x *Examiner) connection(a Answer, begun time.Time) {
	if a.Status == 0 {
		cure := lang.Of("look at the address, at the network, and at the proxy (HTTPS_PROXY, NO_PROXY)")
		switch providers.CodeOf(a.Err) {
		case CodeProxyRefused:
			cure = lang.Of("look at HTTPS_PROXY, its user and password, and at what it lets out")
		case CodeCertificate:
			cure = lang.Of("CHANCELA_CA_FILE names a file with further roots to trust")
		case CodeBadHeader:
			cure = lang.Of("take the line end or the invisible character out of the key")
		}
		x.Wrong("connection", a, lang.Of("%s: %v", x.host, causeOf(a.Err)), lang.Text{}, cure)
		return
	}
	how := lang.Of("%s answers over TLS, the certificate is trusted", x.host)
	if !x.secure {
		how = lang.Of("%s answers without TLS", x.host)
	}
	if target, err := url.Parse(x.client.cfg.Base); err == nil {
		if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target}); err == nil && proxy != nil {
			how = lang.Of("%v, through the proxy %s", how, proxy.Host)
		}
	}
	x.Fine("connection", a, how)
	x.clock(a, begun)
}

// skewWrong is the difference of clocks from which on tokens, signatures of callbacks and
// those of S3 begin to be refused somewhere. A choice.
const skewWrong = 60 * time.Second

func (x *Examiner) clock(a Answer, begun time.Time) {
	theirs, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		x.Note("clock", a, lang.Of("the answer has no Date header to compare this machine's clock with"), lang.Text{}, lang.Of("keep the clock by NTP"))
		return
	}
	ours := begun.Add(time.Since(begun) / 2)
	off := ours.Sub(theirs).Round(time.Second)
	switch {
	case off.Abs() <= 2*time.Second:
		x.Fine("clock", a, lang.Of("this machine's clock and theirs agree"))
	case off.Abs() < skewWrong:
		x.Fine("clock", a, apart(off))
	default:
		x.Wrong("clock", a, apart(off), lang.Text{}, lang.Of("set the clock by NTP: tokens and callbacks are refused otherwise"))
	}
}

func apart(off time.Duration) lang.Text {
	if off < 0 {
		return lang.Of("this machine's clock is %v behind theirs", off.Abs())
	}
	return lang.Of("this machine's clock is %v ahead of theirs", off)
}

// Reference is what is expected by the sections of a service's reference.
func Reference(what any, sections string) lang.Text {
	return lang.Of("%v (reference %s)", what, sections)
}

// Listed names what an account has for a column.
func Listed(names []lang.Text) lang.Text {
	const most = 20
	switch {
	case len(names) == 0:
		return lang.Of("none")
	case len(names) > most:
		return lang.Of("%v and %d more", lang.Join(names[:most], ", "), len(names)-most)
	}
	return lang.Join(names, ", ")
}

// Differs is the cure of an answer that no reference knows.
var Differs = lang.Of("report this: the service differs from its reference")

// Fine reports what is as the reference has it.
func (x *Examiner) Fine(check string, a Answer, answer lang.Text) {
	x.tell(check, a, answer, lang.Text{}, lang.Text{}, true)
}

// Note reports what is well, and what is to be known about it.
func (x *Examiner) Note(check string, a Answer, answer, expected, cure lang.Text) {
	x.tell(check, a, answer, expected, cure, true)
}

// Wrong reports what campaigns would stumble over.
func (x *Examiner) Wrong(check string, a Answer, answer, expected, cure lang.Text) {
	x.tell(check, a, answer, expected, cure, false)
}

func (x *Examiner) tell(check string, a Answer, answer, expected, cure lang.Text, ok bool) {
	f := providers.Finding{Subject: x.provider, Check: check, Asked: a.Op, Status: a.Status, Answer: answer, Expected: expected, OK: ok, Cure: cure}
	if !ok || !expected.IsZero() {
		f.Body = Mask(a.Body)
	}
	x.Report(f)
}

// Refused reports an answer that is no 2xx, in the service's own words, and tells whether
// it was one. without is what cannot be done as long as it is so.
func (x *Examiner) Refused(check string, a Answer, without lang.Text) bool {
	if a.Err == nil {
		return false
	}
	cure, setting := lang.Of("try again later; if it stays, ask the service"), "CHANCELA_"+strings.ToUpper(x.provider)
	switch {
	case !x.reached: // has been said
		return true
	case a.Status == 0:
		x.Wrong(check, a, lang.Of("%v", causeOf(a.Err)), lang.Text{}, lang.Of("look at the connection, and try again"))
		return true
	case a.Status == http.StatusUnauthorized:
		cure = lang.Of("the key is not taken here: look at %s, and whether it is one of this environment", setting+"_API_KEY")
	case a.Status == http.StatusForbidden:
		cure = lang.Of("give the key the permission for this")
	case a.Status == http.StatusNotFound:
		cure = lang.Of("look at %s; if it is right, ask the service", setting+"_BASE_URL")
	case a.Status >= 300 && a.Status < 400:
		cure = lang.Of("the service has moved, or %s is not its address", setting+"_BASE_URL")
	case a.Status == http.StatusTooManyRequests:
		cure = lang.Of("somebody else uses the account's rate: try again later")
	case a.Status == http.StatusPaymentRequired:
		cure = lang.Of("the account has to pay first")
	}
	if !without.IsZero() {
		cure = lang.Of("%v; without it %v", cure, without)
	}
	x.Wrong(check, a, lang.Plain(x.Words(a)), lang.Text{}, cure)
	return true
}

// Words is an answer's status, with the service's own explanation.
func (x *Examiner) Words(a Answer) string {
	told := explanation(a.Body, x.client.cfg.Key)
	if e, ok := errors.AsType[*providers.Error](a.Err); ok {
		told = e.Explanation
	}
	if told == "" {
		return fmt.Sprintf("HTTP %d", a.Status)
	}
	return fmt.Sprintf("HTTP %d: %s", a.Status, told.Reveal())
}

// causeOf is why there was no answer, without the call in it.
func causeOf(err error) error {
	if e, ok := errors.AsType[*providers.Error](err); ok && e.Err != nil {
		return e.Err
	}
	return err
}

// Decode reads a JSON answer; what is none is reported, and false.
func (x *Examiner) Decode(check string, a Answer, into any) bool {
	if err := json.Unmarshal(a.Body, into); err != nil {
		answer := lang.Of("the answer is not the JSON that is documented")
		if len(a.Body) == examined {
			answer = lang.Of("the answer is larger than 4 MiB")
		}
		x.Wrong(check, a, answer, lang.Text{}, Differs)
		return false
	}
	return true
}

// Later notes how something that was made is removed again.
func (x *Examiner) Later(what lang.Text, call func(context.Context) Answer) {
	x.undo = append(x.undo, undo{what, call})
}

// removeWithin bounds the removal, which is made also after an interruption.
const removeWithin = 30 * time.Second

// Remove removes what was made, the last first, and reports what stays.
func (x *Examiner) Remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWithin)
	defer cancel()
	for _, u := range slices.Backward(x.undo) {
		a := u.call(ctx)
		switch {
		case a.Err == nil:
			x.Fine("removal", a, lang.Of("%v is taken back", u.what))
		case a.Status == http.StatusConflict || a.Status == http.StatusNotFound:
			x.Note("removal", a, lang.Of("%v is not taken back: %s", u.what, x.Words(a)), lang.Text{}, lang.Of("look in the service's own pages whether it is still there; it reaches nobody"))
		default:
			x.Wrong("removal", a, lang.Of("%v could not be taken back: %s", u.what, x.Words(a)), lang.Text{}, lang.Of("remove it in the service's own pages; it reaches nobody"))
		}
	}
	x.undo = nil
}

// Blank is a small file for drafts, a page that says what it is.
var Blank = blank()

func blank() []byte {
	text := "BT /F1 12 Tf 72 770 Td (chancela doctor: a draft that may be deleted) Tj ET"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	b := []byte("%PDF-1.4\n")
	var table strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	n := len(objects) + 1
	return fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", n, table.String(), n, len(b))
}

// OpenBlank reads [Blank] as a document.
func OpenBlank(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(Blank))), nil
}

// Upload puts a file to an address that the service gave.
func (x *Examiner) Upload(ctx context.Context, address string, body Body) error {
	return x.client.Upload(ctx, address, body, nil)
}

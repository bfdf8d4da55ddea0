// Package catalisa sends envelopes through the e-signature block of Catalisa Platform.
//
// One call creates a signature request and invites its signers. It carries our key as
// businessId, and a list filtered by it settles an interrupted call. The document
// stands inside the request, or goes through the platform's File Storage first.
package catalisa

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Name is the provider's name.
const Name = "catalisa"

// The settings that only Catalisa has. Without a client id, which is the
// organization's, the API key is used as an access token.
const (
	setClientID     = "CLIENT_ID"
	setClientSecret = "CLIENT_SECRET"
	setIAMURL       = "IAM_URL"   // empty: the platform's, by environment
	setFilesURL     = "FILES_URL" // empty: documents go inside the request
)

// Own are the settings that only Catalisa has. A client's id is half of its credentials.
var Own = []rest.Setting{
	{Name: setClientID, Secret: true, Key: true, With: setClientSecret},
	{Name: setClientSecret, Secret: true, With: setClientID},
	{Name: setIAMURL, Address: true, UsedBy: setClientID},
	{Name: setFilesURL, Address: true},
}

// Provider is Catalisa.
type Provider struct {
	client *client
	keys   []publicKey // that callbacks may be signed with
	zone   *time.Location
}

var (
	_ providers.Provider         = (*Provider)(nil)
	_ providers.RequestEstimator = (*Provider)(nil)
	_ providers.Lister           = (*Provider)(nil)
	_ providers.Walker           = (*Provider)(nil)
	_ providers.Canceler         = (*Provider)(nil)
	_ providers.Discarder        = (*Provider)(nil)
	_ providers.Reminder         = (*Provider)(nil)
	_ providers.SignerReminder   = (*Provider)(nil)
	_ providers.Noter            = (*Provider)(nil)
	_ providers.WebhookVerifier  = (*Provider)(nil)
)

// New makes the provider. The webhook secret is PEM text with the public keys of the
// webhook subscription: see [Provider.Webhook].
func New(s rest.Settings) (*Provider, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	keys, err := parseKeys(s.WebhookSecret)
	if err != nil {
		return nil, err
	}
	return &Provider{c, keys, cmp.Or(s.Zone, time.UTC)}, nil
}

// The steps of Prepare.
const (
	stepFile = "file"

	stepBusinessID = "business_id"
	stepHeight     = "page_height"
)

// Prepare puts a large document into File Storage.
func (p *Provider) Prepare(ctx context.Context, job *providers.Job) error {
	env := job.Envelope
	if own := providers.Trim(env.Option(optBusinessID)); own != "" {
		// What is settled from a mark has no options: the step stands in it.
		_, err := job.Step(ctx, stepBusinessID, func(context.Context) (string, error) { return ownBusinessID(own, env.Key()), nil })
		if err != nil {
			return err
		}
	}
	if job.AskFirst {
		if outcome, err := p.Settle(ctx, job); err != nil {
			return err
		} else if outcome == providers.Invited {
			return providers.ErrAlreadyInvited
		}
	}
	if _, err := p.days(job); err != nil {
		return err
	}
	if env.Template != "" || len(env.Documents) != 1 {
		return nil
	}
	if err := p.measure(ctx, job); err != nil || !p.stored(env) {
		return err
	}
	d := env.Documents[0]
	// One step for the three calls: the upload's address is a credential and is not to be
	// recorded. A crash between them leaves a file that nothing refers to.
	_, err := job.Step(ctx, stepFile, func(ctx context.Context) (string, error) {
		return p.client.store(ctx, fileRequest{
			Name: d.Name, MimeType: providers.TypePDF, SizeBytes: d.Size, Category: "CONTRACT", BusinessID: businessIDOf(job),
		}, opening(job, d))
	})
	return err
}

func opening(job *providers.Job, d providers.Document) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) { return job.OpenDocument(ctx, d) }
}

func (p *Provider) invalid(code string, err error) error {
	return &providers.Error{Kind: providers.Invalid, Provider: Name, Code: code, Err: err}
}

// days are the whole ones from now to the end of the last day, 0 without one: a request expires
// that many times 24 hours after it was made (reference §7.1). They are counted when it is made:
// an envelope that has waited ends no later for it.
func (p *Provider) days(job *providers.Job) (int, error) {
	ends := job.Ends()
	if ends.IsZero() {
		return 0, nil
	}
	n := daysUntil(ends, job.Now())
	if n < 1 {
		return 0, p.invalid(providers.CodeExpired, errors.New("less than a day is left to sign, and Catalisa's requests live a day at least"))
	}
	return min(n, maxDays), nil
}

// Invite creates the signature request.
func (p *Provider) Invite(ctx context.Context, job *providers.Job) error {
	env := job.Envelope
	days, err := p.days(job)
	if err != nil {
		return err
	}
	a := attributes{
		TemplateID:    env.Template,
		Title:         env.Subject,
		Message:       env.Message,
		ConfigID:      env.Option(optConfigID),
		BusinessID:    businessIDOf(job),
		ExpiresInDays: days,
	}
	for _, s := range env.Signers {
		a.Signers = append(a.Signers, signerRequest{s.Name, s.Email, s.Order})
	}
	if a.Widgets, err = widgets(job); err != nil {
		return p.invalid(providers.CodeNotPrepared, err)
	}
	var size int64
	var open func(context.Context) (io.ReadCloser, error)
	switch {
	case env.Template != "":
		a.FieldValues = env.Fields
	case job.Ref.Steps[stepFile] != "":
		a.FileID = job.Ref.Steps[stepFile]
	case len(env.Documents) == 1:
		d := env.Documents[0]
		a.FileBase64, a.FileName = marker, d.Name
		size, open = d.Size, opening(job, d)
	default:
		return p.invalid(providers.CodeNotPrepared, errors.New("there is no document"))
	}
	made, err := p.client.create(ctx, a, size, open, job)
	if err != nil {
		return p.refused(ctx, job, a, err)
	}
	if made.state() == providers.Draft {
		return p.notSent(providers.Ambiguous)
	}
	job.Ref.ID = made.ID
	if links := made.links(); job.KeepLinks != nil && len(links) > 0 {
		job.KeepLinks(ctx, links)
	}
	return nil
}

// refused reads a refusal of the inviting call with what only the call knows.
func (p *Provider) refused(ctx context.Context, job *providers.Job, a attributes, err error) error {
	switch providers.StatusOf(err) {
	case http.StatusConflict:
		// 409 is for duplicates, too (reference §4.2): an earlier try may have made the request.
		if outcome, lerr := p.Settle(ctx, job); lerr != nil || outcome != providers.NotInvited {
			return providers.Reread(err, providers.Ambiguous, "")
		}
	case http.StatusForbidden:
		// A missing permission is named; without its name the row's own configuration or template
		// may be another organization's (reference §4.2), and others go on.
		if (a.ConfigID != "" || a.TemplateID != "") && !strings.Contains(providers.ExplanationOf(err), "ESIGNATURE_") {
			return providers.Reread(err, providers.Invalid, "")
		}
	}
	return err
}

// notSent is a request that is there and whose signers are not told (reference §6). How one
// comes to be is not documented, nor how it is sent: the next look may find it sent.
func (p *Provider) notSent(kind providers.ErrorKind) error {
	return &providers.Error{Kind: kind, Provider: Name, Op: "POST " + requestsPath, Code: "draft", Err: errors.New("the request was made and is kept as a draft: nobody is told yet")}
}

// settlePages bounds the pages that Settle reads: with the filter there is one.
const settlePages = 20

// Settle looks for our businessId. Every page is compared by itself, so that a filter
// that were ignored could not make an invited envelope look uninvited. Of several
// requests, which our engine cannot have made, the oldest counts (our choice). A draft is
// waited for: it invites nobody, and beside another request its signers could be told twice.
func (p *Provider) Settle(ctx context.Context, job *providers.Job) (providers.Outcome, error) {
	wanted := businessIDOf(job)
	var found *resource
	draft := false
	for page := 1; ; page++ {
		if page > settlePages {
			return providers.Unknown, nil
		}
		requests, more, err := p.client.list(ctx, pace.Send, page, "businessId", wanted)
		if err != nil {
			return providers.Unknown, err
		}
		for _, r := range requests {
			switch {
			case r.Attributes.BusinessID != wanted || r.ID == "":
			case r.state() == providers.Draft:
				draft = true
			case found == nil || r.Attributes.CreatedAt.Before(found.Attributes.CreatedAt.Time):
				found = &r
			}
		}
		if !more {
			break
		}
	}
	if found == nil && draft {
		return providers.Unknown, p.notSent(providers.Transient)
	}
	if found == nil {
		return providers.NotInvited, nil
	}
	job.Ref.ID = found.ID
	return providers.Invited, nil
}

// Status looks at the request. Its raw form has no addresses for signing and viewing: whoever
// has one may act as the signer. A decline's reason is a person's own words, for those
// who may read the envelope.
func (p *Provider) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	r, raw, err := p.client.request(ctx, pace.Look, ref.ID)
	if err != nil {
		return providers.Status{}, err
	}
	st := providers.Status{
		State:       r.state(),
		CompletedAt: r.Attributes.CompletedAt.Time,
		Raw:         rest.Redact(raw, "signingUrl", "viewUrl"),
		Links:       r.links(),
	}
	for _, s := range r.Relationships.Signers.Data {
		st.Signers = append(st.Signers, s.Attributes.status())
	}
	return st, nil
}

// List reads a page of 100 requests. Their order is not documented.
func (p *Provider) List(ctx context.Context, page int) ([]providers.Listed, bool, error) {
	requests, more, err := p.client.list(ctx, pace.Look, page, "", "")
	if err != nil {
		return nil, false, err
	}
	listed := make([]providers.Listed, 0, len(requests))
	for _, r := range requests {
		listed = append(listed, providers.Listed{ID: r.ID, State: r.state()})
	}
	return listed, more, nil
}

// onTheWay are the statuses of a request on the way, in the order in which it has them: one
// that moves on while the list is walked is met again (reference §6).
var onTheWay = []string{"SENT", "VIEWED", "PARTIALLY_SIGNED"}

// Walk reads the requests on the way, one status after the other (reference §7.3).
func (p *Provider) Walk(ctx context.Context, cursor string) (ids []string, next string, err error) {
	at := providers.Page{Filter: onTheWay[0], Number: 1}
	if cursor != "" {
		if at, err = providers.ParsePage(cursor, onTheWay); err != nil {
			return nil, "", err
		}
	}
	requests, more, err := p.client.list(ctx, pace.Look, at.Number, "status", at.Filter)
	if err != nil {
		return nil, "", err
	}
	for _, r := range requests {
		if r.state() == providers.Pending {
			ids = append(ids, r.ID)
		}
	}
	return ids, at.Next(more, onTheWay), nil
}

// Cancel withdraws a request that has not ended; no other may be (reference §7.5), so that is
// looked for first. One that is cancelled already is success.
func (p *Provider) Cancel(ctx context.Context, ref providers.Ref) error {
	r, _, err := p.client.request(ctx, pace.Send, ref.ID)
	if err != nil {
		return err
	}
	switch s := r.state(); s {
	case providers.Canceled:
		return nil
	case providers.Completed, providers.Declined, providers.Expired:
		return p.ended(s)
	}
	return p.client.cancel(ctx, ref.ID)
}

func (p *Provider) ended(s providers.State) error {
	return p.invalid(providers.CodeEnded, fmt.Errorf("the request is %s", s))
}

// businessIDOf is the businessId of the job's request.
func businessIDOf(job *providers.Job) string {
	return cmp.Or(job.Ref.Steps[stepBusinessID], businessID(job.Envelope.Key()))
}

// Discard deletes what is there of an envelope that will not be sent: its document in File
// Storage, and its request, if that is a draft (reference §6, §7.8); one that was sent is
// cancelled, not deleted.
func (p *Provider) Discard(ctx context.Context, ref providers.Ref) error {
	if err := p.deleteDraft(ctx, ref.ID); err != nil && providers.KindOf(err) != providers.NotFound {
		return err
	}
	id, ok := ref.Steps[stepFile]
	if !ok || p.client.files == nil {
		return nil
	}
	err := p.client.deleteFile(ctx, id)
	if err != nil && providers.KindOf(err) == providers.NotFound {
		return nil
	}
	return err
}

func (p *Provider) deleteDraft(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	r, _, err := p.client.request(ctx, pace.Send, id)
	if err != nil || r.state() != providers.Draft {
		return err
	}
	return p.client.deleteRequest(ctx, id)
}

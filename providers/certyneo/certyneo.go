// Package certyneo sends envelopes by Certyneo.
//
// Prepare uploads the documents and creates the envelope as a DRAFT with a signature
// field for every signer on every document; POST /envelopes/{id}/send is the one call
// that reaches people. Certyneo has no idempotency keys: a crash between a call and
// its record leaves a document or a draft that nobody ever hears of.
//
// A sent envelope can neither be withdrawn nor reminded of by the API (reference §2).
package certyneo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Name is the provider's name.
const Name = "certyneo"

// The steps of Prepare.
const (
	stepDocument = "document." // and its number, from 1
	stepEnvelope = "envelope"
)

// codePurged says that a file is gone for good under the account's retention policy.
const codePurged = "purged"

var (
	_ providers.Provider         = (*Provider)(nil)
	_ providers.Lister           = (*Provider)(nil)
	_ providers.Walker           = (*Provider)(nil)
	_ providers.Discarder        = (*Provider)(nil)
	_ providers.WebhookVerifier  = (*Provider)(nil)
	_ providers.Subscriber       = (*Provider)(nil)
	_ providers.RequestEstimator = (*Provider)(nil)
)

// Provider is Certyneo.
type Provider struct {
	client        *client
	webhookSecret providers.Secret
}

// New makes the provider. Sandbox and production share one address: the key decides
// (reference §12).
func New(s rest.Settings) (*Provider, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	return &Provider{client: c, webhookSecret: s.WebhookSecret}, nil
}

// Prepare uploads the documents and creates the draft.
func (p *Provider) Prepare(ctx context.Context, job *providers.Job) error {
	if ends := job.Ends(); !ends.IsZero() && !job.Now().Before(ends) {
		return &providers.Error{Kind: providers.Invalid, Provider: Name, Op: "POST /envelopes", Code: providers.CodeExpired,
			Err: errors.New("its last day to sign is over, and nobody was invited")}
	}
	var documents []string
	for i, d := range job.Envelope.Documents {
		id, err := job.Step(ctx, stepDocument+strconv.Itoa(i+1), func(ctx context.Context) (string, error) {
			return p.client.upload(ctx, d, func(ctx context.Context) (io.ReadCloser, error) {
				return job.OpenDocument(ctx, d)
			})
		})
		if err != nil {
			return err
		}
		documents = append(documents, id)
	}
	template, err := p.named(ctx, job, "template", job.Envelope.Template)
	if err != nil {
		return err
	}
	workspace, err := p.named(ctx, job, "workspace", strings.TrimSpace(job.Envelope.Option(optWorkspace)))
	if err != nil {
		return err
	}
	id, err := job.Step(ctx, stepEnvelope, func(ctx context.Context) (string, error) {
		d, err := newDraft(ctx, job, documents)
		if err != nil {
			return "", err
		}
		d.TemplateID, d.WorkspaceID = template, workspace
		id, err := p.client.create(ctx, d, job.KeepLinks)
		if d.WorkspaceID != "" && providers.StatusOf(err) == http.StatusForbidden {
			// The account is no member of the workspace (reference §4): the row is wrong,
			// not the key. A key without the scope would have failed at the upload.
			err = providers.Reread(err, providers.Invalid, "workspace")
		}
		return id, err
	})
	if err != nil {
		return err
	}
	job.Ref.ID = id
	return nil
}

// named is the id of a template or workspace, which may be given by its name.
func (p *Provider) named(ctx context.Context, job *providers.Job, kind, value string) (string, error) {
	name, is := providers.ByName(value)
	if !is {
		return value, nil
	}
	return job.Step(ctx, kind, func(ctx context.Context) (string, error) {
		ids, err := p.client.idsOf(ctx, kind+"s", name)
		if err != nil {
			return "", err
		}
		if len(ids) == 1 {
			return ids[0], nil
		}
		return "", &providers.Error{Kind: providers.Invalid, Provider: Name, Op: "GET /" + kind + "s", Code: kind,
			Err: fmt.Errorf("the account has %d %ss of the name in the row; chancela doctor certyneo lists them", len(ids), kind)}
	})
}

// newDraft is the envelope as POST /envelopes wants it, but for the ids that stand for names.
func newDraft(ctx context.Context, job *providers.Job, documents []string) (draft, error) {
	e := job.Envelope
	o := readOptions(e, nil)
	d := draft{
		Subject: e.Subject, Message: e.Message,
		SignatureLevel: o.level, RequireSMSOTP: o.smsOTP,
		Locale: o.locale, RedirectURL: o.redirectURL, Category: o.category, Tags: o.tags,
		InitialsOnEveryPage: o.initials,
	}
	if ends := job.Ends(); !ends.IsZero() {
		// expiresAt is an instant: the last second of the user's last day, where they are.
		d.ExpiresAt = ends.Add(-time.Second).UTC().Format(time.RFC3339)
	}
	signers := ordered(e.Signers)
	for _, s := range signers {
		r := recipient{Email: s.Email, Name: s.Name, Role: role(s)}
		if o.smsOTP {
			r.Phone = s.Phone
		}
		d.Recipients = append(d.Recipients, r)
	}
	if e.Template != "" { // it brings its own documents and fields
		return d, nil
	}
	d.DocumentIDs = documents
	heights, err := pageHeights(ctx, job)
	if err != nil {
		return draft{}, err
	}
	d.Fields = signatureFields(signers, heights, o)
	return d, nil
}

// ordered puts the recipients in signing order. No schema has a field for the order;
// the vendor's own form calls the array "in signing order" (reference §4), so its
// order is all that can be given. Those without an order come last (our choice).
func ordered(signers []providers.Signer) []providers.Signer {
	rank := func(s providers.Signer) int {
		if s.Order == 0 {
			return len(signers) + 1<<20
		}
		return s.Order
	}
	return slices.SortedStableFunc(slices.Values(signers), func(a, b providers.Signer) int {
		return cmp.Compare(rank(a), rank(b))
	})
}

// Invite sends the draft.
func (p *Provider) Invite(ctx context.Context, job *providers.Job) error {
	job.Ref.ID = envelopeID(job.Ref)
	err := p.client.send(ctx, job.Ref.ID, job.Commit, job.KeepLinks)
	if providers.StatusOf(err) != http.StatusConflict {
		return err
	}
	if strings.EqualFold(providers.CodeOf(err), codeSignerWithoutField) { // the codes' case is not uniform (reference §10)
		return providers.Reread(err, providers.Invalid, "")
	}
	// What a second send answers is not documented (reference §15). A conflict may mean
	// that the envelope is sent already: Settle finds out.
	return providers.Reread(err, providers.Ambiguous, "")
}

// Settle looks whether the draft has left.
func (p *Provider) Settle(ctx context.Context, job *providers.Job) (providers.Outcome, error) {
	job.Ref.ID = envelopeID(job.Ref)
	e, _, err := p.client.envelope(ctx, pace.Send, job.Ref.ID)
	switch {
	case providers.StatusOf(err) == http.StatusNotFound:
		// Not documented. The draft was there when it was sent; whoever removed it may
		// have done so before or after, so nothing is certain (our choice).
		return providers.Unknown, nil
	case err != nil:
		return "", err
	}
	if state(e.Status) == providers.Draft {
		return providers.NotInvited, nil
	}
	return providers.Invited, nil
}

// Status looks at one envelope.
func (p *Provider) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	e, raw, err := p.client.envelope(ctx, pace.Look, envelopeID(ref))
	if err != nil {
		return providers.Status{}, err
	}
	s := providers.Status{State: state(e.Status), CompletedAt: e.CompletedAt.Time, Raw: rest.Redact(raw, secretFields...)}
	for _, r := range e.Recipients {
		s.Signers = append(s.Signers, providers.SignerStatus{
			Name: r.Name, Email: r.Email, State: signerState(r), SignedAt: r.SignedAt.Time,
		})
	}
	return s, nil
}

// List reads a page of envelopes, newest first (reference §7).
func (p *Provider) List(ctx context.Context, page int) ([]providers.Listed, bool, error) {
	l, err := p.client.list(ctx, page, "")
	if err != nil {
		return nil, false, err
	}
	var listed []providers.Listed
	for _, e := range l.Data {
		if e.ID != "" && e.Status != "" {
			listed = append(listed, providers.Listed{ID: e.ID, State: state(e.Status)})
		}
	}
	return listed, l.more(page), nil
}

// pending are the statuses of an envelope on the way, in the order in which it has them:
// one that moves on while the list is walked is met again (reference §5).
var pending = []string{"SENT", "DELIVERED", "PARTIALLY_SIGNED", "RETURNED_TO_SENDER"}

// Walk reads the envelopes on the way, one status after the other (reference §7).
func (p *Provider) Walk(ctx context.Context, cursor string) (ids []string, next string, err error) {
	at := providers.Page{Filter: pending[0], Number: 1}
	if cursor != "" {
		if at, err = providers.ParsePage(cursor, pending); err != nil {
			return nil, "", err
		}
	}
	l, err := p.client.list(ctx, at.Number, at.Filter)
	if err != nil {
		return nil, "", err
	}
	for _, e := range l.Data {
		if e.ID != "" && state(e.Status) == providers.Pending {
			ids = append(ids, e.ID)
		}
	}
	return ids, at.Next(l.more(at.Number), pending), nil
}

// Discard deletes the draft and its documents. A sent envelope stays: Certyneo answers
// 409, an error of kind Invalid. Whether a document in use can be deleted is not
// documented: what Certyneo keeps of the documents is left to it.
func (p *Provider) Discard(ctx context.Context, ref providers.Ref) error {
	if id := envelopeID(ref); id != "" {
		if err := p.client.deleteEnvelope(ctx, id); err != nil && providers.StatusOf(err) != http.StatusNotFound {
			return err
		}
	}
	for n := 1; ; n++ {
		id, ok := ref.Steps[stepDocument+strconv.Itoa(n)]
		if !ok {
			return nil
		}
		err := p.client.deleteDocument(ctx, id)
		if s := providers.StatusOf(err); err != nil && s != http.StatusNotFound && s != http.StatusConflict {
			return err
		}
	}
}

// envelopeID is the id under which Certyneo knows the envelope.
func envelopeID(ref providers.Ref) string { return cmp.Or(ref.ID, ref.Steps[stepEnvelope]) }

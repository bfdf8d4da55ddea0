// Package qisign sends envelopes by QI Sign, the signature service of QI Tech.
//
// The envelope's id is ours: a name-based UUID of the envelope's key. A create that is
// repeated after a crash is answered 409, and the envelope under the id is adopted;
// so nothing is ever made twice, even by a ledger that has forgotten. The one call
// that reaches people is PATCH {"status":"submitted"}.
//
// QI Sign has no place for a message, for roles and for anything but CPF, birthdate
// and addresses of its signers; it addresses all of them at once.
package qisign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Name is the provider's name.
const Name = "qisign"

// namespace makes envelope ids out of keys. It must never change: with another one,
// envelopes that were sent would not be known again.
var namespace = uuid.MustParse("d5853ded-2bd5-4395-81b9-2e3308716f5a")

// The steps of Prepare.
const (
	stepEnvelope = "envelope"
	stepDocument = "document." // and its number, from 1; the result is its id
	stepPersonal = "personal." // and the signer's number and the template
)

var (
	_ providers.Provider         = (*Provider)(nil)
	_ providers.Canceler         = (*Provider)(nil)
	_ providers.Discarder        = (*Provider)(nil)
	_ providers.WebhookVerifier  = (*Provider)(nil)
	_ providers.RequestEstimator = (*Provider)(nil)
)

// Provider is QI Sign.
type Provider struct {
	client        *client
	webhookSecret providers.Secret
	webhookURL    string
	alert         []condition // what marks an envelope as odd
}

// New makes the provider.
func New(s rest.Settings) (*Provider, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	alert, err := parseAlert(s.Own[setAlert].Reveal())
	if err != nil {
		return nil, err
	}
	return &Provider{client: c, webhookSecret: s.WebhookSecret, webhookURL: s.WebhookURL, alert: alert}, nil
}

// Prepare creates the envelope, or adopts the one that is there, and adds documents
// and identity images.
func (p *Provider) Prepare(ctx context.Context, job *providers.Job) error {
	id := keyID(job.Envelope.Key()).String()
	job.Ref.ID = id
	_, err := job.Step(ctx, stepEnvelope, func(ctx context.Context) (string, error) {
		if ends := job.Ends(); !ends.IsZero() && !job.Now().Before(ends) {
			// One that was sent before, by a ledger that was lost, is not too late.
			if err := p.adopt(ctx, job, id); err != nil && providers.StatusOf(err) != http.StatusNotFound {
				return "", err
			}
			return "", &providers.Error{Kind: providers.Invalid, Provider: Name, Op: "POST /sign/envelope",
				Code: providers.CodeExpired, Err: errors.New("the last day to sign was over before the envelope was made")}
		}
		err := p.client.create(ctx, newEnvelope(job, id))
		if providers.StatusOf(err) == http.StatusConflict {
			return id, p.adopt(ctx, job, id)
		}
		return id, err
	})
	if err != nil {
		return err
	}
	for i, d := range job.Envelope.Documents {
		step := stepDocument + strconv.Itoa(i+1)
		_, err := job.Step(ctx, step, func(ctx context.Context) (string, error) {
			documentID := uuid.NewSHA1(uuid.MustParse(id), []byte(step)).String()
			err := p.client.addDocument(ctx, id, documentID, d, opener(job, d))
			return documentID, unlessThere(err)
		})
		if err != nil {
			return err
		}
	}
	for i, s := range job.Envelope.Signers {
		for _, image := range images(s) {
			step := stepPersonal + signerID(i) + "." + image.template
			_, err := job.Step(ctx, step, func(ctx context.Context) (string, error) {
				err := p.client.addPersonalDocument(ctx, id, signerID(i), image.template, image.Document, opener(job, image.Document))
				return image.template, unlessThere(err)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// keyID is the envelope's id: the same for the same key, for ever.
func keyID(k providers.Key) uuid.UUID { return uuid.NewSHA1(namespace, []byte(k.String())) }

// signerID is unique within the envelope, as it must be (reference §A4).
func signerID(i int) string { return strconv.Itoa(i + 1) }

func opener(job *providers.Job, d providers.Document) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) { return job.OpenDocument(ctx, d) }
}

// unlessThere takes the 409 to something that was added before a crash, and not
// recorded, for success: 409 is "the request's id was processed" (reference §A10).
// That it covers documents is our reading.
func unlessThere(err error) error {
	if providers.StatusOf(err) == http.StatusConflict {
		return nil
	}
	return err
}

// adopt looks at the envelope that holds our id already. One that is only created is
// ours from before a crash; any other status means that it has been sent.
func (p *Provider) adopt(ctx context.Context, job *providers.Job, id string) error {
	e, _, err := p.client.envelope(ctx, pace.Send, id)
	if err != nil {
		return err
	}
	if !sameSigners(e, job.Envelope) {
		// Another installation with the same account has used the same campaign and id.
		return &providers.Error{Kind: providers.Invalid, Provider: Name, Op: "POST /sign/envelope",
			Code: "id_taken", Err: errors.New("QI Sign holds an envelope with other signers under this campaign and id; use another id")}
	}
	if state(e.Status) != providers.Draft {
		return providers.ErrAlreadyInvited
	}
	// What the envelope tells of its documents need not be sent again.
	there := e.allDocuments()
	for i := range job.Envelope.Documents {
		step := stepDocument + strconv.Itoa(i+1)
		documentID := uuid.NewSHA1(uuid.MustParse(id), []byte(step)).String()
		if slices.Contains(there, documentID) {
			if err := job.Note(ctx, step, documentID); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameSigners compares by CPF what can be compared.
func sameSigners(there envelope, ours providers.Envelope) bool {
	var a, b []string
	for _, s := range there.Signers {
		cpf := providers.CleanTaxID(s.DocumentNumber)
		if !providers.ValidTaxID(cpf) { // left out or masked
			return true
		}
		a = append(a, cpf)
	}
	for _, s := range ours.Signers {
		b = append(b, s.Document)
	}
	slices.Sort(a)
	slices.Sort(b)
	return len(a) == 0 || slices.Equal(a, b)
}

// Invite submits the envelope.
func (p *Provider) Invite(ctx context.Context, job *providers.Job) error {
	job.Ref.ID = envelopeID(job.Ref)
	err := p.client.submit(ctx, job.Ref.ID, job.Commit)
	if providers.StatusOf(err) == http.StatusConflict {
		// "Already processed" may well mean: submitted before. Settle finds out.
		return providers.Reread(err, providers.Ambiguous, "")
	}
	return err
}

// Settle looks whether the envelope is still only created.
func (p *Provider) Settle(ctx context.Context, job *providers.Job) (providers.Outcome, error) {
	job.Ref.ID = envelopeID(job.Ref)
	e, _, err := p.client.envelope(ctx, pace.Send, job.Ref.ID)
	switch {
	case providers.StatusOf(err) == http.StatusNotFound:
		// Not documented: envelopes cannot be deleted. Nothing is certain (our choice).
		return providers.Unknown, nil
	case err != nil:
		return "", err
	}
	if state(e.Status) == providers.Draft {
		return providers.NotInvited, nil
	}
	return providers.Invited, nil
}

// Status looks at one envelope. Of a completed one whose answer leaves the signers'
// states out, each signer is looked at.
func (p *Provider) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	id := envelopeID(ref)
	e, raw, err := p.client.envelope(ctx, pace.Look, id)
	if err != nil {
		return providers.Status{}, err
	}
	s := providers.Status{State: state(e.Status), Raw: rest.Redact(raw, secretFields...)}
	for i, signer := range e.Signers {
		if s.State == providers.Completed && signer.Status == "" {
			alone, err := p.client.signer(ctx, id, cmp.Or(signer.ID, signerID(i)))
			if err != nil {
				return providers.Status{}, err
			}
			signer.Status, signer.SignedAt = alone.Status, alone.SignedAt
		}
		if s.State == providers.Pending && signerState(signer) == providers.SignerDeclined {
			s.State = providers.Declined // nobody can complete it any more
		}
		s.Signers = append(s.Signers, providers.SignerStatus{
			Name: signer.Name, Email: signer.Email, State: signerState(signer), SignedAt: signer.SignedAt.Time,
		})
		s.Links = providers.AddLink(s.Links, signer.Name, signer.Email, string(signer.SignatureURL))
		if s.State == providers.Completed && signer.SignedAt.After(s.CompletedAt) {
			s.CompletedAt = signer.SignedAt.Time // the last signature completes it
		}
	}
	return s, nil
}

// Cancel withdraws an envelope that has not ended. Which moves QI Sign refuses is not
// documented, so it is looked at first: a completed one must not be lost. One that is
// canceled already is success.
func (p *Provider) Cancel(ctx context.Context, ref providers.Ref) error {
	id := envelopeID(ref)
	e, _, err := p.client.envelope(ctx, pace.Send, id)
	if err != nil {
		return err
	}
	switch s := state(e.Status); s {
	case providers.Canceled:
		return nil
	case providers.Completed, providers.Expired:
		return notCanceled(providers.CodeEnded, s)
	}
	now, err := p.client.cancel(ctx, id)
	if err != nil {
		return err
	}
	if s := state(now); now != "" && s != providers.Canceled {
		return notCanceled("not_canceled", s)
	}
	return nil
}

func notCanceled(code string, s providers.State) error {
	return &providers.Error{Kind: providers.Invalid, Provider: Name, Op: "PATCH /sign/envelope/{id}",
		Code: code, Err: fmt.Errorf("the envelope is %s", s)}
}

// Discard cancels an envelope that was created and will not be sent: there is no way
// to delete one. Nobody has been told of it.
func (p *Provider) Discard(ctx context.Context, ref providers.Ref) error {
	if _, ok := ref.Steps[stepEnvelope]; !ok && ref.ID == "" {
		return nil
	}
	if err := p.Cancel(ctx, ref); providers.StatusOf(err) != http.StatusNotFound {
		return err
	}
	return nil
}

// envelopeID is the id under which QI Sign knows the envelope.
func envelopeID(ref providers.Ref) string {
	return cmp.Or(ref.ID, ref.Steps[stepEnvelope], keyID(ref.Key).String())
}

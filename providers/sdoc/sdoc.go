// Package sdoc sends envelopes through the sDoc integration API of Safeweb.
//
// An envelope becomes a solicitation: files are uploaded first, POST /solicitation is
// the call that invites, and the stamps of electronic signers are placed after it.
// There is no list and no look-up by a key of ours, so an interrupted call cannot be
// settled by asking. The callback address of each solicitation carries our key instead:
// the first callback names the solicitation (see [Provider.Webhook]).
//
// The temporary identifiers of the files are thrown away with the solicitation that uses
// them (reference §8.1): a single-use token. The same call made again makes the solicitation
// when it had never arrived, and is otherwise refused, as its files are not found. That a
// second use is refused at all is not promised, so the doctor has to see it first.
package sdoc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Name is the provider's name.
const Name = "sdoc"

// Provider is sDoc.
type Provider struct {
	client  *client
	secret  providers.Secret
	webhook *url.URL // nil: callbacks go to the address that the platform has registered

	tokenLife  time.Duration
	noCallback bool // the platform has registered none either
}

var (
	_ providers.Provider         = (*Provider)(nil)
	_ providers.Finisher         = (*Provider)(nil)
	_ providers.RequestEstimator = (*Provider)(nil)
	_ providers.Canceler         = (*Provider)(nil)
	_ providers.Noter            = (*Provider)(nil)
	_ providers.WebhookVerifier  = (*Provider)(nil)
)

// New makes the provider. The API key is the platform's token, the webhook secret its
// SecretKey; generating new ones in the portal revokes both at once (reference §3).
func New(s rest.Settings) (*Provider, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	p := &Provider{client: c, secret: s.WebhookSecret, tokenLife: usualTokenLife, noCallback: s.NoCallback}
	if text := s.Own[setTokenLife].Reveal(); text != "" {
		if p.tokenLife, err = time.ParseDuration(text); err != nil || p.tokenLife < 0 {
			return nil, fmt.Errorf("sdoc: CHANCELA_SDOC_%s: %q is not a duration such as 10m, or 0 for never", setTokenLife, text)
		}
	}
	if s.WebhookURL != "" {
		p.webhook, err = url.Parse(s.WebhookURL)
		if err != nil || p.webhook.Host == "" {
			return nil, errors.New("sdoc: CHANCELA_SDOC_WEBHOOK_URL is not an address of the form https://host/path")
		}
	}
	return p, nil
}

// keyParameter is the callback address's query parameter that carries our key.
const keyParameter = "envelope"

// callback is the address for one envelope, empty when the platform's own is used.
func (p *Provider) callback(key providers.Key) (string, error) {
	if p.webhook == nil {
		return "", nil
	}
	u := *p.webhook
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("CHANCELA_SDOC_WEBHOOK_URL has a malformed query")
	}
	q.Set(keyParameter, key.String())
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Prepare uploads the files and finds the account and folder.
func (p *Provider) Prepare(ctx context.Context, job *providers.Job) error {
	env := job.Envelope
	if _, ok := job.Ref.Steps[fileStep(job, 0)]; !ok && len(env.Documents) > 0 {
		if err := job.Guard(ctx); err != nil {
			return err
		}
	}
	for i, d := range env.Documents {
		_, err := job.Step(ctx, fileStep(job, i), func(ctx context.Context) (string, error) {
			return p.client.upload(ctx, d.Size, func(ctx context.Context) (io.ReadCloser, error) { return job.OpenDocument(ctx, d) })
		})
		if err != nil {
			return err
		}
	}
	return p.preparePlace(ctx, job)
}

// fileStep names the step of a file's upload. A temporary file that sDoc has thrown away
// is uploaded again under the next round's name: see [Provider.Invite].
func fileStep(job *providers.Job, i int) string {
	if round := rounds(job); round > 0 {
		return fmt.Sprintf("file.%d.again.%d", i+1, round)
	}
	return fmt.Sprintf("file.%d", i+1)
}

func rounds(job *providers.Job) int {
	n := 0
	for {
		if _, ok := job.Ref.Steps[roundStep(n+1)]; !ok {
			return n
		}
		n++
	}
}

func roundStep(n int) string { return fmt.Sprintf("files.gone.%d", n) }

// Invite makes the solicitation.
func (p *Provider) Invite(ctx context.Context, job *providers.Job) error {
	body, err := p.request(job)
	if err != nil {
		return &providers.Error{Kind: providers.Invalid, Provider: Name, Code: providers.CodeNotPrepared, Err: err}
	}
	made, err := p.client.createSolicitation(ctx, body, job.Commit)
	if providers.CodeOf(err) == codeFileNotFound && providers.KindOf(err) == providers.NotFound {
		if job.Repeat {
			return providers.ErrAlreadyInvited // its files were used
		}
		// A temporary file was gone; how long they live is not documented (reference §13).
		// The refusal is definite, so the files may be uploaded again and the call repeated.
		if err := job.Note(ctx, roundStep(rounds(job)+1), "true"); err != nil {
			return err
		}
		return &providers.Error{Kind: providers.Transient, Provider: Name, Op: "POST /solicitation", Status: 200, Code: codeFileNotFound}
	}
	if err != nil {
		return err
	}
	job.Ref.ID = made.Identifier
	return nil
}

func (p *Provider) request(job *providers.Job) (solicitationRequest, error) {
	env := job.Envelope
	body := solicitationRequest{Title: env.Subject, Description: env.Message}
	var err error
	if body.Callback, err = p.callback(env.Key()); err != nil {
		return body, err
	}
	if id := job.Ref.Steps[stepOrganization]; id != "" {
		body.Organization = &place{id, job.Ref.Steps[stepFolder]}
	}
	for i, d := range env.Documents {
		id := job.Ref.Steps[fileStep(job, i)]
		if id == "" {
			return body, fmt.Errorf("document %d was not uploaded", i+1)
		}
		body.Files = append(body.Files, fileRequest{Name: d.Name, Type: cmp.Or(d.Type, "application/pdf"), TempIdentifier: id})
	}
	for _, s := range env.Signers {
		body.Participants = append(body.Participants, participantRequest{
			Name: s.Name, Email: s.Email, CPF: s.Document, SignatureType: signatureType(s),
		})
	}
	if !env.NoFlag(optSendEmail) {
		body.Settings = &emailSettings{SendEmail: true}
	}
	return body, nil
}

// Settle can tell only when the identifier is known, from a callback or the operator.
func (p *Provider) Settle(ctx context.Context, job *providers.Job) (providers.Outcome, error) {
	if job.Ref.ID == "" {
		return providers.Unknown, nil
	}
	_, _, err := p.client.solicitation(ctx, pace.Send, job.Ref.ID)
	switch {
	case err == nil, providers.CodeOf(err) == codeSolicitationDeleted:
		return providers.Invited, nil
	case providers.KindOf(err) == providers.NotFound:
		return providers.Unknown, nil
	}
	return providers.Unknown, err
}

// Status looks at the solicitation. sDoc gives no state of the whole (reference §13):
// it is complete when everybody but the viewers has signed or approved, on every file.
func (p *Provider) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	s, raw, err := p.client.solicitation(ctx, pace.Look, ref.ID)
	if providers.CodeOf(err) == codeSolicitationDeleted {
		return providers.Status{State: providers.Canceled, Reason: codeSolicitationDeleted}, nil
	}
	if err != nil {
		return providers.Status{}, err
	}
	people := signers(s, viewers(ref))
	return providers.Status{State: stateOf(people), Signers: statuses(people), Raw: rest.Redact(raw, "secretKey")}, nil
}

// Cancel deletes a solicitation that nobody has ended. Whether sDoc would delete a
// signed one with its files is not documented, so it is looked at first.
func (p *Provider) Cancel(ctx context.Context, ref providers.Ref) error {
	st, err := p.Status(ctx, ref)
	if err != nil {
		return err
	}
	if st.State != providers.Pending {
		return &providers.Error{Kind: providers.Invalid, Provider: Name, Op: "DELETE /solicitation", Code: providers.CodeEnded, Err: fmt.Errorf("the solicitation is %s already", st.State)}
	}
	return p.client.deleteSolicitation(ctx, ref.ID)
}

// viewers are the participants who only look on, as Finish has recorded them: the
// answer of GET /solicitation does not tell (reference §8.5).
func viewers(ref providers.Ref) map[string]bool {
	ids := make(map[string]bool)
	for _, id := range strings.Fields(ref.Steps[stepViewers]) {
		ids[id] = true
	}
	return ids
}

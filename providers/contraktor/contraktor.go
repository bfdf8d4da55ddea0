// Package contraktor sends envelopes through the Contraktor API.
//
// An envelope becomes a contract with one file, a party for each signer, a share that
// ties the party to the contract, and a proof: creating the proof is the call that
// invites (reference §10). The contract carries our key in its metadata and its
// current document lists its proofs, which settles an interrupted call. There are no
// webhooks; proofs are polled. The ID of a [providers.Ref] is the proof's; the
// contract's stands in the step "contract".
package contraktor

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Name is the provider's name.
const Name = "contraktor"

// Provider is Contraktor.
type Provider struct{ client *client }

var (
	_ providers.Provider         = (*Provider)(nil)
	_ providers.RequestEstimator = (*Provider)(nil)
	_ providers.Canceler         = (*Provider)(nil)
	_ providers.Discarder        = (*Provider)(nil)
	_ providers.Reminder         = (*Provider)(nil)
	_ providers.SignerReminder   = (*Provider)(nil)
)

// New makes the provider. The API key is the bearer token of the environment.
func New(s rest.Settings) (*Provider, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	return &Provider{c}, nil
}

// stepContract is the step that keeps the contract's id.
const stepContract = "contract"

// Prepare uploads the files and makes the contract, the parties and the shares. None
// of these tells anybody.
func (p *Provider) Prepare(ctx context.Context, job *providers.Job) error {
	if job.AskFirst {
		if known, err := p.known(ctx, job); err != nil {
			return err
		} else if known {
			return providers.ErrAlreadyInvited
		}
	}
	_, resumed := job.Ref.Steps[stepContract]
	contractID, err := p.prepareContract(ctx, job)
	if err != nil {
		return err
	}
	if err := p.prepareDates(ctx, job, contractID); err != nil {
		return err
	}
	// A share that was made and not recorded must be found again: made twice it would
	// invite its person twice. A contract of this very run has none.
	var made map[int64]int64
	if resumed && !allRecorded(job, "share", len(job.Envelope.Signers)) {
		if made, err = p.sharesByParty(ctx, contractID); err != nil {
			return err
		}
	}
	return p.prepareSigners(ctx, job, contractID, made)
}

func (p *Provider) prepareContract(ctx context.Context, job *providers.Job) (string, error) {
	env := job.Envelope
	files := make([]int64, len(env.Documents))
	for i, d := range env.Documents {
		id, err := job.Step(ctx, step("file", i), func(ctx context.Context) (string, error) {
			return p.client.upload(ctx, d, func(ctx context.Context) (io.ReadCloser, error) { return job.OpenDocument(ctx, d) })
		})
		if err != nil {
			return "", err
		}
		if files[i], err = parseID(id); err != nil {
			return "", err
		}
	}
	fields := contractFields{Title: env.Subject, Metadata: metadata(env), Classifier: tags(env)}
	var err error
	if fields.WorkflowID, err = p.workflow(ctx, job); err != nil {
		return "", err
	}
	if env.Template != "" {
		template, err := p.template(ctx, job)
		if err != nil {
			return "", err
		}
		fields.CurrentDocument = &currentDraft{draft{template}}
	} else {
		fields.Document = &fileRef{files[0]}
	}
	// Attachments belong to the contract's step: they cannot be listed (reference §9), so
	// a crash between them makes a new contract, which is a draft that nobody sees,
	// rather than a document that stands in the contract twice.
	return job.Step(ctx, stepContract, func(ctx context.Context) (string, error) {
		id, err := p.client.createContract(ctx, fields)
		if err != nil {
			return "", err
		}
		for _, file := range files[min(1, len(files)):] {
			if err := p.client.attach(ctx, id, file); err != nil {
				return "", err
			}
		}
		return id, nil
	})
}

// metadata is the user's own data with our key in it (reference §6: string values).
func metadata(env providers.Envelope) map[string]string {
	m := make(map[string]string, len(env.Meta)+1)
	for k, v := range env.Meta {
		m[k] = v
	}
	m[keyField] = env.Key().String()
	return m
}

// workflow is the id of the group that shall own the contract, 0 for the account's
// default.
func (p *Provider) workflow(ctx context.Context, job *providers.Job) (int64, error) {
	if id := job.Envelope.Option(optWorkflowID); id != "" {
		n, err := parseID(id)
		if err != nil {
			return 0, p.invalid("workflow", err)
		}
		return n, nil
	}
	name := job.Envelope.Option(optWorkflow)
	if name == "" {
		return 0, nil
	}
	id, err := job.Step(ctx, "workflow", func(ctx context.Context) (string, error) {
		all, err := p.client.workflows(ctx)
		if err != nil {
			return "", err
		}
		for _, w := range all {
			if w.Name == name && w.ID > 0 {
				return formatID(w.ID), nil
			}
		}
		return "", p.invalid("workflow_not_found", fmt.Errorf("the account has no workflow named %q", name))
	})
	if err != nil {
		return 0, err
	}
	return parseID(id)
}

// template is the id of the template, which may be given by its title.
func (p *Provider) template(ctx context.Context, job *providers.Job) (int64, error) {
	id := job.Envelope.Template
	if title, is := providers.ByName(id); is {
		var err error
		id, err = job.Step(ctx, "template", func(ctx context.Context) (string, error) {
			all, err := p.client.templates(ctx)
			if err != nil {
				return "", err
			}
			var found []int64
			for _, t := range all {
				if providers.Trim(t.Title) == title && t.ID > 0 {
					found = append(found, t.ID)
				}
			}
			if len(found) == 1 {
				return formatID(found[0]), nil
			}
			return "", p.invalid("template", fmt.Errorf("the account has %d templates of the title in the row; chancela doctor contraktor lists them", len(found)))
		})
		if err != nil {
			return 0, err
		}
	}
	n, err := parseID(id)
	if err != nil {
		return 0, p.invalid("template", err)
	}
	return n, nil
}

func (p *Provider) invalid(code string, err error) error {
	return &providers.Error{Kind: providers.Invalid, Provider: Name, Code: code, Err: err}
}

// Invite makes the proof.
func (p *Provider) Invite(ctx context.Context, job *providers.Job) error {
	contractID, err := parseID(job.Ref.Steps[stepContract])
	if err != nil {
		return p.invalid(providers.CodeNotPrepared, err)
	}
	eng, err := engine(job.Envelope.Signers)
	if err != nil {
		return p.invalid("engine", err)
	}
	inOrder, err := ordered(job.Envelope.Signers)
	if err != nil {
		return p.invalid("order", err)
	}
	id, err := p.client.createProof(ctx, proofFields{ContractID: contractID, Engine: eng, Ordered: inOrder}, job.Commit)
	if err != nil {
		return err
	}
	job.Ref.ID = id
	return nil
}

// Settle looks whether the contract has a proof. The first one is the current one;
// cancelled ones after it have invited people too (reference §6).
func (p *Provider) Settle(ctx context.Context, job *providers.Job) (providers.Outcome, error) {
	id, ok := job.Ref.Steps[stepContract]
	if !ok {
		return providers.NotInvited, nil
	}
	return p.settle(ctx, job, id)
}

func (p *Provider) settle(ctx context.Context, job *providers.Job, id string) (providers.Outcome, error) {
	c, err := p.client.contract(ctx, id)
	if providers.KindOf(err) == providers.NotFound && err != nil {
		return providers.Unknown, nil // deleted since, and its proofs with it
	}
	if err != nil {
		return providers.Unknown, err
	}
	proofs := c.CurrentDocument.Proofs
	switch {
	case formatID(c.ID) != id:
		return providers.Unknown, p.client.rest.BadAnswer(below(pace.Send, http.MethodGet, "contracts", id, ""), "the answer is not this contract")
	case !proofs.told:
		return providers.Unknown, p.client.rest.BadAnswer(below(pace.Send, http.MethodGet, "contracts", id, ""), "the answer does not tell the contract's proofs")
	case len(proofs.ids) == 0:
		return providers.NotInvited, nil
	}
	job.Ref.ID = formatID(proofs.ids[0])
	return providers.Invited, nil
}

// Status looks at the proof. The service knows neither refusal nor expiry
// (reference §14).
func (p *Provider) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	proof, raw, err := p.client.proof(ctx, pace.Look, ref.ID)
	if err != nil {
		return providers.Status{}, err
	}
	st := providers.Status{State: proof.state(), Raw: keep(raw)}
	for _, s := range proof.Subjects {
		signer := providers.SignerStatus{Name: s.Name, Email: s.Email, State: providers.SignerPending}
		switch {
		case s.ConfirmedAt.Set:
			signer.State, signer.SignedAt = providers.SignerSigned, s.ConfirmedAt.Time
		case s.ViewedAt.Set:
			signer.State = providers.SignerViewed
		}
		// Completed means that all have signed, so the last signature completed it.
		if st.State == providers.Completed && signer.SignedAt.After(st.CompletedAt) {
			st.CompletedAt = signer.SignedAt
		}
		st.Signers = append(st.Signers, signer)
	}
	return st, nil
}

func (p proof) state() providers.State {
	switch {
	case p.Status == "completed":
		return providers.Completed
	case p.Status == "canceled" || p.DeletedAt.Set:
		return providers.Canceled
	}
	return providers.Pending // "pending", and whatever they invent: look again
}

// Cancel withdraws a pending proof. What the service would do to a completed one is not
// documented, so the proof is looked at first.
func (p *Provider) Cancel(ctx context.Context, ref providers.Ref) error {
	proof, _, err := p.client.proof(ctx, pace.Send, ref.ID)
	if err != nil {
		return err
	}
	if proof.state() != providers.Pending {
		return p.invalid(providers.CodeEnded, fmt.Errorf("the proof is %s already", proof.state()))
	}
	return p.client.deleteProof(ctx, ref.ID)
}

// Discard puts the contract of an envelope that will not be sent into the trash. The
// parties stay: they are the account's address book.
func (p *Provider) Discard(ctx context.Context, ref providers.Ref) error {
	id, ok := ref.Steps[stepContract]
	if !ok {
		return nil
	}
	err := p.client.deleteContract(ctx, id)
	if err != nil && providers.KindOf(err) == providers.NotFound {
		return nil
	}
	return err
}

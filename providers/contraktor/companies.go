package contraktor

import (
	"cmp"
	"context"

	"github.com/chancela/chancela/providers"
)

// company is a party that signers represent: a person signs for a company by standing in the
// same share (reference §7).
type company struct{ name, document string }

// companyOf is the company of a signer, of the row's options where the signer has none of its
// own; empty for none.
func companyOf(e providers.Envelope, s providers.Signer) company {
	if s.Company != "" {
		return company{s.Company, s.CompanyDocument}
	}
	cnpj, _ := providers.ParseTaxID(e.Option(optCompanyDocument)) // Check has read it
	return company{e.Option(optCompanyName), cnpj}
}

// companies counts those that an envelope's signers represent.
func companies(e providers.Envelope) int {
	all := map[string]bool{}
	for _, s := range e.Signers {
		if c := companyOf(e, s); c.name != "" {
			all[cmp.Or(c.document, c.name)] = true
		}
	}
	return len(all)
}

// companies finds or makes the companies, each once, and gives the party of each signer's
// company; 0 for none. One tax id is one company.
func (p *Provider) companies(ctx context.Context, job *providers.Job) ([]int64, error) {
	env := job.Envelope
	made := map[string]int64{}
	parties := make([]int64, len(env.Signers))
	for i, s := range env.Signers {
		c := companyOf(env, s)
		if c.name == "" {
			continue
		}
		key := cmp.Or(c.document, c.name)
		if made[key] == 0 {
			name := step("company", i)
			if s.Company == "" {
				name = "company"
			}
			id, err := job.Step(ctx, name, func(ctx context.Context) (string, error) {
				fields := partyFields{PersonType: "pj", Name: c.name, Document: providers.FormatTaxID(c.document)}
				return p.party(ctx, env, fields.Document, fields)
			})
			if err != nil {
				return nil, err
			}
			if made[key], err = parseID(id); err != nil {
				return nil, err
			}
		}
		parties[i] = made[key]
	}
	return parties, nil
}

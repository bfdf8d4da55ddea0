package contraktor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

func step(name string, i int) string { return fmt.Sprintf("%s.%d", name, i+1) }

func allRecorded(job *providers.Job, name string, n int) bool {
	for i := range n {
		if _, ok := job.Ref.Steps[step(name, i)]; !ok {
			return false
		}
	}
	return true
}

// engine is the proof's engine: one for all signers (reference §10).
func engine(signers []providers.Signer) (string, error) {
	digital := 0
	for _, s := range signers {
		if s.Type == providers.TypeDigital {
			digital++
		}
	}
	switch digital {
	case 0:
		return "standard", nil
	case len(signers):
		return "certificate", nil
	}
	return "", lang.Errorf("contraktor has one type of signature per contract: make all signers digital, or none")
}

// ordered tells whether the signers sign one after another. Signers who share a place
// are not documented (reference §14), so the places are all different or all alike.
func ordered(signers []providers.Signer) (bool, error) {
	places := make(map[int]bool)
	for _, s := range signers {
		places[s.Order] = true
	}
	if len(places) <= 1 {
		return false, nil
	}
	if len(places) != len(signers) || places[0] {
		return false, lang.Errorf("contraktor's signers sign all at once or one after another: give every signer an order of its own, or none")
	}
	return true, nil
}

// turns are the signers' indexes in signing order.
func turns(signers []providers.Signer) []int {
	turns := make([]int, len(signers))
	for i := range turns {
		turns[i] = i
	}
	slices.SortStableFunc(turns, func(a, b int) int { return cmp.Compare(signers[a].Order, signers[b].Order) })
	return turns
}

// prepareSigners makes parties and shares, one after another and in signing order: the
// order of insertion looks like the default order (reference §8). made holds the shares
// that the contract has already, by party.
func (p *Provider) prepareSigners(ctx context.Context, job *providers.Job, contractID string, made map[int64]int64) error {
	env := job.Envelope
	representing, err := p.companies(ctx, job)
	if err != nil {
		return err
	}
	inOrder, err := ordered(env.Signers)
	if err != nil {
		return p.invalid("order", err)
	}
	for place, i := range turns(env.Signers) {
		s := env.Signers[i]
		fields := person(s)
		id, err := job.Step(ctx, step("party", i), func(ctx context.Context) (string, error) {
			return p.party(ctx, env, s.Email, fields)
		})
		if err != nil {
			return err
		}
		partyID, err := parseID(id)
		if err != nil {
			return err
		}
		share := sharingFields{
			Qualification:    cmp.Or(s.Role, "Contratante"), // obligatory; the word of the reference's own samples
			PartyID:          partyID,
			CompanyID:        representing[i],
			NotificationType: cmp.Or(s.Channel, providers.ChannelEmail),
		}
		if inOrder {
			share.Order = place + 1
		}
		_, err = job.Step(ctx, step("share", i), func(ctx context.Context) (string, error) {
			if id, ok := made[partyID]; ok {
				return formatID(id), nil
			}
			return p.client.createShare(ctx, contractID, share)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Provider) sharesByParty(ctx context.Context, contractID string) (map[int64]int64, error) {
	shares, err := p.client.shares(ctx, contractID)
	if err != nil {
		return nil, err
	}
	made := make(map[int64]int64, len(shares))
	for _, s := range shares {
		made[s.Party.ID] = s.ID
	}
	return made, nil
}

func person(s providers.Signer) partyFields {
	f := partyFields{
		PersonType: "pf",
		Name:       s.Name,
		Email:      s.Email,
		Document:   providers.FormatTaxID(s.Document),
		BirthDate:  s.Birthdate,
		Phone:      localPhone(s.Phone),
	}
	if s.Channel == providers.ChannelWhatsApp {
		f.WhatsApp = whatsApp(s.Phone)
	}
	return f
}

// party finds the person or company again, or makes it.
func (p *Provider) party(ctx context.Context, env providers.Envelope, search string, fields partyFields) (string, error) {
	if findParties(env) && search != "" {
		id, err := p.client.findParty(ctx, search, fields.fits)
		if err != nil {
			return "", err
		}
		if id > 0 {
			return formatID(id), nil
		}
	}
	return p.client.createParty(ctx, fields)
}

// fits tells whether a party of the account can stand for the one that was asked for.
// It is never changed: other contracts use it too. So it must agree in everything that
// matters for this one: who signs (the tax id; without one on both sides, the name) and
// where the invitation goes. A name that is spelled differently under the same tax id
// is the same person. (Our choices; duplicate rules are not documented, reference §7.)
func (f partyFields) fits(p party) bool {
	if p.PersonType != "" && p.PersonType != f.PersonType {
		return false
	}
	mine, theirs := providers.CleanTaxID(f.Document), providers.CleanTaxID(p.Document)
	if f.PersonType == "pj" {
		return mine == theirs
	}
	if !strings.EqualFold(p.Email, f.Email) {
		return false
	}
	if f.WhatsApp != "" && digits(p.WhatsApp) != digits(f.WhatsApp) {
		return false
	}
	if mine == "" || theirs == "" {
		return mine == theirs && strings.EqualFold(strings.TrimSpace(p.Name), strings.TrimSpace(f.Name))
	}
	return mine == theirs
}

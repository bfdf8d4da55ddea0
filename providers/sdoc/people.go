package sdoc

import (
	"context"
	"errors"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// stepViewers keeps the identifiers of the participants who only look on.
const stepViewers = "viewers"

// needsFinish tells whether anything is to be done after the invitation: stamps to be
// placed, or viewers to be told from signers.
func needsFinish(e providers.Envelope) bool {
	for _, s := range e.Signers {
		if t := signatureType(s); t == typeElectronic || t == typeViewer {
			return true
		}
	}
	return false
}

// Finish places the stamp of every electronic signer, on each participant that stands
// for the signer: with several files there may be one for each (reference §8.3).
func (p *Provider) Finish(ctx context.Context, job *providers.Job) error {
	if !needsFinish(job.Envelope) || job.Ref.Steps[stepFinished] != "" {
		return nil
	}
	s, _, err := p.client.solicitation(ctx, pace.Send, job.Ref.ID)
	if providers.CodeOf(err) == codeSolicitationDeleted {
		return nil // the next look tells
	}
	if err != nil {
		return err
	}
	var onlyLooking []string
	placed := make(map[string]bool)
	for i, who := range s.Participants {
		signer, ok := signerOf(job.Envelope.Signers, s.Participants, i)
		if !ok {
			return &providers.Error{Kind: providers.Invalid, Provider: Name, Op: "GET /solicitation", Code: "unknown_participant",
				Err: errors.New("a participant is none of the envelope's signers")}
		}
		if placed[who.Identifier] {
			continue
		}
		placed[who.Identifier] = true
		switch signatureType(signer) {
		case typeViewer:
			onlyLooking = append(onlyLooking, who.Identifier)
		case typeElectronic:
			_, err := job.Step(ctx, "stamp."+who.Identifier, func(ctx context.Context) (string, error) {
				return "placed", p.placeStamp(ctx, who.Identifier, stampOf(*signer.Stamp))
			})
			if err != nil {
				return err
			}
		}
	}
	if len(onlyLooking) > 0 {
		if err := job.Note(ctx, stepViewers, strings.Join(onlyLooking, " ")); err != nil {
			return err
		}
	}
	return job.Note(ctx, stepFinished, "true")
}

const stepFinished = "finished"

// placeStamp places a stamp. Who has signed or rejected already needs none. Placing a
// stamp again after a crash may be refused, which is not documented: one that is there
// is as good.
func (p *Provider) placeStamp(ctx context.Context, participantID string, s stamp) error {
	err := p.client.placeStamp(ctx, participantID, s)
	if providers.CodeOf(err) == codeNotPending {
		return nil
	}
	if err != nil && providers.KindOf(err) == providers.Invalid {
		if there, e := p.client.participant(ctx, participantID); e == nil && len(there.Stamp) > 0 && string(there.Stamp) != "null" {
			return nil
		}
	}
	return err
}

// signerOf is the signer that a participant stands for: by tax id and address, else by
// tax id, else by place. sDoc changes the form of names and addresses (reference §5), so
// the tax id counts most.
func signerOf(signers []providers.Signer, participants []participant, i int) (providers.Signer, bool) {
	who := participants[i]
	var found []providers.Signer
	for _, s := range signers {
		if s.Document == providers.CleanTaxID(who.CPF) {
			if strings.EqualFold(s.Email, strings.TrimSpace(who.Email)) {
				return s, true
			}
			found = append(found, s)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	if len(participants) == len(signers) {
		return signers[i], true
	}
	return providers.Signer{}, false
}

// person is one signer over all files.
type person struct {
	name, email string
	viewer      bool
	done        int // participants that have signed or approved
	of          int
	approved    bool
	rejected    bool
}

// signers puts together the participants that are the same person.
func signers(s solicitation, viewers map[string]bool) []*person {
	var people []*person
	byKey := make(map[string]*person)
	for _, part := range s.Participants {
		key := providers.CleanTaxID(part.CPF) + " " + strings.ToLower(part.Email)
		who := byKey[key]
		if who == nil {
			who = &person{name: part.Name, email: part.Email}
			byKey[key] = who
			people = append(people, who)
		}
		who.viewer = who.viewer || viewers[part.Identifier] || part.SignatureType == typeViewer
		who.of++
		switch part.Status {
		case statusSigned:
			who.done++
		case statusApproved:
			who.done++
			who.approved = true
		case statusRejected:
			who.rejected = true
		}
	}
	return people
}

// stateOf is the state of the whole. Which status a viewer has is not documented, so
// viewers do not count, unless one rejects.
func stateOf(people []*person) providers.State {
	state, acting := providers.Completed, false
	for _, who := range people {
		if who.rejected {
			return providers.Declined
		}
		if who.viewer {
			continue
		}
		acting = true
		if who.done < who.of {
			state = providers.Pending
		}
	}
	if !acting {
		return providers.Pending
	}
	return state
}

func statuses(people []*person) []providers.SignerStatus {
	var all []providers.SignerStatus
	for _, who := range people {
		s := providers.SignerStatus{Name: who.name, Email: who.email, State: providers.SignerPending}
		switch {
		case who.rejected:
			s.State = providers.SignerDeclined
		case who.done == who.of && who.approved:
			s.State = providers.SignerApproved
		case who.done == who.of:
			s.State = providers.SignerSigned
		}
		all = append(all, s)
	}
	return all
}

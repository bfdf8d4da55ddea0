package contraktor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Remind sends the e-mail again to everybody who was told and has not signed. Who waits
// for a turn in an ordered proof was not told yet and is left alone. A refusal about one of
// them keeps it from nobody else.
func (p *Provider) Remind(ctx context.Context, ref providers.Ref, once providers.Once) error {
	pending, err := p.pending(ctx, ref)
	if err != nil {
		return err
	}
	return p.remindAll(ctx, ref, pending, once)
}

// RemindSigner sends it to one of them. People who share an address are told apart by
// nothing that is asked for, so all of them get theirs.
func (p *Provider) RemindSigner(ctx context.Context, ref providers.Ref, email string, once providers.Once) error {
	pending, err := p.pending(ctx, ref)
	if err != nil {
		return err
	}
	pending = slices.DeleteFunc(pending, func(s subject) bool { return email == "" || !strings.EqualFold(s.Email, email) })
	if len(pending) == 0 {
		return p.invalid("not_pending", errors.New("this signer is not waited for, or has no e-mail address"))
	}
	return p.remindAll(ctx, ref, pending, once)
}

func (p *Provider) remindAll(ctx context.Context, ref providers.Ref, all []subject, once providers.Once) error {
	var refused error
	for _, s := range all {
		err := once(ctx, formatID(s.ID), func(ctx context.Context) error { return p.client.remind(ctx, ref.ID, s.ID) })
		switch kind := providers.KindOf(err); {
		case err == nil:
		case kind == providers.Invalid || kind == providers.NotFound: // has signed meanwhile, perhaps
			refused = cmp.Or(refused, err)
		default:
			return err
		}
	}
	return refused
}

// pending are the signers who were told, have not signed and can be reminded: that is an
// e-mail, whatever channel the invitation took (reference §10).
func (p *Provider) pending(ctx context.Context, ref providers.Ref) ([]subject, error) {
	proof, _, err := p.client.proof(ctx, pace.Send, ref.ID)
	if err != nil {
		return nil, err
	}
	if proof.state() != providers.Pending {
		return nil, p.invalid(providers.CodeEnded, fmt.Errorf("the proof is %s already", proof.state()))
	}
	var pending []subject
	byPhone := false
	for _, s := range proof.Subjects {
		switch {
		case s.ConfirmedAt.Set || proof.Ordered && !s.SentAt.Set:
		case s.Email == "" && s.NotificationType == providers.ChannelWhatsApp:
			byPhone = true
		default:
			pending = append(pending, s)
		}
	}
	if byPhone && len(pending) == 0 {
		return nil, &providers.Error{Kind: providers.Unsupported, Provider: Name, Op: "remind", Err: errors.New("reminders go by e-mail, and nobody who is waited for has an address")}
	}
	return pending, nil
}

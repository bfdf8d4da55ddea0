package catalisa

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Remind mails every pending signer again.
func (p *Provider) Remind(ctx context.Context, ref providers.Ref, once providers.Once) error {
	signers, err := p.pending(ctx, ref)
	if err != nil {
		return err
	}
	if len(signers) > 0 && !slices.ContainsFunc(signers, signerAttributes.waitedFor) {
		return p.invalid("not_pending", errors.New("no signer is waited for"))
	}
	return once(ctx, "all", func(ctx context.Context) error { return p.client.resend(ctx, ref.ID, "") })
}

// RemindSigner mails one signer again, unless that one has signed or was not told yet.
func (p *Provider) RemindSigner(ctx context.Context, ref providers.Ref, email string, once providers.Once) error {
	signers, err := p.pending(ctx, ref)
	if err != nil {
		return err
	}
	for i, s := range signers {
		switch {
		case !strings.EqualFold(s.Email, email) || !s.waitedFor():
		case s.Status == "PENDING" && slices.ContainsFunc(signers, func(o signerAttributes) bool { return o.Order < s.Order && o.waitedFor() }):
			return p.invalid("not_pending", errors.New("this signer's turn has not come"))
		default:
			return once(ctx, strconv.Itoa(i+1), func(ctx context.Context) error { return p.client.resend(ctx, ref.ID, s.Email) })
		}
	}
	return p.invalid("not_pending", errors.New("this signer is not waited for"))
}

// pending are the signers of a request on the way. What a reminder does to one that has ended,
// or to a signer who has signed, is not documented (reference §7.6): none is sent.
func (p *Provider) pending(ctx context.Context, ref providers.Ref) ([]signerAttributes, error) {
	r, _, err := p.client.request(ctx, pace.Send, ref.ID)
	if err != nil {
		return nil, err
	}
	if s := r.state(); s != providers.Pending {
		return nil, p.ended(s)
	}
	var signers []signerAttributes
	for _, s := range r.Relationships.Signers.Data {
		signers = append(signers, s.Attributes)
	}
	return signers, nil
}

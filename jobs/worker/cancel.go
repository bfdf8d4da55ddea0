package worker

import (
	"context"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// cancel carries out an operator's wish: what is sent is withdrawn at the provider,
// what is prepared there is discarded.
func (t *envelopeTask) cancel(ctx context.Context) error {
	r := t.rec
	if r.Unnamed() {
		if err := t.claim.AwaitID(detached(ctx), t.config.PollEvery); err != nil {
			return later(time.Second, err)
		}
		return nil
	}
	if r.State == ledger.Sent {
		p, ok := t.config.Provider.(providers.Canceler)
		if !ok {
			return t.markFailed(ctx, &providers.Error{Kind: providers.Unsupported, Provider: r.Provider, Op: "cancel"})
		}
		var err error
		if r.Unchecked { // it could be somebody else's envelope
			_, err = t.config.status(ctx, r)
		}
		if err == nil {
			err = p.Cancel(ctx, t.ref())
		}
		if err != nil {
			switch providers.KindOf(err) {
			case providers.NotFound: // what is not there was not withdrawn
				return t.notThere(ctx, err)
			case providers.Invalid:
				return t.markFailed(ctx, err) // it has ended otherwise: the next look tells how
			}
			return t.recordFailure(ctx, err)
		}
	} else if taken, err := t.lastMark(ctx); err != nil {
		return t.recordFailure(ctx, err)
	} else if taken != nil { // people were invited: that is to be withdrawn
		return t.adopt(ctx, taken)
	} else if p, ok := t.config.Provider.(providers.Discarder); ok && len(r.Steps) > 0 {
		if err := p.Discard(ctx, t.ref()); err != nil && providers.KindOf(err) != providers.NotFound {
			if kind := providers.KindOf(err); kind != providers.Invalid && kind != providers.Unsupported {
				return t.recordFailure(ctx, err)
			}
			t.log.WarnContext(ctx, "a prepared envelope could not be discarded", "campaign", r.Campaign, "id", r.ID, "provider", r.Provider, "error", err)
		}
	}
	from := r.State
	if err := t.claim.Cancel(detached(ctx)); err != nil {
		return later(time.Second, err)
	}
	t.note(ctx, t.rec, from)
	return nil
}

// notThere records that the provider does not know a sent envelope. One that an operator
// has called sent, and that nobody has confirmed, is in doubt again; another stays sent,
// and its looks go on.
func (t *envelopeTask) notThere(ctx context.Context, err error) error {
	from := t.rec.State
	if werr := t.claim.NotThere(detached(ctx), err.Error(), t.config.PollEvery); werr != nil {
		return later(time.Second, werr)
	}
	t.log.WarnContext(ctx, "the provider does not know an envelope", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "state", string(t.rec.State))
	if t.rec.State != from {
		t.note(ctx, t.rec, from)
	}
	return nil
}

package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// serviceLate is how long a service that keeps deadlines itself is waited for after one.
const serviceLate = 48 * time.Hour

// deadline is when an envelope's last day is over; the zero time when it has none.
func (w *Worker) deadline(r *ledger.Record) time.Time {
	if !bytes.Contains(r.Envelope, []byte(`"expires"`)) {
		return time.Time{}
	}
	var e struct {
		Expires providers.Expiry `json:"expires"`
	}
	if json.Unmarshal(r.Envelope, &e) != nil {
		return time.Time{}
	}
	return e.Expires.Ends(r.CreatedAt, w.cfg.Zone)
}

// overdue are the sent envelopes whose last day is over, and those whose is not. A service
// that ends them itself gets some time to do so.
func (w *Worker) overdue(ctx context.Context, config ProviderConfig, records []*ledger.Record) (late map[*ledger.Record]bool, rest []*ledger.Record) {
	late = make(map[*ledger.Record]bool)
	var now time.Time
	for _, r := range records {
		at := w.deadline(r)
		if at.IsZero() {
			rest = append(rest, r)
			continue
		}
		if now.IsZero() {
			var err error
			if now, err = w.ledger.Now(ctx); err != nil {
				return nil, records
			}
		}
		if config.Provider.Info().Deadlines {
			at = at.Add(serviceLate)
		}
		if now.Before(at) {
			rest = append(rest, r)
		} else {
			late[r] = true
		}
	}
	return late, rest
}

// expire ends an envelope whose last day is over and that its provider still calls pending:
// it is withdrawn there. Where that cannot be done nobody looks any more, and the report
// says so.
func (w *Worker) expire(ctx context.Context, config ProviderConfig, r *ledger.Record) error {
	if r.State != ledger.Sent || r.Unchecked || r.CancelAsked {
		return nil
	}
	message := "the last day to sign is over; " + r.Provider + " cannot withdraw it: people may still sign there, and it is not looked at any more"
	if p, ok := config.Provider.(providers.Canceler); ok {
		message = "the last day to sign is over: withdrawn at " + r.Provider
		ref := providers.Ref{Key: providers.Key{Campaign: r.Campaign, ID: r.ID}, ID: r.EnvelopeID, Steps: r.Steps}
		err := p.Cancel(ctx, ref)
		switch {
		case err != nil && providers.KindOf(err) == providers.Invalid:
			return nil // it has ended meanwhile: the next look tells how
		case err != nil:
			w.lookFailed(ctx, config, r, err)
			return err
		}
	}
	w.endExpired(ctx, r, message)
	return nil
}

func (w *Worker) endExpired(ctx context.Context, r *ledger.Record, message string) {
	from := r.State
	err := w.ledger.End(detached(ctx), r, ledger.Ending{To: ledger.Expired, Signers: r.Signers, Reason: message})
	if err == nil {
		w.note(ctx, r, from)
	} else if !errors.Is(err, ledger.ErrLost) {
		w.tellLedger(ctx, err)
	}
}

// inTime refuses to invite people to what they could not sign any more.
func (t *envelopeTask) inTime() error {
	if at := t.deadline(t.rec); at.IsZero() || t.claim.At.Before(at) {
		return nil
	}
	return &providers.Error{Kind: providers.Invalid, Provider: t.rec.Provider, Code: providers.CodeExpired, Err: errors.New("its last day to sign is over, and nobody was invited")}
}

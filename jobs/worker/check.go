package worker

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// check answers a client's question about an id.
func (w *Worker) check(ctx context.Context, t *asynq.Task) error {
	p, err := queue.Decode(t)
	if err != nil {
		return err
	}
	id, waited, err := w.ledger.Question(ctx, p.Token)
	if err != nil {
		return later(time.Second, err)
	}
	if !waited {
		return nil
	}
	r, err := w.ledger.Get(ctx, p.Key)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return later(time.Second, err)
	}
	config, ok := w.configs[r.Provider]
	if !ok {
		return nil
	}
	answer := r.Provider + " refuses the key"
	if admitted, _, err := w.ledger.Admit(ctx, r.Provider); err != nil {
		return later(time.Second, err)
	} else if admitted != ledger.Refused {
		s, err := config.Provider.Status(ctx, providers.Ref{Key: providers.Key{Campaign: r.Campaign, ID: r.ID}, ID: id, Steps: r.Steps})
		w.answered(ctx, r.Provider, admitted, err)
		answer = checked(r, s, err)
	}
	return w.ledger.Answer(detached(ctx), p.Token, answer)
}

func checked(r *ledger.Record, s providers.Status, err error) string {
	switch kind := providers.KindOf(err); {
	case err == nil && strangers(r, s.Signers):
		return queue.IDOthers
	case err == nil && s.State == providers.Draft:
		return queue.IDDraft
	case err == nil:
		return queue.IDKnown
	case kind == providers.NotFound, kind == providers.Invalid:
		return queue.IDUnknown
	}
	return err.Error()
}

// status asks the provider about a sent envelope. One that an operator has called sent,
// and that is of other people, is not there.
func (l ProviderConfig) status(ctx context.Context, r *ledger.Record) (providers.Status, error) {
	s, err := l.Provider.Status(ctx, providers.Ref{Key: providers.Key{Campaign: r.Campaign, ID: r.ID}, ID: r.EnvelopeID, Steps: r.Steps})
	if err == nil && r.Unchecked && strangers(r, s.Signers) {
		return s, &providers.Error{Kind: providers.NotFound, Provider: r.Provider, Op: "status", Err: errors.New("this id is of an envelope with other signers")}
	}
	return s, err
}

// strangers tells whether none of the signers that a provider has of an envelope is one
// of the record's: a mistyped id may well be that of somebody else's contract. An address
// decides where both sides have one, otherwise the name. Where nothing can be compared,
// nobody is a stranger.
func strangers(r *ledger.Record, theirs []providers.SignerStatus) bool {
	var e providers.Envelope
	if json.Unmarshal(r.Envelope, &e) != nil {
		return false // forgotten
	}
	compared := false
	for _, mine := range e.Signers {
		for _, s := range theirs {
			a, b := mine.Email, s.Email
			if a == "" || b == "" {
				a, b = mine.Name, s.Name
			}
			if a == "" || b == "" {
				continue
			}
			if strings.EqualFold(a, b) {
				return false
			}
			compared = true
		}
	}
	return compared
}

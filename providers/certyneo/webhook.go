package certyneo

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// callbackAge is how old a callback's event may be, and how far ahead of our clock.
// Deliveries are repeated for about nine hours (reference §9): a day leaves room for
// that and for clocks that differ (our choice).
const callbackAge = 24 * time.Hour

// callback is the body in both documented shapes (reference §9).
type callback struct {
	Event      string `json:"event"`
	Timestamp  string `json:"timestamp"`
	OccurredAt string `json:"occurred_at"`
	EnvelopeID string `json:"envelope_id"`
	Data       struct {
		EnvelopeID  string `json:"envelopeId"`
		RecipientID string `json:"recipientId"`
		Email       string `json:"email"`
	} `json:"data"`
}

// Webhook verifies X-Certyneo-Signature, the hex HMAC-SHA256 of the raw body with the
// subscription's secret (reference §9), and refuses what is older than a day.
func (p *Provider) Webhook(r *http.Request, body []byte) (providers.Event, error) {
	if p.webhookSecret == "" {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeNoSecret, "set CHANCELA_CERTYNEO_WEBHOOK_SECRET to what the subscription has shown")
	}
	mac := hmac.New(sha256.New, []byte(p.webhookSecret.Reveal()))
	mac.Write(body)
	got, err := hex.DecodeString(r.Header.Get("X-Certyneo-Signature"))
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeSignature, "the signature is not ours")
	}
	var c callback
	if json.Unmarshal(body, &c) != nil {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeBadCallback, "the body is not of the documented form")
	}
	at := cmp.Or(c.Timestamp, c.OccurredAt)
	id := cmp.Or(c.Data.EnvelopeID, c.EnvelopeID)
	t, err := time.Parse(time.RFC3339, at)
	if err != nil || id == "" {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeBadCallback, "the body names no envelope or no time")
	}
	if age := time.Since(t); age > callbackAge || age < -callbackAge {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeStale, "the event is not of this day")
	}
	// There is no delivery id: the event's own parts identify it.
	who := cmp.Or(c.Data.RecipientID, c.Data.Email)
	digest := sha256.Sum256([]byte(strings.Join([]string{c.Event, at, id, who}, "\n")))
	return providers.Event{ID: id, Delivery: hex.EncodeToString(digest[:])}, nil
}

// Subscribe makes a webhook subscription for the events that end an envelope: each
// event costs a look, and the others change nothing that a look must find out at once.
func (p *Provider) Subscribe(ctx context.Context, url string) (id, secret string, err error) {
	s, err := p.client.subscribe(ctx, url, []string{"envelope.completed", "envelope.declined", "envelope.voided", "envelope.expired"})
	return s.ID, s.Secret, err
}

// Subscriptions lists the account's webhook subscriptions.
func (p *Provider) Subscriptions(ctx context.Context) ([]providers.Subscription, error) {
	all, err := p.client.subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]providers.Subscription, len(all))
	for i, s := range all {
		list[i] = providers.Subscription{ID: s.ID, URL: s.URL, Events: s.Events}
	}
	return list, nil
}

// Unsubscribe removes a subscription. One that is gone already is success.
func (p *Provider) Unsubscribe(ctx context.Context, id string) error {
	if err := p.client.unsubscribe(ctx, id); providers.StatusOf(err) != http.StatusNotFound {
		return err
	}
	return nil
}

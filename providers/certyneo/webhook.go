package certyneo

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
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
		return providers.Event{}, refused(providers.Denied, "no_secret", "set CHANCELA_CERTYNEO_WEBHOOK_SECRET to what the subscription has shown")
	}
	mac := hmac.New(sha256.New, []byte(p.webhookSecret.Reveal()))
	mac.Write(body)
	got, err := hex.DecodeString(r.Header.Get("X-Certyneo-Signature"))
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return providers.Event{}, refused(providers.Denied, "signature", "the signature is not ours")
	}
	var c callback
	if json.Unmarshal(body, &c) != nil {
		return providers.Event{}, refused(providers.Invalid, "body", "the body is not of the documented form")
	}
	at := cmp.Or(c.Timestamp, c.OccurredAt)
	id := cmp.Or(c.Data.EnvelopeID, c.EnvelopeID)
	t, err := time.Parse(time.RFC3339, at)
	if err != nil || id == "" {
		return providers.Event{}, refused(providers.Invalid, "body", "the body names no envelope or no time")
	}
	if age := time.Since(t); age > callbackAge || age < -callbackAge {
		return providers.Event{}, refused(providers.Denied, "stale", "the event is not of this day")
	}
	// There is no delivery id: the event's own parts identify it.
	who := cmp.Or(c.Data.RecipientID, c.Data.Email)
	digest := sha256.Sum256([]byte(strings.Join([]string{c.Event, at, id, who}, "\n")))
	return providers.Event{ID: id, Delivery: hex.EncodeToString(digest[:])}, nil
}

func refused(kind providers.ErrorKind, code, reason string) error {
	return &providers.Error{Kind: kind, Provider: Name, Op: "webhook", Code: code, Err: errors.New(reason)}
}

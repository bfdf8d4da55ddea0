package qisign

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/chancela/chancela/providers"
)

// callback is the body; fields may be added at any time (reference §A7).
type callback struct {
	ID      string     `json:"id"`
	Signers []evidence `json:"signers"`
}

// evidence is what only callbacks tell of a signer. Each block may be missing, and is
// kept as it came.
type evidence struct {
	ID       string          `json:"id"`
	Biometry json.RawMessage `json:"biometry,omitempty"`
	Liveness json.RawMessage `json:"liveness,omitempty"`
	Document json.RawMessage `json:"document,omitempty"`
	Odd      []string        `json:"odd,omitempty"` // ours: the conditions of the rule that it meets
}

// Webhook verifies the header Signature: the hex HMAC-SHA1 over endpoint, method and
// payload without separators (reference §A7). The callback carries no time and no id:
// deliveries are told apart by their bodies.
func (p *Provider) Webhook(r *http.Request, body []byte) (providers.Event, error) {
	if p.webhookSecret == "" || p.webhookURL == "" {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeNoSecret,
			"set CHANCELA_QISIGN_WEBHOOK_SECRET to the signature key, and CHANCELA_QISIGN_WEBHOOK_URL to the address as support has it")
	}
	if !p.signed(r.Header.Get("Signature"), body) {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeSignature, "the signature is not ours")
	}
	var c callback
	if json.Unmarshal(body, &c) != nil || c.ID == "" {
		return providers.Event{}, providers.RefusedCallback(Name, providers.CodeBadCallback, "the body names no envelope")
	}
	digest := sha256.Sum256(body)
	event := providers.Event{ID: c.ID, Delivery: hex.EncodeToString(digest[:])}
	var kept []evidence
	for _, s := range c.Signers {
		s.Odd = nil // nobody but us says so
		if s.Biometry != nil || s.Liveness != nil || s.Document != nil {
			kept = append(kept, s)
		}
	}
	if kept != nil {
		event.Evidence, _ = json.Marshal(kept) // it was JSON before
	}
	for _, f := range providers.ReadEvidence(event.Evidence) {
		for i := range kept {
			if kept[i].ID == signerID(f.Signer) {
				kept[i].Odd = p.odd(f.Biometry)
			}
		}
	}
	if len(p.alert) > 0 && kept != nil {
		event.Evidence, _ = json.Marshal(kept)
	}
	return event, nil
}

// signed tells whether the signature is one of this endpoint and body. What "endpoint"
// is, and how "method" is written, is not said: the registered address is taken, or its path
// alone, and POST or post (our choice). All need the key.
func (p *Provider) signed(signature string, body []byte) bool {
	got, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	endpoints := []string{p.webhookURL}
	if u, err := url.Parse(p.webhookURL); err == nil {
		endpoints = append(endpoints, u.RequestURI())
	}
	ours := false
	for _, endpoint := range endpoints {
		for _, method := range []string{"POST", "post"} {
			mac := hmac.New(sha1.New, []byte(p.webhookSecret.Reveal()))
			mac.Write([]byte(endpoint + method))
			mac.Write(body)
			ours = hmac.Equal(got, mac.Sum(nil)) || ours
		}
	}
	return ours
}

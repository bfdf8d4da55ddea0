package sdoc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"

	"github.com/chancela/chancela/providers"
)

// callbackBody is the body of a callback (reference §11). Its type is not looked at: the
// page's own example holds 0, which the list of types does not know, and every callback
// means the same, look now.
type callbackBody struct {
	Identifier string `json:"identifier"`
	SecretKey  string `json:"secretKey"`
}

// maxIdentifier bounds an identifier. The page says 30 and shows 24 (reference §12.2),
// so the exact length is not asked for.
const maxIdentifier = 64

// Webhook accepts a callback that carries the platform's SecretKey; nothing else vouches
// for one (reference §11). The envelope's key comes out of the address that we gave, so
// the callback names the solicitation of an envelope whose sending was interrupted.
// Nothing identifies a delivery.
func (p *Provider) Webhook(r *http.Request, body []byte) (providers.Event, error) {
	fail := func(code, why string) (providers.Event, error) {
		return providers.Event{}, providers.RefusedCallback(Name, code, why)
	}
	if p.secret == "" {
		return fail(providers.CodeNoSecret, "no SecretKey is configured: set CHANCELA_SDOC_WEBHOOK_SECRET")
	}
	var c callbackBody
	if err := json.Unmarshal(body, &c); err != nil {
		return fail(providers.CodeBadCallback, "the body is not a callback's JSON")
	}
	// Hashes have one length: the comparison tells nothing about the key's.
	got, want := sha256.Sum256([]byte(c.SecretKey)), sha256.Sum256([]byte(p.secret.Reveal()))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return fail(providers.CodeSignature, "the SecretKey is not ours")
	}
	if c.Identifier == "" || len(c.Identifier) > maxIdentifier {
		return fail(providers.CodeBadCallback, "the callback names no solicitation")
	}
	event := providers.Event{ID: c.Identifier}
	if text := r.URL.Query().Get(keyParameter); text != "" {
		key, err := providers.ParseKey(text)
		if err != nil {
			return fail(providers.CodeBadCallback, "the callback's address names no envelope")
		}
		event.Key = key
	}
	return event, nil
}

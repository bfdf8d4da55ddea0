package catalisa

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// tolerance is how far a delivery's timestamp may be off, in both directions
// (reference §10.2).
const tolerance = 300 * time.Second

// publicKey is a subscription's key. Its id is empty when the PEM does not say it.
type publicKey struct {
	id  string
	key *rsa.PublicKey
}

// parseKeys reads PEM text: one public key or, during a rotation, several. A PEM header
// "Key-Id: whk_..." ties a key to the id that deliveries name.
func parseKeys(text providers.Secret) ([]publicKey, error) {
	bad := errors.New("catalisa: CHANCELA_CATALISA_WEBHOOK_SECRET must name a file with RSA public keys in PEM form")
	var keys []publicKey
	rest := []byte(strings.TrimSpace(text.Reveal()))
	for len(rest) > 0 {
		block, more := pem.Decode(rest)
		if block == nil {
			return nil, bad
		}
		rest = []byte(strings.TrimSpace(string(more)))
		key, err := parseKey(block)
		if err != nil {
			return nil, fmt.Errorf("%w: block %d", bad, len(keys)+1)
		}
		keys = append(keys, publicKey{block.Headers["Key-Id"], key})
	}
	return keys, nil
}

func parseKey(block *pem.Block) (*rsa.PublicKey, error) {
	if block.Type == "RSA PUBLIC KEY" {
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	any, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := any.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("not an RSA key")
	}
	return key, nil
}

// delivery is the body of a delivery (reference §10.2). The fields of data are not
// documented for e-signature (reference §10.3); these names are guesses, and with none
// of them the delivery says nothing about an envelope.
type delivery struct {
	ID   string `json:"id"`
	Data struct {
		RequestID          any `json:"requestId"`
		SignatureRequestID any `json:"signatureRequestId"`
		ID                 any `json:"id"`
		BusinessID         any `json:"businessId"`
	} `json:"data"`
}

// Webhook verifies the RSA signature over id, timestamp and raw body, and the
// timestamp. The delivery's own id stays the same over retries. An event that names no
// request is accepted and empty: refusing it would only be retried.
func (p *Provider) Webhook(r *http.Request, body []byte) (providers.Event, error) {
	fail := func(code, why string) (providers.Event, error) {
		return providers.Event{}, providers.RefusedCallback(Name, code, why)
	}
	if len(p.keys) == 0 {
		return fail(providers.CodeNoSecret, "no public key is configured: set CHANCELA_CATALISA_WEBHOOK_SECRET")
	}
	stamp := r.Header.Get("X-Webhook-Timestamp")
	if !p.verify(r.Header.Get("X-Webhook-Key-Id"), r.Header.Get("X-Webhook-Signature"), r.Header.Get("X-Webhook-Id"), stamp, body) {
		return fail(providers.CodeSignature, "the signature is not that of a key of ours")
	}
	sent, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return fail(providers.CodeStale, "the timestamp cannot be read")
	}
	if age := time.Since(sent); age > tolerance || age < -tolerance {
		return fail(providers.CodeStale, "the delivery is too old or from the future")
	}
	var d delivery
	if err := json.Unmarshal(body, &d); err != nil {
		return fail(providers.CodeBadCallback, "the body is not a delivery's JSON")
	}
	text := func(v any) string { s, _ := v.(string); return s }
	event := providers.Event{
		ID:       cmp.Or(text(d.Data.RequestID), text(d.Data.SignatureRequestID)),
		Delivery: d.ID,
	}
	// A hash or somebody else's reference is not a key of ours.
	if key, err := providers.ParseKey(text(d.Data.BusinessID)); err == nil {
		event.Key = key
	} else if event.ID == "" {
		// What a plain id is of is a guess, which may find a request that we know. Beside
		// a key of ours it would name the request of one that is in doubt: that is for
		// Settle.
		event.ID = text(d.Data.ID)
	}
	return event, nil
}

// verify tries the keys with the id that the delivery names, and those without an id.
func (p *Provider) verify(keyID, header, id, timestamp string, body []byte) bool {
	encoded, ok := strings.CutPrefix(header, "v1=")
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || id == "" {
		return false
	}
	hash := sha256.New()
	hash.Write([]byte(id + "\n" + timestamp + "\n"))
	hash.Write(body)
	sum := hash.Sum(nil)
	for _, k := range p.keys {
		if (k.id == "" || k.id == keyID) && rsa.VerifyPKCS1v15(k.key, crypto.SHA256, sum, signature) == nil {
			return true
		}
	}
	return false
}

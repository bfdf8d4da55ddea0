package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/chancela/chancela/providers"
)

// Digest identifies an envelope's content: the same key with another digest is a
// conflict. Documents count by their hash, wherever they came from.
func Digest(e providers.Envelope) (string, error) {
	plain := func(d providers.Document) providers.Document {
		return providers.Document{Name: d.Name, SHA256: d.SHA256}
	}
	docs := make([]providers.Document, len(e.Documents))
	for i, d := range e.Documents {
		docs[i] = plain(d)
	}
	e.Documents = docs
	signers := make([]providers.Signer, len(e.Signers))
	for i, s := range e.Signers {
		if s.IDFront != nil {
			d := plain(*s.IDFront)
			s.IDFront = &d
		}
		if s.IDBack != nil {
			d := plain(*s.IDBack)
			s.IDBack = &d
		}
		signers[i] = s
	}
	e.Signers = signers
	b, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("digest of %s: %w", e.Key(), err)
	}
	sum := sha256.Sum256(b)
	return "v1:" + hex.EncodeToString(sum[:]), nil
}

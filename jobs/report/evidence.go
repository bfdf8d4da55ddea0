package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
)

// Evidence that a callback brings when the manifest is, or may be, written already stands
// beside it, in a file that is named by its own hash: the same evidence is kept once, and
// verify sees a change.
const (
	evidencePrefix = "evidence-"
	evidenceEnding = ".json"
)

func KeepEvidence(ctx context.Context, store archive.Archive, k providers.Key, evidence []byte) error {
	sum := sha256.Sum256(evidence)
	key := archive.EnvelopeKey(k.Campaign, k.ID, evidencePrefix+hex.EncodeToString(sum[:])+evidenceEnding)
	_, err := store.Put(ctx, key, bytes.NewReader(evidence), "application/json", nil)
	return err
}

// evidenceHash is the hash that a file of evidence is named by.
func evidenceHash(key string) (sum string, ok bool) {
	name, prefixed := strings.CutPrefix(path.Base(key), evidencePrefix)
	sum, ended := strings.CutSuffix(name, evidenceEnding)
	return sum, prefixed && ended
}

// addFindings tells what the evidence says of the signers.
func (r *Report) addFindings(evidence json.RawMessage) {
	if len(evidence) == 0 {
		return
	}
	for _, f := range providers.ReadEvidence(evidence) {
		if f.Signer >= len(r.Signers) {
			continue
		}
		if f.Biometry != (providers.Biometry{}) {
			r.Signers[f.Signer].Biometry = &f.Biometry
		}
		for _, words := range f.Odd {
			r.Odd = append(r.Odd, fmt.Sprintf("signer%d: %s", f.Signer+1, words))
		}
	}
}

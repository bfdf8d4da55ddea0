package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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

package marks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/chancela/chancela/storage/archive"
)

// Canceled is an envelope that was canceled before anybody was invited. No mark speaks of it, and a ledger that is lost
// would invite its people when its file is enqueued again.
type Canceled struct {
	ID       string `json:"id"`
	Provider string `json:"provider"`
	Digest   string `json:"digest"` // of its content as it was enqueued
}

// Those of a campaign stand in lists beside the envelopes' folders, many in each. A list is named by its own hash:
// it is never replaced, of two writers both are right, and what is said once stays, whatever a later ledger knows.
const (
	canceledFolder = "_canceled"
	canceledPrefix = "canceled-"
	canceledEnding = ".json"

	// MostCanceled is how many envelopes one list has at most.
	MostCanceled = 5000
	// maxCanceled is above what so many take.
	maxCanceled = 4 << 20
)

type canceledList struct {
	Version   int        `json:"version"` // 1
	Campaign  string     `json:"campaign"`
	Envelopes []Canceled `json:"envelopes"`
}

// ErrCanceledList: a list of canceled envelopes is not as it was written.
var ErrCanceledList = errors.New("it is not the list of canceled envelopes that was written there")

// CanceledHash is the hash that the key of a list of canceled envelopes is named by.
func CanceledHash(key string) (sum string, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 || parts[1] != canceledFolder {
		return "", false
	}
	name, prefixed := strings.CutPrefix(parts[2], canceledPrefix)
	sum, ended := strings.CutSuffix(name, canceledEnding)
	return sum, prefixed && ended
}

// KeepCanceled adds envelopes of a campaign, [MostCanceled] at most, to those that are known to be canceled.
func (b *Book) KeepCanceled(ctx context.Context, campaign string, envelopes []Canceled) error {
	content, err := json.Marshal(canceledList{version, campaign, envelopes})
	if err != nil {
		return err
	}
	content = append(content, '\n')
	sum := sha256.Sum256(content)
	key := archive.EnvelopeKey(campaign, canceledFolder, canceledPrefix+hex.EncodeToString(sum[:])+canceledEnding)
	if _, err = b.archive.Put(ctx, key, bytes.NewReader(content), "application/json", nil); err != nil {
		return fmt.Errorf("keeping what was canceled of %s: %w", campaign, err)
	}
	return nil
}

// Canceled reads the lists of a campaign's canceled envelopes. An envelope may be in several. The first error ends it.
func (b *Book) Canceled(ctx context.Context, campaign string) iter.Seq2[[]Canceled, error] {
	return func(yield func([]Canceled, error) bool) {
		for o, err := range b.archive.List(ctx, campaign+"/"+canceledFolder+"/") {
			if err != nil {
				yield(nil, fmt.Errorf("looking for what was canceled of %s: %w", campaign, err))
				return
			}
			sum, ok := CanceledHash(o.Key)
			if !ok {
				continue // of an envelope with this id
			}
			list, err := b.canceled(ctx, o.Key, sum, campaign)
			if !yield(list, err) || err != nil {
				return
			}
		}
	}
}

func (b *Book) canceled(ctx context.Context, key, sum, campaign string) ([]Canceled, error) {
	r, _, err := b.archive.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxCanceled+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	var list canceledList
	have := sha256.Sum256(content)
	if len(content) > maxCanceled || hex.EncodeToString(have[:]) != sum || json.Unmarshal(content, &list) != nil ||
		list.Version != version || list.Campaign != campaign || len(list.Envelopes) > MostCanceled {
		return nil, fmt.Errorf("archive %s: %w", key, ErrCanceledList)
	}
	return list.Envelopes, nil
}

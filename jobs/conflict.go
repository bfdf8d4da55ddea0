package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/storage/ledger"
)

// ErrConflict: the key is taken by an envelope with other content. The error that has it
// in its chain is a [ConflictError].
var ErrConflict = errors.New("an envelope with other content has this id already")

// ConflictError tells which envelope, and what of it is not the same.
type ConflictError struct {
	Key    Key
	Fields []string // by the CSV's names; empty when the ledger has not kept the content
}

func (e *ConflictError) Error() string {
	s := fmt.Sprintf("%s: %v", e.Key, ErrConflict)
	if len(e.Fields) > 0 {
		s += ": other " + strings.Join(e.Fields, ", ")
	}
	return s
}

func (e *ConflictError) Unwrap() error { return ErrConflict }

// conflicts compares the envelopes whose keys are taken with what the ledger has.
func (c *Client) conflicts(ctx context.Context, batch []Envelope, created []ledger.Creation) (map[int]*ConflictError, error) {
	var at []int
	var keys []string
	for i, r := range created {
		if r.Verdict == ledger.Conflict {
			at, keys = append(at, i), append(keys, batch[i].Key().String())
		}
	}
	if len(at) == 0 {
		return nil, nil
	}
	records, err := c.ledger.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[int]*ConflictError, len(at))
	for n, i := range at {
		out[i] = &ConflictError{Key: batch[i].Key()}
		var have Envelope
		if r := records[n]; r == nil || json.Unmarshal(r.Envelope, &have) != nil || len(have.Signers) == 0 {
			continue // forgotten, or known from a manifest only
		}
		if out[i].Fields = intake.Differences(have, batch[i]); len(out[i].Fields) == 0 {
			delete(out, i)
		}
	}
	return out, nil
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/intake"
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

// Conflicts tells which of some checked envelopes have keys that are taken by other
// content.
func (c *Client) Conflicts(ctx context.Context, batch []Envelope) ([]*ConflictError, error) {
	keys := make([]string, len(batch))
	for i, e := range batch {
		keys[i] = e.Key().String()
	}
	have, err := c.ledger.Digests(ctx, keys)
	if err != nil {
		return nil, err
	}
	var others []*Envelope
	for i := range batch {
		if have[i] == "" {
			continue
		}
		digest, err := intake.Digest(batch[i])
		if err != nil {
			return nil, err
		}
		if digest != have[i] {
			others = append(others, &batch[i])
		}
	}
	found, err := c.compare(ctx, others)
	return slices.DeleteFunc(found, func(e *ConflictError) bool { return e == nil }), err
}

// compare tells how envelopes differ from those that have their keys. There is none for
// an envelope that the ledger has with other blanks only.
func (c *Client) compare(ctx context.Context, batch []*Envelope) ([]*ConflictError, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	keys := make([]string, len(batch))
	for i, e := range batch {
		keys[i] = e.Key().String()
	}
	records, err := c.ledger.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make([]*ConflictError, len(batch))
	for i, e := range batch {
		var have Envelope
		r := records[i]
		if r != nil && r.Bare {
			digest, err := intake.Digest(*e)
			if err != nil {
				return nil, err
			}
			if digest == r.Digest {
				continue
			}
		}
		if r == nil || json.Unmarshal(r.Envelope, &have) != nil || len(have.Signers) == 0 {
			out[i] = &ConflictError{Key: e.Key()} // forgotten, or known from a manifest only
		} else if fields := intake.Differences(have, *e); len(fields) > 0 {
			out[i] = &ConflictError{Key: e.Key(), Fields: fields}
		}
	}
	return out, nil
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/registry"
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

// conflicts compares the envelopes whose keys are taken with what the ledger has. Those
// that differ only in kinds and numbers of blanks, or in the case of an e-mail address, are
// none: spreadsheets and address books change these by themselves.
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
		if out[i].Fields = differences(have, batch[i]); len(out[i].Fields) == 0 {
			delete(out, i)
		}
	}
	return out, nil
}

// differences names what differs between two envelopes as the CSV's columns.
func differences(a, b Envelope) []string {
	var names []string
	differ := func(name string, x, y any) {
		if !reflect.DeepEqual(x, y) {
			names = append(names, name)
		}
	}
	differ("provider", a.Provider, b.Provider)
	differ("subject", words(a.Subject), words(b.Subject))
	differ("message", words(a.Message), words(b.Message))
	differ("expires", a.Expires, b.Expires)
	differ("template", a.Template, b.Template)
	differ("document", contents(a.Documents), contents(b.Documents))
	for i := range max(len(a.Signers), len(b.Signers)) {
		signer := fmt.Sprintf("signer%d", i+1)
		if i >= len(a.Signers) || i >= len(b.Signers) {
			names = append(names, signer)
			continue
		}
		x, y := a.Signers[i], b.Signers[i]
		for _, f := range signerColumns {
			differ(signer+"."+f.name, f.of(x), f.of(y))
		}
	}
	each := func(group string, x, y map[string]string) {
		all := maps.Clone(x)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, y)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			differ(group+"."+key, words(x[key]), words(y[key]))
		}
	}
	each("field", a.Fields, b.Fields)
	each("meta", a.Meta, b.Meta)
	for _, p := range registry.Names() {
		each(p, a.Options[p], b.Options[p])
	}
	return names
}

var signerColumns = []struct {
	name string
	of   func(Signer) any
}{
	{"name", func(s Signer) any { return words(s.Name) }},
	{"email", func(s Signer) any { return strings.ToLower(s.Email) }},
	{"phone", func(s Signer) any { return s.Phone }},
	{"document", func(s Signer) any { return s.Document }},
	{"birthdate", func(s Signer) any { return s.Birthdate }},
	{"order", func(s Signer) any { return s.Order }},
	{"role", func(s Signer) any { return words(s.Role) }},
	{"channel", func(s Signer) any { return s.Channel }},
	{"auth", func(s Signer) any { return s.Auth }},
	{"type", func(s Signer) any { return s.Type }},
	{"stamp", func(s Signer) any { return s.Stamp }},
	{"id_front", func(s Signer) any { return contentOf(s.IDFront) }},
	{"id_back", func(s Signer) any { return contentOf(s.IDBack) }},
	{"id_type", func(s Signer) any { return s.IDType }},
}

// words is a text with one blank between its words.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// contents are documents as [Digest] counts them.
func contents(docs []Document) []string {
	out := make([]string, len(docs))
	for i := range docs {
		out[i] = contentOf(&docs[i])
	}
	return out
}

func contentOf(d *Document) string {
	if d == nil {
		return ""
	}
	return d.Name + "\x00" + d.SHA256
}

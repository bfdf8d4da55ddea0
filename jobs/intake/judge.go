package intake

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/chancela/chancela/jobs/intake/filetype"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/source"
)

// Judge judges envelopes by the rules that all share and by those of their providers. It
// calls nobody.
type Judge struct {
	providers map[string]providers.Provider
	sources   source.Open
	zone      *time.Location
}

// NewJudge knows the rules of some providers; an envelope of another one is refused. Sources
// opens s3:// documents; nil: they are refused. Zone is whose days the last one to sign is
// of; nil: UTC.
func NewJudge(all []providers.Provider, sources source.Open, zone *time.Location) *Judge {
	j := &Judge{providers: make(map[string]providers.Provider, len(all)), sources: sources, zone: cmp.Or(zone, time.UTC)}
	for _, p := range all {
		j.providers[p.Info().Name] = p
	}
	return j
}

// Providers are those that this judge knows.
func (j *Judge) Providers() []providers.Provider {
	return slices.Collect(maps.Values(j.providers))
}

// Provider is the one of a name, nil when this judge does not know it.
func (j *Judge) Provider(name string) providers.Provider { return j.providers[name] }

// Check brings an envelope into normal form, looks into the documents that nobody has
// looked into yet, writes fields into documents that have a form, and tells all that is wrong with it. Each rule is silent about a column
// in which an earlier one has found something; found tells those in which reading the
// envelope has, nil for none. The error is the context's.
//
// A nil Judge knows no provider's rules and opens nothing.
func (j *Judge) Check(ctx context.Context, e *providers.Envelope, found func(column string) bool) (providers.Problems, error) {
	var all providers.Problems
	merge := func(more providers.Problems) {
		before := all
		for _, p := range more {
			known := found != nil && found(p.Field) || slices.ContainsFunc(before, func(q providers.Problem) bool { return q.Field == p.Field })
			if !known {
				all = append(all, p)
			}
		}
	}
	toFill := len(e.Fields) > 0 // also with empty ones
	now := time.Now().UTC()
	if j != nil {
		now = now.In(j.zone)
	}
	merge(Normalize(e, now))
	files, err := j.files(ctx, e)
	if err != nil {
		return all, err
	}
	merge(files)
	if toFill = toFill && e.Template == "" && len(e.Documents) > 0; toFill {
		filled, err := fillDocuments(ctx, e)
		if err != nil {
			return all, err
		}
		merge(filled)
	}
	if j == nil {
		return all, nil
	}
	judged := *e
	if toFill { // of the documents, whatever is wrong with them
		judged.Fields = nil
	}
	merge(j.byProvider(&judged))
	return all, nil
}

// files looks into documents and images.
func (j *Judge) files(ctx context.Context, e *providers.Envelope) (problems providers.Problems, err error) {
	for _, d := range Documents(e) {
		if d.SHA256 != "" && d.SHA256 != Unusable.SHA256 && !isHash(d.SHA256) {
			problems.Add(d.Column, "has a sha256 that is none: leave it out, and the content is read for it")
			continue
		}
		if j != nil {
			if err := Measure(ctx, d.Document, j.sources); ctx.Err() != nil {
				return problems, ctx.Err()
			} else if err != nil {
				problems.Add(d.Column, "cannot be read: %v", err)
				continue
			}
		}
		if d.Image && d.Type != "" && d.Type != filetype.JPEG && d.Type != filetype.PNG {
			problems.Add(d.Column, "is not a JPEG or PNG image")
		}
	}
	return problems, nil
}

func (j *Judge) byProvider(e *providers.Envelope) (problems providers.Problems) {
	p, ok := j.providers[e.Provider]
	if !ok {
		if entry, known := registry.Find(e.Provider); known {
			problems.Add("provider", "%s is not configured here: set %s", e.Provider, entry.Variable("API_KEY"))
		}
		return problems
	}
	err := p.Check(*e)
	if err == nil {
		return nil
	}
	if problems, ok := errors.AsType[providers.Problems](err); ok {
		return problems
	}
	problems.Add("provider", "%v", err)
	return problems
}

package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/intake/fill"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// fillDocuments writes an envelope's fields into its documents, which are measured: from then
// on hash, size and content are those of the filled ones, and the envelope has no fields
// any more. So whatever judges, compares, keeps or sends a document has the filled one, and
// judging it again changes nothing.
//
// With several documents each gets the fields that it has.
func fillDocuments(ctx context.Context, e *providers.Envelope) (problems providers.Problems, err error) {
	docs := slices.Clone(e.Documents)
	known := map[string]bool{}
	for i := range docs {
		d := &docs[i]
		if d.SHA256 == "" || d.SHA256 == Unusable.SHA256 { // said already
			return nil, nil
		}
		filled, err := filledOf(ctx, *d, e.Fields)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, fill.ErrNoForm):
			continue
		case err != nil:
			problems.Add("document", "%s: %v", d.Name, err)
			continue
		}
		for _, name := range filled.Names {
			known[name] = true
		}
		for _, p := range filled.Problems {
			if len(docs) > 1 {
				p.Message = lang.Of("%s: %v", d.Name, p.Message)
			}
			problems = append(problems, p)
		}
		if len(filled.Problems) > 0 {
			continue
		}
		open, fields := *d, e.Fields
		d.SHA256 = ""
		d.Open = func(ctx context.Context) (io.ReadCloser, error) { return openFilled(ctx, open, fields) }
		if err := Measure(ctx, d, nil); err != nil {
			problems.Add("document", "%s, filled: %v", d.Name, err)
		}
	}
	if len(problems) == 0 {
		problems = unknownFields(e.Fields, known)
	}
	if len(problems) == 0 {
		e.Documents, e.Fields = docs, nil
	}
	return problems, nil
}

// unknownFields are those that no document has.
func unknownFields(fields map[string]string, known map[string]bool) (problems providers.Problems) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if len(known) == 0 {
			problems.Add("field."+name, "fields belong to a template or to a form, and the document %v", fill.ErrNoForm)
		} else if !known[name] {
			problems.Add("field."+name, "is no field of the document, which has %v", list(slices.Sorted(maps.Keys(known))))
		}
	}
	return problems
}

// list names some of many.
func list(names []string) lang.Text {
	const most = 12
	if len(names) > most {
		return lang.Of("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return lang.Plain(strings.Join(names, ", "))
}

// filledOf reads a document and fills it.
func filledOf(ctx context.Context, d providers.Document, fields map[string]string) (fill.Filled, error) {
	if d.Open == nil {
		return fill.Filled{}, lang.Errorf("only its hash is known: give its content, or the filled document")
	}
	r, err := d.Open(ctx)
	if err != nil {
		return fill.Filled{}, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(untilDone{ctx, r}, fill.MaxSize+1))
	if err != nil {
		return fill.Filled{}, err
	}
	return fill.Document(d.Type, content, fields)
}

// openFilled fills a document anew: those of thousands of envelopes are not kept in memory.
func openFilled(ctx context.Context, d providers.Document, fields map[string]string) (io.ReadCloser, error) {
	filled, err := filledOf(ctx, d, fields)
	if err == nil && filled.Content == nil {
		err = lang.Errorf("the file changed while it was read")
	}
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(filled.Content)), nil
}

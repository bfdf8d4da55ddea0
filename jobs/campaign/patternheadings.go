package campaign

import (
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// patterns finds out which columns the headings in patterns are, and wants the columns that an id or a
// subject is to be made of.
func (r *Reader) patterns(h *header, rec record, seen map[string]bool, p *problems) {
	for _, made := range []struct {
		name    string
		pattern *Pattern
	}{{"id", &r.options.ID}, {"subject", &r.options.Subject}} {
		made.pattern.names = slices.Clone(made.pattern.names) // they are others' patterns, too
		for i, col := range made.pattern.names {
			var message lang.Text
			if col.name == "" {
				col, message = h.headed(rec, col)
				made.pattern.names[i] = col
			}
			if message.IsZero() {
				message = h.lacks(col, seen, r.options)
			}
			if message.IsZero() && col.name != "" {
				continue
			}
			h.missing[made.name] = true
			if !message.IsZero() {
				p.add(rec.whole(), made.name, message)
			}
		}
	}
	h.made = r.options.Patterns
}

// ownNamed has a heading that may mean several of our columns mean the sender's own data, where an id or
// a subject is to be made of it: who says so has said which is meant. What may be somebody's is still asked.
func (r *Reader) ownNamed(first []cell) {
	person := func(column string) bool { return strings.HasPrefix(column, "signer") }
	for _, col := range slices.Concat(r.options.ID.names, r.options.Subject.names) {
		likes := alike(first, col.key)
		if col.name != "" || len(likes) != 1 {
			continue
		}
		heading := plainHeading(likes[0].text)
		may := ambiguous[heading].columns
		taken := slices.ContainsFunc(first, func(c cell) bool { return strings.EqualFold(providers.Trim(c.text), "meta."+heading) })
		if at := exactHeading(likes[0].text); r.told[at] == "" && !taken && len(may) > 0 && !slices.ContainsFunc(may, person) {
			r.told[at] = "meta." + heading
		}
	}
}

// headed is the column of a heading. Where the heading stands there, and nobody knows its column, that
// is said of the heading.
func (h *header) headed(rec record, text column) (column, lang.Text) {
	likes := alike(rec.cells, text.key)
	if len(likes) > 1 {
		return text, lang.Of("the heading %q may be %q or %q: write it as it stands there", shorten(text.key), shorten(likes[0].text), shorten(likes[1].text))
	}
	if len(likes) == 1 {
		i := slices.IndexFunc(rec.cells, func(c cell) bool { return c.index == likes[0].index })
		if i >= 0 && i < len(h.columns) && h.columns[i].name != "" {
			return h.columns[i], lang.Text{}
		}
		return text, lang.Text{}
	}
	headings := make([]string, len(rec.cells))
	for i, c := range rec.cells {
		headings[i] = c.text
	}
	if near := nearest(text.key, headings); near != "" {
		return text, lang.Of("is to be made of %q, and no heading is that: did you mean %q?", shorten(text.key), shorten(near))
	}
	return text, lang.Of("is to be made of %q, and no heading is that%v", shorten(text.key), suggestion(text.key))
}

// lacks says that a column is not there of which a value is to be made.
func (h *header) lacks(col column, seen map[string]bool, options Options) lang.Text {
	given := map[string]bool{"provider": options.Provider != "", "id": !options.ID.IsZero(), "subject": !options.Subject.IsZero()}
	if lower := strings.ToLower(col.name); col.name == "" || seen[lower] || given[lower] {
		return lang.Text{}
	}
	return lang.Of("is to be made of %s, and no column is that%v", col.name, h.meant(col.name))
}

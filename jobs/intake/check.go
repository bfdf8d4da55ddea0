package intake

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/archive"
)

// Lengths in characters and counts, chosen to be above what any of the five services
// documents: they keep nonsense out, the provider's own Check is stricter.
const (
	maxID        = 100
	maxSubject   = 500
	maxMessage   = 5000
	maxFileName  = 250
	maxKey       = 100
	maxValue     = 5000
	maxPairs     = 100
	maxDocuments = 100
	maxSigners   = 100
	maxDays      = 3650
)

// Normalize brings an envelope into the one form that everything after it relies on
// (trimmed text, lower-case words, E.164 phones, tax ids without punctuation, dates as
// YYYY-MM-DD) and reports all that is wrong with it. CSV, HTTP API and Go package share
// these rules; what only one provider demands is [providers.Provider]'s Check.
//
// The last day to sign is not before the day of now, where now is.
//
// The envelope's maps are replaced, never written to; its slices are its own. A problem names the
// CSV's column and never repeats a value, which may be somebody's data.
func Normalize(e *providers.Envelope, now time.Time) providers.Problems {
	c := checker{now: now}
	c.envelope(e)
	return c.problems
}

// ValidID tells whether s may be an envelope's id: 1 to 100 ASCII letters, digits, dots,
// underscores and hyphens, and not a name that a path would resolve, nor that of the list which
// stands beside the envelopes' folders.
func ValidID(s string) bool {
	return s != "" && len(s) <= maxID && s != "." && s != ".." && !strings.EqualFold(s, archive.Index) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !nameRune(r) })
}

// ValidCampaign tells whether s may be a campaign's name: as an id, but it begins with a
// letter or digit, and letters of any script are allowed (a choice: campaigns are named
// after files, ids come from systems). It is the name of a folder in the archive, so it
// has at most 255 bytes.
func ValidCampaign(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxID && len(s) <= archive.MaxSegment &&
		nameRune(first) && !strings.ContainsRune("._-", first) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !nameRune(r) })
}

// CampaignName is a campaign's name in its normal form, and what is wrong with it.
func CampaignName(s string) (name string, problems providers.Problems) {
	// NFC, so that a name typed on one system is the same campaign on another.
	if name = norm.NFC.String(providers.Trim(s)); !ValidCampaign(name) {
		problems.Add("campaign", "must begin with a letter or digit and have 1 to %d letters, digits, dots, underscores or hyphens", maxID)
	}
	return name, problems
}

func nameRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !providers.Invisible(r) || r == '.' || r == '_' || r == '-'
}

// checker collects what is wrong with one envelope.
type checker struct {
	now      time.Time
	problems providers.Problems

	// Where the columns belong that are looked at: most are right, and need no name.
	signer int    // from 1; 0: to none
	group  string // field, meta, or a provider; empty: to none
}

func (c *checker) add(column, format string, args ...any) {
	switch {
	case c.signer > 0:
		column = fmt.Sprintf("signer%d.%s", c.signer, column)
	case c.group != "":
		column = c.group + "." + column
	}
	c.problems.Add(column, format, args...)
}

// names are the providers'.
var names = registry.Names()

func (c *checker) envelope(e *providers.Envelope) {
	var wrong providers.Problems
	e.Campaign, wrong = CampaignName(e.Campaign)
	c.problems = append(c.problems, wrong...)
	c.id(&e.ID)
	if e.Provider = word(e.Provider); e.Provider == "" {
		c.add("provider", "is required: one of %s", strings.Join(names, ", "))
	} else {
		c.oneOf("provider", e.Provider, names...)
	}
	c.title("subject", &e.Subject)
	c.written("message", &e.Message, c.text, maxMessage)
	c.expiry(&e.Expires)
	c.content(e)

	switch {
	case len(e.Signers) == 0:
		c.add("signer1.name", "at least one signer is required")
	case len(e.Signers) > maxSigners:
		c.add("signer1.name", "at most %d signers are allowed", maxSigners)
		return
	}
	for i := range e.Signers {
		c.signer = i + 1
		c.person(&e.Signers[i])
	}
	c.signer = 0

	e.Fields = c.pairs("field", e.Fields)
	e.Meta = c.pairs("meta", e.Meta)
	e.Options = c.options(e.Options)
}

// content checks what is to be signed: documents, or a template with its fields.
func (c *checker) content(e *providers.Envelope) {
	e.Template = providers.Trim(e.Template)
	c.line("template", e.Template, maxKey)
	switch {
	case e.Template == "" && len(e.Documents) == 0:
		c.add("document", "is required unless there is a template")
	case e.Template != "" && len(e.Documents) > 0:
		c.add("document", "cannot be combined with a template: leave one of the two empty")
	case len(e.Documents) > maxDocuments:
		c.add("document", "at most %d documents are allowed", maxDocuments)
		return
	}
	for i := range e.Documents {
		which := lang.Plain("")
		if len(e.Documents) > 1 {
			which = lang.Of("document %d: ", i+1)
		}
		c.document("document", which, &e.Documents[i])
	}
}

// document wants a plain file name and a content to be found by: one that is staged
// already, one that can be opened, or an s3:// address.
func (c *checker) document(field string, which lang.Text, d *providers.Document) {
	name := d.Name
	if providers.Trim(name) == "" {
		name = d.Source
	}
	d.Name = norm.NFC.String(providers.Trim(path.Base(strings.ReplaceAll(name, `\`, "/"))))
	if d.Name == "." || d.Name == ".." || d.Name == "/" || d.Name == "" {
		c.add(field, "%vneeds a file name", which)
	}
	c.line(field, d.Name, maxFileName)
	if d.SHA256 == "" && d.Open == nil {
		bucket, key, _ := strings.Cut(strings.TrimPrefix(d.Source, "s3://"), "/")
		if !strings.HasPrefix(d.Source, "s3://") || bucket == "" || key == "" {
			c.add(field, "%vneeds a content, or a source of the form s3://bucket/key", which)
		}
	}
}

// pairs checks names and values of the user's own; values that are empty are left out.
func (c *checker) pairs(group string, pairs map[string]string) map[string]string {
	c.group = group
	defer func() { c.group = "" }()
	if len(pairs) > maxPairs {
		c.add("NAME", "at most %d are allowed", maxPairs)
		return pairs
	}
	if clean(pairs) {
		return pairs
	}
	var clean map[string]string
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		if !ValidKey(name) {
			c.add("NAME", "a name must have 1 to %d printable characters and no blanks at its ends", maxKey)
			continue
		}
		value := norm.NFC.String(providers.Trim(pairs[name]))
		if value == "" {
			continue
		}
		if c.text(name, value, maxValue) && group == "field" {
			c.fieldValue(name, value)
		}
		set(&clean, name, value, len(pairs))
	}
	return clean
}

// clean tells pairs that are right as they stand, as most are.
func clean(pairs map[string]string) bool {
	for name, value := range pairs {
		if !ValidKey(name) || len(value) > maxValue || !ordinary(value) {
			return false
		}
	}
	return len(pairs) > 0
}

func set(m *map[string]string, name, value string, size int) {
	if *m == nil {
		*m = make(map[string]string, size)
	}
	(*m)[name] = value
}

// ValidKey tells whether s may be the NAME of field.NAME or meta.NAME. It is wide on
// purpose: the fields of a template are named by others.
func ValidKey(s string) bool {
	return s != "" && s == providers.Trim(s) && utf8.ValidString(s) &&
		utf8.RuneCountInString(s) <= maxKey && !strings.ContainsFunc(s, unprintable)
}

// ValidOption tells whether s may be the NAME of PROVIDER.NAME.
func ValidOption(s string) bool {
	return s != "" && len(s) <= maxKey &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

// options keeps what is given for other providers than the envelope's own: it has no
// effect, and a file may well fill the whole column.
func (c *checker) options(options map[string]map[string]string) map[string]map[string]string {
	var clean map[string]map[string]string
	for _, provider := range slices.Sorted(maps.Keys(options)) {
		p := word(provider)
		c.group = ""
		if !slices.Contains(names, p) {
			c.add("provider", "options are given for an unknown provider: one of %s", strings.Join(names, ", "))
			continue
		}
		c.group = p
		for _, name := range slices.Sorted(maps.Keys(options[provider])) {
			n, value := word(name), norm.NFC.String(providers.Trim(options[provider][name]))
			if !ValidOption(n) {
				c.add("NAME", "an option's name is made of letters, digits and underscores")
				continue
			}
			if value == "" {
				continue
			}
			c.text(n, value, maxValue)
			if clean == nil {
				clean = make(map[string]map[string]string)
			}
			own := clean[p]
			set(&own, n, value, len(options[provider]))
			clean[p] = own
		}
	}
	c.group = ""
	return clean
}

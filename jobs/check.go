package jobs

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
	"github.com/chancela/chancela/storage/archive"
)

// ProviderNames are the services that an envelope may name.
var ProviderNames = []string{"contraktor", "certyneo", "sdoc", "catalisa", "qisign"}

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

// Normalize brings an envelope into the one form that everything behind it relies on
// (trimmed text, lower-case words, E.164 phones, tax ids without punctuation, dates as
// YYYY-MM-DD) and reports all that is wrong with it. CSV, HTTP API and Go package share
// these rules; what only one provider demands is [providers.Provider]'s Check.
//
// The envelope's slices and maps are replaced, never written to. A problem names the
// CSV's column and never repeats a value, which may be somebody's data.
func Normalize(e *providers.Envelope) providers.Problems {
	c := checker{now: time.Now()}
	c.envelope(e)
	return c.problems
}

// ValidID tells whether s may be an envelope's id: 1 to 100 ASCII letters, digits, dots,
// underscores and hyphens, and not a name that a path would resolve.
func ValidID(s string) bool {
	return s != "" && len(s) <= maxID && s != "." && s != ".." &&
		!strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !nameRune(r) })
}

// ValidCampaign tells whether s may be a campaign's name: as an id, but it begins with a
// letter or digit, and letters of any script are allowed (a choice: campaigns are named
// after files, ids come from systems). It is the name of a folder in the archive, so it
// has at most 255 bytes.
func ValidCampaign(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxID && len(s) <= archive.MaxSegment &&
		(unicode.IsLetter(first) || unicode.IsDigit(first)) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !nameRune(r) })
}

func nameRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '_' || r == '-'
}

type checker struct {
	now      time.Time
	problems providers.Problems
}

func (c *checker) add(field, format string, args ...any) { c.problems.Add(field, format, args...) }

func (c *checker) envelope(e *providers.Envelope) {
	// NFC, so that a name typed on one system is the same campaign on another.
	e.Campaign = norm.NFC.String(strings.TrimSpace(e.Campaign))
	if !ValidCampaign(e.Campaign) {
		c.add("campaign", "must begin with a letter or digit and have 1 to %d letters, digits, dots, underscores or hyphens", maxID)
	}
	if e.ID = strings.TrimSpace(e.ID); e.ID == "" {
		c.add("id", "is required")
	} else if !ValidID(e.ID) {
		c.add("id", "must be 1 to %d letters without accents, digits, dots, underscores or hyphens", maxID)
	}
	if e.Provider = word(e.Provider); e.Provider == "" {
		c.add("provider", "is required: one of %s", strings.Join(ProviderNames, ", "))
	} else {
		c.oneOf("provider", e.Provider, ProviderNames...)
	}
	if e.Subject = strings.TrimSpace(e.Subject); e.Subject == "" {
		c.add("subject", "is required")
	}
	c.line("subject", e.Subject, maxSubject)
	e.Message = strings.TrimSpace(e.Message)
	c.text("message", e.Message, maxMessage)
	c.expiry(&e.Expires)
	c.content(e)

	switch e.Signers = slices.Clone(e.Signers); {
	case len(e.Signers) == 0:
		c.add("signer1.name", "at least one signer is required")
	case len(e.Signers) > maxSigners:
		c.add("signer1.name", "at most %d signers are allowed", maxSigners)
		return
	}
	for i := range e.Signers {
		c.signer(fmt.Sprintf("signer%d.", i+1), &e.Signers[i])
	}

	e.Fields = c.pairs("field.", e.Fields)
	e.Meta = c.pairs("meta.", e.Meta)
	e.Options = c.options(e.Options)
}

// expiry accepts today, by UTC, as the last day.
func (c *checker) expiry(x *providers.Expiry) {
	switch {
	case x.IsZero():
	case x.Days != 0 && x.Date != "":
		c.add("expires", "must be a date or a number of days, not both")
	case x.Days != 0:
		if x.Days < 1 || x.Days > maxDays {
			c.add("expires", "must be 1d to %dd", maxDays)
		}
	default:
		day, ok := parseDate(x.Date)
		if !ok {
			c.add("expires", "must be a date such as 2030-12-31 or 31/12/2030, or days such as 30d")
			return
		}
		x.Date = day.Format(time.DateOnly)
		if today := c.now.UTC().Truncate(24 * time.Hour); day.Before(today) {
			c.add("expires", "%s is in the past: give a later date, or days such as 30d", x.Date)
		} else if day.After(today.AddDate(0, 0, maxDays)) {
			c.add("expires", "%s is more than %d days away", x.Date, maxDays)
		}
	}
}

// content checks what is to be signed: documents, or a template with its fields.
func (c *checker) content(e *providers.Envelope) {
	e.Template = strings.TrimSpace(e.Template)
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
	if e.Template == "" {
		for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
			if ValidKey(name) {
				c.add("field."+name, "fields belong to a template, and there is none")
			}
		}
	}
	e.Documents = slices.Clone(e.Documents)
	for i := range e.Documents {
		c.document("document", fmt.Sprintf("document %d: ", i+1), &e.Documents[i])
	}
}

// document wants a plain file name and a content to be found by: one that is staged
// already, one that can be opened, or an s3:// address.
func (c *checker) document(field, which string, d *providers.Document) {
	name := d.Name
	if strings.TrimSpace(name) == "" {
		name = d.Source
	}
	d.Name = strings.TrimSpace(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if d.Name == "." || d.Name == ".." || d.Name == "/" || d.Name == "" {
		c.add(field, "%sneeds a file name", which)
	}
	c.line(field, d.Name, maxFileName)
	if d.SHA256 == "" && d.Open == nil {
		bucket, key, _ := strings.Cut(strings.TrimPrefix(d.Source, "s3://"), "/")
		if !strings.HasPrefix(d.Source, "s3://") || bucket == "" || key == "" {
			c.add(field, "%sneeds a content, or a source of the form s3://bucket/key", which)
		}
	}
}

// pairs checks names and values of the user's own; values that are empty are left out.
func (c *checker) pairs(prefix string, pairs map[string]string) map[string]string {
	if len(pairs) > maxPairs {
		c.add(prefix+"NAME", "at most %d are allowed", maxPairs)
		return pairs
	}
	var clean map[string]string
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		if !ValidKey(name) {
			c.add(prefix+"NAME", "a name must have 1 to %d printable characters and no blanks at its ends", maxKey)
			continue
		}
		value := strings.TrimSpace(pairs[name])
		if value == "" {
			continue
		}
		c.text(prefix+name, value, maxValue)
		if clean == nil {
			clean = make(map[string]string, len(pairs))
		}
		clean[name] = value
	}
	return clean
}

// ValidKey tells whether s may be the NAME of field.NAME or meta.NAME. It is wide on
// purpose: the fields of a template are named by others.
func ValidKey(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && utf8.ValidString(s) &&
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
		if !slices.Contains(ProviderNames, p) {
			c.add("provider", "options are given for an unknown provider: one of %s", strings.Join(ProviderNames, ", "))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(options[provider])) {
			n, value := word(name), strings.TrimSpace(options[provider][name])
			if !ValidOption(n) {
				c.add(p+".NAME", "an option's name is made of letters, digits and underscores")
				continue
			}
			if value == "" {
				continue
			}
			c.text(p+"."+n, value, maxValue)
			if clean == nil {
				clean = make(map[string]map[string]string)
			}
			if clean[p] == nil {
				clean[p] = make(map[string]string)
			}
			clean[p][n] = value
		}
	}
	return clean
}

// oneOf reports a word that is not among the allowed ones; empty is allowed.
func (c *checker) oneOf(field, s string, allowed ...string) bool {
	if s != "" && !slices.Contains(allowed, s) {
		c.add(field, "must be one of %s", strings.Join(allowed, ", "))
		return false
	}
	return s != ""
}

// line reports text that is too long or does not fit in one line.
func (c *checker) line(field, s string, limit int) { c.characters(field, s, limit, "") }

// text is line for texts that may have several lines.
func (c *checker) text(field, s string, limit int) { c.characters(field, s, limit, "\n\r\t") }

func (c *checker) characters(field, s string, limit int, also string) {
	if n := utf8.RuneCountInString(s); n > limit {
		c.add(field, "has %d characters, at most %d are allowed", n, limit)
	}
	if !utf8.ValidString(s) {
		c.add(field, "is not valid UTF-8")
	} else if strings.ContainsFunc(s, func(r rune) bool { return unprintable(r) && !strings.ContainsRune(also, r) }) {
		c.add(field, "holds line breaks or other control characters: remove them")
	} else if wrong := Garbled(s); wrong != "" {
		c.add(field, "%s", wrong)
	} else if wrong := Escaped(s); wrong != "" && also == "" {
		c.add(field, "%s", wrong)
	}
}

// unprintable are control characters, line and paragraph separators, and the marks that
// turn the direction of writing, which can make a text look like another one.
func unprintable(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

func word(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// parseDate reads both forms that users write.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "02/01/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

package intake

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
)

// Differences names what differs between two envelopes as the CSV's columns. Those in
// kinds and numbers of blanks, or in the case of an e-mail address, are none: spreadsheets
// and address books change these by themselves.
func Differences(a, b providers.Envelope) []string {
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
	of   func(providers.Signer) any
}{
	{"name", func(s providers.Signer) any { return words(s.Name) }},
	{"email", func(s providers.Signer) any { return strings.ToLower(s.Email) }},
	{"phone", func(s providers.Signer) any { return s.Phone }},
	{"document", func(s providers.Signer) any { return s.Document }},
	{"birthdate", func(s providers.Signer) any { return s.Birthdate }},
	{"order", func(s providers.Signer) any { return s.Order }},
	{"role", func(s providers.Signer) any { return words(s.Role) }},
	{"channel", func(s providers.Signer) any { return s.Channel }},
	{"auth", func(s providers.Signer) any { return s.Auth }},
	{"type", func(s providers.Signer) any { return s.Type }},
	{"stamp", func(s providers.Signer) any { return s.Stamp }},
	{"id_front", func(s providers.Signer) any { return contentOf(s.IDFront) }},
	{"id_back", func(s providers.Signer) any { return contentOf(s.IDBack) }},
	{"company", func(s providers.Signer) any { return words(s.Company) }},
	{"company_document", func(s providers.Signer) any { return s.CompanyDocument }},
	{"date", func(s providers.Signer) any { return s.Date }},
	{"text", func(s providers.Signer) any { return s.Text }},
	{"checkbox", func(s providers.Signer) any { return s.Checkbox }},
	{"id_type", func(s providers.Signer) any { return s.IDType }},
}

// words is a text with one blank between its words.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// contents are documents as [Digest] counts them.
func contents(docs []providers.Document) []string {
	out := make([]string, len(docs))
	for i := range docs {
		out[i] = contentOf(&docs[i])
	}
	return out
}

func contentOf(d *providers.Document) string {
	if d == nil {
		return ""
	}
	return d.Name + "\x00" + d.SHA256
}

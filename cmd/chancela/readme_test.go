package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
)

const readme = "../../README.md"

// The README's table of what each provider can do is made from the code.
func TestReadmeTable(t *testing.T) {
	const begin, end = "<!-- abilities -->\n", "<!-- /abilities -->"
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	have, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("README.md has no table between %q and %q", begin, end)
	}
	c, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	judges, err := c.judges(registry.Names())
	if err != nil {
		t.Fatal(err)
	}
	want := abilities(judges)
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("the table differs from the code (write it with -update); want:\n%s", want)
	}
	if err := os.WriteFile(readme, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// abilities is a Markdown table, a column per provider.
func abilities(all []providers.Provider) string {
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return "no"
	}
	list := func(words []string) string { return orDash(strings.Join(words, ", ")) }
	rows := []struct {
		name string
		of   func(providers.Provider, providers.Info) string
	}{
		{"documents per envelope", func(_ providers.Provider, i providers.Info) string { return limit(i.MaxDocuments, "any number") }},
		{"largest document", func(_ providers.Provider, i providers.Info) string {
			if i.MaxDocumentSize == 0 {
				return "not documented"
			}
			return fmt.Sprintf("%d MB", i.MaxDocumentSize/1_000_000)
		}},
		{"templates", func(_ providers.Provider, i providers.Info) string { return yes(i.Templates) }},
		{"signing in order", func(_ providers.Provider, i providers.Info) string { return yes(i.Order) }},
		{"channels", func(_ providers.Provider, i providers.Info) string { return list(i.Channels) }},
		{"types of signature", func(_ providers.Provider, i providers.Info) string { return list(i.SignatureTypes) }},
		{"download addresses live", func(_ providers.Provider, i providers.Info) string {
			if i.AddressLifetime == 0 {
				return "-"
			}
			return short(i.AddressLifetime)
		}},
		{"ends by itself on the day of `expires`", func(_ providers.Provider, i providers.Info) string { return yes(i.Deadlines) }},
		{"columns left out", func(_ providers.Provider, i providers.Info) string { return list(i.UnsupportedColumns) }},
		{"archived", func(_ providers.Provider, i providers.Info) string {
			var kinds []string
			for _, k := range i.Artifacts {
				kinds = append(kinds, string(k))
			}
			return list(kinds)
		}},
		{"cancel", func(p providers.Provider, _ providers.Info) string { return yes(can[providers.Canceler](p)) }},
		{"remind", func(p providers.Provider, _ providers.Info) string { return yes(can[providers.Reminder](p)) }},
		{"webhooks", func(p providers.Provider, _ providers.Info) string { return yes(can[providers.WebhookVerifier](p)) }},
		{"looks by list", func(p providers.Provider, _ providers.Info) string { return yes(can[providers.Lister](p)) }},
		{"an interrupted invitation", func(_ providers.Provider, i providers.Info) string {
			if i.SettleAll {
				return "is found out"
			}
			return "may stay in doubt"
		}},
		{"default rate", func(_ providers.Provider, i providers.Info) string {
			return fmt.Sprintf("%s, bucket %d", rate{i.Rate.Requests, i.Rate.Per}, i.Rate.Burst)
		}},
		{"looks at most every", func(_ providers.Provider, i providers.Info) string { return short(i.PollEvery) }},
		{"options", func(_ providers.Provider, i providers.Info) string {
			var names []string
			for _, o := range i.Options {
				names = append(names, "`"+o.Name+"`")
			}
			return list(names)
		}},
	}
	var b strings.Builder
	b.WriteString("| |")
	for _, p := range all {
		b.WriteString(" " + p.Info().Name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	for _, row := range rows {
		b.WriteString("| " + row.name + " |")
		for _, p := range all {
			b.WriteString(" " + row.of(p, p.Info()) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func can[Power any](p providers.Provider) bool {
	_, ok := p.(Power)
	return ok
}

func limit(n int, none string) string {
	if n == 0 {
		return none
	}
	return fmt.Sprint(n)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/providers/sdoc"
)

// unheard writes logs as a process in service does, to nobody.
var unheard = slog.New(slog.NewJSONHandler(io.Discard, nil))

var pdf = []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")

func document() jobs.Document {
	return jobs.Document{Name: "lease.pdf", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(pdf)), nil }}
}

// envelope is one that every provider takes.
func envelope(campaign string, n int, provider string) jobs.Envelope {
	e := jobs.Envelope{Campaign: campaign, ID: fmt.Sprintf("e-%07d", n), Provider: provider, Subject: "Lease of the house", Documents: []jobs.Document{document()},
		Signers: []jobs.Signer{{Name: "Ana Prova da Silva", Email: "ana@example.com", Phone: "+5511987654321", Document: "52998224725", Birthdate: "1988-04-02"}}}
	if provider == sdoc.Name {
		e.Signers[0].Type = providers.TypeElectronic
		e.Signers[0].Stamp = &jobs.Stamp{Page: 1, X: 72, Y: 90, Width: 160, Height: 54}
	}
	return e
}

// simulated is the client of a simulated provider.
func simulated(sb *sandbox.Sandbox, name string, pacer pace.Pacer) (providers.Provider, error) {
	p, ok := registry.Find(name)
	if !ok {
		return nil, fmt.Errorf("no provider %s", name)
	}
	s, err := p.Settings(sb.Env())
	if err != nil {
		return nil, err
	}
	s.Pacer, s.WebhookURL = pacer, "http://127.0.0.1:1/webhooks/"+name
	return p.New(s)
}

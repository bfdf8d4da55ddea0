package sdoc

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

func TestCheck(t *testing.T) {
	p, err := New(rest.Settings{WebhookURL: "https://hooks.example.test/webhooks/sdoc?via=x"})
	if err != nil {
		t.Fatal(err)
	}
	many := func(n int) func(*providers.Envelope) {
		return func(e *providers.Envelope) {
			e.Signers = nil
			for i := range n {
				e.Signers = append(e.Signers, providers.Signer{Name: "Helena Prado Nunes", Email: string(rune('a'+i%26)) + strings.Repeat("x", i/26) + "@example.test", Document: "39053344705"})
			}
		}
	}
	files := func(n int) func(*providers.Envelope) {
		return func(e *providers.Envelope) {
			e.Documents = make([]providers.Document, n)
			for i := range e.Documents {
				e.Documents[i] = providers.Document{Name: "a.pdf"}
			}
		}
	}
	for name, tt := range map[string]struct {
		change func(*providers.Envelope)
		field  string // of the one problem; empty: none
	}{
		"as it is":              {func(*providers.Envelope) {}, ""},
		"at the size":           {func(e *providers.Envelope) { e.Documents[0].Size = 10_000_000 }, ""},
		"too large":             {func(e *providers.Envelope) { e.Documents[0].Size = 10_000_001 }, "document"},
		"ten files":             {files(10), ""},
		"eleven files":          {files(11), "document"},
		"no file":               {files(0), "document"},
		"short file name":       {func(e *providers.Envelope) { e.Documents[0].Name = ".pdf" }, "document"},
		"no extension":          {func(e *providers.Envelope) { e.Documents[0].Name = "agreement" }, "document"},
		"title of 5":            {func(e *providers.Envelope) { e.Subject = "Açãoé" }, ""},
		"title of 4":            {func(e *providers.Envelope) { e.Subject = "Ação" }, "subject"},
		"title of 200":          {func(e *providers.Envelope) { e.Subject = strings.Repeat("ç", 200) }, ""},
		"title of 201":          {func(e *providers.Envelope) { e.Subject = strings.Repeat("ç", 201) }, "subject"},
		"no message":            {func(e *providers.Envelope) { e.Message = "" }, ""},
		"message of 4":          {func(e *providers.Envelope) { e.Message = "Sign" }, "message"},
		"message of 401":        {func(e *providers.Envelope) { e.Message = strings.Repeat("x", 401) }, "message"},
		"template":              {func(e *providers.Envelope) { e.Template = "t" }, "template"},
		"fields":                {func(e *providers.Envelope) { e.Fields = map[string]string{"a": "b"} }, "field.a"},
		"50 people":             {many(50), ""},
		"51 people":             {many(51), "signer51.name"},
		"nobody":                {many(0), "signer1.name"},
		"name of 9":             {func(e *providers.Envelope) { e.Signers[0].Name = "Ana Prova" }, "signer1.name"},
		"no e-mail":             {func(e *providers.Envelope) { e.Signers[0].Email = "" }, "signer1.email"},
		"long e-mail":           {func(e *providers.Envelope) { e.Signers[0].Email = strings.Repeat("a", 140) + "@example.test" }, "signer1.email"},
		"no document":           {func(e *providers.Envelope) { e.Signers[1].Document = "" }, "signer2.document"},
		"whatsapp":              {func(e *providers.Envelope) { e.Signers[0].Channel = "whatsapp" }, "signer1.channel"},
		"auth":                  {func(e *providers.Envelope) { e.Signers[0].Auth = "sms" }, "signer1.auth"},
		"id type":               {func(e *providers.Envelope) { e.Signers[0].IDType = "cnh" }, "signer1.id_front"},
		"electronic, no stamp":  {func(e *providers.Envelope) { e.Signers[0].Type = "electronic" }, "signer1.stamp"},
		"electronic, odd stamp": {func(e *providers.Envelope) { e.Signers[1].Stamp = &providers.Stamp{} }, "signer2.stamp"},
		"approver":              {func(e *providers.Envelope) { e.Signers[0].Type = "approver" }, ""},
		"odd type":              {func(e *providers.Envelope) { e.Signers[0].Type = "wet" }, "signer1.type"},
		"viewers only": {func(e *providers.Envelope) {
			e.Signers = e.Signers[:1]
			e.Signers[0].Type = "viewer"
		}, "signer1.type"},
		"same order":     {func(e *providers.Envelope) { e.Signers[0].Order, e.Signers[1].Order = 1, 1 }, ""},
		"same person":    {func(e *providers.Envelope) { e.Signers = append(e.Signers, e.Signers[0]) }, "signer3.document"},
		"unknown option": {func(e *providers.Envelope) { e.Options[Name]["folders"] = "x" }, "sdoc.folders"},
		"odd truth":      {func(e *providers.Envelope) { e.Options[Name]["send_email"] = "no" }, "sdoc.send_email"},
		"folder alone":   {func(e *providers.Envelope) { e.Options[Name]["folder"] = "x" }, "sdoc.folder"},
		"callback of 200": {func(e *providers.Envelope) {
			e.Campaign = strings.Repeat("c", 200-len("https://hooks.example.test/webhooks/sdoc?envelope=%2F118&via=x"))
		}, ""},
		"callback of 201": {func(e *providers.Envelope) {
			e.Campaign = strings.Repeat("c", 201-len("https://hooks.example.test/webhooks/sdoc?envelope=%2F118&via=x"))
		}, "id"},
	} {
		t.Run(name, func(t *testing.T) {
			env := agreement()
			tt.change(&env)
			err := p.Check(env)
			if tt.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			problems, ok := errors.AsType[providers.Problems](err)
			if !ok || len(problems) != 1 || problems[0].Field != tt.field {
				t.Errorf("got %v, want one about %s", err, tt.field)
			}
		})
	}
	if _, err := New(rest.Settings{WebhookURL: "hooks"}); err == nil {
		t.Error("an odd webhook address was taken")
	}
	without, err := New(rest.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	env := agreement()
	env.Campaign = strings.Repeat("c", 300)
	if err := without.Check(env); err != nil {
		t.Errorf("without a callback: %v", err)
	}
}

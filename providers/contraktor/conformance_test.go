package contraktor_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/contraktor"
	"github.com/chancela/chancela/providers/providertest"
)

// usual has somebody new every time, who is not found among the account's parties.
func usual() providers.Envelope {
	s := providertest.Signer(1)
	s.Email = fmt.Sprintf("ana.prova.%d@exemplo.test", people.Add(1))
	return providers.Envelope{
		Subject: "Lease 14", Documents: []providers.Document{providertest.PDF("lease.pdf")}, Signers: []providers.Signer{s},
		Meta: map[string]string{"lot": "14"},
	}
}

var people atomic.Int64

func option(e *providers.Envelope, name, value string) {
	if e.Options == nil {
		e.Options = map[string]map[string]string{contraktor.Name: {}}
	}
	e.Options[contraktor.Name][name] = value
}

func second(change func(*providers.Signer)) func(*providers.Envelope) {
	return func(e *providers.Envelope) {
		e.Signers = append(e.Signers, providertest.Signer(2))
		change(&e.Signers[1])
	}
}

func TestConformance(t *testing.T) {
	providertest.Run(t, providertest.Suite{
		Name:     contraktor.Name,
		Envelope: usual,
		Variants: map[string]func() providers.Envelope{
			"several": func() providers.Envelope {
				e := usual()
				e.Documents = append(e.Documents, providertest.PDF("annex.pdf"), providertest.File("plan.png", "image/png", "\x89PNG\r\n\x1a\n"))
				e.Signers = nil
				for n := 1; n <= 4; n++ {
					s := providertest.Signer(n)
					s.Order, s.Role = 5-n, "Testemunha"
					e.Signers = append(e.Signers, s)
				}
				e.Signers[1].Channel = providers.ChannelWhatsApp
				option(&e, "attachments", "true")
				option(&e, "workflow", "Legal")
				option(&e, "company_name", "Exemplo Imoveis Ltda")
				option(&e, "company_document", "11.222.333/0001-81")
				e.Signers[2].Company, e.Signers[2].CompanyDocument = "Prova Seguros SA", "00000000000191"
				return e
			},
			"digital": func() providers.Envelope {
				e := usual()
				e.Signers[0].Type = providers.TypeDigital
				option(&e, "workflow_id", "71")
				option(&e, "find_parties", "false")
				return e
			},
			"template": func() providers.Envelope {
				e := usual()
				e.Documents, e.Template = nil, "33"
				return e
			},
		},
		// Signers cannot decline and proofs do not expire: the owner cancels (reference §14).
		Ends: map[string]providers.State{"decline": providers.Canceled, "expire": providers.Canceled, "cancel": providers.Canceled},
		Limits: []providertest.Limit{
			{Name: "no e-mail", Field: "signer1.email", Says: "e-mail", Over: func(e *providers.Envelope) { e.Signers[0].Email = "" }},
			{Name: "WhatsApp without phone", Field: "signer1.phone", Says: "WhatsApp",
				At: func(e *providers.Envelope) { e.Signers[0].Channel = providers.ChannelWhatsApp },
				Over: func(e *providers.Envelope) {
					e.Signers[0].Channel, e.Signers[0].Phone = providers.ChannelWhatsApp, ""
				}},
			{Name: "two engines", Field: "signer1.type", Says: "digital",
				At:   second(func(s *providers.Signer) { s.Type = providers.TypeElectronic }),
				Over: second(func(s *providers.Signer) { s.Type = providers.TypeDigital })},
			{Name: "an order for one", Field: "signer1.order", Says: "order", Over: second(func(s *providers.Signer) { s.Order = 2 })},
			{Name: "twice", Field: "signer2.name", Says: "signer1", Over: func(e *providers.Envelope) { e.Signers = append(e.Signers, e.Signers[0]) }},
			{Name: "company", Field: "signer1.document", Says: "company", Over: func(e *providers.Envelope) { e.Signers[0].Document = "11222333000181" }},
			{Name: "half a company", Field: "contraktor.company_name", Says: "company_document", Over: func(e *providers.Envelope) { option(e, "company_name", "Exemplo Ltda") }},
			{Name: "company's tax id", Field: "contraktor.company_document", Says: "CNPJ", Over: func(e *providers.Envelope) {
				option(e, "company_name", "Exemplo Ltda")
				option(e, "company_document", "52998224725")
			}},
			{Name: "two workflows", Field: "contraktor.workflow", Says: "not both", Over: func(e *providers.Envelope) {
				option(e, "workflow", "Legal")
				option(e, "workflow_id", "72")
			}},
			{Name: "workflow id", Field: "contraktor.workflow_id", Says: "number", At: func(e *providers.Envelope) { option(e, "workflow_id", "72") }, Over: func(e *providers.Envelope) { option(e, "workflow_id", "Legal") }},
			{Name: "attachments", Field: "contraktor.attachments", Says: "true, false", Over: func(e *providers.Envelope) { option(e, "attachments", "yes") }},
			{Name: "template id", Field: "template", Says: "number", Over: func(e *providers.Envelope) { e.Documents, e.Template = nil, "lease" }},
			{Name: "template and document", Field: "document", Says: "not both", Over: func(e *providers.Envelope) { e.Template = "33" }},
			{Name: "fields", Field: "field.rent", Says: "template", Over: func(e *providers.Envelope) { e.Fields = map[string]string{"rent": "1"} }},
			{Name: "auth", Field: "signer1.auth", Says: "authentication", Over: func(e *providers.Envelope) { e.Signers[0].Auth = providers.ChannelSMS }},
			{Name: "identity images", Field: "signer1.id_front", Says: "identity", Over: func(e *providers.Envelope) { e.Signers[0].IDFront = providertest.JPEG("cnh.jpg") }},
		},
		Kind: func(call, op string, status int) (providers.ErrorKind, bool) {
			if (strings.HasPrefix(call, "Settle") || call == "Discard") && (status == 404 || status == 410) {
				return "", true
			}
			return "", false
		},
		Refusals: []providertest.Refusal{
			{Status: 401, Body: `{"error":"Unauthorized"}`, Kind: providers.Denied, Look: providers.Denied},
			{Status: 404, Body: `{"error":"Ana Prova da Silva not found"}`, Kind: providers.NotFound, Look: providers.NotFound},
			{Status: 422, Body: `{"error":"ana.prova@exemplo.test is invalid"}`, Kind: providers.Invalid, Look: providers.Invalid},
		},
		Tolerates: func(call, op, body string) bool {
			switch {
			case strings.HasPrefix(op, "DELETE "), strings.HasSuffix(op, "/remind"):
				return true // the answer is not read
			case strings.HasPrefix(call, "Open"):
				return true // whatever the bytes are: the archive looks at them
			case op == "GET /parties":
				return body == "array" || body == "null" || body == "null within" // nobody is found
			}
			return false
		},
		Credentials: []string{"download_url", "preview_url", "sharelink"},
		Large: map[string]func() providers.Envelope{"upload": func() providers.Envelope {
			e := usual()
			e.Documents = []providers.Document{providertest.LargePDF(50_000_000)}
			return e
		}},
	})
}

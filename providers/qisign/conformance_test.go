package qisign_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest"
	"github.com/chancela/chancela/providers/qisign"
)

func usual() providers.Envelope {
	return providers.Envelope{
		Subject: "Lease 14", Documents: []providers.Document{providertest.PDF("lease.pdf")}, Signers: []providers.Signer{providertest.Signer(1)},
	}
}

func first(change func(*providers.Signer)) func(*providers.Envelope) {
	return func(e *providers.Envelope) { change(&e.Signers[0]) }
}

func TestConformance(t *testing.T) {
	const webhookSecret = "signature-key-conformance"
	providertest.Run(t, providertest.Suite{
		Name:     qisign.Name,
		Envelope: usual,
		Variants: map[string]func() providers.Envelope{
			"several": func() providers.Envelope {
				e := usual()
				e.Expires = providers.Expiry{Days: 10}
				e.Documents = append(e.Documents, providertest.PDF("annex.pdf"), providertest.PDF("plan.pdf"))
				e.Signers = append(e.Signers, providertest.Signer(2), providertest.Signer(3))
				e.Signers[0].IDFront, e.Signers[0].IDBack, e.Signers[0].IDType = providertest.JPEG("front.jpg"), providertest.JPEG("back.jpg"), "cnh"
				e.Signers[1].Channel, e.Signers[1].Auth = providers.ChannelWhatsApp, providers.ChannelSMS
				e.Signers[2].IDFront, e.Signers[2].IDType = providertest.JPEG("rg.jpg"), "rg"
				return e
			},
			"no e-mail": func() providers.Envelope {
				e := usual()
				e.Signers[0].Email = ""
				return e
			},
		},
		// There is no refusal (reference §A5): whoever would refuse makes the owner cancel.
		Ends: map[string]providers.State{"decline": providers.Canceled, "expire": providers.Expired, "cancel": providers.Canceled},
		Limits: []providertest.Limit{
			{Name: "CPF", Field: "signer1.document", Says: "CPF", Over: first(func(s *providers.Signer) { s.Document = "52998224724" })},
			{Name: "CNPJ", Field: "signer1.document", Says: "CPF", Over: first(func(s *providers.Signer) { s.Document = "11222333000181" })},
			{Name: "birthdate", Field: "signer1.birthdate", Says: "1992-09-15", Over: first(func(s *providers.Signer) { s.Birthdate = "" })},
			{Name: "neither e-mail nor phone", Field: "signer1.email", Says: "phone",
				At:   first(func(s *providers.Signer) { s.Email = "" }),
				Over: first(func(s *providers.Signer) { s.Email, s.Phone = "", "" })},
			{Name: "SMS without phone", Field: "signer1.phone", Says: "phone",
				At:   first(func(s *providers.Signer) { s.Channel = providers.ChannelSMS }),
				Over: first(func(s *providers.Signer) { s.Channel, s.Phone = providers.ChannelSMS, "" })},
			{Name: "code by WhatsApp without phone", Field: "signer1.auth", Says: "phone", Over: first(func(s *providers.Signer) { s.Auth, s.Phone = providers.ChannelWhatsApp, "" })},
			{Name: "e-mail without address", Field: "signer1.email", Says: "e-mail", Over: first(func(s *providers.Signer) { s.Channel, s.Email = providers.ChannelEmail, "" })},
			{Name: "phone", Field: "signer1.phone", Says: "number", Over: first(func(s *providers.Signer) { s.Phone = "11987654321" })},
			{Name: "image size", Field: "signer1.id_front", Says: "10000000",
				At: first(func(s *providers.Signer) {
					s.IDFront, s.IDType = providertest.JPEG("a.jpg"), "rg"
					s.IDFront.Size = 10_000_000
				}),
				Over: first(func(s *providers.Signer) {
					s.IDFront, s.IDType = providertest.JPEG("a.jpg"), "rg"
					s.IDFront.Size = 10_000_001
				})},
			{Name: "image type", Field: "signer1.id_back", Says: "JPEG", Over: first(func(s *providers.Signer) {
				s.IDBack, s.IDType = providertest.JPEG("a.png"), "rg"
				s.IDBack.Type = "image/png"
			})},
			{Name: "which paper", Field: "signer1.id_type", Says: "cnh", Over: first(func(s *providers.Signer) { s.IDFront = providertest.JPEG("a.jpg") })},
			{Name: "paper", Field: "signer1.id_type", Says: "rg", Over: first(func(s *providers.Signer) { s.IDFront, s.IDType = providertest.JPEG("a.jpg"), "passport" })},
			{Name: "fields", Field: "field.rent", Says: "template", Over: func(e *providers.Envelope) { e.Fields = map[string]string{"rent": "1"} }},
		},
		Kind: func(call, op string, status int) (providers.ErrorKind, bool) {
			notOffered := strings.HasSuffix(op, "/face") || strings.HasSuffix(op, "/personal_document")
			switch {
			case status == 409 && call == "Invite":
				return providers.Ambiguous, true // processed already: maybe by an earlier try
			case status == 409 && call == "Prepare" && op == "POST /sign/envelope":
				return providers.NotFound, true // nothing to adopt is there
			case status == 409 && call == "Prepare":
				return "", true // it is there from before a crash
			case status == 404 && (strings.HasPrefix(call, "Settle") || call == "Discard"):
				return "", true
			case (call == "Artifacts" || call == "Open dossier") && strings.HasSuffix(op, "/report") && !slices.Contains([]int{401, 403, 404, 407, 408, 410, 425, 429}, status) && status/100 == 4:
				return providers.Transient, true // every refusal of a dossier means not yet
			case call == "Artifacts" && notOffered && (status == 400 || status == 403 || status == 404 || status == 409 || status == 410):
				return "", true // documented nowhere: nothing for this signer
			case status == 403 && !strings.HasSuffix(op, "given address"):
				return providers.Invalid, true // of the endpoint, not of the key
			}
			return "", false
		},
		Tolerates: func(call, op, body string) bool {
			switch {
			case call == "Prepare", call == "Invite":
				return true // the ids are ours: the answers are not read
			case strings.HasPrefix(call, "Open"):
				return true // whatever the bytes are: the archive looks at them
			case strings.HasSuffix(op, "/face"), strings.HasSuffix(op, "/personal_document"), op == "PATCH /sign/envelope/{id}":
				// Without an address there is no picture, and an echo may tell no status.
				return slices.Contains([]string{"null", "empty object", "another object", "null within", "negative", "wrong types", "wrong within"}, body)
			}
			return false
		},
		Refusals: []providertest.Refusal{
			{Status: 400, Body: `{"title":"Bad Request","description":"Ana Prova da Silva"}`, Kind: providers.Invalid, Look: providers.Invalid},
			{Status: 406, Body: `{}`, Kind: providers.Invalid, Look: providers.Invalid},
			{Status: 503, Body: `{}`, Kind: providers.Ambiguous, Look: providers.Transient},
		},
		Credentials: []string{"signature_url", "face_image_url", "document_front_url", "document_back_url", "document_report_url"},
		Webhook: &providertest.Webhook{
			Signed: true, Named: true, Headers: []string{"Signature"}, Secret: webhookSecret,
			Sign: func(address string, body []byte) http.Header {
				mac := hmac.New(sha1.New, []byte(webhookSecret))
				mac.Write([]byte(address + http.MethodPost))
				mac.Write(body)
				return http.Header{"Signature": {hex.EncodeToString(mac.Sum(nil))}}
			},
		},
		Large: map[string]func() providers.Envelope{"upload": func() providers.Envelope {
			e := usual()
			e.Documents = []providers.Document{providertest.LargePDF(10_000_000)}
			return e
		}},
	})
}

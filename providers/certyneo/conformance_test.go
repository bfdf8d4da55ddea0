package certyneo_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/providertest"
)

const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

func usual() providers.Envelope {
	return providers.Envelope{
		Subject: "Lease 14", Message: "Please sign.",
		Documents: []providers.Document{providertest.PDF("lease.pdf")}, Signers: []providers.Signer{providertest.Signer(1)},
	}
}

func option(e *providers.Envelope, name, value string) {
	if e.Options == nil {
		e.Options = map[string]map[string]string{certyneo.Name: {}}
	}
	e.Options[certyneo.Name][name] = value
}

func TestConformance(t *testing.T) {
	webhookSecret := "whsec-conformance"
	providertest.Run(t, providertest.Suite{
		Name:     certyneo.Name,
		Envelope: usual,
		Variants: map[string]func() providers.Envelope{
			"several": func() providers.Envelope {
				e := usual()
				e.Documents = append(e.Documents, providertest.PDF("annex.pdf"), providertest.File("plan.docx", docx, "PK\x03\x04"))
				e.Signers = nil
				for n := 1; n <= 4; n++ {
					s := providertest.Signer(n)
					s.Order = 5 - n
					e.Signers = append(e.Signers, s)
				}
				e.Signers[1].Type = providers.TypeApprover
				e.Signers[2].Stamp = providertest.Stamp(1)
				e.Signers[3].Type = providers.TypeViewer
				e.Signers[0].Date, e.Signers[2].Text = []providers.Place{{Stamp: *providertest.Stamp(2)}}, []providers.Place{{Stamp: *providertest.Stamp(3)}}
				e.Signers[2].Checkbox = []providers.Place{{Stamp: *providertest.Stamp(4)}, {Stamp: *providertest.Stamp(5)}}
				option(&e, "signing_order", "array")
				return e
			},
			"options": func() providers.Envelope {
				e := usual()
				e.Expires = providers.Expiry{Days: 30}
				for name, value := range map[string]string{"level": "ADVANCED", "locale": "fr", "redirect_url": "https://exemplo.test/ok", "category": "CONTRACT",
					"tags": "lease, lot 14", "initials_on_every_page": "true", "workspace": "wks_sandbox", "anchor": "Signature {n}", "anchor_placement": "below"} {
					option(&e, name, value)
				}
				return e
			},
			"template": func() providers.Envelope {
				e := usual()
				e.Documents, e.Template = nil, "tpl_lease"
				return e
			},
			"names": func() providers.Envelope {
				e := usual()
				e.Documents, e.Template = nil, "name:Lease"
				option(&e, "workspace", "name:Sandbox")
				return e
			},
		},
		Ends: map[string]providers.State{"decline": providers.Declined, "expire": providers.Expired, "cancel": providers.Canceled},
		Limits: []providertest.Limit{
			{Name: "tags", Field: "certyneo.tags", Says: "10",
				At:   func(e *providers.Envelope) { option(e, "tags", strings.Repeat("a,", 10)) },
				Over: func(e *providers.Envelope) { option(e, "tags", strings.Repeat("a,", 11)) }},
			{Name: "a tag", Field: "certyneo.tags", Says: "40",
				At:   func(e *providers.Envelope) { option(e, "tags", strings.Repeat("é", 40)) },
				Over: func(e *providers.Envelope) { option(e, "tags", strings.Repeat("é", 41)) }},
			{Name: "redirect", Field: "certyneo.redirect_url", Says: "https://",
				At:   func(e *providers.Envelope) { option(e, "redirect_url", "https://exemplo.test") },
				Over: func(e *providers.Envelope) { option(e, "redirect_url", "http://exemplo.test") }},
			{Name: "level", Field: "certyneo.level", Says: "QUALIFIED",
				At:   func(e *providers.Envelope) { option(e, "level", "QUALIFIED") },
				Over: func(e *providers.Envelope) { option(e, "level", "HIGHEST") }},
			{Name: "category", Field: "certyneo.category", Says: "CONTRACT", Over: func(e *providers.Envelope) { option(e, "category", "POEM") }},
			{Name: "locale", Field: "certyneo.locale", Says: "nl-BE", Over: func(e *providers.Envelope) { option(e, "locale", "klingon!") }},
			{Name: "anchor placement", Field: "certyneo.anchor_placement", Says: "below", Over: func(e *providers.Envelope) {
				option(e, "anchor", "x")
				option(e, "anchor_placement", "inside")
			}},
			{Name: "advanced without code", Field: "certyneo.sms_otp", Says: "ADVANCED", Over: func(e *providers.Envelope) {
				option(e, "level", "ADVANCED")
				option(e, "sms_otp", "false")
			}},
			{Name: "code without phone", Field: "signer1.phone", Says: "SMS",
				At: func(e *providers.Envelope) { option(e, "sms_otp", "true") },
				Over: func(e *providers.Envelope) {
					option(e, "sms_otp", "true")
					e.Signers[0].Phone = ""
				}},
			{Name: "no e-mail", Field: "signer1.email", Says: "e-mail", Over: func(e *providers.Envelope) { e.Signers[0].Email = "" }},
			{Name: "twice", Field: "signer2.email", Says: "signer1", Over: func(e *providers.Envelope) { e.Signers = append(e.Signers, e.Signers[0]) }},
			{Name: "template and document", Field: "document", Says: "not both", Over: func(e *providers.Envelope) { e.Template = "tpl_lease" }},
			{Name: "nobody acts", Field: "signer1.role", Says: "at least one", Over: func(e *providers.Envelope) { e.Signers[0].Type = providers.TypeViewer }},
			{Name: "role against type", Field: "signer1.role", Says: "type",
				At:   func(e *providers.Envelope) { e.Signers[0].Role = "witness" },
				Over: func(e *providers.Envelope) { e.Signers[0].Role, e.Signers[0].Type = "SIGNER", providers.TypeApprover }},
			{Name: "identity images", Field: "signer1.id_front", Says: "identity", Over: func(e *providers.Envelope) { e.Signers[0].IDFront = providertest.JPEG("cnh.jpg") }},
			{Name: "fields", Field: "field.rent", Says: "template", Over: func(e *providers.Envelope) { e.Fields = map[string]string{"rent": "1"} }},
		},
		Kind: func(call, op string, status int) (providers.ErrorKind, bool) {
			switch {
			case status == 403 && !strings.HasSuffix(op, "given address"):
				return providers.Denied, true // a scope that the key lacks (reference §1)
			case call == "Invite" && op == "POST /envelopes/{id}/send" && status == 409:
				return providers.Ambiguous, true // what a second send answers is not documented (reference §15)
			case strings.HasPrefix(call, "Settle") && status == 404:
				return "", true
			case strings.HasPrefix(call, "Open") && status == 409:
				return providers.Transient, true // not completed yet (reference §8)
			case call == "Discard" && (status == 404 || status == 409 && op == "DELETE /documents/{id}"):
				return "", true
			}
			return "", false
		},
		Refusals: []providertest.Refusal{
			{Status: 409, Body: `{"error":"Ana Prova da Silva has no field","code":"signer_without_field"}`, Code: "signer_without_field", Kind: providers.Invalid, Look: providers.Invalid},
			{Status: 409, Body: `{"error":"x","code":"CONFLICT"}`, Code: "CONFLICT", Kind: providers.Ambiguous, Look: providers.Invalid},
			{Status: 400, Body: `{"error":"x","code":"ADVANCED_REQUIRES_STRONG_AUTH"}`, Code: "ADVANCED_REQUIRES_STRONG_AUTH", Kind: providers.Invalid, Look: providers.Invalid},
			{Status: 403, Body: `{"error":"Insufficient scope: envelopes:write required"}`, Kind: providers.Denied, Look: providers.Denied},
			{Status: 404, Body: `{"error":"x","code":"NOT_FOUND"}`, Code: "NOT_FOUND", Kind: providers.NotFound, Look: providers.NotFound},
			{Status: 404, Body: `{"error":"x","code":"NOT FOUND"}`, Kind: providers.NotFound, Look: providers.NotFound},
			{Status: 429, Body: `{"error":"x"}`, Kind: providers.RateLimited, Look: providers.RateLimited},
		},
		Tolerates: func(call, op, body string) bool {
			switch {
			case op == "POST /envelopes/{id}/send", strings.HasPrefix(op, "DELETE "):
				return true // the answer is not read
			case strings.HasPrefix(call, "Open"):
				return true // whatever the bytes are: the archive looks at them
			}
			return false
		},
		Credentials: []string{"accessToken", "signUrl", "sign_url", "secret"},
		Webhook: &providertest.Webhook{
			Signed: true, Timed: true, Named: true, Headers: []string{"X-Certyneo-Signature"},
			Secret: providers.Secret(webhookSecret),
			Sign: func(_ string, body []byte) http.Header {
				mac := hmac.New(sha256.New, []byte(webhookSecret))
				mac.Write(body)
				return http.Header{"X-Certyneo-Signature": {hex.EncodeToString(mac.Sum(nil))}}
			},
		},
		Large: map[string]func() providers.Envelope{"upload": func() providers.Envelope {
			e := usual()
			e.Documents = []providers.Document{providertest.LargePDF(50_000_000)}
			return e
		}},
	})
}

package catalisa_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/catalisa"
	"github.com/chancela/chancela/providers/providertest"
)

// usual goes through File Storage, so that its calls are tested too.
func usual() providers.Envelope {
	e := inline()
	option(&e, "storage", "true")
	return e
}

func inline() providers.Envelope {
	e := providers.Envelope{
		Subject: "Lease 14", Message: "Please sign.",
		Documents: []providers.Document{providertest.PDF("lease.pdf")}, Signers: []providers.Signer{providertest.Signer(1)},
	}
	option(&e, "storage", "false")
	return e
}

func option(e *providers.Envelope, name, value string) {
	if e.Options == nil {
		e.Options = map[string]map[string]string{catalisa.Name: {}}
	}
	e.Options[catalisa.Name][name] = value
}

func first(change func(*providers.Signer)) func(*providers.Envelope) {
	return func(e *providers.Envelope) { change(&e.Signers[0]) }
}

// both gives an error in the two documented shapes (reference §4.2).
func both(status int, code string, kind, look providers.ErrorKind) []providertest.Refusal {
	return []providertest.Refusal{
		{Status: status, Body: `{"code":"` + code + `","message":"Ana Prova da Silva","statusCode":400,"details":{"signers":"ana.prova@exemplo.test"}}`, Code: code, Kind: kind, Look: look},
		{Status: status, Body: `{"error":"` + code + `","message":"Ana Prova da Silva","details":{"_errors":["52998224725"]}}`, Code: code, Kind: kind, Look: look},
	}
}

func TestConformance(t *testing.T) {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&pair.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var refusals []providertest.Refusal
	refusals = append(refusals, both(400, "VALIDATION", providers.Invalid, providers.Invalid)...)
	refusals = append(refusals, both(400, "BAD_REQUEST", providers.Invalid, providers.Invalid)...)
	refusals = append(refusals, both(402, "PAYMENT_REQUIRED", providers.Denied, providers.Denied)...)
	refusals = append(refusals, both(403, "FORBIDDEN", providers.Denied, providers.Invalid)...)
	refusals = append(refusals, both(404, "NOT_FOUND", providers.NotFound, providers.NotFound)...)
	// It may be the answer to an earlier try, and the look for that is refused, too.
	refusals = append(refusals, both(409, "CONFLICT", providers.Ambiguous, providers.Invalid)...)
	refusals = append(refusals, both(429, "TOO_MANY_REQUESTS", providers.RateLimited, providers.RateLimited)...)
	// A token that worked before has run out: with a new one it is worth another try.
	refusals = append(refusals, both(401, "UNAUTHORIZED", providers.Transient, "")...)

	soon := func(days int) func(*providers.Envelope) {
		return func(e *providers.Envelope) {
			e.Expires = providers.Expiry{Date: time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly)}
		}
	}
	length := func(n int, set func(*providers.Envelope, string)) func(*providers.Envelope) {
		return func(e *providers.Envelope) { set(e, strings.Repeat("é", n)) }
	}
	title := func(e *providers.Envelope, s string) { e.Subject = s }
	message := func(e *providers.Envelope, s string) { e.Message = s }
	name := func(e *providers.Envelope, s string) { e.Signers[0].Name = s }
	address := func(n int) func(*providers.Envelope) {
		return first(func(s *providers.Signer) { s.Email = strings.Repeat("a", n-len("@exemplo.test")) + "@exemplo.test" })
	}

	providertest.Run(t, providertest.Suite{
		Name:     catalisa.Name,
		Envelope: usual, Identity: "POST /iam/oauth/token",
		Variants: map[string]func() providers.Envelope{
			"inline": inline,
			"several": func() providers.Envelope {
				e := usual()
				e.Expires = providers.Expiry{Days: 30}
				for n := 2; n <= 4; n++ {
					e.Signers = append(e.Signers, providertest.Signer(n))
				}
				for i := range e.Signers {
					e.Signers[i].Order, e.Signers[i].Stamp = 4-i, providertest.Stamp(i)
				}
				return e
			},
			"fields": func() providers.Envelope {
				e := inline()
				e.Signers[0].Stamp = providertest.Stamp(1)
				e.Signers[0].Text = []providers.Place{{Stamp: *providertest.Stamp(2), Required: true, Label: "Profissão"}}
				e.Signers[0].Date = []providers.Place{{Stamp: *providertest.Stamp(3)}}
				e.Signers[0].Checkbox = []providers.Place{{Stamp: *providertest.Stamp(4), Label: "Li e aceito"}}
				option(&e, "origin", "top")
				option(&e, "signer_id", "email")
				return e
			},
			"template": func() providers.Envelope {
				e := inline()
				e.Documents, e.Template, e.Fields = nil, "tpl_lease", map[string]string{"rent": "1000"}
				return e
			},
		},
		Ends: map[string]providers.State{"decline": providers.Declined, "expire": providers.Expired, "cancel": providers.Canceled},
		Limits: []providertest.Limit{
			{Name: "title", Field: "subject", Says: "255", At: length(255, title), Over: length(256, title)},
			{Name: "message", Field: "message", Says: "2000", At: length(2000, message), Over: length(2001, message)},
			{Name: "name", Field: "signer1.name", Says: "255", At: length(255, name), Over: length(256, name)},
			{Name: "e-mail", Field: "signer1.email", Says: "255", At: address(255), Over: address(256)},
			{Name: "not an e-mail", Field: "signer1.email", Says: "e-mail", Over: first(func(s *providers.Signer) { s.Email = "ana" })},
			{Name: "no e-mail", Field: "signer1.email", Says: "e-mail", Over: first(func(s *providers.Signer) { s.Email = "" })},
			{Name: "days", Field: "expires", Says: "365", At: soon(365), Over: soon(366)},
			{Name: "no day", Field: "expires", Says: "1", At: soon(1), Over: soon(0)},
			{Name: "twice", Field: "signer2.email", Says: "signer1", Over: func(e *providers.Envelope) { e.Signers = append(e.Signers, e.Signers[0]) }},
			{Name: "template and document", Field: "document", Says: "not both", Over: func(e *providers.Envelope) { e.Template = "tpl" }},
			{Name: "fields without template", Field: "field.rent", Says: "template", Over: func(e *providers.Envelope) { e.Fields = map[string]string{"rent": "1"} }},
			{Name: "configuration", Field: "catalisa.config_id", Says: "UUID", Over: func(e *providers.Envelope) { option(e, "config_id", "main") }},
			{Name: "storage", Field: "catalisa.storage", Says: "true, false", Over: func(e *providers.Envelope) { option(e, "storage", "yes") }},
			{Name: "auth", Field: "signer1.auth", Says: "authentication", Over: first(func(s *providers.Signer) { s.Auth = providers.ChannelSMS })},
			{Name: "identity images", Field: "signer1.id_front", Says: "identity", Over: first(func(s *providers.Signer) { s.IDFront = providertest.JPEG("cnh.jpg") })},
			{Name: "page of a stamp", Field: "signer1.stamp", Says: "1", At: first(func(s *providers.Signer) { s.Stamp = providertest.Stamp(0) }), Over: first(func(s *providers.Signer) { s.Stamp = &providers.Stamp{} })},
		},
		Kind: func(call, op string, status int) (providers.ErrorKind, bool) {
			usualInvalid := status >= 400 && status < 500 && status != 401 && status != 403 && status != 404 && status != 408 && status != 410 && status != 425 && status != 429
			switch {
			case op == "PUT given address" && (usualInvalid || status == 401 || status == 403 || status == 404 || status == 410):
				return providers.Transient, true // the next try gets another address
			case strings.HasSuffix(op, "given address"):
				return "", false
			case status == 402:
				return providers.Denied, true
			case op == "POST /oauth/token" && (usualInvalid || status == 404 || status == 410):
				return providers.Denied, true // without a token nothing works
			case op == "POST /oauth/token", call == "Status at first" && status == 401:
				return "", false
			case status == 401 && call == "Invite":
				return providers.Transient, true
			case status == 401:
				return "", true // asked again with a new token
			case call == "Artifacts" && usualInvalid:
				return providers.Transient, true // how "not yet" is said is not documented (reference §7.7)
			case call == "Discard" && (status == 404 || status == 410):
				return "", true
			}
			return "", false
		},
		Refusals: refusals,
		Tolerates: func(call, op, body string) bool {
			switch {
			case strings.HasPrefix(op, "DELETE "), strings.HasSuffix(op, "/cancel"), strings.HasSuffix(op, "/resend"), strings.HasSuffix(op, "/confirm-upload"), op == "PUT given address":
				return true // the answer is not read
			case strings.HasPrefix(call, "Open"):
				return true // whatever the bytes are: the archive looks at them
			}
			return false
		},
		Credentials: []string{"signingUrl", "viewUrl", "downloadUrl", "uploadUrl", "access_token"},
		Webhook: &providertest.Webhook{
			Signed: true, Timed: true, Named: true, Headers: []string{"X-Webhook-Id", "X-Webhook-Timestamp", "X-Webhook-Signature", "X-Webhook-Key-Id"},
			Secret: providers.Secret(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
			Sign: func(_ string, body []byte) http.Header {
				at := time.Now().UTC().Format(time.RFC3339Nano)
				sum := sha256.Sum256(append([]byte("msg_1\n"+at+"\n"), body...))
				signature, err := rsa.SignPKCS1v15(nil, pair, crypto.SHA256, sum[:])
				if err != nil {
					t.Error(err)
				}
				return http.Header{"X-Webhook-Id": {"msg_1"}, "X-Webhook-Timestamp": {at}, "X-Webhook-Signature": {"v1=" + base64.StdEncoding.EncodeToString(signature)}}
			},
		},
		Large: map[string]func() providers.Envelope{
			"storage": func() providers.Envelope {
				e := usual()
				e.Documents = []providers.Document{providertest.LargePDF(50_000_000)}
				return e
			},
			"inline": func() providers.Envelope {
				e := inline()
				e.Documents = []providers.Document{providertest.LargePDF(13_000_000)}
				return e
			},
		},
	})
}

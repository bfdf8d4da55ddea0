package sdoc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest"
	"github.com/chancela/chancela/providers/sdoc"
)

func usual() providers.Envelope {
	e := providers.Envelope{
		Subject: "Lease 14", Message: "Please sign.",
		Documents: []providers.Document{providertest.PDF("lease.pdf")}, Signers: []providers.Signer{providertest.Signer(1)},
	}
	e.Signers[0].Type, e.Signers[0].Stamp = providers.TypeElectronic, providertest.Stamp(0)
	return e
}

func option(e *providers.Envelope, name, value string) {
	if e.Options == nil {
		e.Options = map[string]map[string]string{sdoc.Name: {}}
	}
	e.Options[sdoc.Name][name] = value
}

func first(change func(*providers.Signer)) func(*providers.Envelope) {
	return func(e *providers.Envelope) { change(&e.Signers[0]) }
}

// people gives an envelope n signers.
func people(n int) func(*providers.Envelope) {
	return func(e *providers.Envelope) {
		e.Signers = nil
		for i := range n {
			s := providertest.Signer(1)
			s.Email = fmt.Sprintf("pessoa%d@exemplo.test", i)
			e.Signers = append(e.Signers, s)
		}
	}
}

// text makes limits of a text's length.
func text(name, field string, least, most int, set func(*providers.Envelope, string)) []providertest.Limit {
	of := func(n int) func(*providers.Envelope) {
		return func(e *providers.Envelope) { set(e, strings.Repeat("é", n)) }
	}
	limits := []providertest.Limit{{Name: name + " too long", Field: field, Says: fmt.Sprint(most), At: of(most), Over: of(most + 1)}}
	if least > 1 {
		limits = append(limits, providertest.Limit{Name: name + " too short", Field: field, Says: fmt.Sprint(least), At: of(least), Over: of(least - 1)})
	}
	return limits
}

// codes are all 26 (reference §10), with their kinds to the inviting call and to a look.
var codes = map[string][2]providers.ErrorKind{
	"INTEGRATION_API_OFF":           {providers.Transient, providers.Transient},
	"INTEGRATION_ENTERPRISE_5C8C":   {providers.Denied, providers.Denied},
	"INTEGRATION_ENTERPRISE_D0AW":   {providers.Denied, providers.Denied},
	"INTEGRATION_FILE_A2FC":         {providers.Transient, providers.NotFound}, // the file is uploaded again
	"INTEGRATION_FILE_B425":         {providers.NotFound, providers.NotFound},
	"INTEGRATION_FILE_HW2A":         {providers.Invalid, providers.Invalid},
	"INTEGRATION_FILE_K2Q7":         {providers.Invalid, providers.Invalid},
	"INTEGRATION_PLATFORM_54F9":     {providers.Denied, providers.Denied},
	"INTEGRATION_PLATFORM_7F86":     {providers.Denied, providers.Denied},
	"INTEGRATION_PLATFORM_F52Q":     {providers.Denied, providers.Denied},
	"INTEGRATION_PLATFORM_W1SY":     {providers.Denied, providers.Denied},
	"INTEGRATION_PLATFORM_H6D1":     {providers.Denied, providers.Denied},
	"INTEGRATION_SOLICITATION_41A7": {providers.Invalid, providers.Invalid},
	"INTEGRATION_SOLICITATION_7D5B": {providers.Invalid, providers.Invalid},
	"INTEGRATION_SOLICITATION_8D12": {providers.NotFound, providers.NotFound},
	"INTEGRATION_SOLICITATION_B425": {providers.NotFound, ""}, // deleted: a state, not a failure
	"INTEGRATION_SOLICITATION_D6F2": {providers.Invalid, providers.Invalid},
	"INTEGRATION_PARTICIPANT_23AA":  {providers.NotFound, providers.NotFound},
	"INTEGRATION_PARTICIPANT_AEC3":  {providers.Invalid, providers.Invalid},
	"INTEGRATION_PARTICIPANT_B12A":  {providers.Invalid, providers.Invalid},
	"INTEGRATION_PARTICIPANT_4C3F":  {providers.Invalid, providers.Invalid},
	"INTEGRATION_PARTICIPANT_45D3":  {providers.Invalid, providers.Invalid},
	"INTEGRATION_ORGANIZATION_47C6": {providers.Invalid, providers.Invalid},
	"INTEGRATION_ORGANIZATION_49D0": {providers.Invalid, providers.Invalid},
	"INTEGRATION_ORGANIZATION_A33A": {providers.Invalid, providers.Invalid},
	"INTEGRATION_ORGANIZATION_BB8C": {providers.Invalid, providers.Invalid},
}

func TestConformance(t *testing.T) {
	var refusals []providertest.Refusal
	for code, kinds := range codes {
		// Where the code stands is documented nowhere (reference §4).
		for _, form := range []string{
			`{"error":true,"code":%q,"message":"Ana Prova da Silva"}`,
			`{"error":true,"message":"Falha [%s] de ana.prova@exemplo.test"}`,
			`{"error":true,"result":null,"details":{"errorCode":%q}}`,
		} {
			refusals = append(refusals, providertest.Refusal{Status: 200, Body: fmt.Sprintf(form, code), Code: code, Kind: kinds[0], Look: kinds[1]})
		}
	}
	refusals = append(refusals, providertest.Refusal{Status: 200, Body: `{"error":true,"message":"title: no minimo 5 caracteres"}`, Kind: providers.Invalid, Look: providers.Invalid})

	limits := []providertest.Limit{
		{Name: "participants", Field: "signer51.name", Says: "50", At: people(50), Over: people(51)},
		{Name: "twice", Field: "signer2.document", Says: "signer1", Over: func(e *providers.Envelope) { e.Signers = append(e.Signers, e.Signers[0]) }},
		{Name: "tax id", Field: "signer1.document", Says: "11 digits", Over: first(func(s *providers.Signer) { s.Document = "5299822472" })},
		{Name: "file name's length", Field: "document", Says: "200",
			At:   func(e *providers.Envelope) { e.Documents[0].Name = strings.Repeat("a", 196) + ".pdf" },
			Over: func(e *providers.Envelope) { e.Documents[0].Name = strings.Repeat("a", 197) + ".pdf" }},
		{Name: "file name too short", Field: "document", Says: "5",
			At:   func(e *providers.Envelope) { e.Documents[0].Name = "a.pdf" },
			Over: func(e *providers.Envelope) { e.Documents[0].Name = ".pdf" }},
		{Name: "file name's extension", Field: "document", Says: "extension", Over: func(e *providers.Envelope) { e.Documents[0].Name = "lease" }},
		{Name: "stamp", Field: "signer1.stamp", Says: "electronic", Over: first(func(s *providers.Signer) { s.Stamp = nil })},
		{Name: "viewers only", Field: "signer1.type", Says: "at least one", Over: first(func(s *providers.Signer) { s.Type, s.Stamp = providers.TypeViewer, nil })},
		{Name: "folder without account", Field: "sdoc.folder", Says: "organization", Over: func(e *providers.Envelope) { option(e, "folder", "Contratos") }},
		{Name: "send_email", Field: "sdoc.send_email", Says: "true, false", Over: func(e *providers.Envelope) { option(e, "send_email", "yes") }},
		{Name: "auth", Field: "signer1.auth", Says: "authentication", Over: first(func(s *providers.Signer) { s.Auth = providers.ChannelSMS })},
		{Name: "identity images", Field: "signer1.id_front", Says: "identity", Over: first(func(s *providers.Signer) { s.IDFront = providertest.JPEG("cnh.jpg") })},
		{Name: "callback", Field: "id", Says: "200", Over: func(e *providers.Envelope) { e.Campaign = strings.Repeat("c", 180) }},
	}
	limits = append(limits, text("title", "subject", 5, 200, func(e *providers.Envelope, s string) { e.Subject = s })...)
	limits = append(limits, text("description", "message", 5, 400, func(e *providers.Envelope, s string) { e.Message = s })...)
	limits = append(limits, text("name", "signer1.name", 10, 250, func(e *providers.Envelope, s string) { e.Signers[0].Name = s })...)
	limits = append(limits, text("e-mail", "signer1.email", 1, 150, func(e *providers.Envelope, s string) { e.Signers[0].Email = s })...)
	limits = append(limits, text("file type", "document", 5, 150, func(e *providers.Envelope, s string) { e.Documents[0].Type = s })...)

	providertest.Run(t, providertest.Suite{
		Name:     sdoc.Name,
		Envelope: usual,
		Variants: map[string]func() providers.Envelope{
			"several": func() providers.Envelope {
				e := usual()
				e.Documents = append(e.Documents, providertest.PDF("annex.pdf"))
				for n, kind := range []string{providers.TypeDigital, providers.TypeApprover, providers.TypeViewer} {
					s := providertest.Signer(n + 2)
					s.Type = kind
					e.Signers = append(e.Signers, s)
				}
				option(&e, "organization", "Sandbox")
				option(&e, "folder", "Contratos/2026")
				return e
			},
			"silent": func() providers.Envelope {
				e := usual()
				e.Message, e.Signers[0].Type, e.Signers[0].Stamp = "", "", nil
				option(&e, "send_email", "false")
				return e
			},
		},
		// There are no deadlines: what would run out is deleted in the portal.
		Ends:   map[string]providers.State{"decline": providers.Declined, "expire": providers.Canceled, "cancel": providers.Canceled},
		Limits: limits,
		// Handled outcomes come with 200; any other status proves nothing (reference §4).
		Kind: func(call, _ string, status int) (providers.ErrorKind, bool) {
			switch {
			case status < 400 || status >= 500 || status == 401 || status == 403 || status == 425 || status == 429:
				return "", false
			case call == "Invite":
				return providers.Ambiguous, true
			}
			return providers.Transient, true
		},
		Refusals: refusals,
		Tolerates: func(_, op, body string) bool {
			// Its "error": false is all that these say.
			done := op == "POST /participant/{id}/stamp" || op == "DELETE /solicitation"
			return done && (body == "negative" || body == "wrong within")
		},
		Webhook: &providertest.Webhook{Keyed: true},
		Large: map[string]func() providers.Envelope{"upload": func() providers.Envelope {
			e := usual()
			e.Documents = []providers.Document{providertest.LargePDF(10_000_000)}
			return e
		}},
		Credentials: []string{"secretKey"},
	})
}

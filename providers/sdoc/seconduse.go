package sdoc

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/rest"
)

// secondUse makes two solicitations with the same temporary identifier, for the doctor's own
// user and without e-mail, and deletes them: whether the second is refused is not documented
// (reference §13), and what it is good for stands in the package's words.
func (d *doctor) secondUse(ctx context.Context, temporary string) {
	const check = "second use"
	if d.visit.Self.Email == "" {
		d.Note("draft", rest.Answer{}, lang.Of("no solicitation is made: creating one is the call that invites (reference §8.3)"), lang.Text{},
			lang.Of(`--self "NAME,E-MAIL,CPF" makes two for you alone, without e-mail, and deletes them: that finds out whether an interrupted invitation can be made once more`))
		return
	}
	d.visit.Self.Type = providers.TypeDigital
	body := solicitationRequest{Title: "chancela doctor", Description: "To be deleted at once",
		Callback:     d.settings.WebhookURL,
		Files:        []fileRequest{{Name: "doctor.pdf", Type: "application/pdf", TempIdentifier: temporary}},
		Participants: []participantRequest{{Name: d.visit.Self.Name, Email: d.visit.Self.Email, CPF: d.visit.Self.Document, SignatureType: typeDigital}}}
	first, made := d.create(ctx, body)
	if !made {
		d.noFirst(first)
		return
	}
	if d.settings.WebhookURL == "" {
		d.learn(providers.NoCallback, false)
		d.toldOfCallback = true
		d.Fine("callback", first.Answer, lang.Of("the portal has an address for callbacks; only CHANCELA_SDOC_WEBHOOK_URL names envelopes in it"))
	}
	second, taken := d.create(ctx, body)
	removed := d.remove(ctx, first)
	switch code := codeOf(second.Answer); {
	case taken:
		removed = d.remove(ctx, second) && removed
		d.learn(providers.SecondUseRefused, false)
		d.Note(check, second.Answer, lang.Of("a file is taken for a second solicitation"), rest.Reference(lang.Of("%s, as it is thrown away with the first", codeFileNotFound), "§8.1"),
			lang.Of("an interrupted invitation is not made once more here: it stays in doubt until a callback or you settle it"))
	case second.Err == nil && code == codeFileNotFound:
		d.learn(providers.SecondUseRefused, true)
		d.Fine(check, second.Answer, lang.Of("a file serves one solicitation: an interrupted invitation is made once more, and is refused when it had arrived"))
	default:
		d.learn(providers.SecondUseRefused, false)
		d.Note(check, second.Answer, lang.Of("a second solicitation with the same file is answered by %s", d.refusal(second.Answer)), rest.Reference(lang.Of("%s with HTTP 200", codeFileNotFound), "§10"),
			lang.Of("an interrupted invitation is not made once more here: it stays in doubt until a callback or you settle it"))
		if !saysNo(second.Answer) {
			removed = false
			d.Wrong("deletion", second.Answer, lang.Of("nobody can tell whether a second solicitation was made"), lang.Text{}, perhapsThere)
		}
	}
	if removed {
		d.Fine("deletion", first.Answer, lang.Of("what was made for you is deleted"))
	}
}

var perhapsThere = lang.Of(`it may be there all the same: look for "chancela doctor" in the portal, and delete it`)

// creation is what came of one.
type creation struct {
	rest.Answer
	id string
}

// create makes a solicitation; false when it was refused, or nobody knows.
func (d *doctor) create(ctx context.Context, body solicitationRequest) (creation, bool) {
	a := d.Ask(ctx, rest.Request{Method: http.MethodPost, Path: "/solicitation", Body: rest.JSONBody(body)})
	var e envelope
	var made solicitation
	if !d.taken(a) || json.Unmarshal(a.Body, &e) != nil || json.Unmarshal(e.Result, &made) != nil || made.Identifier == "" {
		return creation{a, ""}, false
	}
	return creation{a, made.Identifier}, true
}

// saysNo tells an answer that says that it is a refusal.
func saysNo(a rest.Answer) bool {
	var e envelope
	return codeOf(a) != "" || a.Err == nil && json.Unmarshal(a.Body, &e) == nil && e.Error
}

// noFirst says why not even the first one was made.
func (d *doctor) noFirst(first creation) {
	const noAddress = "INTEGRATION_SOLICITATION_41A7"
	if codeOf(first.Answer) == noAddress && d.settings.WebhookURL == "" {
		d.learn(providers.NoCallback, true)
		d.toldOfCallback = true
		d.Wrong("callback", first.Answer, lang.Of("the portal has no address for callbacks, and CHANCELA_SDOC_WEBHOOK_URL is not set: every solicitation is refused"), lang.Text{},
			lang.Of("set CHANCELA_SDOC_WEBHOOK_URL; check refuses rows of sdoc until then"))
		return
	}
	cure := lang.Of("look at --self: a full name, an e-mail and a CPF")
	switch code := codeOf(first.Answer); {
	case code != "":
		cure = cureOf(code)
	case first.Status != http.StatusOK:
		cure = perhapsThere
	}
	d.Wrong("solicitation", first.Answer, lang.Of("one for you alone is answered by %s", d.refusal(first.Answer)), lang.Text{}, cure)
}

// remove deletes a solicitation; what stays is said.
func (d *doctor) remove(ctx context.Context, c creation) bool {
	a := d.Ask(ctx, rest.Request{Method: http.MethodDelete, Path: "/solicitation", Query: identifier(c.id)})
	if d.taken(a) {
		return true
	}
	d.Wrong("deletion", a, lang.Of("solicitation %s is not deleted: %s", c.id, d.refusal(a)), lang.Text{}, lang.Of("delete it in the portal"))
	return false
}

func (d *doctor) learn(fact providers.Fact, holds bool) {
	if d.visit.Learn != nil {
		d.visit.Learn(fact, holds)
	}
}

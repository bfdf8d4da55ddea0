package pages

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/storage/ledger"
)

// What is refused is said in the person's language, whoever refuses it.
func TestRefusalsSpeakPortuguese(t *testing.T) {
	v := newSite(t).visitor()
	v.lang = "pt-BR"
	v.get("/campaigns/nenhuma").want(t, http.StatusNotFound, "Não há nada aqui", "não há campanha ou envelope com este nome")
	v.get("/campaigns/nenhuma/envelopes/1").want(t, http.StatusNotFound, "não há campanha ou envelope com este nome")
	v.get("/nada").want(t, http.StatusNotFound, "não há nada neste endereço")
	v.do(http.MethodPost, "/sign-in", "application/x-www-form-urlencoded", "form=0").want(t, http.StatusForbidden, "Este formulário não é de uma página deste servidor")
	v.lang = "en"
	v.get("/campaigns/none").want(t, http.StatusNotFound, "there is no such campaign or envelope")
}

// A page that asks says what an action means for what there is, and nothing of what there is none of.
func TestNothingIsSaidOfNone(t *testing.T) {
	w := newSite(t).pages.choose("en")
	for want, c := range map[string]struct {
		verb          string
		waiting, sent int64
	}{
		"1 envelope that is not sent yet is stopped. This cannot be undone.":                                                 {"cancel", 1, 0},
		"3 envelopes that are not sent yet are stopped. This cannot be undone.":                                              {"cancel", 3, 0},
		"For the 2 that are with their signers the provider is asked to withdraw them, where it can. This cannot be undone.": {"cancel", 0, 2},
		"2 envelopes that are not sent yet wait until you resume. The one that is with its signers goes on.":                 {"pause", 2, 1},
		"": {"cancel", 0, 0},
	} {
		if got := w.meaning(c.verb, c.waiting, c.sent); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

// What can be done with a campaign changes with it, on a page that is open, too.
func TestActionsAreLive(t *testing.T) {
	s := newSite(t)
	s.enqueue("june", jobs.Envelope{ID: "1", Subject: "Lease", Signers: person1("Ana", "ana@example.com")}, ledger.Queued)
	page := s.visitor().get("/campaigns/june")
	page.want(t, http.StatusOK, `/campaigns/june/cancel"`)
	if live := page.text[strings.Index(page.text, `id="live"`):]; !strings.Contains(live, `/campaigns/june/cancel"`) || !strings.Contains(live, `/campaigns/june/pause"`) {
		t.Error("the buttons stand where nothing changes")
	}
}

// Who asks people again that another campaign asks is told all ways out.
func TestWaysOutOfAskingAgain(t *testing.T) {
	v := newSite(t).visitor()
	sheet := [2]string{"file:june.csv", "id;provider;subject;template;signer1.name;signer1.email\n1;certyneo;Lease;t;Ana;ana@example.com\n"}
	first := v.sendForm("/send", sheet)
	v.post(first.Request.URL.Path, first.Request.URL.Path+"/confirm", nil).want(t, http.StatusOK, "1 envelope was accepted.")
	again := v.sendForm("/send", sheet, [2]string{"campaign", "july"})
	again.want(t, http.StatusOK, "under its name, with the ids that the rows had; or, if they are to sign again")
	refused := v.post(again.Request.URL.Path, again.Request.URL.Path+"/confirm", nil)
	refused.want(t, http.StatusUnprocessableEntity, `<a href="#file">Take these rows out`, `<a href="#campaign">If it is the same campaign`, `<a href="#again">If they are to sign again`)
	refused.linksLead(t)
}

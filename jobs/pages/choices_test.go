package pages

import (
	"net/http"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

const onePage = "%PDF-1.4\n1 0 obj<</Type/Page>>endobj\ntrailer<<>>\n%%EOF"

// Before anything is sent the page says again what was chosen, and until when it takes with that.
func TestChoicesAreSaidAgain(t *testing.T) {
	v := newSite(t).visitor()
	v.lang = "pt-BR"
	sheet := "id;assunto;nome;e-mail;arquivo\n1;A;Ana;ana@example.com;a.pdf\n2;B;Rui;rui@example.com;a.pdf\n3;C;Eva;eva@example.com;a.pdf\n"
	page := v.sendForm("/send", [2]string{"file:junho.csv", sheet}, [2]string{"documents:a.pdf", onePage}, [2]string{"provider", "certyneo"}, [2]string{"start_at", "02/12/2099 09:00"},
		[2]string{"window", "Mon-Fri 09:00-18:00"}, [2]string{"limit", "1/day"}, [2]string{"holidays", "br"}, [2]string{"first", "2"}, [2]string{"remind_after", "3d"}, [2]string{"remind_every", "2d"})
	page.want(t, http.StatusUnprocessableEntity, "o ano está certo")

	at := time.Now().UTC().AddDate(1, 0, 0)
	for at.Weekday() != time.Monday {
		at = at.AddDate(0, 0, 1)
	}
	page = v.sendForm(page.Request.URL.Path, [2]string{"start_at", at.Format("02/01/2006") + " 09:00"}, [2]string{"holidays", ""})
	page.want(t, http.StatusOK, "<dt>Nome da campanha</dt><dd>junho</dd>", "<dt>Provedor das linhas sem provedor</dt><dd>certyneo</dd>",
		"seg-sex 09:00-18:00, no máximo 1 por dia; os primeiros em "+at.Format("02/01/2006")+" 09:00", "As primeiras 2 de cada provedor vão antes",
		"lembretes 3d depois do convite, depois a cada 2d, no máximo 3; não em certyneo, que não os oferece",
		"Os últimos convites saem não antes de "+at.AddDate(0, 0, 2).Format("02/01/2006")+" 09:00")

	v.sendForm(page.Request.URL.Path, [2]string{"start_at", ""}, [2]string{"window", ""}, [2]string{"limit", ""}, [2]string{"first", ""}, [2]string{"remind_after", ""}, [2]string{"remind_every", ""}).
		want(t, http.StatusOK, "<dt>Quando os convites saem</dt><dd>assim que você confirmar</dd>")
}

// The page of a campaign says by which hours and rule it goes, and what its course will be.
func TestACampaignSaysItsRules(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.enqueue("june", jobs.Envelope{ID: "1", Subject: "Lease", Signers: []providers.Signer{{Name: "Ana", Email: "ana@example.com"}}}, ledger.Queued)
	at := time.Date(time.Now().Year()+1, 2, 1, 9, 0, 0, 0, time.UTC)
	if err := s.client.SetHours(ctx, "june", hours.Settings{StartAt: at.Format("2006-01-02 15:04"), Window: "Mon-Sun 09:00-18:00", Limit: "5/day", Zone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	if err := s.client.SetReminders(ctx, "june", hours.Reminders{After: "3d"}); err != nil {
		t.Fatal(err)
	}
	v := s.visitor()
	v.lang = "pt-BR"
	v.get("/campaigns/june").want(t, http.StatusOK, "Horários e lembretes", "seg-dom 09:00-18:00, no máximo 5 por dia", "lembrete 3d depois do convite", "Nada aconteceu ainda", "Ninguém é convidado antes de "+at.Format("02/01/2006")+" 09:00")
}

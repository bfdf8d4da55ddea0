package pages

import (
	"net/http"
	"testing"
	"time"
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

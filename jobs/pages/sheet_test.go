package pages

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// sendForm sends a form with files as a browser does: fields in their order, files under file:NAME.
func (v *visitor) sendForm(to string, parts ...[2]string) reply {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		name, file, isFile := strings.Cut(p[0], ":")
		if !isFile {
			form.WriteField(name, p[1])
			continue
		}
		w, err := form.CreateFormFile(name, file)
		if err != nil {
			v.t.Fatal(err)
		}
		w.Write([]byte(p[1]))
	}
	form.Close()
	token := addressToken.FindStringSubmatch(v.get("/send").text)
	if token == nil {
		v.t.Fatal("/send has no form")
	}
	return v.do(http.MethodPost, to+"?form="+token[1], form.FormDataContentType(), body.String())
}

var addressToken = regexp.MustCompile(`\?form=([0-9a-f]+)`)

const ownSheet = "Contrato nº;Inquilino;E-mail;Arquivo\n2026-1;Ana;ana@example.com;a.pdf\n"

// A sheet with headings of its own is read by what its sender chooses on the page, and the choices
// are there again when the sheet is mended.
func TestOwnSheetOnThePage(t *testing.T) {
	v := newSite(t).visitor()
	v.get("/send").want(t, http.StatusOK, "How the sheet is read", "When invitations leave")
	first := v.sendForm("/send", [2]string{"file:junho.csv", ownSheet}, [2]string{"documents:a.pdf", "%PDF-1.4\n1 0 obj<</Type/Page>>endobj\ntrailer<<>>\n%%EOF"}, [2]string{"provider", "certyneo"})
	first.want(t, http.StatusUnprocessableEntity, `<details id="reading" open>`, `<option value="signer1.name=Inquilino">name of signer 1 (signer1.name)</option>`, `<option selected>certyneo</option>`, `<option value="">e-mail of signer 1 (signer1.email)</option>`, "not known: choose")
	if strings.Contains(first.text, "--map") {
		t.Error("a flag stands on the page")
	}
	draft := first.Request.URL.Path
	second := v.sendForm(draft, [2]string{"file:", ""}, [2]string{"provider", "certyneo"}, [2]string{"map", ""}, [2]string{"map", "signer1.name=Inquilino"}, [2]string{"map", "meta.contratono=Contrato nº"},
		[2]string{"subject", "Lease of {signer1.name}"}, [2]string{"id", "{meta.contratono}"}, [2]string{"window", "Mon-Fri 09:00-18:00"}, [2]string{"first", "1"})
	for _, want := range []string{`<option value="signer1.name=Inquilino" selected>`, `<option selected>certyneo</option>`, `value="Lease of {signer1.name}"`, `value="Mon-Fri 09:00-18:00"`, "The first 1 of each provider go first", "What you chose"} {
		if !strings.Contains(second.text, want) {
			t.Errorf("no %s in %s", want, second.text)
		}
	}
	other := v.sendForm(draft, [2]string{"map", "signer1.name=Inquilino"}, [2]string{"map", "meta.old=E-mial"})
	other.want(t, http.StatusUnprocessableEntity, "there is no heading &#34;e-mial&#34;, said to be meta.old: did you mean &#34;E-mail&#34;?", `<input type="checkbox" name="map" value="meta.old=E-mial" checked>`)
	v.sendForm(draft, [2]string{"map", "signer1.name=Inquilino"}, [2]string{"map", "meta.contratono=Contrato nº"}).want(t, http.StatusOK) // it was unticked
	v.lang = "pt-BR"
	v.sendForm(draft, [2]string{"limit", "muitos"}).want(t, http.StatusUnprocessableEntity, "não é um número por dia", "Como a planilha é lida", "Quando os convites saem")
	v.sendForm(draft, [2]string{"limit", ""}, [2]string{"map", ""}).want(t, http.StatusUnprocessableEntity, "diga o que é, em &#34;Como a planilha é lida&#34;")
}

// Ids that are people's CPFs are warned of before they are sent.
func TestIDsThatArePeoplesOnThePage(t *testing.T) {
	v := newSite(t).visitor()
	for id, want := range map[string]bool{"{CPF}": true, "{signer1.document}-1": true, "{Nome}": false} {
		page := v.sendForm("/send", [2]string{"file:june.csv", "CPF;template;Nome;E-mail\n529.982.247-25;t;Ana;a@example.com\n"}, [2]string{"provider", "certyneo"}, [2]string{"subject", "Lease"}, [2]string{"id", id})
		page.want(t, http.StatusOK)
		if strings.Contains(page.text, "people&#39;s CPFs or CNPJs") != want {
			t.Errorf("%s: %s", id, page.text)
		}
	}
}

// What is said of a field names what stands on the page.
func TestFoldsHaveTheNamesThatMessagesSay(t *testing.T) {
	for _, tongue := range languages {
		said := regexp.MustCompile(`"([^"]+)"`)
		for _, name := range []string{"upload.more", "reading.title"} {
			if title := tongue.texts[name]; said.MatchString(title) || title == "" {
				t.Errorf("%s: %q", name, title)
			}
		}
	}
	if english["reading.title"] != "How the sheet is read" || english["upload.more"] != "Name and provider" || portuguese["reading.title"] != "Como a planilha é lida" || portuguese["upload.more"] != "Nome e provedor" {
		t.Error("messages of package campaign name these folds")
	}
}

package pages

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/campaign"
)

// Of a wide sheet the columns with a mistake are shown, after those that say what row it is.
func TestWideSheetShowsWhereTheMistakesAre(t *testing.T) {
	v := newSite(t).visitor()
	sheet := "id;provider;subject;document;signer1.name;signer1.email;meta.a;meta.b;meta.c;signer1.phone\n0001;certyneo;Lease;s3://b/a.pdf;Ana Souza;ana@;a;b;c;+5511987654321\n"
	page := v.sendForm("/send", [2]string{"file:june.csv", sheet})
	page.want(t, http.StatusUnprocessableEntity, "<dt>id</dt>", "<dt>provider</dt>", `<dt>signer1.email <span class="at">F2</span></dt>`, "<span>ana@</span>", "Of each row you see the first columns", "e-mail of signer 1 (signer1.email): ")
	for _, other := range []string{"meta.a", "Ana Souza", "signer1.phone"} {
		if table := page.text[strings.Index(page.text, `class="faulty"`):]; strings.Contains(table, other) {
			t.Errorf("%s has no mistake and is shown", other)
		}
	}
}

// Headings of two roles are proposed on the page as the command line proposes them, and the page
// to confirm says which column is what.
func TestRolesAreProposed(t *testing.T) {
	v := newSite(t).visitor()
	sheet := "id;Assunto;Arquivo;Nome do locador;E-mail do locador;Nome do locatário;E-mail do locatário\n1;Locação;a.pdf;Ana;ana@example.com;Rui;rui@example.com\n"
	page := v.sendForm("/send", [2]string{"file:june.csv", sheet}, [2]string{"documents:a.pdf", "%PDF-1.4\n1 0 obj<</Type/Page>>endobj\ntrailer<<>>\n%%EOF"}, [2]string{"provider", "certyneo"})
	chosen := []string{"signer1.name=Nome do locador", "signer1.email=E-mail do locador", "signer2.name=Nome do locatário", "signer2.email=E-mail do locatário"}
	parts := [][2]string{{"provider", "certyneo"}}
	for _, value := range chosen {
		page.want(t, http.StatusUnprocessableEntity, `<option value="`+value+`" selected>`)
		parts = append(parts, [2]string{"map", value})
	}
	v.sendForm(page.Request.URL.Path, parts...).want(t, http.StatusOK, "What you chose", "Headings of the sheet", "Nome do locador = name of signer 1 (signer1.name)", "Nome do locatário = name of signer 2 (signer2.name)", "Assunto = subject")
}

// An upload that another process has says what became of it, in the person's language.
func TestUploadThatIsElsewhere(t *testing.T) {
	v := newSite(t).visitor()
	v.lang = "pt-BR"
	v.get("/send/OTHER").want(t, http.StatusNotFound, "nada dele foi enviado", "vários servidores")
}

// The empty workbook has no row, explains its columns in the person's language, and each of them is
// understood as what it is called.
func TestEmptyWorkbook(t *testing.T) {
	v := newSite(t).visitor()
	v.lang = "pt-BR"
	page := v.get("/send")
	page.want(t, http.StatusOK, "Na coluna Arquivo está o nome do documento", "Nome do signatário 1", "Planilha para Excel")
	if strings.Contains(page.text, "coluna document") || strings.Contains(page.text, ">signer1.name<") {
		t.Error("a column's own name is shown to people")
	}
	for _, address := range []string{"/send/sheet.xlsx", "/send/sheet.xlsx?provider=certyneo"} {
		book := v.get(address)
		book.want(t, http.StatusOK)
		file := filepath.Join(t.TempDir(), "june.xlsx")
		if err := os.WriteFile(file, []byte(book.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var read campaign.Reading
		r, err := campaign.Open(file, campaign.Options{Campaign: "june", Read: func(x campaign.Reading) { read = x }})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var understood []string
		for _, n := range read.All {
			understood = append(understood, n.Column)
		}
		for _, column := range []string{"id", "provider", "document", "signer1.name", "signer2.email"} {
			if !slices.Contains(understood, column) {
				t.Errorf("%s: no %s among %q", address, column, understood)
			}
		}
		if slices.Contains(understood, "") {
			t.Errorf("%s: not understood: %q", address, read.All)
		}
		for row, err := range r.Rows(t.Context()) {
			t.Errorf("%s: there is a row: %+v, %v", address, row, err)
		}
	}
}

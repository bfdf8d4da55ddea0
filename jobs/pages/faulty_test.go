package pages

import (
	"net/http"
	"strings"
	"testing"
)

// Of a wide sheet the columns with a mistake are shown, after those that say what row it is.
func TestWideSheetShowsWhereTheMistakesAre(t *testing.T) {
	v := newSite(t).visitor()
	sheet := "id;provider;subject;document;signer1.name;signer1.email;meta.a;meta.b;meta.c;signer1.phone\n0001;certyneo;Lease;s3://b/a.pdf;Ana Souza;ana@;a;b;c;+5511987654321\n"
	page := v.sendForm("/send", [2]string{"file:june.csv", sheet})
	page.want(t, http.StatusUnprocessableEntity, "<span>id</span></th>", "<span>provider</span></th>", "<span>signer1.email</span></th>", "<span>ana@</span>", "Without a mistake and not shown: subject, ", "meta.c, signer1.phone.")
	if strings.Contains(page.text, "<span>meta.a</span>") || strings.Contains(page.text, "<span>Ana Souza</span>") {
		t.Error("a column without a mistake is shown")
	}
}

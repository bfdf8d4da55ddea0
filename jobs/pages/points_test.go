package pages

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var placeLink = regexp.MustCompile(`href="#([^"]+)"`)

// linksLead checks that each link within a page leads to something on it.
func (r reply) linksLead(t *testing.T) {
	t.Helper()
	for _, m := range placeLink.FindAllStringSubmatch(r.text, -1) {
		if strings.Count(r.text, ` id="`+m[1]+`"`) != 1 {
			t.Errorf("#%s stands %d times on the page", m[1], strings.Count(r.text, ` id="`+m[1]+`"`))
		}
	}
}

// What is wrong with an upload names its row and its cell, in the person's words, with a link to each.
func TestMistakesSayWhereTheyAre(t *testing.T) {
	v := newSite(t).visitor()
	v.lang = "pt-BR"
	rows := []string{"id;provider;subject;template;signer1.name;signer1.email"}
	for i := 2; i < 250; i++ {
		email := fmt.Sprintf("a%d@example.com", i)
		if i >= 10 {
			email = "ana@"
		}
		rows = append(rows, fmt.Sprintf("%d;certyneo;Locação;t;Ana;%s", i, email))
	}
	page := v.sendForm("/send", [2]string{"file:junho.csv", strings.Join(rows, "\n")})
	page.want(t, http.StatusUnprocessableEntity, "<li>e-mail do signatário 1 (signer1.email): ", `<a href="#row-10">linha 10, F10</a>; <a href="#row-11">linha 11, F11</a>; `, "e mais 235 linhas")
	page.linksLead(t)
	rows[1] = "2;certyneo;Locação;t;Ana"
	page = v.sendForm("/send", [2]string{"file:junho.csv", strings.Join(rows[:3], "\n")})
	page.want(t, http.StatusUnprocessableEntity, `<a href="#row-2">linha 2, F2</a>`)
	page.linksLead(t)
}

// So does what is wrong with headings, and with what was said beside the sheet.
func TestHeadingsAndOptionsHaveLinks(t *testing.T) {
	v := newSite(t).visitor()
	v.lang = "pt-BR"
	page := v.sendForm("/send", [2]string{"file:junho.csv", "id;subject;template;signer1.name;signer1.emial;Contrato\n1;Locação;t;Ana;a@example.com;x\n"},
		[2]string{"limit", "muitos"}, [2]string{"window", "sempre"}, [2]string{"remind_after", "logo"}, [2]string{"first", "0"})
	page.want(t, http.StatusUnprocessableEntity, `<a href="#provider">provedor (provider)</a>: falta esta coluna`, `<a href="#map-4">signer1.emial, E1</a>: `, `<a href="#map-5">Contrato, F1</a>: `)
	page.linksLead(t)
	page = v.sendForm("/send", [2]string{"file:junho.csv", "id;provider;subject;template;signer1.name;signer1.email\n1;certyneo;Locação;t;Ana;a@example.com\n"},
		[2]string{"limit", "muitos"}, [2]string{"window", "sempre"}, [2]string{"remind_after", "logo"}, [2]string{"first", "0"})
	page.want(t, http.StatusUnprocessableEntity, `<a href="#limit">No máximo por dia</a>: `, `<a href="#window">Só nestes dias e horários</a>: `, `<a href="#remind_after">O primeiro depois de</a>: `, `<a href="#first">Começar com poucas linhas</a>: `)
	page.linksLead(t)
	for name := range besideWords {
		if !strings.Contains(page.text, ` id="`+name+`"`) {
			t.Errorf("no field %s on the page", name)
		}
	}
	page = v.sendForm("/send", [2]string{"file:junho.csv", "id;provider;subject\n"})
	page.want(t, http.StatusUnprocessableEntity)
	page.linksLead(t)
}

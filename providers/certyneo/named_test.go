package certyneo

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

// A template and a workspace may be given by their names; each is looked for once.
func TestNamesOfTemplateAndWorkspace(t *testing.T) {
	f, p := newFake(t)
	f.Answer("GET /templates", 200, `{"data":[{"id":"tpl_1","name":"Vente"}],"pagination":{"total":2,"page":1,"pageSize":1,"pages":2}}`)
	f.Answer("GET /templates?page=2", 200, `{"data":[{"id":"tpl_2","name":"Bail meublé"}],"pagination":{"total":2,"page":2,"pageSize":1,"pages":2}}`)
	f.Answer("GET /workspaces", 200, `{"data":[{"id":"ws_1","name":"Gestion","slug":"g","role":"MEMBER"},{"id":"ws_2","name":"Juridique","slug":"j","role":"OWNER"}]}`)
	f.Answer("POST /envelopes", 201, `{"id":"env_1"}`)
	e := envelope1()
	e.Documents, e.Template = nil, "name:Bail meublé"
	e.Options = map[string]map[string]string{Name: {"workspace": "name: Juridique"}}
	if err := p.Check(e); err != nil {
		t.Fatal(err)
	}
	job := fake.NewJob(e, nil)
	for range 2 {
		if err := p.Prepare(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"GET /templates", "GET /templates?page=2", "GET /workspaces", "POST /envelopes"}; !slices.Equal(f.Called(), want) {
		t.Errorf("calls %q, want %q", f.Called(), want)
	}
	fake.SameJSON(t, f.Bodies("POST /envelopes")[0], `{"subject":"Bail lot 14","templateId":"tpl_2","workspaceId":"ws_2",
		"recipients":[{"email":"nadia@exemple.test","name":"Nadia Ferrand","role":"SIGNER"}]}`)
}

// A name that nothing has, or several have, fails the row before anything is made.
func TestNamesThatAreNotOne(t *testing.T) {
	for name, list := range map[string]string{"none": `{"data":[]}`, "two": `{"data":[{"id":"a","name":"Bail"},{"id":"b","name":"Bail"}]}`} {
		f, p := newFake(t)
		f.Answer("GET /templates", 200, list)
		e := envelope1()
		e.Documents, e.Template = nil, "name:Bail"
		err := p.Prepare(t.Context(), fake.NewJob(e, nil))
		fake.WantKind(t, err, providers.Invalid, "template")
		if f.Count("POST /envelopes") != 0 || strings.Contains(err.Error(), "Bail") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Fields beside the signature stand on the first document, counted from its head.
func TestFieldsThatAreFilledIn(t *testing.T) {
	f, p := newFake(t)
	f.Answer("POST /documents", 201, `{"id":"doc_1"}`)
	f.Routes["POST /envelopes"] = func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"id":"env_1"}`) }
	e := envelope1()
	place := func(y float64) []providers.Place {
		return []providers.Place{{Stamp: providers.Stamp{Page: 2, X: 72, Y: y, Width: 100, Height: 20}}}
	}
	e.Signers[0].Date, e.Signers[0].Text, e.Signers[0].Checkbox = place(500), place(400), place(300)
	if err := p.Check(e); err != nil {
		t.Fatal(err)
	}
	const page800 = "%PDF-1.7 /MediaBox [0 0 595 800]"
	e.Documents[0].Size = int64(len(page800))
	if err := p.Prepare(t.Context(), fake.NewJob(e, map[string]string{"bail.pdf": page800})); err != nil {
		t.Fatal(err)
	}
	fake.SameJSON(t, f.Bodies("POST /envelopes")[0], `{"subject":"Bail lot 14","documentIds":["doc_1"],
		"recipients":[{"email":"nadia@exemple.test","name":"Nadia Ferrand","role":"SIGNER"}],
		"fields":[
		{"recipientEmail":"nadia@exemple.test","documentIndex":0,"pageNumber":1,"fieldType":"SIGNATURE","x":72,"y":700,"width":150,"height":40},
		{"recipientEmail":"nadia@exemple.test","documentIndex":0,"pageNumber":2,"fieldType":"DATE_SIGNED","x":72,"y":280,"width":100,"height":20},
		{"recipientEmail":"nadia@exemple.test","documentIndex":0,"pageNumber":2,"fieldType":"TEXT","x":72,"y":380,"width":100,"height":20},
		{"recipientEmail":"nadia@exemple.test","documentIndex":0,"pageNumber":2,"fieldType":"CHECKBOX","x":72,"y":480,"width":100,"height":20}]}`)
}

// No document says how an order is asked for: a row with one is refused unless its option
// says to rely on the array's. What has no place in a field is refused, too.
func TestCheckOfOrderAndFields(t *testing.T) {
	_, p := newFake(t)
	two := func(e *providers.Envelope) {
		e.Signers = append(e.Signers, providers.Signer{Name: "Paul Roche", Email: "paul@exemple.test", Order: 2})
		e.Signers[0].Order = 1
	}
	place := []providers.Place{{Stamp: providers.Stamp{Page: 1, Width: 10, Height: 10}}}
	for name, c := range map[string]struct {
		change func(*providers.Envelope)
		field  string
	}{
		"an order": {two, "signer2.order"},
		"an order, confirmed": {func(e *providers.Envelope) {
			two(e)
			e.Options = map[string]map[string]string{Name: {"signing_order": "array"}}
		}, ""},
		"one place for all": {func(e *providers.Envelope) { two(e); e.Signers[0].Order = 2 }, ""},
		"a label": {func(e *providers.Envelope) {
			e.Signers[0].Text = []providers.Place{{Stamp: place[0].Stamp, Label: "Profession"}}
		}, "signer1.text"},
		"an approver's": {func(e *providers.Envelope) {
			two(e)
			e.Signers[0].Order, e.Signers[1].Type, e.Signers[1].Date = 2, providers.TypeApprover, place
		}, "signer2.date"},
		"a template's": {func(e *providers.Envelope) { e.Documents, e.Template, e.Signers[0].Checkbox = nil, "tpl_1", place }, "signer1.checkbox"},
		"no name":      {func(e *providers.Envelope) { e.Documents, e.Template = nil, "name:" }, "template"},
	} {
		e := envelope1()
		c.change(&e)
		err := p.Check(e)
		if problems, _ := err.(providers.Problems); c.field == "" && err != nil || c.field != "" && (len(problems) != 1 || problems[0].Field != c.field) {
			t.Errorf("%s: %v, want one of %q", name, err, c.field)
		}
	}
}

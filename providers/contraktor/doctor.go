package contraktor

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/rest"
)

// Examine tries the account without reaching anybody.
func Examine(ctx context.Context, s rest.Settings, v rest.Visit) error {
	base, err := Environments.Base(Name, s)
	if err != nil {
		return err
	}
	x, err := rest.NewExaminer(Name, base, s, http.Header{"Authorization": {"Bearer " + s.APIKey.Reveal()}}, v)
	if err != nil {
		return err
	}
	d := doctor{x}
	if !d.workflows(ctx) {
		return nil
	}
	d.templates(ctx)
	d.parties(ctx)
	d.contracts(ctx)
	if v.Draft {
		d.draft(ctx)
	}
	return nil
}

type doctor struct{ *rest.Examiner }

func get(path string) rest.Request { return rest.Request{Method: http.MethodGet, Path: path} }

// list reads {"data": [...]}, which the references draw, or the bare list. What is neither
// is reported.
func (d doctor) list(check string, a rest.Answer, into any) bool {
	var wrapped struct {
		Data json.RawMessage `json:"data"`
	}
	body := a.Body
	if json.Unmarshal(body, &wrapped) == nil {
		body = wrapped.Data
	} else {
		d.Note(check, a, lang.Of("the list comes bare"), rest.Reference(`{"data": [...]}`, "§1"), lang.Of("both are read"))
	}
	a.Body = body
	return d.Decode(check, a, into)
}

func (d doctor) workflows(ctx context.Context) bool {
	a := d.Ask(ctx, get("/workflows"))
	if d.Refused("key", a, lang.Text{}) {
		return false
	}
	var all []struct {
		ID      json.RawMessage `json:"id"`
		Name    string          `json:"name"`
		Default bool            `json:"is_default"`
	}
	if !d.list("workflows", a, &all) {
		return true
	}
	d.Fine("key", a, lang.Of("the key is taken"))
	var names []lang.Text
	for _, w := range all {
		if strings.HasPrefix(string(w.ID), `"`) {
			d.Wrong("ids", a, lang.Of("ids are texts"), rest.Reference(lang.Of("numbers"), "§1"), lang.Of("report this: the client reads numbers"))
			return true
		}
		name := lang.Of("%s (%s)", w.Name, w.ID)
		if w.Default {
			name = lang.Of("%s (%s, the default)", w.Name, w.ID)
		}
		names = append(names, name)
	}
	d.Fine("workflows", a, lang.Of("for contraktor.workflow or contraktor.workflow_id: %v", rest.Listed(names)))
	return true
}

func (d doctor) templates(ctx context.Context) {
	a := d.Ask(ctx, get("/templates"))
	if d.Refused("templates", a, lang.Of("rows with a template fail")) {
		return
	}
	var all []struct {
		ID    json.Number `json:"id"`
		Title string      `json:"title"`
	}
	if !d.list("templates", a, &all) {
		return
	}
	var names []lang.Text
	for _, t := range all {
		names = append(names, lang.Of("%s (%s)", t.Title, t.ID))
	}
	d.Fine("templates", a, lang.Of("for the column template: %v", rest.Listed(names)))
}

// parties finds out whether search filters: that it exists is known from a customer's
// program only (reference §7).
func (d doctor) parties(ctx context.Context) {
	if d.ignores(ctx) {
		return
	}
	var all []struct {
		ID json.Number `json:"id"`
	}
	a := d.Ask(ctx, get("/parties"))
	if d.Refused("search", a, lang.Text{}) || !d.list("search", a, &all) {
		return
	}
	if len(all) == 0 {
		d.Note("search", a, lang.Of("the account has no party yet: whether search filters cannot be told"), lang.Text{}, lang.Of("doctor --draft tells"))
		return
	}
	d.Fine("search", a, lang.Of("search filters; without it %d parties come at once", len(all)))
	if more := besideData(a.Body); more != "" {
		d.Note("pages", a, lang.Of("the list of parties tells more than its data: %s", more), rest.Reference(`{"data": [...]}`, "§7"), lang.Of("it may come in pages, of which the first is read: who stands on another one is made anew, unless search finds them"))
	}
}

// besideData names the members of a list's answer that no reference knows.
func besideData(body []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return ""
	}
	delete(object, "data")
	return strings.Join(slices.Sorted(maps.Keys(object)), ", ")
}

// ignores tells whether a nonsense search finds somebody, or cannot be made: that has been
// reported then.
func (d doctor) ignores(ctx context.Context) bool {
	nonsense := get("/parties")
	nonsense.Query = url.Values{"search": {"chancela-doctor-" + strings.ToLower(rand.Text()[:12])}}
	var all []struct {
		ID json.Number `json:"id"`
	}
	a := d.Ask(ctx, nonsense)
	if d.Refused("search", a, lang.Of("give every row contraktor.find_parties=false")) || !d.list("search", a, &all) {
		return true
	}
	if len(all) > 0 {
		d.Note("search", a, lang.Of("a nonsense search finds %d: search does not filter", len(all)), lang.Of("nobody"), wholeList)
	}
	return len(all) > 0
}

var wholeList = lang.Of("each look for a party reads the whole list; contraktor.find_parties=false does without it")

func (d doctor) contracts(ctx context.Context) {
	a := d.Ask(ctx, get("/contracts"))
	if d.Refused("contracts", a, lang.Of("an interrupted invitation cannot be settled")) {
		return
	}
	var all []struct {
		Organization struct {
			Engines []string `json:"available_proof_engines"`
			Plan    struct {
				Signatures *json.Number `json:"signature_counter"`
			} `json:"organization_plan"`
		} `json:"organization"`
	}
	if !d.list("contracts", a, &all) {
		return
	}
	d.Fine("contracts", a, lang.Of("%d at once; no page is documented", len(all)))
	engines, counter := "", ""
	for _, k := range all {
		if engines == "" {
			engines = strings.Join(k.Organization.Engines, ", ")
		}
		if counter == "" && k.Organization.Plan.Signatures != nil {
			counter = k.Organization.Plan.Signatures.String()
		}
	}
	if engines == "" {
		d.Note("engines", a, lang.Of("no contract tells the account's engines and its counter of signatures"), lang.Text{}, lang.Of("look at the plan in Contraktor's own pages"))
		return
	}
	text := lang.Of("the account signs with %s", engines)
	if counter != "" {
		text = lang.Of("%v; its plan's counter of signatures stands at %s", text, counter)
	}
	d.Fine("engines", a, text)
}

// draft makes a contract that is never sent, and a party, and removes both.
func (d doctor) draft(ctx context.Context) {
	defer d.Remove(ctx)
	file := d.made(ctx, "upload", "/files", rest.Multipart(nil, rest.Part{
		Field: "file", FileName: "chancela-doctor.pdf", ContentType: "application/pdf", Size: int64(len(rest.Blank)), Open: rest.OpenBlank,
	}))
	if file == 0 {
		return
	}
	contract := d.made(ctx, "draft", "/contracts", rest.JSONBody(contractRequest{contractFields{
		Title: "chancela doctor: a draft", Document: &fileRef{file}, Metadata: map[string]string{"chancela": "doctor"},
	}}))
	if contract == 0 {
		return
	}
	d.later("contracts", lang.Of("the contract"), contract)
	d.look(ctx, contract)

	email := "doctor-" + strings.ToLower(rand.Text()[:12]) + "@example.com"
	party := d.made(ctx, "party", "/parties", rest.JSONBody(partyRequest{partyFields{PersonType: "pf", Name: "Chancela Doctor", Email: email}}))
	if party == 0 {
		return
	}
	d.later("parties", lang.Of("the party"), party)
	if d.ignores(ctx) {
		return
	}
	search := get("/parties")
	search.Query = url.Values{"search": {email}}
	var found []struct {
		Email string `json:"email"`
	}
	a := d.Ask(ctx, search)
	if d.Refused("search", a, lang.Text{}) || !d.list("search", a, &found) {
		return
	}
	switch {
	case len(found) == 1 && found[0].Email == email:
		d.Fine("search", a, lang.Of("the new party is found by its e-mail, alone"))
	case len(found) == 0:
		d.Note("search", a, lang.Of("the new party is not found by its e-mail"), lang.Of("the party"), lang.Of("a person of two contracts becomes two parties"))
	default:
		d.Note("search", a, lang.Of("the search for one e-mail finds %d parties", len(found)), lang.Of("one"), wholeList)
	}
}

// look reads the contract again: by its metadata and its proofs an interrupted invitation
// is settled.
func (d doctor) look(ctx context.Context, id int64) {
	a := d.Ask(ctx, get("/contracts/"+formatID(id)))
	if d.Refused("draft", a, lang.Of("an interrupted invitation cannot be settled")) {
		return
	}
	var k answer[struct {
		Metadata map[string]string `json:"metadata"`
		Current  struct {
			Proofs json.RawMessage `json:"proofs"`
		} `json:"current_document"`
	}]
	if !d.Decode("draft", a, &k) {
		return
	}
	if k.Data.Metadata["chancela"] != "doctor" {
		d.Note("metadata", a, lang.Of("the contract comes back without its metadata"), rest.Reference(lang.Of("as it was sent"), "§6"), lang.Of("contracts cannot be told apart by it in Contraktor's pages"))
	}
	if proofs := string(k.Data.Current.Proofs); proofs != "[]" && proofs != "null" {
		d.Wrong("proofs", a, lang.Of("the draft does not say that it has no proof"), rest.Reference(lang.Of("current_document.proofs is []"), "§6"), lang.Of("an interrupted invitation stays in doubt; report this"))
		return
	}
	d.Fine("proofs", a, lang.Of("a draft says that it has no proof"))
}

func (d doctor) later(kind string, what lang.Text, id int64) {
	d.Later(what, func(ctx context.Context) rest.Answer {
		return d.Ask(ctx, rest.Request{Method: http.MethodDelete, Path: "/" + kind + "/" + formatID(id), Route: "/" + kind + "/{id}"})
	})
}

// made makes a thing and gives its id; 0 when it has none.
func (d doctor) made(ctx context.Context, check, path string, body rest.Body) int64 {
	a := d.Ask(ctx, rest.Request{Method: http.MethodPost, Path: path, Body: body})
	if d.Refused(check, a, lang.Text{}) {
		return 0
	}
	var made answer[named]
	if !d.Decode(check, a, &made) {
		return 0
	}
	if made.Data.ID <= 0 {
		d.Wrong(check, a, lang.Of("the answer has no id that is a number"), rest.Reference("id", "§1"), rest.Differs)
		return 0
	}
	text := lang.Of("HTTP %d, id %s", a.Status, formatID(made.Data.ID))
	if path == "/files" {
		text = lang.Of("%v; no call removes a file, so it stays", text)
	}
	d.Fine(check, a, text)
	return made.Data.ID
}

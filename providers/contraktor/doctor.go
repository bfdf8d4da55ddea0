package contraktor

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
		d.Note(check, a, "the list comes bare", `{"data": [...]} (reference §1)`, "both are read")
	}
	a.Body = body
	return d.Decode(check, a, into)
}

func (d doctor) workflows(ctx context.Context) bool {
	a := d.Ask(ctx, get("/workflows"))
	if d.Refused("key", a, "") {
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
	d.Fine("key", a, "the key is taken")
	var names []string
	for _, w := range all {
		if strings.HasPrefix(string(w.ID), `"`) {
			d.Wrong("ids", a, "ids are texts", "numbers (reference §1)", "report this: the client reads numbers")
			return true
		}
		name := fmt.Sprintf("%s (%s)", w.Name, w.ID)
		if w.Default {
			name = fmt.Sprintf("%s (%s, the default)", w.Name, w.ID)
		}
		names = append(names, name)
	}
	d.Fine("workflows", a, "for contraktor.workflow or contraktor.workflow_id: "+listed(names))
	return true
}

func listed(names []string) string {
	const most = 20
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (d doctor) templates(ctx context.Context) {
	a := d.Ask(ctx, get("/templates"))
	if d.Refused("templates", a, "rows with a template fail") {
		return
	}
	var all []struct {
		ID    json.Number `json:"id"`
		Title string      `json:"title"`
	}
	if !d.list("templates", a, &all) {
		return
	}
	var names []string
	for _, t := range all {
		names = append(names, fmt.Sprintf("%s (%s)", t.Title, t.ID))
	}
	d.Fine("templates", a, "for the column template: "+listed(names))
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
	if d.Refused("search", a, "") || !d.list("search", a, &all) {
		return
	}
	if len(all) == 0 {
		d.Note("search", a, "the account has no party yet: whether search filters cannot be told", "", "doctor --draft tells")
		return
	}
	d.Fine("search", a, fmt.Sprintf("search filters; without it %d parties come at once", len(all)))
	if more := besideData(a.Body); more != "" {
		d.Note("pages", a, "the list of parties tells more than its data: "+more, `{"data": [...]} (reference §7)`, "it may come in pages, of which the first is read: who stands on another one is made anew, unless search finds them")
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
	if d.Refused("search", a, "give every row contraktor.find_parties=false") || !d.list("search", a, &all) {
		return true
	}
	if len(all) > 0 {
		d.Note("search", a, fmt.Sprintf("a nonsense search finds %d: search does not filter", len(all)), "nobody", wholeList)
	}
	return len(all) > 0
}

const wholeList = "each look for a party reads the whole list; contraktor.find_parties=false does without it"

func (d doctor) contracts(ctx context.Context) {
	a := d.Ask(ctx, get("/contracts"))
	if d.Refused("contracts", a, "an interrupted invitation cannot be settled") {
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
	d.Fine("contracts", a, fmt.Sprintf("%d at once; no page is documented", len(all)))
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
		d.Note("engines", a, "no contract tells the account's engines and its counter of signatures", "", "look at the plan in Contraktor's own pages")
		return
	}
	text := "the account signs with " + engines
	if counter != "" {
		text += "; its plan's counter of signatures stands at " + counter
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
	d.later("contracts", "the contract", contract)
	d.look(ctx, contract)

	email := "doctor-" + strings.ToLower(rand.Text()[:12]) + "@example.com"
	party := d.made(ctx, "party", "/parties", rest.JSONBody(partyRequest{partyFields{PersonType: "pf", Name: "Chancela Doctor", Email: email}}))
	if party == 0 {
		return
	}
	d.later("parties", "the party", party)
	if d.ignores(ctx) {
		return
	}
	search := get("/parties")
	search.Query = url.Values{"search": {email}}
	var found []struct {
		Email string `json:"email"`
	}
	a := d.Ask(ctx, search)
	if d.Refused("search", a, "") || !d.list("search", a, &found) {
		return
	}
	switch {
	case len(found) == 1 && found[0].Email == email:
		d.Fine("search", a, "the new party is found by its e-mail, alone")
	case len(found) == 0:
		d.Note("search", a, "the new party is not found by its e-mail", "the party", "a person of two contracts becomes two parties")
	default:
		d.Note("search", a, fmt.Sprintf("the search for one e-mail finds %d parties", len(found)), "one", wholeList)
	}
}

// look reads the contract again: by its metadata and its proofs an interrupted invitation
// is settled.
func (d doctor) look(ctx context.Context, id int64) {
	a := d.Ask(ctx, get("/contracts/"+formatID(id)))
	if d.Refused("draft", a, "an interrupted invitation cannot be settled") {
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
		d.Note("metadata", a, "the contract comes back without its metadata", "as it was sent (reference §6)", "contracts cannot be told apart by it in Contraktor's pages")
	}
	if proofs := string(k.Data.Current.Proofs); proofs != "[]" && proofs != "null" {
		d.Wrong("proofs", a, "the draft does not say that it has no proof", "current_document.proofs is [] (reference §6)", "an interrupted invitation stays in doubt; report this")
		return
	}
	d.Fine("proofs", a, "a draft says that it has no proof")
}

func (d doctor) later(kind, what string, id int64) {
	d.Later(what, func(ctx context.Context) rest.Answer {
		return d.Ask(ctx, rest.Request{Method: http.MethodDelete, Path: "/" + kind + "/" + formatID(id), Route: "/" + kind + "/{id}"})
	})
}

// made makes a thing and gives its id; 0 when it has none.
func (d doctor) made(ctx context.Context, check, path string, body rest.Body) int64 {
	a := d.Ask(ctx, rest.Request{Method: http.MethodPost, Path: path, Body: body})
	if d.Refused(check, a, "") {
		return 0
	}
	var made answer[named]
	if !d.Decode(check, a, &made) {
		return 0
	}
	if made.Data.ID <= 0 {
		d.Wrong(check, a, "the answer has no id that is a number", "id (reference §1)", "report this: the service differs from its reference")
		return 0
	}
	text := fmt.Sprintf("HTTP %d, id %d", a.Status, made.Data.ID)
	if path == "/files" {
		text += "; no call removes a file, so it stays"
	}
	d.Fine(check, a, text)
	return made.Data.ID
}

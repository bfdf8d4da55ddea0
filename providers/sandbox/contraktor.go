package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// contraktor simulates Contraktor's API (contraktor.md). No page describes validation
// errors: 422 with the documented error body, here. Posts answer 200 as the OpenAPI
// file says. An envelope of the books is a proof; the contract's metadata field
// "chancela" gives its key.
type contraktor struct {
	*Service
	next      int64
	files     map[int64]*contraktorFile
	workflows []*contraktorWorkflow
	parties   map[int64]*contraktorParty
	contracts map[int64]*contraktorContract
}

const contraktorRef = "contraktor "

// NewContraktor is the simulator of Contraktor.
func NewContraktor(sb *Sandbox, name string) *Service {
	c := &contraktor{
		Service: newService(sb, name, "/api"), next: 1000,
		files: make(map[int64]*contraktorFile), parties: make(map[int64]*contraktorParty), contracts: make(map[int64]*contraktorContract),
	}
	c.authenticate, c.failure, c.env = c.auth, c.fail, c.environment
	c.workflows = []*contraktorWorkflow{{71, "Geral", true, c.sb.now()}, {72, "Legal", false, c.sb.now()}}
	c.handle("POST /files", c.postFile)
	c.handle("GET /files/{id}", c.getFile)
	c.handle("GET /workflows", c.listWorkflows)
	c.handle("POST /workflows", c.postWorkflow)
	c.handle("GET /templates", c.listTemplates)
	c.handle("POST /parties", c.postParty)
	c.handle("GET /parties", c.listParties)
	c.handle("GET /parties/{id}", c.getParty)
	c.handle("PATCH /parties/{id}", c.patchParty)
	c.handle("DELETE /parties/{id}", c.deleteParty)
	c.contractRoutes()
	c.proofRoutes()
	c.open("GET /storage/{file}", c.follow("contraktor §10"))
	return c.Service
}

func (c *contraktor) environment() map[string]string {
	return map[string]string{c.variable("BASE_URL"): c.url(c.prefix), c.variable("API_KEY"): c.key()}
}

func (c *contraktor) key() string { return "sandbox-" + c.secret("key")[:32] }

func (c *contraktor) auth(r *http.Request) *reply {
	if r.Header.Get("Authorization") == "Bearer "+c.key() {
		return nil
	}
	c.violate(visitOf(r).route, "", "the Authorization header is not Bearer and the API token", "contraktor §1")
	return c.fail(http.StatusUnauthorized, "", "Unauthorized")
}

// fail is the one error body of §2.
func (c *contraktor) fail(status int, _, text string) *reply {
	return &reply{status: status, json: map[string]string{"error": text}}
}

// reject refuses a request that contradicts the reference. The caller does not hold
// the lock.
func (c *contraktor) reject(r *http.Request, section, rule string) *reply {
	c.violate(visitOf(r).route, r.PathValue("id"), rule, contraktorRef+section)
	return c.fail(http.StatusUnprocessableEntity, "", rule)
}

func (c *contraktor) missing(what string) *reply {
	return c.fail(http.StatusNotFound, "", what+" not found")
}

func (c *contraktor) body(r *http.Request, v any, section string) *reply {
	if !isJSON(r) {
		return c.reject(r, "§1", "the Content-Type is not application/json")
	}
	body, err := readBody(r)
	if err == nil {
		err = c.decode(r, body, v, contraktorRef+section)
	}
	if err != nil {
		return c.reject(r, section, "the body is not the JSON expected: "+err.Error())
	}
	return nil
}

func data(v any) *reply { return ok(map[string]any{"data": v}) }

// pathID is a numeric id of a path; 0 names nothing.
func pathID(r *http.Request, name string) int64 {
	id, _ := strconv.ParseInt(r.PathValue(name), 10, 64)
	return id
}

func (c *contraktor) newID() int64 {
	c.next++
	return c.next
}

// naive is a time as most answers have it: seconds, no zone (§1). UTC is a choice.
func naive(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

// Files (§4).

type contraktorFile struct {
	upload
	id int64
	at time.Time
	// serve is the content that the sandbox gives out for the file.
	serve resource
}

// The lifetime of addresses is not documented: a choice.
const contraktorLinkLifetime = time.Hour

func (c *contraktor) fileJSON(f *contraktorFile) any {
	if f == nil {
		return nil
	}
	link := c.newLink("/storage/", fmt.Sprintf("%d-%s", f.id, c.secret(fmt.Sprint("file", f.id))[:16]), contraktorLinkLifetime, f.serve)
	return map[string]any{
		"id": f.id, "name": f.name, "mime": f.mimeType, "size": f.size, "download_url": link, "preview_url": link,
		"google_file_id": nil, "inserted_at": naive(f.at), "updated_at": naive(f.at),
	}
}

const contraktorMaxFile = 50 << 20

func (c *contraktor) postFile(r *http.Request) *reply {
	up, found, _, err := readMultipart(r, "file")
	fits := map[string]func([]byte) bool{typePDF: isPDF, typeDOCX: isZIP, typeDOC: isDOC, typePNG: isPNG}[up.mimeType]
	switch {
	case err != nil:
		return c.reject(r, "§4", "the upload is not readable multipart/form-data: "+err.Error())
	case !found:
		return c.reject(r, "§4", "the part file is missing")
	case up.size > contraktorMaxFile:
		return c.reject(r, "§4", "a file has at most 50 MB")
	case fits == nil:
		return c.reject(r, "§4", "the part's Content-Type is not one of PDF, DOCX, DOC and PNG")
	case !fits(up.head):
		return c.reject(r, "§4", "the content is not what its Content-Type says")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	up.head = nil
	f := &contraktorFile{upload: up, id: c.newID(), at: c.sb.now()}
	f.serve = func() *reply {
		return file(typePDF, pdf([]string{"The sandbox keeps no uploads.", f.name, "SHA-256 of the original " + f.sha256}))
	}
	c.files[f.id] = f
	return data(c.fileJSON(f))
}

func (c *contraktor) getFile(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, found := c.files[pathID(r, "id")]
	if !found {
		return c.missing("file")
	}
	return data(c.fileJSON(f)) // the OpenAPI file draws it bare, doubtful (§12)
}

// Workflows (§5) and templates (§6).

type contraktorWorkflow struct {
	id        int64
	name      string
	isDefault bool
	at        time.Time
}

func (w *contraktorWorkflow) json() any {
	if w == nil {
		return nil
	}
	return map[string]any{"id": w.id, "name": w.name, "is_default": w.isDefault, "contracts_count": nil, "statuses": nil, "users": nil,
		"organization": map[string]int{"id": 9}, "inserted_at": naive(w.at), "updated_at": naive(w.at)}
}

func (c *contraktor) listWorkflows(*http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, w := range c.workflows {
		item := w.json()
		if m, ok := item.(map[string]any); ok && c.sb.o.Differences.ContraktorTextIDs {
			m["id"] = strconv.FormatInt(w.id, 10)
		}
		list = append(list, item)
	}
	return data(list)
}

func (c *contraktor) postWorkflow(r *http.Request) *reply {
	var in struct {
		Workflow struct {
			Name string `json:"name"`
		} `json:"workflow"`
	}
	if no := c.body(r, &in, "§5"); no != nil {
		return no
	}
	if in.Workflow.Name == "" {
		return c.reject(r, "§5", "workflow.name is required")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &contraktorWorkflow{c.newID(), in.Workflow.Name, false, c.sb.now()}
	c.workflows = append(c.workflows, w)
	return data(w.json())
}

// contraktorTemplate is the one template of the simulated account.
const contraktorTemplate = 33

func (c *contraktor) listTemplates(*http.Request) *reply {
	return data([]any{map[string]any{"id": contraktorTemplate, "title": "Locacao", "description": "Contrato de locacao", "content": "", "html": "<p>Contrato</p>",
		"json_data": nil, "editor": "tinymce", "forms": []any{}, "read_only_instances": false, "organization": map[string]int{"id": 9},
		"inserted_at": "2025-01-02T09:00:00", "updated_at": "2025-01-02T09:00:00"}})
}

// Parties (§7).

type contraktorParty struct {
	id     int64
	fields map[string]any
	at     time.Time
	search string // name, e-mail and document in lower case
}

var (
	contraktorPartyFields = strings.Fields(`person_type name email document national_id marital_status nationality profession trade_name
		city_subscription state_subscription contact_name contact_email contact_phone birth_date phone whatsappnum reference
		address_zip_code address_street address_number address_complement address_neighborhood address_city address_state address_country`)
	contraktorPersonOnly  = strings.Fields(`national_id marital_status nationality profession`)
	contraktorCompanyOnly = strings.Fields(`trade_name city_subscription state_subscription contact_name contact_email contact_phone`)
	contraktorMarital     = []string{"married", "single", "divorced", "widower"}

	cnpjDigits = regexp.MustCompile(`^[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2}$`)
)

func (p *contraktorParty) text(name string) string {
	s, _ := p.fields[name].(string)
	return s
}

func (p *contraktorParty) set(fields map[string]any) {
	p.fields = fields
	p.search = strings.ToLower(p.text("name") + " " + p.text("email") + " " + p.text("document"))
}

func (p *contraktorParty) json() any {
	if p == nil {
		return nil
	}
	m := map[string]any{"id": p.id, "organization": map[string]int{"id": 9}, "form": nil, "reps": []any{}, "imported_id": nil,
		"inserted_at": naive(p.at), "updated_at": naive(p.at)}
	for _, name := range contraktorPartyFields {
		m[name] = p.fields[name]
	}
	return m
}

// check is §7. Whether documents need their punctuation is not stated: they do not.
func (p *contraktorParty) check() (v verdict) {
	if p.fields["person_type"] == nil {
		p.fields["person_type"] = "pf"
	}
	kind := p.text("person_type")
	v.must(kind == "pf" || kind == "pj", "party.person_type is pf or pj")
	v.must(p.text("name") != "", "party.name is required")
	for name, value := range p.fields {
		_, isText := value.(string)
		v.must(isText || value == nil, "party.%s is a string", name)
		v.must(kind != "pj" || !slices.Contains(contraktorPersonOnly, name), "party.%s is for people only", name)
		v.must(kind != "pf" || !slices.Contains(contraktorCompanyOnly, name), "party.%s is for companies only", name)
	}
	v.must(kind != "pf" || p.text("email") == "" || isEmail(p.text("email")), "party.email is not an e-mail")
	v.must(kind != "pf" || p.text("document") == "" || cpfDigits.MatchString(p.text("document")), "party.document is a CPF")
	v.must(kind != "pj" || p.text("document") == "" || cnpjDigits.MatchString(p.text("document")), "party.document is a CNPJ")
	v.must(p.text("marital_status") == "" || slices.Contains(contraktorMarital, p.text("marital_status")), "no party.marital_status of this name")
	if date := p.text("birth_date"); date != "" {
		_, err := time.Parse(time.DateOnly, date)
		v.must(err == nil, "party.birth_date is YYYY-MM-DD")
	}
	return v
}

// readParty merges a request into the fields of a party.
func (c *contraktor) readParty(r *http.Request, into map[string]any) *reply {
	var in struct {
		Party map[string]any `json:"party"`
	}
	if no := c.body(r, &in, "§7"); no != nil {
		return no
	}
	if in.Party == nil {
		return c.reject(r, "§7", "the body has no party")
	}
	for name, value := range in.Party {
		if !slices.Contains(contraktorPartyFields, name) {
			c.violate(visitOf(r).route, "", "unknown field party."+name, "contraktor §7")
			continue
		}
		into[name] = value
	}
	if v := (&contraktorParty{fields: into}).check(); v != nil {
		return c.reject(r, "§7", v.String())
	}
	return nil
}

func (c *contraktor) postParty(r *http.Request) *reply {
	fields := make(map[string]any)
	if no := c.readParty(r, fields); no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &contraktorParty{id: c.newID(), at: c.sb.now()}
	p.set(fields)
	c.parties[p.id] = p
	return data(p.json())
}

// listParties: search is third-party knowledge (§7): whatever of it stands in name,
// e-mail or document. No paging is documented, so there is none.
func (c *contraktor) listParties(r *http.Request) *reply {
	search := strings.ToLower(r.URL.Query().Get("search"))
	if c.sb.o.Differences.ContraktorSearchIgnored {
		search = ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []*contraktorParty{}
	for _, p := range c.parties {
		if c.listed(p.at) && strings.Contains(p.search, search) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *contraktorParty) int { return int(a.id - b.id) })
	out := []any{}
	for _, p := range list {
		out = append(out, p.json())
	}
	return data(out)
}

func (c *contraktor) getParty(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, found := c.parties[pathID(r, "id")]
	if !found {
		return c.missing("party")
	}
	return data(p.json())
}

func (c *contraktor) patchParty(r *http.Request) *reply {
	c.mu.Lock()
	p, found := c.parties[pathID(r, "id")]
	fields := make(map[string]any)
	if found {
		maps.Copy(fields, p.fields)
	}
	c.mu.Unlock()
	if !found {
		return c.missing("party")
	}
	if no := c.readParty(r, fields); no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p.set(fields)
	return data(p.json())
}

func (c *contraktor) deleteParty(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, found := c.parties[pathID(r, "id")]; !found {
		return c.missing("party")
	}
	delete(c.parties, pathID(r, "id"))
	return noContent()
}

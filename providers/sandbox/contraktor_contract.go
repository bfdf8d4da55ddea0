package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// contraktorContract is a contract with its participants and attempts (§6, §8).
type contraktorContract struct {
	id          int64
	number      string
	document    string // UUID of the current document
	in          contraktorContractInput
	file        *contraktorFile
	workflow    *contraktorWorkflow
	shares      []*contraktorShare
	proofs      []*contraktorProof // the newest first
	attachments []*contraktorAttachment
	at, changed time.Time
}

type contraktorContractInput struct {
	Title      string         `json:"title"`
	WorkflowID *int64         `json:"workflow_id"`
	Metadata   map[string]any `json:"metadata"`
	Classifier []string       `json:"classifier"`
	Custom     []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"custom_fields"`
	Document *struct {
		FileID int64 `json:"file_id"`
	} `json:"document"`
	Current *struct {
		Draft struct {
			TemplateID int64 `json:"template_id"`
		} `json:"draft"`
	} `json:"current_document"`
	Object       *string `json:"object"`
	Observations *string `json:"observations"`
	BeginDate    *string `json:"begin_date"`
	EndDate      *string `json:"end_date"`
	TermType     string  `json:"term_type"`
	DueNotice    *int    `json:"due_notice"`
}

type contraktorShare struct {
	id             int64
	party, company *contraktorParty
	in             contraktorShareInput
	at             time.Time
}

type contraktorShareInput struct {
	Qualification string `json:"qualification"`
	PartyID       int64  `json:"party_id"`
	CompanyID     *int64 `json:"company_id"`
	Notification  string `json:"notification_type"`
	Order         *int   `json:"order"`
	Redirect      string `json:"redirect_after_success"` // third-party knowledge
}

type contraktorAttachment struct {
	id        int64
	file      *contraktorFile
	mergeable *bool
	at        time.Time
}

func (c *contraktor) contractRoutes() {
	c.handle("POST /contracts", c.postContract)
	c.handle("GET /contracts", c.listContracts)
	c.handle("GET /contracts/{id}", c.getContract)
	c.handle("PATCH /contracts/{id}", c.patchContract)
	c.handle("DELETE /contracts/{id}", c.deleteContract)
	c.handle("POST /contracts/{id}/shares", c.postShare)
	c.handle("GET /contracts/{id}/shares", c.listShares)
	c.handle("GET /contracts/{id}/shares/{share}", c.getShare)
	c.handle("PATCH /contracts/{id}/shares/{share}", c.patchShare)
	c.handle("DELETE /contracts/{id}/shares/{share}", c.deleteShare)
	c.handle("POST /contracts/{id}/attachments", c.postAttachment)
	c.handle("PUT /contracts/{id}/attachments/{attachment}", c.putAttachment)
}

// check is §6 but for what the contract refers to.
func (in *contraktorContractInput) check() (v verdict) {
	v.must(in.Title != "", "contract.title is required")
	for key, value := range in.Metadata {
		_, isText := value.(string)
		v.must(isText, "contract.metadata.%s is a string", key)
	}
	for i, f := range in.Custom {
		v.must(f.Key != "", "contract.custom_fields[%d].key is required", i)
	}
	for name, date := range map[string]*string{"begin_date": in.BeginDate, "end_date": in.EndDate} {
		if date != nil {
			_, err := time.Parse(time.DateOnly, *date)
			v.must(err == nil, "contract.%s is YYYY-MM-DD", name)
		}
	}
	v.must(in.TermType == "" || in.TermType == "Determinado" || in.TermType == "Indeterminado", "contract.term_type is Determinado or Indeterminado")
	return v
}

func (c *contraktor) postContract(r *http.Request) *reply {
	var in struct {
		Contract contraktorContractInput `json:"contract"`
	}
	if no := c.body(r, &in, "§6"); no != nil {
		return no
	}
	k := &contraktorContract{in: in.Contract}
	v := k.in.check()
	v.must((k.in.Document != nil) != (k.in.Current != nil), "contract needs document.file_id or current_document.draft.template_id")
	c.mu.Lock()
	c.resolve(k, &v)
	c.mu.Unlock()
	if v != nil {
		return c.reject(r, "§6", v.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k.id, k.document, k.at, k.changed = c.newID(), c.newUUID(), c.sb.now(), c.sb.now()
	k.number = fmt.Sprintf("%d/%d", k.at.Year(), len(c.contracts)+1)
	c.contracts[k.id] = k
	return data(c.contractJSON(k))
}

// resolve finds what a contract refers to. The caller holds the lock.
func (c *contraktor) resolve(k *contraktorContract, v *verdict) {
	if k.in.Document != nil {
		k.file = c.files[k.in.Document.FileID]
		v.must(k.file != nil, "contract.document.file_id names no file")
	}
	if k.in.Current != nil {
		v.must(k.in.Current.Draft.TemplateID == contraktorTemplate, "contract.current_document.draft.template_id names no template")
	}
	k.workflow = c.workflows[0] // the default group (§5)
	if k.in.WorkflowID != nil {
		i := slices.IndexFunc(c.workflows, func(w *contraktorWorkflow) bool { return w.id == *k.in.WorkflowID })
		if i < 0 {
			v.must(false, "contract.workflow_id names no workflow")
			return
		}
		k.workflow = c.workflows[i]
	}
}

// status is the management status (§10). The names beyond the first two are the web
// application's.
func (k *contraktorContract) status() any {
	name, color := "Rascunho", 1
	if len(k.proofs) > 0 {
		switch k.proofs[0].state {
		case "pending":
			name, color = "Ag.Assinatura", 3
		case "completed":
			name, color = "Vigente", 4
		}
	}
	return map[string]any{"id": 4100 + color, "name": name, "color": color}
}

func (c *contraktor) contractJSON(k *contraktorContract) any {
	shares, proofs := []any{}, []any{}
	for _, s := range k.shares {
		shares = append(shares, s.json(k))
	}
	for _, p := range k.proofs {
		proofs = append(proofs, p.json())
	}
	metadata, classifier := k.in.Metadata, k.in.Classifier
	if metadata == nil {
		metadata = map[string]any{}
	}
	due, term := 60, "Determinado"
	if k.in.DueNotice != nil {
		due = *k.in.DueNotice
	}
	if k.in.TermType != "" {
		term = k.in.TermType
	}
	var draft any
	if k.in.Current != nil {
		draft = map[string]any{"id": k.id + 1, "template_id": k.in.Current.Draft.TemplateID}
	}
	return map[string]any{
		"id": k.id, "number": k.number, "title": k.in.Title, "object": k.in.Object, "observations": k.in.Observations,
		"classifier": append([]string{}, classifier...), "custom_fields": k.in.Custom, "status": k.status(),
		"begin_date": k.in.BeginDate, "end_date": k.in.EndDate, "term_type": term, "due_notice": due,
		"deny_reason": nil, "needs_acceptance": false, "deleted": false, "archived": false, "metadata": metadata,
		"shares": shares, "tasks": []any{}, "financial": []any{}, "comments": []any{}, "review_flows_events": []any{},
		"workflow":     k.workflow.json(),
		"organization": map[string]any{"id": 9, "name": "Sandbox", "active": true, "available_proof_engines": []string{"standard", "certificate"}, "organization_plan": map[string]any{"sharelink": true, "price": "199.90"}},
		"current_document": map[string]any{
			"id": k.document, "contract": map[string]int64{"id": k.id}, "organization": map[string]int{"id": 9}, "draft": draft, "editor": "tinymce",
			"notes": nil, "file": c.fileJSON(k.file), "proofs": proofs, "inserted_at": naive(k.at),
		},
		"inserted_at": naive(k.at), "updated_at": naive(k.changed),
	}
}

// contract finds the contract that a path names. The caller holds the lock.
func (c *contraktor) contract(r *http.Request) (*contraktorContract, *reply) {
	k, found := c.contracts[pathID(r, "id")]
	if !found {
		return nil, c.missing("contract")
	}
	return k, nil
}

func (c *contraktor) getContract(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, no := c.contract(r)
	if no != nil {
		return no
	}
	return data(c.contractJSON(k))
}

// listContracts: described as paged, but no parameter is documented: everything, the
// newest first.
func (c *contraktor) listContracts(*http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*contraktorContract, 0, len(c.contracts))
	for _, k := range c.contracts {
		if c.listed(k.at) {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b *contraktorContract) int { return int(b.id - a.id) })
	list := []any{}
	for _, k := range all {
		list = append(list, c.contractJSON(k))
	}
	return data(list)
}

func (c *contraktor) patchContract(r *http.Request) *reply {
	c.mu.Lock()
	k, no := c.contract(r)
	var old contraktorContractInput
	if no == nil {
		old = k.in
	}
	c.mu.Unlock()
	if no != nil {
		return no
	}
	var in struct {
		Contract contraktorContractInput `json:"contract"`
	}
	if no := c.body(r, &in, "§6"); no != nil {
		return no
	}
	changed := &contraktorContract{in: merge(old, in.Contract)}
	v := changed.in.check()
	c.mu.Lock()
	c.resolve(changed, &v)
	c.mu.Unlock()
	if v != nil {
		return c.reject(r, "§6", v.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k.in, k.file, k.workflow, k.changed = changed.in, changed.file, changed.workflow, c.sb.now()
	return data(c.contractJSON(k))
}

// deleteContract: what becomes of a running proof is not documented: nothing.
func (c *contraktor) deleteContract(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, no := c.contract(r)
	if no != nil {
		return no
	}
	delete(c.contracts, k.id)
	return noContent()
}

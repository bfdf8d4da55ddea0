package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/chancela/chancela/providers"
)

// contraktorProof is one sending of a contract to signature (§10).
type contraktorProof struct {
	record
	c        *contraktor
	number   int64
	contract *contraktorContract
	engine   string
	ordered  bool
	shares   []*contraktorShare // in the order of people
	subjects []int64
	events   []contraktorEvent
	deleted  time.Time

	// Made a little after completion: when is not documented.
	signedFile, receipt, packaged *contraktorFile
}

type contraktorEvent struct {
	id     int64
	action string
	at     time.Time
}

func (c *contraktor) proofRoutes() {
	c.handle("POST /proofs", c.postProof)
	c.handle("GET /proofs/{id}", c.getProof)
	c.handle("DELETE /proofs/{id}", c.deleteProof)
	c.handle("POST /proofs/{id}/subjects/{subject}/remind", c.remind)
	c.handle("GET /proofs/{id}/subjects/{subject}/generate_sharelink", c.shareLink)
}

func (c *contraktor) postProof(r *http.Request) *reply {
	var in struct {
		Proof struct {
			ContractID int64  `json:"contract_id"`
			Engine     string `json:"engine"`
			Ordered    bool   `json:"ordered"`
		} `json:"proof"`
	}
	if no := c.body(r, &in, "§10"); no != nil {
		return no
	}
	var v verdict
	v.must(in.Proof.ContractID != 0, "proof.contract_id is required")
	v.must(in.Proof.Engine == "standard" || in.Proof.Engine == "certificate", "proof.engine is standard or certificate")
	if v != nil {
		return c.reject(r, "§10", v.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, found := c.contracts[in.Proof.ContractID]
	switch {
	case !found:
		return c.missing("contract")
	case len(k.shares) == 0: // not documented: a choice
		c.violateLocked(visitOf(r).route, "", "a contract without participants was sent", "contraktor §13")
		return c.fail(http.StatusUnprocessableEntity, "", "the contract has no participants")
	}
	// A second proof while one is pending is not documented. It mails everybody again,
	// and the earlier one is cancelled, since position 0 is the current one (§6).
	if len(k.proofs) > 0 && k.proofs[0].pending() {
		c.violateLocked(visitOf(r).route, k.proofs[0].id, "the contract was sent already", "contraktor §10")
		c.cancelProof(k.proofs[0])
	}
	p := &contraktorProof{c: c, number: c.newID(), contract: k, engine: in.Proof.Engine, ordered: in.Proof.Ordered}
	p.id, p.title, p.state = strconv.FormatInt(p.number, 10), k.in.Title, "pending"
	p.key, _ = k.in.Metadata["chancela"].(string)
	p.record.ordered = p.ordered
	p.shares = slices.Clone(k.shares)
	slices.SortStableFunc(p.shares, func(a, b *contraktorShare) int { return cmp.Compare(a.order(k), b.order(k)) })
	for _, s := range p.shares {
		id := c.newID()
		p.subjects = append(p.subjects, id)
		p.people = append(p.people, &person{
			id: strconv.FormatInt(id, 10), name: s.party.text("name"), email: cmp.Or(s.party.text("email"), s.party.text("contact_email")),
			order: s.order(k), state: personWaiting,
		})
	}
	k.proofs = append([]*contraktorProof{p}, k.proofs...)
	c.add(p)
	p.event("create")
	c.invite(p)
	p.event("send")
	return data(p.json())
}

func (p *contraktorProof) event(action string) {
	p.events = append(p.events, contraktorEvent{p.c.newID(), action, p.c.sb.now()})
}

func (p *contraktorProof) subject(i int) any {
	who, s := p.people[i], p.shares[i]
	optional := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return naive(t)
	}
	m := map[string]any{
		"id": p.subjects[i], "order": who.order, "name": who.name, "email": who.email, "document": s.party.fields["document"],
		"qualification": s.in.Qualification, "engine": p.engine, "notification_type": s.in.Notification, "whatsappnum": s.party.fields["whatsappnum"],
		"party": map[string]int64{"id": s.party.id}, "company": nil, "company_name": nil, "company_document": nil, "proof": map[string]int64{"id": p.number},
		"sent_at": nil, "delivered_at": optional(who.invited), "viewed_at": optional(who.viewed),
		"confirmed_at": nil, "confirmed_ip_address": nil, "confirmed_user_agent": nil, "refused_changes_at": nil, "approve_subject_change": nil,
		"certificate_name": nil, "certificate_email": nil, "certificate_document": nil, "certificate_company_name": nil, "certificate_company_document": nil,
		"inserted_at": naive(p.created), "updated_at": naive(p.created),
	}
	if s.company != nil {
		m["company"], m["company_name"], m["company_document"] = map[string]int64{"id": s.company.id}, s.company.text("name"), s.company.fields["document"]
	}
	if !who.invited.IsZero() {
		m["sent_at"] = who.invited.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	if who.state == personSigned {
		m["confirmed_at"], m["confirmed_ip_address"], m["confirmed_user_agent"] = naive(who.acted), "203.0.113.7", "sandbox"
		if p.engine == "certificate" {
			m["certificate_name"], m["certificate_document"] = who.name, s.party.fields["document"]
		}
	}
	return m
}

func (p *contraktorProof) json() any {
	subjects, events := []any{}, []any{}
	for i := range p.people {
		subjects = append(subjects, p.subject(i))
	}
	for _, e := range p.events {
		events = append(events, map[string]any{"id": e.id, "item_type": "ProofEvent", "action": e.action, "proof": map[string]int64{"id": p.number}, "subject": nil,
			"user": map[string]any{"id": 12, "first_name": "Op", "last_name": "Erator", "email": "op@example.com"}, "changed_field": nil, "from": nil, "to": nil, "inserted_at": naive(e.at)})
	}
	m := map[string]any{
		"id": p.number, "status": p.state, "engine": p.engine, "ordered": p.ordered, "deleted_at": nil, "document": map[string]string{"id": p.contract.document},
		"subjects": subjects, "events": events, "original_file": p.c.fileJSON(p.contract.file), "signing_file": nil, "preview_file": nil,
		"signed_file": p.c.fileJSON(p.signedFile), "receipt_file": p.c.fileJSON(p.receipt), "packaged_file": p.c.fileJSON(p.packaged),
		"inserted_at": naive(p.created), "updated_at": naive(p.created),
	}
	if !p.deleted.IsZero() {
		m["deleted_at"] = naive(p.deleted)
	}
	return m
}

// proof finds the proof that a path names. The caller holds the lock.
func (c *contraktor) proof(r *http.Request) (*contraktorProof, *reply) {
	p, ok := c.envelopes[r.PathValue("id")].(*contraktorProof)
	if !ok {
		return nil, c.missing("proof")
	}
	return p, nil
}

func (c *contraktor) getProof(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, no := c.proof(r)
	if no != nil {
		return no
	}
	return data(p.json())
}

// deleteProof: 204 by the OpenAPI file, 200 with the proof by its texts (§10). What has
// ended is refused, which is a choice; cancelling again changes nothing.
func (c *contraktor) deleteProof(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, no := c.proof(r)
	switch {
	case no != nil:
		return no
	case p.state == "completed":
		return c.fail(http.StatusUnprocessableEntity, "", "the proof is completed")
	case p.pending():
		c.cancelProof(p)
	}
	if c.sb.o.Choices.ContraktorCancelBody {
		return data(p.json())
	}
	return noContent()
}

func (c *contraktor) cancelProof(p *contraktorProof) {
	p.deleted = c.sb.now()
	c.end(p, "canceled")
}

// findSubject gives the index of the subject that a path names. The caller holds the
// lock.
func (c *contraktor) findSubject(r *http.Request) (*contraktorProof, int, *reply) {
	p, no := c.proof(r)
	if no != nil {
		return nil, 0, no
	}
	i := slices.Index(p.subjects, pathID(r, "subject"))
	if i < 0 {
		return nil, 0, c.missing("subject")
	}
	return p, i, nil
}

// remind is meant for subjects who have not confirmed (§10); the answer for others is not
// documented: refused.
func (c *contraktor) remind(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, i, no := c.findSubject(r)
	switch {
	case no != nil:
		return no
	case !p.pending() || p.people[i].done():
		return c.fail(http.StatusUnprocessableEntity, "", "the subject is not waited for")
	}
	p.reminders++
	return data(p.subject(i))
}

func (c *contraktor) shareLink(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, i, no := c.findSubject(r)
	if no != nil {
		return no
	}
	return data(map[string]string{"sharelink": c.url("/sign/" + c.secret("link " + p.people[i].id)[:20])})
}

func (p *contraktorProof) viewed(*person) {}
func (p *contraktorProof) signed(*person) {}

// declined and expired: signers cannot decline and proofs do not expire; the owner
// cancels in the web application.
func (p *contraktorProof) declined(*person) { p.c.cancelProof(p) }
func (p *contraktorProof) expired()         { p.c.cancelProof(p) }

func (p *contraktorProof) special(action string) bool {
	if action == "cancel" && p.pending() {
		p.c.cancelProof(p)
		return true
	}
	return false
}

func (p *contraktorProof) completed() {
	p.c.end(p, "completed")
	p.c.sb.agenda.at(p.ended.Add(p.c.sb.o.SignAfter/10), theService, func(time.Time) {
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		p.seal()
	})
}

// seal makes the three files of a completed proof.
func (p *contraktorProof) seal() {
	var originals []upload
	if p.contract.file != nil {
		originals = append(originals, p.contract.file.upload)
	}
	for _, a := range p.contract.attachments {
		originals = append(originals, a.file.upload)
	}
	signed := func() []byte { return p.certificate("Signed contract", originals) }
	receipt := func() []byte { return p.certificate("Receipt of signatures", originals) }
	p.offer(providers.SignedDocument, "", typePDF, signed)
	p.offer(providers.Dossier, "", typePDF, receipt)
	p.offer(providers.Package, "", typeZIP, func() []byte { return archive("signed.pdf", signed(), "receipt.pdf", receipt()) })
	p.signedFile = p.file(providers.SignedDocument, "signed.pdf")
	p.receipt = p.file(providers.Dossier, "receipt.pdf")
	p.packaged = p.file(providers.Package, "package.zip")
}

func (p *contraktorProof) file(kind providers.Kind, name string) *contraktorFile {
	a, _ := p.artifact(kind, "")
	f := &contraktorFile{
		upload: upload{name: name, mimeType: a.contentType, sha256: a.SHA256, size: int64(a.Size)},
		id:     p.c.newID(), at: p.c.sb.now(), serve: a.serve,
	}
	p.c.files[f.id] = f
	return f
}

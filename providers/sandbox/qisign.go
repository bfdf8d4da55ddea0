package sandbox

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// qisign simulates QI Sign's standalone API (qisign.md, part A). Success codes are not
// documented: 200 everywhere. There is no list, no order, no decline and no reminder.
type qisign struct {
	*Service
}

// NewQISign is the simulator of QI Sign.
func NewQISign(sb *Sandbox, name string) *Service {
	q := &qisign{newService(sb, name, "")}
	q.authenticate, q.failure, q.env = q.auth, q.fail, q.environment
	q.handle("POST /sign/envelope", q.postEnvelope)
	q.handle("GET /sign/envelope/{id}", q.getEnvelope)
	q.handle("PATCH /sign/envelope/{id}", q.patchEnvelope)
	q.handle("POST /sign/envelope/{id}/document", q.postDocument)
	q.handle("GET /sign/envelope/{id}/report", q.getReports)
	q.handle("GET /sign/envelope/{id}/document/{document}/report", q.getReport)
	q.handle("GET /sign/envelope/{id}/signer/{signer}", q.getSigner)
	q.handle("GET /sign/envelope/{id}/signer/{signer}/face", q.getFace)
	q.handle("POST /sign/envelope/{id}/signer/{signer}/personal_document", q.postPersonalDocument)
	q.handle("GET /sign/envelope/{id}/signer/{signer}/personal_document", q.getPersonalDocument)
	q.open("GET /dossiers/{file}", q.follow("qisign A8"))
	q.open("GET /images/{file}", q.follow("qisign A9"))
	return q.Service
}

func (q *qisign) environment() map[string]string {
	env := map[string]string{q.variable("BASE_URL"): q.url(""), q.variable("API_KEY"): q.key()}
	if url := q.sb.o.Webhooks[q.name]; url != "" {
		env[q.variable("WEBHOOK_SECRET")] = q.secret("webhook")
		env[q.variable("WEBHOOK_URL")] = url
	}
	return env
}

func (q *qisign) key() string { return q.secret("key")[:40] }

// auth wants the bare key (A2).
func (q *qisign) auth(r *http.Request) *reply {
	if r.Header.Get("Authorization") == q.key() {
		return nil
	}
	return q.refuse(r, http.StatusUnauthorized, "the Authorization header is not the bare API key", "qisign A2")
}

// fail: the body of errors is not documented.
func (q *qisign) fail(status int, _, text string) *reply {
	return &reply{status: status, json: map[string]string{"title": http.StatusText(status), "description": text}}
}

func (q *qisign) refuse(r *http.Request, status int, rule, reference string) *reply {
	q.violate(visitOf(r).route, r.PathValue("id"), rule, reference)
	return q.fail(status, "", rule)
}

// body reads a JSON request; field names the file that it carries, or is empty. What is
// not JSON is 406 (A10).
func (q *qisign) body(r *http.Request, v any, field, reference string) (up upload, present bool, no *reply) {
	if r.Method == http.MethodPost && !isJSON(r) { // the PATCH samples have no Content-Type (A2)
		return up, false, q.refuse(r, http.StatusBadRequest, "the Content-Type is not application/json", "qisign A2")
	}
	var body []byte
	var err, fileErr error
	if field == "" {
		body, err = readBody(r)
	} else {
		body, up, present, fileErr, err = readWithFile(r.Body, field)
	}
	if err != nil || !json.Valid(body) {
		return up, present, q.refuse(r, http.StatusNotAcceptable, "the body is not JSON", "qisign A10")
	}
	if err := q.decode(r, body, v, reference); err != nil {
		return up, present, q.refuse(r, http.StatusBadRequest, err.Error(), reference)
	}
	if fileErr != nil {
		return up, present, q.refuse(r, http.StatusBadRequest, field+" is not base64", reference)
	}
	return up, present, nil
}

type qisignInput struct {
	ID             string         `json:"id"`
	Subject        string         `json:"subject"`
	ExpirationDate string         `json:"expiration_date"`
	Signers        []qisignSigner `json:"signers"`
}

type qisignSigner struct {
	ID             string       `json:"id"`
	Name           string       `json:"name"`
	Email          string       `json:"email,omitempty"`
	Birthdate      string       `json:"birthdate"`
	DocumentNumber string       `json:"document_number"`
	Phone          *qisignPhone `json:"phone,omitempty"`
	Submission     string       `json:"document_submission_method"`
	Authentication string       `json:"authentication_submission_method"`
}

type qisignPhone struct {
	DialCode string `json:"international_dial_code"`
	AreaCode string `json:"area_code"`
	Number   string `json:"number"`
}

type qisignDocument struct {
	upload
	id string
}

type qisignEnvelope struct {
	record
	q          *qisign
	in         qisignInput
	expires    time.Time
	documents  []qisignDocument
	identities map[string]string // signer id and template, to the SHA-256 of what was supplied
}

var (
	qisignMethods   = []string{"email", "sms", "whatsapp"}
	qisignTemplates = []string{"cnh_front", "cnh_back", "rg_front", "rg_back"}
	allDigits       = regexp.MustCompile(`^[0-9]+$`)
	cpfDigits       = regexp.MustCompile(`^[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}$`)
)

// check is A4: all fields are mandatory, except that one of e-mail and phone may be
// missing. CPF check digits are not looked at: the manual's own sample has none that
// hold. That a method needs its contact is a choice.
func (in *qisignInput) check() (v verdict) {
	v.must(in.ID != "", "id is required")
	v.must(in.Subject != "", "subject is required")
	_, err := time.Parse(time.DateOnly, in.ExpirationDate)
	v.must(err == nil, "expiration_date is YYYY-MM-DD")
	v.must(len(in.Signers) > 0, "signers is required")
	seen := make(map[string]bool)
	for i, s := range in.Signers {
		v.must(s.ID != "", "signers[%d].id is required", i)
		v.must(!seen[s.ID], "signers[%d].id is not unique in the envelope", i)
		seen[s.ID] = true
		v.must(s.Name != "", "signers[%d].name is required", i)
		v.must(s.Email != "" || s.Phone != nil, "signers[%d]: email or phone is required", i)
		v.must(s.Email == "" || isEmail(s.Email), "signers[%d].email is not an e-mail", i)
		_, err := time.Parse(time.DateOnly, s.Birthdate)
		v.must(err == nil, "signers[%d].birthdate is YYYY-MM-DD", i)
		v.must(cpfDigits.MatchString(s.DocumentNumber), "signers[%d].document_number is a CPF", i)
		if p := s.Phone; p != nil {
			v.must(allDigits.MatchString(p.DialCode) && allDigits.MatchString(p.AreaCode) && allDigits.MatchString(p.Number),
				"signers[%d].phone: international_dial_code, area_code and number are digits", i)
		}
		for name, method := range map[string]string{"document_submission_method": s.Submission, "authentication_submission_method": s.Authentication} {
			v.must(slices.Contains(qisignMethods, method), "signers[%d].%s is email, sms or whatsapp", i, name)
			v.must(method != "email" || s.Email != "", "signers[%d].%s is email, but there is none", i, name)
			v.must((method != "sms" && method != "whatsapp") || s.Phone != nil, "signers[%d].%s needs a phone", i, name)
		}
	}
	return v
}

// expiryOf follows the manual's sample: 2023-09-20 comes back as 2023-09-20T02:59:59Z,
// the last second of the eve in Brasilia (A4). A choice.
func (in *qisignInput) expiryOf() time.Time {
	day, _ := time.Parse(time.DateOnly, in.ExpirationDate)
	return day.Add(3*time.Hour - time.Second)
}

func (q *qisign) postEnvelope(r *http.Request) *reply {
	var in qisignInput
	if _, _, no := q.body(r, &in, "", "qisign A4"); no != nil {
		return no
	}
	q.mu.Lock()
	if _, taken := q.envelopes[in.ID]; taken {
		q.mu.Unlock()
		if q.sb.o.Differences.QISignRepeats {
			return ok(map[string]string{"id": in.ID, "status": "created"})
		}
		return q.fail(http.StatusConflict, "", "the id was processed already") // the idempotency mechanism, no violation
	}
	q.mu.Unlock()
	v := in.check()
	v.must(v != nil || in.expiryOf().After(q.sb.now()), "expiration_date is in the past") // a choice
	if v != nil {
		return q.refuse(r, http.StatusBadRequest, v.String(), "qisign A4")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, taken := q.envelopes[in.ID]; taken {
		return q.fail(http.StatusConflict, "", "the id was processed already")
	}
	e := &qisignEnvelope{q: q, in: in, expires: in.expiryOf(), identities: make(map[string]string)}
	e.id, e.title, e.state = in.ID, in.Subject, "created"
	for _, s := range in.Signers {
		e.people = append(e.people, &person{id: s.ID, name: s.Name, email: s.Email, order: 1, state: personWaiting})
	}
	q.add(e)
	return ok(map[string]string{"id": e.id, "status": e.state})
}

const qisignMaxDocument = 10 << 20 // counted on the decoded file: which one is not said (A4)

func (q *qisign) postDocument(r *http.Request) *reply {
	var in struct {
		ID           *string `json:"id"`
		Content      string  `json:"document_b64"`
		Name         string  `json:"name"`
		DocumentType string  `json:"document_type"`
	}
	up, present, no := q.body(r, &in, "document_b64", "qisign A4")
	if no != nil {
		return no
	}
	var v verdict
	v.must(present && up.size > 0, "document_b64 is required")
	v.must(in.Name != "", "name is required")
	v.must(in.DocumentType == "pdf", "document_type is pdf")
	v.must(up.size <= qisignMaxDocument, "a document has at most 10 MB")
	v.must(!present || isPDF(up.head), "the document is not a PDF")
	v.must(in.ID == nil || *in.ID != "", "id is empty")
	if v != nil {
		return q.refuse(r, http.StatusBadRequest, v.String(), "qisign A4")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	e, no := q.find(r)
	if no != nil {
		return no
	}
	id := ""
	if in.ID != nil {
		id = *in.ID
	} else {
		id = q.newUUID()
	}
	switch {
	case slices.ContainsFunc(e.documents, func(d qisignDocument) bool { return d.id == id }):
		return q.fail(http.StatusConflict, "", "the id was processed already") // that 409 covers document ids is a choice
	case e.state != "created": // a choice
		q.violateLocked(visitOf(r).route, e.id, "a document for an envelope that was submitted", "qisign A5")
		return q.fail(http.StatusBadRequest, "", "the envelope is "+e.state)
	}
	up.name, up.head = in.Name, nil
	e.documents = append(e.documents, qisignDocument{up, id})
	return ok(map[string]string{"id": id, "created_at": stamp(q.sb.now())})
}

func (q *qisign) postPersonalDocument(r *http.Request) *reply {
	var in struct {
		Content  string `json:"document_b64"`
		Template string `json:"template"`
		FileType string `json:"file_type"`
	}
	up, present, no := q.body(r, &in, "document_b64", "qisign A4")
	if no != nil {
		return no
	}
	var v verdict
	v.must(present && up.size > 0, "document_b64 is required")
	v.must(slices.Contains(qisignTemplates, in.Template), "template is cnh_front, cnh_back, rg_front or rg_back")
	v.must(in.FileType == "" || in.FileType == "jpeg", "file_type is jpeg")
	v.must(up.size <= qisignMaxDocument, "an identity document has at most 10 MB")
	v.must(!present || isJPEG(up.head), "the identity document is not a JPEG")
	if v != nil {
		return q.refuse(r, http.StatusBadRequest, v.String(), "qisign A4")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	e, p, no := q.findSigner(r)
	if no != nil {
		return no
	}
	e.identities[p.id+" "+in.Template] = up.sha256 // again: replaced, a choice
	return ok(map[string]string{"created_at": stamp(q.sb.now())})
}

// patchEnvelope moves an envelope. Which moves are refused is not documented (A5). Here:
// submitting needs a document; cancelling again is an echo; what has ended otherwise
// stays ended, 409. Submitting again is echoed, and since nobody says that it mails nobody,
// it counts as an invitation.
func (q *qisign) patchEnvelope(r *http.Request) *reply {
	var in struct {
		Status string `json:"status"`
	}
	if _, _, no := q.body(r, &in, "", "qisign A3"); no != nil {
		return no
	}
	if in.Status != "submitted" && in.Status != "canceled" {
		return q.refuse(r, http.StatusBadRequest, "status is submitted or canceled", "qisign A3")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	e, no := q.find(r)
	if no != nil {
		return no
	}
	switch {
	case e.state == in.Status && in.Status == "submitted":
		q.violateLocked(visitOf(r).route, e.id, "the envelope was submitted already", "qisign A5")
		q.invite(e)
	case e.state == in.Status:
	case in.Status == "submitted" && e.state == "created":
		if len(e.documents) == 0 {
			q.violateLocked(visitOf(r).route, e.id, "an envelope without documents was submitted", "qisign A12")
			return q.fail(http.StatusBadRequest, "", "the envelope has no documents")
		}
		e.state = "submitted"
		q.invite(e)
		q.later(e.expires.Sub(q.sb.now()), theService, e, e.expired)
	case in.Status == "canceled" && (e.state == "created" || e.state == "submitted"):
		q.end(e, "canceled")
	default:
		return q.fail(http.StatusConflict, "", "the envelope is "+e.state)
	}
	return ok(map[string]string{"status": e.state})
}

func (q *qisign) find(r *http.Request) (*qisignEnvelope, *reply) {
	e, ok := q.envelopes[r.PathValue("id")].(*qisignEnvelope)
	if !ok {
		return nil, q.fail(http.StatusNotFound, "", "no such envelope")
	}
	return e, nil
}

func (q *qisign) findSigner(r *http.Request) (*qisignEnvelope, *person, *reply) {
	e, no := q.find(r)
	if no != nil {
		return nil, nil, no
	}
	for _, p := range e.people {
		if p.id == r.PathValue("signer") {
			return e, p, nil
		}
	}
	return nil, nil, q.fail(http.StatusNotFound, "", "no such signer")
}

// Statuses of signers other than signed are not documented for this API; on_signature
// is what sibling products show (A5).
func (e *qisignEnvelope) signerStatus(p *person) string {
	switch {
	case p.state == personSigned:
		return "signed"
	case e.sent.IsZero():
		return "created"
	}
	return "on_signature"
}

func (q *qisign) getEnvelope(r *http.Request) *reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, no := q.find(r)
	if no != nil {
		return no
	}
	// The field table has the documents at the envelope, the sample at each signer (A4): both.
	documents := []any{}
	for _, d := range e.documents {
		documents = append(documents, map[string]string{"id": d.id, "name": d.name, "document_type": "pdf"})
	}
	signers := []any{}
	for i, p := range e.people {
		in := e.in.Signers[i]
		m := map[string]any{
			"id": in.ID, "name": in.Name, "email": in.Email, "birthdate": in.Birthdate, "document_number": in.DocumentNumber, "phone": in.Phone,
			"document_submission_method": in.Submission, "authentication_submission_method": in.Authentication,
			"status": e.signerStatus(p), "signed_at": nil, "signature_url": nil, "documents": documents,
		}
		if p.state == personSigned {
			m["signed_at"] = stamp(p.acted)
		}
		if !e.sent.IsZero() {
			m["signature_url"] = q.url("/s/" + digest(e.id + p.id)[:7])
		}
		signers = append(signers, m)
	}
	return ok(map[string]any{
		"id": e.id, "subject": e.in.Subject, "expiration_date": e.expires.Format("2006-01-02T15:04:05Z"),
		"status": e.state, "signers": signers, "documents": documents,
	})
}

func (q *qisign) getSigner(r *http.Request) *reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, p, no := q.findSigner(r)
	if no != nil {
		return no
	}
	m := map[string]any{"name": p.name, "email": p.email, "status": e.signerStatus(p), "signed_at": nil}
	if p.state == personSigned {
		m["signed_at"] = stamp(p.acted)
	}
	return ok(m)
}

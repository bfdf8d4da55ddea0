package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
)

type catalisaAttributes struct {
	Title         string            `json:"title"`
	Message       string            `json:"message"`
	ConfigID      *string           `json:"configId"`
	BusinessID    string            `json:"businessId"`
	ExpiresInDays *float64          `json:"expiresInDays"`
	FileID        *string           `json:"fileId"`
	FileBase64    *string           `json:"fileBase64"`
	FileName      string            `json:"fileName"`
	TemplateID    string            `json:"templateId"`
	FieldValues   map[string]string `json:"fieldValues"`
	Signers       []catalisaSigner  `json:"signers"`
	Widgets       []struct {
		Type     string   `json:"type"`
		SignerID *string  `json:"signerId"`
		Page     float64  `json:"page"`
		X        *float64 `json:"x"`
		Y        *float64 `json:"y"`
		Width    *float64 `json:"width"`
		Height   *float64 `json:"height"`
		Required *bool    `json:"required"`
		Label    *string  `json:"label"`
	} `json:"widgets"`
}

type catalisaSigner struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Order *int   `json:"order"`
}

type catalisaRequest struct {
	record
	c          *catalisa
	in         catalisaAttributes
	document   upload
	expires    time.Time
	changed    time.Time
	finishedAt time.Time
	reason     map[*person]string
}

var (
	catalisaWidgets = []string{"signature", "text", "date", "checkbox"}
	catalisaStates  = []string{"DRAFT", "SENT", "VIEWED", "PARTIALLY_SIGNED", "COMPLETED", "DECLINED", "EXPIRED", "CANCELLED"}
	// catalisaTemplates are the provider's templates: ids and names.
	catalisaTemplates = map[string]string{"tpl_lease": "Lease", "tpl_abc123": "Employment"}
)

func within(v *verdict, name, text string, most int) {
	v.must(utf8.RuneCountInString(text) <= most, "%s has at most %d characters", name, most)
}

// check is §7.1 and §7.2 but for the document.
func (in *catalisaAttributes) check(template bool) (v verdict) {
	v.must(in.Title != "", "title is required")
	within(&v, "title", in.Title, 255)
	within(&v, "message", in.Message, 2000)
	within(&v, "businessId", in.BusinessID, 100)
	if d := in.ExpiresInDays; d != nil {
		v.must(*d >= 1 && *d <= 365 && *d == float64(int(*d)), "expiresInDays is 1 to 365")
	}
	v.must(in.ConfigID == nil || uuidForm.MatchString(*in.ConfigID), "configId is a uuid")
	v.must(len(in.Signers) > 0, "at least one signer is required")
	for i, s := range in.Signers {
		v.must(s.Name != "", "signers[%d].name is required", i)
		within(&v, "signers[].name", s.Name, 255)
		v.must(isEmail(s.Email), "signers[%d].email is an e-mail", i)
		within(&v, "signers[].email", s.Email, 255)
		v.must(s.Order == nil || *s.Order >= 1, "signers[%d].order counts from 1", i)
	}
	if template {
		v.must(in.TemplateID != "", "templateId is required")
		v.must(in.FileID == nil && in.FileBase64 == nil && in.FileName == "" && in.Widgets == nil, "a template takes no file and no widgets")
		return v
	}
	v.must(in.TemplateID == "" && in.FieldValues == nil, "templateId and fieldValues belong to from-template")
	v.must((in.FileID != nil) != (in.FileBase64 != nil), "exactly one of fileId and fileBase64")
	v.must(in.FileBase64 == nil || in.FileName != "", "fileName is required with fileBase64")
	v.must(in.FileID == nil || uuidForm.MatchString(*in.FileID), "fileId is a uuid")
	for i, w := range in.Widgets {
		v.must(slices.Contains(catalisaWidgets, w.Type), "widgets[%d]: no type %q", i, w.Type)
		v.must(w.Page >= 1 && w.Page == float64(int(w.Page)), "widgets[%d].page counts from 1", i)
		v.must(w.X != nil && w.Y != nil, "widgets[%d]: x and y are required", i)
	}
	return v
}

// newRequest keeps a request that was accepted. The lock is held.
func (c *catalisa) newRequest(a catalisaAttributes, document upload) *catalisaRequest {
	q := &catalisaRequest{c: c, in: a, document: document, reason: make(map[*person]string)}
	q.id, q.title, q.key, q.state = c.newUUID(), a.Title, a.BusinessID, "SENT"
	q.ordered = true // by order; equal orders at once, which is not documented
	for _, s := range a.Signers {
		order := 1
		if s.Order != nil {
			order = *s.Order
		}
		q.people = append(q.people, &person{id: c.newUUID(), name: s.Name, email: s.Email, order: order, state: personWaiting})
	}
	c.add(q)
	if a.ExpiresInDays != nil { // the default is not documented: none
		q.expires = q.created.Add(time.Duration(*a.ExpiresInDays) * 24 * time.Hour)
	}
	return q
}

// postRequest creates and sends. There is no idempotency: the same businessId again is
// another request (§4.4).
func (c *catalisa) postRequest(template bool) func(*http.Request) *reply {
	return func(r *http.Request) *reply {
		const reference = "catalisa §7.1"
		if !isJSON(r) {
			return c.refuse(r, http.StatusBadRequest, "the Content-Type is not application/json", "catalisa §4")
		}
		var in struct {
			Data struct {
				Type       string             `json:"type"`
				Attributes catalisaAttributes `json:"attributes"`
			} `json:"data"`
		}
		body, up, _, fileErr, err := readWithFile(r.Body, "fileBase64")
		if err == nil {
			err = c.decode(r, body, &in, reference)
		}
		if err != nil {
			return c.refuse(r, http.StatusBadRequest, "the body is not the JSON expected: "+err.Error(), reference)
		}
		a := in.Data.Attributes
		v := a.check(template)
		v.must(in.Data.Type == "signature-request", "data.type is signature-request")
		v.must(fileErr == nil, "fileBase64 is not base64")
		v.must(a.FileBase64 == nil || up.size > 0, "fileBase64 is empty")
		if v != nil {
			return c.refuse(r, http.StatusBadRequest, v.String(), reference)
		}
		up.name, up.head = a.FileName, nil
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case a.ConfigID != nil && *a.ConfigID != c.configID():
			return c.missing("provider configuration")
		case template && catalisaTemplates[a.TemplateID] == "":
			return c.missing("template")
		case a.FileID != nil:
			f, found := c.files[*a.FileID]
			if !found {
				return c.missing("file")
			}
			if !f.uploaded { // whether a file must be confirmed is not documented: a choice
				c.violateLocked(visitOf(r).route, "", "the file was not uploaded and confirmed", "catalisa §8")
				return c.fail(http.StatusBadRequest, "", "the file was not uploaded and confirmed")
			}
			up = f.upload
		}
		q := c.newRequest(a, up)

		c.invite(q)
		if !q.expires.IsZero() {
			c.later(q.expires.Sub(q.created), theService, q, q.expired)
		}
		q.touch("sent")
		return created(q.json())
	}
}

// touch notes a change and tells the subscribers. The caller holds the lock.
func (q *catalisaRequest) touch(event string) {
	q.changed = q.c.sb.now()
	q.c.emit(event, map[string]any{"requestId": q.id, "businessId": q.in.BusinessID, "status": q.state})
}

func (q *catalisaRequest) self() string { return "/api/v1/esignature/requests/" + q.id }

// attributes are §5.1; what has no value is left out.
func (q *catalisaRequest) attributes() map[string]any {
	m := map[string]any{
		"title": q.in.Title, "status": q.state, "viewUrl": q.c.url("/view/" + q.c.secret("view " + q.id)[:12]),
		"createdAt": iso(q.created), "updatedAt": iso(q.changed), "createdBy": q.c.organization(),
	}
	for name, value := range map[string]string{"message": q.in.Message, "businessId": q.in.BusinessID, "templateId": q.in.TemplateID, "templateName": catalisaTemplates[q.in.TemplateID]} {
		if value != "" {
			m[name] = value
		}
	}
	if !q.expires.IsZero() {
		m["expiresAt"] = iso(q.expires)
	}
	if !q.finishedAt.IsZero() {
		m["completedAt"] = iso(q.finishedAt)
	}
	return m
}

var catalisaSignerStates = map[personState]string{
	personWaiting: "PENDING", personInvited: "SENT", personViewed: "VIEWED", personSigned: "SIGNED", personDeclined: "DECLINED",
}

func (q *catalisaRequest) signer(p *person) any {
	m := map[string]any{"name": p.name, "email": p.email, "order": p.order, "status": catalisaSignerStates[p.state]}
	set := func(name string, t time.Time) {
		if !t.IsZero() {
			m[name] = iso(t)
		}
	}
	if !p.invited.IsZero() {
		m["signingUrl"] = q.c.url("/sign/" + q.c.secret("sign " + p.id)[:12])
	}
	set("sentAt", p.invited)
	set("viewedAt", p.viewed)
	switch p.state {
	case personSigned:
		set("signedAt", p.acted)
	case personDeclined:
		set("declinedAt", p.acted)
		m["declineReason"] = q.reason[p]
	}
	return map[string]any{"type": "signer", "id": p.id, "attributes": m}
}

func (q *catalisaRequest) json() map[string]any {
	signers := []any{}
	for _, p := range q.people {
		signers = append(signers, q.signer(p))
	}
	links := map[string]string{"self": q.self()}
	return map[string]any{
		"data": map[string]any{"type": "signature-request", "id": q.id, "links": links, "attributes": q.attributes(),
			"relationships": map[string]any{"signers": map[string]any{"data": signers}}},
		"links": links,
	}
}

// find gives the request that a path names. The caller holds the lock.
func (c *catalisa) find(r *http.Request) (*catalisaRequest, *reply) {
	q, ok := c.envelopes[r.PathValue("id")].(*catalisaRequest)
	if !ok {
		return nil, c.missing("signature request")
	}
	return q, nil
}

func (c *catalisa) getRequest(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, no := c.find(r)
	if no != nil {
		return no
	}
	return ok(q.json())
}

// listRequests gives the newest first, which is a choice, as is that a page of more
// than 100 is refused (§4.1, §7.3).
func (c *catalisa) listRequests(r *http.Request) *reply {
	query := r.URL.Query()
	number, size := 1, 20
	var v verdict
	for name := range query {
		v.must(slices.Contains([]string{"page[number]", "page[size]", "filter[status]", "filter[businessId]"}, name), "no parameter %q", name)
	}
	for name, value := range map[string]*int{"page[number]": &number, "page[size]": &size} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			v.must(err == nil && n >= 1, "%s is a number from 1", name)
			*value = n
		}
	}
	v.must(size <= 100, "page[size] is at most 100")
	status, business := query.Get("filter[status]"), query.Get("filter[businessId]")
	if c.sb.o.Differences.CatalisaFilterIgnored {
		business = ""
	}
	v.must(status == "" || slices.Contains(catalisaStates, status), "no status %q", status)
	if v != nil {
		return c.refuse(r, http.StatusBadRequest, v.String(), "catalisa §7.3")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*catalisaRequest
	for _, rec := range slices.Backward(c.records) {
		q, ok := c.envelopes[rec.id].(*catalisaRequest)
		if ok && c.listed(rec.created) && (status == "" || q.state == status) && (business == "" || q.in.BusinessID == business) {
			all = append(all, q)
		}
	}
	pages := max(1, (len(all)+size-1)/size)
	from := min((number-1)*size, len(all))
	items := []any{}
	for _, q := range all[from:min(from+size, len(all))] {
		attributes := q.attributes()
		for _, name := range []string{"message", "viewUrl", "createdBy", "templateId", "templateName", "completedAt"} {
			delete(attributes, name)
		}
		items = append(items, map[string]any{"type": "signature-request", "id": q.id, "links": map[string]string{"self": q.self()}, "attributes": attributes})
	}
	page := func(n int) string {
		link := fmt.Sprintf("/api/v1/esignature/requests?page[number]=%d&page[size]=%d", n, size)
		for _, name := range []string{"filter[status]", "filter[businessId]"} {
			if value := query.Get(name); value != "" {
				link += "&" + name + "=" + url.QueryEscape(value)
			}
		}
		return link
	}
	links := map[string]string{"self": page(number), "first": page(1), "last": page(pages)}
	if number < pages {
		links["next"] = page(number + 1)
	}
	return ok(map[string]any{
		"data": items, "links": links,
		"meta": map[string]int{"totalItems": len(all), "totalPages": pages, "currentPage": number, "pageSize": size},
	})
}

// cancel is for what is still open (§6).
func (c *catalisa) cancel(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, no := c.find(r)
	switch {
	case no != nil:
		return no
	case !q.pending():
		return c.fail(http.StatusConflict, "", "the request is "+q.state)
	}
	c.end(q, "CANCELLED")
	q.touch("cancelled")
	attributes := map[string]any{"title": q.in.Title, "status": q.state, "createdAt": iso(q.created), "updatedAt": iso(q.changed)}
	return ok(map[string]any{"data": map[string]any{"type": "signature-request", "id": q.id, "attributes": attributes}})
}

// resend mails pending signers again: one, or all (§7.6). What it answers for others is
// not documented: 400 for an unknown e-mail, 409 for whom nobody waits for.
func (c *catalisa) resend(r *http.Request) *reply {
	var in struct {
		Data struct {
			Type       string `json:"type"`
			Attributes struct {
				SignerEmail string `json:"signerEmail"`
			} `json:"attributes"`
		} `json:"data"`
	}
	body, err := readBody(r)
	if err == nil && len(bytes.TrimSpace(body)) > 0 {
		if !isJSON(r) {
			return c.refuse(r, http.StatusBadRequest, "the Content-Type is not application/json", "catalisa §4")
		}
		err = c.decode(r, body, &in, "catalisa §7.6")
	}
	if err != nil {
		return c.refuse(r, http.StatusBadRequest, "the body is not the JSON expected: "+err.Error(), "catalisa §7.6")
	}
	email := in.Data.Attributes.SignerEmail
	c.mu.Lock()
	defer c.mu.Unlock()
	q, no := c.find(r)
	if no != nil {
		return no
	}
	known, waiting := email == "", false
	for _, p := range q.people {
		if email == "" || p.email == email {
			known = true
			waiting = waiting || (!p.done() && p.state != personWaiting)
		}
	}
	switch {
	case !known:
		c.violateLocked(visitOf(r).route, q.id, "signerEmail is no signer of the request", "catalisa §7.6")
		return c.fail(http.StatusBadRequest, "", "signerEmail is no signer of the request")
	case !q.pending() || !waiting:
		return c.fail(http.StatusConflict, "", "nobody is waited for")
	}
	q.reminders++
	return ok(map[string]string{"message": "Signature request resent successfully"})
}

const catalisaLinkLifetime = 15 * time.Minute

func (c *catalisa) download(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, no := c.find(r)
	switch {
	case no != nil:
		return no
	case q.state != "COMPLETED":
		return c.fail(http.StatusConflict, "", "the request is "+q.state)
	}
	a, _ := q.artifact(providers.SignedDocument, "")
	return ok(map[string]string{
		"downloadUrl": c.newLink("/storage/", c.secret("signed " + q.id)[:32]+".pdf", catalisaLinkLifetime, a.serve),
		"expiresAt":   iso(c.sb.now().Add(catalisaLinkLifetime)),
	})
}

// deleteRequest keeps COMPLETED and DECLINED requests (§7.8): refused with 409, by
// choice.
func (c *catalisa) deleteRequest(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, no := c.find(r)
	switch {
	case no != nil:
		return no
	case q.state == "COMPLETED" || q.state == "DECLINED":
		c.violateLocked(visitOf(r).route, q.id, "COMPLETED and DECLINED requests are kept", "catalisa §7.8")
		return c.fail(http.StatusConflict, "", "the request is kept for audit")
	}
	c.remove(q, "deleted")
	return noContent()
}

func (q *catalisaRequest) viewed(*person) {
	if q.state == "SENT" {
		q.state = "VIEWED"
	}
	q.touch("viewed")
}

func (q *catalisaRequest) signed(*person) {
	q.state = "PARTIALLY_SIGNED"
	q.touch("signed")
}

func (q *catalisaRequest) declined(p *person) {
	q.reason[p] = "Nao concordo"
	q.c.end(q, "DECLINED")
	q.touch("declined")
}

func (q *catalisaRequest) expired() {
	q.c.end(q, "EXPIRED")
	q.touch("expired")
}

func (q *catalisaRequest) completed() {
	q.c.end(q, "COMPLETED")
	q.finishedAt = q.ended
	q.offer(providers.SignedDocument, "", typePDF, func() []byte { return q.certificate("Signed document", []upload{q.document}) })
	q.touch("completed")
}

func (q *catalisaRequest) special(action string) bool {
	if action == "cancel" && q.pending() {
		q.c.end(q, "CANCELLED")
		q.touch("cancelled")
		return true
	}
	return false
}

package sandbox

import (
	"net/http"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// certyneoInput is the create request (§4), and the patch of a draft, which is not
// documented and taken to have the same fields.
type certyneoInput struct {
	Subject             string              `json:"subject"`
	Recipients          []certyneoRecipient `json:"recipients"`
	DocumentIDs         []string            `json:"documentIds"`
	TemplateID          string              `json:"templateId"`
	Fields              []certyneoField     `json:"fields"`
	Message             string              `json:"message"`
	SignatureLevel      string              `json:"signatureLevel"`
	ExpiresAt           *string             `json:"expiresAt"`
	RequireSMSOTP       *bool               `json:"requireSmsOtp"`
	Locale              string              `json:"locale"`
	RedirectURL         string              `json:"redirectUrl"`
	Category            string              `json:"category"`
	Tags                []string            `json:"tags"`
	InitialsOnEveryPage bool                `json:"initialsOnEveryPage"`
	WorkspaceID         string              `json:"workspaceId"`
}

type certyneoRecipient struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Phone string `json:"phone"` // second-hand [T]
}

type certyneoField struct {
	RecipientEmail  string   `json:"recipientEmail"`
	PageNumber      *int     `json:"pageNumber"`
	FieldType       string   `json:"fieldType"`
	X               *float64 `json:"x"`
	Y               *float64 `json:"y"`
	Width           *float64 `json:"width"`
	Height          *float64 `json:"height"`
	DocumentIndex   int      `json:"documentIndex"`
	AnchorText      string   `json:"anchorText"`
	AnchorPlacement string   `json:"anchorPlacement"`
	AnchorIndex     int      `json:"anchorIndex"`
}

type certyneoEnvelope struct {
	record
	c         *certyneo
	in        certyneoInput
	documents []upload
	tokens    []string // of the recipients
	roles     []string
	expiresAt time.Time
	purged    bool
}

var (
	certyneoLevels     = []string{"SIMPLE", "ADVANCED", "QUALIFIED"}
	certyneoRoles      = []string{"SIGNER", "VIEWER", "CARBON_COPY", "APPROVER"}
	certyneoFieldTypes = []string{"SIGNATURE", "INITIALS", "DATE_SIGNED", "TEXT", "CHECKBOX", "DROPDOWN", "ATTACHMENT", "STAMP", "DRAWING", "RADIO_GROUP"}
	certyneoPlacements = []string{"", "right", "below", "above", "left"}
	certyneoCategories = []string{"", "CONTRACT", "AGREEMENT", "INVOICE", "LETTER", "QUOTE", "NDA", "HR", "LEGAL", "REPORT", "PROPOSAL", "OTHER"}
	certyneoStates     = []string{"DRAFT", "SCHEDULED", "SENT", "DELIVERED", "PARTIALLY_SIGNED", "COMPLETED", "DECLINED", "VOIDED", "EXPIRED", "RETURNED_TO_SENDER"}

	bcp47 = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2}|-[A-Z][a-z]{3})?$`)
	e164  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func isPrivate(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified())
}

// check is everything that §4 says about the request but for what it refers to. Limits
// of text and the earliest expiry are not documented: an expiry in the past is refused
// as a choice.
func (in *certyneoInput) check(now time.Time) (v verdict, expires time.Time) {
	if in.SignatureLevel == "" {
		in.SignatureLevel = "SIMPLE"
	}
	v.must(in.Subject != "", "subject is required")
	v.must(len(in.Recipients) > 0, "recipients is required")
	v.must(len(in.DocumentIDs) == 0 || in.TemplateID == "", "documentIds and templateId exclude each other")
	v.must(len(in.DocumentIDs) > 0 || in.TemplateID != "", "documentIds or templateId is required")
	v.must(slices.Contains(certyneoLevels, in.SignatureLevel), "no signatureLevel %q", in.SignatureLevel)
	v.must(in.Locale == "" || bcp47.MatchString(in.Locale), "locale %q is not supported", in.Locale)
	v.must(in.RedirectURL == "" || strings.HasPrefix(in.RedirectURL, "https://"), "redirectUrl begins with https://")
	v.must(slices.Contains(certyneoCategories, in.Category), "no category %q", in.Category)
	v.must(len(in.Tags) <= 10, "at most 10 tags")
	for _, tag := range in.Tags {
		v.must(len([]rune(tag)) <= 40, "a tag has at most 40 characters")
	}
	if in.ExpiresAt != nil {
		var err error
		expires, err = time.Parse(time.RFC3339, *in.ExpiresAt)
		v.must(err == nil, "expiresAt is a date-time")
		v.must(err != nil || expires.After(now), "expiresAt is in the past")
	}
	var emails []string
	signers := 0
	in.Recipients = slices.Clone(in.Recipients) // a patch shares them with the draft
	for i := range in.Recipients {
		p := &in.Recipients[i]
		if p.Role == "" {
			p.Role = "SIGNER"
		}
		v.must(isEmail(p.Email), "recipients[%d].email is required", i)
		v.must(slices.Contains(certyneoRoles, p.Role), "recipients[%d]: no role %q", i, p.Role)
		v.must(p.Phone == "" || e164.MatchString(p.Phone), "recipients[%d].phone is E.164", i)
		if in.SignatureLevel == "ADVANCED" && p.Role == "SIGNER" {
			v.must(p.Phone != "", "recipients[%d].phone is required at level ADVANCED", i)
		}
		if p.Role == "SIGNER" || p.Role == "APPROVER" {
			signers++
		}
		emails = append(emails, p.Email)
	}
	v.must(len(in.Recipients) == 0 || signers > 0, "nobody signs or approves")
	for i, f := range in.Fields {
		v.must(slices.Contains(emails, f.RecipientEmail), "fields[%d].recipientEmail is none of the recipients", i)
		v.must(f.PageNumber != nil && *f.PageNumber >= 1, "fields[%d].pageNumber is required", i)
		v.must(slices.Contains(certyneoFieldTypes, f.FieldType), "fields[%d]: no fieldType %q", i, f.FieldType)
		v.must(f.X != nil && f.Y != nil && f.Width != nil && f.Height != nil, "fields[%d]: x, y, width and height are required", i)
		v.must(f.DocumentIndex >= 0 && (in.TemplateID != "" || f.DocumentIndex < len(in.DocumentIDs)), "fields[%d].documentIndex is out of range", i)
		v.must(slices.Contains(certyneoPlacements, f.AnchorPlacement), "fields[%d]: no anchorPlacement %q", i, f.AnchorPlacement)
		v.must(f.AnchorIndex >= 0, "fields[%d].anchorIndex is negative", i)
	}
	return v, expires
}

// admit checks a create or patch request and what it refers to.
func (c *certyneo) admit(r *http.Request, in *certyneoInput) (docs []*certyneoDocument, expires time.Time, no *reply) {
	v, expires := in.check(c.sb.now())
	if v != nil {
		return nil, expires, c.refuse(r, http.StatusBadRequest, "VALIDATION", v.String(), "certyneo §4")
	}
	if in.SignatureLevel == "ADVANCED" && in.RequireSMSOTP != nil && !*in.RequireSMSOTP {
		return nil, expires, c.refuse(r, http.StatusBadRequest, "ADVANCED_REQUIRES_STRONG_AUTH", "level ADVANCED needs requireSmsOtp", "certyneo §6")
	}
	if in.WorkspaceID != "" && in.WorkspaceID != certyneoWorkspace {
		return nil, expires, c.refuse(r, http.StatusForbidden, "", "the workspace is not yours", "certyneo §4")
	}
	if in.TemplateID != "" && !certyneoTemplate(in.TemplateID) {
		return nil, expires, c.notFound(r, "template")
	}
	for _, id := range in.DocumentIDs {
		c.mu.Lock()
		d, found := c.documents[id]
		c.mu.Unlock()
		if !found {
			return nil, expires, c.notFound(r, "document")
		}
		docs = append(docs, d)
	}
	return docs, expires, nil
}

func (c *certyneo) postEnvelope(r *http.Request) *reply {
	var in certyneoInput
	if no := c.body(r, &in, "certyneo §4"); no != nil {
		return no
	}
	docs, expires, no := c.admit(r, &in)
	if no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &certyneoEnvelope{c: c}
	e.id, e.state = "env_"+strings.ToUpper(c.newHex(26)), "DRAFT"
	e.fill(in, docs, expires)
	c.add(e)
	c.emit("envelope.created", e.event())
	return created(e.json(true))
}

func (e *certyneoEnvelope) fill(in certyneoInput, docs []*certyneoDocument, expires time.Time) {
	e.in, e.title, e.expiresAt = in, in.Subject, expires
	e.people, e.roles, e.tokens, e.documents = nil, nil, nil, nil
	for _, d := range docs {
		d.used = true
		e.documents = append(e.documents, d.upload)
	}
	for _, p := range in.Recipients {
		e.roles = append(e.roles, p.Role)
		e.tokens = append(e.tokens, "tok_"+e.c.newHex(40))
		e.people = append(e.people, &person{
			id: "rcp_" + e.c.newHex(20), name: p.Name, email: p.Email, state: personWaiting,
			// How the API makes signing sequential is not documented: all at once.
			order: 1, idle: p.Role == "VIEWER" || p.Role == "CARBON_COPY", approver: p.Role == "APPROVER",
		})
	}
}

// Recipient statuses are not documented: a choice.
var certyneoPersonStates = map[personState]string{
	personWaiting: "PENDING", personInvited: "SENT", personViewed: "VIEWED", personSigned: "SIGNED", personApproved: "APPROVED", personDeclined: "DECLINED",
}

// json is the envelope; the access tokens are in the answers of create and send only.
func (e *certyneoEnvelope) json(tokens bool) map[string]any {
	recipients := []any{}
	for i, p := range e.people {
		m := map[string]any{"email": p.email, "name": p.name, "role": e.roles[i], "status": certyneoPersonStates[p.state], "signedAt": nil}
		if p.state == personSigned || p.state == personApproved {
			m["signedAt"] = stamp(p.acted)
		}
		if tokens {
			m["accessToken"] = e.tokens[i]
		}
		recipients = append(recipients, m)
	}
	m := map[string]any{
		"id": e.id, "subject": e.in.Subject, "message": e.in.Message, "status": e.state, "signatureLevel": e.in.SignatureLevel,
		"recipients": recipients, "expiresAt": nil, "createdAt": stamp(e.created), "completedAt": nil,
	}
	if !e.expiresAt.IsZero() {
		m["expiresAt"] = stamp(e.expiresAt)
	}
	if e.state == "COMPLETED" {
		m["completedAt"] = stamp(e.ended)
	}
	return m
}

// stamp is a time with milliseconds in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// find gives the envelope that a path names. The caller holds the lock.
func (c *certyneo) find(r *http.Request) (*certyneoEnvelope, *reply) {
	e, ok := c.envelopes[r.PathValue("id")].(*certyneoEnvelope)
	if !ok {
		return nil, c.fail(http.StatusNotFound, "NOT_FOUND", "no such envelope")
	}
	return e, nil
}

func (c *certyneo) getEnvelope(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, no := c.find(r)
	if no != nil {
		return no
	}
	return ok(e.json(false))
}

func (c *certyneo) listEnvelopes(r *http.Request) *reply {
	page, limit, no := c.page(r)
	if no != nil {
		return no
	}
	status := r.URL.Query().Get("status")
	if status != "" && !slices.Contains(certyneoStates, status) {
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", "no status of this name", "certyneo §7")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	items := []any{}
	for _, rec := range slices.Backward(c.records) {
		if e, ok := c.envelopes[rec.id].(*certyneoEnvelope); ok && c.listed(rec.created) && (status == "" || e.state == status) {
			items = append(items, e)
		}
	}
	answer := paged(items, page, limit)
	data := answer.json.(map[string]any)["data"].([]any)
	for i, e := range data {
		data[i] = e.(*certyneoEnvelope).json(false)
	}
	return answer
}

func (c *certyneo) patchEnvelope(r *http.Request) *reply {
	c.mu.Lock()
	e, no := c.find(r)
	if no != nil {
		c.mu.Unlock()
		return no
	}
	old, draft := e.in, e.state == "DRAFT"
	c.mu.Unlock()
	if !draft {
		return c.refuse(r, http.StatusConflict, "CONFLICT", "only a DRAFT can be edited", "certyneo §5")
	}
	var change certyneoInput
	if no := c.body(r, &change, "certyneo §4"); no != nil {
		return no
	}
	in := merge(old, change)
	docs, expires, no := c.admit(r, &in)
	if no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.state != "DRAFT" {
		return c.fail(http.StatusConflict, "CONFLICT", "only a DRAFT can be edited")
	}
	e.fill(in, docs, expires)
	return ok(e.json(false))
}

func (c *certyneo) deleteEnvelope(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, no := c.find(r)
	switch {
	case no != nil:
		return no
	case e.state != "DRAFT":
		c.violateLocked(visitOf(r).route, e.id, "an envelope that was sent cannot be deleted", "certyneo §5")
		return c.fail(http.StatusConflict, "CONFLICT", "an envelope that was sent cannot be deleted")
	}
	c.remove(e, "DELETED")
	return ok(map[string]bool{"success": true})
}

func (c *certyneo) send(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, no := c.find(r)
	if no != nil {
		return no
	}
	if e.state != "DRAFT" { // 409 is the reference's inference (§15)
		c.violateLocked(visitOf(r).route, e.id, "the envelope was sent already", "certyneo §5")
		return c.fail(http.StatusConflict, "CONFLICT", "the envelope was sent already")
	}
	if e.in.TemplateID == "" {
		for i, p := range e.people {
			hasField := slices.ContainsFunc(e.in.Fields, func(f certyneoField) bool { return f.RecipientEmail == p.email })
			if e.roles[i] == "SIGNER" && !hasField {
				c.violateLocked(visitOf(r).route, e.id, "a signer without a field", "certyneo §5")
				return c.fail(http.StatusConflict, "signer_without_field", "every signer needs a field")
			}
		}
	}
	e.state = "SENT"
	c.invite(e)
	if !e.expiresAt.IsZero() {
		c.later(e.expiresAt.Sub(c.sb.now()), theService, e, e.expired)
	}
	c.emit("envelope.sent", e.event())
	return ok(e.json(true))
}

// download serves a PDF: 409 until COMPLETED, 410 when purged (§8). A download that comes
// too early is not a violation: nobody can know better between two looks.
func (c *certyneo) download(kind providers.Kind) func(*http.Request) *reply {
	return func(r *http.Request) *reply {
		c.mu.Lock()
		defer c.mu.Unlock()
		e, no := c.find(r)
		switch {
		case no != nil:
			return no
		case e.state != "COMPLETED":
			return c.fail(http.StatusConflict, "CONFLICT", "the envelope is not completed")
		case e.purged && kind == providers.SignedDocument:
			return c.fail(http.StatusGone, "GONE", "the document was deleted under the retention policy")
		}
		a, _ := e.artifact(kind, "")
		return a.serve()
	}
}

func (e *certyneoEnvelope) event() map[string]any {
	signed := 0
	for _, p := range e.people {
		if p.state == personSigned {
			signed++
		}
	}
	return map[string]any{"envelopeId": e.id, "subject": e.in.Subject, "status": e.state, "recipientCount": len(e.people), "signedCount": signed}
}

func (e *certyneoEnvelope) recipientEvent(p *person) map[string]any {
	data := map[string]any{"envelopeId": e.id, "recipientId": p.id, "email": p.email, "name": p.name}
	data["role"] = e.roles[slices.Index(e.people, p)]
	if !p.viewed.IsZero() {
		data["viewedAt"] = stamp(p.viewed)
	}
	return data
}

func (e *certyneoEnvelope) viewed(p *person) {
	if e.state == "SENT" { // when DELIVERED is entered is not documented
		e.state = "DELIVERED"
	}
	e.c.emit("recipient.viewed", e.recipientEvent(p))
}

func (e *certyneoEnvelope) signed(p *person) {
	data := e.recipientEvent(p)
	if p.approver {
		e.c.emit("recipient.approved", data)
		return
	}
	e.state = "PARTIALLY_SIGNED" // even after the last: the sealed file comes a little later (§8)
	data["signedAt"], data["signatureLevel"] = stamp(p.acted), e.in.SignatureLevel
	e.c.emit("recipient.signed", data)
}

func (e *certyneoEnvelope) declined(*person) {
	e.c.end(e, "DECLINED")
	e.c.emit("envelope.declined", e.event())
}

func (e *certyneoEnvelope) expired() {
	e.c.end(e, "EXPIRED")
	e.c.emit("envelope.expired", e.event())
}

func (e *certyneoEnvelope) completed() {
	e.c.end(e, "COMPLETED")
	e.offer(providers.SignedDocument, "", typePDF, func() []byte { return e.certificate("Signed document", e.documents) })
	e.offer(providers.Dossier, "", typePDF, func() []byte { return e.certificate("Audit trail", e.documents) })
	data := e.event()
	data["signatureLevel"] = e.in.SignatureLevel
	if e.in.SignatureLevel == "ADVANCED" {
		data["aesSignerCount"] = 0
	}
	e.c.emit("envelope.completed", data)
}

// special is what happens in the service's dashboard: voiding an envelope in flight,
// and the retention policy.
func (e *certyneoEnvelope) special(action string) bool {
	switch {
	case action == "cancel" && e.pending():
		e.c.end(e, "VOIDED")
		e.c.emit("envelope.voided", e.event())
	case action == "purge" && e.state == "COMPLETED":
		e.purged = true
	default:
		return false
	}
	return true
}

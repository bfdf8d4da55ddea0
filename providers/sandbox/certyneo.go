package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// certyneo simulates Certyneo's API v1 (certyneo.md).
type certyneo struct {
	*Service
	keys      map[string]*certyneoKey // by secret
	documents map[string]*certyneoDocument
	docOrder  []string
	hooks     []*certyneoHook
}

type certyneoKey struct {
	id, name string
	secret   string
	scopes   []string
	bucket   *bucket
}

// The scopes that the reference names (§1); documents and templates are read and
// written with the envelopes' scopes, which is a choice.
const (
	scopeRead  = "envelopes:read"
	scopeWrite = "envelopes:write"
	scopeHooks = "webhooks:write"
)

// NewCertyneo is the simulator of Certyneo.
func NewCertyneo(sb *Sandbox, name string) *Service {
	c := &certyneo{Service: newService(sb, name, "/api/v1"), keys: make(map[string]*certyneoKey), documents: make(map[string]*certyneoDocument)}
	c.bucket = nil // the limit is per key
	c.authenticate, c.failure, c.env = c.auth, c.fail, c.environment
	scopes := sb.o.Differences.CertyneoScopes
	if scopes == nil {
		scopes = []string{scopeRead, scopeWrite, scopeHooks}
	}
	c.addKey("sandbox", c.defaultKey(), scopes)
	if url := sb.o.Webhooks[c.name]; url != "" {
		c.hooks = append(c.hooks, &certyneoHook{id: "wh_" + c.newHex(20), url: url, events: certyneoEvents, secret: c.secret("webhook")})
	}

	c.handle("POST /documents", c.scoped(scopeWrite, c.postDocument))
	c.handle("GET /documents", c.scoped(scopeRead, c.listDocuments))
	c.handle("GET /documents/{id}", c.scoped(scopeRead, c.getDocument))
	c.handle("DELETE /documents/{id}", c.scoped(scopeWrite, c.deleteDocument))
	c.handle("GET /envelopes", c.scoped(scopeRead, c.listEnvelopes))
	c.handle("POST /envelopes", c.scoped(scopeWrite, c.postEnvelope))
	c.handle("GET /envelopes/{id}", c.scoped(scopeRead, c.getEnvelope))
	c.handle("PATCH /envelopes/{id}", c.scoped(scopeWrite, c.patchEnvelope))
	c.handle("DELETE /envelopes/{id}", c.scoped(scopeWrite, c.deleteEnvelope))
	c.handle("POST /envelopes/{id}/send", c.scoped(scopeWrite, c.send))
	c.handle("GET /envelopes/{id}/signed-document", c.scoped(scopeRead, c.download(providers.SignedDocument)))
	c.handle("GET /envelopes/{id}/audit-trail", c.scoped(scopeRead, c.download(providers.Dossier)))
	c.handle("GET /webhooks", c.scoped(scopeHooks, c.listHooks))
	c.handle("POST /webhooks", c.scoped(scopeHooks, c.postHook))
	c.handle("DELETE /webhooks/{id}", c.scoped(scopeHooks, c.deleteHook))
	c.handle("GET /keys", c.listKeys)
	c.handle("POST /keys", c.postKey)
	c.handle("DELETE /keys/{id}", c.deleteKey)
	c.handle("GET /account/me", c.me)
	c.handle("GET /templates", c.scoped(scopeRead, c.listTemplates))
	c.handle("GET /workspaces", c.scoped(scopeRead, c.listWorkspaces))
	// POST /sepa-mandates and the n8n file are left out: their bodies are not documented.
	return c.Service
}

func (c *certyneo) environment() map[string]string {
	env := map[string]string{
		c.variable("BASE_URL"): c.url(c.prefix),
		c.variable("API_KEY"):  c.defaultKey(),
	}
	if c.sb.o.Webhooks[c.name] != "" {
		env[c.variable("WEBHOOK_SECRET")] = c.secret("webhook")
		env[c.variable("WEBHOOK_URL")] = c.sb.o.Webhooks[c.name]
	}
	return env
}

func (c *certyneo) defaultKey() string { return "sk_test_" + c.secret("key")[:32] }

func (c *certyneo) addKey(name, secret string, scopes []string) *certyneoKey {
	rate, given := c.sb.o.Rates[c.name]
	if !given {
		rate = providers.Rate{Requests: 100, Per: time.Minute, Burst: 200} // §11
	}
	k := &certyneoKey{id: "key_" + c.newHex(20), name: name, secret: secret, scopes: scopes, bucket: newBucket(rate, c.sb.now())}
	c.keys[secret] = k
	return k
}

// fail is the error shape of §10. The codes are opaque there but for a few.
func (c *certyneo) fail(status int, code, text string) *reply {
	if code == "" {
		code = strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
	}
	if c.sb.o.Differences.CertyneoNoCode {
		return &reply{status: status, json: map[string]string{"error": text}}
	}
	return &reply{status: status, json: map[string]string{"error": text, "code": code}}
}

// refuse answers with an error and keeps the violation.
func (c *certyneo) refuse(r *http.Request, status int, code, rule, reference string) *reply {
	c.violate(visitOf(r).route, r.PathValue("id"), rule, reference)
	return c.fail(status, code, rule)
}

// key finds the key of a request: "Bearer " may be missing (§1).
func (c *certyneo) key(r *http.Request) *certyneoKey {
	return c.keys[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
}

func (c *certyneo) auth(r *http.Request) *reply {
	c.mu.Lock()
	k := c.key(r)
	if k == nil {
		c.mu.Unlock()
		return c.refuse(r, http.StatusUnauthorized, "", "missing or unknown API key", "certyneo §1")
	}
	fine, wait := k.bucket.take(c.sb.now())
	c.mu.Unlock()
	if fine {
		return nil
	}
	c.violate(visitOf(r).route, "", "rate limit exceeded", "certyneo §11")
	return c.tooMany(wait)
}

func (c *certyneo) scoped(scope string, h func(*http.Request) *reply) func(*http.Request) *reply {
	return func(r *http.Request) *reply {
		c.mu.Lock()
		k := c.key(r)
		granted := k != nil && slices.Contains(k.scopes, scope)
		c.mu.Unlock()
		if !granted {
			c.violate(visitOf(r).route, "", "the key lacks the scope "+scope, "certyneo §1")
			return &reply{status: http.StatusForbidden, json: map[string]string{"error": "Insufficient scope: " + scope + " required"}}
		}
		return h(r)
	}
}

// body reads a JSON request.
func (c *certyneo) body(r *http.Request, v any, reference string) *reply {
	if !isJSON(r) {
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", "the Content-Type is not application/json", reference)
	}
	body, err := readBody(r)
	if err == nil {
		err = c.decode(r, body, v, reference)
	}
	if err != nil {
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", "the body is not the JSON expected: "+err.Error(), reference)
	}
	return nil
}

// page reads page and limit (§7). The largest limit, 100, is a choice: what is over it is
// taken as 100.
func (c *certyneo) page(r *http.Request) (page, limit int, no *reply) {
	page, limit = 1, 20
	for name, value := range map[string]*int{"page": &page, "limit": &limit} {
		if text := r.URL.Query().Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return 0, 0, c.refuse(r, http.StatusBadRequest, "VALIDATION", name+" is a number from 1", "certyneo §7")
			}
			*value = n
		}
	}
	return page, min(limit, 100), nil
}

// paged cuts a page out of all items.
func paged(items []any, page, limit int) *reply {
	from := min((page-1)*limit, len(items))
	to := min(from+limit, len(items))
	return ok(map[string]any{
		"data":       append([]any{}, items[from:to]...),
		"pagination": map[string]int{"total": len(items), "page": page, "pageSize": limit, "pages": (len(items) + limit - 1) / limit},
	})
}

func (c *certyneo) notFound(r *http.Request, what string) *reply {
	return c.refuse(r, http.StatusNotFound, "NOT_FOUND", "no such "+what, "certyneo §2")
}

// made answers with what was made.
func (c *certyneo) made(v any) *reply {
	if c.sb.o.Differences.CertyneoDataIDs {
		return created(map[string]any{"data": v})
	}
	return created(v)
}

// Documents (§3).

type certyneoDocument struct {
	upload
	id   string
	used bool
}

func (d *certyneoDocument) json() map[string]any {
	return map[string]any{"id": d.id, "name": d.name, "mimeType": d.mimeType, "size": d.size, "status": "READY"}
}

const certyneoMaxDocument = 50 << 20

func (c *certyneo) postDocument(r *http.Request) *reply {
	up, found, values, err := readMultipart(r, "file")
	switch {
	case err != nil:
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", "the upload is not readable multipart/form-data: "+err.Error(), "certyneo §3")
	case !found:
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", "the part file is missing", "certyneo §3")
	case up.size > certyneoMaxDocument: // the status is a choice
		return c.refuse(r, http.StatusRequestEntityTooLarge, "VALIDATION", "a document has at most 50 MB", "certyneo §3")
	case up.size == 0:
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", "the document is empty", "certyneo §3")
	}
	switch {
	case isPDF(up.head):
		up.mimeType = typePDF
	case isPNG(up.head):
		up.mimeType = typePNG
	case isJPEG(up.head):
		up.mimeType = typeJPEG
	case isGIF(up.head):
		up.mimeType = typeGIF
	case isDOC(up.head):
		up.mimeType = typeDOC
	case isZIP(up.head) && (up.mimeType == typeDOCX || up.mimeType == typeODT):
	default: // the status is a choice
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", "not a type of document that is known", "certyneo §3")
	}
	if name := values["name"]; name != "" {
		up.name = name
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	up.head = nil
	d := &certyneoDocument{upload: up, id: "doc_" + c.newHex(24)}
	c.documents[d.id] = d
	c.docOrder = append(c.docOrder, d.id)
	return c.made(d.json())
}

// The answers of the documents' other routes are not documented: they follow the
// envelopes' ones.
func (c *certyneo) listDocuments(r *http.Request) *reply {
	page, limit, no := c.page(r)
	if no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	items := []any{}
	for i := len(c.docOrder) - 1; i >= 0; i-- {
		if d, ok := c.documents[c.docOrder[i]]; ok {
			items = append(items, d.json())
		}
	}
	return paged(items, page, limit)
}

func (c *certyneo) getDocument(r *http.Request) *reply {
	c.mu.Lock()
	d, found := c.documents[r.PathValue("id")]
	c.mu.Unlock()
	if !found {
		return c.notFound(r, "document")
	}
	return ok(d.json())
}

func (c *certyneo) deleteDocument(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, found := c.documents[r.PathValue("id")]
	switch {
	case !found:
		return c.fail(http.StatusNotFound, "NOT_FOUND", "no such document")
	case d.used: // a choice
		return c.fail(http.StatusConflict, "CONFLICT", "the document is part of an envelope")
	}
	delete(c.documents, d.id)
	return ok(map[string]bool{"success": true})
}

package sandbox

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// me, keys, templates and workspaces: small routes.

func (c *certyneo) me(*http.Request) *reply {
	return ok(map[string]string{"id": "usr_" + c.secret("account")[:20], "email": "sandbox@example.test", "name": "Sandbox", "plan": cmp.Or(c.sb.o.Choices.CertyneoPlan, "BUSINESS")})
}

// Bodies of the keys' routes are not documented: a choice.
func (c *certyneo) listKeys(*http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	data := []any{}
	for _, k := range c.keys {
		data = append(data, map[string]any{"id": k.id, "name": k.name, "scopes": k.scopes})
	}
	return ok(map[string]any{"data": data})
}

func (c *certyneo) postKey(r *http.Request) *reply {
	var in struct {
		Name   string   `json:"name"`
		Scopes []string `json:"scopes"`
	}
	if no := c.body(r, &in, "certyneo §2"); no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.addKey(in.Name, "sk_test_"+c.newHex(32), in.Scopes)
	return created(map[string]any{"id": k.id, "name": k.name, "scopes": k.scopes, "key": k.secret})
}

func (c *certyneo) deleteKey(r *http.Request) *reply {
	c.mu.Lock()
	for secret, k := range c.keys {
		if k.id == r.PathValue("id") {
			delete(c.keys, secret)
			c.mu.Unlock()
			return ok(map[string]bool{"success": true})
		}
	}
	c.mu.Unlock()
	return c.notFound(r, "key")
}

// certyneoTemplates are the templates of the simulated account. A template brings its
// document and fields for as many signers as it has (§4).
var certyneoTemplates = []map[string]any{
	{"id": "tpl_lease", "name": "Lease", "description": "One signer", "signerCount": 1, "documentCount": 1},
	{"id": "tpl_sale", "name": "Sale", "description": "Buyer and seller", "signerCount": 2, "documentCount": 1},
}

func (c *certyneo) listTemplates(r *http.Request) *reply {
	page, limit, no := c.page(r)
	if no != nil {
		return no
	}
	items := []any{}
	for _, t := range certyneoTemplates {
		items = append(items, t)
	}
	return paged(items, page, limit)
}

func certyneoTemplate(id string) bool {
	for _, t := range certyneoTemplates {
		if t["id"] == id {
			return true
		}
	}
	return false
}

const certyneoWorkspace = "wks_sandbox"

func (c *certyneo) listWorkspaces(*http.Request) *reply {
	return ok(map[string]any{"data": []any{map[string]string{"id": certyneoWorkspace, "name": "Sandbox", "slug": "sandbox", "role": "OWNER"}}})
}

// Webhooks (§9).

type certyneoHook struct {
	id, url, secret string
	events          []string
}

var certyneoEvents = []string{
	"envelope.created", "envelope.sent", "envelope.completed", "envelope.declined", "envelope.voided", "envelope.expired",
	"envelope.returned_to_sender", "envelope.resubmitted", "recipient.signed", "recipient.viewed", "recipient.approved",
}

func (h *certyneoHook) json() map[string]any {
	return map[string]any{"id": h.id, "url": h.url, "events": h.events, "isActive": true}
}

func (c *certyneo) listHooks(*http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	data := []any{}
	for _, h := range c.hooks {
		data = append(data, h.json())
	}
	return ok(map[string]any{"data": data})
}

func (c *certyneo) postHook(r *http.Request) *reply {
	var in struct {
		URL    string   `json:"url"`
		Events []string `json:"events"`
		Active *bool    `json:"active"`
	}
	if no := c.body(r, &in, "certyneo §9"); no != nil {
		return no
	}
	var v verdict
	v.must(isHTTP(in.URL), "url is an http address")
	v.must(len(in.Events) > 0, "events is required")
	for _, e := range in.Events {
		v.must(slices.Contains(certyneoEvents, e), "no event %q", e)
	}
	if v != nil {
		return c.refuse(r, http.StatusBadRequest, "VALIDATION", v.String(), "certyneo §9")
	}
	if c.sb.o.Choices.CertyneoRefuseLoopback && isPrivate(in.URL) {
		c.violate(visitOf(r).route, "", "a webhook receiver in a private network", "certyneo §9")
		return &reply{status: http.StatusBadRequest, json: map[string]string{"error": "URL rejected: private or loopback address"}}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &certyneoHook{id: "wh_" + c.newHex(20), url: in.URL, events: in.Events, secret: "whsec_" + c.newHex(40)}
	c.hooks = append(c.hooks, h)
	answer := h.json()
	answer["secret"] = h.secret
	return created(answer)
}

func (c *certyneo) deleteHook(r *http.Request) *reply {
	c.mu.Lock()
	for i, h := range c.hooks {
		if h.id == r.PathValue("id") {
			c.hooks = append(c.hooks[:i:i], c.hooks[i+1:]...)
			c.mu.Unlock()
			return ok(map[string]bool{"success": true})
		}
	}
	c.mu.Unlock()
	return c.notFound(r, "webhook")
}

// emit tells all subscribers of an event. The caller holds the lock.
func (c *certyneo) emit(event string, data map[string]any) {
	body, err := json.Marshal(map[string]any{"event": event, "timestamp": c.sb.now().UTC().Format(time.RFC3339), "data": data})
	if err != nil {
		panic(err) // plain strings and numbers
	}
	for _, h := range c.hooks {
		if slices.Contains(h.events, event) {
			c.sb.courier.send(delivery{provider: c.name, url: h.url, body: body, sign: func(body []byte) http.Header {
				mac := hmac.New(sha256.New, []byte(h.secret))
				mac.Write(body)
				return http.Header{"X-Certyneo-Signature": {hex.EncodeToString(mac.Sum(nil))}}
			}})
		}
	}
}

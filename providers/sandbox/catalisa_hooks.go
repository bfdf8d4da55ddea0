package sandbox

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// catalisaHook is a subscription of the Webhooks Engine (§10.1).
type catalisaHook struct {
	id, status string
	in         catalisaHookInput
	at         time.Time
}

type catalisaHookInput struct {
	Name         string            `json:"name"`
	EndpointURL  string            `json:"endpointUrl"`
	EventFilters []string          `json:"eventFilters"`
	TimeoutMs    int               `json:"timeoutMs"`
	RetryConfig  map[string]any    `json:"retryConfig"`
	Headers      map[string]string `json:"customHeaders"`
	Description  string            `json:"description"`
	Status       string            `json:"status"`
}

func (c *catalisa) hookRoutes() {
	const hooks = "/webhooks/api/v1/subscriptions"
	c.handle("POST "+hooks, c.allowed(hooksCreate, c.postHook))
	c.handle("GET "+hooks, c.allowed(hooksRead, c.listHooks))
	c.handle("GET "+hooks+"/{id}", c.allowed(hooksRead, c.withHook(func(h *catalisaHook) *reply { return ok(map[string]any{"data": h.json()}) })))
	c.handle("DELETE "+hooks+"/{id}", c.allowed(hooksDelete, c.withHook(func(h *catalisaHook) *reply {
		c.hooks = slices.DeleteFunc(c.hooks, func(x *catalisaHook) bool { return x == h })
		return noContent()
	})))
	for action, status := range map[string]string{"pause": "PAUSED", "resume": "ACTIVE"} {
		c.handle("POST "+hooks+"/{id}/"+action, c.allowed(hooksUpdate, c.withHook(func(h *catalisaHook) *reply {
			h.status = status
			return ok(map[string]any{"data": h.json()})
		})))
	}
	c.handle("GET "+hooks+"/{id}/keys", c.allowed(hooksRead, c.withHook(func(*catalisaHook) *reply { return ok(map[string]any{"data": c.publicKeys()}) })))
}

func (h *catalisaHook) json() any {
	return map[string]any{"type": "webhook-subscriptions", "id": h.id, "attributes": map[string]any{
		"name": h.in.Name, "endpointUrl": h.in.EndpointURL, "eventFilters": h.in.EventFilters, "status": h.status, "timeoutMs": 30000,
		"retryConfig": map[string]any{"maxRetries": 5, "retryBackoffMs": 1000, "retryBackoffMultiplier": 2.0},
		"createdAt":   iso(h.at), "updatedAt": iso(h.at), "createdBy": "sandbox",
	}}
}

// withHook runs do under the lock for the subscription that a path names.
func (c *catalisa) withHook(do func(*catalisaHook) *reply) func(*http.Request) *reply {
	return func(r *http.Request) *reply {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, h := range c.hooks {
			if h.id == r.PathValue("id") {
				return do(h)
			}
		}
		return c.missing("subscription")
	}
}

func (c *catalisa) postHook(r *http.Request) *reply {
	var in struct {
		Data struct {
			Type       string            `json:"type"`
			Attributes catalisaHookInput `json:"attributes"`
		} `json:"data"`
	}
	if no := c.body(r, &in, "catalisa §10.1"); no != nil {
		return no
	}
	var v verdict
	v.must(in.Data.Type == "webhook-subscriptions", "data.type is webhook-subscriptions")
	v.must(isHTTP(in.Data.Attributes.EndpointURL), "endpointUrl is an address")
	if v != nil {
		return c.refuse(r, http.StatusBadRequest, v.String(), "catalisa §10.1")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.keys) == 0 {
		c.addKey()
	}
	h := &catalisaHook{id: c.newUUID(), status: "ACTIVE", in: in.Data.Attributes, at: c.sb.now()}
	c.hooks = append(c.hooks, h)
	return created(map[string]any{"data": h.json()})
}

func (c *catalisa) listHooks(*http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, h := range c.hooks {
		list = append(list, h.json())
	}
	return ok(map[string]any{"data": list})
}

// addKey makes a new pair, with which everything is signed from now on. The engine has
// pairs for each subscription; here all share them.
func (c *catalisa) addKey() {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the system has no randomness
	}
	c.keys = append(c.keys, catalisaKey{"whk_" + c.newHex(24), pair})
}

// pem is the public half, with its id as a header where one is asked for.
func (k catalisaKey) pem(headers map[string]string) []byte {
	der, err := x509.MarshalPKIXPublicKey(&k.pair.PublicKey)
	if err != nil {
		panic(err) // an RSA key
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Headers: headers, Bytes: der})
}

func (c *catalisa) publicKeys() []any {
	list := []any{}
	for _, k := range c.keys {
		list = append(list, map[string]any{"type": "webhook-keys", "id": k.id, "attributes": map[string]string{"keyId": k.id, "publicKey": string(k.pem(nil))}})
	}
	return list
}

// publicKeyFile writes the public keys, the newest last, each with its id, into a file that lives as long as the sandbox. Empty when that failed.
func (c *catalisa) publicKeyFile() string {
	var text []byte
	c.mu.Lock()
	for _, k := range c.keys {
		text = append(text, k.pem(map[string]string{"Key-Id": k.id})...)
	}
	c.mu.Unlock()
	c.sb.mu.Lock()
	defer c.sb.mu.Unlock()
	if c.sb.dir == "" {
		dir, err := os.MkdirTemp("", "chancela-sandbox-")
		if err != nil {
			return ""
		}
		c.sb.dir = dir
	}
	name := filepath.Join(c.sb.dir, "catalisa-webhooks.pem")
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return ""
	}
	return name
}

// RotateWebhookKeys lets Catalisa's deliveries be signed by a new key, and adds its
// public half to the file that [Sandbox.Env] names.
func (s *Sandbox) RotateWebhookKeys() {
	c := s.catalisa
	c.mu.Lock()
	c.addKey()
	c.mu.Unlock()
	c.publicKeyFile()
}

// emit tells the subscribers of an event. Names and data are invented: nothing about
// them is documented (§10.3). The caller holds the lock.
func (c *catalisa) emit(event string, data map[string]any) {
	if len(c.hooks) == 0 {
		return
	}
	beginning := c.sb.o.Choices.CatalisaEvents
	if beginning == "" {
		beginning = "esignature.request"
	}
	name := beginning + "." + event
	body, err := json.Marshal(map[string]any{
		"id": "evt_" + c.newHex(20), "type": name, "data": data,
		"metadata": map[string]string{"timestamp": stamp(c.sb.now()), "organizationId": c.organization()},
	})
	if err != nil {
		panic(err) // plain strings
	}
	key := c.keys[len(c.keys)-1]
	for _, h := range c.hooks {
		if h.status == "ACTIVE" && (len(h.in.EventFilters) == 0 || slices.Contains(h.in.EventFilters, name)) {
			c.sb.courier.send(delivery{provider: c.name, url: h.in.EndpointURL, body: body, sign: func(body []byte) http.Header { return c.signDelivery(key, body) }})
		}
	}
}

// signDelivery gives the headers of one attempt: its id changes, the event's stays
// (§10.2).
func (c *catalisa) signDelivery(key catalisaKey, body []byte) http.Header {
	c.mu.Lock()
	id, at := "msg_"+c.newHex(32), stamp(c.sb.now())
	c.mu.Unlock()
	sum := sha256.Sum256(append([]byte(id+"\n"+at+"\n"), body...))
	signature, err := rsa.SignPKCS1v15(nil, key.pair, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a good key and a good hash
	}
	return http.Header{
		"X-Webhook-Id": {id}, "X-Webhook-Timestamp": {at}, "X-Webhook-Key-Id": {key.id},
		"X-Webhook-Signature": {"v1=" + base64.StdEncoding.EncodeToString(signature)}, "X-Webhook-Version": {"v1"},
	}
}

package sandbox

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// catalisa simulates Catalisa's e-signature with the parts of the platform around it:
// identity below /iam, File Storage below /file-storage, the Webhooks Engine below
// /webhooks (catalisa.md). Of the provider configurations only reading is here: the
// bodies of the rest are not documented.
type catalisa struct {
	*Service
	files map[string]*catalisaFile
	hooks []*catalisaHook
	keys  []catalisaKey // of webhooks, the newest last
}

// The permissions of §3.3.
const (
	esignCreate = "ESIGNATURE_CREATE"
	esignRead   = "ESIGNATURE_READ"
	esignDelete = "ESIGNATURE_DELETE"
	filesCreate = "FILES_CREATE"
	filesRead   = "FILES_READ"
	filesDelete = "FILES_DELETE"
	hooksCreate = "WEBHOOKS_SUBSCRIPTIONS_CREATE"
	hooksRead   = "WEBHOOKS_SUBSCRIPTIONS_READ"
	hooksUpdate = "WEBHOOKS_SUBSCRIPTIONS_UPDATE"
	hooksDelete = "WEBHOOKS_SUBSCRIPTIONS_DELETE"
)

var catalisaPermissions = []string{esignCreate, esignRead, esignDelete, filesCreate, filesRead, filesDelete, hooksCreate, hooksRead, hooksUpdate, hooksDelete}

const (
	accessLifetime  = time.Hour
	refreshLifetime = 7 * 24 * time.Hour
)

// NewCatalisa is the simulator of Catalisa.
func NewCatalisa(sb *Sandbox, name string) *Service {
	c := &catalisa{Service: newService(sb, name, ""), files: make(map[string]*catalisaFile)}
	c.authenticate, c.failure, c.env = c.auth, c.fail, c.environment
	sb.catalisa = c
	if url := sb.o.Webhooks[c.name]; url != "" {
		c.addKey()
		c.hooks = append(c.hooks, &catalisaHook{id: c.newUUID(), status: "ACTIVE", at: sb.now(), in: catalisaHookInput{Name: "sandbox", EndpointURL: url}})
	}
	c.open("POST /iam/oauth/token", c.postToken)
	const requests = "/api/v1/esignature/requests"
	c.handle("POST "+requests, c.allowed(esignCreate, c.postRequest(false)))
	c.handle("POST "+requests+"/from-template", c.allowed(esignCreate, c.postRequest(true)))
	c.handle("GET "+requests, c.allowed(esignRead, c.listRequests))
	c.handle("GET "+requests+"/{id}", c.allowed(esignRead, c.getRequest))
	c.handle("POST "+requests+"/{id}/cancel", c.allowed(esignCreate, c.cancel))
	c.handle("POST "+requests+"/{id}/resend", c.allowed(esignCreate, c.resend))
	c.handle("GET "+requests+"/{id}/download", c.allowed(esignRead, c.download))
	c.handle("DELETE "+requests+"/{id}", c.allowed(esignDelete, c.deleteRequest))
	c.handle("GET /api/v1/esignature/provider-configs", c.allowed(esignRead, c.listConfigs))
	c.handle("GET /api/v1/esignature/provider-configs/{id}", c.allowed(esignRead, c.getConfig))
	c.fileRoutes()
	c.hookRoutes()
	return c.Service
}

func (c *catalisa) environment() map[string]string {
	env := map[string]string{
		c.variable("BASE_URL"):      c.url(""),
		c.variable("IAM_URL"):       c.url("/iam"),
		c.variable("FILES_URL"):     c.url("/file-storage"),
		c.variable("CLIENT_ID"):     c.organization(),
		c.variable("CLIENT_SECRET"): c.clientSecret(),
	}
	if url := c.sb.o.Webhooks[c.name]; url != "" {
		env[c.variable("WEBHOOK_URL")] = url
		env[c.variable("WEBHOOK_SECRET")] = c.publicKeyFile()
	}
	return env
}

// organization is the client id too (§3.1).
func (c *catalisa) organization() string {
	h := c.secret("organization")
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

func (c *catalisa) clientSecret() string { return c.secret("client") }

// fail is the platform's error object; by choice in the shape of its shared result
// handler (§4.2). That 409 is the answer to what does not fit the state is a choice.
func (c *catalisa) fail(status int, code, text string) *reply {
	if code == "" {
		code = map[int]string{
			http.StatusBadRequest: "VALIDATION", http.StatusUnauthorized: "UNAUTHORIZED", http.StatusForbidden: "FORBIDDEN", http.StatusNotFound: "NOT_FOUND",
			http.StatusConflict: "CONFLICT", http.StatusTooManyRequests: "TOO_MANY_REQUESTS",
		}[status]
	}
	if code == "" {
		code = strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
	}
	if c.sb.o.Choices.CatalisaErrorField {
		return &reply{status: status, json: map[string]any{"error": code, "message": text}}
	}
	return &reply{status: status, json: map[string]any{"code": code, "message": text, "statusCode": status}}
}

func (c *catalisa) refuse(r *http.Request, status int, rule, reference string) *reply {
	c.violate(visitOf(r).route, r.PathValue("id"), rule, reference)
	return c.fail(status, "", rule)
}

// missing is a 404 for an id that nobody gave out; after a deletion it is no violation.
func (c *catalisa) missing(what string) *reply {
	return c.fail(http.StatusNotFound, "", "no such "+what)
}

// Tokens (§3.1).

type catalisaClaims struct {
	Subject      string   `json:"sub"`
	Organization string   `json:"organizationId"`
	Permissions  []string `json:"permissions"`
	Type         string   `json:"type"`
	IssuedAt     int64    `json:"iat"`
	Expires      int64    `json:"exp"`
	ID           string   `json:"jti,omitempty"`
}

var jwtEncoding = base64.RawURLEncoding

func (c *catalisa) sign(text string) string {
	mac := hmac.New(sha256.New, []byte(c.secret("jwt")))
	mac.Write([]byte(text))
	return jwtEncoding.EncodeToString(mac.Sum(nil))
}

func (c *catalisa) token(claims catalisaClaims) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // plain strings and numbers
	}
	text := jwtEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + jwtEncoding.EncodeToString(payload)
	return text + "." + c.sign(text)
}

// claims reads a token of the wanted type.
func (c *catalisa) claims(token, kind string) (claims catalisaClaims, err error) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || !hmac.Equal([]byte(token[i+1:]), []byte(c.sign(token[:i]))) {
		return claims, errors.New("malformed")
	}
	_, payload, _ := strings.Cut(token[:i], ".")
	text, err := jwtEncoding.DecodeString(payload)
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	switch {
	case err != nil:
		return claims, err
	case claims.Type != kind:
		return claims, errors.New("of another type")
	case c.sb.now().Unix() >= claims.Expires:
		return claims, errExpired
	}
	return claims, nil
}

var errExpired = errors.New("expired")

// postToken: error bodies are not documented; scope, by choice, narrows the
// permissions down to those it names.
func (c *catalisa) postToken(r *http.Request) *reply {
	var in struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		RefreshToken string `json:"refresh_token"`
		Scope        string `json:"scope"`
	}
	if no := c.body(r, &in, "catalisa §3.1"); no != nil {
		return no
	}
	now := c.sb.now()
	permissions := catalisaPermissions
	if some := c.sb.o.Differences.CatalisaPermissions; some != nil {
		permissions = some
	}
	claims := catalisaClaims{Subject: c.organization(), Organization: c.organization(), Permissions: permissions, Type: "access", IssuedAt: now.Unix(), Expires: now.Add(accessLifetime).Unix()}
	answer := map[string]any{"token_type": "Bearer", "expires_in": int(accessLifetime.Seconds())}
	switch in.GrantType {
	case "client_credentials":
		if in.ClientID != c.organization() || in.ClientSecret != c.clientSecret() {
			return c.refuse(r, http.StatusUnauthorized, "client_id and client_secret are not those of the organization", "catalisa §3.1")
		}
		if in.Scope != "" {
			wanted := strings.Fields(in.Scope)
			claims.Permissions = slices.DeleteFunc(slices.Clone(claims.Permissions), func(p string) bool { return !slices.Contains(wanted, p) })
		}
	case "refresh_token":
		old, err := c.claims(in.RefreshToken, "refresh")
		if err != nil {
			return c.refuse(r, http.StatusUnauthorized, "the refresh token is not valid", "catalisa §3.1")
		}
		claims.Permissions = old.Permissions
		refresh := claims
		refresh.Type, refresh.Expires = "refresh", now.Add(refreshLifetime).Unix()
		c.mu.Lock()
		refresh.ID = c.newUUID()
		c.mu.Unlock()
		answer["refresh_token"] = c.token(refresh)
	default:
		return c.refuse(r, http.StatusBadRequest, "grant_type is client_credentials or refresh_token", "catalisa §3.1")
	}
	answer["access_token"] = c.token(claims)
	return ok(answer)
}

func (c *catalisa) bearer(r *http.Request) (catalisaClaims, error) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return catalisaClaims{}, errors.New("missing")
	}
	return c.claims(token, "access")
}

// auth: a token that has run out is refused, but is no violation: clocks differ.
func (c *catalisa) auth(r *http.Request) *reply {
	_, err := c.bearer(r)
	switch {
	case errors.Is(err, errExpired):
		return c.fail(http.StatusUnauthorized, "", "the access token has expired")
	case err != nil:
		return c.refuse(r, http.StatusUnauthorized, "the bearer token is "+err.Error(), "catalisa §3.1")
	}
	return nil
}

func (c *catalisa) allowed(permission string, h func(*http.Request) *reply) func(*http.Request) *reply {
	return func(r *http.Request) *reply {
		if claims, err := c.bearer(r); err != nil || !slices.Contains(claims.Permissions, permission) {
			return c.refuse(r, http.StatusForbidden, "permission "+permission+" is missing", "catalisa §3.3")
		}
		return h(r)
	}
}

// body reads a JSON request.
func (c *catalisa) body(r *http.Request, v any, reference string) *reply {
	if !isJSON(r) {
		return c.refuse(r, http.StatusBadRequest, "the Content-Type is not application/json", "catalisa §4")
	}
	body, err := readBody(r)
	if err == nil {
		err = c.decode(r, body, v, reference)
	}
	if err != nil {
		return c.refuse(r, http.StatusBadRequest, "the body is not the JSON expected: "+err.Error(), reference)
	}
	return nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// iso is a datetime of §4.
func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Provider configurations (§9): the resource type's name is not documented.

func (c *catalisa) configID() string {
	h := c.secret("config")
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

func (c *catalisa) config() any {
	return map[string]any{"type": "provider-config", "id": c.configID(), "attributes": map[string]any{
		"name": "Sandbox", "providerType": "OPENSIGN", "isDefault": !c.sb.o.Differences.CatalisaNoDefault, "isActive": true, "settings": map[string]any{},
		"createdAt": "2025-02-03T09:00:00Z", "updatedAt": "2025-02-03T09:00:00Z",
	}}
}

func (c *catalisa) listConfigs(*http.Request) *reply {
	return ok(map[string]any{"data": []any{c.config()}})
}

func (c *catalisa) getConfig(r *http.Request) *reply {
	if r.PathValue("id") != c.configID() {
		return c.missing("provider configuration")
	}
	return ok(map[string]any{"data": c.config()})
}

// catalisaKey is a key pair of the Webhooks Engine.
type catalisaKey struct {
	id   string
	pair *rsa.PrivateKey
}

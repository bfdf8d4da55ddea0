package sandbox

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

const catalisaRequests = "/api/v1/esignature/requests"

func catalisaToken(t *testing.T, s *Sandbox, scope string) string {
	t.Helper()
	env := s.Env()
	iam := newCaller(t, env["CHANCELA_CATALISA_IAM_URL"], "")
	iam.header = nil
	a := iam.call("POST", "/oauth/token", map[string]string{
		"grant_type": "client_credentials", "client_id": env["CHANCELA_CATALISA_CLIENT_ID"], "client_secret": env["CHANCELA_CATALISA_CLIENT_SECRET"], "scope": scope,
	}, 200)
	if a.text("token_type") != "Bearer" || a.at("expires_in") != 3600.0 {
		t.Errorf("token: %s", a.body)
	}
	return a.text("access_token")
}

func catalisaCaller(t *testing.T, s *Sandbox) *caller {
	t.Helper()
	return newCaller(t, s.Env()["CHANCELA_CATALISA_BASE_URL"], "Bearer "+catalisaToken(t, s, ""))
}

func catalisaBody(businessID string, emails ...string) map[string]any {
	signers := []any{}
	for i, e := range emails {
		signers = append(signers, map[string]any{"name": "Livia Matos", "email": e, "order": i + 1})
	}
	return map[string]any{"data": map[string]any{"type": "signature-request", "attributes": map[string]any{
		"title": "Lease 2025-07", "message": "Please sign by Friday.", "businessId": businessID, "expiresInDays": 10,
		"fileBase64": sampleB64, "fileName": "lease.pdf", "signers": signers,
		"widgets": []any{map[string]any{"type": "signature", "page": 1, "x": 100, "y": 200, "width": 200, "height": 50}},
	}}}
}

func attributesOf(body map[string]any) map[string]any {
	return body["data"].(map[string]any)["attributes"].(map[string]any)
}

func TestCatalisaFlow(t *testing.T) {
	s := start(t, Options{})
	c := catalisaCaller(t, s)
	s.Pause(true)
	made := c.call("POST", catalisaRequests, catalisaBody("june/0001", "livia@example.test", "caio@example.test"), 201)
	id := made.text("data.id")
	const signers = "data.relationships.signers.data."
	if made.text("data.attributes.status") != "SENT" || made.text(signers+"0.attributes.status") != "SENT" || made.text(signers+"0.attributes.signingUrl") == "" ||
		made.text(signers+"1.attributes.status") != "PENDING" || made.at(signers+"1.attributes.signingUrl") != nil || made.text("links.self") != catalisaRequests+"/"+id {
		t.Errorf("created: %s", made.body)
	}
	at := func(name string) time.Time {
		when, err := time.Parse(time.RFC3339, made.text("data.attributes."+name))
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	if at("expiresAt").Sub(at("createdAt")) != 240*time.Hour {
		t.Errorf("expiry: %s", made.body)
	}
	c.call("GET", catalisaRequests+"/"+id+"/download", nil, 409)
	if got := c.call("POST", catalisaRequests+"/"+id+"/resend", `{}`, 200).text("message"); got != "Signature request resent successfully" {
		t.Error(got)
	}
	c.call("POST", catalisaRequests+"/"+id+"/resend", `{"data":{"attributes":{"signerEmail":"caio@example.test"}}}`, 409) // not his turn
	found := c.call("GET", catalisaRequests+"?filter[businessId]=june%2F0001", nil, 200)
	if found.text("data.0.id") != id || found.at("meta.totalItems") != 1.0 || found.at("data.0.relationships") != nil {
		t.Errorf("found: %s", found.body)
	}
	s.Pause(false)
	var got answer
	eventually(t, "completed", func() bool {
		got = c.call("GET", catalisaRequests+"/"+id, nil, 200)
		return got.text("data.attributes.status") == "COMPLETED"
	})
	if got.text(signers+"1.attributes.signedAt") < got.text(signers+"0.attributes.signedAt") || got.text("data.attributes.completedAt") == "" {
		t.Errorf("completed: %s", got.body)
	}
	e := entry(t, s, Catalisa)
	link := c.call("GET", catalisaRequests+"/"+id+"/download", nil, 200)
	served(t, e, providers.SignedDocument, "", c.get(link.text("downloadUrl"), 200))
	if e.Key != "june/0001" || e.Invitations != 1 || e.Reminders != 1 {
		t.Errorf("entry: %+v", e)
	}
	s.Once(Catalisa, "GET /storage/{file}", DeadLink)
	c.get(link.text("downloadUrl"), 403)
	c.get(link.text("downloadUrl"), 200)
	clean(t, s)
	s.Advance(15 * time.Minute)
	c.get(link.text("downloadUrl"), 403)
	c.call("POST", catalisaRequests+"/"+id+"/cancel", nil, 409)
	c.call("DELETE", catalisaRequests+"/"+id, nil, 409)
	broken(t, s, "are kept")
	s.Advance(time.Hour)
	if got := c.call("GET", catalisaRequests, nil, 401).text("code"); got != "UNAUTHORIZED" {
		t.Error(got)
	}
}

func TestCatalisaOutcomes(t *testing.T) {
	s := start(t, Options{})
	c := catalisaCaller(t, s)
	for email, want := range map[string]string{"recusa@example.test": "DECLINED", "expira@example.test": "EXPIRED"} {
		id := c.call("POST", catalisaRequests, catalisaBody("", email), 201).text("data.id")
		eventually(t, want, func() bool {
			return c.call("GET", catalisaRequests+"/"+id, nil, 200).text("data.attributes.status") == want
		})
	}
	id := c.call("POST", catalisaRequests, catalisaBody("", "expira@example.test"), 201).text("data.id")
	if got := c.call("POST", catalisaRequests+"/"+id+"/cancel", nil, 200).text("data.attributes.status"); got != "CANCELLED" {
		t.Error(got)
	}
	c.call("DELETE", catalisaRequests+"/"+id, nil, 204)
	c.call("GET", catalisaRequests+"/"+id, nil, 404)
	clean(t, s)
}

// Record, PUT with the same Content-Type, confirm, use (§8).
func TestCatalisaFileStorage(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := catalisaCaller(t, s)
	files := newCaller(t, s.Env()["CHANCELA_CATALISA_FILES_URL"], c.header.Get("Authorization"))
	record := files.call("POST", "/api/v1/files", map[string]any{"name": "lease.pdf", "mimeType": "application/pdf", "sizeBytes": len(samplePDF), "category": "CONTRACT"}, 201)
	id := record.text("data.id")
	if record.at("data.attributes.uploaded") != false {
		t.Errorf("record: %s", record.body)
	}
	body := catalisaBody("", "livia@example.test")
	delete(attributesOf(body), "fileBase64")
	delete(attributesOf(body), "fileName")
	attributesOf(body)["fileId"] = id
	c.call("POST", catalisaRequests, body, 400)
	broken(t, s, "not uploaded and confirmed")
	files.call("POST", "/api/v1/files/"+id+"/confirm-upload", nil, 400)
	put := func(contentType string, want int) {
		t.Helper()
		req, err := http.NewRequest("PUT", record.text("uploadUrl"), bytes.NewReader(samplePDF))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		files.read("PUT", res, want)
	}
	put("application/octet-stream", 403)
	broken(t, s, "not the declared one")
	put("application/pdf", 200)
	if a := files.call("POST", "/api/v1/files/"+id+"/confirm-upload", nil, 200); a.at("data.attributes.uploaded") != true {
		t.Errorf("confirmed: %s", a.body)
	}
	c.call("POST", catalisaRequests, body, 201)
	s.Advance(16 * time.Minute)
	put("application/pdf", 403)
	files.call("POST", "/api/v1/files", map[string]any{"data": map[string]any{}}, 400)
	files.call("GET", "/api/v1/files/"+id+"/upload-url", nil, 200)
	files.call("DELETE", "/api/v1/files/"+id, nil, 204)
	files.call("GET", "/api/v1/files/"+id, nil, 404)
}

func TestCatalisaRules(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := catalisaCaller(t, s)
	with := func(name string, value any) map[string]any {
		b := catalisaBody("", "livia@example.test")
		attributesOf(b)[name] = value
		return b
	}
	plural := catalisaBody("", "livia@example.test")
	plural["data"].(map[string]any)["type"] = "signature-requests"
	for _, x := range []struct {
		body any
		rule string
	}{
		{with("title", strings.Repeat("é", 256)), "title has at most 255"}, {with("message", strings.Repeat("a", 2001)), "message has at most 2000"},
		{with("businessId", strings.Repeat("a", 101)), "businessId has at most 100"}, {with("expiresInDays", 366), "1 to 365"}, {with("signers", []any{}), "at least one signer"},
		{with("fileId", "550e8400-e29b-41d4-a716-446655440010"), "exactly one of"}, {with("fileName", ""), "fileName is required"}, {with("configId", "x"), "configId is a uuid"},
		{with("signers", []any{map[string]any{"name": "A", "email": "nobody"}}), "email is an e-mail"}, {with("fileBase64", "***"), "not base64"},
		{with("widgets", []any{map[string]any{"type": "stamp", "page": 1, "x": 1, "y": 1}}), "no type"}, {with("widgets", []any{map[string]any{"type": "date", "page": 0, "x": 1, "y": 1}}), "page counts from 1"},
		{plural, "data.type is signature-request"}, {with("templateId", "tpl_lease"), "belong to from-template"},
	} {
		a := c.call("POST", catalisaRequests, x.body, 400)
		if a.text("code") != "VALIDATION" || a.at("statusCode") != 400.0 {
			t.Errorf("error body: %s", a.body)
		}
		broken(t, s, x.rule)
	}
	c.call("GET", catalisaRequests+"?page[size]=101", nil, 400)
	c.call("GET", catalisaRequests+"?filter[status]=DONE", nil, 400)
	template := map[string]any{"data": map[string]any{"type": "signature-request", "attributes": map[string]any{
		"templateId": "tpl_lease", "title": "From a template", "signers": []any{map[string]string{"name": "A", "email": "a@example.test"}}, "fieldValues": map[string]string{"cargo": "x"},
	}}}
	if a := c.call("POST", catalisaRequests+"/from-template", template, 201); a.text("data.attributes.templateName") != "Lease" {
		t.Errorf("template: %s", a.body)
	}
	attributesOf(template)["templateId"] = "tpl_other"
	c.call("POST", catalisaRequests+"/from-template", template, 404)

	reader := newCaller(t, c.base, "Bearer "+catalisaToken(t, s, esignRead))
	if a := reader.call("POST", catalisaRequests, catalisaBody("", "a@example.test"), 403); a.text("code") != "FORBIDDEN" {
		t.Errorf("error body: %s", a.body)
	}
	reader.header.Set("Authorization", "Bearer "+strings.TrimSuffix(catalisaToken(t, s, ""), "A")+"x")
	reader.call("GET", catalisaRequests, nil, 401)
	broken(t, s, "malformed")

	other := start(t, Options{Choices: Choices{CatalisaErrorField: true}})
	if a := catalisaCaller(t, other).call("GET", catalisaRequests+"/x", nil, 404); a.text("error") != "NOT_FOUND" || a.at("code") != nil {
		t.Errorf("the other error shape: %s", a.body)
	}
}

func TestCatalisaPages(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := catalisaCaller(t, s)
	var ids []string
	for i := range 5 {
		ids = append(ids, c.call("POST", catalisaRequests, catalisaBody(fmt.Sprint(i), "livia@example.test"), 201).text("data.id"))
	}
	page := c.call("GET", catalisaRequests+"?page%5Bnumber%5D=1&page%5Bsize%5D=2&filter[status]=SENT", nil, 200)
	if page.text("data.0.id") != ids[4] || page.at("meta.totalPages") != 3.0 || page.at("meta.pageSize") != 2.0 {
		t.Errorf("page: %s", page.body)
	}
	next := c.call("GET", page.text("links.next"), nil, 200)
	if next.text("data.0.id") != ids[2] {
		t.Errorf("next: %s", next.body)
	}
	if last := c.call("GET", next.text("links.last"), nil, 200); last.text("data.0.id") != ids[0] || strings.Contains(string(last.body), `"next"`) {
		t.Errorf("last: %s", last.body)
	}
}

// The receiver verifies with the public key that the key id names (§10.2).
func TestCatalisaWebhooks(t *testing.T) {
	r := newReceiver(t)
	r.fail = 1
	s := start(t, Options{SignAfter: time.Hour, Webhooks: map[string]string{Catalisa: r.URL}})
	c := catalisaCaller(t, s)
	file := s.Env()["CHANCELA_CATALISA_WEBHOOK_SECRET"]
	c.call("POST", catalisaRequests, catalisaBody("june/0001", "livia@example.test"), 201)
	eventually(t, "refused once, delivered again", func() bool { return len(r.with("esignature.request.sent")) == 2 })
	s.RotateWebhookKeys()
	c.call("POST", catalisaRequests, catalisaBody("june/0002", "livia@example.test"), 201)
	eventually(t, "the second", func() bool { return len(r.with("june/0002")) == 1 })

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var keys []*rsa.PublicKey
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(*rsa.PublicKey))
	}
	if len(keys) != 2 {
		t.Fatalf("%d keys in the file, want 2", len(keys))
	}
	hooks := c.call("GET", "/webhooks/api/v1/subscriptions", nil, 200)
	published := c.call("GET", "/webhooks/api/v1/subscriptions/"+hooks.text("data.0.id")+"/keys", nil, 200)
	verify := func(got callback, n int) {
		t.Helper()
		if id := got.header.Get("X-Webhook-Key-Id"); id != published.text(fmt.Sprintf("data.%d.attributes.keyId", n)) {
			t.Errorf("key id %s", id)
		}
		encoded, ok := strings.CutPrefix(got.header.Get("X-Webhook-Signature"), "v1=")
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil {
			t.Fatal("signature header")
		}
		sum := sha256.Sum256([]byte(got.header.Get("X-Webhook-Id") + "\n" + got.header.Get("X-Webhook-Timestamp") + "\n" + string(got.body)))
		if err := rsa.VerifyPKCS1v15(keys[n], crypto.SHA256, sum[:], signature); err != nil {
			t.Error(err)
		}
	}
	first := r.with("june/0001")
	verify(first[0], 0)
	verify(first[1], 0)
	verify(r.with("june/0002")[0], 1)
	var body struct{ ID string }
	if err := json.Unmarshal(first[0].body, &body); err != nil || !strings.HasPrefix(body.ID, "evt_") || !bytes.Equal(first[0].body, first[1].body) ||
		first[0].header.Get("X-Webhook-Id") == first[1].header.Get("X-Webhook-Id") {
		t.Errorf("a retry keeps the event and changes the attempt: %s", first[0].body)
	}
	clean(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("the key file outlives the sandbox")
	}
}

func TestCatalisaSubscriptions(t *testing.T) {
	r := newReceiver(t)
	s := start(t, Options{SignAfter: time.Hour})
	c := catalisaCaller(t, s)
	const path = "/webhooks/api/v1/subscriptions"
	c.call("POST", path, map[string]any{"data": map[string]any{"type": "subscriptions", "attributes": map[string]any{"endpointUrl": r.URL}}}, 400)
	made := c.call("POST", path, map[string]any{"data": map[string]any{"type": "webhook-subscriptions", "attributes": map[string]any{
		"name": "n", "endpointUrl": r.URL, "eventFilters": []string{"esignature.request.cancelled"},
	}}}, 201)
	id := made.text("data.id")
	cancel := func() {
		q := c.call("POST", catalisaRequests, catalisaBody("", "livia@example.test"), 201).text("data.id")
		c.call("POST", catalisaRequests+"/"+q+"/cancel", nil, 200)
	}
	cancel()
	eventually(t, "only what was asked for", func() bool { return len(r.with("cancelled")) == 1 && len(r.with("")) == 1 })
	if got := c.call("POST", path+"/"+id+"/pause", nil, 200).text("data.attributes.status"); got != "PAUSED" {
		t.Error(got)
	}
	cancel()
	if d := s.Deliveries(Catalisa); d.Sent != 1 {
		t.Errorf("sent while paused: %+v", d)
	}
	c.call("POST", path+"/"+id+"/resume", nil, 200)
	c.call("DELETE", path+"/"+id, nil, 204)
	c.call("GET", path+"/"+id, nil, 404)
}

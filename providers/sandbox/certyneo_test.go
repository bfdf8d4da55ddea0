package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

type certyneoClient struct{ *caller }

func certyneoCaller(t *testing.T, s *Sandbox) certyneoClient {
	env := s.Env()
	return certyneoClient{newCaller(t, env["CHANCELA_CERTYNEO_BASE_URL"], "Bearer "+env["CHANCELA_CERTYNEO_API_KEY"])}
}

func certyneoDraft(doc string, emails ...string) map[string]any {
	recipients, fields := []any{}, []any{}
	for _, e := range emails {
		recipients = append(recipients, map[string]any{"email": e, "name": "N. " + e, "role": "SIGNER"})
		fields = append(fields, map[string]any{"recipientEmail": e, "pageNumber": 1, "fieldType": "SIGNATURE", "x": 72, "y": 700, "width": 150, "height": 40})
	}
	return map[string]any{"subject": "Bail lot 14", "documentIds": []string{doc}, "recipients": recipients, "fields": fields}
}

func (c certyneoClient) draft(emails ...string) string {
	c.t.Helper()
	doc := c.upload("/documents", "file", "bail.pdf", "application/pdf", samplePDF, 201).text("id")
	return c.call("POST", "/envelopes", certyneoDraft(doc, emails...), 201).text("id")
}

// The start page's three steps, with the fields that sending needs, to both PDFs.
func TestCertyneoFlow(t *testing.T) {
	s := start(t, Options{})
	c := certyneoCaller(t, s)
	doc := c.upload("/documents", "file", "bail.pdf", "application/octet-stream", samplePDF, 201)
	if doc.text("mimeType") != "application/pdf" || doc.at("size") != float64(len(samplePDF)) {
		t.Errorf("document: %s", doc.body)
	}
	env := c.call("POST", "/envelopes", certyneoDraft(doc.text("id"), "ana@example.test", "bia@example.test"), 201)
	id := env.text("id")
	if env.text("status") != "DRAFT" || env.text("recipients.0.accessToken") == "" {
		t.Errorf("draft: %s", env.body)
	}
	c.call("GET", "/envelopes/"+id+"/signed-document", nil, 409)
	sent := c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	if sent.text("status") != "SENT" || sent.text("recipients.1.accessToken") == "" {
		t.Errorf("sent: %s", sent.body)
	}
	var got answer
	eventually(t, "completed", func() bool {
		got = c.call("GET", "/envelopes/"+id, nil, 200)
		return got.text("status") == "COMPLETED"
	})
	if bytes.Contains(got.body, []byte("accessToken")) || got.text("recipients.0.status") != "SIGNED" || got.text("completedAt") == "" {
		t.Errorf("completed: %s", got.body)
	}
	e := entry(t, s, Certyneo)
	signed := c.call("GET", "/envelopes/"+id+"/signed-document", nil, 200)
	served(t, e, providers.SignedDocument, "", signed)
	served(t, e, providers.Dossier, "", c.call("GET", "/envelopes/"+id+"/audit-trail", nil, 200))
	if !isPDF(signed.body) || signed.header.Get("Content-Type") != "application/pdf" || e.Invitations != 1 || !e.Ended {
		t.Errorf("entry %+v", e)
	}
	clean(t, s)
	if err := s.Act(Certyneo, id, "purge", ""); err != nil {
		t.Fatal(err)
	}
	c.call("GET", "/envelopes/"+id+"/signed-document", nil, 410)
}

func TestCertyneoOutcomes(t *testing.T) {
	s := start(t, Options{})
	c := certyneoCaller(t, s)
	for email, want := range map[string]string{"recusa@example.test": "DECLINED", "expira@example.test": "EXPIRED"} {
		id := c.draft("ana@example.test", email)
		c.call("POST", "/envelopes/"+id+"/send", nil, 200)
		eventually(t, want, func() bool { return c.call("GET", "/envelopes/"+id, nil, 200).text("status") == want })
	}
	clean(t, s)
}

func TestCertyneoRules(t *testing.T) {
	s := start(t, Options{})
	c := certyneoCaller(t, s)
	doc := c.upload("/documents", "file", "bail.pdf", "application/pdf", samplePDF, 201).text("id")
	change := func(name string, value any) map[string]any {
		d := certyneoDraft(doc, "ana@example.test")
		d[name] = value
		return d
	}
	for name, x := range map[string]struct {
		body any
		rule string
	}{
		"no subject":      {change("subject", ""), "subject is required"},
		"no recipients":   {change("recipients", []any{}), "recipients is required"},
		"both sources":    {change("templateId", "tpl_lease"), "exclude each other"},
		"no source":       {change("documentIds", []string{}), "documentIds or templateId"},
		"level":           {change("signatureLevel", "STRONG"), "no signatureLevel"},
		"locale":          {change("locale", "klingon"), "locale"},
		"redirect":        {change("redirectUrl", "http://example.test"), "https://"},
		"category":        {change("category", "LOVE"), "no category"},
		"tags":            {change("tags", strings.Split("a,b,c,d,e,f,g,h,i,j,k", ",")), "10 tags"},
		"long tag":        {change("tags", []string{strings.Repeat("é", 41)}), "40 characters"},
		"expired":         {change("expiresAt", "2001-01-01T00:00:00Z"), "in the past"},
		"field of nobody": {change("fields", []any{map[string]any{"recipientEmail": "x@example.test", "pageNumber": 1, "fieldType": "SIGNATURE", "x": 1, "y": 1, "width": 1, "height": 1}}), "none of the recipients"},
		"advanced":        {change("signatureLevel", "ADVANCED"), "phone is required"},
		"not JSON":        {"{", "not the JSON expected"},
	} {
		t.Run(name, func(t *testing.T) {
			c := certyneoClient{&caller{t, c.base, c.header, c.client}}
			if a := c.call("POST", "/envelopes", x.body, 400); a.text("code") == "" || a.text("error") == "" {
				t.Errorf("error body %s", a.body)
			}
			broken(t, s, x.rule)
		})
	}
	c.call("POST", "/envelopes", change("documentIds", []string{"doc_unknown"}), 404)
	c.call("POST", "/envelopes", change("workspaceId", "theirs"), 403)
	unknown := change("colour", "red")
	c.call("POST", "/envelopes", unknown, 201)
	broken(t, s, "unknown field colour")

	bare := change("fields", []any{})
	id := c.call("POST", "/envelopes", bare, 201).text("id")
	if got := c.call("POST", "/envelopes/"+id+"/send", nil, 409).text("code"); got != "signer_without_field" {
		t.Errorf("code %s", got)
	}
	c.call("PATCH", "/envelopes/"+id, map[string]any{"fields": certyneoDraft(doc, "ana@example.test")["fields"]}, 200)
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	c.call("PATCH", "/envelopes/"+id, map[string]any{"subject": "Late"}, 409)
	c.call("DELETE", "/envelopes/"+id, nil, 409)
	draft := c.draft("ana@example.test")
	if c.call("DELETE", "/envelopes/"+draft, nil, 200).at("success") != true {
		t.Error("delete of a draft")
	}
	c.call("GET", "/envelopes/"+draft, nil, 404)

	c.upload("/documents", "file", "x.bin", "application/pdf", []byte("MZ..."), 400)
	c.upload("/documents", "document", "x.pdf", "application/pdf", samplePDF, 400)
	c.upload("/documents", "file", "big.pdf", "application/pdf", append(bytes.Clone(samplePDF), make([]byte, 50<<20)...), 413)
	c.call("POST", "/documents", map[string]any{}, 400)

	n := len(s.Violations())
	c.call("PUT", "/envelopes", nil, 405)
	c.call("GET", "/nothing", nil, 404)
	c.header.Set("Authorization", "Bearer sk_test_0")
	c.call("GET", "/nothing", nil, 401)
	c.call("GET", "/envelopes", nil, 401)
	if got := len(s.Violations()) - n; got != 4 {
		t.Errorf("%d violations, want 4", got)
	}
}

func TestCertyneoScopes(t *testing.T) {
	s := start(t, Options{})
	c := certyneoCaller(t, s)
	key := c.call("POST", "/keys", map[string]any{"name": "reader", "scopes": []string{"envelopes:read"}}, 201)
	c.header.Set("Authorization", key.text("key")) // without Bearer
	c.call("GET", "/envelopes", nil, 200)
	if got := c.call("POST", "/webhooks", map[string]any{}, 403).text("error"); got != "Insufficient scope: webhooks:write required" {
		t.Error(got)
	}
}

func TestCertyneoList(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := certyneoCaller(t, s)
	var ids []string
	for range 5 {
		ids = append(ids, c.draft("ana@example.test"))
	}
	c.call("POST", "/envelopes/"+ids[1]+"/send", nil, 200)
	page := c.call("GET", "/envelopes?page=2&limit=2", nil, 200)
	if page.text("data.0.id") != ids[2] || page.at("pagination.total") != 5.0 || page.at("pagination.pages") != 3.0 || page.at("pagination.pageSize") != 2.0 {
		t.Errorf("page: %s", page.body)
	}
	sent := c.call("GET", "/envelopes?status=SENT", nil, 200)
	if sent.text("data.0.id") != ids[1] || sent.at("pagination.total") != 1.0 {
		t.Errorf("sent: %s", sent.body)
	}
	c.call("GET", "/envelopes?page=0", nil, 400)
}

// 200 requests at once, then 429 with the seconds to wait, then one each 0.6 s.
func TestCertyneoRate(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	s := start(t, Options{Clock: func() time.Time { return now }})
	c := certyneoCaller(t, s)
	for range 200 {
		c.call("GET", "/account/me", nil, 200)
	}
	limited := c.call("GET", "/account/me", nil, 429)
	if wait, err := strconv.Atoi(limited.header.Get("Retry-After")); err != nil || wait != 1 {
		t.Errorf("Retry-After %q", limited.header.Get("Retry-After"))
	}
	broken(t, s, "rate limit")
	s.Advance(600 * time.Millisecond)
	c.call("GET", "/account/me", nil, 200)
	c.call("GET", "/account/me", nil, 429)

	free := start(t, Options{Rates: map[string]providers.Rate{Certyneo: {}}})
	f := certyneoCaller(t, free)
	for range 210 {
		f.call("GET", "/account/me", nil, 200)
	}
}

// receiver keeps webhooks.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	got  []callback
	fail int // so many are refused first
}

type callback struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil || req.Method != "POST" || req.Header.Get("Content-Type") != "application/json" {
			t.Errorf("webhook %s %v", req.Method, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, callback{req.Header, body})
		if r.fail > 0 {
			r.fail--
			w.WriteHeader(503)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) with(text string) []callback {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []callback
	for _, c := range r.got {
		if strings.Contains(string(c.body), text) {
			found = append(found, c)
		}
	}
	return found
}

func TestCertyneoWebhooks(t *testing.T) {
	r := newReceiver(t)
	r.fail = 1
	s := start(t, Options{})
	c := certyneoCaller(t, s)
	hook := c.call("POST", "/webhooks", map[string]any{"url": r.URL + "/certyneo", "events": []string{"envelope.completed", "recipient.signed"}}, 201)
	list := c.call("GET", "/webhooks", nil, 200)
	if list.text("data.0.id") != hook.text("id") || bytes.Contains(list.body, []byte("secret")) {
		t.Errorf("list: %s", list.body)
	}
	id := c.draft("ana@example.test")
	c.call("POST", "/envelopes/"+id+"/send", nil, 200)
	eventually(t, "both events, the first one again", func() bool {
		return len(r.with("envelope.completed")) >= 1 && len(r.with("recipient.signed")) >= 1 && s.Deliveries(Certyneo).Delivered == 2
	})
	for _, got := range r.with(`"envelopeId":"` + id) {
		mac := hmac.New(sha256.New, []byte(hook.text("secret")))
		mac.Write(got.body)
		if got.header.Get("X-Certyneo-Signature") != hex.EncodeToString(mac.Sum(nil)) {
			t.Error("signature")
		}
	}
	if n := len(r.with("envelope.created")); n != 0 {
		t.Errorf("%d events that nobody subscribed to", n)
	}
	c.call("DELETE", "/webhooks/"+hook.text("id"), nil, 200)
	c.call("DELETE", "/webhooks/"+hook.text("id"), nil, 404)

	strict := start(t, Options{Choices: Choices{CertyneoRefuseLoopback: true}})
	certyneoCaller(t, strict).call("POST", "/webhooks", map[string]any{"url": r.URL, "events": []string{"envelope.sent"}}, 400)
}

func TestWebhookFaults(t *testing.T) {
	r := newReceiver(t)
	s := start(t, Options{Webhooks: map[string]string{Certyneo: r.URL}, WebhookFaults: WebhookFaults{Duplicate: 1, Forge: 1}})
	c := certyneoCaller(t, s)
	c.draft("ana@example.test")
	eventually(t, "delivered twice and forged", func() bool { return len(r.with("envelope.created")) == 3 })
	good := 0
	for _, got := range r.with("") {
		mac := hmac.New(sha256.New, []byte(s.Env()["CHANCELA_CERTYNEO_WEBHOOK_SECRET"]))
		mac.Write(got.body)
		if got.header.Get("X-Certyneo-Signature") == hex.EncodeToString(mac.Sum(nil)) {
			good++
		}
	}
	if good != 2 {
		t.Errorf("%d well signed, want 2", good)
	}
	eventually(t, "counted", func() bool { return s.Deliveries(Certyneo).ForgedAccepted == 1 })

	lossy := start(t, Options{Webhooks: map[string]string{Certyneo: r.URL}, WebhookFaults: WebhookFaults{Lose: 1}})
	certyneoCaller(t, lossy).draft("ana@example.test")
	if d := lossy.Deliveries(Certyneo); d.Lost != 1 || d.Sent != 1 {
		t.Errorf("%+v", d)
	}
}

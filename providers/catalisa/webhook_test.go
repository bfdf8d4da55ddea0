package catalisa

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

func newKey(t testing.TB) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicPEM(t testing.TB, key *rsa.PrivateKey, id string) string {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "PUBLIC KEY", Bytes: der}
	if id != "" {
		block.Headers = map[string]string{"Key-Id": id}
	}
	return string(pem.EncodeToMemory(block))
}

func deliver(t testing.TB, key *rsa.PrivateKey, keyID string, at time.Time, body string) *http.Request {
	const id = "msg_0123456789abcdef0123456789abcdef"
	stamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
	sum := sha256.Sum256([]byte(id + "\n" + stamp + "\n" + body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/webhooks/catalisa", strings.NewReader(body))
	r.Header.Set("x-webhook-id", id)
	r.Header.Set("x-webhook-timestamp", stamp)
	r.Header.Set("x-webhook-key-id", keyID)
	r.Header.Set("x-webhook-signature", "v1="+base64.StdEncoding.EncodeToString(signature))
	return r
}

func TestWebhook(t *testing.T) {
	current, next, stranger := newKey(t), newKey(t), newKey(t)
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&next.PublicKey)}))
	secret := publicPEM(t, current, "whk_1") + "\n" + pkcs1
	p, err := New(rest.Settings{WebhookSecret: providers.Secret(secret)})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"id":"evt_5c0d2b7a91e34f60a8d1","type":"esignature.request.completed","data":{"requestId":"` + requestID + `","businessId":"june/07"},"metadata":{}}`
	now := time.Now()
	change := func(r *http.Request, name, value string) *http.Request {
		r.Header.Set(name, value)
		return r
	}
	for name, tt := range map[string]struct {
		r    *http.Request
		body string
		want *providers.Event // nil: refused
		kind providers.ErrorKind
	}{
		"by key id":       {deliver(t, current, "whk_1", now, body), body, &providers.Event{ID: requestID, Key: providers.Key{Campaign: "june", ID: "07"}, Delivery: "evt_5c0d2b7a91e34f60a8d1"}, ""},
		"key without id":  {deliver(t, next, "whk_2", now, body), body, &providers.Event{ID: requestID, Key: providers.Key{Campaign: "june", ID: "07"}, Delivery: "evt_5c0d2b7a91e34f60a8d1"}, ""},
		"a bit late":      {deliver(t, current, "whk_1", now.Add(-290*time.Second), body), body, &providers.Event{ID: requestID, Key: providers.Key{Campaign: "june", ID: "07"}, Delivery: "evt_5c0d2b7a91e34f60a8d1"}, ""},
		"names nothing":   {deliver(t, current, "whk_1", now, `{"id":"evt_1","data":{"x":1}}`), `{"id":"evt_1","data":{"x":1}}`, &providers.Event{Delivery: "evt_1"}, ""},
		"odd types":       {deliver(t, current, "whk_1", now, `{"id":"evt_1","data":{"id":7,"businessId":[]}}`), `{"id":"evt_1","data":{"id":7,"businessId":[]}}`, &providers.Event{Delivery: "evt_1"}, ""},
		"other reference": {deliver(t, current, "whk_1", now, `{"id":"evt_1","data":{"id":"r","businessId":"x"}}`), `{"id":"evt_1","data":{"id":"r","businessId":"x"}}`, &providers.Event{ID: "r", Delivery: "evt_1"}, ""},
		"plain id":        {deliver(t, current, "whk_1", now, `{"id":"evt_1","data":{"id":"a signer?","businessId":"june/07"}}`), `{"id":"evt_1","data":{"id":"a signer?","businessId":"june/07"}}`, &providers.Event{Key: providers.Key{Campaign: "june", ID: "07"}, Delivery: "evt_1"}, ""},
		"another key id":  {deliver(t, current, "whk_9", now, body), body, nil, providers.Denied},
		"stranger":        {deliver(t, stranger, "whk_1", now, body), body, nil, providers.Denied},
		"changed body":    {deliver(t, current, "whk_1", now, body), strings.Replace(body, "june", "july", 1), nil, providers.Denied},
		"changed id":      {change(deliver(t, current, "whk_1", now, body), "x-webhook-id", "msg_1"), body, nil, providers.Denied},
		"changed time":    {change(deliver(t, current, "whk_1", now.Add(-time.Hour), body), "x-webhook-timestamp", now.UTC().Format(time.RFC3339)), body, nil, providers.Denied},
		"old":             {deliver(t, current, "whk_1", now.Add(-310*time.Second), body), body, nil, providers.Denied},
		"early":           {deliver(t, current, "whk_1", now.Add(310*time.Second), body), body, nil, providers.Denied},
		"no signature":    {change(deliver(t, current, "whk_1", now, body), "x-webhook-signature", ""), body, nil, providers.Denied},
		"other version":   {change(deliver(t, current, "whk_1", now, body), "x-webhook-signature", "v2=AAAA"), body, nil, providers.Denied},
		"not JSON":        {deliver(t, current, "whk_1", now, `evt_1`), `evt_1`, nil, providers.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.Webhook(tt.r, []byte(tt.body))
			if tt.want == nil {
				if err == nil || providers.KindOf(err) != tt.kind {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err != nil || got.ID != tt.want.ID || got.Key != tt.want.Key || got.Delivery != tt.want.Delivery {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	none, _ := New(rest.Settings{})
	if _, err := none.Webhook(deliver(t, current, "whk_1", now, body), []byte(body)); err == nil || providers.KindOf(err) != providers.Denied {
		t.Errorf("without a key: %v", err)
	}
}

func FuzzWebhook(f *testing.F) {
	key := newKey(f)
	p, err := New(rest.Settings{WebhookSecret: providers.Secret(publicPEM(f, key, ""))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"id":"evt_1","data":{"id":"r","businessId":"june/07"}}`), "v1=AAAA")
	f.Add([]byte(`{"data":[]}`), "")
	f.Fuzz(func(t *testing.T, body []byte, signature string) {
		r := deliver(t, key, "whk_1", time.Now(), string(body))
		event, err := p.Webhook(r, body)
		if err == nil && !json.Valid(body) {
			t.Errorf("%q gives %+v", body, event)
		}
		r.Header.Set("x-webhook-signature", signature)
		if _, err := p.Webhook(r, append(bytes.Clone(body), ' ')); err == nil {
			t.Errorf("a forged delivery was accepted")
		}
	})
}

func FuzzErrorCode(f *testing.F) {
	f.Add([]byte(`{"code":"VALIDATION","message":"x","statusCode":400}`))
	f.Add([]byte(`{"error":"BAD_REQUEST"}`))
	f.Add([]byte(`{"errors":[{"code":"CONFLICT"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if code := errorCode(body); code != "" && !codePattern.MatchString(code) {
			t.Errorf("%q", code)
		}
	})
}

func FuzzResource(f *testing.F) {
	f.Add([]byte(`{"id":"a","attributes":{"status":"COMPLETED","completedAt":"x"},"relationships":{"signers":{"data":[null]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r resource
		if json.Unmarshal(body, &r) == nil && r.state() == providers.Completed && r.Attributes.Status != "COMPLETED" {
			t.Errorf("%q counts as completed", r.Attributes.Status)
		}
	})
}

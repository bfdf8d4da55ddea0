package qisign

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

const hookURL = "https://hooks.test/webhooks/qisign?a=1"

func sign(secret, endpoint, body string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(endpoint + http.MethodPost + body))
	return hex.EncodeToString(mac.Sum(nil))
}

func deliver(p *Provider, body, signature string) (providers.Event, error) {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/qisign", strings.NewReader(body))
	r.Header.Set("Signature", signature)
	return p.Webhook(r, []byte(body))
}

const completed = `{"id":"env-1","status":"completed","webhook_type":"envelope_completed","new":1,"signers":[` +
	`{"id":"1","biometry":{"face_validation_available":true,"fraud_base_flag":false,"face_validation_score":88,"new":1},"liveness":{"result":"live"},"document":{"face_match_score":82}},` +
	`{"id":"2","liveness":{"result":"spoof"}},{"id":"3","email":"rita@exemplo.test"}]}`

func TestWebhook(t *testing.T) {
	p := &Provider{webhookSecret: "sig", webhookURL: hookURL}
	for _, endpoint := range []string{hookURL, "/webhooks/qisign?a=1"} {
		event, err := deliver(p, completed, sign("sig", endpoint, completed))
		if err != nil {
			t.Fatal(err)
		}
		want := `[{"id":"1","biometry":{"face_validation_available":true,"fraud_base_flag":false,"face_validation_score":88,"new":1},` +
			`"liveness":{"result":"live"},"document":{"face_match_score":82}},{"id":"2","liveness":{"result":"spoof"}}]`
		if event.ID != "env-1" || string(event.Evidence) != want || event.Delivery == "" {
			t.Errorf("event %+v, evidence %s", event, event.Evidence)
		}
	}
	mac := hmac.New(sha1.New, []byte("sig"))
	mac.Write([]byte(hookURL + "post" + completed)) // the case of the method is not documented
	if _, err := deliver(p, completed, hex.EncodeToString(mac.Sum(nil))); err != nil {
		t.Errorf("method in small letters: %v", err)
	}
	plain := `{"id":"env-1","status":"completed","signers":null}`
	if event, err := deliver(p, plain, sign("sig", hookURL, plain)); err != nil || event.Evidence != nil {
		t.Errorf("%+v, %v", event, err)
	}
	for name, c := range map[string]struct {
		body, signature string
		kind            providers.ErrorKind
		code            string
	}{
		"no signature":   {completed, "", providers.Denied, "signature"},
		"other key":      {completed, sign("other", hookURL, completed), providers.Denied, "signature"},
		"other endpoint": {completed, sign("sig", "https://other.test/", completed), providers.Denied, "signature"},
		"changed body":   {completed + " ", sign("sig", hookURL, completed), providers.Denied, "signature"},
		"not hex":        {completed, "xyz", providers.Denied, "signature"},
		"no id":          {`{"key":"x"}`, sign("sig", hookURL, `{"key":"x"}`), providers.Invalid, "body"},
		"not json":       {`rita@exemplo.test`, sign("sig", hookURL, `rita@exemplo.test`), providers.Invalid, "body"},
		"wrong type":     {`{"id":1}`, sign("sig", hookURL, `{"id":1}`), providers.Invalid, "body"},
	} {
		_, err := deliver(p, c.body, c.signature)
		if err == nil || providers.KindOf(err) != c.kind || providers.CodeOf(err) != c.code || strings.Contains(err.Error(), "rita") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range []*Provider{{webhookURL: hookURL}, {webhookSecret: "sig"}} {
		if _, err := deliver(p, completed, sign("", hookURL, completed)); err == nil || providers.CodeOf(err) != "no_secret" {
			t.Errorf("not set up: %v", err)
		}
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add(completed)
	f.Add(`{"id":"e","signers":[{"biometry":null}]}`)
	f.Add(`[]`)
	p := &Provider{webhookSecret: "sig", webhookURL: hookURL}
	f.Fuzz(func(t *testing.T, body string) {
		event, err := deliver(p, body, sign("sig", hookURL, body))
		if err == nil && (event.ID == "" || event.Delivery == "") {
			t.Errorf("%q gives %+v", body, event)
		}
		if _, err := deliver(p, body, sign("other", hookURL, body)); err == nil {
			t.Errorf("%q forged and taken", body)
		}
	})
}

package certyneo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chancela/chancela/providers"
)

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func deliver(p *Provider, body, signature string) (providers.Event, error) {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/certyneo", strings.NewReader(body))
	if signature != "" {
		r.Header.Set("X-Certyneo-Signature", signature)
	}
	return p.Webhook(r, []byte(body))
}

func TestWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands at 2000-01-01T00:00:00Z
		p := &Provider{webhookSecret: "whsec"}
		camel := `{"event":"envelope.completed","timestamp":"%s","data":{"envelopeId":"env_1","status":"COMPLETED"}}`
		snake := `{"event":"envelope.completed","envelope_id":"env_1","occurred_at":"%s","data":{"proof_pdf_url":"x"}}`
		now := "2000-01-01T00:00:00Z"
		var deliveries []string
		for _, shape := range []string{camel, snake} {
			body := fmt.Sprintf(shape, now)
			event, err := deliver(p, body, sign("whsec", body))
			if err != nil || event.ID != "env_1" {
				t.Errorf("%s: %+v, %v", body, event, err)
			}
			deliveries = append(deliveries, event.Delivery)
		}
		if deliveries[0] == "" || deliveries[0] != deliveries[1] {
			t.Errorf("deliveries %q of one event", deliveries)
		}
		other := `{"event":"recipient.signed","timestamp":"2000-01-01T00:00:00Z","data":{"envelopeId":"env_1","recipientId":"r2"}}`
		if event, err := deliver(p, other, sign("whsec", other)); err != nil || event.Delivery == deliveries[0] {
			t.Errorf("%+v, %v", event, err)
		}

		good := fmt.Sprintf(camel, now)
		for name, c := range map[string]struct {
			body, signature string
			kind            providers.ErrorKind
			code            string
		}{
			"no signature":    {good, "", providers.Denied, "signature"},
			"forged":          {good, sign("other", good), providers.Denied, "signature"},
			"cut signature":   {good, sign("whsec", good)[:62], providers.Denied, "signature"},
			"not hex":         {good, "zz", providers.Denied, "signature"},
			"changed body":    {good + " ", sign("whsec", good), providers.Denied, "signature"},
			"old":             {fmt.Sprintf(camel, "1999-12-30T23:59:59Z"), "", providers.Denied, "stale"},
			"from the future": {fmt.Sprintf(camel, "2000-01-02T00:00:01Z"), "", providers.Denied, "stale"},
			"no time":         {`{"event":"x","data":{"envelopeId":"env_1"}}`, "", providers.Invalid, "body"},
			"no envelope":     {`{"event":"x","timestamp":"2000-01-01T00:00:00Z","data":{}}`, "", providers.Invalid, "body"},
			"not json":        {`nadia@exemple.test`, "", providers.Invalid, "body"},
			"wrong type":      {`{"event":7}`, "", providers.Invalid, "body"},
		} {
			if c.signature == "" && c.code != "signature" {
				c.signature = sign("whsec", c.body)
			}
			_, err := deliver(p, c.body, c.signature)
			if err == nil || providers.KindOf(err) != c.kind || providers.CodeOf(err) != c.code || strings.Contains(err.Error(), "nadia") {
				t.Errorf("%s: %v", name, err)
			}
		}

		time.Sleep(23 * time.Hour) // the last repetition comes after about nine
		if _, err := deliver(p, good, sign("whsec", good)); err != nil {
			t.Error(err)
		}
		if _, err := deliver(&Provider{}, good, sign("", good)); providers.KindOf(err) != providers.Denied || err == nil {
			t.Errorf("without a secret: %v", err)
		}
	})
}

func FuzzWebhook(f *testing.F) {
	f.Add(`{"event":"envelope.completed","timestamp":"2026-11-20T10:12:44Z","data":{"envelopeId":"env_1"}}`)
	f.Add(`{"event":"e","envelope_id":"env_1","occurred_at":"2026-11-20T10:12:44Z","data":null}`)
	f.Add(`[]`)
	p := &Provider{webhookSecret: "whsec"}
	f.Fuzz(func(t *testing.T, body string) {
		event, err := deliver(p, body, sign("whsec", body))
		if err == nil && (event.ID == "" || event.Delivery == "") {
			t.Errorf("%q gives %+v", body, event)
		}
		if _, err := deliver(p, body, sign("other", body)); err == nil {
			t.Errorf("%q forged and taken", body)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"env_1","status":"DRAFT","recipients":[{"signedAt":"2026-11-20T10:12:44Z"}]}`))
	f.Add([]byte(`{"data":{"id":"env_1","status":"SENT","recipients":null,"completedAt":null}}`))
	f.Add([]byte(`{"data":[{"id":"env_1"}],"pagination":{"pages":2}}`))
	f.Add([]byte(`{"error":"x","code":"CONFLICT"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e object[envelope]
		if json.Unmarshal(b, &e) == nil {
			if state(e.Value.Status) == "" {
				t.Errorf("%q gives no state", b)
			}
			for _, r := range e.Value.Recipients {
				if signerState(r) == "" {
					t.Errorf("%q gives a signer no state", b)
				}
			}
		}
		var l envelopeList
		_ = json.Unmarshal(b, &l)
		if c, _ := explain(400, nil, b); len(c) > 64 || strings.Contains(c, "@") {
			t.Errorf("code %q", c)
		}
	})
}

package sdoc

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

func hooked(t testing.TB, secret providers.Secret) *Provider {
	p, err := New(rest.Settings{WebhookSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWebhook(t *testing.T) {
	p := hooked(t, secretKey)
	good := `{"identifier":"` + solID + `","type":0,"secretKey":"` + secretKey + `"}`
	for name, tt := range map[string]struct {
		target, body string
		want         providers.Event
		kind         providers.ErrorKind // empty: accepted
	}{
		"with our key":    {"/webhooks/sdoc?envelope=june%2F118", good, providers.Event{ID: solID, Key: providers.Key{Campaign: "june", ID: "118"}}, ""},
		"platform's own":  {"/webhooks/sdoc", good, providers.Event{ID: solID}, ""},
		"without a type":  {"/webhooks/sdoc", `{"identifier":"s","secretKey":"` + secretKey + `"}`, providers.Event{ID: "s"}, ""},
		"forged":          {"/webhooks/sdoc", strings.Replace(good, secretKey, "guess", 1), providers.Event{}, providers.Denied},
		"no secret":       {"/webhooks/sdoc", `{"identifier":"s","type":1}`, providers.Event{}, providers.Denied},
		"not JSON":        {"/webhooks/sdoc", `identifier=s`, providers.Event{}, providers.Invalid},
		"wrong types":     {"/webhooks/sdoc", `{"identifier":7,"secretKey":[]}`, providers.Event{}, providers.Invalid},
		"no identifier":   {"/webhooks/sdoc", `{"secretKey":"` + secretKey + `"}`, providers.Event{}, providers.Invalid},
		"huge identifier": {"/webhooks/sdoc", `{"identifier":"` + strings.Repeat("x", 65) + `","secretKey":"` + secretKey + `"}`, providers.Event{}, providers.Invalid},
		"odd key":         {"/webhooks/sdoc?envelope=june", good, providers.Event{}, providers.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.Webhook(httptest.NewRequest(http.MethodPost, tt.target, nil), []byte(tt.body))
			if tt.kind == "" && err != nil || tt.kind != "" && (err == nil || providers.KindOf(err) != tt.kind) {
				t.Fatalf("got %v, want kind %q", err, tt.kind)
			}
			if got.ID != tt.want.ID || got.Key != tt.want.Key {
				t.Errorf("got %+v", got)
			}
			if err != nil && (strings.Contains(err.Error(), secretKey) || strings.Contains(err.Error(), "guess")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
	if _, err := hooked(t, "").Webhook(httptest.NewRequest(http.MethodPost, "/", nil), []byte(`{"identifier":"s","secretKey":""}`)); providers.KindOf(err) != providers.Denied || err == nil {
		t.Errorf("without a configured secret: %v", err)
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("envelope=june%2F118", []byte(`{"identifier":"s","type":1,"secretKey":"`+secretKey+`"}`))
	f.Add("", []byte(`{"identifier":"s","secretKey":null}`))
	p := hooked(f, secretKey)
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.URL.RawQuery = query
		event, err := p.Webhook(r, body)
		if err != nil {
			return
		}
		var c callbackBody
		if json.Unmarshal(body, &c) != nil || c.SecretKey != secretKey || event.ID == "" {
			t.Errorf("accepted %q", body)
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"error":true,"message":"…","code":"INTEGRATION_PLATFORM_F52Q"}`))
	f.Add([]byte(`{"error":false,"result":{"identifier":"x"}}`))
	f.Add([]byte(`{"error":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e envelope
		if json.Unmarshal(b, &e) != nil {
			return
		}
		if e.Code != "" && !strings.HasPrefix(e.Code, "INTEGRATION_") {
			t.Errorf("code %q", e.Code)
		}
		if !e.Error && e.Code != "" {
			t.Error("a code without an error")
		}
	})
}

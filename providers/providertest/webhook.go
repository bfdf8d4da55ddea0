package providertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/providers/sandbox"
)

// received is one callback.
type received struct {
	address string
	header  http.Header
	body    []byte
}

// receiver takes callbacks in.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	came []received
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.came = append(r.came, received{req.URL.RequestURI(), req.Header.Clone(), body})
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.came
}

// callbacks are those of one envelope that gets completed, with the clock of the
// service as far from ours as given.
func callbacks(t *testing.T, s *Suite, tp *tap, off time.Duration) (*world, *record, []received) {
	t.Helper()
	in := newReceiver(t)
	address := in.URL + "/webhooks/" + s.Name
	w := newWorld(t, s, tp, setup{
		sandbox: func(o *sandbox.Options) {
			o.Webhooks = map[string]string{s.Name: address}
			o.SignAfter = 10 * time.Minute // what seals an envelope moves the clock, and the signatures with it
			o.Clock = func() time.Time { return time.Now().Add(off) }
		},
		rest: func(r *rest.Settings) { r.WebhookURL = address },
	})
	rec := w.completed(s.Envelope())
	if d := w.sandbox.Deliveries(s.Name); d.Sent == 0 || d.Delivered != d.Sent {
		t.Fatalf("callbacks: %+v", d)
	}
	return w, rec, in.all()
}

func (w *world) callback(p providers.Provider, c received) (providers.Event, error) {
	r := httptest.NewRequest(http.MethodPost, c.address, bytes.NewReader(c.body))
	r.Header = c.header
	e, err := p.(providers.WebhookVerifier).Webhook(r, c.body)
	return e, w.tap.note(err)
}

// refused wants that a callback is not believed.
func refused(t *testing.T, what string, err error, kinds ...providers.ErrorKind) {
	t.Helper()
	for _, k := range kinds {
		if err != nil && providers.KindOf(err) == k {
			return
		}
	}
	t.Errorf("%s: %v, want %v", what, err, kinds)
}

// testWebhook lets the simulator call back, and forges what it sends.
func testWebhook(t *testing.T, s *Suite, tp *tap) {
	if s.Webhook == nil {
		w := newWorld(t, s, tp, setup{})
		if _, ok := w.inner.(providers.WebhookVerifier); ok {
			t.Error("it reads callbacks, but the suite does not know them")
		}
		return
	}
	w, rec, came := callbacks(t, s, tp, 0)
	for _, c := range came {
		e, err := w.callback(w.inner, c)
		if err != nil || e.ID != rec.id {
			t.Errorf("a good callback: %+v, %v; the envelope is %s", e, err, rec.id)
			continue
		}
		if s.Webhook.Keyed && e.Key != rec.envelope.Key() {
			t.Errorf("the callback is for %s, it says %s", rec.envelope.Key(), e.Key)
		}
		again, err := w.callback(w.inner, c)
		if err != nil || again.Delivery != e.Delivery || s.Webhook.Named != (e.Delivery != "") {
			t.Errorf("a replay is delivery %q, it was %q: %v", again.Delivery, e.Delivery, err)
		}
		if e.Evidence != nil && !json.Valid(e.Evidence) {
			t.Error("the evidence is not JSON")
		}
	}
	forgeries(t, w, came[len(came)-1])
	if s.Webhook.Timed {
		for _, off := range []time.Duration{-72 * time.Hour, 72 * time.Hour} {
			w, _, came := callbacks(t, s, tp, off)
			for _, c := range came {
				_, err := w.callback(w.inner, c)
				refused(t, "a callback "+off.String()+" away", err, providers.Denied)
			}
		}
	}
	wrongContent(t, w, came[len(came)-1])
}

// forgeries changes every byte that is signed.
func forgeries(t *testing.T, w *world, c received) {
	flip := func(b []byte, i int) []byte {
		b = bytes.Clone(b)
		b[i] ^= 1
		return b
	}
	secret := []byte(w.settings.WebhookSecret.Reveal())
	from, to := 0, len(c.body)
	if !w.suite.Webhook.Signed { // only the secret in it vouches for it
		from = bytes.Index(c.body, secret)
		to = from + len(secret)
		if from < 0 {
			t.Fatal("the callback holds no secret")
		}
	}
	for i := from; i < to; i++ {
		_, err := w.callback(w.inner, received{c.address, c.header, flip(c.body, i)})
		refused(t, "byte "+itoa(i)+" changed", err, providers.Denied, providers.Invalid)
	}
	for _, name := range w.suite.Webhook.Headers {
		value := c.header.Get(name)
		for _, other := range append(oneOff(value), "", " ", value+value, value+"0", "v1=", "==", strings.Repeat("a", 1<<20)) {
			h := c.header.Clone()
			h.Set(name, other)
			_, err := w.callback(w.inner, received{c.address, h, c.body})
			refused(t, name+" changed", err, providers.Denied)
		}
		h := c.header.Clone()
		h.Del(name)
		_, err := w.callback(w.inner, received{c.address, h, c.body})
		refused(t, "without "+name, err, providers.Denied)
	}
	for _, body := range [][]byte{nil, {}, c.body[:len(c.body)-1], append(bytes.Clone(c.body), c.body...)} {
		_, err := w.callback(w.inner, received{c.address, c.header, body})
		refused(t, "another body", err, providers.Denied, providers.Invalid)
	}
	bare := w.settings
	bare.WebhookSecret = ""
	p, _ := w.client(bare)
	_, err := w.callback(p.(*noted).Provider, c)
	refused(t, "without a secret configured", err, providers.Denied)
	empty := received{c.address, http.Header{}, []byte(`{"secretKey":"","identifier":"x","id":"x"}`)}
	_, err = w.callback(p.(*noted).Provider, empty)
	refused(t, "an empty secret", err, providers.Denied)
}

// oneOff are all texts with one character of s changed. The last characters of base64
// may stand for the same bytes, so that a change there need not be one.
func oneOff(s string) (all []string) {
	end := len(s)
	if strings.HasSuffix(s, "=") {
		end = len(strings.TrimRight(s, "=")) - 1
	}
	for i := range end {
		b := []byte(s)
		if b[i]++; b[i] > '~' {
			b[i] = '0'
		}
		if !strings.EqualFold(string(b), s) {
			all = append(all, string(b))
		}
	}
	return all
}

// wrongContent signs nonsense with the right secret.
func wrongContent(t *testing.T, w *world, good received) {
	settings := w.settings
	sign := w.suite.Webhook.Sign
	if sign != nil {
		settings.WebhookSecret = w.suite.Webhook.Secret
	}
	_, p := w.client(settings)
	secret, _ := json.Marshal(settings.WebhookSecret.Reveal())
	for _, body := range []string{
		"", "null", "{}", "[]", "42", `"x"`, "{", "\xff", `{"id":7}`, `{"id":{}}`, `{"data":null}`, `{"data":[]}`, `{"data":"x"}`, `{"identifier":[],"secretKey":KEY}`,
		`{"identifier":"","secretKey":KEY}`, `{"identifier":null,"secretKey":KEY}`, `{"identifier":"` + strings.Repeat("x", 10_000) + `","secretKey":KEY}`, `{"secretKey":{}}`,
		`{"event":"envelope.completed","timestamp":"yesterday","data":{"envelopeId":"x"}}`, `{"event":"x","timestamp":"` + time.Now().UTC().Format(time.RFC3339) + `","data":{}}`,
		`{"id":"","signers":"x"}`, `{"id":"x","signers":{}}`, strings.Repeat("[", 100_000), `{"data":` + strings.Repeat(`{"data":`, 100_000), "9" + strings.Repeat("0", 2<<20), strings.Repeat(" ", 2<<20),
		`{"x":"` + strings.Repeat("a", 2<<20) + `"}`,
	} {
		c := received{good.address, http.Header{}, []byte(strings.ReplaceAll(body, "KEY", string(secret)))}
		if sign != nil {
			c.header = sign(settings.WebhookURL, c.body)
		}
		begun := time.Now()
		e, err := w.callback(p, c)
		if took := time.Since(begun); took > prompt {
			t.Errorf("%.60q takes %s", body, took)
		}
		if err != nil {
			refused(t, "a callback of wrong content", err, providers.Denied, providers.Invalid)
		} else if e.ID != "" {
			t.Errorf("%.60q names the envelope %q", body, e.ID)
		}
	}
}

package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// routes are all that the API has, with a body that each takes.
var routes = []struct{ method, path, contentType, body string }{
	{"GET", "/v1/campaigns", "", ""},
	{"POST", "/v1/campaigns", "application/json", `{"campaign":"june","envelopes":[{"id":"9","documents":[{"name":"a.pdf","content":"JVBERi0xLjcK"}],"signers":[{"name":"Ana"}]}]}`},
	{"POST", "/v1/campaigns", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=file; filename=june.csv\r\n\r\nid,provider\n1,certyneo\n\r\n--B--\r\n"},
	{"GET", "/v1/campaigns/june", "", ""},
	{"POST", "/v1/campaigns/june/retry", "", ""},
	{"POST", "/v1/campaigns/june/cancel", "", ""},
	{"POST", "/v1/campaigns/june/remind", "", "{}"},
	{"POST", "/v1/campaigns/june/pause", "", ""},
	{"POST", "/v1/campaigns/june/resume", "", ""},
	{"GET", "/v1/campaigns/june/envelopes?state=queued&limit=3&cursor=1", "", ""},
	{"POST", "/v1/campaigns/june/envelopes", "application/json", `{"id":"1","options":{"certyneo":{"level":"ADVANCED"}},"signers":[{"stamp":{"page":1},"id_front":"x.png"}]}`},
	{"POST", "/v1/campaigns/june/envelopes", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=envelope\r\n\r\n{}\r\n--B--\r\n"},
	{"GET", "/v1/campaigns/june/envelopes/1", "", ""},
	{"GET", "/v1/campaigns/june/envelopes/1/artifacts/manifest.json", "", ""},
	{"GET", "/v1/campaigns/june/envelopes/1/artifacts/signed_document.pdf", "", ""},
	{"POST", "/v1/campaigns/june/envelopes/1/retry", "", ""},
	{"POST", "/v1/campaigns/june/envelopes/1/cancel", "", ""},
	{"POST", "/v1/campaigns/june/envelopes/1/remind", "", ""},
	{"POST", "/v1/campaigns/june/envelopes/1/resolve", "application/json", `{"sent":"x"}`},
	{"POST", "/webhooks/certyneo", "application/json", `{"event":"envelope.completed"}`},
}

// A key for campaigns of a prefix reaches no other by any route, and cannot tell one that
// is there from one that is not.
func TestRoutesWithAKeyOfAPrefix(t *testing.T) {
	s := keyed(t, nil)
	s.key = "key-of-all"
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	before, err := s.client.Ledger().Get(t.Context(), "june/1")
	if err != nil {
		t.Fatal(err)
	}
	s.key = "key-of-hr"
	for _, r := range routes {
		if !strings.HasPrefix(r.path, "/v1/") || r.path == "/v1/campaigns" && r.method == "GET" {
			continue
		}
		there := s.do(r.method, r.path, r.contentType, strings.NewReader(r.body))
		for _, other := range []string{"june", "july", "JUNE", "jun%65"} {
			if strings.Contains(r.body, "june") && strings.Contains(other, "%") {
				continue // no name in a body
			}
			swap := func(s string) string { return strings.ReplaceAll(s, "june", other) }
			got := s.do(r.method, swap(r.path), r.contentType, strings.NewReader(swap(r.body)))
			if got.StatusCode != http.StatusForbidden || string(got.body) != string(there.body) {
				t.Errorf("%s %s: %d %s, and %s for june", r.method, swap(r.path), got.StatusCode, got.body, there.body)
			}
		}
	}
	for _, path := range []string{"/monitor/", "/monitor/api/queues"} {
		req, _ := http.NewRequest(http.MethodGet, s.url+path, nil)
		req.SetBasicAuth("x", s.key)
		s.send(req).want(t, http.StatusForbidden, nil)
	}
	// The same content under an own name says nothing about the other's.
	s.postJSON("/v1/campaigns/hr-1/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	after, err := s.client.Ledger().Get(t.Context(), "june/1")
	if err != nil || after.Version != before.Version || s.total("june") != 1 || s.total("july") != 0 {
		t.Errorf("%+v became %+v: %v", before, after, err)
	}
}

// FuzzRoutes sends anything to every route: each answers, and no answer is an error of ours.
func FuzzRoutes(f *testing.F) {
	for i, r := range routes {
		f.Add(uint8(i), r.path, r.contentType, r.body)
	}
	f.Add(uint8(1), "/v1/campaigns?campaign=%ff", "application/json", "\xEF\xBB\xBF{\"envelopes\":[{\"id\":\"\\ud800\"}]}")
	f.Add(uint8(2), "/v1/campaigns?skip_invalid=true", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=file; filename=C:\\x\\june.csv\r\n\r\nsep=;\r\nid;document;signer9.name\r\n1;|||;x\r\n\r\n--B--\r\n")
	f.Add(uint8(10), "/v1/campaigns/j/envelopes", "application/json", `{"documents":[{"content":"data:;base64,QQ","name":"/"},"s3://../x",null],"signers":[null]}`)
	f.Add(uint8(13), "/v1/campaigns/..%2f/envelopes/%00/artifacts/..%2f..%2fx", "", "")
	s := newStack(f, nil)
	f.Fuzz(func(t *testing.T, route uint8, path, contentType, body string) {
		r, err := http.NewRequest(routes[int(route)%len(routes)].method, "http://localhost"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		s.server.handler.ServeHTTP(w, r)
		if w.Code >= 500 || w.Code < 200 {
			t.Errorf("%s %q: %d %s", r.Method, path, w.Code, w.Body)
		}
	})
}

package catalisa

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

const made = `{"data":{"type":"signature-request","id":"` + requestID + `","attributes":{"status":"SENT"}}}`

func TestSendInline(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{"POST " + requests: answers(201, made)})
	p := newProvider(t, s)
	var beforeCommit []string
	env := lease()
	env.Options[Name]["config_id"] = "2d0c7d0e-6a3f-4d55-8a57-1f6a4b0c9e01"
	env.Expires = providers.Expiry{Days: 10}
	job := newJob(env, func() { beforeCommit = s.Called() })
	job.Accepted = job.Now().Add(-48 * time.Hour)
	if err := errors.Join(p.Check(env), p.Prepare(t.Context(), job), p.Invite(t.Context(), job)); err != nil {
		t.Fatal(err)
	}
	if len(beforeCommit) != 0 || !slices.Equal(s.Called(), []string{"POST " + requests}) {
		t.Errorf("before the commit %q, in all %q", beforeCommit, s.Called())
	}
	if job.Ref.ID != requestID {
		t.Errorf("%+v", job.Ref)
	}
	fake.SameJSON(t, s.Bodies("POST " + requests)[0], `{"data":{"type":"signature-request","attributes":{
		"title":"Lease 2025-07","message":"Please sign by Friday.","businessId":"june/07","expiresInDays":8,
		"configId":"2d0c7d0e-6a3f-4d55-8a57-1f6a4b0c9e01",
		"fileBase64":"`+base64.StdEncoding.EncodeToString([]byte(pdf))+`","fileName":"lease.pdf",
		"signers":[{"name":"Livia Matos","email":"livia@example.test","order":1},{"name":"Caio Duarte","email":"caio@example.test","order":2}],
		"widgets":[{"type":"signature","page":3,"x":90,"y":640,"width":180,"height":48}]}}}`)
}

func TestSendFromTemplate(t *testing.T) {
	route := "POST " + requests + "/from-template"
	s := newServer(t, map[string]http.HandlerFunc{route: answers(200, made)})
	p := newProvider(t, s)
	env := lease()
	env.Documents, env.Template, env.Fields = nil, "tpl_1", map[string]string{"cargo": "Dev"}
	env.Signers[0].Stamp = nil
	env.Signers[0].Order, env.Signers[1].Order = 0, 0
	job := newJob(env, func() {})
	if err := errors.Join(p.Check(env), p.Prepare(t.Context(), job), p.Invite(t.Context(), job)); err != nil {
		t.Fatal(err)
	}
	fake.SameJSON(t, s.Bodies(route)[0], `{"data":{"type":"signature-request","attributes":{"templateId":"tpl_1",
		"title":"Lease 2025-07","message":"Please sign by Friday.","businessId":"june/07","fieldValues":{"cargo":"Dev"},
		"signers":[{"name":"Livia Matos","email":"livia@example.test"},{"name":"Caio Duarte","email":"caio@example.test"}]}}}`)
}

func TestSendThroughFileStorage(t *testing.T) {
	routes := map[string]http.HandlerFunc{
		"POST " + requests: answers(201, made),
		"POST /api/v1/files/" + fileID + "/confirm-upload": answers(200, ``),
		"PUT /store/up?sig=a": func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); string(body) != pdf || r.Header.Get("Content-Type") != "application/pdf" || r.ContentLength != int64(len(pdf)) {
				t.Errorf("stored %q as %q", body, r.Header.Get("Content-Type"))
			}
		},
		"DELETE /api/v1/files/" + fileID: answers(204, ``),
	}
	s := newServer(t, routes)
	routes["POST /api/v1/files"] = answers(201, `{"data":{"type":"files","id":"`+fileID+`"},"uploadUrl":"`+s.URL+`/store/up?sig=a","expiresAt":"2025-02-03T09:25:00Z"}`)
	p := newProvider(t, s)
	env := lease()
	env.Options[Name]["storage"] = "true"
	job := newJob(env, func() {})
	if err := errors.Join(p.Check(env), p.Prepare(t.Context(), job), p.Prepare(t.Context(), job), p.Invite(t.Context(), job)); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /api/v1/files", "PUT /store/up?sig=a", "POST /api/v1/files/" + fileID + "/confirm-upload", "POST " + requests}
	if got := s.Called(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	fake.SameJSON(t, s.Bodies("POST /api/v1/files")[0], `{"name":"lease.pdf","mimeType":"application/pdf","sizeBytes":`+
		"20"+`,"category":"CONTRACT","businessId":"june/07"}`)
	if body := s.Bodies("POST " + requests)[0]; !strings.Contains(body, `"fileId":"`+fileID+`"`) || strings.Contains(body, "fileBase64") || strings.Contains(body, "fileName") {
		t.Errorf("sent %s", body)
	}
	job.Ref.ID = ""
	if err := p.Discard(t.Context(), job.Ref); err != nil {
		t.Error(err)
	}
	routes["DELETE /api/v1/files/"+fileID] = answers(404, `{"code":"NOT_FOUND"}`)
	if err := errors.Join(p.Discard(t.Context(), job.Ref), p.Discard(t.Context(), providers.Ref{})); err != nil {
		t.Error(err)
	}
	routes["PUT /store/up?sig=a"] = answers(403, `<Error/>`)
	if err := p.Prepare(t.Context(), newJob(env, nil)); err == nil || providers.KindOf(err) != providers.Transient {
		t.Errorf("a refused upload: %v", err)
	}
}

func TestExpiryThatHasPassed(t *testing.T) {
	env := lease()
	env.Expires.Days = 3
	job := newJob(env, nil)
	job.Accepted = job.Now().Add(-72 * time.Hour)
	if err := newProvider(t, newServer(t, nil)).Prepare(t.Context(), job); err == nil || providers.KindOf(err) != providers.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestSettle(t *testing.T) {
	query := func(page string) string {
		return "GET " + requests + "?filter%5BbusinessId%5D=june%2F07&page%5Bnumber%5D=" + page + "&page%5Bsize%5D=100"
	}
	item := func(id, business, at string) string {
		return `{"id":"` + id + `","attributes":{"businessId":"` + business + `","status":"SENT","createdAt":"` + at + `"}}`
	}
	const none = `{"data":[],"meta":{"totalItems":0,"totalPages":0,"currentPage":1,"pageSize":100}}`
	for name, tt := range map[string]struct {
		pages []string
		want  providers.Outcome
		id    string
		fails bool
	}{
		"none":           {[]string{none}, providers.NotInvited, "", false},
		"one":            {[]string{`{"data":[` + item("a", "june/07", "2025-01-02T00:00:00Z") + `],"meta":{"totalPages":1,"currentPage":1}}`}, providers.Invited, "a", false},
		"the oldest":     {[]string{`{"data":[` + item("b", "june/07", "2025-01-03T00:00:00Z") + "," + item("a", "june/07", "2025-01-02T00:00:00Z") + `],"meta":{"totalPages":1,"currentPage":1}}`}, providers.Invited, "a", false},
		"filter ignored": {[]string{`{"data":[` + item("x", "june/070", "2025-01-02T00:00:00Z") + `],"meta":{"totalPages":2,"currentPage":1}}`, `{"data":[` + item("a", "june/07", "2025-01-02T00:00:00Z") + `],"meta":{"totalPages":2,"currentPage":2}}`}, providers.Invited, "a", false},
		"others only":    {[]string{`{"data":[` + item("x", "june/070", "2025-01-02T00:00:00Z") + `]}`}, providers.NotInvited, "", false},
		"link only":      {[]string{`{"data":[` + item("x", "june/070", "2025-01-02T00:00:00Z") + `],"links":{"next":"/api/v1/esignature/requests?page[number]=2"}}`, `{"data":[` + item("a", "june/07", "2025-01-02T00:00:00Z") + `],"links":{"next":null}}`}, providers.Invited, "a", false},
		"not a list":     {[]string{`{"data":null}`}, providers.Unknown, "", true},
		"not ours":       {[]string{`[]`}, providers.Unknown, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			routes := map[string]http.HandlerFunc{}
			for i, body := range tt.pages {
				routes[query(string(rune('1'+i)))] = answers(200, body)
			}
			s := newServer(t, routes)
			job := newJob(lease(), nil)
			got, err := newProvider(t, s).Settle(t.Context(), job)
			if got != tt.want || job.Ref.ID != tt.id || (err != nil) != tt.fails || len(s.Called()) != len(tt.pages) {
				t.Errorf("%s, id %q, %v after %d calls", got, job.Ref.ID, err, len(s.Called()))
			}
		})
	}
}

func TestList(t *testing.T) {
	page := func(n string) string { return "GET " + requests + "?page%5Bnumber%5D=" + n + "&page%5Bsize%5D=100" }
	s := newServer(t, map[string]http.HandlerFunc{
		page("1"): answers(200, `{"data":[{"id":"a","attributes":{"status":"PARTIALLY_SIGNED"}},{"id":"b","attributes":{"status":"COMPLETED"}}],
			"meta":{"totalItems":3,"totalPages":2,"currentPage":1,"pageSize":100},"links":{"next":"/api/v1/esignature/requests?page[number]=2"}}`),
		page("2"): answers(200, `{"data":[{"id":"c","attributes":{"status":"EXPIRED"}}],"meta":{"totalPages":2,"currentPage":2,"itemsPerPage":100}}`),
	})
	p := newProvider(t, s)
	first, more, err := p.List(t.Context(), 1)
	if err != nil || !more || !slices.Equal(first, []providers.Listed{{ID: "a", State: providers.Pending}, {ID: "b", State: providers.Completed}}) {
		t.Errorf("%v, %v, %v", first, more, err)
	}
	last, more, err := p.List(t.Context(), 2)
	if err != nil || more || !slices.Equal(last, []providers.Listed{{ID: "c", State: providers.Expired}}) {
		t.Errorf("%v, %v, %v", last, more, err)
	}
}

// Status answers of both kinds of call, in both shapes of error.
func TestKinds(t *testing.T) {
	for name, tt := range map[string]struct {
		status           int
		body, code       string
		looking, sending providers.ErrorKind
	}{
		"documented shape": {400, `{"code":"VALIDATION","message":"livia@example.test","statusCode":400,"details":{"signers":"x"}}`, "VALIDATION", providers.Invalid, providers.Invalid},
		"handler's shape":  {400, `{"error":"BAD_REQUEST","details":{"_errors":[]}}`, "BAD_REQUEST", providers.Invalid, providers.Invalid},
		"JSON:API":         {409, `{"errors":[{"code":"CONFLICT","detail":"livia@example.test"}]}`, "CONFLICT", providers.Invalid, providers.Invalid},
		"text as a code":   {422, `{"error":"livia@example.test is wrong"}`, "", providers.Invalid, providers.Invalid},
		"odd types":        {400, `{"code":7,"error":{"a":1},"errors":[]}`, "", providers.Invalid, providers.Invalid},
		"payment":          {402, `{"error":"PAYMENT_REQUIRED"}`, "PAYMENT_REQUIRED", providers.Denied, providers.Denied},
		"forbidden":        {403, `{"code":"FORBIDDEN"}`, "FORBIDDEN", providers.Invalid, providers.Denied},
		"not found":        {404, `{"code":"NOT_FOUND"}`, "NOT_FOUND", providers.NotFound, providers.NotFound},
		"too many":         {429, `{"error":"RATE_LIMITED"}`, "RATE_LIMITED", providers.RateLimited, providers.RateLimited},
		"broken":           {500, `<html>`, "", providers.Transient, providers.Ambiguous},
		"away":             {503, ``, "", providers.Transient, providers.Ambiguous},
		"empty":            {200, ``, "bad_answer", providers.Transient, providers.Ambiguous},
		"no id":            {200, `{"data":{"id":""}}`, "bad_answer", providers.Transient, providers.Ambiguous},
		"null":             {200, `null`, "bad_answer", providers.Transient, providers.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, map[string]http.HandlerFunc{"GET " + oneRoute: answers(tt.status, tt.body), "POST " + requests: answers(tt.status, tt.body), "GET " + requests: answers(200, `{"data":[]}`)})
			p := newProvider(t, s)
			_, look := p.Status(t.Context(), providers.Ref{ID: requestID})
			send := p.Invite(t.Context(), newJob(lease(), func() {}))
			for err, want := range map[error]providers.ErrorKind{look: tt.looking, send: tt.sending} {
				e, ok := errors.AsType[*providers.Error](err)
				if !ok || e.Kind != want || e.Code != tt.code || strings.Contains(e.Error(), "example.test") || strings.Contains(e.Error(), "tok_1") {
					t.Errorf("got %v, want %s %s", err, want, tt.code)
				}
			}
		})
	}
}

func TestStatus(t *testing.T) {
	for status, want := range map[string]providers.State{
		"DRAFT": providers.Draft, "SENT": providers.Pending, "VIEWED": providers.Pending, "PARTIALLY_SIGNED": providers.Pending,
		"COMPLETED": providers.Completed, "DECLINED": providers.Declined, "EXPIRED": providers.Expired, "CANCELLED": providers.Canceled,
		"SOMETHING_NEW": providers.Pending,
	} {
		s := newServer(t, map[string]http.HandlerFunc{"GET " + oneRoute: answers(200, `{"data":{"id":"`+requestID+`",
			"attributes":{"status":"`+status+`","viewUrl":"https://sign.example.test/view/q1","completedAt":"2025-02-04T10:00:00Z"},
			"relationships":{"signers":{"data":[
				{"id":"1","attributes":{"name":"Livia Matos","email":"livia@example.test","status":"SIGNED","signedAt":"2025-02-03T10:00:00.5Z","signingUrl":"https://sign.example.test/s/a1"}},
				{"id":"2","attributes":{"name":"Caio Duarte","email":"caio@example.test","status":"VIEWED","signedAt":null}},
				{"id":"3","attributes":{"status":"DECLINED","declineReason":"No"}},{"id":"4","attributes":{"status":"PENDING"}}]}}}}`)})
		st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: requestID})
		if err != nil || st.State != want || st.Reason != "" {
			t.Errorf("%s: %s, %v", status, st.State, err)
		}
		var got []string
		for _, signer := range st.Signers {
			got = append(got, signer.State)
		}
		if !slices.Equal(got, []string{"signed", "viewed", "declined", "pending"}) || !st.Signers[0].SignedAt.Equal(time.Date(2025, 2, 3, 10, 0, 0, 5e8, time.UTC)) {
			t.Errorf("signers %+v", st.Signers)
		}
		if strings.Contains(string(st.Raw), "sign.example.test") || !strings.Contains(string(st.Raw), status) {
			t.Errorf("the manifest would hold %s", st.Raw)
		}
	}
	s := newServer(t, map[string]http.HandlerFunc{"GET " + oneRoute: answers(200, made[:len(made)-2]+`,"id":"other"}}`)})
	if st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: requestID}); err == nil {
		t.Errorf("another request's answer: %+v", st)
	}
}

func TestArtifacts(t *testing.T) {
	route := "GET " + oneRoute + "/download"
	routes := map[string]http.HandlerFunc{"GET /store/abc?sig=x": answers(200, pdf), "GET /store/old?sig=x": answers(403, `<Error/>`)}
	s := newServer(t, routes)
	p := newProvider(t, s)
	ref := providers.Ref{ID: requestID}
	routes[route] = answers(200, `{"downloadUrl":"`+s.URL+`/store/abc?sig=x","expiresAt":"2025-01-15T11:30:00Z"}`)
	list, err := p.Artifacts(t.Context(), ref)
	if err != nil || len(list) != 1 || list[0].Kind != providers.SignedDocument || !list[0].Expires.Equal(time.Date(2025, 1, 15, 11, 30, 0, 0, time.UTC)) ||
		list[0].Source != s.URL+oneRoute+"/download" {
		t.Fatalf("%+v, %v", list, err)
	}
	body, err := p.Open(t.Context(), ref, list[0])
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || string(content) != pdf {
		t.Errorf("%q, %v", content, err)
	}
	list[0].URL = s.URL + "/store/old?sig=x"
	_, err = p.Open(t.Context(), ref, list[0])
	if e, ok := errors.AsType[*providers.Error](err); !ok || e.Kind != providers.NotFound || e.Code != providers.CodeAddressExpired {
		t.Errorf("an address that has run out: %v", err)
	}
	for status, want := range map[int]providers.ErrorKind{400: providers.Transient, 404: providers.NotFound, 409: providers.Transient} {
		routes[route] = answers(status, `{"code":"BAD_REQUEST"}`)
		_, err := p.Artifacts(t.Context(), ref)
		if e, ok := errors.AsType[*providers.Error](err); !ok || e.Code != providers.CodeNotReady || e.Kind != want {
			t.Errorf("%d: %v", status, err)
		}
	}
	routes[route] = answers(200, `{"downloadUrl":null}`)
	if list, err := p.Artifacts(t.Context(), ref); err == nil {
		t.Errorf("without an address: %+v", list)
	}
}

func TestCancelRemindDelete(t *testing.T) {
	routes := map[string]http.HandlerFunc{
		"GET " + oneRoute:              answers(200, oneRequest),
		"POST " + oneRoute + "/cancel": answers(200, `{"data":{"id":"`+requestID+`","attributes":{"status":"CANCELLED"}}}`),
		"POST " + oneRoute + "/resend": answers(200, `{"message":"Signature request resent successfully"}`),
	}
	s := newServer(t, routes)
	p := newProvider(t, s)
	ref := providers.Ref{ID: requestID}
	err := errors.Join(p.Cancel(t.Context(), ref), p.Remind(t.Context(), ref, fake.Always),
		p.client.resend(t.Context(), requestID, "maria@example.test"))
	if err != nil {
		t.Error(err)
	}
	resent := s.Bodies("POST " + oneRoute + "/resend")
	if s.Bodies("POST " + oneRoute + "/cancel")[0] != "" || resent[0] != "{}" {
		t.Errorf("cancel or resend had another body: %q", resent)
	}
	fake.SameJSON(t, resent[1], `{"data":{"attributes":{"signerEmail":"maria@example.test"}}}`)
	routes["POST "+oneRoute+"/cancel"] = answers(409, `{"code":"CONFLICT"}`)
	if err := p.Cancel(t.Context(), ref); err == nil || providers.KindOf(err) != providers.Invalid {
		t.Errorf("an ended one: %v", err)
	}
}

package certyneo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

func TestPrepare(t *testing.T) {
	f, p := newFake(t)
	uploads := 0
	f.Routes["POST /documents"] = func(w http.ResponseWriter, r *http.Request) {
		uploads++
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
			return
		}
		file, header, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		content, _ := io.ReadAll(file)
		got := []string{r.FormValue("name"), header.Filename, header.Header.Get("Content-Type"), string(content)}
		want := []string{"bail.pdf", "bail.pdf", "application/pdf", "%PDF-1.7"}
		answer := `{"id":"doc_1"}`
		if uploads == 2 {
			want = []string{"plan.docx", "plan.docx", providers.TypeDOCX, "PK"}
			answer = `{"data":{"id":"doc_2"}}`
		}
		if !slices.Equal(got, want) {
			t.Errorf("upload %q, want %q", got, want)
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, answer)
	}
	var got draft
	f.Routes["POST /envelopes"] = func(w http.ResponseWriter, r *http.Request) {
		f.Decode(r, &got)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"env_1","status":"DRAFT","recipients":[{"accessToken":"tok"}]}`)
	}
	e := envelope1()
	e.Message = "Please sign"
	e.Expires = providers.Expiry{Days: 30}
	e.Documents = append(e.Documents, providers.Document{Name: "plan.docx", Size: 2, Type: "application/zip"})
	e.Signers = []providers.Signer{
		{Name: "Second", Email: "b@exemple.test", Phone: "+33600000002", Order: 2},
		{Name: "First", Email: "a@exemple.test", Phone: "+33600000001", Order: 1},
		{Name: "Reader", Email: "c@exemple.test", Type: providers.TypeViewer},
		{Name: "Boss", Email: "d@exemple.test", Type: providers.TypeApprover, Order: 3},
	}
	e.Options = map[string]map[string]string{
		Name: {"level": "advanced", "locale": "fr", "redirect_url": "https://exemple.test/ok", "category": "contract",
			"tags": "bail, lot 14", "initials_on_every_page": "true", "workspace": "ws_1", "signing_order": "array"},
		"sdoc": {"folder": "x"},
	}
	if err := p.Check(e); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"bail.pdf": "%PDF-1.7", "plan.docx": "PK"}
	job := fake.NewJob(e, files)
	for range 2 { // the second time everything is recorded
		if err := p.Prepare(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"POST /documents", "POST /documents", "POST /envelopes"}; !slices.Equal(f.Called(), want) {
		t.Errorf("calls %q, want %q", f.Called(), want)
	}
	if job.Ref.ID != "env_1" {
		t.Errorf("Ref.ID %q", job.Ref.ID)
	}
	place := func(email string, document int, x float64) field {
		return field{RecipientEmail: email, DocumentIndex: document, PageNumber: 1, FieldType: "SIGNATURE", X: x, Y: 700, Width: 150, Height: 40}
	}
	want := draft{
		Subject: "Bail lot 14", Message: "Please sign", DocumentIDs: []string{"doc_1", "doc_2"},
		Recipients: []recipient{
			{Email: "a@exemple.test", Name: "First", Role: "SIGNER", Phone: "+33600000001"},
			{Email: "b@exemple.test", Name: "Second", Role: "SIGNER", Phone: "+33600000002"},
			{Email: "d@exemple.test", Name: "Boss", Role: "APPROVER"},
			{Email: "c@exemple.test", Name: "Reader", Role: "VIEWER"},
		},
		Fields: []field{
			place("a@exemple.test", 0, 72), place("a@exemple.test", 1, 72),
			place("b@exemple.test", 0, 232), place("b@exemple.test", 1, 232),
		},
		SignatureLevel: "ADVANCED", RequireSMSOTP: true, ExpiresAt: "2026-07-01T23:59:59Z",
		Locale: "fr", RedirectURL: "https://exemple.test/ok", Category: "CONTRACT", Tags: []string{"bail", "lot 14"},
		InitialsOnEveryPage: true, WorkspaceID: "ws_1",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("draft\n%+v, want\n%+v", got, want)
	}
}

func TestPrepareTemplate(t *testing.T) {
	f, p := newFake(t)
	var got draft
	f.Routes["POST /envelopes"] = func(w http.ResponseWriter, r *http.Request) {
		f.Decode(r, &got)
		io.WriteString(w, `{"id":"env_1"}`)
	}
	e := envelope1()
	e.Documents, e.Template = nil, "tpl_1"
	if err := p.Prepare(t.Context(), fake.NewJob(e, nil)); err != nil {
		t.Fatal(err)
	}
	if got.TemplateID != "tpl_1" || got.DocumentIDs != nil || got.Fields != nil {
		t.Errorf("draft %+v", got)
	}
}

func TestPrepareResumes(t *testing.T) {
	f, p := newFake(t)
	f.Answer("POST /documents", 201, `{"id":"doc_1"}`)
	f.Answer("POST /envelopes", 500, `{"error":"nadia@exemple.test"}`)
	job := fake.NewJob(envelope1(), file1)
	err := p.Prepare(t.Context(), job)
	fake.WantKind(t, err, providers.Transient, "")
	if strings.Contains(err.Error(), "nadia") {
		t.Errorf("%v tells the body", err)
	}
	f.Answer("POST /envelopes", 201, `{"id":"env_1"}`)
	if err := p.Prepare(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if n := f.Count("POST /documents"); n != 1 {
		t.Errorf("%d uploads of one document", n)
	}
}

func TestPrepareRefused(t *testing.T) {
	for _, c := range []struct {
		name      string
		workspace string
		status    int
		body      string
		kind      providers.ErrorKind
		code      string
	}{
		{"bad request", "", 400, `{"error":"x","code":"BAD_LOCALE"}`, providers.Invalid, "BAD_LOCALE"},
		{"code that is a text", "", 400, `{"code":"mail nadia@exemple.test"}`, providers.Invalid, ""},
		{"code that is a number", "", 400, `{"code":7}`, providers.Invalid, ""},
		{"bad key", "", 401, `{}`, providers.Denied, ""},
		{"no scope", "", 403, `{"error":"Insufficient scope: envelopes:write required"}`, providers.Denied, ""},
		{"not our workspace", "ws_1", 403, `{}`, providers.Invalid, "workspace"},
		{"too many", "", 429, `{}`, providers.RateLimited, ""},
		{"unavailable", "", 503, `oops`, providers.Transient, ""},
		{"no id", "", 201, `{"status":"DRAFT"}`, providers.Transient, "bad_answer"},
		{"id of a wrong type", "", 201, `{"id":{}}`, providers.Transient, "bad_answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := newFake(t)
			f.Answer("POST /documents", 201, `{"id":"doc_1"}`)
			f.Answer("POST /envelopes", c.status, c.body)
			e := envelope1()
			e.Options = map[string]map[string]string{Name: {"workspace": c.workspace}}
			fake.WantKind(t, p.Prepare(t.Context(), fake.NewJob(e, file1)), c.kind, c.code)
		})
	}
}

func sentJob() *providers.Job {
	job := fake.NewJob(envelope1(), file1)
	job.Ref.Steps = map[string]string{"document.1": "doc_1", "envelope": "env/1"}
	return job
}

func TestInvite(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   providers.ErrorKind // empty: sent
		code   string
	}{
		{200, `{"id":"env_1","status":"SENT"}`, "", ""},
		{204, ``, "", ""},
		{200, `not json`, "", ""},
		{409, `{"error":"x","code":"signer_without_field"}`, providers.Invalid, "signer_without_field"},
		{409, `{"error":"x","code":"SIGNER_WITHOUT_FIELD"}`, providers.Invalid, "SIGNER_WITHOUT_FIELD"},
		{409, `{"error":"x","code":"CONFLICT"}`, providers.Ambiguous, "CONFLICT"},
		{400, `{}`, providers.Invalid, ""},
		{401, `{}`, providers.Denied, ""},
		{404, `{}`, providers.NotFound, ""},
		{429, `{}`, providers.RateLimited, ""},
		{500, `{}`, providers.Ambiguous, ""},
	} {
		f, p := newFake(t)
		committed := false
		f.Routes["POST /envelopes/env%2F1/send"] = func(w http.ResponseWriter, r *http.Request) {
			if !committed {
				t.Error("the call left before the intent was written")
			}
			if body, _ := io.ReadAll(r.Body); len(body) > 0 {
				t.Errorf("body %q", body)
			}
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}
		job := sentJob()
		job.Commit = func(context.Context) error { committed = true; return nil }
		err := p.Invite(t.Context(), job)
		if c.kind == "" && err != nil {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		} else if c.kind != "" {
			fake.WantKind(t, err, c.kind, c.code)
		}
		if n := f.Count("POST /envelopes/env%2F1/send"); n != 1 {
			t.Errorf("%d: %d calls", c.status, n)
		}
	}
}

func TestInviteWithoutCommit(t *testing.T) {
	_, p := newFake(t) // expects no call
	job := sentJob()
	paused := errors.New("paused")
	job.Commit = func(context.Context) error { return paused }
	if err := p.Invite(t.Context(), job); err != paused {
		t.Errorf("got %v, want the commit's error", err)
	}
}

func TestSettle(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   providers.Outcome
		kind   providers.ErrorKind
	}{
		{200, `{"id":"env_1","status":"DRAFT"}`, providers.NotInvited, ""},
		{200, `{"id":"env_1","status":"SENT"}`, providers.Invited, ""},
		{200, `{"id":"env_1","status":"SCHEDULED"}`, providers.Invited, ""},
		{200, `{"id":"env_1","status":"SOMETHING_NEW"}`, providers.Invited, ""},
		{404, `{}`, providers.Unknown, ""},
		{200, `{"id":"env_1"}`, "", providers.Transient},
		{200, `{"id":"env_1","status":null}`, "", providers.Transient},
		{500, `{}`, "", providers.Transient},
		{401, `{}`, "", providers.Denied},
	} {
		f, p := newFake(t)
		f.Answer("GET /envelopes/env%2F1", c.status, c.body)
		got, err := p.Settle(t.Context(), sentJob())
		if got != c.want || (err == nil) != (c.kind == "") || err != nil && providers.KindOf(err) != c.kind {
			t.Errorf("%d %s: %q, %v", c.status, c.body, got, err)
		}
	}
}

func TestStatus(t *testing.T) {
	f, p := newFake(t)
	f.Answer("GET /envelopes/env_1", 200, `{"id":"env_1","status":"PARTIALLY_SIGNED","number":12345678901234567890,
		"recipients":[
		{"email":"a@exemple.test","name":"A","role":"SIGNER","status":"?","signedAt":"2026-11-20T10:12:44Z","accessToken":"tok_a"},
		{"email":"b@exemple.test","name":"B","role":"APPROVER","signedAt":"2026-11-20T10:12:44.5+01:00","accessToken":""},
		{"email":"c@exemple.test","name":"C","role":"SIGNER","status":"DECLINED","signedAt":null},
		{"email":"d@exemple.test","name":"D","role":"SIGNER","status":"PENDING"}],"completedAt":null}`)
	got, err := p.Status(t.Context(), providers.Ref{ID: "env_1"})
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, s := range got.Signers {
		states = append(states, s.Name+" "+s.State)
	}
	if want := []string{"A signed", "B approved", "C declined", "D pending"}; !slices.Equal(states, want) {
		t.Errorf("signers %q, want %q", states, want)
	}
	if want := time.Date(2026, 11, 20, 10, 12, 44, 0, time.UTC); !got.Signers[0].SignedAt.Equal(want) {
		t.Errorf("signed at %s", got.Signers[0].SignedAt)
	}
	if got.State != providers.Pending || !got.CompletedAt.IsZero() {
		t.Errorf("status %+v", got)
	}
	if raw := string(got.Raw); strings.Contains(raw, "accessToken") || strings.Contains(raw, "tok_a") || !strings.Contains(raw, "12345678901234567890") {
		t.Errorf("raw %s", raw)
	}
}

func TestStates(t *testing.T) {
	for status, want := range map[string]providers.State{
		"DRAFT": providers.Draft, "SCHEDULED": providers.Pending, "SENT": providers.Pending, "DELIVERED": providers.Pending,
		"PARTIALLY_SIGNED": providers.Pending, "COMPLETED": providers.Completed, "DECLINED": providers.Declined,
		"VOIDED": providers.Canceled, "EXPIRED": providers.Expired, "RETURNED_TO_SENDER": providers.Pending, "NEW": providers.Pending,
	} {
		if got := state(status); got != want {
			t.Errorf("%s is %s, want %s", status, got, want)
		}
	}
}

// Which parts of the pagination come is the server's choice.
func TestListMore(t *testing.T) {
	for body, want := range map[string]bool{
		`{"data":[{"id":"env_1","status":"SENT"}],"pagination":{"total":3,"pageSize":1}}`: true,
		`{"data":[{"id":"env_1","status":"SENT"}],"pagination":{"total":2,"pageSize":1}}`: false,
		`{"data":[{"id":"env_1","status":"SENT"}],"pagination":{"total":3}}`:              true,
		`{"data":[{"id":"env_1","status":"SENT"}],"pagination":null}`:                     false,
		`{"data":[],"pagination":{"total":3,"pages":9}}`:                                  false,
	} {
		f, p := newFake(t)
		f.Answer("GET /envelopes", 200, body)
		if _, more, err := p.List(t.Context(), 2); more != want || err != nil {
			t.Errorf("%s: more %v, %v", body, more, err)
		}
	}
}

func TestList(t *testing.T) {
	f, p := newFake(t)
	f.Routes["GET /envelopes"] = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "limit=100&page="+r.URL.Query().Get("page") {
			t.Errorf("query %q", r.URL.RawQuery)
		}
		io.WriteString(w, `{"data":[{"id":"env_2","status":"SENT"},{"id":"","status":"SENT"},{"id":"env_1","status":"COMPLETED"}],
			"pagination":{"total":3,"page":`+r.URL.Query().Get("page")+`,"pageSize":2,"pages":2}}`)
	}
	want := []providers.Listed{{ID: "env_2", State: providers.Pending}, {ID: "env_1", State: providers.Completed}}
	for page, wantMore := range map[int]bool{1: true, 2: false} {
		got, more, err := p.List(t.Context(), page)
		if err != nil || !slices.Equal(got, want) || more != wantMore {
			t.Errorf("page %d: %v, %v, %v", page, got, more, err)
		}
	}
}

func TestArtifacts(t *testing.T) {
	f, p := newFake(t)
	ref := providers.Ref{ID: "env_1"}
	list, err := p.Artifacts(t.Context(), ref)
	if err != nil || len(list) != 2 || len(f.Called()) != 0 {
		t.Fatalf("%v, %v, calls %q", list, err, f.Called())
	}
	for i, route := range []string{"GET /envelopes/env_1/signed-document", "GET /envelopes/env_1/audit-trail"} {
		f.Answer(route, 200, "%PDF "+route)
		content, err := p.Open(t.Context(), ref, list[i])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(content); string(got) != "%PDF "+route || err != nil {
			t.Errorf("%s: %q, %v", route, got, err)
		}
		content.Close()

		f.Answer(route, 409, `{"code":"CONFLICT"}`)
		_, err = p.Open(t.Context(), ref, list[i])
		fake.WantKind(t, err, providers.Transient, providers.CodeNotReady)

		f.Answer(route, 410, `{"code":"GONE"}`)
		_, err = p.Open(t.Context(), ref, list[i])
		fake.WantKind(t, err, providers.NotFound, "purged")
	}
	if !strings.HasSuffix(list[0].Source, "/api/v1/envelopes/env_1/signed-document") {
		t.Errorf("source %q", list[0].Source)
	}
}

func TestDiscard(t *testing.T) {
	for _, c := range []struct {
		name             string
		envelope, doc    int
		kind             providers.ErrorKind
		documentsDeleted int
	}{
		{"all there", 200, 200, "", 2},
		{"nothing there", 404, 404, "", 2},
		{"documents kept", 200, 409, "", 2},
		{"sent", 409, 200, providers.Invalid, 0},
		{"away", 503, 200, providers.Transient, 0},
		{"away later", 200, 503, providers.Transient, 1},
	} {
		f, p := newFake(t)
		f.Answer("DELETE /envelopes/env_1", c.envelope, `{"success":true}`)
		f.Answer("DELETE /documents/doc_1", c.doc, `{}`)
		f.Answer("DELETE /documents/doc_2", c.doc, `{}`)
		err := p.Discard(t.Context(), providers.Ref{Steps: map[string]string{"document.1": "doc_1", "document.2": "doc_2", "envelope": "env_1"}})
		if (err == nil) != (c.kind == "") || err != nil && providers.KindOf(err) != c.kind {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := f.Count("DELETE /documents/doc_1") + f.Count("DELETE /documents/doc_2"); got != c.documentsDeleted {
			t.Errorf("%s: %d documents deleted", c.name, got)
		}
	}
	_, p := newFake(t) // expects no call
	if err := p.Discard(t.Context(), providers.Ref{}); err != nil {
		t.Error(err)
	}
}

func TestSubscriptions(t *testing.T) {
	f, p := newFake(t)
	f.Routes["POST /webhooks"] = func(w http.ResponseWriter, r *http.Request) {
		var got map[string]any
		f.Decode(r, &got)
		want := map[string]any{"url": "https://hooks.test/certyneo",
			"events": []any{"envelope.completed", "envelope.declined", "envelope.voided", "envelope.expired"}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(map[string]any{"id": "wh_1", "url": got["url"], "events": got["events"], "isActive": true, "secret": "s3"})
	}
	f.Answer("GET /webhooks", 200, `{"data":[{"id":"wh_1","url":"https://hooks.test/certyneo","events":["envelope.completed"]}]}`)
	f.Answer("DELETE /webhooks/wh_1", 200, `{"success":true}`)
	id, secret, err := p.Subscribe(t.Context(), "https://hooks.test/certyneo")
	if id != "wh_1" || secret != "s3" || err != nil {
		t.Errorf("%q, %q, %v", id, secret, err)
	}
	list, err := p.Subscriptions(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != "wh_1" || list[0].URL != "https://hooks.test/certyneo" {
		t.Errorf("%v, %v", list, err)
	}
	if err := p.Unsubscribe(t.Context(), "wh_1"); err != nil {
		t.Error(err)
	}
	f.Answer("DELETE /webhooks/wh_1", 404, `{}`)
	if err := p.Unsubscribe(t.Context(), "wh_1"); err != nil {
		t.Error(err)
	}
	f.Answer("DELETE /webhooks/wh_1", 403, `{"error":"Insufficient scope: webhooks:write required"}`)
	fake.WantKind(t, p.Unsubscribe(t.Context(), "wh_1"), providers.Denied, "")
}

// TestWhereTheAnswerStands: at the top, or in data, however that is written.
func TestWhereTheAnswerStands(t *testing.T) {
	for text, want := range map[string]string{
		`{"id":"1"}`: "1", `{"data":{"id":"2"}}`: "2", `{"DATA":{"id":"3"}}`: "3", `{"d\u0061ta":{"id":"4"}}`: "4", `{"id":"5","data":{"id":"6"}}`: "5", `{"dat":{"id":"7"}}`: "", `{"id":"dat`: "error", `{"data":{"id":1}}`: "error",
	} {
		var o object[struct{ ID string }]
		err := json.Unmarshal([]byte(text), &o)
		if got := o.Value.ID; err == nil && got != want || (err != nil) != (want == "error") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

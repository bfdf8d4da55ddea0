package sdoc

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

const solRoute = "/solicitation?identifier=" + solID

func created(participants string) string {
	return `{"error":false,"message":"…","result":{"identifier":"` + solID + `","createdDate":"2024-03-05T14:07:33",
		"files":[{"identifier":"FIL000000000001","name":"agreement-118.pdf","type":"application/pdf"}],"participants":[` + participants + `]}}`
}

const bothPending = `{"identifier":"PAR00001","fileIdentifier":"FIL000000000001","name":"HELENA PRADO NUNES","email":"helena@example.test","cpf":"39053344705","status":1},
	{"identifier":"PAR00002","fileIdentifier":"FIL000000000001","name":"OTAVIO REIS LACERDA","email":"Otavio@example.test","cpf":"12.ABC.345/01DE-35","status":1}`

func sending() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /file":                       says(`{"error":false,"result":{"tempIdentifier":"T7Q2M9X4K1B8R5N3C6D0"}}`),
		"POST /solicitation":               says(created(bothPending)),
		"GET " + solRoute:                  says(created(bothPending)),
		"POST /participant/PAR00002/stamp": says(`{"error":false,"message":"…"}`),
	}
}

func TestSend(t *testing.T) {
	s := newServer(t, sending())
	p := newProvider(t, s)
	var beforeCommit []string
	job := newJob(agreement(), func() { beforeCommit = s.Called() })
	if err := p.Check(job.Envelope); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error { return p.Prepare(t.Context(), job) },
		func() error { return p.Invite(t.Context(), job) },
		func() error { return p.Finish(t.Context(), job) },
		func() error { return p.Finish(t.Context(), job) }, // again after a crash: nothing
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(beforeCommit, []string{"POST /file"}) {
		t.Errorf("before the commit: %q", beforeCommit)
	}
	if got := s.Called()[1:]; !slices.Equal(got, []string{"POST /solicitation", "GET " + solRoute, "POST /participant/PAR00002/stamp"}) {
		t.Errorf("after the commit: %q", got)
	}
	if job.Ref.ID != solID {
		t.Errorf("the envelope's id is %q", job.Ref.ID)
	}
	fake.SameJSON(t, s.Bodies("POST /file")[0], `{"base64":"`+base64.StdEncoding.EncodeToString([]byte(pdf))+`"}`)
	fake.SameJSON(t, s.Bodies("POST /solicitation")[0], `{"title":"Supply agreement 118","description":"Renewal, two pages",
		"callback":"https://hooks.example.test/webhooks/sdoc?envelope=june%2F118",
		"files":[{"name":"agreement-118.pdf","type":"application/pdf","tempIdentifier":"T7Q2M9X4K1B8R5N3C6D0"}],
		"participants":[{"name":"Helena Prado Nunes","email":"helena@example.test","cpf":"39053344705","signatureType":1},
			{"name":"Otavio Reis Lacerda","email":"otavio@example.test","cpf":"12ABC34501DE35","signatureType":2}],
		"Settings":{"SendEmail":true}}`)
	fake.SameJSON(t, s.Bodies("POST /participant/PAR00002/stamp")[0], `{"page":2,"size":{"width":160,"height":54},
		"position":{"llx":72,"lly":90,"urx":232,"ury":144}}`)
}

func TestAccountAndFolder(t *testing.T) {
	tree := says(`{"error":false,"result":[{"identifier":"FLD0000007","name":"Contracts","subFolders":[{"identifier":"FLD0000011","name":"2025","subFolders":[]}]},
		{"identifier":"FLD0000008","name":"Old","subFolders":[{"identifier":"FLD0000012","name":"2025"}]},
		{"identifier":"FLD0000009","name":"Financeiro","subFolders":null}]}`)
	for name, tt := range map[string]struct {
		organization, folder string
		want                 string // empty: invalid
		calls                int
	}{
		"identifiers":     {"ORG00000000000000118", "FLD0000007", `{"identifier":"ORG00000000000000118","folder":"FLD0000007"}`, 0},
		"names":           {"Acme", "Contracts", `{"identifier":"ORG00000000000000118","folder":"FLD0000007"}`, 2},
		"path":            {"Acme", "/Old/2025", `{"identifier":"ORG00000000000000118","folder":"FLD0000012"}`, 2},
		"name of ten":     {"ORG00000000000000118", "Financeiro", `{"identifier":"ORG00000000000000118","folder":"FLD0000009"}`, 1},
		"no folder":       {"Acme", "", `{"identifier":"ORG00000000000000118"}`, 1},
		"ambiguous name":  {"Acme", "2025", "", 2},
		"unknown folder":  {"Acme", "Contracts/2026", "", 2},
		"unknown account": {"Other", "Contracts", "", 1},
		"two such":        {"Twin", "", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			routes := sending()
			routes["GET /organizations"] = says(`{"error":false,"result":[{"identifier":"ORG00000000000000118","name":"Acme","folders":2,"users":1},
				{"identifier":"ORG00000000000000001","name":"Twin"},{"identifier":"ORG00000000000000002","name":"Twin"}]}`)
			routes["GET /organization/ORG00000000000000118/folders"] = tree
			s := newServer(t, routes)
			p := newProvider(t, s)
			env := agreement()
			env.Options[Name] = map[string]string{"organization": tt.organization, "folder": tt.folder, "send_email": "false"}
			job := newJob(env, func() {})
			err := p.Prepare(t.Context(), job)
			if n := len(s.Called()) - 1; n != tt.calls {
				t.Errorf("%d look-ups, want %d", n, tt.calls)
			}
			if tt.want == "" {
				if err == nil || providers.KindOf(err) != providers.Invalid {
					t.Errorf("got %v", err)
				}
				return
			}
			if err := errors.Join(err, p.Invite(t.Context(), job)); err != nil {
				t.Fatal(err)
			}
			body := s.Bodies("POST /solicitation")[0]
			if !strings.Contains(body, `"organization":`+tt.want) || strings.Contains(body, "Settings") {
				t.Errorf("sent %s", body)
			}
		})
	}
}

// Every refusal of the inviting call is definite; every answer that is not the envelope
// is ambiguous.
func TestInvitingCall(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		kind   providers.ErrorKind
		code   string
	}{
		"API off":           {refuses("INTEGRATION_API_OFF"), providers.Transient, "INTEGRATION_API_OFF"},
		"bad token":         {refuses("INTEGRATION_PLATFORM_W1SY"), providers.Denied, "INTEGRATION_PLATFORM_W1SY"},
		"no callback":       {refuses("INTEGRATION_SOLICITATION_41A7"), providers.Invalid, "INTEGRATION_SOLICITATION_41A7"},
		"validation":        {says(`{"error":true,"message":"Título inválido"}`), providers.Invalid, ""},
		"nested code":       {says(`{"error":true,"details":{"code":"x INTEGRATION_PLATFORM_F52Q."}}`), providers.Denied, "INTEGRATION_PLATFORM_F52Q"},
		"code in a list":    {says(`{"error":true,"errors":[{"code":"INTEGRATION_PLATFORM_H6D1"}],"result":null}`), providers.Denied, "INTEGRATION_PLATFORM_H6D1"},
		"code as a name":    {says(`{"error":true,"errors":{"INTEGRATION_API_OFF":["x"]}}`), providers.Transient, "INTEGRATION_API_OFF"},
		"code in result":    {says(`{"error":true,"message":"x","result":{"code":"INTEGRATION_PLATFORM_54F9"}}`), providers.Denied, "INTEGRATION_PLATFORM_54F9"},
		"500":               {fake.Answers(500, `oops`), providers.Ambiguous, ""},
		"400":               {fake.Answers(400, `{}`), providers.Ambiguous, ""},
		"404":               {fake.Answers(404, ``), providers.Ambiguous, ""},
		"401":               {fake.Answers(401, ``), providers.Denied, ""},
		"429":               {fake.Answers(429, ``), providers.RateLimited, ""},
		"empty":             {says(``), providers.Ambiguous, "bad_answer"},
		"not JSON":          {says(`<html>`), providers.Ambiguous, "bad_answer"},
		"not the envelope":  {says(`{"result":{"identifier":"x"}}`), providers.Ambiguous, "bad_answer"},
		"error is a string": {says(`{"error":"false"}`), providers.Ambiguous, "bad_answer"},
		"no result":         {says(`{"error":false}`), providers.Ambiguous, "bad_answer"},
		"no identifier":     {says(`{"error":false,"result":{"identifier":null}}`), providers.Ambiguous, "bad_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, map[string]http.HandlerFunc{"POST /solicitation": tt.answer, "GET " + solRoute: tt.answer})
			p := newProvider(t, s)
			job := newJob(agreement(), func() {})
			job.Ref.Steps["file.1"] = "T7Q2M9X4K1B8R5N3C6D0"
			err := p.Invite(t.Context(), job)
			e, ok := errors.AsType[*providers.Error](err)
			if !ok || e.Kind != tt.kind || e.Code != tt.code || job.Ref.ID != "" {
				t.Errorf("got %v, want %s %s", err, tt.kind, tt.code)
			}
			if strings.Contains(err.Error(), "Helena") || strings.Contains(err.Error(), token) {
				t.Errorf("the error tells too much: %v", err)
			}
			// The same answer to a look is never ambiguous.
			_, err = p.Status(t.Context(), providers.Ref{ID: solID})
			want := tt.kind
			if want == providers.Ambiguous {
				want = providers.Transient
			}
			if err == nil || providers.KindOf(err) != want {
				t.Errorf("a look: %v, want %s", err, want)
			}
		})
	}
}

func TestAllCodesHaveAKind(t *testing.T) {
	if len(kinds) != 26 {
		t.Errorf("%d codes, the reference has 26", len(kinds))
	}
	for code, want := range kinds {
		s := newServer(t, map[string]http.HandlerFunc{"DELETE " + solRoute: refuses(code)})
		err := newProvider(t, s).client.deleteSolicitation(t.Context(), solID)
		if e, ok := errors.AsType[*providers.Error](err); !ok || e.Code != code || e.Kind != want {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// A temporary file that is gone is uploaded again, and the refused call repeated.
func TestTemporaryFileGone(t *testing.T) {
	routes := sending()
	routes["POST /solicitation"] = refuses(codeFileNotFound)
	s := newServer(t, routes)
	p := newProvider(t, s)
	job := newJob(agreement(), func() {})
	if err := p.Prepare(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if err := p.Invite(t.Context(), job); err == nil || providers.KindOf(err) != providers.Transient {
		t.Fatalf("got %v", err)
	}
	routes["POST /file"] = says(`{"error":false,"result":{"tempIdentifier":"T0000000000000000002"}}`)
	routes["POST /solicitation"] = says(created(bothPending))
	if err := errors.Join(p.Prepare(t.Context(), job), p.Prepare(t.Context(), job), p.Invite(t.Context(), job)); err != nil {
		t.Fatal(err)
	}
	sent := s.Bodies("POST /solicitation")
	if len(s.Bodies("POST /file")) != 2 || len(sent) != 2 || !strings.Contains(sent[1], "T0000000000000000002") {
		t.Errorf("sent %q", sent)
	}
}

func TestStampsMeetWhatIsThere(t *testing.T) {
	perFile := created(bothPending + `,
		{"identifier":"PAR00001","fileIdentifier":"FIL000000000002","email":"helena@example.test","cpf":"39053344705","status":1},
		{"identifier":"PAR00009","fileIdentifier":"FIL000000000002","email":"other@example.test","cpf":"12ABC34501DE35","status":1}`)
	s := newServer(t, map[string]http.HandlerFunc{
		"GET " + solRoute:                      says(perFile),
		"POST /participant/PAR00002/stamp":     refuses(codeNotPending),
		"POST /participant/PAR00009/stamp":     says(`{"error":true,"message":"já posicionado"}`),
		"GET /participant?identifier=PAR00009": says(`{"error":false,"result":{"identifier":"PAR00009","status":1,"signatureType":2,"stamp":{"page":"2"}}}`),
	})
	job := newJob(agreement(), nil)
	job.Ref.ID = solID
	if err := newProvider(t, s).Finish(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if job.Ref.Steps["stamp.PAR00002"] == "" || job.Ref.Steps["stamp.PAR00009"] == "" || job.Ref.Steps["stamp.PAR00001"] != "" {
		t.Errorf("steps %v", job.Ref.Steps)
	}
	s.Routes["GET /participant?identifier=PAR00009"] = says(`{"error":false,"result":{"identifier":"PAR00009","status":1,"stamp":null}}`)
	job = newJob(agreement(), nil)
	job.Ref.ID = solID
	if err := newProvider(t, s).Finish(t.Context(), job); err == nil || providers.KindOf(err) != providers.Invalid {
		t.Errorf("a refused stamp: %v", err)
	}
}

func TestStatus(t *testing.T) {
	part := func(id, cpf, status, more string) string {
		return `{"identifier":"` + id + `","name":"N` + cpf + `","email":"` + cpf + `@example.test","cpf":"` + cpf + `","status":` + status + more + `}`
	}
	for name, tt := range map[string]struct {
		participants string
		want         providers.State
		first        string
	}{
		"pending":               {part("A", "1", "2", "") + "," + part("B", "2", "1", ""), providers.Pending, "signed"},
		"signed":                {part("A", "1", "2", "") + "," + part("B", "2", "2", ""), providers.Completed, "signed"},
		"approved":              {part("A", "1", "4", "") + "," + part("B", "2", "2", ""), providers.Completed, "approved"},
		"rejected":              {part("A", "1", "3", "") + "," + part("B", "2", "2", ""), providers.Declined, "declined"},
		"one file of two":       {part("A", "1", "2", "") + "," + part("A", "1", "1", ""), providers.Pending, "pending"},
		"recorded viewer":       {part("A", "1", "2", "") + "," + part("V", "2", "1", ""), providers.Completed, "signed"},
		"viewer by the answer":  {part("A", "1", "2", "") + "," + part("B", "2", "1", `,"signatureType":4`), providers.Completed, "signed"},
		"viewers only, somehow": {part("V", "1", "1", ""), providers.Pending, "pending"},
		"unknown status":        {part("A", "1", "9", ""), providers.Pending, "pending"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, map[string]http.HandlerFunc{"GET " + solRoute: says(created(tt.participants))})
			st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: solID, Steps: map[string]string{stepViewers: "V W"}})
			if err != nil || st.State != tt.want || st.Signers[0].State != tt.first || len(st.Raw) == 0 {
				t.Errorf("%+v, %v", st, err)
			}
		})
	}
	s := newServer(t, map[string]http.HandlerFunc{"GET " + solRoute: refuses(codeSolicitationDeleted)})
	if st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: solID}); err != nil || st.State != providers.Canceled {
		t.Errorf("a deleted one: %+v, %v", st, err)
	}
	s = newServer(t, map[string]http.HandlerFunc{"GET " + solRoute: says(created(""))})
	if st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: solID}); err == nil {
		t.Errorf("one without participants: %+v", st)
	}
}

func TestViewersAreRecorded(t *testing.T) {
	env := agreement()
	env.Signers[1].Type, env.Signers[1].Stamp = "viewer", nil
	s := newServer(t, map[string]http.HandlerFunc{"GET " + solRoute: says(created(bothPending))})
	job := newJob(env, nil)
	job.Ref.ID = solID
	if err := newProvider(t, s).Finish(t.Context(), job); err != nil || job.Ref.Steps[stepViewers] != "PAR00002" {
		t.Errorf("%v, %v", job.Ref.Steps, err)
	}
}

func TestSettle(t *testing.T) {
	job := newJob(agreement(), nil)
	if got, err := newProvider(t, newServer(t, nil)).Settle(t.Context(), job); got != providers.Unknown || err != nil {
		t.Errorf("without an identifier: %s, %v", got, err)
	}
	job.Ref.ID = solID
	for _, tt := range []struct {
		answer http.HandlerFunc
		want   providers.Outcome
		fails  bool
	}{
		{says(created(bothPending)), providers.Invited, false},
		{refuses(codeSolicitationDeleted), providers.Invited, false},
		{refuses("INTEGRATION_SOLICITATION_8D12"), providers.Unknown, false},
		{fake.Answers(500, ``), providers.Unknown, true},
	} {
		got, err := newProvider(t, newServer(t, map[string]http.HandlerFunc{"GET " + solRoute: tt.answer})).Settle(t.Context(), job)
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s, %v", got, err)
		}
	}
}

func TestArtifacts(t *testing.T) {
	signed := strings.ReplaceAll(created(bothPending), `"status":1`, `"status":2`)
	routes := map[string]http.HandlerFunc{"GET " + solRoute: says(signed)}
	s := newServer(t, routes)
	p := newProvider(t, s)
	ref := providers.Ref{ID: solID}
	list, err := p.Artifacts(t.Context(), ref)
	if err != nil || len(list) != 1 || list[0].Kind != providers.SignedDocument || list[0].ID != "FIL000000000001" || list[0].ContentType != "application/pdf" {
		t.Fatalf("%+v, %v", list, err)
	}
	const fileRoute = "GET /file?identifier=FIL000000000001"
	text := base64.StdEncoding.EncodeToString([]byte(pdf))
	for answer, wantCode := range map[string]string{
		`{"error":false,"result":{"identifier":"FIL000000000001","name":"a.pdf","type":"application/pdf","base64":"` + text + `"}}`: "",
		`{"result":{"base64":"` + text + `"},"error":false}`:                                                                        "",
		`{"error":true,"message":"…","code":"INTEGRATION_FILE_A2FC"}`:                                                               codeFileNotFound,
		`{"result":null,"error":true,"erro":{"codigo":"INTEGRATION_FILE_B425"}}`:                                                    "INTEGRATION_FILE_B425",
		`{"result":{"base64":"` + text + `"},"error":true,"code":"INTEGRATION_API_OFF"}`:                                            "INTEGRATION_API_OFF",
		`{"error":false,"result":{"base64":null}}`:                                                                                  "bad_answer",
		`{"result":{"base64":"` + text + `"}}`:                                                                                      "bad_answer",
		`[]`:                                                                                                                        "bad_answer",
	} {
		routes[fileRoute] = says(answer)
		body, err := p.Open(t.Context(), ref, list[0])
		var content []byte
		if err == nil {
			content, err = io.ReadAll(body)
			err = errors.Join(err, body.Close())
		}
		if providers.CodeOf(err) != wantCode || wantCode == "" && (err != nil || string(content) != pdf) {
			t.Errorf("%s: %q, %v", answer, content, err)
		}
	}
	routes[fileRoute] = says(`{"error":false,"result":{"base64":"` + text[:8])
	body, err := p.Open(t.Context(), ref, list[0])
	if err == nil {
		_, err = io.ReadAll(body)
		body.Close()
	}
	if err == nil {
		t.Error("a cut file was taken for a whole one")
	}
	routes["GET "+solRoute] = says(created(bothPending))
	if _, err := p.Artifacts(t.Context(), ref); providers.CodeOf(err) != providers.CodeNotReady || providers.KindOf(err) != providers.Transient {
		t.Errorf("a pending one: %v", err)
	}
}

func TestCancel(t *testing.T) {
	routes := map[string]http.HandlerFunc{
		"GET " + solRoute:    says(created(bothPending)),
		"DELETE " + solRoute: says(`{"error":false,"message":"Solicitação excluída com êxito."}`),
	}
	s := newServer(t, routes)
	ref := providers.Ref{ID: solID}
	if err := newProvider(t, s).Cancel(t.Context(), ref); err != nil || len(s.Bodies("DELETE "+solRoute)) != 1 {
		t.Errorf("%v", err)
	}
	for _, ended := range []http.HandlerFunc{
		says(strings.ReplaceAll(created(bothPending), `"status":1`, `"status":2`)), refuses(codeSolicitationDeleted),
	} {
		routes["GET "+solRoute] = ended
		if err := newProvider(t, s).Cancel(t.Context(), ref); err == nil || providers.KindOf(err) != providers.Invalid {
			t.Errorf("an ended one: %v", err)
		}
	}
	if n := len(s.Bodies("DELETE " + solRoute)); n != 1 {
		t.Errorf("%d deletions", n)
	}
}

// TestARefusalIsExplained keeps what the service says, although its status is 200, without
// our token.
func TestARefusalIsExplained(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{"GET " + solRoute: says(`{"error":true,"message":"Helena Prado não pode (tok_test)","code":"INTEGRATION_SOLICITATION_8D12"}`)})
	_, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: solID})
	if got := providers.ExplanationOf(err); got != "Helena Prado não pode (***)" || strings.Contains(err.Error(), "Helena") {
		t.Errorf("%q, %v", got, err)
	}
}

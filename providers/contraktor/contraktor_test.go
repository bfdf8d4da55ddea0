package contraktor

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

const emptyList = `{"data":[]}`

// sending are the routes of an envelope on its way out.
func sending() map[string]http.HandlerFunc {
	party := 3000
	return map[string]http.HandlerFunc{
		"POST /files":                           fake.Answers(200, `{"data":{"id":500101,"name":"lease.pdf"}}`),
		"POST /contracts":                       fake.Answers(201, `{"data":{"id":90001,"current_document":{"proofs":[]}}}`),
		"GET /parties?search=ana%40example.com": fake.Answers(200, emptyList),
		"GET /parties?search=bia%40example.com": fake.Answers(200, `{"data":null}`),
		"POST /parties": func(w http.ResponseWriter, r *http.Request) {
			party++
			fake.Answers(200, `{"data":{"id":`+formatID(int64(party))+`}}`)(w, r)
		},
		"POST /contracts/90001/shares": fake.Answers(200, `{"data":{"id":4001}}`),
		"POST /proofs":                 fake.Answers(200, `{"data":{"id":7001,"status":"pending"}}`),
	}
}

func TestSend(t *testing.T) {
	s := newServer(t, sending())
	p := newProvider(t, s)
	var beforeCommit []string
	job := newJob(lease(), func() { beforeCommit = s.Called() })
	if err := p.Check(job.Envelope); err != nil {
		t.Fatal(err)
	}
	if err := p.Prepare(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if err := p.Invite(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"POST /files", "POST /contracts",
		"GET /parties?search=ana%40example.com", "POST /parties", "POST /contracts/90001/shares",
		"GET /parties?search=bia%40example.com", "POST /parties", "POST /contracts/90001/shares",
	}
	if !slices.Equal(beforeCommit, want) {
		t.Errorf("before the commit:\n%q\nwant\n%q", beforeCommit, want)
	}
	if got := s.Called()[len(beforeCommit):]; !slices.Equal(got, []string{"POST /proofs"}) {
		t.Errorf("after the commit: %q", got)
	}
	if job.Ref.ID != "7001" {
		t.Errorf("the envelope's id is %q", job.Ref.ID)
	}
	fake.SameJSON(t, s.Bodies("POST /contracts")[0], `{"contract":{"title":"Lease 14","workflow_id":71,"document":{"file_id":500101},
		"metadata":{"order":"A-14","chancela":"june/0001"}}}`)
	parties := s.Bodies("POST /parties")
	fake.SameJSON(t, parties[0], `{"party":{"person_type":"pf","name":"Ana Prova","email":"ana@example.com","document":"111.444.777-35",
		"birth_date":"1990-01-31","phone":"(11) 90000-0000"}}`)
	fake.SameJSON(t, parties[1], `{"party":{"person_type":"pf","name":"Bia Teste","email":"bia@example.com","document":"529.982.247-25",
		"phone":"(31) 98888-7777","whatsappnum":"+55 31 98888-7777"}}`)
	shares := s.Bodies("POST /contracts/90001/shares")
	fake.SameJSON(t, shares[0], `{"sharing":{"qualification":"Contratante","party_id":3001,"notification_type":"email"}}`)
	fake.SameJSON(t, shares[1], `{"sharing":{"qualification":"Testemunha","party_id":3002,"notification_type":"whatsapp"}}`)
	fake.SameJSON(t, s.Bodies("POST /proofs")[0], `{"proof":{"contract_id":90001,"engine":"standard","ordered":false}}`)
}

func TestUploadIsOneMultipartPart(t *testing.T) {
	routes := sending()
	routes["POST /files"] = func(w http.ResponseWriter, r *http.Request) {
		_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		form := multipart.NewReader(r.Body, params["boundary"])
		part, err := form.NextPart()
		if err != nil {
			t.Error(err)
			return
		}
		content, _ := io.ReadAll(part)
		if part.FormName() != "file" || part.FileName() != "lease.pdf" || part.Header.Get("Content-Type") != "application/pdf" || string(content) != pdf {
			t.Errorf("part %v holds %q", part.Header, content)
		}
		if _, err := form.NextPart(); err != io.EOF {
			t.Error("there is a second part")
		}
		fake.Answers(200, `{"data":{"id":500101}}`)(w, r)
	}
	if err := newProvider(t, newServer(t, routes)).Prepare(t.Context(), newJob(lease(), nil)); err != nil {
		t.Fatal(err)
	}
}

func TestOrderedDigitalForACompany(t *testing.T) {
	env := lease()
	env.Options[Name] = map[string]string{"workflow": "Legal", "company_name": "Prova Ltda", "company_document": "11.222.333/0001-81"}
	env.Signers[0].Order, env.Signers[1].Order = 2, 1
	env.Signers[0].Type, env.Signers[1].Type = "digital", "digital"
	routes := sending()
	routes["GET /workflows"] = fake.Answers(200, `{"data":[{"id":70,"name":"legal"},{"id":72,"name":"Legal"}]}`)
	routes["GET /parties?search=11.222.333%2F0001-81"] = fake.Answers(200, `{"data":[
		{"id":2999,"person_type":"pj","name":"Outra","document":"00.000.000/0000-00"},
		{"id":3900,"person_type":"pj","name":"PROVA","document":"11222333000181","email":null}]}`)
	s := newServer(t, routes)
	p := newProvider(t, s)
	if err := p.Check(env); err != nil {
		t.Fatal(err)
	}
	job := newJob(env, func() {})
	if err := errors.Join(p.Prepare(t.Context(), job), p.Invite(t.Context(), job)); err != nil {
		t.Fatal(err)
	}
	if got := s.Bodies("POST /contracts")[0]; !strings.Contains(got, `"workflow_id":72`) {
		t.Errorf("the contract went to another workflow: %s", got)
	}
	shares := s.Bodies("POST /contracts/90001/shares")
	fake.SameJSON(t, shares[0], `{"sharing":{"qualification":"Testemunha","party_id":3001,"company_id":3900,"notification_type":"whatsapp","order":1}}`)
	fake.SameJSON(t, shares[1], `{"sharing":{"qualification":"Contratante","party_id":3002,"company_id":3900,"notification_type":"email","order":2}}`)
	fake.SameJSON(t, s.Bodies("POST /proofs")[0], `{"proof":{"contract_id":90001,"engine":"certificate","ordered":true}}`)
}

func TestUnknownWorkflowIsInvalid(t *testing.T) {
	env := lease()
	env.Options[Name] = map[string]string{"workflow": "Legal"}
	routes := sending()
	routes["GET /workflows"] = fake.Answers(200, `{"data":[{"id":70,"name":"Sales"}]}`)
	err := newProvider(t, newServer(t, routes)).Prepare(t.Context(), newJob(env, nil))
	if providers.KindOf(err) != providers.Invalid || err == nil {
		t.Errorf("got %v", err)
	}
}

func TestTemplateAndAttachments(t *testing.T) {
	env := lease()
	env.Documents, env.Template = nil, "33"
	s := newServer(t, sending())
	if err := newProvider(t, s).Prepare(t.Context(), newJob(env, nil)); err != nil {
		t.Fatal(err)
	}
	fake.SameJSON(t, s.Bodies("POST /contracts")[0], `{"contract":{"title":"Lease 14","workflow_id":71,
		"current_document":{"draft":{"template_id":33}},"metadata":{"order":"A-14","chancela":"june/0001"}}}`)

	env = lease()
	env.Documents = append(env.Documents, env.Documents[0])
	env.Options[Name]["attachments"] = "true"
	routes := sending()
	routes["POST /contracts/90001/attachments"] = fake.Answers(200, `{"data":{"id":61}}`)
	routes["PUT /contracts/90001/attachments/61"] = fake.Answers(200, `{"data":{"id":61,"mergeable":true}}`)
	s = newServer(t, routes)
	p := newProvider(t, s)
	if err := p.Check(env); err != nil {
		t.Fatal(err)
	}
	if err := p.Prepare(t.Context(), newJob(env, nil)); err != nil {
		t.Fatal(err)
	}
	fake.SameJSON(t, s.Bodies("POST /contracts/90001/attachments")[0], `{"attachment":{"file_id":500101}}`)
	fake.SameJSON(t, s.Bodies("PUT /contracts/90001/attachments/61")[0], `{"attachment":{"mergeable":true}}`)
}

// A share that was made but not recorded is adopted: made again it would invite twice.
func TestResumedPrepareMakesNoSecondShare(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{
		"GET /contracts/90001/shares":  fake.Answers(200, `{"data":[{"id":4001,"party":{"id":3001}},{"id":4002,"party":{"id":3002}}]}`),
		"POST /contracts/90001/shares": fake.Answers(200, `{"data":{"id":4003}}`),
	})
	p := newProvider(t, s)
	job := newJob(lease(), nil)
	job.Ref.Steps = map[string]string{"file.1": "500101", "contract": "90001", "party.1": "3001", "share.1": "4001", "party.2": "3002"}
	if err := p.Prepare(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Bodies("POST /contracts/90001/shares")); n != 0 || job.Ref.Steps["share.2"] != "4002" {
		t.Errorf("%d shares were made; share.2 is %q", n, job.Ref.Steps["share.2"])
	}
	calls := len(s.Called())
	if err := p.Prepare(t.Context(), job); err != nil || len(s.Called()) != calls {
		t.Errorf("a finished Prepare made calls again: %v", err)
	}
}

func TestPartiesAreFoundAgain(t *testing.T) {
	ana := lease().Signers[0]
	for name, tt := range map[string]struct {
		answer string
		found  bool
	}{
		"same person, other spelling": {`{"data":[{"id":9,"person_type":"pf","name":"ANA P.","email":"Ana@example.com","document":"11144477735"}]}`, true},
		"search ignored":              {`{"meta":{"x":[1]},"data":[{"id":8,"email":null,"document":null,"name":"X"},{"id":9,"email":"ana@example.com","document":"111.444.777-35"}]}`, true},
		"bare list":                   {`[{"id":9,"email":"ana@example.com","document":"111.444.777-35"}]`, true},
		"shared mailbox":              {`{"data":[{"id":9,"person_type":"pf","name":"Bia","email":"ana@example.com","document":"529.982.247-25"}]}`, false},
		"no document there":           {`{"data":[{"id":9,"person_type":"pf","name":"Ana Prova","email":"ana@example.com"}]}`, false},
		"a company":                   {`{"data":[{"id":9,"person_type":"pj","email":"ana@example.com","document":"111.444.777-35"}]}`, false},
		"part of the address":         {`{"data":[{"id":9,"person_type":"pf","email":"mariana@example.com","document":"111.444.777-35"}]}`, false},
		"nobody":                      {emptyList, false},
	} {
		t.Run(name, func(t *testing.T) {
			var id int64
			err := scan(strings.NewReader(tt.answer), firstThat(person(ana).fits, &id))
			if err != nil || (id == 9) != tt.found {
				t.Errorf("id %d, %v", id, err)
			}
		})
	}
	s := newServer(t, map[string]http.HandlerFunc{"POST /parties": fake.Answers(200, `{"data":{"id":5}}`)})
	env := lease()
	env.Options[Name]["find_parties"] = "false"
	if id, err := newProvider(t, s).party(t.Context(), env, ana.Email, person(ana)); id != "5" || err != nil {
		t.Errorf("without looking: %q, %v", id, err)
	}
}

// TestContractsAreListedOnce asks for many keys: a list of more contracts than one answer
// in memory may have is read whole, and an answer that is none serves all as well. Only one
// that broke off is asked for again.
func TestContractsAreListedOnce(t *testing.T) {
	var long strings.Builder
	long.WriteString(`{"data":[{"id":7,"metadata":null}`)
	for n := range 6000 {
		fmt.Fprintf(&long, `,{"id":%d,"metadata":{"chancela":"june/%d"},"shares":%q}`, n+1, n, strings.Repeat("x", 1000))
	}
	long.WriteString(`]}`)
	for name, tt := range map[string]struct {
		answer      http.HandlerFunc
		calls, last int
		fails       bool
	}{
		"6 MiB":     {fake.Answers(200, long.String()), 1, 6000, false},
		"no list":   {fake.Answers(200, `{"contracts":[]}`), 1, 0, false},
		"not there": {fake.Answers(404, `{"error":"Not found"}`), 1, 0, false},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"data":[{"id":1,"metadata":{"chancela":"june/5999"}},`)
		}, 2, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, map[string]http.HandlerFunc{"GET /contracts": tt.answer})
			p := newProvider(t, s)
			for _, key := range []string{"june/0", "june/5999"} {
				ids, err := p.client.contractsOf(t.Context(), key)
				if tt.fails != (err != nil) {
					t.Fatalf("%s: %v", key, err)
				}
				if key == "june/5999" && tt.last > 0 && !slices.Equal(ids, []string{strconv.Itoa(tt.last)}) {
					t.Errorf("%s: %v", key, ids)
				}
			}
			if n := len(s.Called()); n != tt.calls {
				t.Errorf("%d calls, want %d", n, tt.calls)
			}
		})
	}
}

func TestSettle(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		answer string
		want   providers.Outcome
		id     string
		kind   providers.ErrorKind
	}{
		"no proof":       {200, `{"data":{"id":90001,"current_document":{"proofs":[]}}}`, providers.NotInvited, "", ""},
		"null proofs":    {200, `{"data":{"id":90001,"current_document":{"proofs":null}}}`, providers.NotInvited, "", ""},
		"bare object":    {200, `{"id":90001,"current_document":{"proofs":[{"id":7001,"status":"pending"}]}}`, providers.Invited, "7001", ""},
		"cancelled ones": {200, `{"data":{"id":90001,"current_document":{"proofs":[{"id":7002,"status":"canceled"},{"id":7001}]}}}`, providers.Invited, "7002", ""},
		"deleted":        {404, `{"error":"Not found"}`, providers.Unknown, "", ""},
		"server down":    {500, `{"error":"Internal server error"}`, providers.Unknown, "", providers.Transient},
		"stub":           {200, `{"data":{"id":90001,"current_document":{"id":"5b0b8d0e"}}}`, providers.Unknown, "", providers.Transient},
		"no document":    {200, `{"data":{"id":90001,"current_document":null}}`, providers.Unknown, "", providers.Transient},
		"other contract": {200, `{"data":{"id":1}}`, providers.Unknown, "", providers.Transient},
		"empty object":   {200, `{}`, providers.Unknown, "", providers.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, map[string]http.HandlerFunc{"GET /contracts/90001": fake.Answers(tt.status, tt.answer)})
			job := newJob(lease(), nil)
			job.Ref.Steps["contract"] = "90001"
			got, err := newProvider(t, s).Settle(t.Context(), job)
			if got != tt.want || job.Ref.ID != tt.id || (err != nil) != (tt.kind != "") || err != nil && providers.KindOf(err) != tt.kind {
				t.Errorf("%s, id %q, %v", got, job.Ref.ID, err)
			}
		})
	}
	if got, err := newProvider(t, newServer(t, nil)).Settle(t.Context(), newJob(lease(), nil)); got != providers.NotInvited || err != nil {
		t.Errorf("without a contract: %s, %v", got, err)
	}
}

func TestKinds(t *testing.T) {
	for status, want := range map[int][2]providers.ErrorKind{ // looking, inviting
		400: {providers.Invalid, providers.Invalid},
		401: {providers.Denied, providers.Denied},
		403: {providers.Invalid, providers.Denied},
		404: {providers.NotFound, providers.NotFound},
		422: {providers.Invalid, providers.Invalid},
		429: {providers.RateLimited, providers.RateLimited},
		500: {providers.Transient, providers.Ambiguous},
		503: {providers.Transient, providers.Ambiguous},
	} {
		s := newServer(t, map[string]http.HandlerFunc{
			"GET /proofs/7001": fake.Answers(status, `{"error":"ana@example.com is wrong"}`),
			"POST /proofs":     fake.Answers(status, `{"error":"ana@example.com is wrong"}`),
		})
		p := newProvider(t, s)
		_, err := p.Status(t.Context(), providers.Ref{ID: "7001"})
		job := newJob(lease(), func() {})
		job.Ref.Steps["contract"] = "90001"
		invite := p.Invite(t.Context(), job)
		if providers.KindOf(err) != want[0] || providers.KindOf(invite) != want[1] {
			t.Errorf("%d: look %v, invite %v", status, err, invite)
		}
		for _, err := range []error{err, invite} {
			if strings.Contains(err.Error(), "example.com") || strings.Contains(err.Error(), "tok_test") {
				t.Errorf("the error tells too much: %v", err)
			}
		}
	}
	for _, answer := range []string{``, `null`, `{}`, `{"data":{"id":null}}`, `{"data":{"id":"x"}}`, `<html>`} {
		s := newServer(t, map[string]http.HandlerFunc{"POST /proofs": fake.Answers(200, answer)})
		job := newJob(lease(), func() {})
		job.Ref.Steps["contract"] = "90001"
		if err := newProvider(t, s).Invite(t.Context(), job); err == nil || providers.KindOf(err) != providers.Ambiguous {
			t.Errorf("an invitation answered with %q: %v", answer, err)
		}
	}
}

const completedProof = `{"data":{"id":7001,"status":"completed","ordered":true,"deleted_at":null,
	"subjects":[
	 {"id":8001,"name":"Ana Prova","email":"ana@example.com","sent_at":"2025-01-02T10:05:01.123456Z","confirmed_at":"2025-01-03T10:00:00"},
	 {"id":8002,"name":"Bia Teste","email":null,"confirmed_at":"2025-01-03T11:00:00.123456"}],
	"events":[{"id":1,"action":"create","user":{"email":"op@example.com","cpf":"00000000191"}}],
	"signed_file":{"id":500102,"mime":"application/pdf","download_url":"BASE/store/signed?sig=a","preview_url":"BASE/store/p?sig=a"},
	"receipt_file":{"id":500103,"mime":null,"download_url":"BASE/store/receipt?sig=b"},
	"packaged_file":{"id":500104,"download_url":"BASE/store/package?sig=c"}}}`

func TestStatus(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{"GET /proofs/7001": fake.Answers(200, completedProof)})
	st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: "7001"})
	if err != nil {
		t.Fatal(err)
	}
	if st.State != providers.Completed || !st.CompletedAt.Equal(time.Date(2025, 1, 3, 11, 0, 0, 123456000, time.UTC)) ||
		len(st.Signers) != 2 || st.Signers[0].State != providers.SignerSigned {
		t.Errorf("got %+v", st)
	}
	for _, secret := range []string{"op@example.com", "00000000191", "sig="} {
		if strings.Contains(string(st.Raw), secret) {
			t.Errorf("the manifest would hold %s", secret)
		}
	}
	for answer, want := range map[string]providers.State{
		`{"data":{"id":7001,"status":"pending","subjects":[{"viewed_at":"2025-01-02T10:05:01"}]}}`: providers.Pending,
		`{"id":7001,"status":"canceled"}`:                                                                providers.Canceled,
		`{"data":{"id":7001,"status":"pending","deleted_at":"2025-01-02T10:05:01"}}`:                     providers.Canceled,
		`{"data":{"id":7001,"status":"expired_or_so","subjects":null,"signed_file":null,"events":null}}`: providers.Pending,
	} {
		s := newServer(t, map[string]http.HandlerFunc{"GET /proofs/7001": fake.Answers(200, answer)})
		st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: "7001"})
		if err != nil || st.State != want {
			t.Errorf("%s: %s, %v", answer, st.State, err)
		}
	}
	for _, answer := range []string{`{}`, `{"data":null}`, `[]`, `{"data":{"status":7}}`} {
		s := newServer(t, map[string]http.HandlerFunc{"GET /proofs/7001": fake.Answers(200, answer)})
		if st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: "7001"}); err == nil || providers.KindOf(err) != providers.Transient {
			t.Errorf("%s: %+v, %v", answer, st, err)
		}
	}
}

func TestArtifacts(t *testing.T) {
	routes := map[string]http.HandlerFunc{
		"GET /store/signed?sig=a":  fake.Answers(200, pdf),
		"GET /store/package?sig=c": fake.Answers(403, "<Error/>"),
	}
	s := newServer(t, routes)
	p := newProvider(t, s)
	routes["GET /proofs/7001"] = fake.Answers(200, strings.ReplaceAll(completedProof, "BASE", s.URL))
	ref := providers.Ref{ID: "7001"}
	list, err := p.Artifacts(t.Context(), ref)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, want := range []providers.Artifact{
		{Kind: providers.SignedDocument, ID: "500102", ContentType: "application/pdf"},
		{Kind: providers.Dossier, ID: "500103", ContentType: "application/pdf"},
		{Kind: providers.Package, ID: "500104", ContentType: "application/zip"},
	} {
		got := list[i]
		if got.Kind != want.Kind || got.ID != want.ID || got.ContentType != want.ContentType || strings.Contains(got.Source, "?") {
			t.Errorf("got %+v", got)
		}
	}
	body, err := p.Open(t.Context(), ref, list[0])
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || string(content) != pdf {
		t.Errorf("%q, %v", content, err)
	}
	_, err = p.Open(t.Context(), ref, list[2])
	if e, ok := errors.AsType[*providers.Error](err); !ok || e.Kind != providers.NotFound || e.Code != providers.CodeAddressExpired {
		t.Errorf("an address that has run out: %v", err)
	}
	for _, answer := range []string{
		`{"data":{"id":7001,"status":"pending","signed_file":{"download_url":"https://x"},"receipt_file":{"download_url":"https://x"}}}`,
		`{"data":{"id":7001,"status":"completed","signed_file":null,"receipt_file":{"download_url":"https://x"}}}`,
		`{"data":{"id":7001,"status":"completed","signed_file":{"download_url":"https://x"}}}`,
		`{"data":{"id":7001,"status":"completed","updated_at":"2025-01-02T10:05:01","signed_file":{"download_url":"https://x"},"receipt_file":{"download_url":"https://x"},"packaged_file":null}}`,
		`{"data":{"id":7001,"status":"completed","updated_at":"2090-01-02T10:05:01","signed_file":{"download_url":"https://x"},"receipt_file":{"download_url":"https://x"},"packaged_file":{"id":1,"download_url":null}}}`,
	} {
		routes["GET /proofs/7001"] = fake.Answers(200, answer)
		_, err := p.Artifacts(t.Context(), ref)
		if e, ok := errors.AsType[*providers.Error](err); !ok || e.Code != providers.CodeNotReady || e.Kind != providers.Transient {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// The types that the service does not have are not believed.
func TestArtifactTypes(t *testing.T) {
	for _, tt := range []struct{ answer, want string }{
		{`{"data":{"id":7001,"status":"completed","updated_at":"2090-01-02T10:05:01","subjects":[{"confirmed_at":"2025-01-02T10:05:01"}],"signed_file":{"mime":"image/png","download_url":"https://x"},"receipt_file":{"mime":"binary/octet-stream","download_url":"https://x"},"packaged_file":{"download_url":"https://x"}}}`,
			"signed_document image/png, dossier application/pdf, package application/zip"},
		{`{"data":{"id":7001,"status":"completed","signed_file":{"download_url":"https://x"},"receipt_file":{"download_url":"https://x"},"packaged_file":{"mime":"application/x-zip-compressed","download_url":"https://x"}}}`,
			"signed_document application/pdf, dossier application/pdf, package application/zip"},
	} {
		s := newServer(t, map[string]http.HandlerFunc{"GET /proofs/7001": fake.Answers(200, tt.answer)})
		list, err := newProvider(t, s).Artifacts(t.Context(), providers.Ref{ID: "7001"})
		var got []string
		for _, a := range list {
			got = append(got, string(a.Kind)+" "+a.ContentType)
		}
		if err != nil || strings.Join(got, ", ") != tt.want {
			t.Errorf("got %q, %v, want %q", got, err, tt.want)
		}
	}
}

func TestCancelRemindDiscard(t *testing.T) {
	routes := map[string]http.HandlerFunc{
		"GET /proofs/7001": fake.Answers(200, `{"data":{"id":7001,"status":"pending","ordered":true,"subjects":[
			{"id":8001,"sent_at":"2025-01-02T10:05:01","confirmed_at":"2025-01-02T10:05:01"},
			{"id":8002,"sent_at":"2025-01-02T10:05:01"},{"id":8003}]}}`),
		"DELETE /proofs/7001":                    fake.Answers(204, ""),
		"POST /proofs/7001/subjects/8002/remind": fake.Answers(200, `{"data":{"id":8002}}`),
		"DELETE /contracts/90001":                fake.Answers(204, ""),
		"DELETE /contracts/90002":                fake.Answers(404, `{"error":"Not found"}`),
	}
	s := newServer(t, routes)
	p := newProvider(t, s)
	ref := providers.Ref{ID: "7001"}
	if err := errors.Join(p.Remind(t.Context(), ref, fake.Always), p.Cancel(t.Context(), ref)); err != nil {
		t.Error(err)
	}
	want := []string{"GET /proofs/7001", "POST /proofs/7001/subjects/8002/remind", "GET /proofs/7001", "DELETE /proofs/7001"}
	if got := s.Called(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, contract := range []string{"90001", "90002"} {
		if err := p.Discard(t.Context(), providers.Ref{Steps: map[string]string{"contract": contract}}); err != nil {
			t.Error(err)
		}
	}
	if err := p.Discard(t.Context(), providers.Ref{}); err != nil {
		t.Error(err)
	}
	for _, status := range []string{"completed", "canceled"} {
		routes["GET /proofs/7001"] = fake.Answers(200, `{"data":{"id":7001,"status":"`+status+`"}}`)
		if err := p.Cancel(t.Context(), ref); providers.KindOf(err) != providers.Invalid || err == nil {
			t.Errorf("cancelling a %s one: %v", status, err)
		}
		if err := p.Remind(t.Context(), ref, fake.Always); providers.KindOf(err) != providers.Invalid || err == nil {
			t.Errorf("reminding of a %s one: %v", status, err)
		}
	}
}

// TestNullIsAnEmptyList: nulls are to be expected everywhere (reference §1).
func TestNullIsAnEmptyList(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{"GET /contracts/90001/shares": fake.Answers(200, `{"data":null}`)})
	made, err := newProvider(t, s).sharesByParty(t.Context(), "90001")
	if err != nil || len(made) != 0 {
		t.Errorf("got %v, %v", made, err)
	}
}

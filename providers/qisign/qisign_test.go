package qisign

import (
	"cmp"
	"context"
	"encoding/base64"
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
	"github.com/chancela/chancela/providers/rest"
)

const route1 = "/sign/envelope/" + id1

func TestPrepare(t *testing.T) {
	f, p := newFake(t)
	var created envelopeOut
	f.Routes["POST /sign/envelope"] = func(w http.ResponseWriter, r *http.Request) {
		f.Decode(r, &created)
		io.WriteString(w, `{"id":"`+id1+`","status":"created"}`)
	}
	var documents []documentOut
	f.Routes["POST "+route1+"/document"] = func(w http.ResponseWriter, r *http.Request) {
		var d documentOut
		f.Decode(r, &d)
		documents = append(documents, d)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"`+d.ID+`","created_at":"2023-01-01T00:00:00.000Z"}`)
	}
	var papers []personalOut
	f.Routes["POST "+route1+"/signer/1/personal_document"] = func(w http.ResponseWriter, r *http.Request) {
		var d personalOut
		f.Decode(r, &d)
		papers = append(papers, d)
		io.WriteString(w, `{"created_at":"2023-01-01T00:00:00.000Z"}`)
	}
	e := envelope1()
	e.Expires = providers.Expiry{Date: "2026-12-31"}
	e.Documents = append(e.Documents, providers.Document{Name: "anexo.pdf", Size: 9, Type: providers.TypePDF})
	e.Signers[0].Channel, e.Signers[0].Auth, e.Signers[0].IDType = "whatsapp", "sms", "cnh"
	e.Signers[0].IDFront = &providers.Document{Name: "frente.jpg", Size: 4}
	e.Signers[0].IDBack = &providers.Document{Name: "verso.jpg", Size: 4}
	e.Signers = append(e.Signers, providers.Signer{Name: "Davi", Phone: "+5511988878722", Document: "11144477735", Birthdate: "1992-09-15"})
	if err := p.Check(e); err != nil {
		t.Fatal(err)
	}
	job := newJob(e)
	for range 2 { // the second time everything is recorded
		if err := p.Prepare(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.Called()) != 5 || job.Ref.ID != id1 {
		t.Errorf("calls %q, id %s", f.Called(), job.Ref.ID)
	}
	want := envelopeOut{ID: id1, Subject: "Contrato 14", ExpirationDate: "2026-12-31", Signers: []signerOut{
		{ID: "1", Name: "Rita Nogueira", Email: "rita@exemplo.test", Birthdate: "1988-04-02", DocumentNumber: "529.982.247-25",
			Phone: &phone{"55", "21", "987650001"}, DocumentMethod: "whatsapp", AuthMethod: "sms"},
		{ID: "2", Name: "Davi", Birthdate: "1992-09-15", DocumentNumber: "111.444.777-35",
			Phone: &phone{"55", "11", "988878722"}, DocumentMethod: "sms", AuthMethod: "sms"},
	}}
	if !reflect.DeepEqual(created, want) {
		t.Errorf("envelope\n%+v, want\n%+v", created, want)
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	if len(documents) != 2 || documents[0].ID == documents[1].ID || len(documents[0].ID) != 36 || job.Ref.Steps["document.2"] != documents[1].ID {
		t.Fatalf("documents %+v", documents)
	}
	if want := (documentOut{documents[0].ID, b64("%PDF-1.7"), "contrato.pdf", "pdf"}); documents[0] != want {
		t.Errorf("document %+v, want %+v", documents[0], want)
	}
	if want := []personalOut{{b64("\xff\xd8\xff1"), "cnh_front", "jpeg"}, {b64("\xff\xd8\xff2"), "cnh_back", "jpeg"}}; !slices.Equal(papers, want) {
		t.Errorf("papers %+v, want %+v", papers, want)
	}
}

// TestExpiry: the day counts when the envelope is made.
func TestExpiry(t *testing.T) {
	noon := fake.Accepted // 2026-06-01
	for _, c := range []struct {
		now     time.Time
		expires providers.Expiry
		want    string // empty: too late
	}{
		{noon, providers.Expiry{}, "2026-07-01"}, // 30 days
		{noon, providers.Expiry{Days: 1}, "2026-06-02"},
		{noon, providers.Expiry{Date: "2026-12-31"}, "2026-12-31"},
		{noon, providers.Expiry{Date: "2026-06-01"}, "2026-06-02"}, // today
		{noon, providers.Expiry{Date: "2026-05-31"}, ""},
		// It was held back: its last day has come, has not ended in Brasília, is over.
		{noon.AddDate(0, 0, 4), providers.Expiry{Date: "2026-06-05"}, "2026-06-06"},
		{time.Date(2026, 6, 6, 2, 59, 0, 0, time.UTC), providers.Expiry{Date: "2026-06-05"}, "2026-06-06"},
		{time.Date(2026, 6, 6, 3, 0, 0, 0, time.UTC), providers.Expiry{Date: "2026-06-05"}, ""},
		{noon.AddDate(0, 0, 40), providers.Expiry{}, "2026-08-10"},
	} {
		f, p := newFake(t)
		var made envelopeOut
		f.Routes["POST /sign/envelope"] = func(w http.ResponseWriter, r *http.Request) {
			f.Decode(r, &made)
			io.WriteString(w, `{"id":"`+id1+`","status":"created"}`)
		}
		f.Answer("POST "+route1+"/document", 200, `{}`)
		f.Answer("GET "+route1, 404, `{}`)
		e := envelope1()
		e.Expires = c.expires
		job := newJob(e)
		job.Now, job.Zone = func() time.Time { return c.now }, brasilia
		err := p.Prepare(t.Context(), job)
		if c.want == "" {
			fake.WantKind(t, err, providers.Invalid, providers.CodeExpired)
			if n := f.Count("POST /sign/envelope"); n != 0 {
				t.Errorf("%+v at %s: %q", c.expires, c.now, f.Called())
			}
			f.Answer("GET "+route1, 200, `{"status":"submitted"}`) // by a ledger that was lost
			if err := p.Prepare(t.Context(), job); err != providers.ErrAlreadyInvited {
				t.Errorf("one that was sent in time: %v", err)
			}
		} else if err != nil || made.ExpirationDate != c.want {
			t.Errorf("%+v at %s: %s, want %s, %v", c.expires, c.now, made.ExpirationDate, c.want, err)
		}
	}
}

func TestDefaultMethods(t *testing.T) {
	e := envelope1()
	for email, want := range map[string]string{"rita@exemplo.test": "email", "": "sms"} {
		e.Signers[0].Email = email
		if s := newEnvelope(newJob(e), id1).Signers[0]; s.DocumentMethod != want || s.AuthMethod != want {
			t.Errorf("with e-mail %q: %+v, want %s", email, s, want)
		}
	}
}

func TestPrepareAdopts(t *testing.T) {
	sent := providers.ErrAlreadyInvited
	for _, c := range []struct {
		name, answer string
		want         error
		kind         providers.ErrorKind
		code         string
	}{
		{"created", `{"status":"created","signers":[{"id":"1","document_number":"529.982.247-25"}]}`, nil, "", ""},
		{"created, signers left out", `{"status":"created"}`, nil, "", ""},
		{"created, masked", `{"status":"created","signers":[{"document_number":"***.982.247-**"}]}`, nil, "", ""},
		{"submitted", `{"status":"submitted"}`, sent, "", ""},
		{"completed", `{"status":"completed"}`, sent, "", ""},
		{"canceled", `{"status":"canceled"}`, sent, "", ""},
		{"expired", `{"status":"expired"}`, sent, "", ""},
		{"somebody else's", `{"status":"created","signers":[{"document_number":"111.444.777-35"}]}`, nil, providers.Invalid, "id_taken"},
		{"no status", `{}`, nil, providers.Transient, rest.CodeBadAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := newFake(t)
			f.Answer("POST /sign/envelope", 409, `{}`)
			f.Answer("GET "+route1, 200, c.answer)
			f.Answer("POST "+route1+"/document", 409, `{}`) // added before the crash
			job := newJob(envelope1())
			err := p.Prepare(t.Context(), job)
			if c.kind != "" {
				fake.WantKind(t, err, c.kind, c.code)
				return
			}
			if err != c.want || job.Ref.ID != id1 {
				t.Fatalf("%v, id %q", err, job.Ref.ID)
			}
			if documents := f.Count("POST " + route1 + "/document"); c.want == nil && documents != 1 || c.want != nil && documents != 0 {
				t.Errorf("%d documents", documents)
			}
		})
	}
}

func TestPrepareKnowsDocuments(t *testing.T) {
	job := newJob(envelope1())
	f, p := newFake(t)
	f.Answer("POST /sign/envelope", 200, `{}`)
	f.Answer("POST "+route1+"/document", 500, ``) // after the effect
	fake.WantKind(t, p.Prepare(t.Context(), job), providers.Transient, "")

	// The ledger has lost it all; the envelope tells of its documents in its signers.
	known := newJob(envelope1())
	f.Answer("POST /sign/envelope", 409, ``)
	f.Answer("POST "+route1+"/document", 200, `{}`)
	if err := p.Prepare(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	documentID := job.Ref.Steps[stepDocument+"1"]
	f.Answer("GET "+route1, 200, `{"status":"created","signers":[{"documents":[{"id":"`+documentID+`"}]}]}`)
	delete(f.Routes, "POST "+route1+"/document")
	if err := p.Prepare(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	if known.Ref.Steps[stepDocument+"1"] != documentID {
		t.Errorf("steps %v", known.Ref.Steps)
	}
}

func TestPrepareRefused(t *testing.T) {
	for status, kind := range map[int]providers.ErrorKind{
		400: providers.Invalid, 401: providers.Denied, 403: providers.Invalid, 404: providers.NotFound, 405: providers.Invalid,
		406: providers.Invalid, 429: providers.RateLimited, 500: providers.Transient, 503: providers.Transient,
	} {
		f, p := newFake(t)
		f.Answer("POST /sign/envelope", status, `{"code":"rita@exemplo.test"}`)
		err := p.Prepare(t.Context(), newJob(envelope1()))
		fake.WantKind(t, err, kind, "")
		if strings.Contains(err.Error(), "rita") {
			t.Errorf("%v tells the body", err)
		}
	}
}

func TestInvite(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   providers.ErrorKind // empty: sent
	}{
		{200, `{"status":"submitted"}`, ""},
		{204, ``, ""},
		{409, `{}`, providers.Ambiguous},
		{400, `{}`, providers.Invalid},
		{401, `{}`, providers.Denied},
		{404, `{}`, providers.NotFound},
		{429, `{}`, providers.RateLimited},
		{500, `{}`, providers.Ambiguous},
		{503, `{}`, providers.Ambiguous},
	} {
		f, p := newFake(t)
		committed := false
		f.Routes["PATCH "+route1] = func(w http.ResponseWriter, r *http.Request) {
			if !committed {
				t.Error("the call left before the intent was written")
			}
			var got statusBody
			f.Decode(r, &got)
			if got.Status != "submitted" {
				t.Errorf("body %+v", got)
			}
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}
		job := newJob(envelope1())
		job.Ref = ref1()
		job.Commit = func(context.Context) error { committed = true; return nil }
		err := p.Invite(t.Context(), job)
		if c.kind == "" && err != nil {
			t.Errorf("%d: %v", c.status, err)
		} else if c.kind != "" {
			fake.WantKind(t, err, c.kind, "")
		}
		if len(f.Called()) != 1 {
			t.Errorf("%d: calls %q", c.status, f.Called())
		}
	}
	_, p := newFake(t) // expects no call
	job := newJob(envelope1())
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
		{200, `{"status":"created"}`, providers.NotInvited, ""},
		{200, `{"status":"submitted"}`, providers.Invited, ""},
		{200, `{"status":"expired"}`, providers.Invited, ""},
		{200, `{"status":"new"}`, providers.Invited, ""},
		{404, `{}`, providers.Unknown, ""},
		{200, `{"status":""}`, "", providers.Transient},
		{200, `[]`, "", providers.Transient},
		{500, `{}`, "", providers.Transient},
	} {
		f, p := newFake(t)
		f.Answer("GET "+route1, c.status, c.body)
		job := newJob(envelope1()) // nothing recorded: the id is known by the key
		got, err := p.Settle(t.Context(), job)
		if got != c.want || (err == nil) != (c.kind == "") || err != nil && providers.KindOf(err) != c.kind {
			t.Errorf("%d %s: %q, %v", c.status, c.body, got, err)
		}
	}
}

func TestStatus(t *testing.T) {
	f, p := newFake(t)
	f.Answer("GET "+route1, 200, `{"id":"`+id1+`","status":"completed","expiration_date":"2023-09-20T02:59:59Z","signers":[
		{"id":"1","name":"Rita","email":"rita@exemplo.test","status":"signed","signed_at":"2023-03-21T15:30:00.000Z","signature_url":"https://sign.test/s/secret"},
		{"id":"2","name":"Davi","signed_at":null}]}`)
	f.Answer("GET "+route1+"/signer/2", 200, `{"name":"Davi","email":null,"status":"signed","signed_at":"2023-03-21T16:30:00.000Z"}`)
	got, err := p.Status(t.Context(), ref1())
	if err != nil {
		t.Fatal(err)
	}
	last := time.Date(2023, 3, 21, 16, 30, 0, 0, time.UTC)
	want := []providers.SignerStatus{
		{Name: "Rita", Email: "rita@exemplo.test", State: "signed", SignedAt: last.Add(-time.Hour)},
		{Name: "Davi", State: "signed", SignedAt: last},
	}
	if got.State != providers.Completed || !slices.Equal(got.Signers, want) || !got.CompletedAt.Equal(last) {
		t.Errorf("status %+v", got)
	}
	if raw := string(got.Raw); strings.Contains(raw, "signature_url") || !strings.Contains(raw, "rita@exemplo.test") {
		t.Errorf("raw %s", raw)
	}

	f.Answer("GET "+route1, 200, `{"status":"submitted","signers":[{"id":"1"},{"id":"2","status":"on_signature"},{"id":"3","status":"signed"}]}`)
	got, err = p.Status(t.Context(), ref1())
	if err != nil || got.State != providers.Pending || !got.CompletedAt.IsZero() || got.Signers[0].State != "pending" || got.Signers[1].State != "pending" || got.Signers[2].State != "signed" {
		t.Errorf("status %+v, %v", got, err)
	}
	if n := f.Count("GET " + route1 + "/signer/2"); n != 1 {
		t.Errorf("a pending envelope's signers were asked for: %d", n)
	}
}

func TestStates(t *testing.T) {
	for status, want := range map[string]providers.State{
		"created": providers.Draft, "submitted": providers.Pending, "completed": providers.Completed,
		"canceled": providers.Canceled, "expired": providers.Expired, "new": providers.Pending,
	} {
		if got := state(status); got != want {
			t.Errorf("%s is %s, want %s", status, got, want)
		}
	}
}

func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name   string
		there  string // what the look before finds
		looked int    // its status, 0: 200
		status int    // of the PATCH, 0: there must be none
		body   string
		kind   providers.ErrorKind
		code   string
	}{
		{name: "done", there: "submitted", status: 200, body: `{"status":"canceled"}`},
		{name: "draft", there: "created", status: 200, body: `{"status":"canceled"}`},
		{name: "no echo", there: "submitted", status: 200, body: `{}`},
		{name: "stays", there: "submitted", status: 200, body: `{"status":"completed"}`, kind: providers.Invalid, code: "not_canceled"},
		{name: "done before", there: "canceled"},
		{name: "completed", there: "completed", kind: providers.Invalid, code: "ended"},
		{name: "expired", there: "expired", kind: providers.Invalid, code: "ended"},
		{name: "refused", there: "submitted", status: 409, body: `{}`, kind: providers.Invalid},
		{name: "away", there: "submitted", status: 503, body: `{}`, kind: providers.Transient},
		{name: "not there", looked: 404, kind: providers.NotFound},
		{name: "refused key", looked: 401, kind: providers.Denied},
		{name: "refused look", looked: 403, kind: providers.Invalid},
	} {
		f, p := newFake(t)
		f.Answer("GET "+route1, cmp.Or(c.looked, 200), `{"status":"`+c.there+`"}`)
		if c.status != 0 {
			f.Routes["PATCH "+route1] = func(w http.ResponseWriter, r *http.Request) {
				var got statusBody
				f.Decode(r, &got)
				if got.Status != "canceled" {
					t.Errorf("body %+v", got)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}
		}
		err := p.Cancel(t.Context(), ref1())
		if (err == nil) != (c.kind == "") || err != nil && (providers.KindOf(err) != c.kind || providers.CodeOf(err) != c.code) {
			t.Errorf("%s: %v", c.name, err)
		}
		err = p.Discard(t.Context(), ref1())
		if gone := c.kind == "" || c.kind == providers.NotFound; (err == nil) != gone {
			t.Errorf("%s: discard: %v", c.name, err)
		}
	}
	_, p := newFake(t) // expects no call
	if err := p.Discard(t.Context(), providers.Ref{Key: envelope1().Key()}); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"status":"completed","signers":[{"id":"1","status":"signed","signed_at":"2023-03-21T15:30:00.000Z","documents":[{"id":"d"}]}],"documents":null}`))
	f.Add([]byte(`{"status":"available","documents_reports":[{"id":"d","url":"https://x.test/d.pdf"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e envelope
		if json.Unmarshal(b, &e) == nil {
			if slices.Contains(e.allDocuments(), "") {
				t.Errorf("%q gives a document without an id", b)
			}
			for _, s := range e.Signers {
				if signerState(s) == "" {
					t.Errorf("%q gives a signer no state", b)
				}
			}
			sameSigners(e, envelope1())
		}
		var r envelopeReport
		_ = json.Unmarshal(b, &r)
	})
}

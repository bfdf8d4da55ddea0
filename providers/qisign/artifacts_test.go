package qisign

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

func TestArtifacts(t *testing.T) {
	f, p := newFake(t)
	f.Answer("GET "+route1, 200, `{"status":"completed","documents":[{"id":"d-1"},{"id":"d-2"}],"signers":[{"id":"1"},{"id":"2"},{"id":"3"}]}`)
	f.Answer("GET "+route1+"/report", 200, `{"id":"`+id1+`","status":"available","documents_reports":[{"id":"d-1","url":"`+f.URL+`/given/d-1.pdf"},{"id":"d-2","url":null}]}`)
	f.Answer("GET "+route1+"/signer/1/face", 200, `{"face_image_url":"`+f.URL+`/given/face.jpeg"}`)
	f.Answer("GET "+route1+"/signer/1/personal_document", 200, `{"document_front_url":"`+f.URL+`/given/front.jpeg","document_back_url":"`+f.URL+`/given/back.jpeg"}`)
	f.Answer("GET "+route1+"/signer/2/face", 404, `{}`)
	f.Answer("GET "+route1+"/signer/2/personal_document", 200, `{"document_front_url":"`+f.URL+`/given/front2.jpeg","document_back_url":null}`)
	f.Answer("GET "+route1+"/signer/3/face", 403, `{}`)
	f.Answer("GET "+route1+"/signer/3/personal_document", 200, `{}`)
	list, err := p.Artifacts(t.Context(), ref1())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list {
		got = append(got, strings.Join([]string{string(a.Kind), a.ID, a.ContentType, strings.TrimPrefix(a.Source, f.URL+route1)}, " "))
		if a.URL != "" || !a.Expires.IsZero() {
			t.Errorf("%s %s is listed with an address", a.Kind, a.ID)
		}
	}
	want := []string{
		"dossier d-1 application/pdf /report",
		"dossier d-2 application/pdf /document/d-2/report",
		"face 1 image/jpeg /signer/1/face",
		"id_front 1 image/jpeg /signer/1/personal_document",
		"id_back 1 image/jpeg /signer/1/personal_document",
		"id_front 2 image/jpeg /signer/2/personal_document",
	}
	if !slices.Equal(got, want) {
		t.Errorf("artifacts\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	f.Answer("GET "+route1+"/document/d-1/report", 200, `{"id":"d-1","status":"available","document_report":"`+base64.StdEncoding.EncodeToString([]byte("%PDF 1"))+`"}`)
	f.Answer("GET "+route1+"/document/d-2/report", 200, `{"id":"d-2","status":"available","document_report_url":"https://never.test/","document_report":"`+base64.StdEncoding.EncodeToString([]byte("%PDF 2"))+`"}`)
	for i, want := range []string{"%PDF 1", "%PDF 2"} {
		content, err := p.Open(t.Context(), ref1(), list[i])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(content); string(got) != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
		content.Close()
	}
}

func TestArtifactsNotReady(t *testing.T) {
	for _, c := range []struct {
		name, envelope, report string
		status                 int
		kind                   providers.ErrorKind
		code                   string
	}{
		{"not completed", "submitted", "", 0, providers.Transient, providers.CodeNotReady},
		{"unavailable", "completed", `{"status":"unavailable","documents_reports":[]}`, 200, providers.Transient, providers.CodeNotReady},
		{"empty", "completed", `{"status":"available","documents_reports":null}`, 200, providers.Transient, providers.CodeNotReady},
		{"nothing", "completed", `{}`, 200, providers.Transient, providers.CodeNotReady},
		{"away", "completed", `{}`, 503, providers.Transient, ""},
		{"not there", "completed", `{}`, 404, providers.NotFound, providers.CodeNotReady},
		{"refused", "completed", `{}`, 400, providers.Transient, providers.CodeNotReady},
		{"conflict", "completed", `{}`, 409, providers.Transient, providers.CodeNotReady},
		{"no content", "completed", " ", 204, providers.Transient, providers.CodeNotReady},
		{"bad key", "completed", `{}`, 401, providers.Denied, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := newFake(t)
			f.Answer("GET "+route1, 200, `{"status":"`+c.envelope+`"}`)
			if c.report != "" {
				f.Answer("GET "+route1+"/report", c.status, c.report)
			}
			_, err := p.Artifacts(t.Context(), ref1())
			fake.WantKind(t, err, c.kind, c.code)
		})
	}
}

// A picture that could not be asked for is not one that is not offered.
// What the caller knows may be left out of an answer: the signers' ids are ours.
func TestArtifactsOfNamelessSigners(t *testing.T) {
	f, p := newFake(t)
	f.Answer("GET "+route1, 200, `{"status":"completed","signers":[{"status":"signed"},{"status":"signed"}]}`)
	f.Answer("GET "+route1+"/report", 200, `{"status":"available","documents_reports":[{"id":"d-1","url":"https://x.test/1"}]}`)
	f.Answer("GET "+route1+"/signer/1/face", 200, `{"face_image_url":"https://x.test/f"}`)
	f.Answer("GET "+route1+"/signer/1/personal_document", 204, "")
	f.Answer("GET "+route1+"/signer/2/face", 204, "")
	f.Answer("GET "+route1+"/signer/2/personal_document", 200, `{"document_front_url":"https://x.test/i"}`)
	list, err := p.Artifacts(t.Context(), ref1())
	if err != nil || len(list) != 3 || list[1].Kind != providers.Face || list[1].ID != "1" || list[2].Kind != providers.IDFront || list[2].ID != "2" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestArtifactsPictureFails(t *testing.T) {
	for status, kind := range map[int]providers.ErrorKind{401: providers.Denied, 429: providers.RateLimited, 500: providers.Transient} {
		for _, route := range []string{"/face", "/personal_document"} {
			f, p := newFake(t)
			f.Answer("GET "+route1, 200, `{"status":"completed","signers":[{"id":"1"}]}`)
			f.Answer("GET "+route1+"/report", 200, `{"status":"available","documents_reports":[{"id":"d-1","url":"https://x.test/1"}]}`)
			f.Answer("GET "+route1+"/signer/1/face", 200, `{}`)
			f.Answer("GET "+route1+"/signer/1"+route, status, `{}`)
			_, err := p.Artifacts(t.Context(), ref1())
			fake.WantKind(t, err, kind, "")
		}
	}
}

func TestOpenDocumentReport(t *testing.T) {
	dossier := providers.Artifact{Kind: providers.Dossier, ID: "d-1"}
	for _, c := range []struct {
		name, report string // URL stands for a download address
		want         string
		kind         providers.ErrorKind
		code         string
	}{
		{"address only", `{"status":"available","document_report_url":"URL"}`, "%PDF given", "", ""},
		{"empty base64", `{"document_report":"","document_report_url":"URL"}`, "%PDF given", "", ""},
		{"null base64", `{"document_report":null,"document_report_url":"URL"}`, "%PDF given", "", ""},
		{"unavailable", `{"status":"unavailable","document_report":null}`, "", providers.Transient, providers.CodeNotReady},
		{"neither", `{"status":"available"}`, "", providers.Transient, "bad_answer"},
		{"wrong type", `{"document_report":{},"document_report_url":[]}`, "", providers.Transient, "bad_answer"},
		{"cut", `{"status":"available","docu`, "", providers.Transient, "bad_answer"},
		{"address within", `{"document_report_url":"ftp://x.test/"}`, "", providers.Invalid, "address_refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := newFake(t)
			f.Answer("GET /given/1.pdf", 200, "%PDF given")
			f.Answer("GET "+route1+"/document/d-1/report", 200, strings.ReplaceAll(c.report, "URL", f.URL+"/given/1.pdf"))
			content, err := p.Open(t.Context(), ref1(), dossier)
			if c.kind != "" {
				fake.WantKind(t, err, c.kind, c.code)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer content.Close()
			if got, err := io.ReadAll(content); string(got) != c.want || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// A base64 that ends too early, or is none, must not pass for a whole file.
func TestOpenCutBase64(t *testing.T) {
	for _, report := range []string{
		`{"document_report":"` + strings.Repeat("QUJD", 2000),
		`{"document_report":"` + strings.Repeat("QUJD", 2000) + `!"}`,
		`{"document_report":"` + strings.Repeat("QUJD", 2000) + `","status":"unavailable"}`,
	} {
		f, p := newFake(t)
		f.Answer("GET "+route1+"/document/d-1/report", 200, report)
		content, err := p.Open(t.Context(), ref1(), providers.Artifact{Kind: providers.Dossier, ID: "d-1"})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(content); err == nil {
			t.Errorf("%d bytes and no error", len(got))
		}
		content.Close()
	}
}

// Every address dies as soon as the next one is asked for: files are archived all the
// same, each by an address of its own, and none is refused.
func TestAddressesAreAskedForWhenTheyAreUsed(t *testing.T) {
	f, p := newFake(t)
	asked := 0
	addresses := func(fields ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			answer := map[string]string{}
			for _, field := range fields {
				asked++
				path := "/given/" + strconv.Itoa(asked)
				f.Routes["GET "+path] = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, field) }
				answer[field] = f.URL + path
			}
			for n := range asked - len(fields) {
				f.Answer("GET /given/"+strconv.Itoa(n+1), 403, "")
			}
			json.NewEncoder(w).Encode(answer)
		}
	}
	f.Answer("GET "+route1, 200, `{"status":"completed","documents":[{"id":"d-1"}],"signers":[{"id":"1"},{"id":"2"}]}`)
	f.Answer("GET "+route1+"/report", 200, `{"status":"available","documents_reports":[{"id":"d-1","url":"`+f.URL+`/given/dead"}]}`)
	f.Answer("GET "+route1+"/document/d-1/report", 200, `{"document_report":"`+base64.StdEncoding.EncodeToString([]byte("%PDF"))+`"}`)
	for _, signer := range []string{"1", "2"} {
		f.Routes["GET "+route1+"/signer/"+signer+"/face"] = addresses("face_image_url")
		f.Routes["GET "+route1+"/signer/"+signer+"/personal_document"] = addresses("document_front_url", "document_back_url")
	}
	list, err := p.Artifacts(t.Context(), ref1())
	if err != nil || len(list) != 7 {
		t.Fatalf("%d files, %v", len(list), err)
	}
	want := map[providers.Kind]string{providers.Dossier: "%PDF", providers.Face: "face_image_url", providers.IDFront: "document_front_url", providers.IDBack: "document_back_url"}
	for _, a := range list {
		body, err := p.Open(t.Context(), ref1(), a)
		if err != nil {
			t.Errorf("%s of %s: %v", a.Kind, a.ID, err)
			continue
		}
		if content, err := io.ReadAll(body); string(content) != want[a.Kind] || err != nil {
			t.Errorf("%s of %s: %q, %v", a.Kind, a.ID, content, err)
		}
		body.Close()
	}
}

func TestOpenExpired(t *testing.T) {
	f, p := newFake(t)
	f.Answer("GET "+route1+"/signer/1/face", 200, `{"face_image_url":"`+f.URL+`/given/face.jpeg"}`)
	face := providers.Artifact{Kind: providers.Face, ID: "1", URL: f.URL + "/given/of-an-older-ledger.jpeg"}
	for _, status := range []int{403, 404, 410} {
		f.Answer("GET /given/face.jpeg", status, "")
		_, err := p.Open(t.Context(), ref1(), face)
		fake.WantKind(t, err, providers.NotFound, providers.CodeAddressExpired)
	}
	f.Answer("GET "+route1+"/signer/1/face", 200, `{}`)
	_, err := p.Open(t.Context(), ref1(), face)
	fake.WantKind(t, err, providers.Transient, providers.CodeNotReady)
}

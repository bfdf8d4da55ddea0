package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

func qisignCaller(t *testing.T, s *Sandbox) *caller {
	env := s.Env()
	return newCaller(t, env["CHANCELA_QISIGN_BASE_URL"], env["CHANCELA_QISIGN_API_KEY"])
}

func qisignBody(id string, emails ...string) map[string]any {
	signers := []any{}
	for i, e := range emails {
		signers = append(signers, map[string]any{
			"id": fmt.Sprint(i + 1), "name": "Rita Nogueira", "email": e, "birthdate": "1988-04-02", "document_number": "529.982.247-25",
			"phone":                      map[string]string{"international_dial_code": "55", "area_code": "21", "number": "987650001"},
			"document_submission_method": "whatsapp", "authentication_submission_method": "sms",
		})
	}
	return map[string]any{"id": id, "subject": "Contrato 14", "expiration_date": time.Now().AddDate(0, 1, 0).Format(time.DateOnly), "signers": signers}
}

var sampleB64 = base64.StdEncoding.EncodeToString(samplePDF)

// A12, with slashes escaped in one body as some encoders do.
func TestQISignFlow(t *testing.T) {
	r := newReceiver(t)
	s := start(t, Options{Webhooks: map[string]string{QISign: r.URL + "/hooks/qisign"}})
	c := qisignCaller(t, s)
	id := "0b7c2a54-6d1e-4f0a-9a3e-5c2b8f7d1e90"
	if a := c.call("POST", "/sign/envelope", qisignBody(id, "rita@example.test", "ana@example.test"), 200); a.text("id") != id || a.text("status") != "created" {
		t.Errorf("create: %s", a.body)
	}
	c.call("POST", "/sign/envelope", qisignBody(id, "rita@example.test"), 409)
	c.call("POST", "/sign/envelope/"+id+"/document", map[string]any{"id": "d-1", "document_b64": sampleB64, "name": "Contrato", "document_type": "pdf"}, 200)
	made := c.call("POST", "/sign/envelope/"+id+"/document", `{"name":"Anexo","document_type":"pdf","document_b64": "`+strings.ReplaceAll(sampleB64, "/", `\/`)+`"}`, 200)
	if len(made.text("id")) != 36 {
		t.Errorf("document id %s", made.body)
	}
	image := base64.StdEncoding.EncodeToString(portrait("x"))
	c.call("POST", "/sign/envelope/"+id+"/signer/1/personal_document", map[string]any{"document_b64": image, "template": "cnh_front"}, 200)
	if got := c.call("GET", "/sign/envelope/"+id+"/report", nil, 200).text("status"); got != "unavailable" {
		t.Errorf("report %s", got)
	}
	c.call("GET", "/sign/envelope/"+id+"/signer/1/face", nil, 404)
	// The PATCH sample has no Content-Type.
	res, err := c.raw("PATCH", "/sign/envelope/"+id, "", strings.NewReader(`{"status": "submitted"}`))
	if err != nil {
		t.Fatal(err)
	}
	c.read("PATCH", res, 200)
	eventually(t, "completed", func() bool {
		return c.call("GET", "/sign/envelope/"+id, nil, 200).text("status") == "completed"
	})
	if a := c.call("GET", "/sign/envelope/"+id+"/signer/2", nil, 200); a.text("status") != "signed" || a.text("signed_at") == "" {
		t.Errorf("signer: %s", a.body)
	}
	e := entry(t, s, QISign)
	reports := c.call("GET", "/sign/envelope/"+id+"/report", nil, 200)
	dossier := c.get(reports.text("documents_reports.0.url"), 200)
	served(t, e, providers.Dossier, "d-1", dossier)
	single := c.call("GET", "/sign/envelope/"+id+"/document/d-1/report", nil, 200)
	inline, err := base64.StdEncoding.DecodeString(single.text("document_report"))
	if err != nil || !bytes.Equal(inline, dossier.body) || !isPDF(inline) {
		t.Error("the dossier inline is not the one behind the address")
	}
	face := c.get(c.call("GET", "/sign/envelope/"+id+"/signer/1/face", nil, 200).text("face_image_url"), 200)
	served(t, e, providers.Face, "1", face)
	if !isJPEG(face.body) {
		t.Error("the face is no JPEG")
	}
	papers := c.call("GET", "/sign/envelope/"+id+"/signer/2/personal_document", nil, 200)
	served(t, e, providers.IDFront, "2", c.get(papers.text("document_front_url"), 200))
	served(t, e, providers.IDBack, "2", c.get(papers.text("document_back_url"), 200))
	if e.Invitations != 1 {
		t.Errorf("%d invitations", e.Invitations)
	}

	eventually(t, "the webhook", func() bool { return len(r.with("envelope_completed")) == 1 })
	hook := r.with(id)[0]
	mac := hmac.New(sha1.New, []byte(s.Env()["CHANCELA_QISIGN_WEBHOOK_SECRET"]))
	mac.Write([]byte(r.URL + "/hooks/qisign" + "POST" + string(hook.body)))
	if hook.header.Get("Signature") != hex.EncodeToString(mac.Sum(nil)) {
		t.Error("signature")
	}
	if !bytes.Contains(hook.body, []byte(`"face_match_score"`)) || !bytes.Contains(hook.body, []byte(`"live"`)) {
		t.Errorf("webhook: %s", hook.body)
	}
	clean(t, s)

	// Links live 24 hours, and the key does not belong there.
	address := reports.text("documents_reports.0.url")
	c.call("GET", address, nil, 200)
	broken(t, s, "key was sent to a storage address")
	s.Advance(24 * time.Hour)
	c.get(address, 403)
	c.get(c.call("GET", "/sign/envelope/"+id+"/report", nil, 200).text("documents_reports.0.url"), 200)
}

func TestQISignMoves(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := qisignCaller(t, s)
	path := "/sign/envelope/e-1"
	c.call("POST", "/sign/envelope", qisignBody("e-1", "rita@example.test"), 200)
	c.call("PATCH", path, `{"status":"submitted"}`, 400)
	broken(t, s, "without documents")
	c.call("PATCH", path, `{"status":"completed"}`, 400)
	c.call("POST", path+"/document", map[string]any{"id": "d", "document_b64": sampleB64, "name": "x", "document_type": "pdf"}, 200)
	c.call("POST", path+"/document", map[string]any{"id": "d", "document_b64": sampleB64, "name": "x", "document_type": "pdf"}, 409)
	c.call("PATCH", path, `{"status":"submitted"}`, 200)
	c.call("PATCH", path, `{"status":"submitted"}`, 200)
	if e := entry(t, s, QISign); e.Invitations != 2 {
		t.Errorf("submitted twice: %d invitations", e.Invitations)
	}
	broken(t, s, "submitted already")
	c.call("POST", path+"/document", map[string]any{"document_b64": sampleB64, "name": "x", "document_type": "pdf"}, 400)
	if got := c.call("PATCH", path, `{"status":"canceled"}`, 200).text("status"); got != "canceled" {
		t.Error(got)
	}
	c.call("PATCH", path, `{"status":"submitted"}`, 409)
	c.call("GET", "/sign/envelope/unknown", nil, 404)
}

func TestQISignOutcomes(t *testing.T) {
	s := start(t, Options{})
	c := qisignCaller(t, s)
	for email, want := range map[string]string{"recusa@example.test": "canceled", "expira@example.test": "expired"} {
		path := "/sign/envelope/" + want
		c.call("POST", "/sign/envelope", qisignBody(want, "ana@example.test", email), 200)
		c.call("POST", path+"/document", map[string]any{"document_b64": sampleB64, "name": "x", "document_type": "pdf"}, 200)
		c.call("PATCH", path, `{"status":"submitted"}`, 200)
		eventually(t, want, func() bool { return c.call("GET", path, nil, 200).text("status") == want })
	}
	clean(t, s)
}

func TestQISignRules(t *testing.T) {
	s := start(t, Options{})
	c := qisignCaller(t, s)
	signer := func(name string, value any) map[string]any {
		b := qisignBody("e-2", "rita@example.test")
		x := b["signers"].([]any)[0].(map[string]any)
		if value == nil {
			delete(x, name)
		} else {
			x[name] = value
		}
		return b
	}
	twins := qisignBody("e-2", "a@example.test", "b@example.test")
	twins["signers"].([]any)[1].(map[string]any)["id"] = "1"
	past := qisignBody("e-2", "a@example.test")
	past["expiration_date"] = "2020-01-01"
	for rule, body := range map[string]any{
		"id is required":                     qisignBody("", "a@example.test"),
		"not unique":                         twins,
		"birthdate is YYYY-MM-DD":            signer("birthdate", "02/04/1988"),
		"document_number is a CPF":           signer("document_number", "1"),
		"document_submission_method is":      signer("document_submission_method", "fax"),
		"authentication_submission_method n": signer("phone", nil),
		"are digits":                         signer("phone", map[string]string{"international_dial_code": "+55", "area_code": "21", "number": "9"}),
		"in the past":                        past,
	} {
		c.call("POST", "/sign/envelope", body, 400)
		broken(t, s, rule)
	}
	c.call("POST", "/sign/envelope", "{", 406)
	c.call("POST", "/sign/envelope", signer("email", nil), 200) // a phone will do
	path := "/sign/envelope/e-2"
	big := base64.StdEncoding.EncodeToString(append(bytes.Clone(samplePDF), make([]byte, 10<<20)...))
	for rule, body := range map[string]any{
		"10 MB":                 map[string]any{"document_b64": big, "name": "x", "document_type": "pdf"},
		"document_type is pdf":  map[string]any{"document_b64": sampleB64, "name": "x", "document_type": "docx"},
		"name is required":      map[string]any{"document_b64": sampleB64, "document_type": "pdf"},
		"is not base64":         map[string]any{"document_b64": "%%%", "name": "x", "document_type": "pdf"},
		"document_b64 is requi": map[string]any{"name": "x", "document_type": "pdf"},
		"not a PDF":             map[string]any{"document_b64": "AAAA", "name": "x", "document_type": "pdf"},
	} {
		c.call("POST", path+"/document", body, 400)
		broken(t, s, rule)
	}
	c.call("POST", path+"/signer/1/personal_document", map[string]any{"document_b64": sampleB64, "template": "cnh_front"}, 400)
	c.call("POST", path+"/signer/1/personal_document", map[string]any{"document_b64": base64.StdEncoding.EncodeToString(portrait("x")), "template": "passport"}, 400)
	c.call("POST", path+"/signer/9/personal_document", map[string]any{"document_b64": base64.StdEncoding.EncodeToString(portrait("x")), "template": "rg_back"}, 404)
	c.call("DELETE", path, nil, 405)
	c.call("GET", "/sign/envelopes", nil, 404)
	c.header.Set("Authorization", "Bearer "+s.Env()["CHANCELA_QISIGN_API_KEY"])
	c.call("GET", path, nil, 401)
	broken(t, s, "bare API key")
}

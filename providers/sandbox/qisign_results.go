package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// linkLifetime is that of reports (A8). The images' is not stated; the same.
const qisignLinkLifetime = 24 * time.Hour

func (e *qisignEnvelope) link(path, ending string, a artifact) string {
	name := e.q.secret("file " + e.id + string(a.Kind) + a.ID)[:32] + ending
	return e.q.newLink(path, name, qisignLinkLifetime, a.serve)
}

// getReports: the answer while the dossiers are missing is not documented: status
// unavailable and an empty list.
func (q *qisign) getReports(r *http.Request) *reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, no := q.find(r)
	if no != nil {
		return no
	}
	reports, status := []any{}, "unavailable"
	if e.state == "completed" {
		status = "available"
		for _, d := range e.documents {
			a, _ := e.artifact(providers.Dossier, d.id)
			reports = append(reports, map[string]string{"id": d.id, "url": e.link("/dossiers/", ".pdf", a)})
		}
	}
	return ok(map[string]any{"id": e.id, "status": status, "documents_reports": reports})
}

func (q *qisign) getReport(r *http.Request) *reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, no := q.find(r)
	if no != nil {
		return no
	}
	id := r.PathValue("document")
	if !slices.ContainsFunc(e.documents, func(d qisignDocument) bool { return d.id == id }) {
		return q.fail(http.StatusNotFound, "", "no such document")
	}
	if e.state != "completed" {
		return ok(map[string]any{"id": id, "status": "unavailable", "document_report_url": nil, "document_report": nil})
	}
	a, _ := e.artifact(providers.Dossier, id)
	answer := ok(map[string]any{
		"id": id, "status": "available", "document_report_url": e.link("/dossiers/", ".pdf", a),
		"document_report": base64.StdEncoding.EncodeToString(a.make()),
	})
	answer.download = true
	return answer
}

// getFace and getPersonalDocument: the answer before there is an image is not
// documented: 404.
func (q *qisign) getFace(r *http.Request) *reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, p, no := q.findSigner(r)
	if no != nil {
		return no
	}
	a, found := e.artifact(providers.Face, p.id)
	if !found {
		return q.fail(http.StatusNotFound, "", "there is no face image yet")
	}
	return ok(map[string]string{"face_image_url": e.link("/images/", ".jpeg", a)})
}

func (q *qisign) getPersonalDocument(r *http.Request) *reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, p, no := q.findSigner(r)
	if no != nil {
		return no
	}
	front, found := e.artifact(providers.IDFront, p.id)
	back, found2 := e.artifact(providers.IDBack, p.id)
	if !found || !found2 {
		return q.fail(http.StatusNotFound, "", "there is no identity document yet")
	}
	return ok(map[string]string{"document_front_url": e.link("/images/", ".jpeg", front), "document_back_url": e.link("/images/", ".jpeg", back)})
}

func (e *qisignEnvelope) viewed(*person) {}

// signed makes the images: whoever supplied no identity document shows it while signing
// (A4).
func (e *qisignEnvelope) signed(p *person) {
	e.offer(providers.Face, p.id, typeJPEG, func() []byte { return portrait("face " + p.id + p.name) })
	e.offer(providers.IDFront, p.id, typeJPEG, func() []byte { return portrait("front " + p.id + p.name) })
	e.offer(providers.IDBack, p.id, typeJPEG, func() []byte { return portrait("back " + p.id + p.name) })
}

// declined: there is no such thing; whoever would decline makes the owner cancel.
func (e *qisignEnvelope) declined(p *person) {
	e.q.end(e, "canceled")
}

func (e *qisignEnvelope) expired() { e.q.end(e, "expired") }

func (e *qisignEnvelope) completed() {
	e.q.end(e, "completed")
	for _, d := range e.documents {
		e.offer(providers.Dossier, d.id, typePDF, func() []byte { return e.certificate("Dossier", []upload{d.upload}) })
	}
	if url := e.q.sb.o.Webhooks[e.q.name]; url != "" {
		e.q.sb.courier.send(delivery{provider: e.q.name, url: url, body: e.webhook(), sign: e.q.signature(url)})
	}
}

func (e *qisignEnvelope) special(action string) bool {
	if action == "cancel" && e.pending() {
		e.q.end(e, "canceled")
		return true
	}
	return false
}

func (e *qisignEnvelope) webhook() []byte {
	signers := []any{}
	for _, p := range e.people {
		score := int(e.q.secret("score " + p.id)[0])%20 + 80
		signers = append(signers, map[string]any{
			"id":       p.id,
			"biometry": map[string]any{"face_validation_available": true, "fraud_base_flag": false, "face_validation_score": score},
			"liveness": map[string]any{"result": "live"},
			"document": map[string]any{"face_match_score": score - 3},
		})
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(map[string]any{"id": e.id, "status": e.state, "webhook_type": "envelope_completed", "signers": signers}); err != nil {
		panic(err) // plain values
	}
	return bytes.TrimSpace(b.Bytes())
}

// signature is HMAC-SHA1 over endpoint, method and payload (A7). What endpoint means is not
// said: the full registered address, or its path by choice.
func (q *qisign) signature(endpoint string) func([]byte) http.Header {
	if u, err := url.Parse(endpoint); err == nil && q.sb.o.Choices.QISignSignPath {
		endpoint = strings.TrimSuffix(u.RequestURI(), "?")
	}
	return func(body []byte) http.Header {
		mac := hmac.New(sha1.New, []byte(q.secret("webhook")))
		mac.Write([]byte(endpoint + http.MethodPost))
		mac.Write(body)
		return http.Header{"Signature": {hex.EncodeToString(mac.Sum(nil))}}
	}
}

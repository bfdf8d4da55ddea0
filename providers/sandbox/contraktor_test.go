package sandbox

import (
	"archive/zip"
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

func contraktorCaller(t *testing.T, s *Sandbox) *caller {
	env := s.Env()
	return newCaller(t, env["CHANCELA_CONTRAKTOR_BASE_URL"], "Bearer "+env["CHANCELA_CONTRAKTOR_API_KEY"])
}

func num(a answer, path string) int64 {
	a.t.Helper()
	n, ok := a.at(path).(float64)
	if !ok {
		a.t.Fatalf("%s is %v, not a number", path, a.at(path))
	}
	return int64(n)
}

// contraktorContractOf goes steps 1 to 5 of the flow (§13).
func contraktorContractOf(c *caller, key string, emails ...string) int64 {
	c.t.Helper()
	f := num(c.upload("/files", "file", "lease.pdf", "application/pdf", samplePDF, 200), "data.id")
	k := c.call("POST", "/contracts", map[string]any{"contract": map[string]any{
		"title": "Lease 14", "workflow_id": 71, "document": map[string]any{"file_id": f}, "metadata": map[string]string{"chancela": key},
	}}, 200)
	if k.text("data.status.name") != "Rascunho" || len(k.text("data.current_document.id")) != 36 {
		c.t.Errorf("contract: %s", k.body)
	}
	for _, e := range emails {
		p := c.call("POST", "/parties", map[string]any{"party": map[string]any{"person_type": "pf", "name": "Ana Prova", "email": e, "document": "111.444.777-35"}}, 200)
		share := c.call("POST", fmt.Sprintf("/contracts/%d/shares", num(k, "data.id")), map[string]any{"sharing": map[string]any{
			"qualification": "Contratante", "party_id": num(p, "data.id"), "notification_type": "email",
		}}, 200)
		if share.text("data.party.email") != e {
			c.t.Errorf("share: %s", share.body)
		}
	}
	return num(k, "data.id")
}

func contraktorProofBody(contract int64) map[string]any {
	return map[string]any{"proof": map[string]any{"contract_id": contract, "engine": "standard", "ordered": true}}
}

func TestContraktorFlow(t *testing.T) {
	s := start(t, Options{})
	c := contraktorCaller(t, s)
	k := contraktorContractOf(c, "june/0001", "ana@example.test", "bia@example.test")
	s.Pause(true)
	proof := c.call("POST", "/proofs", contraktorProofBody(k), 200)
	id := num(proof, "data.id")
	if proof.text("data.status") != "pending" || proof.text("data.events.0.action") != "create" || proof.text("data.subjects.0.sent_at") == "" || proof.at("data.subjects.1.sent_at") != nil {
		t.Errorf("proof: %s", proof.body)
	}
	c.call("POST", fmt.Sprintf("/proofs/%d/subjects/%d/remind", id, num(proof, "data.subjects.0.id")), nil, 200)
	if link := c.call("GET", fmt.Sprintf("/proofs/%d/subjects/%d/generate_sharelink", id, num(proof, "data.subjects.0.id")), nil, 200).text("data.sharelink"); link == "" {
		t.Error("no link")
	}
	if a := c.call("GET", fmt.Sprintf("/contracts/%d", k), nil, 200); a.text("data.status.name") != "Ag.Assinatura" || num(a, "data.current_document.proofs.0.id") != id {
		t.Errorf("contract: %s", a.body)
	}
	s.Pause(false)
	path := fmt.Sprintf("/proofs/%d", id)
	var done answer
	eventually(t, "completed with its files", func() bool {
		done = c.call("GET", path, nil, 200)
		return done.text("data.status") == "completed" && done.at("data.packaged_file") != nil
	})
	if done.text("data.subjects.1.confirmed_at") < done.text("data.subjects.0.confirmed_at") {
		t.Errorf("out of order: %s", done.body)
	}
	e := entry(t, s, Contraktor)
	served(t, e, providers.SignedDocument, "", c.get(done.text("data.signed_file.download_url"), 200))
	served(t, e, providers.Dossier, "", c.get(done.text("data.receipt_file.download_url"), 200))
	pack := c.get(done.text("data.packaged_file.download_url"), 200)
	served(t, e, providers.Package, "", pack)
	if z, err := zip.NewReader(bytes.NewReader(pack.body), int64(len(pack.body))); err != nil || len(z.File) != 2 {
		t.Errorf("package: %v", err)
	}
	if e.Key != "june/0001" || e.Invitations != 1 || e.Reminders != 1 || e.ID != fmt.Sprint(id) {
		t.Errorf("entry: %+v", e)
	}
	clean(t, s)
	c.call("DELETE", path, nil, 422)
}

func TestContraktorSecondProof(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := contraktorCaller(t, s)
	k := contraktorContractOf(c, "june/0001", "ana@example.test")
	first := num(c.call("POST", "/proofs", contraktorProofBody(k), 200), "data.id")
	second := num(c.call("POST", "/proofs", contraktorProofBody(k), 200), "data.id")
	broken(t, s, "sent already")
	a := c.call("GET", fmt.Sprintf("/contracts/%d", k), nil, 200)
	if num(a, "data.current_document.proofs.0.id") != second || num(a, "data.current_document.proofs.1.id") != first || a.text("data.current_document.proofs.1.status") != "canceled" {
		t.Errorf("contract: %s", a.body)
	}
	twice := 0
	for _, e := range s.Books() {
		if e.Key == "june/0001" {
			twice += e.Invitations
		}
	}
	if twice != 2 {
		t.Errorf("%d invitations for the key, want 2", twice)
	}
	c.call("DELETE", fmt.Sprintf("/proofs/%d", second), nil, 204)
	gone := c.call("GET", fmt.Sprintf("/proofs/%d", second), nil, 200)
	if gone.text("data.status") != "canceled" || gone.text("data.deleted_at") == "" {
		t.Errorf("cancelled: %s", gone.body)
	}
}

func TestContraktorOutcomes(t *testing.T) {
	s := start(t, Options{Choices: Choices{ContraktorCancelBody: true}})
	c := contraktorCaller(t, s)
	for _, email := range []string{"recusa@example.test", "expira@example.test"} {
		proof := num(c.call("POST", "/proofs", contraktorProofBody(contraktorContractOf(c, "", email)), 200), "data.id")
		path := fmt.Sprintf("/proofs/%d", proof)
		eventually(t, "canceled", func() bool { return c.call("GET", path, nil, 200).text("data.status") == "canceled" })
		if got := c.call("DELETE", path, nil, 200).text("data.status"); got != "canceled" {
			t.Error(got)
		}
	}
	clean(t, s)
}

func TestContraktorRules(t *testing.T) {
	s := start(t, Options{SignAfter: time.Hour})
	c := contraktorCaller(t, s)
	c.upload("/files", "file", "x.gif", "image/gif", []byte("GIF89a"), 422)
	broken(t, s, "PDF, DOCX, DOC and PNG")
	c.upload("/files", "file", "x.pdf", "application/pdf", []byte("GIF89a"), 422)
	broken(t, s, "not what its Content-Type says")
	c.upload("/files", "file", "x.pdf", "application/pdf", append(bytes.Clone(samplePDF), make([]byte, 50<<20)...), 422)
	broken(t, s, "50 MB")
	f := num(c.upload("/files", "file", "x.pdf", "application/pdf", samplePDF, 200), "data.id")
	c.call("GET", fmt.Sprintf("/files/%d", f), nil, 200)

	party := num(c.call("POST", "/parties", map[string]any{"party": map[string]any{"name": "Ana", "email": "ana@example.test"}}, 200), "data.id")
	company := num(c.call("POST", "/parties", map[string]any{"party": map[string]any{"person_type": "pj", "name": "Prova Ltda", "document": "00.000.000/0000-00"}}, 200), "data.id")
	k := num(c.call("POST", "/contracts", map[string]any{"contract": map[string]any{"title": "From a template", "current_document": map[string]any{"draft": map[string]any{"template_id": 33}}}}, 200), "data.id")
	contract := func(fields map[string]any) any { return map[string]any{"contract": fields} }
	sharing := func(fields map[string]any) any { return map[string]any{"sharing": fields} }
	shares := fmt.Sprintf("/contracts/%d/shares", k)
	for _, x := range []struct {
		path string
		body any
		rule string
	}{
		{"/contracts", contract(map[string]any{"document": map[string]any{"file_id": f}}), "title is required"},
		{"/contracts", contract(map[string]any{"title": "x"}), "needs document.file_id or"},
		{"/contracts", contract(map[string]any{"title": "x", "document": map[string]any{"file_id": 1}}), "names no file"},
		{"/contracts", contract(map[string]any{"title": "x", "workflow_id": 1, "document": map[string]any{"file_id": f}}), "names no workflow"},
		{"/contracts", contract(map[string]any{"title": "x", "document": map[string]any{"file_id": f}, "metadata": map[string]any{"n": 1}}), "metadata.n is a string"},
		{"/parties", map[string]any{"party": map[string]any{"person_type": "pf"}}, "name is required"},
		{"/parties", map[string]any{"party": map[string]any{"person_type": "xx", "name": "A"}}, "pf or pj"},
		{"/parties", map[string]any{"party": map[string]any{"name": "A", "trade_name": "B"}}, "companies only"},
		{shares, sharing(map[string]any{"party_id": party, "notification_type": "email"}), "qualification is required"},
		{shares, sharing(map[string]any{"qualification": "Q", "party_id": party}), "notification_type is"},
		{shares, sharing(map[string]any{"qualification": "Q", "party_id": 1, "notification_type": "email"}), "names no party"},
		{shares, sharing(map[string]any{"qualification": "Q", "party_id": party, "company_id": party, "notification_type": "email"}), "names no company"},
		{shares, sharing(map[string]any{"qualification": "Q", "party_id": party, "notification_type": "whatsapp"}), "no whatsappnum"},
		{"/proofs", map[string]any{"proof": map[string]any{"contract_id": k, "engine": "test"}}, "standard or certificate"},
		{"/proofs", contraktorProofBody(k), "without participants"},
	} {
		if a := c.call("POST", x.path, x.body, 422); a.text("error") == "" {
			t.Errorf("error body: %s", a.body)
		}
		broken(t, s, x.rule)
	}
	share := num(c.call("POST", shares, sharing(map[string]any{"qualification": "Contratado", "party_id": party, "company_id": company, "notification_type": "email"}), 200), "data.id")
	c.call("PATCH", fmt.Sprintf("%s/%d", shares, share), sharing(map[string]any{"qualification": "Testemunha"}), 200)
	if a := c.call("GET", shares, nil, 200); a.text("data.0.qualification") != "Testemunha" || num(a, "data.0.order") != 1 || a.text("data.0.company.name") != "Prova Ltda" {
		t.Errorf("shares: %s", a.body)
	}
	if a := c.call("GET", "/parties?search=ana@example.test", nil, 200); num(a, "data.0.id") != party {
		t.Errorf("search: %s", a.body)
	}
	c.call("PATCH", fmt.Sprintf("/contracts/%d", k), contract(map[string]any{"begin_date": "2026-01-01", "term_type": "Indeterminado"}), 200)
	a := num(c.call("POST", fmt.Sprintf("/contracts/%d/attachments", k), map[string]any{"attachment": map[string]any{"file_id": f}}, 200), "data.id")
	c.call("PUT", fmt.Sprintf("/contracts/%d/attachments/%d", k, a), map[string]any{"attachment": map[string]any{"mergeable": true}}, 200)
	c.call("POST", "/proofs", contraktorProofBody(k), 200)
	c.call("POST", shares, sharing(map[string]any{"qualification": "Q", "party_id": party, "notification_type": "email"}), 422)
	broken(t, s, "was sent")
	c.call("GET", "/proofs/1", nil, 404)
	c.call("GET", "/proofs", nil, 405)
	c.call("GET", "/webhooks", nil, 404)
	c.call("POST", "/parties", map[string]any{"party": map[string]any{"name": "B", "colour": "red"}}, 200)
	broken(t, s, "unknown field party.colour")
	c.call("DELETE", fmt.Sprintf("/contracts/%d", k), nil, 204)
	c.call("GET", fmt.Sprintf("/contracts/%d", k), nil, 404)
	c.header.Set("Authorization", s.Env()["CHANCELA_CONTRAKTOR_API_KEY"])
	if a := c.call("GET", "/workflows", nil, 401); a.text("error") == "" {
		t.Errorf("error body: %s", a.body)
	}
}

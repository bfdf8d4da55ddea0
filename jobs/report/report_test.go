package report

import (
	"encoding/json"
	"testing"
	"time"
)

// The keys are a promise to other tools.
func TestReportJSON(t *testing.T) {
	at := time.Date(2026, 11, 20, 7, 30, 0, 0, time.FixedZone("BRT", -3*3600))
	for _, c := range []struct {
		report Report
		want   string
	}{
		{Report{Campaign: "june", ID: "1", Provider: "sdoc", State: "queued"},
			`{"campaign":"june","id":"1","provider":"sdoc","state":"queued","envelope_id":"","error":null,"attempts":0,"signers":[],"artifacts":[],` +
				`"created_at":null,"sent_at":null,"completed_at":null,"archived_at":null,"meta":{},"reminders":0,"last_reminded_at":null,"subject":"","simulated":false}`},
		{Report{
			State: "failed", EnvelopeID: "e1", Error: &Error{"invalid", "refused", "CPF não confere"}, Attempts: 2,
			Signers:   []Signer{{Name: "Ana", Email: "ana@example.com", State: "signed", SignedAt: Time(at)}, {Name: "Bia"}},
			Artifacts: []Artifact{{Kind: "dossier", Key: "june/1/dossier.pdf", SHA256: "00", Size: 7, ContentType: "application/pdf", Name: "dossier.pdf"}},
			CreatedAt: Time(at), SentAt: Time(time.Time{}), Meta: map[string]string{"a": "b"}, Simulated: true,
		}, `{"campaign":"","id":"","provider":"","state":"failed","envelope_id":"e1","error":{"code":"invalid","message":"refused","explanation":"CPF não confere"},"attempts":2,` +
			`"signers":[{"name":"Ana","email":"ana@example.com","state":"signed","signed_at":"2026-11-20T10:30:00Z"},{"name":"Bia","email":"","state":"","signed_at":null}],` +
			`"artifacts":[{"kind":"dossier","key":"june/1/dossier.pdf","sha256":"00","size":7,"content_type":"application/pdf","name":"dossier.pdf"}],` +
			`"created_at":"2026-11-20T10:30:00Z","sent_at":null,"completed_at":null,"archived_at":null,"meta":{"a":"b"},"reminders":0,"last_reminded_at":null,"subject":"","simulated":true}`},
	} {
		got, err := json.Marshal(c.report)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		var back Report
		if err := json.Unmarshal(got, &back); err != nil || back.State != c.report.State {
			t.Errorf("%v %+v", err, back)
		}
	}
}

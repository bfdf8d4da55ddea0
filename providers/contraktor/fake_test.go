package contraktor

import (
	"context"
	"net/http"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
	"github.com/chancela/chancela/providers/rest"
)

const pdf = fake.SmallPDF

func newServer(t *testing.T, routes map[string]http.HandlerFunc) *fake.Server {
	s := fake.NewServer(t, "/api", map[string]string{"Authorization": "Bearer tok_test"}, routes)
	s.Open = []string{"/store/"}
	return s
}

func newProvider(t *testing.T, s *fake.Server) *Provider {
	p, err := New(rest.Settings{BaseURL: s.URL + "/api", APIKey: "tok_test"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newJob(env providers.Envelope, commit func()) *providers.Job {
	job := fake.NewJob(env, nil)
	job.Commit = func(context.Context) error { commit(); return nil }
	return job
}

func lease() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "0001", Provider: Name, Subject: "Lease 14",
		Documents: []providers.Document{{Name: "lease.pdf", Type: "application/pdf", Size: int64(len(pdf))}},
		Signers: []providers.Signer{
			{Name: "Ana Prova", Email: "ana@example.com", Document: "11144477735", Phone: "+5511900000000", Birthdate: "1990-01-31"},
			{Name: "Bia Teste", Email: "bia@example.com", Document: "52998224725", Phone: "+5531988887777", Channel: "whatsapp", Role: "Testemunha"},
		},
		Meta:    map[string]string{"order": "A-14"},
		Options: map[string]map[string]string{Name: {"workflow_id": "71"}},
	}
}

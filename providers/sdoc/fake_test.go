package sdoc

import (
	"context"
	"net/http"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
	"github.com/chancela/chancela/providers/rest"
)

const (
	token     = "tok_test"
	secretKey = "9F0A-the-platforms-key"
	pdf       = fake.SmallPDF
	solID     = "SOL000000000000000000000000118"
)

func newServer(t *testing.T, routes map[string]http.HandlerFunc) *fake.Server {
	return fake.NewServer(t, "", map[string]string{"Authorization": token}, routes)
}

// says answers with status 200, as the service does.
func says(body string) http.HandlerFunc { return fake.Answers(200, body) }

func refuses(code string) http.HandlerFunc {
	return says(`{"error":true,"message":"Helena Prado não pode","code":"` + code + `"}`)
}

func newProvider(t *testing.T, s *fake.Server) *Provider {
	p, err := New(rest.Settings{BaseURL: s.URL, APIKey: token, WebhookSecret: secretKey, WebhookURL: "https://hooks.example.test/webhooks/sdoc"})
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

func agreement() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "118", Provider: Name, Subject: "Supply agreement 118", Message: "Renewal, two pages",
		Documents: []providers.Document{{Name: "agreement-118.pdf", Type: "application/pdf", Size: int64(len(pdf))}},
		Signers: []providers.Signer{
			{Name: "Helena Prado Nunes", Email: "helena@example.test", Document: "39053344705"},
			{Name: "Otavio Reis Lacerda", Email: "otavio@example.test", Document: "12ABC34501DE35",
				Stamp: &providers.Stamp{Page: 2, X: 72, Y: 90, Width: 160, Height: 54}},
		},
		Options: map[string]map[string]string{Name: {}},
	}
}

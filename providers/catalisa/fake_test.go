package catalisa

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
	"github.com/chancela/chancela/providers/rest"
)

const (
	pdf       = fake.SmallPDF
	requestID = "7b1f6a52-3c1e-4d8e-9a77-0d2f5c9e1a10"
	fileID    = "5f0a0f6e-9a55-4f0f-8b6c-2f1f3b6f7d21"
	requests  = "/api/v1/esignature/requests"
	oneRoute  = requests + "/" + requestID
)

// server is e-signature, IAM, File Storage and their stores.
type server struct {
	*fake.Server
	mu     sync.Mutex
	tokens map[string]bool // that are taken
}

func newServer(t *testing.T, routes map[string]http.HandlerFunc) *server {
	s := &server{Server: fake.NewServer(t, "", nil, routes), tokens: map[string]bool{"tok_1": true}}
	s.Open = []string{"/store/", "/oauth/token"}
	s.Refuse = func(w http.ResponseWriter, r *http.Request) bool {
		value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		defer s.mu.Unlock()
		if ok && s.tokens[value] {
			return false
		}
		answers(401, `{"code":"UNAUTHORIZED","message":"Token de ana@example.test","statusCode":401}`)(w, r)
		return true
	}
	return s
}

func answers(status int, body string) http.HandlerFunc { return fake.Answers(status, body) }

// newProvider uses a given token.
func newProvider(t *testing.T, s *server) *Provider {
	return provider(t, rest.Settings{BaseURL: s.URL, APIKey: "tok_1", Own: map[string]providers.Secret{setFilesURL: providers.Secret(s.URL)}})
}

// withCredentials uses client credentials.
func withCredentials(t *testing.T, s *server) *Provider {
	return provider(t, rest.Settings{BaseURL: s.URL, Own: map[string]providers.Secret{setClientID: "org_1", setClientSecret: "sec_1", setIAMURL: providers.Secret(s.URL)}})
}

func provider(t *testing.T, s rest.Settings) *Provider {
	p, err := New(s)
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
		Campaign: "june", ID: "07", Provider: Name, Subject: "Lease 2025-07", Message: "Please sign by Friday.",
		Documents: []providers.Document{{Name: "lease.pdf", Type: "application/pdf", Size: int64(len(pdf))}},
		Signers: []providers.Signer{
			{Name: "Livia Matos", Email: "livia@example.test", Order: 1, Stamp: &providers.Stamp{Page: 3, X: 90, Y: 640, Width: 180, Height: 48}},
			{Name: "Caio Duarte", Email: "caio@example.test", Order: 2},
		},
		Options: map[string]map[string]string{Name: {}},
	}
}

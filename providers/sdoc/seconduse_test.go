package sdoc

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
	"github.com/chancela/chancela/providers/rest"
)

// TestWhatMayBeLeftIsSaid: the answer to the second of the doctor's own solicitations is lost, so
// it may stand in the portal.
func TestWhatMayBeLeftIsSaid(t *testing.T) {
	made := 0
	s := newServer(t, map[string]http.HandlerFunc{
		"GET /organizations": says(`{"error":false,"result":[]}`),
		"GET /solicitation":  refuses("INTEGRATION_SOLICITATION_8D12"),
		"POST /file":         says(`{"error":false,"result":{"tempIdentifier":"T7Q2M9X4K1B8R5N3C6D0"}}`),
		"POST /solicitation": func(w http.ResponseWriter, r *http.Request) {
			if made++; made == 1 {
				says(`{"error":false,"result":{"identifier":"`+solID+`"}}`)(w, r)
				return
			}
			fake.Answers(http.StatusBadGateway, "")(w, r)
		},
		"DELETE /solicitation": says(`{"error":false,"message":"ok"}`),
	})
	var deletions []providers.Finding
	err := Examine(t.Context(), rest.Settings{BaseURL: s.URL, APIKey: token, WebhookURL: "https://hooks.example.test/webhooks/sdoc"}, rest.Visit{
		Draft: true, Self: providers.Signer{Name: "Ana Maria Souza", Email: "ana@example.com", Document: "52998224725"},
		Report: func(f providers.Finding) {
			if f.Check == "deletion" {
				deletions = append(deletions, f)
			}
		},
	})
	if err != nil || made != 2 {
		t.Fatalf("%d solicitations, %v", made, err)
	}
	if len(deletions) != 1 || deletions[0].OK || !strings.Contains(deletions[0].Cure.String(), "look for") {
		t.Errorf("got %+v", deletions)
	}
}

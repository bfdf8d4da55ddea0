package rest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func TestExplanation(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"Unauthorized"}`:                                                                                           "Unauthorized",
		`{"error":"Insufficient scope: webhooks:write","code":"x"}`:                                                          "Insufficient scope: webhooks:write",
		`{"error":true,"message":"Helena não pode","code":"INTEGRATION_FILE_A2FC"}`:                                          "Helena não pode",
		`{"code":"VALIDATION","message":"Validation failed","details":[{"field":"title","message":"too short"}]}`:            "Validation failed; title: too short",
		`{"error":"VALIDATION","details":{"title":{"_errors":["too short"]},"signers":{"0":{"email":{"_errors":["bad"]}}}}}`: "signers.0.email: bad; title: too short",
		`{"errors":[{"code":"E1","title":"Not found","detail":"No request"}]}`:                                               "No request; Not found",
		`{"titulo":"Erro","descricao":"CPF inválido","api_key":"k","url":"https://x.test"}`:                                  "descricao: CPF inválido; titulo: Erro",
		`"just words"`: "just words",
		"plain\nwords": "plain words",
		`<html><body>502 Bad Gateway</body></html>`: "",
		`{"message":"cut`: "",
		``:                "",
		`null`:            "",
		`{"message":"key sk_test_0123456789 is refused"}`: "key *** is refused",
	} {
		if got := explanation([]byte(body), "sk_test_0123456789", "").Reveal(); got != want {
			t.Errorf("%s\n got %q\nwant %q", body, got, want)
		}
	}
}

// TestDebugShowsNobody reads what debug shows of answers: their structure, and nothing of
// people or keys.
func TestDebugShowsNobody(t *testing.T) {
	const person = `"name":"Ana Prova","email":"ana@example.com","document":"52998224725","phone":5511987654321,"signUrl":"https://x.test/s?t=1"`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req-7")
		if r.URL.Path == "/bad" {
			w.WriteHeader(422)
		}
		_, _ = w.Write([]byte(`{"id":"env_1","status":"SENT","page":2,"accessToken":"abc","message":"Ana Prova não pode",` + person + `}`))
	}))
	defer server.Close()
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := New(Settings{APIKey: "s3cret-key-1", Log: log}.Config("certyneo", server.URL))
	if err != nil {
		t.Fatal(err)
	}
	var answer any
	if err := c.JSON(context.Background(), Request{Method: "GET", Path: "/good"}, &answer); err != nil {
		t.Fatal(err)
	}
	err = c.JSON(context.Background(), Request{Method: "GET", Path: "/bad"}, &answer)
	if providers.ExplanationOf(err) != "Ana Prova não pode" {
		t.Errorf("explanation %q", providers.ExplanationOf(err))
	}
	got := out.String()
	for _, want := range []string{"GET /good", "GET /bad", "status=200", "status=422", "x-request-id=req-7", `\"id\":\"env_1\"`, `\"status\":\"SENT\"`, `\"page\":2`, `\"name\":\"***\"`} {
		if !strings.Contains(got, want) {
			t.Errorf("debug does not show %s:\n%s", want, got)
		}
	}
	for _, never := range []string{"Ana", "ana@", "52998224725", "5511987654321", "abc", "x.test", "s3cret", "não"} {
		if strings.Contains(got, never) {
			t.Errorf("debug shows %s:\n%s", never, got)
		}
	}
}

package catalisa

import (
	"context"
	"net/http"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

// One signer is mailed again, if that one is waited for.
func TestRemindOneSigner(t *testing.T) {
	const two = `{"data":{"type":"signature-request","id":"` + requestID + `","attributes":{"status":"PARTIALLY_SIGNED"},"relationships":{"signers":{"data":[
		{"attributes":{"name":"Livia Matos","email":"livia@example.test","status":"SIGNED"}},{"attributes":{"name":"Caio Duarte","email":"Caio@example.test","status":"SENT"}}]}}}}`
	s := newServer(t, map[string]http.HandlerFunc{
		"GET " + oneRoute:              answers(200, two),
		"POST " + oneRoute + "/resend": answers(200, `{"message":"Signature request resent successfully"}`),
	})
	p := newProvider(t, s)
	once := func(ctx context.Context, _ string, call func(context.Context) error) error { return call(ctx) }
	ref := providers.Ref{ID: requestID}
	if err := p.RemindSigner(t.Context(), ref, "caio@example.test", once); err != nil {
		t.Fatal(err)
	}
	fake.SameJSON(t, s.Bodies("POST " + oneRoute + "/resend")[0], `{"data":{"attributes":{"signerEmail":"Caio@example.test"}}}`)
	for _, email := range []string{"livia@example.test", "nobody@example.test"} {
		fake.WantKind(t, p.RemindSigner(t.Context(), ref, email, once), providers.Invalid, "not_pending")
	}
	if n := s.Count("POST " + oneRoute + "/resend"); n != 1 {
		t.Errorf("%d reminders", n)
	}
}

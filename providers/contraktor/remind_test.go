package contraktor

import (
	"net/http"
	"slices"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

const remind1, remind2, remind3 = "POST /proofs/7001/subjects/8001/remind", "POST /proofs/7001/subjects/8002/remind", "POST /proofs/7001/subjects/8003/remind"

// reminding is a service with a pending proof of these subjects; ids in refused are refused.
func reminding(t *testing.T, subjects string, refused ...string) (*fake.Server, *Provider) {
	routes := map[string]http.HandlerFunc{"GET /proofs/7001": fake.Answers(200, `{"data":{"id":7001,"status":"pending","ordered":false,"subjects":[`+subjects+`]}}`)}
	for _, route := range []string{remind1, remind2, remind3} {
		routes[route] = fake.Answers(200, `{"data":{}}`)
		if slices.Contains(refused, route) {
			routes[route] = fake.Answers(422, `{"error":"has signed"}`)
		}
	}
	s := newServer(t, routes)
	return s, newProvider(t, s)
}

// TestARefusedReminderKeepsItFromNobodyElse: the first one has signed between the look and the
// call.
func TestARefusedReminderKeepsItFromNobodyElse(t *testing.T) {
	s, p := reminding(t, `{"id":8001,"email":"a@example.com"},{"id":8002,"email":"b@example.com"}`, remind1)
	err := p.Remind(t.Context(), providers.Ref{ID: "7001"}, fake.Always)
	if providers.KindOf(err) != providers.Invalid {
		t.Errorf("got %v", err)
	}
	if want := []string{"GET /proofs/7001", remind1, remind2}; !slices.Equal(s.Called(), want) {
		t.Errorf("got %q, want %q", s.Called(), want)
	}
}

// TestRemindersGoByEmail: the call resends an e-mail (reference §10), so who has only a phone is
// left out.
func TestRemindersGoByEmail(t *testing.T) {
	const phone = `{"id":8001,"email":null,"notification_type":"whatsapp","whatsappnum":"+55 11 90000-0000"}`
	s, p := reminding(t, phone+`,{"id":8002,"email":"b@example.com","notification_type":"whatsapp"}`)
	if err := p.Remind(t.Context(), providers.Ref{ID: "7001"}, fake.Always); err != nil {
		t.Error(err)
	}
	if want := []string{"GET /proofs/7001", remind2}; !slices.Equal(s.Called(), want) {
		t.Errorf("got %q, want %q", s.Called(), want)
	}
	if err := p.RemindSigner(t.Context(), providers.Ref{ID: "7001"}, "", fake.Always); providers.KindOf(err) != providers.Invalid {
		t.Errorf("a signer without an address: %v", err)
	}

	s, p = reminding(t, phone)
	if err := p.Remind(t.Context(), providers.Ref{ID: "7001"}, fake.Always); providers.KindOf(err) != providers.Unsupported {
		t.Errorf("nobody can be reminded: %v", err)
	}
	if len(s.Called()) != 1 {
		t.Errorf("got %q", s.Called())
	}
}

// TestASharedMailbox: the second of two who share an address is reminded, too.
func TestASharedMailbox(t *testing.T) {
	s, p := reminding(t, `{"id":8001,"email":"Casa@example.com"},{"id":8002,"email":"casa@example.com"},{"id":8003,"email":"c@example.com"}`)
	if err := p.RemindSigner(t.Context(), providers.Ref{ID: "7001"}, "casa@example.com", fake.Always); err != nil {
		t.Error(err)
	}
	if want := []string{"GET /proofs/7001", remind1, remind2}; !slices.Equal(s.Called(), want) {
		t.Errorf("got %q, want %q", s.Called(), want)
	}
}

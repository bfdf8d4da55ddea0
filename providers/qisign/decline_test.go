package qisign

import (
	"testing"

	"github.com/chancela/chancela/providers"
)

// TestASignerWhoRefusesEndsTheEnvelope: no one can complete it any more.
func TestASignerWhoRefusesEndsTheEnvelope(t *testing.T) {
	f, p := newFake(t)
	f.Answer("GET "+route1, 200, `{"status":"submitted","signers":[{"id":"1","status":"signature_rejected"},{"id":"2"}]}`)
	if st, err := p.Status(t.Context(), ref1()); err != nil || st.State != providers.Declined {
		t.Errorf("%s, %v", st.State, err)
	}
}

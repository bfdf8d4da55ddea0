package catalisa

import (
	"net/http"
	"testing"

	"github.com/chancela/chancela/providers"
)

// TestARefusalKeepsItsReason keeps what a person has said, on one line.
func TestARefusalKeepsItsReason(t *testing.T) {
	s := newServer(t, map[string]http.HandlerFunc{"GET " + oneRoute: answers(200, `{"data":{"id":"`+requestID+`","attributes":{"status":"DECLINED"},
		"relationships":{"signers":{"data":[{"attributes":{"name":"Caio","email":"caio@example.test","status":"DECLINED","declineReason":"valor\nerrado"}}]}}}}`)})
	st, err := newProvider(t, s).Status(t.Context(), providers.Ref{ID: requestID})
	if err != nil || st.State != providers.Declined || len(st.Signers) != 1 || st.Signers[0].Reason != "valor errado" {
		t.Errorf("%+v, %v", st, err)
	}
}

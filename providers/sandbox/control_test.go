package sandbox

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A name that somebody else lets lead to this machine does not open the page.
func TestThePageAnswersToItsOwnNames(t *testing.T) {
	s := &Sandbox{o: Options{Listen: map[string]string{Control: "sandbox:9100"}}}
	page := s.ownHost(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for host, want := range map[string]int{
		"127.0.0.1:9100": 204, "[::1]:9100": 204, "localhost:9100": 204, "x.localhost": 204, "10.0.0.7:9100": 204, "sandbox:9100": 204, "SANDBOX": 204,
		"evil.example:9100": 421, "127.0.0.1.evil.example": 421, "": 421, "sandbox.evil.example": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/env", nil)
		r.Host = host
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

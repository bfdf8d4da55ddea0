package sandbox

import (
	"net/http"
	"testing"
)

// TestDown: one provider answers with errors until it is up again; the others go on.
func TestDown(t *testing.T) {
	sb := start(t, Options{})
	post := func(path string) int {
		r, err := http.Post(sb.URL(Control)+path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	answers := func(provider, path string) int {
		r, err := http.Get(sb.URL(provider) + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	const me, list = "/api/v1/account/me", "/api/contracts"
	if status := post("/down/certyneo"); status != http.StatusNoContent {
		t.Fatalf("down is answered with %d", status)
	}
	if certyneo, contraktor := answers("certyneo", me), answers("contraktor", list); certyneo != 500 || contraktor != 401 {
		t.Errorf("while certyneo is down it answers %d, contraktor %d", certyneo, contraktor)
	}
	post("/up/certyneo")
	if status := answers("certyneo", me); status != 401 {
		t.Errorf("up again it answers %d without a key", status)
	}
	if status := post("/down/nobody"); status != http.StatusNotFound {
		t.Errorf("a provider that there is not is down with %d", status)
	}
}

package rest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestJSON(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/things/1" || r.URL.RawQuery != "a=b+c" || r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
			t.Errorf("got %s, length %d, %v", r.URL, r.ContentLength, r.TransferEncoding)
		}
		w.Write([]byte(`{"id":"x"}`))
	}))
	defer server.Close()
	c, err := New(Config{Provider: "test", Base: server.URL + "/api"})
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ ID string }
	err = c.JSON(t.Context(), Request{Method: "GET", Path: "/things/1", Query: map[string][]string{"a": {"b c"}}}, &out)
	if err != nil || out.ID != "x" {
		t.Fatal(out, err)
	}
}

package rest

import (
	"net/http"
	"testing"

	"github.com/chancela/chancela/providers"
)

// A resource that is refused stops nobody; a call of the whole account does, and so does a
// refused key.
func TestForbiddenOfOneResource(t *testing.T) {
	for _, c := range []struct {
		status      int
		path, route string
		want        providers.ErrorKind
	}{
		{http.StatusForbidden, "/envelopes/7", "/envelopes/{id}", providers.Invalid},
		{http.StatusForbidden, "/envelopes/7/send", "/envelopes/{id}/send", providers.Invalid},
		{http.StatusForbidden, "/envelopes", "", providers.Denied},
		{http.StatusUnauthorized, "/envelopes/7", "/envelopes/{id}", providers.Denied},
		{http.StatusProxyAuthRequired, "/envelopes/7", "/envelopes/{id}", providers.Denied},
	} {
		client := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) })
		err := client.JSON(t.Context(), Request{Method: http.MethodGet, Path: c.path, Route: c.route}, nil)
		if providers.KindOf(err) != c.want {
			t.Errorf("%d of %s: %v, want %s", c.status, c.path, err, c.want)
		}
	}
}

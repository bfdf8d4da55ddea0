package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/storage/ledger"
)

// postRoutes are all routes of these pages that take a form.
func (s *site) postRoutes() []string {
	var routes []string
	for _, pattern := range s.server().Routes() {
		path, post := strings.CutPrefix(pattern, "POST ")
		if post && !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/webhooks/") {
			routes = append(routes, path)
		}
	}
	return routes
}

// state is all that the server's Redis holds, but for sessions.
func (s *site) state() string {
	s.t.Helper()
	db := s.client.Ledger().Redis()
	keys, err := db.Keys(s.t.Context(), "*").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		if strings.Contains(key, ":session:") {
			continue
		}
		var value any
		ctx := s.t.Context()
		switch kind := db.Type(ctx, key).Val(); kind {
		case "string":
			value = db.Get(ctx, key).Val()
		case "hash":
			value = db.HGetAll(ctx, key).Val()
		case "set":
			value = db.SMembers(ctx, key).Val()
		case "zset":
			value = db.ZRangeWithScores(ctx, key, 0, -1).Val()
		case "list":
			value = db.LRange(ctx, key, 0, -1).Val()
		case "stream":
			value = db.XRange(ctx, key, "-", "+").Val()
		default:
			s.t.Fatalf("%s is a %s", key, kind)
		}
		fmt.Fprintf(&b, "%s=%q\n", key, value)
	}
	return b.String()
}

// A form that another site has made does nothing on any route, whatever the browser sends along,
// and neither does one of somebody who may only look.
func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	s := newSite(t, api.Key{Name: "all", Secret: "key-of-all"}, api.Key{Name: "eyes", Secret: "key-of-eyes", ReadOnly: true})
	s.enqueue("june", jobs.Envelope{ID: "1", Subject: "S", Signers: person1("Ana", "ana@example.com")}, ledger.Failed)
	s.enqueue("june", jobs.Envelope{ID: "2", Subject: "S", Signers: person1("Bia", "bia@example.com")}, ledger.InDoubt)
	ana, eyes, stranger := s.visitor(), s.visitor(), s.visitor()
	ana.signIn("key-of-all")
	eyes.signIn("key-of-eyes")
	theirs := stranger.token("/sign-in")
	before := s.state()
	const form = "application/x-www-form-urlencoded"
	for _, route := range s.postRoutes() {
		for _, id := range []string{"1", "2"} {
			path := strings.NewReplacer("{campaign}", "june", "{id}", id, "{draft}", "x").Replace(route)
			body := url.Values{"not_sent": {"yes"}, "answer": {"not-sent"}, "key": {"key-of-eyes"}, "skip": {"yes"}, "again": {"yes"}}
			for _, token := range []string{"", theirs, eyes.token("/"), strings.Repeat("0", 64)} {
				body.Set("form", token)
				for contentType, body := range map[string]string{
					form: body.Encode(), "text/plain": body.Encode(),
					"multipart/form-data; boundary=B": "--B\r\nContent-Disposition: form-data; name=form\r\n\r\n" + token + "\r\n--B--\r\n",
				} {
					for _, query := range []string{"", "?form=" + token} {
						if res := ana.do(http.MethodPost, path+query, contentType, body); res.StatusCode != http.StatusForbidden {
							t.Errorf("%s%s as %q: %d", path, query, contentType, res.StatusCode)
						}
					}
				}
			}
			if route == "/sign-in" || route == "/sign-out" {
				continue
			}
			body.Set("form", eyes.token("/"))
			if res := eyes.do(http.MethodPost, path, form, body.Encode()); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s by who may only look: %d", path, res.StatusCode)
			}
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				ana.do(method, path+"?form="+ana.token("/")+"&not_sent=yes", "", "")
			}
		}
	}
	if res := ana.get("/"); res.StatusCode != http.StatusOK || strings.Contains(res.Request.URL.Path, "sign-in") {
		t.Error("somebody was signed out")
	}
	if after := s.state(); after != before {
		t.Errorf("something was done:\n%s\nwas\n%s", after, before)
	}
}

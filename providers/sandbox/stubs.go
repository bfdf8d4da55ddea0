package sandbox

import "net/http"

func stub(sb *Sandbox, name string) *service {
	s := newService(sb, name, "")
	s.authenticate = func(*http.Request) *reply { return nil }
	s.failure = func(st int, c, t string) *reply { return &reply{status: st} }
	s.env = func() map[string]string { return nil }
	return s
}
func newCatalisa(sb *Sandbox) *service { return stub(sb, Catalisa) }

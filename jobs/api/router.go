package api

import (
	"net/http"
	"slices"
)

// Router takes routes and knows them: no route is there that a test cannot find.
type Router struct {
	*http.ServeMux
	patterns []string
}

// Handle is [http.ServeMux.Handle].
func (r *Router) Handle(pattern string, h http.Handler) {
	r.ServeMux.Handle(pattern, h)
	r.patterns = append(r.patterns, pattern)
}

// HandleFunc is [http.ServeMux.HandleFunc].
func (r *Router) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	r.Handle(pattern, http.HandlerFunc(h))
}

// Routes are the patterns of all that is served, those of pages among them.
func (s *Server) Routes() []string { return slices.Sorted(slices.Values(s.routes.patterns)) }

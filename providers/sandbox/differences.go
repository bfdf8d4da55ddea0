package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// Differences are ways in which a simulator does not do what its reference says, or what a
// client may well have assumed: to see that the first day at a real account names them.
type Differences struct {
	Clock     time.Duration // of every Date header, from the sandbox's own time
	Forbidden []string      // calls that the key may not make, 403: "certyneo GET /templates"

	ContraktorSearchIgnored bool // GET /parties knows no search
	ContraktorTextIDs       bool // ids of workflows are texts

	CertyneoScopes  []string // of the key; nil: all
	CertyneoDataIDs bool     // what was made stands below data (certyneo §14)
	CertyneoNoCode  bool     // errors have no code

	SDocHeader      string // the only form in which the token is taken: "bare" or "Bearer"; empty: both
	SDocNoCode      bool   // errors have no code
	SDocErrorStatus int    // handled errors come with this status, where 200 is documented (sdoc §4)

	CatalisaPermissions   []string // of the token; nil: all
	CatalisaFilterIgnored bool     // a list knows no filter
	CatalisaNoDefault     bool     // no configuration is the default

	QISignRepeats bool // an envelope that is there already is made again, where 409 is documented (qisign §A10)
}

// forbids is the answer to a call that the key may not make; nil for others.
func (s *Service) forbids(route string) *reply {
	if !slices.Contains(s.sb.o.Differences.Forbidden, s.name+" "+route) {
		return nil
	}
	return s.failure(http.StatusForbidden, "", "this key may not make this call")
}

// date puts the difference of clocks into an answer.
func (s *Service) date(h http.Header) {
	if off := s.sb.o.Differences.Clock; off != 0 {
		h.Set("Date", s.sb.now().Add(off).UTC().Format(http.TimeFormat))
	}
}

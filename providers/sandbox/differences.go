package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Differences are ways in which a simulator does not do what its reference says, or what a
// client may well have assumed: to see that the first day at a real account names them.
type Differences struct {
	Clock     time.Duration // of every Date header, from the sandbox's own time
	Forbidden []string      // calls that the key may not make, 403: "certyneo GET /templates"
	Locked    string        // 403 for every call about an envelope with this in the name or e-mail of a signer

	Refused map[string]string // calls that are refused with HTTP 400, and why: {"qisign POST /sign/envelope": "..."}
	ListLag time.Duration     // lists and searches show nothing that is younger

	ContraktorSearchIgnored bool // GET /parties knows no search
	ContraktorTextIDs       bool // ids of workflows are texts

	CertyneoScopes  []string // of the key; nil: all
	CertyneoDataIDs bool     // what was made stands below data (certyneo §14)
	CertyneoNoCode  bool     // errors have no code

	SDocHeader      string // the only form in which the token is taken: "bare" or "Bearer"; empty: both
	SDocNoCode      bool   // errors have no code
	SDocErrorStatus int    // handled errors come with this status, where 200 is documented (sdoc §4)

	SDocSecondUse bool          // a temporary file may be used again (sdoc §8.1)
	SDocForgets   time.Duration // a temporary file that nobody has used is gone after this; 0: never

	CatalisaPermissions   []string // of the token; nil: all
	CatalisaFilterIgnored bool     // a list knows no filter
	CatalisaNoDefault     bool     // no configuration is the default

	QISignRepeats bool // an envelope that is there already is made again, where 409 is documented (qisign §A10)
}

// objects is the answer to a call that is refused, whatever stands in it; nil for others.
func (s *Service) objects(r *http.Request, route string) *reply {
	d := s.sb.o.Differences
	if slices.Contains(d.Forbidden, s.name+" "+route) {
		return s.failure(http.StatusForbidden, "", "this key may not make this call")
	}
	if why, refused := d.Refused[s.name+" "+route]; refused {
		return s.failure(http.StatusBadRequest, "", why)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, found := s.envelopes[r.PathValue("id")]
	if d.Locked == "" || !found || !slices.ContainsFunc(e.rec().people, func(p *person) bool { return p.is(strings.ToLower(d.Locked)) }) {
		return nil
	}
	return s.failure(http.StatusForbidden, "", "this envelope is not yours")
}

// listed tells whether lists show by now what was made at a time.
func (s *Service) listed(made time.Time) bool {
	return s.sb.now().Sub(made) >= s.sb.o.Differences.ListLag
}

// date puts the difference of clocks into an answer.
func (s *Service) date(h http.Header) {
	if off := s.sb.o.Differences.Clock; off != 0 {
		h.Set("Date", s.sb.now().Add(off).UTC().Format(http.TimeFormat))
	}
}

package sandbox

import (
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/rest"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// controlHandler is the sandbox's own side: books, violations, faults, and the hands of
// the signers. It is for the person at the machine and for tests, and asks for no key.
func (s *Sandbox) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showPage)
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Books()) })
	mux.HandleFunc("GET /violations", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Violations()) })
	mux.HandleFunc("GET /env", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Env()) })
	mux.HandleFunc("GET /calls/{provider}", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, s.Calls(r.PathValue("provider"))) })
	mux.HandleFunc("GET /deliveries/{provider}", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, s.Deliveries(r.PathValue("provider"))) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, faultsJSON(s.CurrentFaults())) })
	mux.HandleFunc("PUT /faults", s.putFaults)
	mux.HandleFunc("POST /pause", func(w http.ResponseWriter, r *http.Request) { s.Pause(true); done(w, r) })
	mux.HandleFunc("POST /resume", func(w http.ResponseWriter, r *http.Request) { s.Pause(false); done(w, r) })
	mux.HandleFunc("POST /down/{provider}", func(w http.ResponseWriter, r *http.Request) { s.putDown(w, r, true) })
	mux.HandleFunc("POST /up/{provider}", func(w http.ResponseWriter, r *http.Request) { s.putDown(w, r, false) })
	mux.HandleFunc("POST /advance", s.postAdvance)
	mux.HandleFunc("POST /{provider}/{id}/{action}", s.postAct)
	return s.ownHost(sameOrigin(mux))
}

// ownHost answers to this machine's names, to addresses and to the name that it listens
// at. A page elsewhere can have its own name lead here, and would then be of one origin
// with this one: the keys and people of the simulators would be its to read.
func (s *Sandbox) ownHost(h http.Handler) http.Handler {
	listen, _, _ := net.SplitHostPort(s.o.Listen[Control]) // empty: an address
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		_, err := netip.ParseAddr(host)
		if err != nil && !rest.IsLoopback(host) && (listen == "" || !strings.EqualFold(host, listen)) {
			http.Error(w, "this page answers at its own address only", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// sameOrigin keeps web pages of others from driving the sandbox.
func sameOrigin(h http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(h)
}

func (s *Sandbox) postAct(w http.ResponseWriter, r *http.Request) {
	err := s.Act(r.PathValue("provider"), r.PathValue("id"), r.PathValue("action"), r.FormValue("signer"))
	switch {
	case errors.Is(err, errUnknown):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		done(w, r)
	}
}

func (s *Sandbox) putDown(w http.ResponseWriter, r *http.Request, down bool) {
	if err := s.Down(r.PathValue("provider"), down); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	done(w, r)
}

// postAdvance moves the clock: ?by=16m.
func (s *Sandbox) postAdvance(w http.ResponseWriter, r *http.Request) {
	by, err := time.ParseDuration(r.FormValue("by"))
	if err != nil || by < 0 {
		http.Error(w, "by is a duration such as 16m", http.StatusBadRequest)
		return
	}
	s.Advance(by)
	done(w, r)
}

// faultsView is Faults with the duration as people write it.
type faultsView struct {
	Faults
	SlowFor string `json:"slow_for"`
}

func faultsJSON(f Faults) faultsView { return faultsView{f, f.SlowFor.String()} }

// putFaults changes the rates that the body names; the others stay.
func (s *Sandbox) putFaults(w http.ResponseWriter, r *http.Request) {
	in := faultsJSON(s.CurrentFaults())
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	err := d.Decode(&in)
	if err == nil {
		in.Faults.SlowFor, err = time.ParseDuration(in.SlowFor)
	}
	if err == nil {
		err = s.SetFaults(in.Faults)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, faultsJSON(s.CurrentFaults()))
}

// done answers a button by the page it stands on, and programs with nothing.
func done(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v)
}

// shownEntries bounds the page: the newest envelopes of each provider.
const shownEntries = 50

func (s *Sandbox) showPage(w http.ResponseWriter, _ *http.Request) {
	type row struct {
		Name     string
		URL      string
		Total    int
		Invited  int
		Entries  []Entry
		Webhooks Deliveries
	}
	var rows []row
	byName := make(map[string]*row)
	for _, name := range s.o.names() {
		rows = append(rows, row{Name: name, URL: s.URL(name), Webhooks: s.Deliveries(name)})
	}
	for i := range rows {
		byName[rows[i].Name] = &rows[i]
	}
	for _, e := range s.Books() {
		r := byName[e.Provider]
		r.Total++
		r.Invited += e.Invitations
		r.Entries = append([]Entry{e}, r.Entries[:min(len(r.Entries), shownEntries-1)]...)
	}
	violations := s.Violations()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
	_ = page.Execute(w, map[string]any{
		"Providers": rows, "Faults": faultsJSON(s.CurrentFaults()), "Violations": violations[max(0, len(violations)-50):], "ViolationCount": len(violations),
	})
}

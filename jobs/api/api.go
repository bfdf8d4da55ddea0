// Package api is chancela for other programs and for operators: the HTTP API with its
// OpenAPI description, the providers' callbacks in, notifications out, asynqmon, and
// metrics and traces.
//
// Everything that it does to an envelope it does through [jobs.Client], so an envelope
// that comes by HTTP obeys the same rules as one of a CSV file. Uploads are streamed to
// temporary files, never held in memory; what a log line says of a request is its
// route, never its query, its body or a key.
package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/providers"
)

// Config makes a [Server].
type Config struct {
	Client *jobs.Client
	// Providers whose callbacks are taken, and whose state readyz shows.
	Providers []providers.Provider
	Keys      []Key // none: only a loopback address is served
	Limits    Limits
	Metrics   *metrics.Metrics // nil: there is no /metrics
	Zone      *time.Location   // of campaigns' hours; nil: UTC
	Log       *slog.Logger     // nil: slog.Default
}

// Limits bound what one client may ask for. The zero value takes the defaults, all of
// them choices.
type Limits struct {
	Rate      float64 // requests a second for one key; 200
	Burst     int     // 1000
	Envelope  int64   // bytes of one envelope's request, documents included; 64 MiB
	Campaign  int64   // bytes of a campaign's request, documents included; 1 GiB
	Envelopes int     // in one request; 50,000
}

func (l Limits) withDefaults() Limits {
	if l.Rate == 0 {
		l.Rate = 200
	}
	if l.Burst == 0 {
		l.Burst = 1000
	}
	if l.Envelope == 0 {
		l.Envelope = 64 << 20
	}
	if l.Campaign == 0 {
		l.Campaign = 1 << 30
	}
	if l.Envelopes == 0 {
		l.Envelopes = 50_000
	}
	return l
}

// Server is the HTTP side of chancela.
type Server struct {
	client    *jobs.Client
	providers []providers.Provider
	limits    Limits
	zone      string
	metrics   *metrics.Metrics
	log       *slog.Logger
	guard     *guard
	uploads   *uploads
	drafts    drafts
	strangers *sampler
	badKeys   guesses       // of requests
	signIns   guesses       // on pages
	callbacks chan struct{} // a place for each that is under way
	ready     readiness
	draining  atomic.Bool
	routes    *Router
	pages     Pages // nil: none
	pageBytes int   // of the envelopes on one page, which ends sooner then
	handler   http.Handler
}

// New gives a server; nothing listens yet.
func New(c Config) (*Server, error) {
	if c.Client == nil {
		return nil, errors.New("api: a client is needed")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = metrics.New()
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	s := &Server{client: c.Client, providers: c.Providers, limits: c.Limits.withDefaults(), zone: c.Zone.String(), metrics: c.Metrics, log: c.Log, pageBytes: maxPageBytes}
	s.guard = newGuard(c.Keys, s.limits)
	s.uploads = newUploads(c.Log)
	s.strangers, s.callbacks = newSampler(c.Log), make(chan struct{}, maxCallbacks)

	mux := &Router{ServeMux: http.NewServeMux()}
	description, err := s.describe(mux)
	if err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(description)
	})
	mux.HandleFunc("POST /webhooks/{provider}", s.webhook)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.metrics.Handler())
	mux.Handle("/monitor/", monitor(c.Client.Ledger().Redis()))
	s.routes, s.handler = mux, s.around(mux.ServeMux)
	return s, nil
}

// Pages are what people look at in a browser. They stand above this package.
type Pages interface {
	// Register adds their routes.
	Register(*Router)
	// Refuse shows a person why a request is not served.
	Refuse(http.ResponseWriter, *http.Request, *Problem)
	// Close ends answers that would go on: the server stops.
	Close()
}

// Show serves pages, too. It is called before Run.
func (s *Server) Show(p Pages) {
	s.pages = p
	p.Register(s.routes)
}

// describe registers the API's operations and gives their OpenAPI 3.1 document.
func (s *Server) describe(mux *Router) ([]byte, error) {
	config := huma.DefaultConfig("chancela", "1")
	config.Info.Description = "Bulk e-signature campaigns: enqueue envelopes, follow them, fetch what was signed."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.AllowAdditionalPropertiesByDefault = true // answers may grow; requests forbid it themselves
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"key": {}}}
	config.Servers = []*huma.Server{{URL: "/"}}

	a := humago.New(mux, config)
	s.campaigns(a)
	s.envelopes(a)
	s.operations(a)
	s.links(a)
	finish(a.OpenAPI())
	b, err := json.MarshalIndent(a.OpenAPI(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("api: the OpenAPI document: %w", err)
	}
	return b, nil
}

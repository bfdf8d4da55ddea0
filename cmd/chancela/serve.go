package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/notify"
	"github.com/chancela/chancela/jobs/pages"
	"github.com/chancela/chancela/jobs/trace/otlp"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

func newServe(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Pages for a browser, HTTP API, webhooks, monitor and metrics",
		Long: `Serve answers on CHANCELA_HTTP_ADDR: pages for people at /, the API for other programs
(/v1/, described at /openapi.json), the providers' webhooks (/webhooks/PROVIDER), asynqmon
(/monitor/), metrics (/metrics), liveness (/healthz) and readiness (/readyz). Without
CHANCELA_API_KEYS (NAME:KEY, or NAME@PREFIX:KEY for campaigns whose names begin so;
NAME@:KEY:read may look only) only a loopback address is served. Documents may be named by
their address in a bucket only where CHANCELA_HTTP_SOURCES (NAME=s3://BUCKET/PREFIX pairs)
allows it to the key of that name. It needs CHANCELA_REDIS_URL, and workers and a scheduler
somewhere.`,
		Example: `  chancela serve
  CHANCELA_HTTP_ADDR=:8080 CHANCELA_API_KEYS=crm:s3cret chancela serve`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return sys.serve(cmd.Context(), "serve", nil, (*engine).runHTTP, (*engine).runNotifier)
		},
	}
}

// listen opens the port of a command before the command says that it is ready.
func (e *engine) listen(command string) (err error) {
	switch {
	case command == "serve" || command == "up":
		e.http, err = e.openHTTP()
	case e.cfg.MetricsAddr != "":
		e.http, err = e.openMetrics()
	}
	return err
}

// runHTTP serves on the port until the context ends.
func (e *engine) runHTTP(ctx context.Context) error {
	if e.http == nil {
		return nil
	}
	return e.http(ctx)
}

// openHTTP opens the port of the pages and the API.
func (e *engine) openHTTP() (serve func(context.Context) error, err error) {
	keys, err := e.cfg.keys()
	if err != nil {
		return nil, err
	}
	e.metrics.Plays("serve")
	if err := e.metrics.Watch(e.client.Ledger(), e.client.TaskQueue(), e.limiters, e.log); err != nil {
		return nil, err
	}
	all := make([]providers.Provider, len(e.lines))
	for i, l := range e.lines {
		all[i] = l.Provider
	}
	server, err := api.New(api.Config{Client: e.client, Providers: all, Keys: keys, Metrics: e.metrics, Zone: e.cfg.TZ.Location, Log: e.log})
	if err != nil {
		return nil, err
	}
	shown, err := pages.New(pages.Config{Client: e.client, API: server, Providers: all, Limiters: e.limiters, Zone: e.cfg.TZ.Location, Language: e.cfg.Lang.Tag, Log: e.log})
	if err != nil {
		return nil, err
	}
	server.Show(shown)
	l, err := server.Listen(string(e.cfg.HTTPAddr))
	switch {
	case errors.Is(err, api.ErrOpen):
		return nil, usage("%sAPI_KEYS: %w", prefix, err)
	case err != nil:
		return nil, usage("%sHTTP_ADDR: %w", prefix, err)
	}
	e.onClose(func() { l.Close() }) // where it was not served on
	return func(ctx context.Context) error { return server.Run(ctx, l) }, nil
}

// outboxFor keeps changes of state for a notifier that may be away for days.
const outboxFor = 7 * 24 * time.Hour

// openOutbox has changes of state kept for delivery, when somebody wants to be told.
func (e *engine) openOutbox(ctx context.Context) error {
	if e.cfg.NotifyURL == "" {
		return nil
	}
	return e.client.Ledger().Notify(ctx, outboxFor)
}

// runNotifier delivers notifications, when somebody wants to be told.
func (e *engine) runNotifier(ctx context.Context) error {
	if e.cfg.NotifyURL == "" {
		return nil
	}
	n, err := notify.New(notify.Config{Ledger: e.client.Ledger(), URL: string(e.cfg.NotifyURL), Secret: e.cfg.NotifySecret, Roots: e.cfg.Roots.pool, Metrics: e.metrics, Log: e.log})
	if err != nil {
		return usage("%sNOTIFY_URL, %sNOTIFY_SECRET: %w", prefix, prefix, err)
	}
	return n.Run(ctx)
}

// openMetrics opens the port for /metrics and /healthz of a process that serves nothing else.
func (e *engine) openMetrics() (serve func(context.Context) error, err error) {
	l, err := net.Listen("tcp", string(e.cfg.MetricsAddr))
	if err != nil {
		return nil, usage("%sMETRICS_ADDR: %w", prefix, err)
	}
	e.onClose(func() { l.Close() }) // where it was not served on
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", e.metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { server.Close() })
		defer stop()
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return lang.Errorf("serving metrics: %w", err)
		}
		return nil
	}, nil
}

// trace switches tracing on where an exporter is configured; flush sends what is left.
func (e *engine) trace(ctx context.Context) (flush func(), err error) {
	shutdown, err := otlp.Start(ctx, e.cfg.Roots.pool)
	if err != nil {
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := shutdown(ctx); err != nil {
			e.log.Warn("tracing", "error", err)
		}
	}, nil
}

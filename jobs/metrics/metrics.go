// Package metrics counts for Prometheus what one process does, and reads from Redis what is
// true of all.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// Metrics is what Prometheus asks for. Labels are words of chancela's own (providers,
// states, kinds, route templates): no ids, so their number is bounded.
//
// What one process does is counted as it happens, by [Metrics.Hooks], [Metrics.Observe]
// and [Metrics.Swept]; what is true of all processes is read from Redis when it is asked
// for, after [Metrics.Watch].
type Metrics struct {
	registry *prometheus.Registry

	transitions *prometheus.CounterVec
	invite      *prometheus.HistogramVec
	archive     *prometheus.HistogramVec
	looks       *prometheus.CounterVec
	files       *prometheus.CounterVec
	bytes       *prometheus.CounterVec
	calls       *prometheus.CounterVec
	limited     *prometheus.CounterVec
	roles       *prometheus.GaugeVec
	took        *prometheus.HistogramVec
	turns       *prometheus.HistogramVec
	swept       *prometheus.CounterVec
	callbacks   *prometheus.CounterVec
	odd         *prometheus.CounterVec
	notified    *prometheus.CounterVec
	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	simulated   prometheus.Gauge
}

// Buckets in seconds: of waits that people make, and of single calls.
var (
	longBuckets = []float64{1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600}
	callBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
)

// New gives metrics in a registry of their own, with those of Go and the process.
func New() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chancela_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "chancela_" + name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		registry:    prometheus.NewRegistry(),
		transitions: counter("transitions_total", "Changes of envelopes' states.", "provider", "from", "to"),
		invite:      histogram("invite_delay_seconds", "From enqueue to the invitation.", longBuckets, "provider"),
		archive:     histogram("archive_delay_seconds", "From the last signature to the archive.", longBuckets, "provider"),
		looks:       counter("looks_total", "Envelopes that were looked at; divided by the transitions to completed, the looks per completed envelope.", "provider"),
		files:       counter("archived_files_total", "Artifacts that were archived.", "provider", "kind"),
		bytes:       counter("archived_bytes_total", "Bytes of artifacts that were archived.", "provider", "kind"),
		calls:       counter("provider_requests_total", "Requests to providers; status 0: no answer.", "provider", "route", "class", "status"),
		limited:     counter("rate_limited_total", "Requests that a provider has answered with 429.", "provider"),
		roles:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "chancela_role", Help: "1 for each part that this process plays: work, schedule, serve."}, []string{"role"}),
		took:        histogram("provider_request_duration_seconds", "From a request's turn to the answer's header.", callBuckets, "provider", "route"),
		turns:       histogram("turn_wait_seconds", "Waiting for a turn at a provider's rate.", callBuckets, "provider", "class"),
		swept:       counter("swept_total", "Envelopes that the sweeper has brought back because no task carried them.", "provider"),
		odd:         counter("odd_total", "What evidence has told that a rule of the user's asks for, by its words.", "provider", "finding"),
		callbacks:   counter("callbacks_total", "Providers' callbacks: taken, replayed, unknown, forged, invalid, failed.", "provider", "result"),
		notified:    counter("notification_deliveries_total", "Attempts to deliver a notification: delivered, failed, given_up.", "result"),
		requests:    counter("http_requests_total", "Requests to this server.", "route", "method", "status"),
		simulated:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "chancela_simulated", Help: "1 when a provider of this process is a simulator: nothing of it is signed."}),
		durations:   histogram("http_request_duration_seconds", "Requests to this server, to the end of their answers.", callBuckets, "route"),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.transitions, m.invite, m.archive, m.looks, m.files, m.bytes, m.calls, m.limited, m.roles, m.took, m.turns, m.swept, m.callbacks, m.odd, m.notified, m.requests, m.durations, m.simulated)
	m.begin()
	return m
}

// begin makes the series that alerts watch, at zero: an increase is seen from the second
// value on, so a first burst in a new series would never alert.
func (m *Metrics) begin() {
	for _, p := range registry.Names() {
		m.limited.WithLabelValues(p)
		m.swept.WithLabelValues(p)
		m.looks.WithLabelValues(p)
		for _, result := range []string{CallbackTaken, CallbackReplayed, CallbackUnknown, CallbackForged, CallbackInvalid, CallbackFailed} {
			m.callbacks.WithLabelValues(p, result)
		}
	}
}

// Plays says which parts this process plays, so that a missing one is seen whatever the
// jobs of Prometheus are called.
func (m *Metrics) Plays(roles ...string) {
	for _, r := range roles {
		m.roles.WithLabelValues(r).Set(1)
	}
}

// Registry is where an embedder's own metrics may be added.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}

// Hooks count what a worker does.
func (m *Metrics) Hooks() worker.Hooks {
	return worker.Hooks{
		Transition: func(provider string, from, to ledger.State, r *ledger.Record) {
			m.transitions.WithLabelValues(provider, string(from), string(to)).Inc()
			switch {
			case to == ledger.Sent && !r.CreatedAt.IsZero():
				m.invite.WithLabelValues(provider).Observe(time.Since(r.CreatedAt).Seconds())
			case to == ledger.Archived && !r.CompletedAt.IsZero():
				m.archive.WithLabelValues(provider).Observe(time.Since(r.CompletedAt).Seconds())
			}
		},
		Looked: func(provider string) { m.looks.WithLabelValues(provider).Inc() },
		Archived: func(provider string, kind providers.Kind, n int64) {
			m.files.WithLabelValues(provider, string(kind)).Inc()
			m.bytes.WithLabelValues(provider, string(kind)).Add(float64(n))
		},
	}
}

// Observe counts a provider's answers: it is a [rest.Config]'s Observe.
func (m *Metrics) Observe(o rest.Observation) {
	m.calls.WithLabelValues(o.Provider, o.Op, string(o.Class), strconv.Itoa(o.Status)).Inc()
	if o.Status == http.StatusTooManyRequests {
		m.limited.WithLabelValues(o.Provider).Inc()
	}
	m.turns.WithLabelValues(o.Provider, string(o.Class)).Observe(o.Waited.Seconds())
	if o.Status != 0 {
		m.took.WithLabelValues(o.Provider, o.Op).Observe(o.Took.Seconds())
	}
}

// Provide is told which providers a process works with.
func (m *Metrics) Provide(all []providers.Provider) {
	for _, p := range all {
		if p.Info().Simulated {
			m.simulated.Set(1)
		}
	}
}

// Swept counts what the sweeper finds: it is a scheduler's Swept.
func (m *Metrics) Swept(provider string, n int) {
	m.swept.WithLabelValues(provider).Add(float64(n))
}

// Watch adds what is read from Redis at every scrape: envelopes by state, queues, rates,
// notifications. limiters are by provider, and may be nil.
// What cannot be read is logged. It is called once.
func (m *Metrics) Watch(book *ledger.Ledger, tasks *queue.TaskQueue, limiters map[string]*pace.Limiter, log *slog.Logger) error {
	return m.registry.Register(&watcher{book: book, tasks: tasks, limiters: limiters, log: log})
}

// Results of a callback.
const (
	CallbackTaken    = "taken"
	CallbackReplayed = "replayed"
	CallbackUnknown  = "unknown" // verified, but of no envelope of ours
	CallbackForged   = "forged"
	CallbackInvalid  = "invalid"
	CallbackFailed   = "failed" // on our side: the provider shall send it again
)

// Odd counts what a rule of the user's asks to be told.
func (m *Metrics) Odd(provider, finding string) { m.odd.WithLabelValues(provider, finding).Inc() }

// Callback counts a provider's callback.
func (m *Metrics) Callback(provider, result string) {
	m.callbacks.WithLabelValues(provider, result).Inc()
}

// Notified counts an attempt to deliver a notification: delivered, failed, given_up.
func (m *Metrics) Notified(result string) { m.notified.WithLabelValues(result).Inc() }

// Served counts a request to this server.
func (m *Metrics) Served(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
}

const (
	scrapeTimeout = 5 * time.Second // for what one scrape reads
	scrapeFor     = 5 * time.Second // what was read is good for so long: anybody may ask
)

// watcher is a collector of what Redis knows.
type watcher struct {
	book     *ledger.Ledger
	tasks    *queue.TaskQueue
	limiters map[string]*pace.Limiter
	log      *slog.Logger

	mu   sync.Mutex
	last []prometheus.Metric
	at   time.Time
}

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("chancela_"+name, help, labels, nil)
}

var (
	descEnvelopes  = gauge("envelopes", "Envelopes by state.", "provider", "state")
	descDue        = gauge("due_envelopes", "Envelopes that stand in an index of what is due: work or look.", "provider", "index")
	descDenied     = gauge("provider_denied", "1 while the provider refuses the key, or there is no way to it (proxy, certificate), and its envelopes wait.", "provider")
	descArchive    = gauge("archive_away", "1 while the workers cannot use the archive and what needs it waits.")
	descHalted     = gauge("halted_campaigns", "Campaigns that send nothing more to the provider, because their envelopes failed one after the other, until they are resumed.", "provider")
	descAllowed    = gauge("rate_allowed", "Requests per second that the provider's rate allows.", "provider")
	descUsed       = gauge("rate_used", "Requests per second that left in the last minute, of all processes.", "provider")
	descPause      = gauge("rate_pause_seconds", "How long the provider has asked to be left alone.", "provider")
	descTasks      = gauge("queue_tasks", "Tasks that wait or are worked on.", "provider", "class")
	descOldest     = gauge("queue_oldest_seconds", "Age of the oldest waiting task.", "provider", "class")
	descArchived   = gauge("queue_failed_tasks", "Failed tasks that asynq keeps to look at.", "provider", "class")
	descWaiting    = gauge("notifications_waiting", "Envelopes with notifications that wait to be delivered.")
	descDead       = gauge("notifications_given_up", "Envelopes with notifications that were given up.")
	descDurability = gauge("redis_durability", "1 for the way in which an intent to invite survives a crash of Redis.", "barrier")
	descUp         = gauge("redis_up", "1 when everything could be read from Redis at this scrape.")
)

func (w *watcher) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descEnvelopes, descDue, descDenied, descArchive, descHalted, descAllowed, descUsed, descPause, descTasks, descOldest, descArchived, descWaiting, descDead, descDurability, descUp} {
		ch <- d
	}
}

func (w *watcher) Collect(ch chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.at) >= scrapeFor {
		w.last, w.at = w.read(), time.Now()
	}
	for _, m := range w.last {
		ch <- m
	}
}

func (w *watcher) read() (all []prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		all = append(all, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
	}
	set(descDurability, 1, string(w.book.Durability()))
	up := 1.0
	for _, part := range []func(context.Context, func(*prometheus.Desc, float64, ...string)) error{w.envelopes, w.rates, w.queues, w.outbox} {
		if err := part(ctx, set); err != nil {
			w.log.WarnContext(ctx, "metrics: redis could not be read whole", "error", err)
			up = 0
		}
	}
	set(descUp, up)
	return all
}

func (w *watcher) envelopes(ctx context.Context, set func(*prometheus.Desc, float64, ...string)) error {
	book := w.book
	for _, p := range registry.Names() {
		counts, err := book.Counts(ctx, p)
		if err != nil {
			return err
		}
		for state, n := range counts {
			set(descEnvelopes, float64(n), p, string(state))
		}
		for _, index := range []ledger.Index{ledger.Work, ledger.Look} {
			n, err := book.Pending(ctx, index, p)
			if err != nil {
				return err
			}
			set(descDue, float64(n), p, string(index))
		}
		_, _, denied, err := book.Denial(ctx, p)
		if err != nil {
			return err
		}
		set(descDenied, one(denied), p)
		halted, err := book.Halted(ctx, p)
		if err != nil {
			return err
		}
		set(descHalted, float64(halted), p)
	}
	_, _, away, err := book.Denial(ctx, ledger.Archive)
	if err != nil {
		return err
	}
	set(descArchive, one(away))
	return nil
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (w *watcher) rates(ctx context.Context, set func(*prometheus.Desc, float64, ...string)) error {
	for p, l := range w.limiters {
		s, err := l.Stats(ctx)
		if err != nil {
			return err
		}
		set(descAllowed, s.Allowed/60, p)
		set(descUsed, float64(s.Used)/60, p)
		set(descPause, max(0, time.Until(s.PausedUntil).Seconds()), p)
	}
	return nil
}

func (w *watcher) queues(ctx context.Context, set func(*prometheus.Desc, float64, ...string)) error {
	depths, err := w.tasks.Depths(ctx)
	if err != nil {
		return err
	}
	for _, d := range depths {
		set(descTasks, float64(d.Tasks), d.Provider, string(d.Class))
		set(descOldest, d.Oldest.Seconds(), d.Provider, string(d.Class))
		set(descArchived, float64(d.Archived), d.Provider, string(d.Class))
	}
	return nil
}

func (w *watcher) outbox(ctx context.Context, set func(*prometheus.Desc, float64, ...string)) error {
	waiting, dead, err := w.book.Outbox(ctx)
	if err != nil {
		return err
	}
	set(descWaiting, float64(waiting))
	set(descDead, float64(dead))
	return nil
}
